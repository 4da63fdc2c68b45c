/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reference backend: what store.h says, in the simplest way that is right. The other backends are
 * compared with it, so it shares no code with them. Nothing is durable and nothing is shared with another
 * process.
 *
 * A version of the keyspace is a sorted array of records that never changes once it is published; a snapshot
 * is a share of it. A transaction that writes does so in an array of its own, which is why it sees its own
 * writes.
 */
#include "base/alloc.h"
#include "base/lock.h"
#include "token-store/store.h"

struct record {
    size_t shares;
    uint64_t revision; /* version of the commit that wrote it */
    size_t key_len;
    size_t value_len;
    uint8_t octets[]; /* key, then value */
};

/* Shares of records and images change under the store's lock only. */
struct image {
    size_t shares;
    size_t count;
    size_t room;
    struct record **records;
};

struct memory_store {
    struct cfr_store head;
    struct cfr_lock lock;
    struct image *image; /* the newest */
    uint64_t version;
    uint32_t readers;
};

struct touched {
    struct record *record; /* holds the key; for a read with the revision found, 0 for none */
    struct touched *next;
};

struct memory_txn {
    struct cfr_store_txn head;
    struct image *snapshot;
    struct image *image; /* what the transaction sees: the snapshot, or its own copy once it has written */
    enum cfr_store_mode mode;
    struct touched *reads;
    struct touched *writes; /* keys only; the values are in image */
    size_t write_count;
};

static struct memory_store *store_of(struct cfr_store *store)
{
    return (struct memory_store *)(void *)store;
}

static struct memory_txn *txn_of(struct cfr_store_txn *txn)
{
    return (struct memory_txn *)(void *)txn;
}

static struct cfr_span key_of(const struct record *record)
{
    return cfr_span_of(record->octets, record->key_len);
}

static struct cfr_span value_of(const struct record *record)
{
    return cfr_span_of(record->octets + record->key_len, record->value_len);
}

static struct record *record_new(struct cfr_span key, struct cfr_span value)
{
    struct record *record = cfr_alloc(sizeof(*record) + key.len + value.len);

    if (record != NULL) {
        record->shares = 1;
        record->key_len = key.len;
        record->value_len = value.len;
        cfr_copy(record->octets, key.ptr, key.len);
        cfr_copy(record->octets + key.len, value.ptr, value.len);
    }
    return record;
}

static void record_drop(struct record *record)
{
    if (--record->shares == 0) {
        cfr_free(record);
    }
}

static void image_drop(struct image *image)
{
    if (image == NULL || --image->shares != 0) {
        return;
    }
    for (size_t i = 0; i < image->count; i++) {
        record_drop(image->records[i]);
    }
    cfr_free(image->records);
    cfr_free(image);
}

/* A copy with room for @p extra more records; NULL without memory. */
static struct image *image_copy(const struct image *from, size_t extra)
{
    struct image *image = cfr_alloc(sizeof(*image));

    if (image == NULL) {
        return NULL;
    }
    image->shares = 1;
    image->room = from->count + extra;
    image->records = cfr_alloc_array(image->room, sizeof(struct record *));
    if (image->records == NULL) {
        cfr_free(image);
        return NULL;
    }
    for (size_t i = 0; i < from->count; i++) {
        image->records[i] = from->records[i];
        image->records[i]->shares++;
    }
    image->count = from->count;
    return image;
}

/* Where @p key is or belongs. */
static size_t image_seek(const struct image *image, struct cfr_span key)
{
    size_t low = 0;
    size_t high = image->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (cfr_span_compare(key_of(image->records[middle]), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct record *image_find(const struct image *image, struct cfr_span key)
{
    size_t at = image_seek(image, key);

    if (at == image->count || !cfr_span_equal(key_of(image->records[at]), key)) {
        return NULL;
    }
    return image->records[at];
}

/* Takes the share of @p record; there is room. */
static void image_put(struct image *image, struct record *record)
{
    size_t at = image_seek(image, key_of(record));

    if (at < image->count && cfr_span_equal(key_of(image->records[at]), key_of(record))) {
        record_drop(image->records[at]);
        image->records[at] = record;
        return;
    }
    for (size_t i = image->count; i > at; i--) {
        image->records[i] = image->records[i - 1];
    }
    image->records[at] = record;
    image->count++;
}

static void image_del(struct image *image, struct cfr_span key)
{
    size_t at = image_seek(image, key);

    if (at == image->count || !cfr_span_equal(key_of(image->records[at]), key)) {
        return;
    }
    record_drop(image->records[at]);
    image->count--;
    for (size_t i = at; i < image->count; i++) {
        image->records[i] = image->records[i + 1];
    }
}

static struct touched *touched_find(struct touched *list, struct cfr_span key)
{
    while (list != NULL && !cfr_span_equal(key_of(list->record), key)) {
        list = list->next;
    }
    return list;
}

static bool touched_add(struct touched **list, struct cfr_span key, uint64_t revision)
{
    struct touched *touched = cfr_alloc(sizeof(*touched));
    struct record *record = record_new(key, cfr_span_of(NULL, 0));

    if (touched == NULL || record == NULL) {
        cfr_free(touched);
        cfr_free(record);
        return false;
    }
    record->revision = revision;
    *touched = (struct touched){.record = record, .next = *list};
    *list = touched;
    return true;
}

static void touched_clear(struct touched *list)
{
    while (list != NULL) {
        struct touched *next = list->next;

        cfr_free(list->record);
        cfr_free(list);
        list = next;
    }
}

static enum cfr_store_status memory_open(const struct cfr_store_config *config, struct cfr_store **ret_store)
{
    struct memory_store *store = cfr_alloc(sizeof(*store));
    struct image *image = cfr_alloc(sizeof(*image));

    (void)config;
    if (store == NULL || image == NULL || cfr_lock_init(&store->lock, CFR_RANK_STORE) != CKR_OK) {
        cfr_free(store);
        cfr_free(image);
        return CFR_STORE_UNAVAIL;
    }
    image->shares = 1;
    store->head.ops = &cfr_store_memory;
    store->image = image;
    store->version = 1;
    *ret_store = &store->head;
    return CFR_STORE_OK;
}

static void memory_close(struct cfr_store *store)
{
    struct memory_store *self = store_of(store);

    image_drop(self->image);
    cfr_lock_clear(&self->lock);
    cfr_free(self);
}

static void memory_abandon(struct cfr_store *store)
{
    (void)store;
}

/* Each process has its own. */
static enum cfr_store_status memory_forked(struct cfr_store *store)
{
    (void)store;
    return CFR_STORE_OK;
}

static enum cfr_store_status memory_begin(struct cfr_store *store, enum cfr_store_mode mode,
                                          struct cfr_store_txn **ret_txn)
{
    struct memory_store *self = store_of(store);
    struct memory_txn *txn = cfr_alloc(sizeof(*txn));

    if (txn == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    cfr_lock_acquire(&self->lock);
    txn->head.store = store;
    txn->mode = mode;
    txn->snapshot = self->image;
    txn->image = self->image;
    self->image->shares++;
    self->readers++;
    cfr_lock_release(&self->lock);
    *ret_txn = &txn->head;
    return CFR_STORE_OK;
}

static enum cfr_store_status memory_get(struct cfr_store_txn *txn, struct cfr_span key,
                                        struct cfr_span *ret_value)
{
    struct memory_txn *self = txn_of(txn);
    struct record *record = image_find(self->image, key);

    if (self->mode == CFR_STORE_WRITE && touched_find(self->writes, key) == NULL &&
        touched_find(self->reads, key) == NULL &&
        !touched_add(&self->reads, key, record == NULL ? 0 : record->revision)) {
        return CFR_STORE_UNAVAIL;
    }
    if (record == NULL) {
        return CFR_STORE_NOTFOUND;
    }
    *ret_value = value_of(record);
    return CFR_STORE_OK;
}

static enum cfr_store_status memory_range(struct cfr_store_txn *txn, struct cfr_span low,
                                          struct cfr_span high, cfr_store_visit_fn visit, void *arg)
{
    const struct image *image = txn_of(txn)->image;

    for (size_t i = image_seek(image, low); i < image->count; i++) {
        if (high.len != 0 && cfr_span_compare(key_of(image->records[i]), high) >= 0) {
            break;
        }
        if (!visit(arg, key_of(image->records[i]), value_of(image->records[i]))) {
            break;
        }
    }
    return CFR_STORE_OK;
}

/* Octets that the transaction would write if @p key had a value of @p value_len. */
static size_t written_len(const struct memory_txn *txn, struct cfr_span key, size_t value_len)
{
    size_t len = key.len + value_len;

    for (const struct touched *at = txn->writes; at != NULL; at = at->next) {
        const struct record *record = image_find(txn->image, key_of(at->record));

        if (!cfr_span_equal(key_of(at->record), key)) {
            len += at->record->key_len + (record == NULL ? 0 : record->value_len);
        }
    }
    return len;
}

/* Check the limits and note that @p key is written; an own image to write in is there afterwards. */
static enum cfr_store_status write_prepare(struct memory_txn *txn, struct cfr_span key, size_t value_len)
{
    bool is_new = touched_find(txn->writes, key) == NULL;
    struct image *image = txn->image;

    if (key.len == 0 || key.len > CFR_STORE_KEY_MAX_LEN || value_len > CFR_STORE_VALUE_MAX_LEN ||
        (is_new && txn->write_count == CFR_STORE_WRITES_MAX) ||
        written_len(txn, key, value_len) > CFR_STORE_COMMIT_MAX_LEN) {
        return CFR_STORE_LIMIT;
    }
    if (txn->image == txn->snapshot) {
        cfr_lock_acquire(&store_of(txn->head.store)->lock);
        image = image_copy(txn->snapshot, CFR_STORE_WRITES_MAX);
        cfr_lock_release(&store_of(txn->head.store)->lock);
    }
    if (image == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    txn->image = image;
    if (is_new) {
        if (!touched_add(&txn->writes, key, 0)) {
            return CFR_STORE_UNAVAIL;
        }
        txn->write_count++;
    }
    return CFR_STORE_OK;
}

static enum cfr_store_status memory_put(struct cfr_store_txn *txn, struct cfr_span key, struct cfr_span value)
{
    struct memory_txn *self = txn_of(txn);
    struct record *record = record_new(key, value);
    enum cfr_store_status status;

    if (record == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    status = write_prepare(self, key, value.len);
    if (status != CFR_STORE_OK) {
        cfr_free(record);
        return status;
    }
    cfr_lock_acquire(&store_of(txn->store)->lock);
    image_put(self->image, record);
    cfr_lock_release(&store_of(txn->store)->lock);
    return CFR_STORE_OK;
}

static enum cfr_store_status memory_del(struct cfr_store_txn *txn, struct cfr_span key)
{
    struct memory_txn *self = txn_of(txn);
    enum cfr_store_status status = write_prepare(self, key, 0);

    if (status == CFR_STORE_OK) {
        cfr_lock_acquire(&store_of(txn->store)->lock);
        image_del(self->image, key);
        cfr_lock_release(&store_of(txn->store)->lock);
    }
    return status;
}

static void txn_end_locked(struct memory_txn *txn)
{
    if (txn->image != txn->snapshot) {
        image_drop(txn->image);
    }
    image_drop(txn->snapshot);
    touched_clear(txn->reads);
    touched_clear(txn->writes);
    store_of(txn->head.store)->readers--;
    cfr_free(txn);
}

static enum cfr_store_status commit_locked(struct memory_store *store, struct memory_txn *txn)
{
    struct image *image;

    for (const struct touched *at = txn->reads; at != NULL; at = at->next) {
        const struct record *now = image_find(store->image, key_of(at->record));

        if ((now == NULL ? 0 : now->revision) != at->record->revision) {
            return CFR_STORE_CONFLICT;
        }
    }
    if (txn->writes == NULL) {
        return CFR_STORE_OK;
    }
    image = image_copy(store->image, txn->write_count);
    if (image == NULL) {
        return CFR_STORE_UNAVAIL;
    }
    store->version++;
    for (const struct touched *at = txn->writes; at != NULL; at = at->next) {
        struct record *record = image_find(txn->image, key_of(at->record));

        if (record == NULL) {
            image_del(image, key_of(at->record));
            continue;
        }
        record->revision = store->version;
        record->shares++;
        image_put(image, record);
    }
    image_drop(store->image);
    store->image = image;
    return CFR_STORE_OK;
}

static enum cfr_store_status memory_commit(struct cfr_store_txn *txn)
{
    struct memory_store *store = store_of(txn->store);
    enum cfr_store_status status;

    cfr_lock_acquire(&store->lock);
    status = commit_locked(store, txn_of(txn));
    txn_end_locked(txn_of(txn));
    cfr_lock_release(&store->lock);
    return status;
}

static void memory_abort(struct cfr_store_txn *txn)
{
    struct memory_store *store = store_of(txn->store);

    cfr_lock_acquire(&store->lock);
    txn_end_locked(txn_of(txn));
    cfr_lock_release(&store->lock);
}

static uint64_t memory_version(struct cfr_store *store)
{
    struct memory_store *self = store_of(store);
    uint64_t version;

    cfr_lock_acquire(&self->lock);
    version = self->version;
    cfr_lock_release(&self->lock);
    return version;
}

static enum cfr_store_status memory_health(struct cfr_store *store, struct cfr_store_health *ret_health)
{
    struct memory_store *self = store_of(store);
    struct cfr_store_health health = {.limit_len = SIZE_MAX};

    cfr_lock_acquire(&self->lock);
    health.version = self->version;
    health.readers = self->readers;
    for (size_t i = 0; i < self->image->count; i++) {
        health.used_len += self->image->records[i]->key_len + self->image->records[i]->value_len;
    }
    cfr_lock_release(&self->lock);
    *ret_health = health;
    return CFR_STORE_OK;
}

const struct cfr_store_ops cfr_store_memory = {
    .abi = 2,
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .abandon = memory_abandon,
    .begin = memory_begin,
    .get = memory_get,
    .range = memory_range,
    .put = memory_put,
    .del = memory_del,
    .commit = memory_commit,
    .abort = memory_abort,
    .version = memory_version,
    .health = memory_health,
    .forked = memory_forked,
};
