/* A provisioner in plain C as an author of ABI 1.0 wrote it: workers in memory, at most eight, one call at a
 * time. It is built against the frozen headers, and is changed as little as they are. */
#include <elasticity/sdk/abi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_MAX = 8, PAGE_SIZE = 2 };

typedef struct worker {
    char key[64], name[64], tool[513];
    uint64_t hash;
} worker;

struct els_backend {
    worker workers[WORKERS_MAX];
    size_t count;
};

static els_view view_of(const char *text) {
    const els_view view = {text, strlen(text)};
    return view;
}

static int is_text(els_view view, const char *text) {
    return view.len == strlen(text) && memcmp(view.data, text, view.len) == 0;
}

static els_code fail(els_error *error, els_code code, const char *message) {
    if (ELS_HAS(error, els_error, message)) snprintf(error->message, sizeof error->message, "%s", message);
    return code;
}

/* False where it does not fit. */
static int copy(char *to, size_t capacity, els_view from) {
    if (from.len >= capacity) return 0;
    if (from.len > 0) memcpy(to, from.data, from.len);
    to[from.len] = '\0';
    return 1;
}

static worker *find(els_backend *backend, const els_ref *ref) {
    for (size_t i = 0; i < backend->count; ++i) {
        worker *known = &backend->workers[i];
        const int key_matches = ref->key.len == 0 || is_text(ref->key, known->key);
        const int id_matches = ref->id.len == 0 || is_text(ref->id, known->key);
        if (key_matches && id_matches) return known;
    }
    return NULL;
}

static els_code emit(els_instance_sink *sink, const worker *known) {
    els_instance instance;
    memset(&instance, 0, sizeof instance);
    instance.size = sizeof instance;
    instance.state = ELS_ST_RUNNING;
    instance.key = instance.id = view_of(known->key);
    instance.name = view_of(known->name);
    instance.tool = view_of(known->tool);
    instance.exit_code = -1;
    instance.spec_hash = known->hash;
    return sink->emit(sink->ctx, &instance);
}

static els_code validate(els_backend *backend, const els_call *call, const els_spec *spec, els_sink *findings,
                         els_error *error) {
    (void)backend, (void)call, (void)spec, (void)findings, (void)error;
    return ELS_OK;
}

static els_code create(els_backend *backend, const els_call *call, const els_spec *spec,
                       els_instance_sink *created, els_error *error) {
    const els_ref ref = {sizeof ref, 0, spec->key, {NULL, 0}};
    worker *known = find(backend, &ref);
    if (call->cancelled(call)) return fail(error, ELS_CANCELLED, "cancelled by the core");
    if (known != NULL && known->hash != spec->hash)
        return fail(error, ELS_ALREADY_EXISTS, "the key is taken by a worker of another spec");
    if (known == NULL) {
        if (backend->count == WORKERS_MAX) return fail(error, ELS_RESOURCE_EXHAUSTED, "eight workers exist");
        known = &backend->workers[backend->count];
        if (!copy(known->key, sizeof known->key, spec->key) ||
            !copy(known->name, sizeof known->name, spec->name) ||
            !copy(known->tool, sizeof known->tool, spec->tool))
            return fail(error, ELS_INVALID_ARGUMENT, "a text is longer than the contract allows");
        known->hash = spec->hash;
        ++backend->count;
    }
    return emit(created, known);
}

static els_code destroy(els_backend *backend, const els_call *call, const els_ref *ref, uint32_t grace_ms,
                        els_error *error) {
    worker *known = find(backend, ref);
    (void)call, (void)grace_ms, (void)error;
    if (known != NULL) *known = backend->workers[--backend->count];
    return ELS_OK;
}

static els_code inspect(els_backend *backend, const els_call *call, const els_ref *ref,
                        els_instance_sink *found, els_error *error) {
    const worker *known = find(backend, ref);
    (void)call;
    return known == NULL ? fail(error, ELS_NOT_FOUND, "no such instance") : emit(found, known);
}

/* A page token is the digit of the first worker of the page. */
static els_code list(els_backend *backend, const els_call *call, els_view page, els_instance_sink *found,
                     els_sink *next_page, els_error *error) {
    const size_t begin = page.len == 0 ? 0 : (size_t)(page.data[0] - '0');
    (void)call, (void)error;
    for (size_t i = begin; i < backend->count; ++i) {
        els_code code;
        if (i == begin + PAGE_SIZE) {
            const char token = (char)('0' + i);
            const els_view next = {&token, 1};
            return next_page->write(next_page->ctx, next);
        }
        code = emit(found, &backend->workers[i]);
        if (code != ELS_OK) return code;
    }
    return ELS_OK;
}

static els_code describe(els_sink *json, els_error *error) {
    (void)error;
    return json->write(
        json->ctx, view_of("{\"id\":\"org.example.in-c\",\"version\":\"1.0.0\",\"title\":\"C\","
                           "\"interfaces\":[\"elasticity.provisioner/1\"],\"max_concurrency\":1,"
                           "\"config_schema\":{\"type\":\"object\"},\"spec_schema\":{\"type\":\"object\"}}"));
}

static els_code check_config(els_view config, els_sink *findings, els_error *error) {
    (void)config, (void)findings, (void)error;
    return ELS_OK;
}

static els_code open_backend(const els_host *host, els_view config, els_backend **backend, els_error *error) {
    (void)host, (void)config;
    *backend = calloc(1, sizeof **backend);
    return *backend == NULL ? fail(error, ELS_RESOURCE_EXHAUSTED, "out of memory") : ELS_OK;
}

static els_code do_nothing(els_backend *backend, const els_call *call, els_error *error) {
    (void)backend, (void)call, (void)error;
    return ELS_OK;
}

static void close_backend(els_backend *backend) { free(backend); }

static els_code probe(els_backend *backend, const els_call *call, els_sink *json, els_error *error) {
    (void)backend, (void)call, (void)error;
    return json->write(json->ctx, view_of("{}"));
}

static const void *query(els_backend *backend, const char *interface_id) {
    static const els_provisioner_v1 provisioner = {
        sizeof provisioner, 0, validate, create, destroy, inspect, list};
    (void)backend;
    if (interface_id == NULL || strcmp(interface_id, ELS_IF_PROVISIONER) != 0) return NULL;
    return &provisioner;
}

const els_plugin *const *elasticity_plugin_negotiate(els_negotiation *negotiation) {
    static const els_plugin plugin = {.size = sizeof plugin,
                                      .id = "org.example.in-c",
                                      .version = "1.0.0",
                                      .title = "C",
                                      .vendor = "",
                                      .url = "",
                                      .describe = describe,
                                      .check_config = check_config,
                                      .open = open_backend,
                                      .activate = do_nothing,
                                      .quiesce = do_nothing,
                                      .close = close_backend,
                                      .probe = probe,
                                      .query = query};
    static const els_plugin *const plugins[] = {&plugin, NULL};
    if (!ELS_HAS(negotiation, els_negotiation, reason)) return NULL;
    negotiation->built_major = ELS_ABI_MAJOR;
    negotiation->built_minor = ELS_ABI_MINOR;
    negotiation->selected_major = 0;
    if (negotiation->host_major_min > ELS_ABI_MAJOR || negotiation->host_major_max < ELS_ABI_MAJOR) {
        snprintf(negotiation->reason, sizeof negotiation->reason, "built for plugin ABI %u", ELS_ABI_MAJOR);
        return NULL;
    }
    snprintf(negotiation->toolchain, sizeof negotiation->toolchain, "C of 1.0");
    negotiation->selected_major = ELS_ABI_MAJOR;
    return plugins;
}
