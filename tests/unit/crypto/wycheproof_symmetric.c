/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"
#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "crypto/mac.h"
#include "unit/crypto/wycheproof.h"

#include <string.h>

enum { TEXT_MAX_LEN = 2048, GCM_IV_MAX_LEN = 128 };

enum verdict check_aead(struct wycheproof_case *wc)
{
    const char *name = wycheproof_algorithm(wc);
    enum cfr_aead_kind kind = strcmp(name, "AES-GCM") == 0   ? CFR_AEAD_GCM
                              : strcmp(name, "AES-CCM") == 0 ? CFR_AEAD_CCM
                                                             : CFR_AEAD_CHACHA20_POLY1305;
    struct cfr_span plain = wycheproof_octets(wc, "msg");
    struct cfr_span coded = wycheproof_octets(wc, "ct");
    struct cfr_span tag = wycheproof_octets(wc, "tag");
    struct cfr_aead_start start = {.iv = wycheproof_octets(wc, "iv"),
                                   .aad = wycheproof_octets(wc, "aad"),
                                   .tag_len = tag.len,
                                   .data_len = coded.len};
    AUTO(aead) *sealing = NULL;
    AUTO(aead) *opening = NULL;
    uint8_t out[TEXT_MAX_LEN];
    uint8_t got[16];

    ck_assert_uint_le(coded.len, sizeof(out));
    ASSERT_OK(cfr_aead_new(kind, true, wycheproof_octets(wc, "key"), &sealing));
    ASSERT_OK(cfr_aead_new(kind, false, wycheproof_octets(wc, "key"), &opening));
    if (kind == CFR_AEAD_GCM && start.iv.len > GCM_IV_MAX_LEN) {
        /* libcrypto takes nonces of up to 128 octets, and PKCS#11 knows none over 256 (6.13.3): refused by
         * aead.h. */
        ASSERT_RV(cfr_aead_open(opening, &start, coded, out, tag), CKR_MECHANISM_PARAM_INVALID);
        return BY_DESIGN;
    }
    if (cfr_aead_open(opening, &start, coded, out, tag) != CKR_OK) {
        return REJECTED;
    }
    ASSERT_SPAN(cfr_span_of(out, coded.len), plain);
    ASSERT_OK(cfr_aead_seal(sealing, &start, plain, out, got));
    ASSERT_SPAN(cfr_span_of(out, coded.len), coded);
    ASSERT_SPAN(cfr_span_of(got, tag.len), tag);
    return ACCEPTED;
}

/* XTS: the number of a data unit may be written shorter, least octet first. */
static CK_RV transform(enum cfr_cipher_mode mode, bool encrypt, struct wycheproof_case *wc,
                       struct cfr_span in, uint8_t *out, size_t *ret_len)
{
    AUTO(cipher) *cipher = NULL;
    struct cfr_span iv = wycheproof_octets(wc, "iv");
    uint8_t padded[CFR_AES_BLOCK_LEN] = {0};
    size_t tail = 0;

    if (mode == CFR_CIPHER_XTS && iv.len <= sizeof(padded)) {
        cfr_copy(padded, iv.ptr, iv.len);
        iv = cfr_span_of(padded, sizeof(padded));
    }

    TRY(cfr_cipher_new(mode, encrypt, wycheproof_octets(wc, "key"), &cipher));
    TRY(cfr_cipher_start(cipher, iv));
    TRY(cfr_cipher_update(cipher, in, out, ret_len));
    TRY(cfr_cipher_finish(cipher, out + *ret_len, &tail));
    *ret_len += tail;
    return CKR_OK;
}

static enum verdict check_cipher(enum cfr_cipher_mode mode, struct wycheproof_case *wc)
{
    struct cfr_span plain = wycheproof_octets(wc, "msg");
    struct cfr_span coded = wycheproof_octets(wc, "ct");
    uint8_t out[TEXT_MAX_LEN];
    size_t len = 0;

    ck_assert_uint_le(coded.len + 16, sizeof(out));
    /* No whole block is no padding: the layer above refuses an empty ciphertext before it asks for its end.
     */
    if (transform(mode, false, wc, coded, out, &len) != CKR_OK ||
        (mode == CFR_CIPHER_CBC_PAD && coded.len == 0)) {
        return REJECTED;
    }
    if (!cfr_span_equal(cfr_span_of(out, len), plain)) {
        return REJECTED;
    }
    ASSERT_OK(transform(mode, true, wc, plain, out, &len));
    ASSERT_SPAN(cfr_span_of(out, len), coded);
    return ACCEPTED;
}

enum verdict check_cbc_pad(struct wycheproof_case *wc)
{
    return check_cipher(CFR_CIPHER_CBC_PAD, wc);
}

enum verdict check_xts(struct wycheproof_case *wc)
{
    if (wycheproof_octets(wc, "key").len == 48) {
        /* IEEE 1619 and SP 800-38E have XTS with keys of 128 and 256 bits only. */
        return BY_DESIGN;
    }
    return check_cipher(CFR_CIPHER_XTS, wc);
}

/* HMAC of every hash, CMAC and GMAC, cut to the group's tag length. */
enum verdict check_mac(struct wycheproof_case *wc)
{
    const char *name = wycheproof_algorithm(wc);
    bool is_hmac = strncmp(name, "HMAC", 4) == 0;
    enum cfr_mac_kind kind = is_hmac                         ? CFR_MAC_HMAC
                             : strcmp(name, "AES-GMAC") == 0 ? CFR_MAC_GMAC
                                                             : CFR_MAC_CMAC;
    struct cfr_span iv = kind == CFR_MAC_GMAC ? wycheproof_octets(wc, "iv") : cfr_span_of(NULL, 0);
    struct cfr_span tag = wycheproof_octets(wc, "tag");
    enum cfr_hash hash = is_hmac ? fixture_hash(name + 4) : CFR_HASH_NONE;
    AUTO(mac) *mac = NULL;
    uint8_t out[CFR_MAC_MAX_LEN];

    ck_assert(!is_hmac || hash != CFR_HASH_NONE);
    if (cfr_mac_new(kind, hash, wycheproof_octets(wc, "key"), &mac) != CKR_OK ||
        cfr_mac_start(mac, iv) != CKR_OK) {
        return REJECTED;
    }
    ASSERT_OK(cfr_mac_update(mac, wycheproof_octets(wc, "msg")));
    ASSERT_OK(cfr_mac_finish(mac, out));
    ck_assert_uint_eq(tag.len, wycheproof_group_number(wc, "tagSize") / 8);
    return tag.len <= cfr_mac_len(mac) && cfr_span_equal(cfr_span_of(out, tag.len), tag) ? ACCEPTED
                                                                                         : REJECTED;
}

enum verdict check_keywrap(struct wycheproof_case *wc)
{
    struct cfr_keywrap wrap = {.key = wycheproof_octets(wc, "key"),
                               .padded = strcmp(wycheproof_algorithm(wc), "AES-KWP") == 0};
    struct cfr_span plain = wycheproof_octets(wc, "msg");
    struct cfr_span coded = wycheproof_octets(wc, "ct");
    AUTO(secret) *opened = NULL;
    uint8_t out[TEXT_MAX_LEN];

    if (cfr_keywrap_open(&wrap, coded, &opened) != CKR_OK ||
        !cfr_span_equal(cfr_secret_view(opened), plain)) {
        return REJECTED;
    }
    ck_assert_uint_le(coded.len, sizeof(out));
    ASSERT_OK(cfr_keywrap_seal(&wrap, plain, out));
    ASSERT_SPAN(cfr_span_of(out, cfr_keywrap_len(wrap.padded, plain.len)), coded);
    return ACCEPTED;
}

enum verdict check_hkdf(struct wycheproof_case *wc)
{
    size_t len = wycheproof_number(wc, "size");
    struct cfr_hkdf hkdf = {.hash = fixture_hash(wycheproof_algorithm(wc) + strlen("HKDF-")),
                            .key = wycheproof_octets(wc, "ikm"),
                            .salt = wycheproof_octets(wc, "salt"),
                            .info = wycheproof_octets(wc, "info")};
    AUTO(secret) *key = NULL;

    ck_assert_int_ne(hkdf.hash, CFR_HASH_NONE);
    if (cfr_kdf_hkdf(&hkdf, len, &key) != CKR_OK) {
        return REJECTED;
    }
    return cfr_span_equal(cfr_secret_view(key), wycheproof_octets(wc, "okm")) ? ACCEPTED : REJECTED;
}

enum verdict check_pbkdf2(struct wycheproof_case *wc)
{
    enum cfr_hash hash = fixture_hash(wycheproof_algorithm(wc) + strlen("PBKDF2-HMAC"));
    uint64_t iterations = wycheproof_number(wc, "iterationCount");
    struct cfr_span want = wycheproof_octets(wc, "dk");
    AUTO(secret) *key = NULL;

    ck_assert_int_ne(hash, CFR_HASH_NONE);
    if (cfr_kdf_pbkdf2(hash, wycheproof_octets(wc, "password"), wycheproof_octets(wc, "salt"), iterations,
                       want.len, &key) != CKR_OK) {
        return REJECTED;
    }
    return cfr_span_equal(cfr_secret_view(key), want) ? ACCEPTED : REJECTED;
}
