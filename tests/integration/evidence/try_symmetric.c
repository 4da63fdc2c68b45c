/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/evidence/derive.h"
#include "integration/evidence/wycheproof.h"

#include <stdio.h>

enum { GCM_IV_MAX_LEN = 128, GCM_TAG_MIN_LEN = 12, XTS_192_LEN = 48, PBKDF2_ITERATIONS_MAX = 10000000 };

static struct octets out;

static CK_RV key_of(CK_SESSION_HANDLE session, struct cfr_span value, CK_KEY_TYPE type,
                    CK_OBJECT_HANDLE *ret_key)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, type);
    bag_octets(&bag, CKA_VALUE, value.ptr, value.len);
    bag_bool(&bag, CKA_DERIVE, true);
    bag_bool(&bag, CKA_UNWRAP, true);
    return try_object(session, &bag, ret_key);
}

/* Decryption gives the plain data, whole and in parts; if so, encryption gives the coded ones. */
static enum verdict try_both_ways(CK_SESSION_HANDLE session, struct wycheproof_case *wc,
                                  CK_MECHANISM mechanism, CK_KEY_TYPE type, struct cfr_span plain,
                                  struct cfr_span coded)
{
    struct operation encrypt = {session, CKF_ENCRYPT, mechanism, CK_INVALID_HANDLE};
    struct operation decrypt;
    CK_RV rv = key_of(session, wycheproof_octets(wc, "key"), type, &encrypt.key);

    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    decrypt = encrypt;
    decrypt.function = CKF_DECRYPT;
    rv = run_once(&decrypt, coded, &out);
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    if (!cfr_span_equal(octets_view(&out), plain)) {
        return REJECTED;
    }
    OK(run_once(&encrypt, plain, &out));
    expect_octets(octets_view(&out), coded, "case %zu", wycheproof_number(wc, "tcId"));
    return ACCEPTED;
}

/* --- Encryption with authentication --- */

static struct cfr_span joined(struct wycheproof_case *wc)
{
    static struct octets both;
    struct cfr_span text = wycheproof_octets(wc, "ct");
    struct cfr_span tag = wycheproof_octets(wc, "tag");

    cfr_copy(both.at, text.ptr, text.len);
    cfr_copy(both.at + text.len, tag.ptr, tag.len);
    both.len = text.len + tag.len;
    return octets_view(&both);
}

static enum verdict try_gcm(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    struct cfr_span iv = wycheproof_octets(wc, "iv");
    struct cfr_span aad = wycheproof_octets(wc, "aad");
    CK_GCM_PARAMS params = {.pIv = UNCONST(iv.ptr),
                            .ulIvLen = iv.len,
                            .ulIvBits = 8 * iv.len,
                            .pAAD = UNCONST(aad.ptr),
                            .ulAADLen = aad.len,
                            .ulTagBits = 8 * wycheproof_octets(wc, "tag").len};
    enum verdict verdict = try_both_ways(session, wc, MECHANISM_WITH(CKM_AES_GCM, &params), CKK_AES,
                                         wycheproof_octets(wc, "msg"), joined(wc));

    if (verdict == REJECTED && (iv.len > GCM_IV_MAX_LEN || params.ulTagBits < 8 * GCM_TAG_MIN_LEN)) {
        return BY_DESIGN; /* deviations.md: "GCM tags have 96 bits or more", "GCM IVs have 1024 bits or less" */
    }
    return verdict;
}

static enum verdict try_ccm(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    struct cfr_span iv = wycheproof_octets(wc, "iv");
    struct cfr_span aad = wycheproof_octets(wc, "aad");
    CK_CCM_PARAMS params = {.ulDataLen = wycheproof_octets(wc, "msg").len,
                            .pNonce = UNCONST(iv.ptr),
                            .ulNonceLen = iv.len,
                            .pAAD = UNCONST(aad.ptr),
                            .ulAADLen = aad.len,
                            .ulMACLen = wycheproof_octets(wc, "tag").len};

    return try_both_ways(session, wc, MECHANISM_WITH(CKM_AES_CCM, &params), CKK_AES,
                         wycheproof_octets(wc, "msg"), joined(wc));
}

static enum verdict try_poly1305(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    struct cfr_span iv = wycheproof_octets(wc, "iv");
    struct cfr_span aad = wycheproof_octets(wc, "aad");
    CK_SALSA20_CHACHA20_POLY1305_PARAMS params = {UNCONST(iv.ptr), 8 * iv.len, UNCONST(aad.ptr), aad.len};

    return try_both_ways(session, wc, MECHANISM_WITH(CKM_CHACHA20_POLY1305, &params), CKK_CHACHA20,
                         wycheproof_octets(wc, "msg"), joined(wc));
}

enum verdict try_aead(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const char *name = wycheproof_algorithm(wc);

    return strcmp(name, "AES-GCM") == 0   ? try_gcm(session, wc)
           : strcmp(name, "AES-CCM") == 0 ? try_ccm(session, wc)
                                          : try_poly1305(session, wc);
}

/* --- Without --- */

enum verdict try_cbc_pad(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    struct cfr_span iv = wycheproof_octets(wc, "iv");

    return try_both_ways(session, wc, (CK_MECHANISM){CKM_AES_CBC_PAD, UNCONST(iv.ptr), iv.len}, CKK_AES,
                         wycheproof_octets(wc, "msg"), wycheproof_octets(wc, "ct"));
}

/* The number of a data unit may be written shorter, least octet first. */
enum verdict try_xts(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    struct cfr_span iv = wycheproof_octets(wc, "iv");
    CK_BYTE padded[16] = {0};
    enum verdict verdict;

    if (iv.len <= sizeof(padded)) {
        cfr_copy(padded, iv.ptr, iv.len);
        iv = cfr_span_of(padded, sizeof(padded));
    }
    verdict = try_both_ways(session, wc, (CK_MECHANISM){CKM_AES_XTS, UNCONST(iv.ptr), iv.len}, CKK_AES_XTS,
                            wycheproof_octets(wc, "msg"), wycheproof_octets(wc, "ct"));
    /* IEEE 1619, SP 800-38E and the table of CKM_AES_XTS know keys of 128 and 256 bits only. */
    return verdict == REJECTED && wycheproof_octets(wc, "key").len == XTS_192_LEN ? BY_DESIGN : verdict;
}

/* --- MACs, cut to the group's length --- */

static enum verdict try_mac_with(CK_SESSION_HANDLE session, struct wycheproof_case *wc,
                                 CK_MECHANISM mechanism, CK_KEY_TYPE type)
{
    struct cfr_span tag = wycheproof_octets(wc, "tag");
    struct operation verify = {session, CKF_VERIFY, mechanism, CK_INVALID_HANDLE};
    struct operation sign;
    CK_RV rv = key_of(session, wycheproof_octets(wc, "key"), type, &verify.key);

    if (rv == CKR_OK) {
        rv = run_verify(&verify, wycheproof_octets(wc, "msg"), tag);
    }
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    sign = verify;
    sign.function = CKF_SIGN;
    OK(run_once(&sign, wycheproof_octets(wc, "msg"), &out));
    expect_octets(octets_view(&out), tag, "case %zu", wycheproof_number(wc, "tcId"));
    return ACCEPTED;
}

/* "SHA1", "SHA256", "SHA3-256", "SHA512/256": the first two are names of tests/vectors too. */
static const struct hash_row *hash_of_hmac(const char *name)
{
    const struct hash_row *hash = hash_find(name);
    char in_libcrypto[32];

    if (hash == NULL) {
        (void)snprintf(in_libcrypto, sizeof(in_libcrypto), "SHA2-%s", name + strlen("SHA"));
        hash = hash_find(in_libcrypto);
    }
    ck_assert_msg(hash != NULL, "%s", name);
    return hash;
}

enum verdict try_mac(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const char *name = wycheproof_algorithm(wc);
    CK_MAC_GENERAL_PARAMS len = wycheproof_group_number(wc, "tagSize") / 8;
    CK_GCM_PARAMS gmac = {.ulTagBits = 8 * len};
    struct cfr_span iv;

    if (strcmp(name, "AES-GMAC") == 0) {
        iv = wycheproof_octets(wc, "iv");
        gmac.pIv = UNCONST(iv.ptr);
        gmac.ulIvLen = iv.len;
        return try_mac_with(session, wc, MECHANISM_WITH(CKM_AES_GMAC, &gmac), CKK_AES);
    }
    if (strncmp(name, "HMAC", 4) == 0) {
        const struct hash_row *hash = hash_of_hmac(name + 4);

        return len == hash->len
                   ? try_mac_with(session, wc, MECHANISM(hash->hmac), hash->key_type)
                   : try_mac_with(session, wc, MECHANISM_WITH(hash->hmac_general, &len), CKK_GENERIC_SECRET);
    }
    return len == 16 ? try_mac_with(session, wc, MECHANISM(CKM_AES_CMAC), CKK_AES)
                     : try_mac_with(session, wc, MECHANISM_WITH(CKM_AES_CMAC_GENERAL, &len), CKK_AES);
}

/* --- Key wraps: as unwrapping and decryption, which must agree --- */

enum verdict try_keywrap(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    CK_MECHANISM mechanism =
        MECHANISM(strcmp(wycheproof_algorithm(wc), "AES-KWP") == 0 ? CKM_AES_KEY_WRAP_KWP : CKM_AES_KEY_WRAP);
    struct cfr_span plain = wycheproof_octets(wc, "msg");
    struct cfr_span coded = wycheproof_octets(wc, "ct");
    enum verdict verdict = try_both_ways(session, wc, mechanism, CKK_AES, plain, coded);
    CK_ATTRIBUTE readable[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_BOOL(CKA_SENSITIVE, false),
                               ATTR_BOOL(CKA_EXTRACTABLE, true)};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE unwrapped = CK_INVALID_HANDLE;
    CK_RV rv = key_of(session, wycheproof_octets(wc, "key"), CKK_AES, &key);

    if (rv == CKR_OK) {
        rv = p11->C_UnwrapKey(session, &mechanism, key, UNCONST(coded.ptr), coded.len, TEMPLATE(readable),
                              &unwrapped);
    }
    if (verdict == ACCEPTED && plain.len != 0) {
        OK(rv);
        read_octets(session, unwrapped, CKA_VALUE, &out);
        expect_octets(octets_view(&out), plain, "case %zu", wycheproof_number(wc, "tcId"));
    } else if (verdict == REJECTED && rv != CKR_OK) {
        return coded.len == 0 && rv == CKR_ARGUMENTS_BAD ? REJECTED : refused(rv, wc);
    } else if (rv == CKR_OK) {
        read_octets(session, unwrapped, CKA_VALUE, &out);
        ck_assert(!cfr_span_equal(octets_view(&out), plain));
    }
    return verdict;
}

/* --- Derivations --- */

enum verdict try_hkdf(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const struct hash_row *hash = hash_find(wycheproof_algorithm(wc) + strlen("HKDF-"));
    CK_HKDF_PARAMS params = hkdf_params(hash, wycheproof_octets(wc, "salt"), wycheproof_octets(wc, "info"));
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    size_t len = wycheproof_number(wc, "size");
    CK_ATTRIBUTE readable[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_ULONG(CKA_VALUE_LEN, len),
                               ATTR_BOOL(CKA_SENSITIVE, false), ATTR_BOOL(CKA_EXTRACTABLE, true)};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE derived = CK_INVALID_HANDLE;
    CK_RV rv = key_of(session, wycheproof_octets(wc, "ikm"), CKK_GENERIC_SECRET, &key);

    if (rv == CKR_OK) {
        rv = p11->C_DeriveKey(session, &mechanism, key, TEMPLATE(readable), &derived);
    }
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    read_octets(session, derived, CKA_VALUE, &out);
    if (!cfr_span_equal(octets_view(&out), wycheproof_octets(wc, "okm"))) {
        return REJECTED;
    }
    OK(hkdf_data_make(session, key, &params, len, &out));
    expect_octets(octets_view(&out), wycheproof_octets(wc, "okm"), "as data");
    return ACCEPTED;
}

enum verdict try_pbkdf2(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    struct cfr_span wanted = wycheproof_octets(wc, "dk");
    struct pbkdf2 from = {hash_find(wycheproof_algorithm(wc) + strlen("PBKDF2-HMAC")),
                          wycheproof_octets(wc, "password"), wycheproof_octets(wc, "salt"),
                          wycheproof_number(wc, "iterationCount")};
    CK_RV rv;

    ck_assert_msg(from.hash != NULL, "%s", wycheproof_algorithm(wc));
    rv = pbkdf2_make(session, &from, wanted.len, &out);
    if (rv == CKR_MECHANISM_PARAM_INVALID && from.iterations > PBKDF2_ITERATIONS_MAX) {
        return BY_DESIGN; /* deviations.md: "Limits of PBKDF2" */
    }
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    return cfr_span_equal(octets_view(&out), wanted) ? ACCEPTED : REJECTED;
}
