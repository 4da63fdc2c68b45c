/* SPDX-License-Identifier: Apache-2.0 */
/* From a path to an LMDB environment that has been checked and may be used, and back. */
#include "base/alloc.h"
#include "base/log.h"
#include "token-store/lmdb/env.h"
#include "token-store/lmdb/env_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

_Static_assert(MDB_VERSION_MAJOR == 0 && MDB_VERSION_MINOR == 9, "image.c and lock_head know LMDB 0.9 only");

#define LOCK_MAGIC UINT32_C(0xBEEFC0DE)

enum {
    LOCK_FILE_MIN_LEN = 4096,    /* a page; LMDB makes a new file longer than this in one step */
    VERSION_BASE_STEP_BITS = 44, /* more commits than one environment will see */
    PAUSE_NS = 1000000,
    PIN_TRIES_MAX = 200,   /* with a pause each: longer than a commit lasts */
    MAKING_TRIES_MAX = 20, /* with a pause each: longer than LMDB needs to write two pages */
    LOCK_FORMAT = 0x10001  /* lock file version 1, with pid locks */
};

/*
 * The start of LMDB's lock file, as LMDB 0.9 has it. The newest transaction's id is read here and not from
 * the meta pages, where mdb_env_info() looks: a meta page shows a commit before it is durable, milliseconds
 * before a new snapshot does, and a cache filled in between would be taken for fresh for ever.
 */
struct lock_head {
    uint32_t magic;
    uint32_t format;
    pthread_mutex_t readers;
    size_t txnid;
    unsigned reader_count;
};

/* One attempt to open. */
struct opening {
    struct cfr_place place;
    int data_fd;
    struct stat data;
    struct stat lock;
    bool is_new;
};

static void on_assert(MDB_env *mdb, const char *message)
{
    const struct cfr_env *env = mdb_env_get_userctx(mdb);

    cfr_log(CFR_LOG_ERROR, "store %s: LMDB gives up: %s", env->path, message);
    abort(); /* as LMDB would, but without its use of stderr, which the module does not give it */
}

static enum cfr_store_status corrupt(const struct cfr_env *env, const struct cfr_image_flaw *flaw)
{
    cfr_log(CFR_LOG_ERROR, "store %s: damaged: %s, page %llu: %s", env->path, CFR_PLACE_DATA_FILE,
            (unsigned long long)flaw->page, flaw->what);
    return CFR_STORE_CORRUPT;
}

/* What LMDB will read before we can hold a snapshot. @p ret_is_new when there is nothing yet. */
static enum cfr_store_status check_header_once(const struct opening *opening, bool *ret_is_new,
                                               size_t *ret_len, struct cfr_image_flaw *ret_flaw)
{
    struct cfr_image image;
    struct cfr_image_meta meta;
    enum cfr_store_status status = cfr_image_map(opening->data_fd, &image);

    if (status != CFR_STORE_OK) {
        return status;
    }
    *ret_is_new = cfr_image_is_blank(&image);
    *ret_len = image.len;
    if (!*ret_is_new) {
        status = cfr_image_check_header(&image, CFR_IMAGE_NEWEST, &meta, ret_flaw);
    } else if (image.len != 0 && ftruncate(opening->data_fd, 0) != 0) {
        status = CFR_STORE_UNAVAIL;
    }
    cfr_image_unmap(&image);
    return status;
}

/* Another process may be making the store just now: its first two pages need not appear at once. */
static enum cfr_store_status check_header(const struct cfr_env *env, const struct opening *opening,
                                          bool *ret_is_new)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct cfr_image_flaw flaw = {0};
    size_t len = 0;
    enum cfr_store_status status = check_header_once(opening, ret_is_new, &len, &flaw);

    for (int i = 0;
         status == CFR_STORE_CORRUPT && len < 2 * (size_t)CFR_IMAGE_PAGE_MAX_LEN && i < MAKING_TRIES_MAX;
         i++) {
        (void)nanosleep(&pause, NULL);
        status = check_header_once(opening, ret_is_new, &len, &flaw);
    }
    if (status == CFR_STORE_UNAVAIL) {
        return cfr_env_status(env, errno, "cannot examine " CFR_PLACE_DATA_FILE);
    }
    return status == CFR_STORE_CORRUPT ? corrupt(env, &flaw) : status;
}

/*
 * LMDB believes the length of a lock file that others use, and unmaps by it. It is opened and closed here,
 * which drops the process's record locks on it: none are held, as the guard is ours and LMDB has not opened
 * it yet.
 */
static enum cfr_store_status check_lock_file(const struct cfr_env *env, struct opening *opening)
{
    struct flock users = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    enum cfr_store_status status;
    int fd;

    status = cfr_place_open_file(&opening->place, CFR_PLACE_LOCK_FILE, &fd, &opening->lock);
    if (status != CFR_STORE_OK) {
        return status;
    }
    if (opening->lock.st_size != 0 && opening->lock.st_size < LOCK_FILE_MIN_LEN &&
        (fcntl(fd, F_OFD_GETLK, &users) != 0 || users.l_type != F_UNLCK)) {
        cfr_log(CFR_LOG_ERROR, "store %s: damaged: %s is in use and has only %lld octets", env->path,
                CFR_PLACE_LOCK_FILE, (long long)opening->lock.st_size);
        status = CFR_STORE_CORRUPT;
    }
    close(fd);
    return status;
}

static enum cfr_store_status prepare(struct cfr_env *env, struct opening *opening)
{
    enum cfr_store_status status;

    status = cfr_place_open(env->path, env->allow_remote_fs, &opening->place);
    if (status == CFR_STORE_OK) {
        status = cfr_place_open_file(&opening->place, CFR_PLACE_DATA_FILE, &opening->data_fd, &opening->data);
    }
    if (status == CFR_STORE_OK) {
        status = cfr_guard_take(&opening->place, &opening->data, &env->guard);
    }
    if (status == CFR_STORE_OK) {
        status = check_header(env, opening, &opening->is_new);
    }
    return status == CFR_STORE_OK ? check_lock_file(env, opening) : status;
}

static int open_mdb(struct cfr_env *env, const char *data_path, size_t map_len)
{
    MDB_env *mdb;
    int rc = mdb_env_create(&mdb);

    if (rc != MDB_SUCCESS) {
        return rc;
    }
    (void)mdb_env_set_userctx(mdb, env);
    (void)mdb_env_set_assert(mdb, on_assert);
    (void)mdb_env_set_maxreaders(mdb, CFR_ENV_READERS_MAX);
    rc = mdb_env_set_mapsize(mdb, map_len);
    if (rc == MDB_SUCCESS) {
        /* Neither MDB_NOSYNC, MDB_NOMETASYNC, MDB_WRITEMAP nor MDB_NOMEMINIT, ever. */
        rc = mdb_env_open(mdb, data_path, MDB_NOSUBDIR | MDB_NOTLS, 0600);
    }
    if (rc != MDB_SUCCESS) {
        mdb_env_close(mdb);
        return rc;
    }
    env->mdb = mdb;
    return MDB_SUCCESS;
}

/*
 * RLIMIT_AS, or mlockall(MCL_FUTURE) with a small RLIMIT_MEMLOCK, may not leave room for the whole map. LMDB
 * itself never maps less than the file needs.
 */
static enum cfr_store_status open_mdb_as_large_as_may_be(struct cfr_env *env)
{
    char *data_path = cfr_alloc(CFR_ENV_PATH_MAX_LEN + sizeof(CFR_PLACE_DATA_FILE) + 1);
    size_t map_len = env->map_len;
    int rc;

    if (data_path == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    (void)snprintf(data_path, CFR_ENV_PATH_MAX_LEN + sizeof(CFR_PLACE_DATA_FILE) + 1, "%s/%s", env->path,
                   CFR_PLACE_DATA_FILE);
    for (;;) {
        rc = open_mdb(env, data_path, map_len);
        if ((rc != ENOMEM && rc != EAGAIN) || map_len <= CFR_ENV_CHECK_OPEN_MAX_LEN) {
            break;
        }
        map_len /= 2;
    }
    cfr_free(data_path);
    if (rc == MDB_SUCCESS && map_len != env->map_len) {
        cfr_log(CFR_LOG_WARN, "store %s: no address space for a map of %zu octets; using %zu", env->path,
                env->map_len, map_len);
    }
    return cfr_env_status(env, rc, "cannot open " CFR_PLACE_DATA_FILE);
}

/* Learn where LMDB keeps the newest transaction's id. */
static enum cfr_store_status add_source(struct cfr_env *env)
{
    struct cfr_env_source *old = atomic_load(&env->source);
    struct cfr_env_source *source = cfr_alloc(sizeof(*source));
    const struct lock_head *head;
    void *map;

    if (source == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    map = mmap(NULL, LOCK_FILE_MIN_LEN, PROT_READ, MAP_SHARED, env->guard->files[CFR_GUARD_LOCK].fd, 0);
    if (map == MAP_FAILED) {
        cfr_free(source);
        return cfr_env_status(env, errno, "cannot map " CFR_PLACE_LOCK_FILE);
    }
    head = map;
    if (head->magic != LOCK_MAGIC || head->format != LOCK_FORMAT) {
        (void)munmap(map, LOCK_FILE_MIN_LEN);
        cfr_free(source);
        return cfr_env_status(env, MDB_VERSION_MISMATCH, CFR_PLACE_LOCK_FILE);
    }
    source->txnid = &head->txnid;
    source->base = old == NULL ? 1 : old->base + (UINT64_C(1) << VERSION_BASE_STEP_BITS);
    source->map = map;
    source->next = old;
    atomic_store_explicit(&env->source, source, memory_order_release);
    return CFR_STORE_OK;
}

void cfr_env_free_sources(struct cfr_env *env)
{
    struct cfr_env_source *source = atomic_load(&env->source);

    while (source != NULL) {
        struct cfr_env_source *next = source->next;

        (void)munmap(source->map, LOCK_FILE_MIN_LEN);
        cfr_free(source);
        source = next;
    }
}

/* The descriptors LMDB has opened by path: are they what we have checked, and which are they? */
static enum cfr_store_status adopt_files(struct cfr_env *env, const struct opening *opening)
{
    struct cfr_guard *guard = env->guard;
    enum cfr_store_status status;
    struct stat info;
    int fd = -1;

    (void)mdb_env_get_fd(env->mdb, &fd);
    /* LMDB leaves this one, alone of the three, open across exec. */
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    status = cfr_guard_learn(guard, fd, &opening->lock);
    if (status != CFR_STORE_OK) {
        return status;
    }
    if (!cfr_guard_is_intact(guard, &info) || fstat(guard->files[CFR_GUARD_LOCK].fd, &info) != 0 ||
        info.st_size < LOCK_FILE_MIN_LEN) {
        cfr_log(CFR_LOG_ERROR, "store %s: the files were exchanged or cut while they were opened", env->path);
        return CFR_STORE_UNAVAIL;
    }
    return add_source(env);
}

/* A snapshot whose meta page is not being written over, so that it can be read beside LMDB. */
static enum cfr_store_status check_pinned(struct cfr_env *env, const struct cfr_image *image,
                                          struct cfr_env_txn *txn)
{
    size_t txnid = mdb_txn_id(txn->snapshot);
    struct cfr_image_meta meta;
    struct cfr_image_flaw flaw = {0};
    enum cfr_store_status status = cfr_image_check_header(image, txnid, &meta, &flaw);

    /* The page is written over by the transaction after next, which begins when the next one has ended. */
    if (__atomic_load_n(atomic_load(&env->source)->txnid, __ATOMIC_ACQUIRE) != txnid) {
        return CFR_STORE_CONFLICT;
    }
    if (status == CFR_STORE_OK) {
        status = cfr_env_check_pages(image, &meta, &flaw);
    }
    if (status == CFR_STORE_OK) {
        env->page_len = meta.page_len;
        env->short_len = image->len;
        env->short_last_page = meta.last_page;
    }
    return status == CFR_STORE_CORRUPT ? corrupt(env, &flaw) : status;
}

/*
 * The map moves under the lock only, so that no gate is needed. CONFLICT: others were too quick, try again.
 */
static enum cfr_store_status check_once_locked(struct cfr_env *env)
{
    struct cfr_env_txn *txn;
    struct cfr_image image;
    enum cfr_store_status status;
    int rc = cfr_env_pool_take(env, &txn);

    if (rc == MDB_MAP_RESIZED) {
        status = cfr_env_follow_locked(env);
        return status == CFR_STORE_OK ? CFR_STORE_CONFLICT : status;
    }
    if (rc != MDB_SUCCESS) {
        return cfr_env_status(env, rc, "cannot take a snapshot to check");
    }
    status = cfr_image_map(env->guard->files[CFR_GUARD_DATA].fd, &image);
    if (status == CFR_STORE_OK) {
        status = check_pinned(env, &image, txn);
        cfr_image_unmap(&image);
    }
    cfr_env_pool_give(env, txn);
    return status;
}

enum cfr_store_status cfr_env_check_locked(struct cfr_env *env)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    enum cfr_store_status status = check_once_locked(env);

    for (int i = 0; status == CFR_STORE_CONFLICT && i < PIN_TRIES_MAX; i++) {
        (void)nanosleep(&pause, NULL);
        status = check_once_locked(env);
    }
    return status == CFR_STORE_CONFLICT ? CFR_STORE_UNAVAIL : status;
}

enum cfr_store_status cfr_env_check_len_locked(struct cfr_env *env, size_t len)
{
    MDB_envinfo info;

    (void)mdb_env_info(env->mdb, &info);
    if (len / env->page_len > info.me_last_pgno ||
        (len == env->short_len && info.me_last_pgno == env->short_last_page)) {
        return CFR_STORE_OK;
    }
    return cfr_env_check_locked(env);
}

static enum cfr_store_status check_new_locked(struct cfr_env *env, const struct opening *opening)
{
    struct cfr_env_txn *txn = NULL;
    struct stat info;
    MDB_stat stat;
    int rc;

    rc = cfr_env_pool_take(env, &txn);
    if (rc == MDB_MAP_RESIZED && cfr_env_follow_locked(env) == CFR_STORE_OK) {
        rc = cfr_env_pool_take(env, &txn);
    }
    if (rc == MDB_SUCCESS) {
        rc = mdb_dbi_open(txn->snapshot, NULL, 0, &env->dbi);
        cfr_env_pool_give(env, txn);
    }
    if (rc != MDB_SUCCESS) {
        return cfr_env_status(env, rc, "cannot take the first snapshot");
    }
    (void)mdb_env_stat(env->mdb, &stat);
    env->page_len = stat.ms_psize;
    if (fstat(opening->data_fd, &info) != 0) {
        return cfr_env_status(env, errno, "cannot examine " CFR_PLACE_DATA_FILE);
    }
    return info.st_size <= CFR_ENV_CHECK_OPEN_MAX_LEN ? cfr_env_check_locked(env)
                                                      : cfr_env_check_len_locked(env, (size_t)info.st_size);
}

void cfr_env_shut_locked(struct cfr_env *env, bool is_sound)
{
    if (env->mdb != NULL) {
        cfr_env_pool_drain(env, is_sound);
        if (is_sound) {
            mdb_env_close(env->mdb);
        } else {
            cfr_guard_close_files(env->guard);
        }
    }
    cfr_guard_drop(env->guard);
    env->mdb = NULL;
    env->guard = NULL;
}

/* The guard is left to cfr_guard_take(), which closes in a child what belongs to the parent. */
void cfr_env_disown_locked(struct cfr_env *env)
{
    cfr_env_pool_drain(env, false);
    env->mdb = NULL;
    env->guard = NULL;
}

/*
 * Code of a host that has closed its standard descriptors prints to them all the same: no file of ours may have
 * their numbers. Which of them were free and are held now, as bits.
 */
static unsigned hold_standard_numbers(void)
{
    unsigned held = 0;

    for (int number = 0; number <= STDERR_FILENO; number++) {
        if (fcntl(number, F_GETFD) < 0 && errno == EBADF) {
            int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

            if (fd == number) {
                held |= 1U << number;
            } else if (fd >= 0) {
                close(fd);
            }
        }
    }
    return held;
}

static void free_standard_numbers(unsigned held)
{
    for (int number = 0; number <= STDERR_FILENO; number++) {
        if ((held >> number & 1U) != 0) {
            close(number);
        }
    }
}

enum cfr_store_status cfr_env_open_locked(struct cfr_env *env)
{
    struct opening opening = {.place = {.fd = -1}, .data_fd = -1};
    unsigned held = hold_standard_numbers();
    enum cfr_store_status status = prepare(env, &opening);

    if (status == CFR_STORE_OK) {
        status = open_mdb_as_large_as_may_be(env);
    }
    if (status == CFR_STORE_OK) {
        status = adopt_files(env, &opening);
    }
    if (status == CFR_STORE_OK) {
        status = check_new_locked(env, &opening);
    }
    if (status == CFR_STORE_OK && opening.is_new) {
        status = cfr_place_sync(&opening.place, opening.data_fd);
    }
    if (status != CFR_STORE_OK) {
        cfr_env_shut_locked(env, true);
    }
    if (opening.data_fd >= 0) {
        close(opening.data_fd);
    }
    cfr_place_close(&opening.place);
    free_standard_numbers(held);
    return status;
}
