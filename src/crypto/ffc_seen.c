/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ffc_seen.h"

#include "crypto/digest.h"

#include <stdatomic.h>

enum { SEEN_MAX = 8 };

static _Atomic uint64_t seen[SEEN_MAX][CFR_FFC_SEEN_WORDS];
static atomic_uint next_place;

static CK_RV put_number(struct cfr_digest *digest, const BIGNUM *number)
{
    uint8_t octets[4 + CFR_FFC_MAX_BITS / 8];
    int len = number == NULL ? 0 : BN_num_bytes(number);

    cfr_store_be32(octets, (uint32_t)len);
    if (number != NULL) {
        (void)BN_bn2bin(number, octets + 4);
    }
    return cfr_digest_update(digest, cfr_span_of(octets, 4 + (size_t)len));
}

CK_RV cfr_ffc_print_of(const struct cfr_ffc *ffc, struct cfr_ffc_print *ret_print)
{
    AUTO(digest) *digest = NULL;
    uint8_t family = (uint8_t)ffc->family;
    uint8_t hash[CFR_HASH_MAX_LEN];

    TRY(cfr_digest_new(CFR_HASH_SHA256, &digest));
    TRY(cfr_digest_start(digest));
    TRY(cfr_digest_update(digest, cfr_span_of(&family, 1)));
    TRY(put_number(digest, ffc->p));
    TRY(put_number(digest, ffc->q));
    TRY(put_number(digest, ffc->g));
    TRY(cfr_digest_finish(digest, hash));
    for (size_t i = 0; i < CFR_FFC_SEEN_WORDS; i++) {
        ret_print->words[i] = cfr_load_be64(hash + 8 * i);
    }
    return CKR_OK;
}

bool cfr_ffc_seen(const struct cfr_ffc_print *print)
{
    for (size_t i = 0; i < SEEN_MAX; i++) {
        size_t same = 0;

        while (same < CFR_FFC_SEEN_WORDS &&
               atomic_load_explicit(&seen[i][same], memory_order_relaxed) == print->words[same]) {
            same++;
        }
        if (same == CFR_FFC_SEEN_WORDS) {
            return true;
        }
    }
    return false;
}

void cfr_ffc_remember(const struct cfr_ffc_print *print)
{
    size_t place = atomic_fetch_add_explicit(&next_place, 1, memory_order_relaxed) % SEEN_MAX;

    for (size_t i = 0; i < CFR_FFC_SEEN_WORDS; i++) {
        atomic_store_explicit(&seen[place][i], print->words[i], memory_order_relaxed);
    }
}
