/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/master.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/kdf.h"
#include "crypto/rng.h"
#include "crypto/xaes.h"
#include "token-store/anchor.h"
#include "token-store/keyspace.h"

enum { MASTER_LEN = 32, ANCHOR_FILE = 1, CLEAR_LEN = 1 + CFR_STORE_UUID_LEN + 8 + 1 };
enum { RECORD_LEN = CLEAR_LEN + CFR_XAES_NONCE_LEN + MASTER_LEN + CFR_XAES_TAG_LEN };

struct cfr_master {
    uint8_t uuid[CFR_STORE_UUID_LEN];
    struct cfr_secret *key;
    struct cfr_sealer *records;
};

void cfr_master_drop(struct cfr_master *master)
{
    if (master != NULL) {
        cfr_sealer_drop(master->records);
        cfr_secret_drop(master->key);
        cfr_free(master);
    }
}

CK_RV cfr_master_derive(const struct cfr_master *master, const char *purpose, uint32_t space,
                        struct cfr_secret **ret_key)
{
    uint8_t info[64];
    size_t len = strlen(purpose);

    FAIL_UNLESS(len + 4 <= sizeof(info), CKR_GENERAL_ERROR);
    cfr_copy(info, purpose, len);
    cfr_store_be32(info + len, space);
    return cfr_kdf_hkdf_sha256(cfr_secret_view(master->key), cfr_span_of(master->uuid, sizeof(master->uuid)),
                               cfr_span_of(info, len + 4), 32, ret_key);
}

/*
 * format(1) uuid(16) created(8) anchor kind(1) nonce(24) wrapped master key(32) tag(16); the wrap binds the
 * rest.
 */
static CK_RV make_record(struct cfr_span anchor, uint8_t *record)
{
    AUTO(secret) *key = NULL;
    AUTO(xaes) *xaes = NULL;
    uint8_t *nonce = record + CLEAR_LEN;
    uint8_t *wrapped = nonce + CFR_XAES_NONCE_LEN;

    TRY(cfr_rng_secret(MASTER_LEN, &key));
    TRY(cfr_xaes_new(anchor, &xaes));
    record[0] = CFR_SEAL_FORMAT;
    TRY(cfr_rng_fill(record + 1, CFR_STORE_UUID_LEN));
    cfr_store_be64(record + 1 + CFR_STORE_UUID_LEN, (uint64_t)cfr_clock_utc_s());
    record[CLEAR_LEN - 1] = ANCHOR_FILE;
    TRY(cfr_rng_fill(nonce, CFR_XAES_NONCE_LEN));
    return cfr_xaes_seal(xaes, nonce, cfr_span_of(record, CLEAR_LEN), cfr_secret_view(key), wrapped,
                         wrapped + MASTER_LEN);
}

static CK_RV open_record(struct cfr_span anchor, struct cfr_span record, struct cfr_master *master)
{
    AUTO(xaes) *xaes = NULL;
    const uint8_t *nonce = record.ptr + CLEAR_LEN;
    const uint8_t *wrapped = nonce + CFR_XAES_NONCE_LEN;
    CK_RV rv;

    if (record.len != RECORD_LEN || record.ptr[0] != CFR_SEAL_FORMAT ||
        record.ptr[CLEAR_LEN - 1] != ANCHOR_FILE) {
        cfr_log(CFR_LOG_ERROR, "store record M is damaged or of a later version");
        return cfr_fail(CKR_DEVICE_ERROR, "store record M is damaged or of a later version");
    }
    cfr_copy(master->uuid, record.ptr + 1, CFR_STORE_UUID_LEN);
    TRY(cfr_secret_new(MASTER_LEN, &master->key));
    TRY(cfr_xaes_new(anchor, &xaes));
    rv = cfr_xaes_open(xaes, nonce, cfr_span_of(record.ptr, CLEAR_LEN), cfr_span_of(wrapped, MASTER_LEN),
                       cfr_secret_edit(master->key), wrapped + MASTER_LEN);
    if (rv == CKR_ENCRYPTED_DATA_INVALID) {
        cfr_log(CFR_LOG_ERROR, "the anchor is not this store's, or store record M is damaged");
        return cfr_fail(CKR_DEVICE_ERROR, "the anchor is not this store's, or store record M is damaged");
    }
    return rv;
}

/*
 * What almost every start needs: the record of a store that exists. CKR_OK with *ret_found false: there is
 * none.
 */
static CK_RV read_record(struct cfr_store *store, uint8_t *record, bool *ret_found)
{
    AUTO(store_txn) *txn = NULL;
    struct cfr_record_key key = cfr_key_of_kind('M');
    struct cfr_span value = {0};
    enum cfr_store_status status;

    TRY(cfr_store_rv(store->ops->begin(store, CFR_STORE_READ, &txn), "begin"));
    status = store->ops->get(txn, cfr_record_key_view(&key), &value);
    *ret_found = status == CFR_STORE_OK;
    if (status == CFR_STORE_NOTFOUND) {
        return CKR_OK;
    }
    TRY(cfr_store_rv(status, "get M"));
    FAIL_UNLESS(value.len == RECORD_LEN, CKR_DEVICE_ERROR);
    cfr_copy(record, value.ptr, value.len);
    return CKR_OK;
}

struct first_record {
    const char *anchor_path;
    uint8_t record[RECORD_LEN];
};

/* Body of the transaction that reads the record, or writes one into a store that has none. */
static CK_RV read_or_write(struct cfr_store_txn *txn, void *arg)
{
    struct first_record *first = arg;
    const struct cfr_store_ops *ops = txn->store->ops;
    struct cfr_record_key key = cfr_key_of_kind('M');
    struct cfr_span value = {0};
    enum cfr_store_status status = ops->get(txn, cfr_record_key_view(&key), &value);
    AUTO(secret) *anchor = NULL;

    if (status == CFR_STORE_OK) {
        FAIL_UNLESS(value.len == RECORD_LEN, CKR_DEVICE_ERROR);
        cfr_copy(first->record, value.ptr, value.len);
        return CKR_OK;
    }
    FAIL_UNLESS(status == CFR_STORE_NOTFOUND, CKR_DEVICE_ERROR);
    TRY(cfr_anchor_read(first->anchor_path, true, &anchor));
    TRY(make_record(cfr_secret_view(anchor), first->record));
    return cfr_store_rv(ops->put(txn, cfr_record_key_view(&key), cfr_span_of(first->record, RECORD_LEN)),
                        "put M");
}

CK_RV cfr_master_open(struct cfr_store *store, const char *anchor_path, struct cfr_master **ret_master)
{
    struct first_record first = {.anchor_path = anchor_path};
    AUTO(master) *master = cfr_alloc(sizeof(*master));
    AUTO(secret) *anchor = NULL;
    AUTO(secret) *records_key = NULL;
    bool found = false;

    FAIL_UNLESS(master != NULL, CKR_HOST_MEMORY);
    TRY(read_record(store, first.record, &found));
    if (!found) {
        TRY(cfr_store_run(store, read_or_write, &first));
    }
    TRY(cfr_anchor_read(anchor_path, false, &anchor));
    TRY(open_record(cfr_secret_view(anchor), cfr_span_of(first.record, RECORD_LEN), master));
    TRY(cfr_master_derive(master, "coffer/1/records", 0, &records_key));
    TRY(cfr_sealer_new(records_key, master->uuid, &master->records));
    *ret_master = MOVE(master);
    return CKR_OK;
}

const uint8_t *cfr_master_uuid(const struct cfr_master *master)
{
    return master->uuid;
}

struct cfr_sealer *cfr_master_records(const struct cfr_master *master)
{
    return master->records;
}
