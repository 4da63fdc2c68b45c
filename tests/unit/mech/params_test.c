/* SPDX-License-Identifier: Apache-2.0 */
/* Mechanism parameters: exact lengths, pointers where octets are promised, values in range. */
#include "crypto/ossl.h"
#include "mech/params_chacha.h"
#include "mech/params_derive.h"
#include "mech/params_envelope.h"
#include "mech/params_tls.h"
#include "mech/params_wrap.h"
#include "mech/registry.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static CK_BYTE octets[300] = "octets of all kinds";
static struct cfr_derive_params derive;

/* Which hashes there are is asked of libcrypto. */
static void up(void)
{
    ASSERT_OK(cfr_ossl_up());
    cfr_registry_probe();
}

/* Reading from the heap and of the exact length, so that AddressSanitizer sees every octet too many. */
static CK_RV read_as(cfr_params_fn reader, const void *parameter, size_t len, struct cfr_params *ret_params)
{
    CK_BYTE *copy = malloc(len + 1);
    CK_MECHANISM mechanism = {.pParameter = copy + 1, .ulParameterLen = len};
    CK_RV rv;

    /* One octet off, because applications need not align it. */
    cfr_copy(copy + 1, parameter, len);
    derive = (struct cfr_derive_params){0};
    *ret_params = (struct cfr_params){.derive = &derive};
    rv = reader(&mechanism, false, ret_params);
    free(copy);
    return rv;
}

static CK_RV try_read(cfr_params_fn reader, const void *parameter, size_t len)
{
    struct cfr_params params;

    return read_as(reader, parameter, len, &params);
}

static const struct {
    const char *name;
    cfr_params_fn reader;
    size_t right;
    bool optional;
} lengths[] = {
    {"none", cfr_params_none, 0, true},
    {"iv16", cfr_params_iv16, 16, false},
    {"ctr", cfr_params_ctr, sizeof(CK_AES_CTR_PARAMS), false},
    {"gcm", cfr_params_gcm, sizeof(CK_GCM_PARAMS), false},
    {"ccm", cfr_params_ccm, sizeof(CK_CCM_PARAMS), false},
    {"gcm_wrap", cfr_params_gcm_wrap, sizeof(CK_GCM_PARAMS), false},
    {"ccm_wrap", cfr_params_ccm_wrap, sizeof(CK_CCM_PARAMS), false},
    {"gcm_apart", cfr_params_gcm_apart, sizeof(CK_GCM_MESSAGE_PARAMS), false},
    {"ccm_apart", cfr_params_ccm_apart, sizeof(CK_CCM_MESSAGE_PARAMS), false},
    {"chacha20", cfr_params_chacha20, sizeof(CK_CHACHA20_PARAMS), false},
    {"chacha20_poly1305", cfr_params_chacha20_poly1305, sizeof(CK_SALSA20_CHACHA20_POLY1305_PARAMS), false},
    {"rsa_aes", cfr_params_rsa_aes, sizeof(CK_RSA_AES_KEY_WRAP_PARAMS), false},
    {"ecdh_aes", cfr_params_ecdh_aes, sizeof(CK_ECDH_AES_KEY_WRAP_PARAMS), false},
    {"wrap_iv8", cfr_params_wrap_iv8, 8, true},
    {"wrap_iv4", cfr_params_wrap_iv4, 4, true},
    {"mac_general", cfr_params_mac_general, sizeof(CK_MAC_GENERAL_PARAMS), false},
    {"pss", cfr_params_pss, sizeof(CK_RSA_PKCS_PSS_PARAMS), false},
    {"oaep", cfr_params_oaep, sizeof(CK_RSA_PKCS_OAEP_PARAMS), false},
    {"eddsa", cfr_params_eddsa, sizeof(CK_EDDSA_PARAMS), true},
    {"ecdh1", cfr_params_ecdh1, sizeof(CK_ECDH1_DERIVE_PARAMS), false},
    {"key", cfr_params_key, sizeof(CK_OBJECT_HANDLE), false},
    {"string_data", cfr_params_string_data, sizeof(CK_KEY_DERIVATION_STRING_DATA), false},
    {"extract", cfr_params_extract, sizeof(CK_EXTRACT_PARAMS), false},
    {"ecb_data", cfr_params_ecb_data, sizeof(CK_KEY_DERIVATION_STRING_DATA), false},
    {"cbc_data", cfr_params_cbc_data, sizeof(CK_AES_CBC_ENCRYPT_DATA_PARAMS), false},
    {"hkdf", cfr_params_hkdf, sizeof(CK_HKDF_PARAMS), false},
    {"tls_version", cfr_params_tls_version, sizeof(CK_VERSION), false},
    {"tls_master", cfr_params_tls_master, sizeof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS), false},
    {"tls_master_dh", cfr_params_tls_master_dh, sizeof(CK_TLS12_MASTER_KEY_DERIVE_PARAMS), false},
    {"tls_extended", cfr_params_tls_extended, sizeof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS), false},
    {"tls_extended_dh", cfr_params_tls_extended_dh, sizeof(CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS),
     false},
    {"tls_block", cfr_params_tls_block, sizeof(CK_TLS12_KEY_MAT_PARAMS), false},
    {"tls_safe_block", cfr_params_tls_safe_block, sizeof(CK_TLS12_KEY_MAT_PARAMS), false},
    {"tls_kdf", cfr_params_tls_kdf, sizeof(CK_TLS_KDF_PARAMS), false},
    {"tls_mac", cfr_params_tls_mac, sizeof(CK_TLS_MAC_PARAMS), false},
    {"kdf_counter", cfr_params_kdf_counter, sizeof(CK_SP800_108_KDF_PARAMS), false},
    {"kdf_pipeline", cfr_params_kdf_pipeline, sizeof(CK_SP800_108_KDF_PARAMS), false},
    {"kdf_feedback", cfr_params_kdf_feedback, sizeof(CK_SP800_108_FEEDBACK_KDF_PARAMS), false},
    {"pbkdf2", cfr_params_pbkdf2, sizeof(CK_PKCS5_PBKD2_PARAMS2), false},
};

START_TEST(every_other_length_is_refused)
{
    static const CK_BYTE zeros[128];

    for (size_t len = 0; len <= sizeof(zeros); len++) {
        CK_RV rv = try_read(lengths[_i].reader, zeros, len);

        if (len == 0) {
            ck_assert_msg(rv == (lengths[_i].optional ? CKR_OK : CKR_MECHANISM_PARAM_INVALID), "%s, nothing",
                          lengths[_i].name);
        } else if (len != lengths[_i].right) {
            ck_assert_msg(rv == CKR_MECHANISM_PARAM_INVALID, "%s, %zu octets: 0x%lx", lengths[_i].name, len,
                          rv);
        }
    }
}
END_TEST

START_TEST(null_with_a_length_is_refused)
{
    CK_MECHANISM mechanism = {.pParameter = NULL, .ulParameterLen = lengths[_i].right};
    struct cfr_params params = {.derive = &derive};

    if (lengths[_i].right != 0) {
        ASSERT_RV(lengths[_i].reader(&mechanism, false, &params), CKR_MECHANISM_PARAM_INVALID);
    }
}
END_TEST

START_TEST(gcm)
{
    static const struct {
        CK_ULONG iv_len;
        CK_ULONG tag_bits;
        CK_RV rv;
    } cases[] = {
        {12, 128, CKR_OK},
        {1, 128, CKR_OK},
        {128, 96, CKR_OK},
        {12, 104, CKR_OK},
        {12, 112, CKR_OK},
        {12, 120, CKR_OK},
        {0, 128, CKR_MECHANISM_PARAM_INVALID},
        {129, 128, CKR_MECHANISM_PARAM_INVALID},
        {12, 88, CKR_MECHANISM_PARAM_INVALID},
        {12, 0, CKR_MECHANISM_PARAM_INVALID},
        {12, 136, CKR_MECHANISM_PARAM_INVALID},
        {12, 127, CKR_MECHANISM_PARAM_INVALID},
        {(CK_ULONG)-1, 128, CKR_MECHANISM_PARAM_INVALID},
    };
    struct cfr_params params;
    CK_GCM_PARAMS given = {.pIv = octets, .ulIvLen = 12, .ulTagBits = 128};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        given.ulIvLen = cases[i].iv_len;
        given.ulTagBits = cases[i].tag_bits;
        ASSERT_RV(read_as(cfr_params_gcm, &given, sizeof(given), &params), cases[i].rv);
        if (cases[i].rv == CKR_OK) {
            ASSERT_SPAN(params.iv, cfr_span_of(octets, cases[i].iv_len));
            ck_assert_uint_eq(params.tag_len, cases[i].tag_bits / 8);
        }
    }
    given = (CK_GCM_PARAMS){.pIv = NULL, .ulIvLen = 12, .ulTagBits = 128};
    ASSERT_RV(try_read(cfr_params_gcm, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    given = (CK_GCM_PARAMS){.pIv = octets, .ulIvLen = 12, .pAAD = NULL, .ulAADLen = 1, .ulTagBits = 128};
    ASSERT_RV(try_read(cfr_params_gcm, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    given.pAAD = octets;
    given.ulAADLen = (CK_ULONG)CFR_PARAM_MAX_LEN + 1;
    ASSERT_RV(try_read(cfr_params_gcm, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

START_TEST(gmac_takes_what_2_40_had)
{
    struct cfr_params params;
    CK_GCM_PARAMS given = {.pIv = octets, .ulIvLen = 12, .ulTagBits = 128};
    CK_MECHANISM bare = {.pParameter = octets, .ulParameterLen = 12};

    params = (struct cfr_params){0};
    ASSERT_OK(cfr_params_gmac(&bare, false, &params));
    ck_assert_uint_eq(params.tag_len, 16);
    ASSERT_SPAN(params.iv, cfr_span_of(octets, 12));
    ASSERT_OK(read_as(cfr_params_gmac, &given, sizeof(given), &params));
    given.pAAD = octets;
    given.ulAADLen = 1;
    ASSERT_RV(try_read(cfr_params_gmac, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

/* SP 800-38C: nonces of 7 to 13 octets, tags of 4, 6 … 16, and a length that fits beside the nonce. */
START_TEST(ccm)
{
    static const struct {
        CK_ULONG nonce_len;
        CK_ULONG mac_len;
        CK_ULONG data_len;
        CK_RV rv;
    } cases[] = {
        {7, 4, 100, CKR_OK},
        {13, 16, 65535, CKR_OK},
        {12, 8, 0xffffff, CKR_OK},
        {6, 8, 0, CKR_MECHANISM_PARAM_INVALID},
        {14, 8, 0, CKR_MECHANISM_PARAM_INVALID},
        {0, 8, 0, CKR_MECHANISM_PARAM_INVALID},
        {12, 2, 0, CKR_MECHANISM_PARAM_INVALID},
        {12, 5, 0, CKR_MECHANISM_PARAM_INVALID},
        {12, 18, 0, CKR_MECHANISM_PARAM_INVALID},
        {13, 8, 65536, CKR_MECHANISM_PARAM_INVALID},
        {12, 8, 0x1000000, CKR_MECHANISM_PARAM_INVALID},
        {7, 8, (CK_ULONG)-1, CKR_MECHANISM_PARAM_INVALID},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CK_CCM_PARAMS given = {.ulDataLen = cases[i].data_len,
                               .pNonce = octets,
                               .ulNonceLen = cases[i].nonce_len,
                               .ulMACLen = cases[i].mac_len};
        CK_MECHANISM mechanism = {.pParameter = &given, .ulParameterLen = sizeof(given)};
        struct cfr_params params = {0};

        ASSERT_RV(read_as(cfr_params_ccm, &given, sizeof(given), &params), cases[i].rv);
        ck_assert(cases[i].rv != CKR_OK || params.data_len == cases[i].data_len);
        if (cases[i].rv == CKR_OK) {
            /* Nobody who wraps a key knows its length before. */
            ASSERT_OK(cfr_params_ccm(&mechanism, true, &params));
            ck_assert_uint_eq(params.data_len, CFR_CCM_LEN_OF_KEY);
        }
    }
}
END_TEST

START_TEST(ctr)
{
    CK_AES_CTR_PARAMS given = {.ulCounterBits = 1};
    struct cfr_params params;

    for (CK_ULONG bits = 1; bits <= 128; bits++) {
        given.ulCounterBits = bits;
        ASSERT_OK(read_as(cfr_params_ctr, &given, sizeof(given), &params));
        ck_assert_uint_eq(params.counter_bits, bits);
        ck_assert_uint_eq(params.iv.len, 16);
    }
    given.ulCounterBits = 0;
    ASSERT_RV(try_read(cfr_params_ctr, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    given.ulCounterBits = 129;
    ASSERT_RV(try_read(cfr_params_ctr, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    given.ulCounterBits = ((CK_ULONG)1 << 32) + 8;
    ASSERT_RV(try_read(cfr_params_ctr, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

static const struct {
    CK_MECHANISM_TYPE mechanism;
    CK_RSA_PKCS_MGF_TYPE mgf;
    enum cfr_hash hash;
} hashes[] = {
    {CKM_SHA_1, CKG_MGF1_SHA1, CFR_HASH_SHA1},
    {CKM_SHA224, CKG_MGF1_SHA224, CFR_HASH_SHA224},
    {CKM_SHA256, CKG_MGF1_SHA256, CFR_HASH_SHA256},
    {CKM_SHA384, CKG_MGF1_SHA384, CFR_HASH_SHA384},
    {CKM_SHA512, CKG_MGF1_SHA512, CFR_HASH_SHA512},
    {CKM_SHA3_224, CKG_MGF1_SHA3_224, CFR_HASH_SHA3_224},
    {CKM_SHA3_256, CKG_MGF1_SHA3_256, CFR_HASH_SHA3_256},
    {CKM_SHA3_384, CKG_MGF1_SHA3_384, CFR_HASH_SHA3_384},
    {CKM_SHA3_512, CKG_MGF1_SHA3_512, CFR_HASH_SHA3_512},
    {CKM_MD5, CKG_MGF1_SHA1, CFR_HASH_NONE},
    {CKM_SHA256, 0, CFR_HASH_NONE},
    {CKM_SHA256, CKM_SHA256, CFR_HASH_NONE},
    {CKM_SHA256_RSA_PKCS, CKG_MGF1_SHA256, CFR_HASH_NONE},
    {0, CKG_MGF1_SHA256, CFR_HASH_NONE},
};

START_TEST(pss_and_oaep_name_their_hashes)
{
    CK_RSA_PKCS_PSS_PARAMS pss = {hashes[_i].mechanism, hashes[_i].mgf, 20};
    CK_RSA_PKCS_OAEP_PARAMS oaep = {.hashAlg = hashes[_i].mechanism,
                                    .mgf = hashes[_i].mgf,
                                    .source = CKZ_DATA_SPECIFIED,
                                    .pSourceData = octets,
                                    .ulSourceDataLen = 5};
    CK_RV want = hashes[_i].hash == CFR_HASH_NONE ? CKR_MECHANISM_PARAM_INVALID : CKR_OK;
    struct cfr_params params;

    ASSERT_RV(read_as(cfr_params_pss, &pss, sizeof(pss), &params), want);
    if (want == CKR_OK) {
        ck_assert_int_eq(params.hash, hashes[_i].hash);
        ck_assert_int_eq(params.mgf_hash, hashes[_i].hash);
        ck_assert_uint_eq(params.salt_len, 20);
    }
    ASSERT_RV(read_as(cfr_params_oaep, &oaep, sizeof(oaep), &params), want);
    if (want == CKR_OK) {
        ck_assert_int_eq(params.hash, hashes[_i].hash);
        ASSERT_SPAN(params.label, cfr_span_of(octets, 5));
    }
}
END_TEST

START_TEST(pss_and_oaep_have_limits)
{
    CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, (CK_ULONG)-1};
    CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA256, CKG_MGF1_SHA256, 2, NULL, 0};

    ASSERT_RV(try_read(cfr_params_pss, &pss, sizeof(pss)), CKR_MECHANISM_PARAM_INVALID);
    ASSERT_RV(try_read(cfr_params_oaep, &oaep, sizeof(oaep)), CKR_MECHANISM_PARAM_INVALID);
    /* Callers leave the source out when there is no label. */
    oaep.source = 0;
    ASSERT_OK(try_read(cfr_params_oaep, &oaep, sizeof(oaep)));
    oaep.ulSourceDataLen = 1;
    ASSERT_RV(try_read(cfr_params_oaep, &oaep, sizeof(oaep)), CKR_MECHANISM_PARAM_INVALID);
    oaep.source = CKZ_DATA_SPECIFIED;
    ASSERT_RV(try_read(cfr_params_oaep, &oaep, sizeof(oaep)), CKR_MECHANISM_PARAM_INVALID);
    oaep.pSourceData = octets;
    ASSERT_OK(try_read(cfr_params_oaep, &oaep, sizeof(oaep)));
}
END_TEST

START_TEST(eddsa)
{
    CK_EDDSA_PARAMS given = {.phFlag = CK_TRUE, .ulContextDataLen = 255, .pContextData = octets};
    struct cfr_params params;

    ASSERT_OK(read_as(cfr_params_eddsa, &given, sizeof(given), &params));
    ck_assert(params.is_given && params.prehash);
    ck_assert_uint_eq(params.label.len, 255);
    /* RFC 8032: a context has 255 octets at the most. */
    given.ulContextDataLen = 256;
    ASSERT_RV(try_read(cfr_params_eddsa, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    given = (CK_EDDSA_PARAMS){.phFlag = 2};
    ASSERT_RV(try_read(cfr_params_eddsa, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    given = (CK_EDDSA_PARAMS){.ulContextDataLen = 1};
    ASSERT_RV(try_read(cfr_params_eddsa, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    given = (CK_EDDSA_PARAMS){0};
    ASSERT_OK(read_as(cfr_params_eddsa, &given, sizeof(given), &params));
    ck_assert(params.is_given && !params.prehash);
    ASSERT_OK(read_as(cfr_params_eddsa, NULL, 0, &params));
    ck_assert(!params.is_given);
}
END_TEST

START_TEST(ecdh1)
{
    static const struct {
        CK_EC_KDF_TYPE kdf;
        CK_ULONG shared_len;
        CK_ULONG public_len;
        enum cfr_hash hash;
        bool sp800;
        CK_RV rv;
    } cases[] = {
        {CKD_NULL, 0, 65, CFR_HASH_NONE, false, CKR_OK},
        {CKD_NULL, 1, 65, CFR_HASH_NONE, false, CKR_MECHANISM_PARAM_INVALID},
        {CKD_NULL, 0, 0, CFR_HASH_NONE, false, CKR_MECHANISM_PARAM_INVALID},
        {CKD_SHA1_KDF, 0, 65, CFR_HASH_SHA1, false, CKR_OK},
        {CKD_SHA256_KDF, 10, 65, CFR_HASH_SHA256, false, CKR_OK},
        {CKD_SHA512_KDF, 10, 65, CFR_HASH_SHA512, false, CKR_OK},
        {CKD_SHA256_KDF_SP800, 10, 65, CFR_HASH_SHA256, true, CKR_OK},
        {CKD_SHA3_384_KDF_SP800, 10, 65, CFR_HASH_SHA3_384, true, CKR_OK},
        {CKD_CPDIVERSIFY_KDF, 0, 65, CFR_HASH_NONE, false, CKR_MECHANISM_PARAM_INVALID},
        {0, 0, 65, CFR_HASH_NONE, false, CKR_MECHANISM_PARAM_INVALID},
        {(CK_EC_KDF_TYPE)-1, 0, 65, CFR_HASH_NONE, false, CKR_MECHANISM_PARAM_INVALID},
    };
    CK_ECDH1_DERIVE_PARAMS given = {.kdf = CKD_NULL, .ulPublicDataLen = 65};
    struct cfr_params params;

    ASSERT_RV(try_read(cfr_params_ecdh1, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        given =
            (CK_ECDH1_DERIVE_PARAMS){cases[i].kdf, cases[i].shared_len, octets, cases[i].public_len, octets};
        ASSERT_RV(read_as(cfr_params_ecdh1, &given, sizeof(given), &params), cases[i].rv);
        if (cases[i].rv == CKR_OK) {
            ck_assert_int_eq(params.hash, cases[i].hash);
            ck_assert_int_eq(params.sp800_kdf, cases[i].sp800);
            ck_assert_uint_eq(params.shared.len, cases[i].shared_len);
        }
    }
}
END_TEST

START_TEST(hkdf)
{
    CK_HKDF_PARAMS given = {.bExtract = CK_TRUE,
                            .bExpand = CK_TRUE,
                            .prfHashMechanism = CKM_SHA384,
                            .ulSaltType = CKF_HKDF_SALT_KEY,
                            .hSaltKey = 77,
                            .pInfo = octets,
                            .ulInfoLen = 10};
    struct cfr_params params;

    ASSERT_OK(read_as(cfr_params_hkdf, &given, sizeof(given), &params));
    ck_assert(derive.extract && derive.expand && derive.salt_is_key);
    ck_assert_int_eq(params.hash, CFR_HASH_SHA384);
    ck_assert_uint_eq(derive.prf->type, CKM_SHA384_HMAC);
    ck_assert_uint_eq(derive.other_count, 1);
    ck_assert_uint_eq(derive.others[0], 77);
    ASSERT_SPAN(derive.info, cfr_span_of(octets, 10));
    /* The salt belongs to extraction, the information to expansion. */
    given.bExtract = CK_FALSE;
    ASSERT_OK(read_as(cfr_params_hkdf, &given, sizeof(given), &params));
    ck_assert_uint_eq(derive.other_count, 0);
    given.bExtract = CK_TRUE;
    given.bExpand = CK_FALSE;
    ASSERT_OK(read_as(cfr_params_hkdf, &given, sizeof(given), &params));
    ck_assert_uint_eq(derive.info.len, 0);
}
END_TEST

/* The array of fields, what they point to and the further keys need not be aligned either. */
START_TEST(kbkdf_fields_of_any_alignment)
{
    static CK_BYTE memory[400];
    CK_SP800_108_COUNTER_FORMAT counter = {CK_TRUE, 24};
    CK_OBJECT_HANDLE handle = 42;
    CK_OBJECT_HANDLE made;
    CK_PRF_DATA_PARAM fields[] = {{CK_SP800_108_KEY_HANDLE, memory + 1, sizeof(handle)},
                                  {CK_SP800_108_ITERATION_VARIABLE, memory + 17, sizeof(counter)},
                                  {CK_SP800_108_BYTE_ARRAY, octets, 7},
                                  {CK_SP800_108_KEY_HANDLE, memory + 1, sizeof(handle)}};
    CK_DERIVED_KEY more = {NULL, 0, &made};
    CK_SP800_108_KDF_PARAMS given = {CKM_AES_CMAC, COUNT_OF(fields),
                                     (CK_PRF_DATA_PARAM_PTR)(void *)(memory + 41), 1,
                                     (CK_DERIVED_KEY_PTR)(void *)(memory + 201)};
    struct cfr_params params;

    cfr_copy(memory + 1, &handle, sizeof(handle));
    cfr_copy(memory + 17, &counter, sizeof(counter));
    cfr_copy(memory + 41, fields, sizeof(fields));
    cfr_copy(memory + 201, &more, sizeof(more));
    ASSERT_OK(read_as(cfr_params_kdf_counter, &given, sizeof(given), &params));
    ck_assert_uint_eq(derive.prf->type, CKM_AES_CMAC);
    ck_assert_uint_eq(derive.field_count, 4);
    ck_assert_int_eq(derive.fields[1].kind, CFR_FIELD_ITERATION);
    ck_assert(derive.fields[1].is_little_endian);
    ck_assert_uint_eq(derive.fields[1].len, 3);
    ASSERT_SPAN(derive.fields[2].octets, cfr_span_of(octets, 7));
    /* A key that two fields name is one key. */
    ck_assert_uint_eq(derive.other_count, 1);
    ck_assert_uint_eq(derive.others[0], 42);
    ck_assert_uint_eq(derive.fields[3].other, 0);
    ck_assert_uint_eq(derive.more_count, 1);
    ck_assert_ptr_eq(derive.more[0].phKey, &made);
}
END_TEST

START_TEST(pbkdf2)
{
    CK_PKCS5_PBKD2_PARAMS2 given = {.saltSource = CKZ_SALT_SPECIFIED,
                                    .pSaltSourceData = octets,
                                    .ulSaltSourceDataLen = 12,
                                    .iterations = CFR_PBKDF2_MAX_ITERATIONS,
                                    .prf = CKP_PKCS5_PBKD2_HMAC_SHA512_224,
                                    .pPassword = octets + 20,
                                    .ulPasswordLen = 5};
    struct cfr_params params;

    ASSERT_OK(read_as(cfr_params_pbkdf2, &given, sizeof(given), &params));
    ck_assert_int_eq(params.hash, CFR_HASH_SHA512_224);
    ck_assert_uint_eq(derive.iterations, CFR_PBKDF2_MAX_ITERATIONS);
    ASSERT_SPAN(derive.salt, cfr_span_of(octets, 12));
    ASSERT_SPAN(derive.password, cfr_span_of(octets + 20, 5));
    given.iterations++;
    ASSERT_RV(try_read(cfr_params_pbkdf2, &given, sizeof(given)), CKR_MECHANISM_PARAM_INVALID);
}
END_TEST

static Suite *suite(void)
{
    Suite *params = suite_create("params");
    TCase *tcase = tcase_create("params");

    tcase_add_checked_fixture(tcase, up, NULL);
    tcase_add_loop_test(tcase, every_other_length_is_refused, 0, COUNT_OF(lengths));
    tcase_add_loop_test(tcase, null_with_a_length_is_refused, 0, COUNT_OF(lengths));
    tcase_add_test(tcase, gcm);
    tcase_add_test(tcase, gmac_takes_what_2_40_had);
    tcase_add_test(tcase, ccm);
    tcase_add_test(tcase, ctr);
    tcase_add_loop_test(tcase, pss_and_oaep_name_their_hashes, 0, COUNT_OF(hashes));
    tcase_add_test(tcase, pss_and_oaep_have_limits);
    tcase_add_test(tcase, eddsa);
    tcase_add_test(tcase, ecdh1);
    tcase_add_test(tcase, hkdf);
    tcase_add_test(tcase, kbkdf_fields_of_any_alignment);
    tcase_add_test(tcase, pbkdf2);
    suite_add_tcase(params, tcase);
    return params;
}

TEST_MAIN(suite)
