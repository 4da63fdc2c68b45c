/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commits that threads share. One thread leads: it runs the bodies of those who wait, one after the other, in one
 * transaction, so that the later ones see what the earlier ones write, and commits it. Meanwhile others gather; one
 * of them leads next.
 */
#include "token-store/store.h"

#include <pthread.h>
#include <semaphore.h>

enum {
    TOGETHER_MAX = 8, /* bodies in one transaction; of about ten writes each, below CFR_STORE_WRITES_MAX */
    TRIES_MAX = 8     /* as long as others commit in between; then each body goes its own way */
};

/* What became of a body. */
enum outcome {
    COMMITTED, /* its commit came to the status */
    ALONE,     /* nothing of it was written: the caller runs it by itself */
    LEADS      /* not run yet: the caller leads it, and those who come after it */
};

/* A body that waits; on the stack of its caller's thread. */
struct cfr_store_member {
    cfr_store_body_fn body;
    void *arg;
    enum outcome outcome;
    enum cfr_store_status status;
    struct cfr_store_member *next;
    sem_t woken;
};

/* Stands in the queue while somebody leads and nobody waits. */
static struct cfr_store_member nobody;

/* True: nobody leads, so that this thread does. */
static bool enqueue(struct cfr_store *store, struct cfr_store_member *own)
{
    struct cfr_store_member *newest = atomic_load_explicit(&store->waiting, memory_order_relaxed);

    do {
        own->next = newest == &nobody ? NULL : newest;
    } while (!atomic_compare_exchange_weak(&store->waiting, &newest, newest == NULL ? &nobody : own));
    return newest == NULL;
}

/* Those who wait, the oldest first; NULL when there was nobody, and then nobody leads any more. */
static struct cfr_store_member *take_waiting(struct cfr_store *store)
{
    struct cfr_store_member *newest = &nobody;
    struct cfr_store_member *oldest = NULL;

    if (atomic_compare_exchange_strong(&store->waiting, &newest, NULL)) {
        return NULL;
    }
    newest = atomic_exchange(&store->waiting, &nobody);
    while (newest != NULL) {
        struct cfr_store_member *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

/* Let the next one lead: of @p rest, which was too much for one transaction, or of those who wait now. */
static void pass_on(struct cfr_store *store, struct cfr_store_member *rest)
{
    struct cfr_store_member *next = rest != NULL ? rest : take_waiting(store);

    if (next != NULL) {
        next->outcome = LEADS;
        (void)sem_post(&next->woken);
    }
}

struct company {
    struct cfr_store_member *members[TOGETHER_MAX];
    size_t count;
};

/* The company without the member that its body fails in: that may be due to what the others do, or not. */
static void dismiss(struct company *company, size_t member)
{
    company->count--;
    for (size_t i = member; i < company->count; i++) {
        company->members[i] = company->members[i + 1];
    }
}

/* Run all bodies. False: one has failed, is dismissed, and what the others did with it at hand must not count. */
static bool run_bodies(struct cfr_store_txn *txn, struct company *company)
{
    for (size_t i = 0; i < company->count; i++) {
        struct cfr_store_member *member = company->members[i];

        if (member->body(txn, member->arg) != CKR_OK) {
            dismiss(company, i);
            return false;
        }
    }
    return true;
}

static enum cfr_store_status try_together(struct cfr_store *store, struct company *company)
{
    AUTO(store_txn) *txn = NULL;
    enum cfr_store_status status = store->ops->begin(store, CFR_STORE_WRITE, &txn);

    if (status != CFR_STORE_OK) {
        return status;
    }
    return run_bodies(txn, company) ? store->ops->commit(MOVE(txn)) : CFR_STORE_CONFLICT;
}

/*
 * One commit for all. Whoever is not in it, or all if there was none, are to run alone. A commit that may have
 * happened counts as the last word: no body may be run again after it.
 */
static void run_together(struct cfr_store *store, struct company company)
{
    enum cfr_store_status status = CFR_STORE_CONFLICT;

    for (int i = 0; company.count > 1 && status == CFR_STORE_CONFLICT && i < TRIES_MAX; i++) {
        status = try_together(store, &company);
    }
    if (status != CFR_STORE_OK && status != CFR_STORE_UNKNOWN) {
        return;
    }
    for (size_t i = 0; i < company.count; i++) {
        company.members[i]->outcome = COMMITTED;
        company.members[i]->status = status;
    }
}

/* The members of a list as a company, each to run alone so far; returns those for whom there is no room. */
static struct cfr_store_member *gather(struct cfr_store_member *list, struct company *ret_company)
{
    *ret_company = (struct company){0};
    while (list != NULL && ret_company->count < TOGETHER_MAX) {
        list->outcome = ALONE;
        ret_company->members[ret_company->count++] = list;
        list = list->next;
    }
    return list;
}

static CK_RV finish(struct cfr_store *store, const struct cfr_store_member *own)
{
    return own->outcome == COMMITTED ? cfr_store_rv(own->status, "commit")
                                     : cfr_store_run(store, own->body, own->arg);
}

static CK_RV lead(struct cfr_store *store, struct cfr_store_member *own)
{
    struct company company;
    struct cfr_store_member *rest = gather(own, &company);
    CK_RV rv;

    run_together(store, company);
    for (size_t i = 1; i < company.count; i++) {
        (void)sem_post(&company.members[i]->woken);
    }
    rv = finish(store, own);
    pass_on(store, rest);
    return rv;
}

CK_RV cfr_store_run_shared(struct cfr_store *store, cfr_store_body_fn body, void *arg)
{
    struct cfr_store_member own = {.body = body, .arg = arg, .outcome = LEADS};
    int cancel_state;
    CK_RV rv;

    /* A thread that is cancelled in here would leave the queue with a member on a stack that is gone. */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    (void)sem_init(&own.woken, 0, 0);
    if (!enqueue(store, &own)) {
        while (sem_wait(&own.woken) != 0) {
        }
    }
    rv = own.outcome == LEADS ? lead(store, &own) : finish(store, &own);
    (void)sem_destroy(&own.woken);
    (void)pthread_setcancelstate(cancel_state, NULL);
    return rv;
}
