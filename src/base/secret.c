/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena. Small secrets come from slabs of one size class, large ones from mappings of their own.
 * Bookkeeping sits in ordinary memory, because the slabs' own octets vanish in a forked child: the child
 * forgets the whole arena (it is the parent's) and starts another.
 */
#include "base/secret.h"

#include "base/fault.h"
#include "base/log.h"
#include "base/proc.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    CLASS_MIN_BITS = 6,  /* 64 octets */
    CLASS_MAX_BITS = 12, /* 4,096 octets */
    CLASS_COUNT = CLASS_MAX_BITS - CLASS_MIN_BITS + 1,
    SLAB_LEN = 16 * 1024, /* what one slab adds to the locked memory */
    CANARY_LEN = 8,
};

#define CANARY 0x9d3f6ac1e8b25704ULL

/* Pages of the arena; in a list, so that what the system is told of them can be changed. */
struct mapping {
    uint8_t *inner;
    size_t len; /* octets between the guards */
    struct mapping *next;
    struct mapping **link; /* what points here */
};

struct cfr_secret {
    uint8_t *octets;
    size_t len;
    size_t room; /* octets that may be used without moving; the canary follows them */
    atomic_uint shares;
    uint32_t forks;      /* process generation that made it */
    int size_class;      /* -1: a mapping of its own */
    struct mapping *own; /* what it has for itself */
    struct cfr_secret *next_free;
};

/* One per process generation, so that a child never waits for a mutex that a thread of its parent held. */
struct arena {
    pthread_mutex_t mutex;
    struct cfr_secret *free[CLASS_COUNT];
    struct mapping *mappings;
    uint32_t forks;
};

static _Atomic(struct arena *) current_arena;
static atomic_size_t octets_in_use;
static atomic_bool lock_warning_given;
static atomic_bool is_kept_on_fork;

static struct arena *arena_get(void)
{
    struct arena *arena = atomic_load_explicit(&current_arena, memory_order_acquire);
    struct arena *fresh;

    if (CFR_LIKELY(arena != NULL && arena->forks == cfr_proc_generation())) {
        return arena;
    }
    /* Without the count a child would take its parent's arena, all zeros, for its own. */
    if (cfr_proc_watch() != CKR_OK) {
        return NULL;
    }
    fresh = calloc(1, sizeof(*fresh));
    if (fresh == NULL) {
        return NULL;
    }
    pthread_mutex_init(&fresh->mutex, NULL);
    fresh->forks = cfr_proc_generation();
    if (!atomic_compare_exchange_strong(&current_arena, &arena, fresh)) {
        pthread_mutex_destroy(&fresh->mutex);
        free(fresh);
        return arena;
    }
    return fresh;
}

static size_t page_len(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* @p len is a multiple of the page size. */
static uint8_t *map_guarded(size_t len)
{
    size_t page = page_len();
    uint8_t *outer = mmap(NULL, len + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *inner;

    if (outer == MAP_FAILED) {
        return NULL;
    }
    inner = outer + page;
    if (mprotect(inner, len, PROT_READ | PROT_WRITE) != 0) {
        munmap(outer, len + 2 * page);
        return NULL;
    }
    (void)madvise(inner, len, MADV_DONTDUMP);
    (void)madvise(inner, len, atomic_load(&is_kept_on_fork) ? MADV_KEEPONFORK : MADV_WIPEONFORK);
    if (mlock(inner, len) != 0 && !atomic_exchange(&lock_warning_given, true)) {
        cfr_log(CFR_LOG_WARN, "secrets are not locked in memory: RLIMIT_MEMLOCK is too low");
    }
    return inner;
}

static void unmap_guarded(uint8_t *inner, size_t len)
{
    size_t page = page_len();

    munmap(inner - page, len + 2 * page);
}

/* Caller holds arena->mutex, here and below. */
static struct mapping *mapping_new_locked(struct arena *arena, size_t len)
{
    struct mapping *mapping = calloc(1, sizeof(*mapping));
    uint8_t *inner = mapping == NULL ? NULL : map_guarded(len);

    if (inner == NULL) {
        free(mapping);
        return NULL;
    }
    *mapping =
        (struct mapping){.inner = inner, .len = len, .next = arena->mappings, .link = &arena->mappings};
    if (mapping->next != NULL) {
        mapping->next->link = &mapping->next;
    }
    arena->mappings = mapping;
    return mapping;
}

static void mapping_drop_locked(struct mapping *mapping)
{
    *mapping->link = mapping->next;
    if (mapping->next != NULL) {
        mapping->next->link = mapping->link;
    }
    unmap_guarded(mapping->inner, mapping->len);
    free(mapping);
}

static void canary_set(struct cfr_secret *secret)
{
    cfr_store_le64(secret->octets + secret->room, CANARY);
}

static int class_of(size_t len)
{
    for (int i = 0; i < CLASS_COUNT; i++) {
        if (len <= ((size_t)1 << (CLASS_MIN_BITS + i)) - CANARY_LEN) {
            return i;
        }
    }
    return -1;
}

/* Cut a new slab into free secrets of one class. Caller holds arena->mutex. */
static bool slab_add_locked(struct arena *arena, int size_class)
{
    size_t stride = (size_t)1 << (CLASS_MIN_BITS + size_class);
    size_t count = SLAB_LEN / stride;
    struct cfr_secret *secrets = calloc(count, sizeof(*secrets));
    struct mapping *slab = secrets == NULL ? NULL : mapping_new_locked(arena, SLAB_LEN);

    if (slab == NULL) {
        free(secrets);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        secrets[i].octets = slab->inner + i * stride;
        secrets[i].room = stride - CANARY_LEN;
        secrets[i].forks = arena->forks;
        secrets[i].size_class = size_class;
        secrets[i].next_free = arena->free[size_class];
        arena->free[size_class] = &secrets[i];
    }
    return true;
}

static struct cfr_secret *take_small(struct arena *arena, int size_class)
{
    struct cfr_secret *secret;

    pthread_mutex_lock(&arena->mutex);
    if (arena->free[size_class] == NULL && !slab_add_locked(arena, size_class)) {
        pthread_mutex_unlock(&arena->mutex);
        return NULL;
    }
    secret = arena->free[size_class];
    arena->free[size_class] = secret->next_free;
    pthread_mutex_unlock(&arena->mutex);
    return secret;
}

static struct cfr_secret *take_large(struct arena *arena, size_t len)
{
    size_t page = page_len();
    size_t mapped = (len + CANARY_LEN + page - 1) / page * page;
    struct cfr_secret *secret;

    if (mapped < len) {
        return NULL;
    }
    secret = calloc(1, sizeof(*secret));
    if (secret == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&arena->mutex);
    secret->own = mapping_new_locked(arena, mapped);
    pthread_mutex_unlock(&arena->mutex);
    if (secret->own == NULL) {
        free(secret);
        return NULL;
    }
    secret->octets = secret->own->inner;
    secret->room = mapped - CANARY_LEN;
    secret->forks = arena->forks;
    secret->size_class = -1;
    return secret;
}

CK_RV cfr_secret_new(size_t len, struct cfr_secret **ret_secret)
{
    struct arena *arena = cfr_fault_hit(CFR_FAULT_MEMORY) ? NULL : arena_get();
    struct cfr_secret *secret;
    int size_class = class_of(len);

    FAIL_UNLESS(arena != NULL, CKR_HOST_MEMORY);
    secret = size_class >= 0 ? take_small(arena, size_class) : take_large(arena, len);
    FAIL_UNLESS(secret != NULL, CKR_HOST_MEMORY);

    secret->len = len;
    atomic_store_explicit(&secret->shares, 1, memory_order_relaxed);
    canary_set(secret);
    atomic_fetch_add_explicit(&octets_in_use, len, memory_order_relaxed);
    *ret_secret = secret;
    return CKR_OK;
}

CK_RV cfr_secret_from(struct cfr_span from, struct cfr_secret **ret_secret)
{
    struct cfr_secret *secret = NULL;

    TRY(cfr_secret_new(from.len, &secret));
    cfr_copy(secret->octets, from.ptr, from.len);
    *ret_secret = secret;
    return CKR_OK;
}

struct cfr_secret *cfr_secret_share(struct cfr_secret *secret)
{
    if (secret != NULL) {
        atomic_fetch_add_explicit(&secret->shares, 1, memory_order_relaxed);
    }
    return secret;
}

static void give_back(struct cfr_secret *secret)
{
    struct arena *arena = arena_get();

    atomic_fetch_sub_explicit(&octets_in_use, secret->len, memory_order_relaxed);
    if (arena == NULL || secret->forks != arena->forks) {
        return; /* the parent's: its pages read as zero here and are not ours to reuse */
    }
    if (cfr_load_le64(secret->octets + secret->room) != CANARY) {
        cfr_log(CFR_LOG_ERROR, "memory behind a secret was overwritten; stopping");
        abort();
    }
    explicit_bzero(secret->octets, secret->len);
    if (secret->size_class < 0) {
        pthread_mutex_lock(&arena->mutex);
        mapping_drop_locked(secret->own);
        pthread_mutex_unlock(&arena->mutex);
        free(secret);
        return;
    }
    pthread_mutex_lock(&arena->mutex);
    secret->next_free = arena->free[secret->size_class];
    arena->free[secret->size_class] = secret;
    pthread_mutex_unlock(&arena->mutex);
}

void cfr_secret_drop(struct cfr_secret *secret)
{
    if (secret != NULL && atomic_fetch_sub_explicit(&secret->shares, 1, memory_order_acq_rel) == 1) {
        give_back(secret);
    }
}

struct cfr_span cfr_secret_view(const struct cfr_secret *secret)
{
    return secret == NULL ? cfr_span_of(NULL, 0) : cfr_span_of(secret->octets, secret->len);
}

uint8_t *cfr_secret_edit(struct cfr_secret *secret)
{
    return secret->octets;
}

void cfr_secret_trim(struct cfr_secret *secret, size_t len)
{
    if (len < secret->len) {
        explicit_bzero(secret->octets + len, secret->len - len);
        atomic_fetch_sub_explicit(&octets_in_use, secret->len - len, memory_order_relaxed);
        secret->len = len;
    }
}

CK_RV cfr_secret_grow(struct cfr_secret **secret, size_t len)
{
    struct cfr_secret *larger = NULL;

    if (len <= (*secret)->room) {
        if (len > (*secret)->len) {
            atomic_fetch_add_explicit(&octets_in_use, len - (*secret)->len, memory_order_relaxed);
            (*secret)->len = len;
        }
        return CKR_OK;
    }
    TRY(cfr_secret_new(len, &larger));
    cfr_copy(larger->octets, (*secret)->octets, (*secret)->len);
    cfr_secret_drop(*secret);
    *secret = larger;
    return CKR_OK;
}

CK_RV cfr_secret_append(struct cfr_secret **secret, struct cfr_span more)
{
    size_t len = *secret == NULL ? 0 : (*secret)->len;
    struct cfr_secret *larger = NULL;

    FAIL_UNLESS(more.len <= SIZE_MAX / 4 - len, CKR_HOST_MEMORY);
    if (*secret == NULL || len + more.len > (*secret)->room) {
        TRY(cfr_secret_new(2 * (len + more.len), &larger));
        cfr_secret_trim(larger, len + more.len);
        cfr_copy(larger->octets, *secret == NULL ? NULL : (*secret)->octets, len);
        cfr_secret_drop(*secret);
        *secret = larger;
    } else {
        TRY(cfr_secret_grow(secret, len + more.len));
    }
    cfr_copy((*secret)->octets + len, more.ptr, more.len);
    return CKR_OK;
}

void cfr_secret_keep_on_fork(bool keep)
{
    struct arena *arena = arena_get();

    atomic_store(&is_kept_on_fork, keep);
    if (arena == NULL) {
        return;
    }
    pthread_mutex_lock(&arena->mutex);
    for (const struct mapping *mapping = arena->mappings; mapping != NULL; mapping = mapping->next) {
        (void)madvise(mapping->inner, mapping->len, keep ? MADV_KEEPONFORK : MADV_WIPEONFORK);
    }
    pthread_mutex_unlock(&arena->mutex);
}

void cfr_secret_forked(void)
{
    struct arena *arena = arena_get();

    if (arena == NULL) {
        return;
    }
    pthread_mutex_lock(&arena->mutex);
    for (const struct mapping *mapping = arena->mappings; mapping != NULL; mapping = mapping->next) {
        (void)mlock(mapping->inner, mapping->len);
    }
    pthread_mutex_unlock(&arena->mutex);
}

size_t cfr_secret_in_use(void)
{
    return atomic_load_explicit(&octets_in_use, memory_order_relaxed);
}
