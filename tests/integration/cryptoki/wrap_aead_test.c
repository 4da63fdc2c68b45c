/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapping with AES-GCM and AES-CCM: nonces that the module makes, tags apart, associated data. libcrypto opens
 * what was wrapped, and closes what is unwrapped.
 */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/evp.h>

enum { KEY_LEN = 32, TAG_LEN = 16, NONCE_LEN = 12, NONCE_ROOM = 16 };

static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE wrapping;
static CK_OBJECT_HANDLE target;
static CK_BYTE wrapping_value[32];
static CK_BYTE target_value[KEY_LEN];
static CK_BYTE aad[] = "associated data";
static struct octets wrapped;
static struct octets plain;

static const CK_MECHANISM_TYPE types[] = {CKM_AES_GCM, CKM_AES_CCM};

/* A parameter of C_WrapKey or C_WrapKeyAuthenticated, and the memory that it points to. */
struct wrapping {
    bool is_apart;
    CK_MECHANISM mechanism;
    union {
        CK_GCM_WRAP_PARAMS gcm;
        CK_GCM_MESSAGE_PARAMS gcm_apart;
        CK_CCM_WRAP_PARAMS ccm;
        CK_CCM_MESSAGE_PARAMS ccm_apart;
    } params;
    CK_BYTE nonce[NONCE_ROOM];
    CK_BYTE tag[TAG_LEN];
};

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    random_octets(wrapping_value, sizeof(wrapping_value));
    random_octets(target_value, sizeof(target_value));
    wrapping = secret_make(session, CKK_AES, wrapping_value, sizeof(wrapping_value));
    target = secret_make(session, CKK_AES, target_value, sizeof(target_value));
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

struct nonce {
    CK_ULONG len;
    CK_ULONG fixed_bits;
    CK_GENERATOR_FUNCTION generator;
};

/* The length of the data is to be ignored wherever a key is wrapped. */
static void prepare(struct wrapping *w, CK_MECHANISM_TYPE type, bool is_apart, struct nonce nonce)
{
    bool is_ccm = type == CKM_AES_CCM;

    memset(w, 0, sizeof(*w));
    memset(w->nonce, 0xa5, sizeof(w->nonce));
    w->is_apart = is_apart;
    w->mechanism = (CK_MECHANISM){type, &w->params, 0};
    if (is_apart && is_ccm) {
        w->params.ccm_apart = (CK_CCM_MESSAGE_PARAMS){
            77, w->nonce, nonce.len, nonce.fixed_bits, nonce.generator, w->tag, TAG_LEN};
        w->mechanism.ulParameterLen = sizeof(w->params.ccm_apart);
    } else if (is_apart) {
        w->params.gcm_apart = (CK_GCM_MESSAGE_PARAMS){w->nonce,        nonce.len, nonce.fixed_bits,
                                                      nonce.generator, w->tag,    8 * TAG_LEN};
        w->mechanism.ulParameterLen = sizeof(w->params.gcm_apart);
    } else if (is_ccm) {
        w->params.ccm = (CK_CCM_WRAP_PARAMS){77,  w->nonce,    nonce.len, nonce.fixed_bits, nonce.generator,
                                             aad, sizeof(aad), TAG_LEN};
        w->mechanism.ulParameterLen = sizeof(w->params.ccm);
    } else {
        w->params.gcm = (CK_GCM_WRAP_PARAMS){w->nonce, nonce.len,   nonce.fixed_bits, nonce.generator,
                                             aad,      sizeof(aad), 8 * TAG_LEN};
        w->mechanism.ulParameterLen = sizeof(w->params.gcm);
    }
}

static const struct nonce made = {NONCE_LEN, 0, CKG_GENERATE};
static const struct nonce given = {NONCE_LEN, 0, CKG_NO_GENERATE};

static CK_RV try_wrap(struct wrapping *w, CK_OBJECT_HANDLE key, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    return w->is_apart ? p11->C_WrapKeyAuthenticated(session, &w->mechanism, wrapping, key, aad, sizeof(aad),
                                                     out, len)
                       : p11->C_WrapKey(session, &w->mechanism, wrapping, key, out, len);
}

static void wrap(struct wrapping *w, CK_OBJECT_HANDLE key)
{
    wrapped.len = sizeof(wrapped.at);
    OK(try_wrap(w, key, wrapped.at, &wrapped.len));
}

static CK_RV try_unwrap_with(struct wrapping *w, struct cfr_span data, CK_OBJECT_CLASS class,
                             CK_KEY_TYPE type, CK_OBJECT_HANDLE *ret_key)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, class), ATTR_ULONG(CKA_KEY_TYPE, type),
                               ATTR_BOOL(CKA_SENSITIVE, false), ATTR_BOOL(CKA_EXTRACTABLE, true)};

    return w->is_apart
               ? p11->C_UnwrapKeyAuthenticated(session, &w->mechanism, wrapping, wrapped.at, wrapped.len,
                                               TEMPLATE(template), UNCONST(data.ptr), data.len, ret_key)
               : p11->C_UnwrapKey(session, &w->mechanism, wrapping, wrapped.at, wrapped.len,
                                  TEMPLATE(template), ret_key);
}

static CK_RV try_unwrap(struct wrapping *w, CK_OBJECT_HANDLE *ret_key)
{
    return try_unwrap_with(w, cfr_span_of(aad, sizeof(aad)), CKO_SECRET_KEY, CKK_AES, ret_key);
}

static void expect_back(struct wrapping *w)
{
    CK_OBJECT_HANDLE back;

    OK(try_unwrap(w, &back));
    read_octets(session, back, CKA_VALUE, &plain);
    expect_octets(octets_view(&plain), cfr_span_of(target_value, KEY_LEN), "unwrapped");
    ck_assert(!read_bool(session, back, CKA_LOCAL));
    ck_assert(!read_bool(session, back, CKA_ALWAYS_SENSITIVE));
    ck_assert(!read_bool(session, back, CKA_NEVER_EXTRACTABLE));
    OK(p11->C_DestroyObject(session, back));
}

/* --- libcrypto --- */

static void set_text_len(EVP_CIPHER_CTX *ctx, const struct wrapping *w, size_t len)
{
    int unused = 0;

    if (w->mechanism.mechanism == CKM_AES_CCM) {
        ck_assert_int_eq(EVP_CipherUpdate(ctx, NULL, &unused, NULL, (int)len), 1);
    }
}

/* Text of @p len octets at @p in to @p out; the tag is what is checked, or what is made. */
static void reference(const struct wrapping *w, size_t nonce_len, bool encrypt, const uint8_t *in, size_t len,
                      uint8_t *out, uint8_t *tag)
{
    bool is_ccm = w->mechanism.mechanism == CKM_AES_CCM;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int unused = 0;

    ck_assert_int_eq(
        EVP_CipherInit_ex(ctx, is_ccm ? EVP_aes_256_ccm() : EVP_aes_256_gcm(), NULL, NULL, NULL, encrypt), 1);
    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)nonce_len, NULL), 1);
    if (is_ccm || !encrypt) {
        ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, encrypt ? NULL : tag), 1);
    }
    ck_assert_int_eq(EVP_CipherInit_ex(ctx, NULL, NULL, wrapping_value, w->nonce, encrypt), 1);
    set_text_len(ctx, w, len);
    ck_assert_int_eq(EVP_CipherUpdate(ctx, NULL, &unused, aad, sizeof(aad)), 1);
    ck_assert_int_eq(EVP_CipherUpdate(ctx, out, &unused, in, (int)len), 1);
    if (!is_ccm) {
        ck_assert_int_eq(EVP_CipherFinal_ex(ctx, out, &unused), 1);
    }
    if (encrypt) {
        ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, tag), 1);
    }
    EVP_CIPHER_CTX_free(ctx);
}

static void expect_opens(struct wrapping *w, size_t nonce_len, size_t text_len)
{
    CK_BYTE *tag = w->is_apart ? w->tag : wrapped.at + text_len;

    ck_assert_uint_eq(wrapped.len, text_len + (w->is_apart ? 0 : TAG_LEN));
    reference(w, nonce_len, false, wrapped.at, text_len, plain.at, tag);
    plain.len = text_len;
}

/* --- Tests; _i: mechanism, and whether the tag is apart --- */

enum { FORMS = 2 * COUNT(types) };

static CK_MECHANISM_TYPE type_at(int i)
{
    return types[i / 2];
}

static bool apart_at(int i)
{
    return i % 2 == 1;
}

static const CK_GENERATOR_FUNCTION generators[] = {CKG_NO_GENERATE, CKG_GENERATE, CKG_GENERATE_RANDOM};

START_TEST(libcrypto_opens_what_is_wrapped)
{
    struct wrapping w;

    for (size_t i = 0; i < COUNT(generators); i++) {
        prepare(&w, type_at(_i), apart_at(_i), (struct nonce){NONCE_LEN, 0, generators[i]});
        wrap(&w, target);
        expect_opens(&w, NONCE_LEN, KEY_LEN);
        expect_octets(octets_view(&plain), cfr_span_of(target_value, KEY_LEN), "generator %zu", i);
        expect_back(&w);
    }
}
END_TEST

START_TEST(what_libcrypto_wrapped_comes_in)
{
    struct wrapping w;

    /* Fixed bits and generator are ignored: they may be anything. */
    prepare(&w, type_at(_i), apart_at(_i), (struct nonce){NONCE_LEN, 9999, 0x77});
    random_octets(w.nonce, NONCE_LEN);
    reference(&w, NONCE_LEN, true, target_value, KEY_LEN, wrapped.at,
              w.is_apart ? w.tag : wrapped.at + KEY_LEN);
    wrapped.len = KEY_LEN + (w.is_apart ? 0 : TAG_LEN);
    expect_back(&w);
}
END_TEST

START_TEST(nonces_are_made_anew_and_keep_their_fixed_part)
{
    static const struct {
        CK_ULONG len;
        CK_ULONG fixed_bits;
    } cases[] = {{12, 0}, {12, 32}, {12, 13}, {13, 40}, {8, 0}};
    CK_BYTE before[NONCE_ROOM];
    struct wrapping w;

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t whole = cases[i].fixed_bits / 8;
        unsigned rest = cases[i].fixed_bits % 8;

        prepare(&w, type_at(_i), apart_at(_i),
                (struct nonce){cases[i].len, cases[i].fixed_bits, CKG_GENERATE});
        memcpy(before, w.nonce, sizeof(before));
        for (int round = 0; round < 2; round++) {
            wrap(&w, target);
            ck_assert_mem_eq(w.nonce, before, whole);
            ck_assert_uint_eq((w.nonce[whole] ^ 0xa5U) >> (8 - rest), 0);
            ck_assert_mem_ne(w.nonce + whole, before + whole, cases[i].len - whole);
            ck_assert_uint_eq(w.nonce[cases[i].len], 0xa5);
            expect_opens(&w, cases[i].len, KEY_LEN);
            memcpy(before + whole, w.nonce + whole, sizeof(before) - whole);
            before[whole] = w.nonce[whole];
        }
    }
}
END_TEST

/* A nonce of the shortest kind leaves no fixed part. */
START_TEST(shortest_ccm_nonce)
{
    struct wrapping w;

    prepare(&w, CKM_AES_CCM, apart_at(_i), (struct nonce){7, 0, CKG_GENERATE});
    wrap(&w, target);
    expect_opens(&w, 7, KEY_LEN);
    expect_octets(octets_view(&plain), cfr_span_of(target_value, KEY_LEN), "7 octets");
    prepare(&w, CKM_AES_CCM, apart_at(_i), (struct nonce){7, 1, CKG_GENERATE});
    wrapped.len = sizeof(wrapped.at);
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
}
END_TEST

START_TEST(nonces_that_would_repeat)
{
    static const struct nonce bad[] = {{12, 0, CKG_GENERATE_COUNTER},
                                       {12, 0, CKG_GENERATE_COUNTER_XOR},
                                       {12, 0, 99},
                                       {12, 33, CKG_GENERATE},
                                       {12, 96, CKG_GENERATE},
                                       {12, 97, CKG_GENERATE},
                                       {12, (CK_ULONG)-1, CKG_GENERATE_RANDOM}};
    struct wrapping w;
    struct wrapping before;

    for (size_t i = 0; i < COUNT(bad); i++) {
        prepare(&w, type_at(_i), apart_at(_i), bad[i]);
        before = w;
        wrapped.len = sizeof(wrapped.at);
        EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
        ck_assert_mem_eq(w.nonce, before.nonce, sizeof(w.nonce));
        ck_assert_uint_eq(wrapped.len, sizeof(wrapped.at));
    }
}
END_TEST

START_TEST(lengths_and_short_buffers)
{
    struct wrapping w;
    struct wrapping before;
    CK_ULONG need = 0;

    prepare(&w, type_at(_i), apart_at(_i), made);
    before = w;
    OK(try_wrap(&w, target, NULL, &need));
    ck_assert_uint_eq(need, KEY_LEN + (w.is_apart ? 0 : TAG_LEN));
    wrapped.len = need - 1;
    memset(wrapped.at, 0x11, need);
    EXPECT(CKR_BUFFER_TOO_SMALL, try_wrap(&w, target, wrapped.at, &wrapped.len));
    ck_assert_uint_eq(wrapped.len, need);
    ck_assert_uint_eq(wrapped.at[0], 0x11);
    ck_assert_mem_eq(w.nonce, before.nonce, sizeof(w.nonce));
    ck_assert_mem_eq(w.tag, before.tag, sizeof(w.tag));
    OK(try_wrap(&w, target, wrapped.at, &wrapped.len));
    expect_back(&w);
}
END_TEST

START_TEST(private_keys)
{
    static const char *const names[] = {"P-256", "ED25519", "X448", "rsa2048_1"};
    struct wrapping w;

    for (size_t i = 0; i < COUNT(names); i++) {
        EVP_PKEY *pkey = strncmp(names[i], "rsa", 3) == 0 ? pkey_rsa(names[i]) : pkey_new(names[i]);
        CK_OBJECT_HANDLE key = private_make(session, pkey);
        CK_OBJECT_HANDLE back;
        const uint8_t *at = plain.at;
        EVP_PKEY *opened;

        prepare(&w, type_at(_i), apart_at(_i), made);
        wrap(&w, key);
        expect_opens(&w, NONCE_LEN, wrapped.len - (w.is_apart ? 0 : TAG_LEN));
        opened = d2i_AutoPrivateKey(NULL, &at, (long)plain.len);
        ck_assert_int_eq(EVP_PKEY_eq(opened, pkey), 1);
        OK(try_unwrap_with(&w, cfr_span_of(aad, sizeof(aad)), CKO_PRIVATE_KEY,
                           read_ulong(session, key, CKA_KEY_TYPE), &back));
        OK(p11->C_DestroyObject(session, back));
        EVP_PKEY_free(opened);
        EVP_PKEY_free(pkey);
    }
}
END_TEST

START_TEST(changed_on_the_way)
{
    CK_OBJECT_HANDLE back;
    struct wrapping w;

    prepare(&w, type_at(_i), apart_at(_i), made);
    wrap(&w, target);
    for (size_t at = 0; at < wrapped.len; at += 7) {
        wrapped.at[at] ^= 1;
        EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&w, &back));
        wrapped.at[at] ^= 1;
    }
    w.nonce[NONCE_LEN - 1] ^= 1;
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&w, &back));
    w.nonce[NONCE_LEN - 1] ^= 1;
    aad[0] ^= 1;
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&w, &back));
    aad[0] ^= 1;
    if (w.is_apart) {
        w.tag[TAG_LEN - 1] ^= 1;
        EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&w, &back));
        w.tag[TAG_LEN - 1] ^= 1;
        EXPECT(CKR_WRAPPED_KEY_INVALID,
               try_unwrap_with(&w, cfr_span_of(NULL, 0), CKO_SECRET_KEY, CKK_AES, &back));
    }
    expect_back(&w);
}
END_TEST

START_TEST(no_associated_data)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_OBJECT_HANDLE back;
    struct wrapping w;

    prepare(&w, types[_i], true, made);
    wrapped.len = KEY_LEN;
    OK(p11->C_WrapKeyAuthenticated(session, &w.mechanism, wrapping, target, NULL, 0, wrapped.at,
                                   &wrapped.len));
    OK(p11->C_UnwrapKeyAuthenticated(session, &w.mechanism, wrapping, wrapped.at, wrapped.len,
                                     TEMPLATE(template), NULL, 0, &back));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WrapKeyAuthenticated(session, &w.mechanism, wrapping, target, NULL, 1,
                                                          wrapped.at, &wrapped.len));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_WrapKeyAuthenticated(session, &w.mechanism, wrapping, target, aad,
                                                          (CK_ULONG)-1, wrapped.at, &wrapped.len));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_UnwrapKeyAuthenticated(session, &w.mechanism, wrapping, wrapped.at,
                                                            wrapped.len, TEMPLATE(template), NULL, 1, &back));
}
END_TEST

/* Parameters of the wrong function have the wrong length, or no place for the tag. */
START_TEST(wrong_parameters)
{
    bool is_ccm = types[_i] == CKM_AES_CCM;
    CK_MECHANISM none = MECHANISM(types[_i]);
    struct wrapping w;

    wrapped.len = sizeof(wrapped.at);
    prepare(&w, types[_i], false, made);
    w.is_apart = true;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    if (is_ccm) {
        /* CK_GCM_MESSAGE_PARAMS cannot be told from CK_GCM_PARAMS by its length. */
        prepare(&w, types[_i], true, made);
        w.is_apart = false;
        EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    }
    prepare(&w, types[_i], true, made);
    *(is_ccm ? &w.params.ccm_apart.pMAC : &w.params.gcm_apart.pTag) = NULL;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    prepare(&w, types[_i], true, made);
    *(is_ccm ? &w.params.ccm_apart.pNonce : &w.params.gcm_apart.pIv) = NULL;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    prepare(&w, types[_i], true, made);
    *(is_ccm ? &w.params.ccm_apart.ulMACLen : &w.params.gcm_apart.ulTagBits) = 3;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    if (!is_ccm) {
        w.params.gcm_apart.ulTagBits = 88; /* SP 800-38D 5.2.1.2: less than 96 is for special uses */
        EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    }
    prepare(&w, types[_i], true, made);
    *(is_ccm ? &w.params.ccm_apart.ulNonceFixedBits : &w.params.gcm_apart.ulIvFixedBits) = 8 * 16 + 1;
    *(is_ccm ? &w.params.ccm_apart.nonceGenerator : &w.params.gcm_apart.ivGenerator) = CKG_GENERATE_RANDOM;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    prepare(&w, types[_i], true, made);
    *(is_ccm ? &w.params.ccm_apart.ulNonceLen : &w.params.gcm_apart.ulIvLen) = 0;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    w.mechanism = none;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
    w.mechanism = MECHANISM(CKM_AES_KEY_WRAP);
    EXPECT(CKR_MECHANISM_INVALID, try_wrap(&w, target, wrapped.at, &wrapped.len));
}
END_TEST

START_TEST(wrong_arguments)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES)};
    CK_OBJECT_HANDLE hmac = secret_make(session, CKK_SHA256_HMAC, target_value, KEY_LEN);
    CK_OBJECT_HANDLE back = 0;
    struct wrapping w;

    prepare(&w, types[_i], true, made);
    wrapped.len = sizeof(wrapped.at);
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_WrapKeyAuthenticated(session, NULL, wrapping, target, aad, 1, wrapped.at, &wrapped.len));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_WrapKeyAuthenticated(session, &w.mechanism, wrapping, target, aad, 1, wrapped.at, NULL));
    EXPECT(CKR_WRAPPING_KEY_HANDLE_INVALID,
           p11->C_WrapKeyAuthenticated(session, &w.mechanism, 0, target, aad, 1, wrapped.at, &wrapped.len));
    EXPECT(
        CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
        p11->C_WrapKeyAuthenticated(session, &w.mechanism, hmac, target, aad, 1, wrapped.at, &wrapped.len));
    EXPECT(CKR_KEY_HANDLE_INVALID,
           p11->C_WrapKeyAuthenticated(session, &w.mechanism, wrapping, 0, aad, 1, wrapped.at, &wrapped.len));
    OK(try_set_bool(session, target, CKA_EXTRACTABLE, false));
    EXPECT(CKR_KEY_UNEXTRACTABLE, try_wrap(&w, target, wrapped.at, &wrapped.len));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_UnwrapKeyAuthenticated(session, &w.mechanism, wrapping, NULL, 32,
                                                            TEMPLATE(template), aad, 1, &back));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_UnwrapKeyAuthenticated(session, &w.mechanism, wrapping, wrapped.at, 32,
                                                            TEMPLATE(template), aad, 1, NULL));
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE,
           p11->C_UnwrapKeyAuthenticated(session, &w.mechanism, wrapping, wrapped.at, 0, TEMPLATE(template),
                                         aad, 1, &back));
    EXPECT(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_UnwrapKeyAuthenticated(session, &w.mechanism, hmac, wrapped.at, 32, TEMPLATE(template), aad,
                                         1, &back));
    ck_assert_uint_eq(back, 0);
}
END_TEST

/* What came before 3.2: the IV is given and returned by nobody. */
START_TEST(parameters_of_encryption_still_wrap)
{
    CK_BYTE iv[NONCE_LEN] = {1, 2, 3};
    CK_GCM_PARAMS gcm = {iv, sizeof(iv), 0, aad, sizeof(aad), 8 * TAG_LEN};
    CK_CCM_PARAMS ccm = {5, iv, sizeof(iv), aad, sizeof(aad), TAG_LEN};
    struct wrapping w;

    prepare(&w, types[_i], false, given);
    memcpy(w.nonce, iv, sizeof(iv));
    w.mechanism =
        types[_i] == CKM_AES_GCM ? MECHANISM_WITH(types[_i], &gcm) : MECHANISM_WITH(types[_i], &ccm);
    wrap(&w, target);
    expect_opens(&w, NONCE_LEN, KEY_LEN);
    expect_octets(octets_view(&plain), cfr_span_of(target_value, KEY_LEN), "given");
    expect_back(&w);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wrap_aead");
    TCase *tcase = tcase_create("wrap_aead");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, libcrypto_opens_what_is_wrapped, 0, FORMS);
    tcase_add_loop_test(tcase, what_libcrypto_wrapped_comes_in, 0, FORMS);
    tcase_add_loop_test(tcase, nonces_are_made_anew_and_keep_their_fixed_part, 0, FORMS);
    tcase_add_loop_test(tcase, shortest_ccm_nonce, 0, 2);
    tcase_add_loop_test(tcase, nonces_that_would_repeat, 0, FORMS);
    tcase_add_loop_test(tcase, lengths_and_short_buffers, 0, FORMS);
    tcase_add_loop_test(tcase, private_keys, 0, FORMS);
    tcase_add_loop_test(tcase, changed_on_the_way, 0, FORMS);
    tcase_add_loop_test(tcase, no_associated_data, 0, COUNT(types));
    tcase_add_loop_test(tcase, wrong_parameters, 0, COUNT(types));
    tcase_add_loop_test(tcase, wrong_arguments, 0, COUNT(types));
    tcase_add_loop_test(tcase, parameters_of_encryption_still_wrap, 0, COUNT(types));
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
