/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ASN.1 form of X9.42's key derivation (RFC 2631, 2.1.2). libcrypto's takes the algorithm's name, out of a list of
 * its own, instead of the octets that Cryptoki's callers have.
 */
#include "crypto/digest.h"
#include "crypto/kdf.h"

enum { COUNTER_LEN = 4 };

static CK_RV make_block(struct cfr_digest *digest, struct cfr_span shared,
                        const struct cfr_kdf_x942_info *info, uint32_t counter, struct cfr_secret *block)
{
    uint8_t count[COUNTER_LEN];

    cfr_store_be32(count, counter);
    TRY(cfr_digest_start(digest));
    TRY(cfr_digest_update(digest, shared));
    TRY(cfr_digest_update(digest, cfr_span_of(info->octets.ptr, info->counter_at)));
    TRY(cfr_digest_update(digest, cfr_span_of(count, sizeof(count))));
    TRY(cfr_digest_update(digest, cfr_span_after(info->octets, info->counter_at + COUNTER_LEN)));
    return cfr_digest_finish(digest, cfr_secret_edit(block));
}

CK_RV cfr_kdf_x942(enum cfr_hash hash, struct cfr_span shared, const struct cfr_kdf_x942_info *info,
                   size_t len, struct cfr_secret **ret_key)
{
    AUTO(digest) *digest = NULL;
    AUTO(secret) *block = NULL;
    AUTO(secret) *key = NULL;
    size_t hash_len = cfr_hash_len(hash);
    uint32_t counter = 1;

    TRY(cfr_digest_new(hash, &digest));
    TRY(cfr_secret_new(CFR_HASH_MAX_LEN, &block));
    TRY(cfr_secret_new(len, &key));
    for (size_t at = 0; at < len; at += hash_len) {
        TRY(make_block(digest, shared, info, counter++, block));
        cfr_copy(cfr_secret_edit(key) + at, cfr_secret_view(block).ptr,
                 len - at < hash_len ? len - at : hash_len);
    }
    *ret_key = MOVE(key);
    return CKR_OK;
}
