/* Workers in Folder, by the plain C contract: no library but libc. A worker is a file in the backend's folder,
 * and runs nothing; put your provider there. What each function must do: <elasticity/sdk/abi.h>. */
#define _GNU_SOURCE
#include <dirent.h>
#include <elasticity/sdk/abi.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { key_max = 63, tool_max = 512, folder_max = 1024, path_max = folder_max + 1 + key_max };

struct els_backend {
    char folder[folder_max];
};

/* A worker as its file holds it: "HASH NAME\nTOOL". */
struct worker {
    char key[key_max + 1], name[key_max + 1], tool[tool_max + 1];
    char id[key_max + 32]; /* KEY@TIME: another worker of the same key has another */
    unsigned long long hash;
    struct timespec created;
};

static els_view view(const char *text) { return (els_view){text, strlen(text)}; }

static els_code fail(els_error *error, els_code code, uint32_t flags, const char *what, const char *why) {
    if (ELS_HAS(error, els_error, flags)) error->flags = flags;
    if (ELS_HAS(error, els_error, message))
        snprintf(error->message, sizeof error->message, "%.400s%s%.100s", what, *why ? ": " : "", why);
    return code;
}

/* The provider could not be asked: never to be taken for "there is nothing". */
static els_code unreachable(els_error *error, const char *what) {
    return fail(error, ELS_UNAVAILABLE, ELS_ERR_RETRY_SAME, what, strerror(errno));
}

/* To be asked first in each call, and between the requests of a longer one. */
static els_code still_wanted(const els_call *call, els_error *error) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (ELS_HAS_FN(call, els_call, cancelled) && call->cancelled(call))
        return fail(error, ELS_CANCELLED, 0, "cancelled by the core", "");
    if (call->deadline_mono_ns != 0 &&
        (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec >= call->deadline_mono_ns)
        return fail(error, ELS_DEADLINE_EXCEEDED, ELS_ERR_RETRY_SAME, "the deadline passed", "");
    return ELS_OK;
}

static int is_key(els_view key) {
    return key.len > 0 && key.len <= key_max && key.data[0] != '.' && !memchr(key.data, '/', key.len) &&
           !memchr(key.data, '\0', key.len);
}

static void path_of(const els_backend *backend, els_view key, char path[path_max]) {
    size_t length = strlen(backend->folder);
    memcpy(path, backend->folder, length);
    path[length] = '/';
    memcpy(path + length + 1, key.data, key.len);
    path[length + 1 + key.len] = '\0';
}

/* OK, NOT_FOUND, or why it could not be read. */
static els_code read_worker(const els_backend *backend, els_view key, struct worker *worker,
                            els_error *error) {
    char path[path_max];
    struct stat status;
    if (!is_key(key)) return fail(error, ELS_NOT_FOUND, 0, "no such worker", "");
    path_of(backend, key, path);
    FILE *file = fopen(path, "re");
    if (!file && errno == ENOENT) return fail(error, ELS_NOT_FOUND, 0, "no such worker", "");
    if (!file) return unreachable(error, path);
    memset(worker, 0, sizeof *worker);
    memcpy(worker->key, key.data, key.len);
    int fields = fscanf(file, "%llu %63s", &worker->hash, worker->name);
    (void)fgetc(file); /* the end of the line */
    size_t length = fread(worker->tool, 1, tool_max, file);
    worker->tool[length] = '\0';
    int broken = fields != 2 || ferror(file) || fstat(fileno(file), &status) != 0;
    fclose(file);
    if (broken) return fail(error, ELS_INTERNAL, 0, path, "is no worker's file");
    worker->created = status.st_mtim;
    snprintf(worker->id, sizeof worker->id, "%s@%lld.%09ld", worker->key, (long long)status.st_mtim.tv_sec,
             status.st_mtim.tv_nsec);
    return ELS_OK;
}

static els_code emit(els_instance_sink *sink, const struct worker *worker) {
    els_instance instance = {.size = sizeof instance, .state = ELS_ST_RUNNING, .exit_code = -1};
    instance.key = view(worker->key);
    instance.id = view(worker->id);
    instance.name = view(worker->name);
    instance.tool = view(worker->tool);
    instance.spec_hash = worker->hash;
    instance.load1 = instance.load5 = instance.load15 = NAN;
    instance.created_unix_ms = (int64_t)worker->created.tv_sec * 1000 + worker->created.tv_nsec / 1000000;
    return sink->emit(sink->ctx, &instance);
}

/* The file appears complete, and for one creator alone: link() refuses a name that is taken. */
static els_code store(const els_backend *backend, const els_spec *spec, els_error *error) {
    char fresh[path_max], path[path_max];
    path_of(backend, spec->key, path);
    path_of(backend, view(".new-XXXXXX"), fresh);
    int descriptor = mkostemp(fresh, O_CLOEXEC);
    if (descriptor < 0) return unreachable(error, fresh);
    int written = dprintf(descriptor, "%llu %.*s\n%.*s", (unsigned long long)spec->hash,
                          (int)spec->name.len, spec->name.data, (int)spec->tool.len,
                          spec->tool.len ? spec->tool.data : "");
    int failed = written < 0 || (link(fresh, path) != 0 && errno != EEXIST);
    els_code code = failed ? unreachable(error, path) : ELS_OK;
    unlink(fresh);
    close(descriptor);
    return code;
}

static els_code validate(els_backend *backend, const els_call *call, const els_spec *spec,
                         els_sink *findings, els_error *error) {
    (void)backend, (void)spec, (void)findings;
    return still_wanted(call, error);
}

static els_code create(els_backend *backend, const els_call *call, const els_spec *spec,
                       els_instance_sink *created, els_error *error) {
    struct worker worker;
    els_code code = still_wanted(call, error);
    if (code != ELS_OK) return code;
    if (!is_key(spec->key)) return fail(error, ELS_INVALID_ARGUMENT, 0, "the key is none", "");
    code = store(backend, spec, error);
    if (code == ELS_OK) code = read_worker(backend, spec->key, &worker, error);
    if (code != ELS_OK) return code;
    if (worker.hash != spec->hash) return fail(error, ELS_ALREADY_EXISTS, 0, "the key has another spec", "");
    return emit(created, &worker);
}

/* By key, or by the key within the id; where both are given, both must match. */
static els_code find(const els_backend *backend, const els_ref *ref, struct worker *worker, els_error *error) {
    els_view key = ref->key;
    const char *at = ref->id.len ? memchr(ref->id.data, '@', ref->id.len) : NULL;
    if (!key.len && at) key = (els_view){ref->id.data, (size_t)(at - ref->id.data)};
    els_code code = read_worker(backend, key, worker, error);
    if (code != ELS_OK || !ref->id.len) return code;
    int matches = strlen(worker->id) == ref->id.len && memcmp(worker->id, ref->id.data, ref->id.len) == 0;
    return matches ? ELS_OK : fail(error, ELS_NOT_FOUND, 0, "no such worker", "");
}

static els_code destroy(els_backend *backend, const els_call *call, const els_ref *ref, uint32_t grace_ms,
                        els_error *error) {
    char path[path_max];
    struct worker worker;
    (void)grace_ms;
    els_code code = still_wanted(call, error);
    if (code == ELS_OK) code = find(backend, ref, &worker, error);
    if (code == ELS_NOT_FOUND) return ELS_OK;
    if (code != ELS_OK) return code;
    path_of(backend, view(worker.key), path);
    return unlink(path) == 0 || errno == ENOENT ? ELS_OK : unreachable(error, path);
}

static els_code inspect(els_backend *backend, const els_call *call, const els_ref *ref,
                        els_instance_sink *found, els_error *error) {
    struct worker worker;
    els_code code = still_wanted(call, error);
    if (code == ELS_OK) code = find(backend, ref, &worker, error);
    return code == ELS_OK ? emit(found, &worker) : code;
}

static els_code list(els_backend *backend, const els_call *call, els_view page, els_instance_sink *found,
                     els_sink *next_page, els_error *error) {
    (void)next_page;
    if (page.len) return fail(error, ELS_INVALID_ARGUMENT, 0, "there is one page, without a name", "");
    els_code code = still_wanted(call, error);
    if (code != ELS_OK) return code;
    DIR *folder = opendir(backend->folder);
    if (!folder) return unreachable(error, backend->folder);
    struct dirent *entry;
    while (errno = 0, code == ELS_OK && (entry = readdir(folder)) != NULL) {
        struct worker worker;
        if (entry->d_name[0] == '.') continue;
        code = still_wanted(call, error);
        if (code == ELS_OK) code = read_worker(backend, view(entry->d_name), &worker, error);
        if (code == ELS_OK) code = emit(found, &worker);
        if (code == ELS_NOT_FOUND) code = ELS_OK; /* destroyed while we were looking */
    }
    if (code == ELS_OK && errno != 0) code = unreachable(error, backend->folder);
    closedir(folder);
    return code;
}

static const els_provisioner_v1 provisioner = {
    sizeof provisioner, 0, validate, create, destroy, inspect, list};

#define ID "org.example.folder"
#define VERSION "0.1.0"

static els_code describe(els_sink *json, els_error *error) {
    (void)error;
    return json->write(json->ctx, view(
        "{\"id\": \"" ID "\", \"version\": \"" VERSION "\", \"title\": \"Folder\","
        "\"interfaces\": [\"" ELS_IF_PROVISIONER "\"], \"max_concurrency\": 8,"
        "\"config_schema\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {}},"
        "\"spec_schema\": {\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
        "\"note\": {\"type\": \"string\", \"description\": \"For people; not used\"}}}}"));
}

static els_code check_config(els_view config, els_sink *findings, els_error *error) {
    (void)config, (void)findings, (void)error;
    return ELS_OK;
}

static els_code open_backend(const els_host *host, els_view config, els_backend **backend, els_error *error) {
    (void)config;
    *backend = NULL;
    if (!host->state_dir || !*host->state_dir)
        return fail(error, ELS_FAILED_PRECONDITION, 0, "needs a state folder", "");
    els_backend *made = calloc(1, sizeof *made);
    if (!made) return fail(error, ELS_RESOURCE_EXHAUSTED, ELS_ERR_RETRY_SAME, "out of memory", "");
    int length = snprintf(made->folder, sizeof made->folder, "%s/%s", host->state_dir, host->owner);
    if (length < (int)sizeof made->folder) {
        *backend = made;
        return ELS_OK;
    }
    free(made);
    return fail(error, ELS_FAILED_PRECONDITION, 0, "the state folder's path is too long", "");
}

static els_code activate(els_backend *backend, const els_call *call, els_error *error) {
    (void)call;
    if (mkdir(backend->folder, 0700) == 0 || errno == EEXIST) return ELS_OK;
    return unreachable(error, backend->folder);
}

static els_code quiesce(els_backend *backend, const els_call *call, els_error *error) {
    (void)backend, (void)call, (void)error;
    return ELS_OK;
}

static void close_backend(els_backend *backend) { free(backend); }

static els_code probe(els_backend *backend, const els_call *call, els_sink *json, els_error *error) {
    (void)call;
    if (access(backend->folder, W_OK) != 0) return unreachable(error, backend->folder);
    return json->write(json->ctx, view("{}"));
}

static const void *query(els_backend *backend, const char *interface_id) {
    (void)backend;
    return interface_id && strcmp(interface_id, ELS_IF_PROVISIONER) == 0 ? &provisioner : NULL;
}

static const els_plugin plugin = {sizeof plugin, ELS_PF_UNLOAD_SAFE, ID, VERSION, "Folder", "", "",
                                  describe, check_config, open_backend, activate, quiesce, close_backend,
                                  probe, query};

const els_plugin *const *elasticity_plugin_negotiate(els_negotiation *negotiation) {
    static const els_plugin *const plugins[] = {&plugin, NULL};
    if (!ELS_HAS(negotiation, els_negotiation, reason)) return NULL;
    negotiation->built_major = ELS_ABI_MAJOR;
    negotiation->built_minor = ELS_ABI_MINOR;
    snprintf(negotiation->toolchain, sizeof negotiation->toolchain, "cc %s", __VERSION__);
    if (negotiation->host_major_min <= ELS_ABI_MAJOR && ELS_ABI_MAJOR <= negotiation->host_major_max) {
        negotiation->selected_major = ELS_ABI_MAJOR;
        return plugins;
    }
    negotiation->selected_major = 0;
    snprintf(negotiation->reason, sizeof negotiation->reason,
             "built for plugin ABI %u, this daemon speaks %u to %u", ELS_ABI_MAJOR, negotiation->host_major_min,
             negotiation->host_major_max);
    return NULL;
}
