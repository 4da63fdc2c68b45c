/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mechanisms that sign a hash with ML-DSA or SLH-DSA, row by row. What FIPS 204, algorithm 4, and FIPS 205, algorithm 23,
 * sign is put together here, M' = 1 || |ctx| || ctx || OID || H(M), and given to libcrypto's default context, which takes
 * it as it is. NIST's own vectors of these variants are run by crypto_wycheproof_test where they are at hand.
 */
#include "crypto/ossl.h"
#include "crypto/pq.h"
#include "mech/op_pq.h"
#include "mech/registry.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum { SIGNATURE_MAX_LEN = 49856, ENCODED_MAX_LEN = 512, MESSAGE_LEN = 200, CUT = 77 };

/* Identifiers as NIST's registry has them: the last arc below 2.16.840.1.101.3.4.2; lengths from FIPS 204, 5.4.1. */
static const struct variant {
    CK_MECHANISM_TYPE ml_dsa;
    CK_MECHANISM_TYPE slh_dsa;
    CK_MECHANISM_TYPE digest; /* for the mechanisms that are given a hash; 0: no name */
    const char *md;
    size_t len;
    uint8_t oid[11];
} variants[] = {
#define OID(arc)                                                                                             \
    {                                                                                                        \
        0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, (arc)                                    \
    }
    {CKM_HASH_ML_DSA_SHA224, CKM_HASH_SLH_DSA_SHA224, CKM_SHA224, "SHA2-224", 28, OID(4)},
    {CKM_HASH_ML_DSA_SHA256, CKM_HASH_SLH_DSA_SHA256, CKM_SHA256, "SHA2-256", 32, OID(1)},
    {CKM_HASH_ML_DSA_SHA384, CKM_HASH_SLH_DSA_SHA384, CKM_SHA384, "SHA2-384", 48, OID(2)},
    {CKM_HASH_ML_DSA_SHA512, CKM_HASH_SLH_DSA_SHA512, CKM_SHA512, "SHA2-512", 64, OID(3)},
    {CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_224, CKM_SHA3_224, "SHA3-224", 28, OID(7)},
    {CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_256, CKM_SHA3_256, "SHA3-256", 32, OID(8)},
    {CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_384, CKM_SHA3_384, "SHA3-384", 48, OID(9)},
    {CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA3_512, CKM_SHA3_512, "SHA3-512", 64, OID(10)},
    {CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE128, 0, "SHAKE-128", 32, OID(11)},
    {CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA_SHAKE256, 0, "SHAKE-256", 64, OID(12)},
    {0, 0, CKM_SHA512_224, "SHA2-512/224", 28, OID(5)},
    {0, 0, CKM_SHA512_256, "SHA2-512/256", 32, OID(6)},
#undef OID
};

static const struct {
    enum cfr_key_family family;
    CK_ULONG set;
    CK_MECHANISM_TYPE given;
} schemes[] = {{CFR_KEY_ML_DSA, CKP_ML_DSA_44, CKM_HASH_ML_DSA},
               {CFR_KEY_SLH_DSA, CKP_SLH_DSA_SHA2_128F, CKM_HASH_SLH_DSA}};

static struct cfr_keymat *keymat;
static EVP_PKEY *direct;
static uint8_t message[MESSAGE_LEN];
static uint8_t signature[SIGNATURE_MAX_LEN];
static uint8_t other[SIGNATURE_MAX_LEN];

static bool is_there(void)
{
    return cfr_pq_is_available(CFR_KEY_ML_DSA);
}

static void up(void)
{
    ASSERT_OK(cfr_ossl_up());
    cfr_registry_probe();
    harness_fill(message, sizeof(message));
}

/* The pair, and its public half in libcrypto's default context. */
static void make_pair(size_t scheme)
{
    const struct cfr_pq_set *set = NULL;
    AUTO(secret) *spki = NULL;
    const uint8_t *at;

    ASSERT_OK(cfr_pq_find(schemes[scheme].family, schemes[scheme].set, &set));
    ASSERT_OK(cfr_pq_generate(set, &keymat));
    ASSERT_OK(cfr_keymat_spki(keymat, &spki));
    at = cfr_secret_view(spki).ptr;
    direct = d2i_PUBKEY(NULL, &at, (long)cfr_secret_view(spki).len);
    ck_assert_ptr_nonnull(direct);
}

static void drop_pair(void)
{
    EVP_PKEY_free(direct);
    cfr_keymat_drop(MOVE(keymat));
}

static struct cfr_span hash_of(const struct variant *variant, uint8_t out[EVP_MAX_MD_SIZE])
{
    EVP_MD *md = EVP_MD_fetch(NULL, variant->md, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_xof = strncmp(variant->md, "SHAKE", 5) == 0;

    ck_assert_msg(md != NULL, "%s", variant->md);
    ck_assert_int_eq(EVP_DigestInit_ex2(ctx, md, NULL), 1);
    ck_assert_int_eq(EVP_DigestUpdate(ctx, message, sizeof(message)), 1);
    ck_assert_int_eq(is_xof ? EVP_DigestFinalXOF(ctx, out, variant->len) : EVP_DigestFinal_ex(ctx, out, NULL),
                     1);
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    return cfr_span_of(out, variant->len);
}

/* M' */
static struct cfr_span compose(const struct variant *variant, struct cfr_span context,
                               uint8_t out[ENCODED_MAX_LEN])
{
    uint8_t octets[EVP_MAX_MD_SIZE];
    struct cfr_span hash = hash_of(variant, octets);
    size_t len = 0;

    out[len++] = 1;
    out[len++] = (uint8_t)context.len;
    cfr_copy(out + len, context.ptr, context.len);
    len += context.len;
    cfr_copy(out + len, variant->oid, sizeof(variant->oid));
    len += sizeof(variant->oid);
    cfr_copy(out + len, hash.ptr, hash.len);
    return cfr_span_of(out, len + hash.len);
}

/* Whether libcrypto, asked to encode nothing, finds that @p made is of these octets. */
static bool direct_verifies(struct cfr_span encoded, struct cfr_span made)
{
    int encoding = 0;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_int("message-encoding", &encoding),
                                 OSSL_PARAM_construct_end()};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool is_good;

    ck_assert_int_eq(EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, direct, params), 1);
    is_good = EVP_DigestVerify(ctx, made.ptr, made.len, encoded.ptr, encoded.len) == 1;
    EVP_MD_CTX_free(ctx);
    return is_good;
}

static struct cfr_op *op_of(const struct cfr_mechanism *row, enum cfr_use use,
                            const struct cfr_params *params)
{
    struct cfr_op *op = NULL;

    ASSERT_OK(row->op->make(row, use, keymat, params, &op));
    ASSERT_OK(row->op->start(op, params));
    return op;
}

static struct cfr_span sign_once(const struct cfr_mechanism *row, const struct cfr_params *params,
                                 struct cfr_span data, uint8_t *to)
{
    struct cfr_op *op = op_of(row, CFR_USE_SIGN, params);
    struct cfr_out out = {.ptr = to, .room = SIGNATURE_MAX_LEN};

    ASSERT_OK(row->op->once(op, data, &out));
    row->op->drop(op);
    return cfr_span_of(to, out.len);
}

static struct cfr_span sign_parts(const struct cfr_mechanism *row, const struct cfr_params *params,
                                  uint8_t *to)
{
    struct cfr_op *op = op_of(row, CFR_USE_SIGN, params);
    struct cfr_out out = {.ptr = to, .room = SIGNATURE_MAX_LEN};

    ASSERT_OK(row->op->update(op, cfr_span_of(message, CUT), NULL));
    ASSERT_OK(row->op->update(op, cfr_span_of(message + CUT, sizeof(message) - CUT), NULL));
    ASSERT_OK(row->op->finish(op, &out));
    row->op->drop(op);
    return cfr_span_of(to, out.len);
}

static void expect_verifies(const struct cfr_mechanism *row, const struct cfr_params *params,
                            struct cfr_span data, struct cfr_span made)
{
    struct cfr_op *op = op_of(row, CFR_USE_VERIFY, params);

    ASSERT_OK(row->op->verify(op, data, made));
    other[0] = (uint8_t)(data.ptr[0] ^ 1);
    cfr_copy(other + 1, data.ptr + 1, data.len - 1);
    row->op->restart(op);
    ASSERT_RV(row->op->verify(op, cfr_span_of(other, data.len), made), CKR_SIGNATURE_INVALID);
    row->op->restart(op);
    ASSERT_OK(row->op->verify(op, data, made));
    row->op->drop(op);
}

static const struct cfr_mechanism *row_of(CK_MECHANISM_TYPE type)
{
    const struct cfr_mechanism *row = NULL;

    ASSERT_OK(cfr_registry_find(type, CKF_SIGN | CKF_VERIFY, &row));
    return row;
}

/* By the mechanism that hashes, and by the one that is given the hash: libcrypto sees the same message. */
static void check_variant(size_t scheme, const struct variant *variant, struct cfr_span context)
{
    CK_MECHANISM_TYPE type = scheme == 0 ? variant->ml_dsa : variant->slh_dsa;
    struct cfr_params params = {.label = context, .hedge = CKH_DETERMINISTIC_REQUIRED, .is_given = true};
    uint8_t encoded_octets[ENCODED_MAX_LEN];
    uint8_t hash_octets[EVP_MAX_MD_SIZE];
    struct cfr_span encoded = compose(variant, context, encoded_octets);
    struct cfr_span hash = hash_of(variant, hash_octets);
    struct cfr_span whole = cfr_span_of(message, sizeof(message));
    struct cfr_span made = cfr_span_of(NULL, 0);

    if (type != 0) {
        const struct cfr_mechanism *row = row_of(type);

        made = sign_once(row, &params, whole, signature);
        ck_assert_msg(direct_verifies(encoded, made), "%s, context of %zu", row->name, context.len);
        ASSERT_SPAN(sign_parts(row, &params, other), made);
        expect_verifies(row, &params, whole, made);
    }
    if (variant->digest != 0) {
        const struct cfr_mechanism *row = row_of(schemes[scheme].given);
        CK_HASH_SIGN_ADDITIONAL_CONTEXT given = {
            CKH_DETERMINISTIC_REQUIRED, (CK_BYTE_PTR)(uintptr_t)context.ptr, context.len, variant->digest};
        CK_MECHANISM mechanism = {row->type, &given, sizeof(given)};

        params = (struct cfr_params){0};
        ASSERT_OK(row->params(&mechanism, false, &params));
        made = sign_once(row, &params, hash, signature);
        ck_assert_msg(direct_verifies(encoded, made), "%s of %s", row->name, variant->md);
        expect_verifies(row, &params, hash, made);
    }
}

START_TEST(hashes_are_signed_as_the_standards_say)
{
    static const uint8_t context[CFR_PQ_CONTEXT_MAX_LEN] = {'c', 't', 'x'};
    static const size_t lengths[] = {0, 3, CFR_PQ_CONTEXT_MAX_LEN};

    if (!is_there()) {
        return;
    }
    make_pair((size_t)_i);
    for (size_t i = 0; i < COUNT_OF(variants); i++) {
        /* SLH-DSA takes its time: one length for each hash, and all of them over the hashes. */
        for (size_t l = 0; l < COUNT_OF(lengths); l++) {
            if (_i == 0 || i % COUNT_OF(lengths) == l) {
                check_variant((size_t)_i, &variants[i], cfr_span_of(context, lengths[l]));
            }
        }
    }
    drop_pair();
    ck_assert_uint_eq(cfr_secret_in_use(), 0);
}
END_TEST

/* Every such row of the table is one of those above. */
START_TEST(no_row_is_left_out)
{
    size_t rows = 0;
    size_t known = 0;

    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        rows += cfr_mechanism_row(i)->op == &cfr_op_pq_hash;
    }
    for (size_t i = 0; i < COUNT_OF(variants); i++) {
        known += variants[i].ml_dsa != 0 ? 1 : 0;
        known += variants[i].slh_dsa != 0 ? 1 : 0;
    }
    ck_assert_uint_eq(rows, known);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("mech_pq");
    TCase *tcase = tcase_create("mech_pq");

    tcase_add_checked_fixture(tcase, up, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, hashes_are_signed_as_the_standards_say, 0, (int)COUNT_OF(schemes));
    tcase_add_test(tcase, no_row_is_left_out);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
