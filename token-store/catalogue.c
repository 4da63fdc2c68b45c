/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/catalogue.h"

#include "base/ct.h"
#include "base/log.h"

enum { TEXT_MAX_LEN = 128, SEALED_MAX_LEN = CFR_STORE_VALUE_MAX_LEN };

CK_RV cfr_catalogue_open(struct cfr_master *master, uint32_t space, struct cfr_catalogue *ret_catalogue)
{
    AUTO(secret) *key = NULL;
    struct cfr_tagger *set = NULL;

    TRY(cfr_master_derive(master, "coffer/1/set", space, &key));
    TRY(cfr_tagger_new(key, &set));
    *ret_catalogue = (struct cfr_catalogue){.master = master, .set = set, .space = space};
    return CKR_OK;
}

void cfr_catalogue_close(struct cfr_catalogue *catalogue)
{
    cfr_tagger_drop(catalogue->set);
    *catalogue = (struct cfr_catalogue){0};
}

static void encode(const struct cfr_generation *generation, struct cfr_buf *out)
{
    cfr_buf_put_be64(out, generation->generation);
    for (int i = 0; i < CFR_COUNTERS; i++) {
        cfr_buf_put_be64(out, generation->counters[i]);
    }
    cfr_buf_put(out, cfr_span_of(generation->set_hash, CFR_SET_HASH_LEN));
    cfr_buf_put_be64(out, (uint64_t)generation->verified_at);
}

static CK_RV decode(struct cfr_span text, struct cfr_generation *ret_generation)
{
    struct cfr_reader reader = cfr_reader_of(text);

    ret_generation->generation = cfr_read_be64(&reader);
    for (int i = 0; i < CFR_COUNTERS; i++) {
        ret_generation->counters[i] = cfr_read_be64(&reader);
    }
    cfr_read_into(&reader, ret_generation->set_hash, CFR_SET_HASH_LEN);
    ret_generation->verified_at = (int64_t)cfr_read_be64(&reader);
    FAIL_UNLESS(cfr_reader_done(&reader), CKR_DEVICE_ERROR);
    return CKR_OK;
}

static CK_RV read_generation(const struct cfr_catalogue *catalogue, struct cfr_store_txn *txn,
                             struct cfr_generation *ret_generation, uint32_t *ret_revision)
{
    struct cfr_record_key key = cfr_key_in_space('G', catalogue->space);
    struct cfr_span sealed = {0};
    struct cfr_seal_header header = {0};
    AUTO(secret) *text = NULL;
    enum cfr_store_status status = txn->store->ops->get(txn, cfr_record_key_view(&key), &sealed);

    *ret_generation = (struct cfr_generation){0};
    *ret_revision = 0;
    if (status == CFR_STORE_NOTFOUND) {
        return CKR_OK;
    }
    TRY(cfr_store_rv(status, "get G"));
    TRY(cfr_unseal(cfr_master_records(catalogue->master), cfr_record_key_view(&key), sealed, &header, &text));
    *ret_revision = header.revision;
    return decode(cfr_secret_view(text), ret_generation);
}

CK_RV cfr_catalogue_read(const struct cfr_catalogue *catalogue, struct cfr_store_txn *txn,
                         struct cfr_generation *ret_generation)
{
    uint32_t revision;

    return read_generation(catalogue, txn, ret_generation, &revision);
}

CK_RV cfr_changes_begin(const struct cfr_catalogue *catalogue, struct cfr_store_txn *txn,
                        struct cfr_changes *ret_changes)
{
    *ret_changes = (struct cfr_changes){.catalogue = catalogue, .txn = txn};
    return read_generation(catalogue, txn, &ret_changes->generation, &ret_changes->revision);
}

/* sum += sign * tag, as 256-bit little-endian numbers. */
static void accumulate(uint8_t *sum, const uint8_t *tag, bool subtract)
{
    unsigned carry = subtract ? 1 : 0;

    for (int i = 0; i < CFR_SET_HASH_LEN; i++) {
        unsigned octet = subtract ? (uint8_t)~tag[i] : tag[i];

        carry += sum[i] + octet;
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* The pseudo-random function of a record: of its key, and of its revision unless it is an index entry. */
static CK_RV record_tag(const struct cfr_catalogue *catalogue, struct cfr_span key, struct cfr_span value,
                        uint8_t *tag)
{
    struct cfr_seal_header header = {0};
    uint8_t revision[4];

    if (value.len == 0) {
        return cfr_tagger_tag(catalogue->set, key, value, tag);
    }
    /* A header that cannot be read counts as revision 0, which no record has. */
    if (cfr_seal_peek(value, &header) != CKR_OK) {
        header.revision = 0;
    }
    cfr_store_be32(revision, header.revision);
    return cfr_tagger_tag(catalogue->set, key, cfr_span_of(revision, sizeof(revision)), tag);
}

static CK_RV account(struct cfr_changes *changes, struct cfr_span key, struct cfr_span value, bool removed)
{
    uint8_t tag[CFR_TAG_LEN];

    TRY(record_tag(changes->catalogue, key, value, tag));
    accumulate(changes->generation.set_hash, tag, removed);
    changes->generation.counters[CFR_COUNT_RECORDS] += removed ? (uint64_t)-1 : 1;
    return CKR_OK;
}

/* Take what stands under @p key now out of the set hash; *ret_existed: whether anything did. */
static CK_RV forget_old(struct cfr_changes *changes, struct cfr_span key, bool *ret_existed)
{
    struct cfr_span old = {0};
    enum cfr_store_status status = changes->txn->store->ops->get(changes->txn, key, &old);

    *ret_existed = status == CFR_STORE_OK;
    if (status == CFR_STORE_NOTFOUND) {
        return CKR_OK;
    }
    TRY(cfr_store_rv(status, "get"));
    return account(changes, key, old, true);
}

CK_RV cfr_changes_put(struct cfr_changes *changes, const struct cfr_record_key *key, struct cfr_span value)
{
    struct cfr_span key_view = cfr_record_key_view(key);
    bool existed;

    TRY(forget_old(changes, key_view, &existed));
    TRY(account(changes, key_view, value, false));
    return cfr_store_rv(changes->txn->store->ops->put(changes->txn, key_view, value), "put");
}

CK_RV cfr_changes_del(struct cfr_changes *changes, const struct cfr_record_key *key)
{
    struct cfr_span key_view = cfr_record_key_view(key);
    bool existed;

    TRY(forget_old(changes, key_view, &existed));
    FAIL_UNLESS(existed, CKR_DEVICE_ERROR);
    return cfr_store_rv(changes->txn->store->ops->del(changes->txn, key_view), "del");
}

CK_RV cfr_changes_put_sealed(struct cfr_changes *changes, const struct cfr_record_key *key,
                             struct cfr_sealer *sealer, const struct cfr_seal_header *header,
                             struct cfr_span text)
{
    AUTO(buf) sealed = CFR_BUF(SEALED_MAX_LEN);

    TRY_MAP(cfr_seal(sealer, cfr_record_key_view(key), header, text, &sealed), CKR_HOST_MEMORY,
            CKR_DEVICE_MEMORY);
    return cfr_changes_put(changes, key, cfr_buf_view(&sealed));
}

CK_RV cfr_changes_finish(struct cfr_changes *changes, bool is_visible)
{
    const struct cfr_catalogue *catalogue = changes->catalogue;
    struct cfr_record_key key = cfr_key_in_space('G', catalogue->space);
    struct cfr_seal_header header = {.revision = changes->revision + 1};
    AUTO(buf) text = CFR_BUF(TEXT_MAX_LEN);
    AUTO(buf) sealed = CFR_BUF(SEALED_MAX_LEN);

    changes->generation.generation += is_visible ? 1 : 0;
    encode(&changes->generation, &text);
    TRY(cfr_buf_check(&text));
    TRY(cfr_seal(cfr_master_records(catalogue->master), cfr_record_key_view(&key), &header,
                 cfr_buf_view(&text), &sealed));
    return cfr_store_rv(
        changes->txn->store->ops->put(changes->txn, cfr_record_key_view(&key), cfr_buf_view(&sealed)),
        "put G");
}

struct verification {
    const struct cfr_catalogue *catalogue;
    uint8_t sum[CFR_SET_HASH_LEN];
    uint64_t records;
    CK_RV rv;
};

static bool add_record(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct verification *verification = arg;
    uint8_t tag[CFR_TAG_LEN];

    verification->rv = record_tag(verification->catalogue, key, value, tag);
    if (verification->rv == CKR_OK) {
        accumulate(verification->sum, tag, false);
        verification->records++;
    }
    return verification->rv == CKR_OK;
}

static CK_RV add_kind(struct verification *verification, struct cfr_store_txn *txn, char kind)
{
    uint32_t space = verification->catalogue->space;
    struct cfr_record_key low =
        space == CFR_STORE_SPACE ? cfr_key_of_kind(kind) : cfr_key_in_space(kind, space);
    struct cfr_record_key high = cfr_key_after_prefix(&low);

    TRY(cfr_store_rv(txn->store->ops->range(txn, cfr_record_key_view(&low), cfr_record_key_view(&high),
                                            add_record, verification),
                     "range"));
    return verification->rv;
}

CK_RV cfr_catalogue_verify(const struct cfr_catalogue *catalogue, struct cfr_store_txn *txn,
                           const char *kinds)
{
    struct verification verification = {.catalogue = catalogue, .rv = CKR_OK};
    struct cfr_generation generation;

    TRY(cfr_catalogue_read(catalogue, txn, &generation));
    for (const char *kind = kinds; *kind != '\0'; kind++) {
        TRY(add_kind(&verification, txn, *kind));
    }
    if (!cfr_ct_equal(cfr_span_of(verification.sum, CFR_SET_HASH_LEN),
                      cfr_span_of(generation.set_hash, CFR_SET_HASH_LEN))) {
        cfr_log(CFR_LOG_ERROR,
                "records of space %u were removed or put back: %llu are there, %llu were written",
                catalogue->space, (unsigned long long)verification.records,
                (unsigned long long)generation.counters[CFR_COUNT_RECORDS]);
        return cfr_fail(CKR_DEVICE_ERROR, "records of space %u were removed or put back", catalogue->space);
    }
    return CKR_OK;
}
