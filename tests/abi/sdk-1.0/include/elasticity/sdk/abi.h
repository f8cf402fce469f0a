/* Elasticity plugin ABI, major 1: the whole contract between the daemon ("core") and a plugin.
 * Plain C (C11, or C++11 and later); needs <stddef.h> and <stdint.h> alone.
 *
 * Rules, all normative:
 *  R1 size first    Every struct starts with `size`, set by whoever ALLOCATED it. A reader touches a field
 *                   only if ELS_HAS() says so. Fields are only ever appended, so arrays of structs cross as
 *                   arrays of pointers. els_view and els_kv alone have no size: they are frozen for ever.
 *  R2 no ownership  Nothing is ever freed by the other side. Inputs are borrowed until the call returns.
 *                   Outputs leave through the caller's sinks, which copy before they return, or through
 *                   structs that the caller allocated, which are written only within their `size`.
 *  R3 no exceptions No function may throw, longjmp, exit(), abort(), fork without exec, or change signal
 *                   dispositions, locale, working directory, umask or environ.
 *  R4 text          Every els_view is UTF-8 and not NUL-terminated; `data` may be NULL only if `len` is 0.
 *  R5 unknown       Unknown enum values, flags, JSON members and interface ids are ignored, never fatal.
 *  R6 threads       Each function carries one of these tags:
 *    [pure]    any thread; no I/O, no state, at most 100 ms
 *    [control] one call at a time per backend, and none of [pool] beside it except where said
 *    [pool]    may block until the deadline; called from up to max_concurrency threads at once. Never two
 *              mutating calls in flight for one key, but one may be repeated after a crash
 *    [any]     any thread; must not block
 *  R7 secrets       A secret reaches a plugin by els_host_secrets_v1 or in an els_env with ELS_ENV_SECRET. It
 *                   never enters a log, an error, a detail, a name or a hash.
 */
#ifndef ELASTICITY_SDK_ABI_H
#define ELASTICITY_SDK_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define ELS_STATIC_ASSERT(condition, text) static_assert(condition, text)
extern "C" {
#else
#define ELS_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

#define ELS_ABI_MAJOR 1u /* what breaks; negotiated */
#define ELS_ABI_MINOR 0u /* what was appended; informative, features are found by R1 and by query() */

#define ELS_EXPORT __attribute__((visibility("default")))

/* Does *p, whose size field says how much of it exists, hold `field`? And is that function set? */
#define ELS_HAS(p, type, field) \
    ((p) != NULL && (p)->size >= offsetof(type, field) + sizeof(((const type *)0)->field))
#define ELS_HAS_FN(p, type, field) (ELS_HAS(p, type, field) && (p)->field != NULL)

/* ---- text ------------------------------------------------------------------------------------------- */

typedef struct els_view {
    const char *data;
    size_t len;
} els_view;

typedef struct els_kv {
    els_view key, value;
} els_kv;

ELS_STATIC_ASSERT(sizeof(els_view) == sizeof(void *) + sizeof(size_t), "els_view is frozen");
ELS_STATIC_ASSERT(offsetof(els_view, len) == sizeof(void *), "els_view is frozen");
ELS_STATIC_ASSERT(sizeof(els_kv) == 2 * sizeof(els_view), "els_kv is frozen");
ELS_STATIC_ASSERT(offsetof(els_kv, value) == sizeof(els_view), "els_kv is frozen");

/* ---- results: codes equal gRPC's numbers; the flags say what the core may do -------------------------- */

typedef int32_t els_code;
enum {
    ELS_OK = 0,
    ELS_CANCELLED = 1,
    ELS_UNKNOWN = 2,
    ELS_INVALID_ARGUMENT = 3,
    ELS_DEADLINE_EXCEEDED = 4,
    ELS_NOT_FOUND = 5,
    ELS_ALREADY_EXISTS = 6,
    ELS_PERMISSION_DENIED = 7,
    ELS_RESOURCE_EXHAUSTED = 8,
    ELS_FAILED_PRECONDITION = 9,
    ELS_ABORTED = 10, /* an operation on this key is already under way */
    ELS_UNIMPLEMENTED = 12,
    ELS_INTERNAL = 13,
    ELS_UNAVAILABLE = 14,
    ELS_UNAUTHENTICATED = 16
};

enum {
    ELS_ERR_RETRY_SAME = 1u << 0,  /* the same request may succeed later without the operator */
    ELS_ERR_MAYBE_DONE = 1u << 1,  /* the effect may have happened: look by key before asking again */
    ELS_ERR_NEXT_BACKEND = 1u << 2 /* no capacity or quota here: another backend may have some */
};

/* Allocated by the caller; every text is NUL-terminated. */
typedef struct els_error {
    uint32_t size;
    uint32_t flags;
    uint32_t retry_after_ms; /* 0: the core chooses its own back-off */
    uint32_t reserved;
    char provider_code[64]; /* "409", "Nova:OverQuota" */
    char field[128];        /* JSON pointer into config or params, "" for none */
    char message[512];      /* one line for people: what was wrong, what was wanted */
} els_error;

/* ---- what the core hands to a call -------------------------------------------------------------------- */

typedef struct els_sink {
    uint32_t size;
    uint32_t reserved;
    void *ctx;
    els_code (*write)(void *ctx, els_view chunk); /* [any] not OK: stop, and return that code */
} els_sink;

typedef struct els_call {
    uint32_t size;
    uint32_t attempt;          /* 1, 2, ... of one request_id */
    uint64_t deadline_mono_ns; /* CLOCK_MONOTONIC; 0 = none */
    els_view request_id;       /* one per logical operation, the same over its attempts */
    els_view traceparent;      /* W3C trace context, or empty */
    int32_t cancel_fd;         /* eventfd, readable once cancelled; never read it; -1 = none */
    int32_t reserved;
    void *ctx;
    int32_t (*cancelled)(const struct els_call *call);                            /* [any] 0 or 1 */
    void (*progress)(const struct els_call *call, double fraction, els_view text); /* [any] */
} els_call;

/* ---- what the core offers to a plugin ----------------------------------------------------------------- */

enum { ELS_LOG_TRACE, ELS_LOG_DEBUG, ELS_LOG_INFO, ELS_LOG_WARN, ELS_LOG_ERROR };

typedef struct els_host {
    uint32_t size;
    uint32_t abi_minor;
    void *ctx;
    const char *core_version; /* "1.4.0" */
    const char *backend_name; /* as configured: "local-docker" */
    const char *owner;        /* install id: stored with every resource that the plugin creates */
    const char *state_dir;    /* private writable directory, or NULL */
    void (*log)(const struct els_host *host, uint32_t level, els_view message, const els_kv *fields,
                size_t field_count);                                          /* [any] */
    int32_t (*log_enabled)(const struct els_host *host, uint32_t level);      /* [any] 0 or 1 */
    const void *(*query)(const struct els_host *host, const char *interface_id); /* [any] NULL = absent */
} els_host;

#define ELS_IF_HOST_SECRETS "elasticity.host.secrets/1"
typedef struct els_host_secrets_v1 {
    uint32_t size;
    uint32_t reserved;
    /* Blocks; to be called in [pool] functions, activate and probe alone. `ref` is the reference as the
     * configuration holds it. The value is not to be kept longer than needed: secrets change. */
    els_code (*resolve)(const els_host *host, els_view ref, els_sink *value, els_error *error);
} els_host_secrets_v1;

/* ---- what a provisioner talks about ------------------------------------------------------------------- */

enum { ELS_ENV_SECRET = 1u << 0 /* never show the value; it is not part of the hash */ };

typedef struct els_env {
    uint32_t size;
    uint32_t flags;
    els_view key, value;
} els_env;

typedef struct els_spec {
    uint32_t size;
    uint32_t flags;
    els_view key;     /* idempotency key, [A-Za-z0-9][A-Za-z0-9_.-]{0,62}; stored with the resource */
    els_view name;    /* what people see, same grammar: PREFIX-12hex */
    els_view tool;    /* opaque text of the core, at most 512 bytes; stored, and given back */
    els_view pool;    /* name of the pool in the configuration */
    els_view service; /* what the instance is to run */
    els_view params;  /* JSON object, already valid against the plugin's spec_schema */
    uint64_t hash;    /* of the spec without secret values; stored, and given back */
    const els_env *const *env;
    size_t env_count;
} els_spec;

typedef struct els_ref { /* key or id is not empty; where both are, both must match */
    uint32_t size;
    uint32_t flags;
    els_view key, id;
} els_ref;

enum {
    ELS_ST_UNKNOWN,
    ELS_ST_PROVISIONING,
    ELS_ST_RUNNING,
    ELS_ST_SUSPENDED,
    ELS_ST_STOPPED,
    ELS_ST_DRAINING,
    ELS_ST_DELETING,
    ELS_ST_FAILED,
    ELS_ST_GONE
};

typedef struct els_instance {
    uint32_t size;
    uint32_t state;
    els_view key;
    els_view id; /* the provider's name of it, never reused: a pid carries its start time */
    els_view name;
    els_view tool;    /* as stored at creation */
    els_view address; /* host name or IP address, or empty */
    els_view error;   /* why it FAILED or STOPPED, or empty */
    els_code error_code;
    int32_t exit_code; /* of a STOPPED or FAILED one; -1 = unknown, 128 + n = ended by signal n */
    uint32_t vcpus;    /* 0 = unknown */
    uint32_t flags;
    uint64_t memory_bytes;       /* 0 = unknown */
    uint64_t spec_hash;          /* as stored at creation; 0 = unknown */
    double load1, load5, load15; /* NaN = unknown */
    int64_t created_unix_ms;     /* 0 = unknown */
    int64_t state_since_unix_ms; /* 0 = unknown */
    els_view detail;             /* JSON object, or empty */
} els_instance;

typedef struct els_instance_sink {
    uint32_t size;
    uint32_t reserved;
    void *ctx;
    els_code (*emit)(void *ctx, const els_instance *instance); /* [any] not OK: stop, return that code */
} els_instance_sink;

/* The plugin's own object; the core only carries the pointer. */
typedef struct els_backend els_backend;

/* ---- interfaces, found by id through els_plugin.query() ------------------------------------------------ */

#define ELS_IF_PROVISIONER "elasticity.provisioner/1" /* required */
typedef struct els_provisioner_v1 {
    uint32_t size;
    uint32_t reserved;
    /* [pool] Would create() work: image, flavor, quota? Changes nothing. Writes findings as JSON lines:
     * {"severity": "error" or "warning", "path": JSON pointer, "message": text}. */
    els_code (*validate)(els_backend *backend, const els_call *call, const els_spec *spec, els_sink *findings,
                         els_error *error);
    /* [pool] Returns once the provider ACCEPTED; the state may be PROVISIONING. Emits one instance. The same
     * key and hash again: OK, and the same instance. The same key with another hash: ALREADY_EXISTS. */
    els_code (*create)(els_backend *backend, const els_call *call, const els_spec *spec,
                       els_instance_sink *created, els_error *error);
    /* [pool] Asks the instance to end, and ends it after grace_ms (0: at once). Unknown instance: OK. */
    els_code (*destroy)(els_backend *backend, const els_call *call, const els_ref *ref, uint32_t grace_ms,
                        els_error *error);
    /* [pool] Emits one instance, or returns NOT_FOUND. "Could not see" is not NOT_FOUND. */
    els_code (*inspect)(els_backend *backend, const els_call *call, const els_ref *ref,
                        els_instance_sink *found, els_error *error);
    /* [pool] Every instance that carries host->owner, in any state, asked of the PROVIDER and not of memory:
     * adoption after a crash or an upgrade rests on it. Writes a token to `next_page` if there is more. */
    els_code (*list)(els_backend *backend, const els_call *call, els_view page, els_instance_sink *found,
                     els_sink *next_page, els_error *error);
} els_provisioner_v1;

#define ELS_IF_LIFECYCLE "elasticity.lifecycle/1" /* instances that wait, suspended or stopped */
typedef struct els_lifecycle_v1 {
    uint32_t size;
    uint32_t reserved;
    /* All [pool]; each one again on an instance already there: OK. */
    els_code (*suspend)(els_backend *backend, const els_call *call, const els_ref *ref, els_error *error);
    els_code (*resume)(els_backend *backend, const els_call *call, const els_ref *ref, els_error *error);
    els_code (*stop)(els_backend *backend, const els_call *call, const els_ref *ref, uint32_t grace_ms,
                     els_error *error);
    els_code (*start)(els_backend *backend, const els_call *call, const els_ref *ref, els_error *error);
} els_lifecycle_v1;

/* A machine to reach, which another backend may have made. */
typedef struct els_target {
    uint32_t size;
    uint32_t port;        /* 0 = the plugin's default */
    els_view machine_key; /* key of the machine's instance */
    els_view address;
    els_view user;
    els_view credential; /* reference for els_host_secrets_v1 */
} els_target;

typedef struct els_service_spec {
    uint32_t size;
    uint32_t flags;
    els_view key;      /* as in els_spec */
    els_view service;  /* name of the job or unit */
    els_view instance; /* name of this instance of it, or empty */
    els_view tool;     /* as in els_spec */
    uint64_t hash;     /* as in els_spec */
    const els_env *const *env;
    size_t env_count;
} els_service_spec;

#define ELS_IF_SERVICE "elasticity.service/1" /* workers as services on a machine: upstart, systemd */
typedef struct els_service_v1 {
    uint32_t size;
    uint32_t reserved;
    /* [pool] As create(): repeatable by key and hash. Emits the service instance. */
    els_code (*start)(els_backend *backend, const els_call *call, const els_target *target,
                      const els_service_spec *spec, els_instance_sink *started, els_error *error);
    /* [pool] As destroy(): unknown is OK. */
    els_code (*stop)(els_backend *backend, const els_call *call, const els_target *target, const els_ref *ref,
                     uint32_t grace_ms, els_error *error);
    /* [pool] As inspect(). */
    els_code (*status)(els_backend *backend, const els_call *call, const els_target *target,
                       const els_ref *ref, els_instance_sink *found, els_error *error);
    /* [pool] As list(), for one machine. */
    els_code (*list)(els_backend *backend, const els_call *call, const els_target *target, els_view page,
                     els_instance_sink *found, els_sink *next_page, els_error *error);
} els_service_v1;

#define ELS_IF_METRICS "elasticity.metrics/1" /* vCPUs and load of many machines at once */
typedef struct els_metrics_v1 {
    uint32_t size;
    uint32_t reserved;
    /* [pool] Emits an instance per machine that answered, machine_key as its key; leaves out the rest. */
    els_code (*sample)(els_backend *backend, const els_call *call, const els_target *const *targets,
                       size_t target_count, els_instance_sink *sampled, els_error *error);
} els_metrics_v1;

#define ELS_IF_DRAIN "elasticity.drain/1" /* the worker finishes what it holds and takes no more */
typedef struct els_drain_v1 {
    uint32_t size;
    uint32_t reserved;
    /* [pool] Tells the worker and returns; the core watches the broker for the end. drain_signal is a name
     * such as "SIGUSR1"; empty means SIGTERM. Again: OK. */
    els_code (*begin)(els_backend *backend, const els_call *call, const els_ref *ref, els_view drain_signal,
                      els_error *error);
    /* [pool] Takes it back; FAILED_PRECONDITION where that cannot be. */
    els_code (*cancel)(els_backend *backend, const els_call *call, const els_ref *ref, els_error *error);
} els_drain_v1;

enum {
    ELS_EV_CHANGED, /* look at the instance */
    ELS_EV_GONE,    /* the provider says that the instance is no more */
    ELS_EV_MISSED   /* the cursor was too old, or the stream overflowed: list; key and id are empty */
};

typedef struct els_event {
    uint32_t size;
    uint32_t kind;           /* one that the reader does not know reads as ELS_EV_CHANGED */
    els_view id, key;        /* one of them may be empty */
    els_view cursor, detail; /* where to go on; JSON object, or empty */
    int64_t unix_ms;         /* 0 = unknown */
} els_event;

typedef struct els_event_sink {
    uint32_t size;
    uint32_t reserved;
    void *ctx;
    els_code (*emit)(void *ctx, const els_event *event); /* [any] */
} els_event_sink;

#define ELS_IF_EVENTS "elasticity.events/1" /* hints to inspect an instance now; lossy by contract */
typedef struct els_events_v1 {
    uint32_t size;
    uint32_t reserved;
    /* [pool], on a thread of its own: OK or CANCELLED once cancelled, UNAVAILABLE when the stream breaks.
     * `cursor` is that of the last event seen, or empty: from here on. */
    els_code (*watch)(els_backend *backend, const els_call *call, els_view cursor, els_event_sink *events,
                      els_error *error);
} els_events_v1;

/* ---- the plugin --------------------------------------------------------------------------------------- */

enum {
    ELS_PF_UNLOAD_SAFE = 1u << 0, /* after close() nothing of the library runs or is referenced */
    ELS_PF_FORKS = 1u << 1,       /* starts child processes */
    ELS_PF_PROCESS_ONLY = 1u << 2, /* must not share a process with the core, e.g. a Go runtime */
    ELS_PF_VOLATILE = 1u << 3 /* instances live in the plugin's process and end with it: for tests alone */
};

typedef struct els_plugin {
    uint32_t size;
    uint32_t flags;
    const char *id;      /* "org.elasticity.docker": the same for ever */
    const char *version; /* semantic version of the plugin */
    const char *title, *vendor, *url;
    /* [pure] JSON: {"id", "version", "title", "interfaces": [], "max_concurrency": n, "config_schema": {},
     * "spec_schema": {}}. The schemas are JSON Schema; fields they do not declare are refused. */
    els_code (*describe)(els_sink *json, els_error *error);
    /* [pure] What a schema cannot say. Findings as in validate(). */
    els_code (*check_config)(els_view config, els_sink *findings, els_error *error);
    /* [control] Allocates only: no I/O, no thread. On failure *backend is NULL. `host` and all that it
     * points at outlive the backend. */
    els_code (*open)(const els_host *host, els_view config, els_backend **backend, els_error *error);
    /* [control] Connects, starts threads. May be called again after quiesce(). */
    els_code (*activate)(els_backend *backend, const els_call *call, els_error *error);
    /* [control] On return no thread, timer, descriptor or callback of the plugin is left. No [pool] call is
     * in flight. Instances keep running. */
    els_code (*quiesce)(els_backend *backend, const els_call *call, els_error *error);
    /* [control] The last call; quiesce() came before it if activate() did. */
    void (*close)(els_backend *backend);
    /* [pool] Credentials, reachability, versions, quota, as a JSON object. Changes nothing. */
    els_code (*probe)(els_backend *backend, const els_call *call, els_sink *json, els_error *error);
    /* [any] The interface of that exact id, or NULL; the same answer as long as the backend lives. */
    const void *(*query)(els_backend *backend, const char *interface_id);
} els_plugin;

typedef struct els_negotiation {
    uint32_t size;
    uint32_t host_major_min, host_major_max; /* in */
    uint32_t selected_major;                 /* out: the highest that both speak, 0 = none */
    uint32_t built_major;                    /* out: highest that the plugin speaks */
    uint32_t built_minor;                    /* out: minor of the headers it was built with */
    char toolchain[96];                      /* out: "g++ 12.2.0", for people */
    char reason[256];                        /* out: why refused */
} els_negotiation;

/* The only exported symbol, and the first call made; may be repeated. [pure]
 * Returns a NULL-terminated array laid out for selected_major, or NULL with `reason` filled. */
ELS_EXPORT const els_plugin *const *elasticity_plugin_negotiate(els_negotiation *negotiation);
typedef const els_plugin *const *(*els_negotiate_fn)(els_negotiation *);

#ifdef __cplusplus
}
#endif
#endif
