/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa_v15.h"

#include "base/ct.h"
#include "crypto/digest.h"
#include "crypto/mac.h"
#include "crypto/rsa.h"

enum { PRF_LEN = 32, LENGTH_CANDIDATES = 128, SHORTEST_PADDING_END = 10 };

CK_RV cfr_rsa_v15_secret(const struct cfr_keymat *keymat, struct cfr_secret **ret_secret)
{
    AUTO(secret) *exponent = NULL;
    AUTO(secret) *padded = NULL;
    AUTO(secret) *hash = NULL;
    AUTO(digest) *digest = NULL;
    size_t len = cfr_rsa_len(keymat);
    struct cfr_span d;

    TRY(cfr_rsa_number(keymat, CFR_RSA_D, &exponent));
    TRY(cfr_secret_new(len, &padded));
    d = cfr_secret_view(exponent);
    cfr_copy(cfr_secret_edit(padded) + len - d.len, d.ptr, d.len);
    TRY(cfr_secret_new(PRF_LEN, &hash));
    TRY(cfr_digest_new(CFR_HASH_SHA256, &digest));
    TRY(cfr_digest_once(digest, cfr_secret_view(padded), cfr_secret_edit(hash)));
    *ret_secret = MOVE(hash);
    return CKR_OK;
}

/* Fill @p out with HMAC(key, counter || label || bits): the draft's pseudo-random function. */
static CK_RV prf(struct cfr_mac *mac, const char *label, uint8_t *out, size_t len)
{
    uint8_t bits[2] = {(uint8_t)(8 * len >> 8), (uint8_t)(8 * len)};
    uint8_t block[CFR_MAC_MAX_LEN];

    for (size_t at = 0; at < len; at += PRF_LEN) {
        size_t step = len - at < PRF_LEN ? len - at : PRF_LEN;
        uint8_t counter[2] = {(uint8_t)((at / PRF_LEN) >> 8), (uint8_t)(at / PRF_LEN)};

        TRY(cfr_mac_start(mac, cfr_span_of(NULL, 0)));
        TRY(cfr_mac_update(mac, cfr_span_of(counter, sizeof(counter))));
        TRY(cfr_mac_update(mac, cfr_span_text(label)));
        TRY(cfr_mac_update(mac, cfr_span_of(bits, sizeof(bits))));
        TRY(cfr_mac_finish(mac, block));
        cfr_copy(out + at, block, step);
    }
    explicit_bzero(block, sizeof(block));
    return CKR_OK;
}

/* The last of 128 two-octet candidates, masked to the modulus' size, that is short enough for a message. */
static uint32_t synthetic_len(const uint8_t *candidates, uint32_t max_len)
{
    uint32_t mask = max_len;
    uint32_t len = 0;

    for (unsigned shift = 1; shift < 16; shift <<= 1) {
        mask |= mask >> shift;
    }
    for (int i = 0; i < LENGTH_CANDIDATES; i++) {
        uint32_t candidate = ((uint32_t)candidates[2 * i] << 8 | candidates[2 * i + 1]) & mask;

        len = cfr_ct_select(cfr_ct_mask_lt(candidate, max_len), candidate, len);
    }
    return len;
}

/*
 * All ones when the block is 0 2, eight or more octets that are not zero, 0, message; *ret_start: the
 * message.
 */
static uint32_t find_message(const uint8_t *block, uint32_t len, uint32_t *ret_start)
{
    uint32_t good = cfr_ct_is_zero(block[0]) & cfr_ct_mask_eq(block[1], 2);
    uint32_t found = 0;
    uint32_t zero_at = 0;

    for (uint32_t i = 2; i < len; i++) {
        uint32_t is_zero = cfr_ct_is_zero(block[i]);

        zero_at = cfr_ct_select(~found & is_zero, i, zero_at);
        found |= is_zero;
    }
    *ret_start = zero_at + 1;
    return good & found & ~cfr_ct_mask_lt(zero_at, SHORTEST_PADDING_END);
}

/* Move the message to the front, in steps whose pattern does not depend on where it starts. */
static void shift_left(uint8_t *octets, uint32_t len, uint32_t distance)
{
    for (uint32_t step = 1; step < len; step <<= 1) {
        uint32_t take = ~cfr_ct_is_zero(distance & step);

        for (uint32_t i = 0; i < len; i++) {
            uint32_t from = i + step < len ? octets[i + step] : 0;

            octets[i] = (uint8_t)cfr_ct_select(take, from, octets[i]);
        }
    }
}

CK_RV cfr_rsa_v15_unpad(struct cfr_span secret, struct cfr_span ciphertext, const struct cfr_secret *block,
                        struct cfr_secret **ret_message)
{
    AUTO(mac) *keying = NULL;
    AUTO(mac) *mac = NULL;
    AUTO(secret) *key = NULL;
    AUTO(secret) *lengths = NULL;
    AUTO(secret) *message = NULL;
    const uint8_t *em = cfr_secret_view(block).ptr;
    uint32_t len = (uint32_t)cfr_secret_view(block).len;
    uint32_t start = 0;
    uint32_t message_len;
    uint32_t good;
    uint8_t *out;

    TRY(cfr_mac_new(CFR_MAC_HMAC, CFR_HASH_SHA256, secret, &keying));
    TRY(cfr_secret_new(PRF_LEN, &key));
    TRY(cfr_mac_start(keying, cfr_span_of(NULL, 0)));
    TRY(cfr_mac_update(keying, ciphertext));
    TRY(cfr_mac_finish(keying, cfr_secret_edit(key)));
    TRY(cfr_mac_new(CFR_MAC_HMAC, CFR_HASH_SHA256, cfr_secret_view(key), &mac));
    TRY(cfr_secret_new(2 * LENGTH_CANDIDATES, &lengths));
    TRY(prf(mac, "length", cfr_secret_edit(lengths), 2 * LENGTH_CANDIDATES));
    TRY(cfr_secret_new(len, &message));
    out = cfr_secret_edit(message);
    TRY(prf(mac, "message", out, len));

    good = find_message(em, len, &start);
    message_len = synthetic_len(cfr_secret_view(lengths).ptr, len - SHORTEST_PADDING_END);
    start = cfr_ct_select(good, start, len - message_len);
    for (uint32_t i = 0; i < len; i++) {
        out[i] = (uint8_t)cfr_ct_select(good, em[i], out[i]);
    }
    shift_left(out, len, start);
    cfr_secret_trim(message, len - start);
    *ret_message = MOVE(message);
    return CKR_OK;
}
