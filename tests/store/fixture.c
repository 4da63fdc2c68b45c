/* SPDX-License-Identifier: Apache-2.0 */
#include "store/fixture.h"

#include "base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

char fixture_path[128];

void fixture_setup(void)
{
    const char *folder = getenv("TMPDIR");

    (void)snprintf(fixture_path, sizeof(fixture_path), "%s/coffer-store-XXXXXX",
                   folder == NULL ? "/tmp" : folder);
    ck_assert_ptr_nonnull(mkdtemp(fixture_path));
}

void fixture_remove_store(void)
{
    scratch_remove(fixture_store());
}

void fixture_teardown(void)
{
    (void)cfr_log_configure("off");
    scratch_remove(fixture_path);
}

const char *fixture_file(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", fixture_path, name);
    return path;
}

const char *fixture_store(void)
{
    return fixture_file("store");
}

enum cfr_store_status lmdb_try(size_t map_len, struct cfr_store **ret_store)
{
    struct cfr_store_config config = {.path = fixture_store(), .map_len = map_len};

    return cfr_store_lmdb.open(&config, ret_store);
}

struct cfr_store *lmdb_open(size_t map_len)
{
    struct cfr_store *store = NULL;

    ck_assert_int_eq(lmdb_try(map_len, &store), CFR_STORE_OK);
    return store;
}

struct cfr_store_txn *begin(struct cfr_store *store, enum cfr_store_mode mode)
{
    struct cfr_store_txn *txn = NULL;

    ck_assert_int_eq(store->ops->begin(store, mode, &txn), CFR_STORE_OK);
    ck_assert_ptr_eq(txn->store, store);
    return txn;
}

struct one {
    struct cfr_store *store;
    const char *key;
    struct cfr_span value;
    bool is_removal;
    enum cfr_store_status status;
};

static void *run_one(void *arg)
{
    struct one *one = arg;
    struct cfr_store_txn *txn = begin(one->store, CFR_STORE_WRITE);

    if (one->is_removal) {
        ck_assert_int_eq(one->store->ops->del(txn, cfr_span_text(one->key)), CFR_STORE_OK);
    } else {
        ck_assert_int_eq(one->store->ops->put(txn, cfr_span_text(one->key), one->value), CFR_STORE_OK);
    }
    one->status = one->store->ops->commit(txn);
    return NULL;
}

static enum cfr_store_status run_elsewhere(struct one one)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, run_one, &one), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    return one.status;
}

enum cfr_store_status put_one(struct cfr_store *store, const char *key, struct cfr_span value)
{
    struct one one = {.store = store, .key = key, .value = value};

    (void)run_one(&one);
    return one.status;
}

enum cfr_store_status del_one(struct cfr_store *store, const char *key)
{
    struct one one = {.store = store, .key = key, .is_removal = true};

    (void)run_one(&one);
    return one.status;
}

enum cfr_store_status put_elsewhere(struct cfr_store *store, const char *key, struct cfr_span value)
{
    return run_elsewhere((struct one){.store = store, .key = key, .value = value});
}

enum cfr_store_status del_elsewhere(struct cfr_store *store, const char *key)
{
    return run_elsewhere((struct one){.store = store, .key = key, .is_removal = true});
}

void put_many(struct cfr_store *store, const char *prefix, size_t count, size_t value_len)
{
    char key[64];

    for (size_t i = 0; i < count;) {
        struct cfr_store_txn *txn = begin(store, CFR_STORE_WRITE);

        for (size_t j = 0; j < 100 && i < count; j++, i++) {
            (void)snprintf(key, sizeof(key), "%s%06zu", prefix, i);
            ck_assert_int_eq(store->ops->put(txn, cfr_span_text(key), pattern(value_len, (unsigned)i)),
                             CFR_STORE_OK);
        }
        ck_assert_int_eq(store->ops->commit(txn), CFR_STORE_OK);
    }
}

const char *get_text(struct cfr_store_txn *txn, const char *key)
{
    static char text[256];
    struct cfr_span value = {NULL, 0};
    enum cfr_store_status status = txn->store->ops->get(txn, cfr_span_text(key), &value);

    if (status == CFR_STORE_NOTFOUND) {
        return "<none>";
    }
    ck_assert_int_eq(status, CFR_STORE_OK);
    ck_assert_uint_lt(value.len, sizeof(text));
    cfr_copy(text, value.ptr, value.len);
    text[value.len] = '\0';
    return text;
}

const char *get_one(struct cfr_store *store, const char *key)
{
    struct cfr_store_txn *txn = begin(store, CFR_STORE_READ);
    const char *text = get_text(txn, key);

    store->ops->abort(txn);
    return text;
}

static bool add_text(void *arg, struct cfr_span key, struct cfr_span value)
{
    char *text = arg;
    size_t len = strlen(text);

    (void)snprintf(text + len, 1024 - len, "%s%.*s=%.*s", len == 0 ? "" : " ", (int)key.len,
                   (const char *)key.ptr, (int)value.len, value.len == 0 ? "" : (const char *)value.ptr);
    return true;
}

const char *range_text(struct cfr_store_txn *txn, const char *low, const char *high)
{
    static char text[1024];

    text[0] = '\0';
    ck_assert_int_eq(txn->store->ops->range(txn, cfr_span_text(low), cfr_span_text(high), add_text, text),
                     CFR_STORE_OK);
    return text;
}

static bool add_one(void *arg, struct cfr_span key, struct cfr_span value)
{
    size_t *count = arg;

    (void)key;
    (void)value;
    (*count)++;
    return true;
}

size_t count_all(struct cfr_store *store)
{
    struct cfr_store_txn *txn = begin(store, CFR_STORE_READ);
    size_t count = 0;

    ck_assert_int_eq(store->ops->range(txn, cfr_span_of(NULL, 0), cfr_span_of(NULL, 0), add_one, &count),
                     CFR_STORE_OK);
    store->ops->abort(txn);
    return count;
}

struct cfr_span pattern(size_t len, unsigned seed)
{
    static _Thread_local uint8_t octets[CFR_STORE_VALUE_MAX_LEN + 1];

    for (size_t i = 0; i < len; i++) {
        octets[i] = (uint8_t)(seed * 31 + i * 7 + (i >> 8));
    }
    return cfr_span_of(octets, len);
}

/* There in a coverage build: _exit() would lose what a child has counted. */
void __gcov_dump(void) __attribute__((weak));

void child_exit(int code)
{
    if (__gcov_dump != NULL) {
        __gcov_dump();
    }
    _exit(code);
}

pid_t child_start(int (*body)(void *arg), void *arg)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        child_exit(body(arg));
    }
    return pid;
}

int child_end(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(int (*body)(void *arg), void *arg)
{
    return child_end(child_start(body, arg));
}

struct flag {
    atomic_bool is_set;
};

struct flag *flag_new(void)
{
    void *map = mmap(NULL, sizeof(struct flag), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(map, MAP_FAILED);
    return map;
}

void flag_set(struct flag *flag)
{
    atomic_store(&flag->is_set, true);
}

void flag_await(struct flag *flag)
{
    for (int i = 0; i < 20000 && !atomic_load(&flag->is_set); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    ck_assert(atomic_load(&flag->is_set));
}

size_t file_len(const char *name)
{
    char path[512];
    struct stat info;

    (void)snprintf(path, sizeof(path), "%s/%s", fixture_store(), name);
    ck_assert_int_eq(stat(path, &info), 0);
    return (size_t)info.st_size;
}

void log_keep(void)
{
    char setting[512];

    (void)snprintf(setting, sizeof(setting), "debug:%s", fixture_file("log"));
    ck_assert(cfr_log_configure(setting));
}

bool log_has(const char *text)
{
    static char content[1 << 16];
    FILE *file = fopen(fixture_file("log"), "r");
    size_t len;

    if (file == NULL) {
        return false;
    }
    len = fread(content, 1, sizeof(content) - 1, file);
    content[len] = '\0';
    (void)fclose(file);
    return strstr(content, text) != NULL;
}
