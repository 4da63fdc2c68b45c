/* SPDX-License-Identifier: Apache-2.0 */
/* Diffie-Hellman and DSA by published numbers; values outside the group; new keys. Groups: ffc_group_test.c. */
#include "crypto/digest.h"
#include "crypto/ffc.h"
#include "crypto/kdf.h"
#include "unit/crypto/fixture.h"

#include <openssl/bn.h>
#include <string.h>

static const struct cfr_span nothing = {NULL, 0};

static struct cfr_ffc_domain domain_of(struct vectors *vectors)
{
    return (struct cfr_ffc_domain){
        .prime = vectors_octets(vectors, "p"),
        .subprime = vectors_has(vectors, "q") ? vectors_octets(vectors, "q") : nothing,
        .base = vectors_octets(vectors, "g"),
    };
}

static enum cfr_key_family family_of(const struct vectors *vectors)
{
    return vectors_has(vectors, "q") ? CFR_KEY_X942_DH : CFR_KEY_DH;
}

static void expect_number(const struct cfr_keymat *keymat, enum cfr_ffc_part part, struct cfr_span wanted)
{
    AUTO(secret) *number = NULL;

    ASSERT_OK(cfr_ffc_number(keymat, part, &number));
    while (wanted.len > 1 && wanted.ptr[0] == 0) {
        wanted = cfr_span_after(wanted, 1);
    }
    ASSERT_SPAN(cfr_secret_view(number), wanted);
}

static const struct {
    const char *name;
    size_t cases;
} agreements[] = {{"dh_acvp", 5}, {"x942_dh_rfc5114", 4}, {"x942_dh_acvp", 4}};

START_TEST(published_agreements)
{
    struct vectors *vectors = vectors_open(agreements[_i].name);

    while (vectors_next(vectors)) {
        struct cfr_ffc_domain domain = domain_of(vectors);
        AUTO(keymat) *private = NULL;
        AUTO(keymat) *public = NULL;
        AUTO(secret) *shared = NULL;
        AUTO(secret) *none = NULL;

        ASSERT_OK(
            cfr_ffc_import_private(family_of(vectors), &domain, vectors_octets(vectors, "x"), &private));
        ck_assert(cfr_keymat_is_private(private));
        ck_assert_uint_eq(cfr_keymat_bits(private), 2048);
        expect_number(private, CFR_FFC_PRIME, vectors_octets(vectors, "p"));
        expect_number(private, CFR_FFC_BASE, vectors_octets(vectors, "g"));
        expect_number(private, CFR_FFC_PUBLIC, vectors_octets(vectors, "y"));
        expect_number(private, CFR_FFC_PRIVATE, vectors_octets(vectors, "x"));
        ASSERT_OK(cfr_dh_derive(private, vectors_octets(vectors, "peer"), &shared));
        ASSERT_SPAN(cfr_secret_view(shared), vectors_octets(vectors, "z"));

        ASSERT_OK(cfr_ffc_import_public(family_of(vectors), &domain, vectors_octets(vectors, "y"), &public));
        ck_assert(!cfr_keymat_is_private(public));
        expect_number(public, CFR_FFC_PUBLIC, vectors_octets(vectors, "y"));
        ASSERT_RV(cfr_ffc_number(public, CFR_FFC_PRIVATE, &none), CKR_ATTRIBUTE_TYPE_INVALID);
    }
    vectors_close(vectors, agreements[_i].cases);
}
END_TEST

START_TEST(published_dsa)
{
    struct vectors *vectors = vectors_open("dsa");

    while (vectors_next(vectors)) {
        struct cfr_ffc_domain domain = domain_of(vectors);
        enum cfr_hash hash = fixture_hash(vectors_word(vectors, "hash"));
        struct cfr_span signature = vectors_octets(vectors, "sig");
        bool is_right = strcmp(vectors_word(vectors, "result"), "pass") == 0;
        uint8_t out[CFR_HASH_MAX_LEN];
        struct cfr_span digest = fixture_digest(hash, vectors_octets(vectors, "msg"), out);
        AUTO(keymat) *key = NULL;
        AUTO(dsa) *dsa = NULL;

        ASSERT_OK(cfr_ffc_import_public(CFR_KEY_DSA, &domain, vectors_octets(vectors, "y"), &key));
        ASSERT_OK(cfr_dsa_new(key, &dsa));
        for (int round = 0; round < 2; round++) {
            ASSERT_RV(cfr_dsa_verify(dsa, digest, signature), is_right ? CKR_OK : CKR_SIGNATURE_INVALID);
        }
        for (size_t len = 0; len < signature.len; len++) {
            ASSERT_RV(cfr_dsa_verify(dsa, digest, cfr_span_of(signature.ptr, len)), CKR_SIGNATURE_LEN_RANGE);
        }
        out[0] ^= 1;
        ASSERT_RV(cfr_dsa_verify(dsa, digest, signature), CKR_SIGNATURE_INVALID);
        ASSERT_RV(cfr_dsa_verify(dsa, nothing, signature), CKR_SIGNATURE_INVALID);
    }
    vectors_close(vectors, 12);
}
END_TEST

/* r and s are below q and not 0 (FIPS 186-4, 4.7): CVE-2022-21449 and its like. */
START_TEST(signatures_out_of_range_are_refused)
{
    struct vectors *vectors = vectors_open("dsa");
    size_t cases = 0;

    while (vectors_next(vectors)) {
        struct cfr_ffc_domain domain = domain_of(vectors);
        struct cfr_span order = vectors_octets(vectors, "q");
        AUTO(keymat) *key = NULL;
        AUTO(dsa) *dsa = NULL;

        cases++;
        ASSERT_OK(cfr_ffc_import_public(CFR_KEY_DSA, &domain, vectors_octets(vectors, "y"), &key));
        ASSERT_OK(cfr_dsa_new(key, &dsa));
        for (int choice = 0; choice < 9; choice++) {
            uint8_t signature[2 * CFR_DSA_ORDER_MAX_LEN] = {0};
            uint8_t *halves[] = {signature, signature + order.len};
            int kinds[] = {choice % 3, choice / 3};

            for (int half = 0; half < 2; half++) {
                if (kinds[half] == 1) {
                    cfr_copy(halves[half], order.ptr, order.len);
                } else if (kinds[half] == 2) {
                    memset(halves[half], 0xff, order.len);
                }
            }
            ASSERT_RV(cfr_dsa_verify(dsa, order, cfr_span_of(signature, 2 * order.len)),
                      CKR_SIGNATURE_INVALID);
        }
    }
    vectors_close(vectors, cases);
}
END_TEST

/* --- Values that are in no group --- */

static void refuse(enum cfr_key_family family, const struct cfr_ffc_domain *domain,
                   const struct cfr_keymat *private, const BIGNUM *value)
{
    uint8_t octets[CFR_FFC_MAX_BITS / 8 + 1];
    struct cfr_span y = cfr_span_of(octets, (size_t)BN_bn2bin(value, octets));
    AUTO(keymat) *public = NULL;
    AUTO(secret) *shared = NULL;

    ASSERT_RV(cfr_ffc_import_public(family, domain, y, &public), CKR_ATTRIBUTE_VALUE_INVALID);
    ck_assert_ptr_null(public);
    ASSERT_RV(cfr_dh_derive(private, y, &shared), CKR_PUBLIC_KEY_INVALID);
    ck_assert_ptr_null(shared);
}

static const char *const groups[] = {"dh_acvp", "x942_dh_rfc5114", "x942_dh_acvp"};

START_TEST(public_values_outside_the_group_are_refused)
{
    struct vectors *vectors = vectors_open(groups[_i]);
    struct cfr_ffc_domain domain;
    enum cfr_key_family family;
    AUTO(keymat) *private = NULL;
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *p;
    BIGNUM *value = BN_new();

    ck_assert(vectors_next(vectors));
    domain = domain_of(vectors);
    family = family_of(vectors);
    ASSERT_OK(cfr_ffc_import_private(family, &domain, vectors_octets(vectors, "x"), &private));
    p = BN_bin2bn(domain.prime.ptr, (int)domain.prime.len, NULL);
    BN_zero(value);
    refuse(family, &domain, private, value);
    for (unsigned offset = 0; offset < 3; offset++) { /* 1; p - 1, p, p + 1, the same as -1, 0, 1 */
        ck_assert_int_eq(BN_set_word(value, 1), 1);
        refuse(family, &domain, private, value);
        ck_assert_ptr_nonnull(BN_copy(value, p));
        ck_assert_int_eq(BN_sub_word(value, 1) == 1 && BN_add_word(value, offset) == 1, 1);
        refuse(family, &domain, private, value);
    }
    /* In range, but of another subgroup: -g, because -1 is no square or not of order q. */
    BN_free(value);
    value = BN_bin2bn(domain.base.ptr, (int)domain.base.len, NULL);
    ck_assert_int_eq(BN_sub(value, p, value), 1);
    refuse(family, &domain, private, value);
    /* The elements of small order, which tell x modulo that order (Lim and Lee 1997). */
    if (family == CFR_KEY_X942_DH) {
        BIGNUM *q = BN_bin2bn(domain.subprime.ptr, (int)domain.subprime.len, NULL);

        for (BN_ULONG base = 2; base < 6; base++) {
            ck_assert_int_eq(BN_set_word(value, base), 1);
            ck_assert_int_eq(BN_mod_exp(value, value, q, p, ctx), 1);
            refuse(family, &domain, private, value);
        }
        BN_free(q);
    }
    while (vectors_next(vectors)) {
    }
    BN_free(value);
    BN_free(p);
    BN_CTX_free(ctx);
    vectors_close(vectors, _i == 0 ? 5 : 4);
}
END_TEST

START_TEST(private_values_out_of_range_are_refused)
{
    struct vectors *vectors = vectors_open(groups[_i]);
    size_t cases = 0;

    while (vectors_next(vectors)) {
        struct cfr_ffc_domain domain = domain_of(vectors);
        struct cfr_span limit = domain.subprime.len == 0 ? domain.prime : domain.subprime;
        uint8_t value[CFR_FFC_MAX_BITS / 8 + 16] = {0};
        AUTO(keymat) *private = NULL;

        cases++;
        for (size_t len = 0; len <= sizeof(value); len += 8) { /* 0 of any length */
            ASSERT_RV(cfr_ffc_import_private(family_of(vectors), &domain, cfr_span_of(value, len), &private),
                      CKR_ATTRIBUTE_VALUE_INVALID);
        }
        cfr_copy(value, limit.ptr, limit.len);
        ASSERT_RV(
            cfr_ffc_import_private(family_of(vectors), &domain, cfr_span_of(value, limit.len), &private),
            CKR_ATTRIBUTE_VALUE_INVALID);
        value[limit.len - 1] &= 0xfe;
        ASSERT_RV(
            cfr_ffc_import_private(family_of(vectors), &domain, cfr_span_of(value, limit.len), &private),
            domain.subprime.len == 0 ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK);
        ck_assert_int_eq(private != NULL, domain.subprime.len != 0);
    }
    vectors_close(vectors, cases);
}
END_TEST

/* --- New keys --- */

static const struct {
    enum cfr_key_family family;
    size_t bits;
    size_t subprime_bits;
    size_t most; /* bits of a private value by default */
} new_keys[] = {
    {CFR_KEY_DH, 2048, 0, 225}, {CFR_KEY_DH, 3072, 0, 275}, {CFR_KEY_DH, 4096, 0, 325},
    {CFR_KEY_DH, 6144, 0, 375}, {CFR_KEY_DH, 8192, 0, 400}, {CFR_KEY_X942_DH, 2048, 2047, 225},
};

static struct cfr_ffc_domain domain_of_key(const struct cfr_keymat *keymat, struct cfr_secret *numbers[3])
{
    ASSERT_OK(cfr_ffc_number(keymat, CFR_FFC_PRIME, &numbers[0]));
    ASSERT_OK(cfr_ffc_number(keymat, CFR_FFC_BASE, &numbers[1]));
    if (cfr_keymat_family(keymat) != CFR_KEY_DH) {
        ASSERT_OK(cfr_ffc_number(keymat, CFR_FFC_SUBPRIME, &numbers[2]));
    }
    return (struct cfr_ffc_domain){.prime = cfr_secret_view(numbers[0]),
                                   .base = cfr_secret_view(numbers[1]),
                                   .subprime = cfr_secret_view(numbers[2])};
}

static void drop_numbers(struct cfr_secret *numbers[3])
{
    for (int i = 0; i < 3; i++) {
        cfr_secret_drop(numbers[i]);
    }
}

static size_t private_bits(const struct cfr_keymat *keymat)
{
    AUTO(secret) *value = NULL;
    struct cfr_span view;

    ASSERT_OK(cfr_ffc_number(keymat, CFR_FFC_PRIVATE, &value));
    view = cfr_secret_view(value);
    return 8 * view.len - (size_t)(__builtin_clz(view.ptr[0]) - 24);
}

static void expect_agreement(const struct cfr_keymat *one, const struct cfr_keymat *other)
{
    AUTO(secret) *public_one = NULL;
    AUTO(secret) *public_other = NULL;
    AUTO(secret) *shared_one = NULL;
    AUTO(secret) *shared_other = NULL;

    ASSERT_OK(cfr_ffc_number(one, CFR_FFC_PUBLIC, &public_one));
    ASSERT_OK(cfr_ffc_number(other, CFR_FFC_PUBLIC, &public_other));
    ASSERT_OK(cfr_dh_derive(one, cfr_secret_view(public_other), &shared_one));
    ASSERT_OK(cfr_dh_derive(other, cfr_secret_view(public_one), &shared_other));
    ck_assert_uint_eq(cfr_secret_view(shared_one).len, cfr_keymat_bits(one) / 8);
    ASSERT_SPAN(cfr_secret_view(shared_one), cfr_secret_view(shared_other));
    ck_assert(!cfr_span_equal(cfr_secret_view(public_one), cfr_secret_view(public_other)));
}

START_TEST(new_pairs_agree)
{
    AUTO(keymat) *group = NULL;
    AUTO(keymat) *one = NULL;
    AUTO(keymat) *other = NULL;
    struct cfr_secret *numbers[3] = {NULL};
    struct cfr_ffc_domain domain;
    enum cfr_key_family family = new_keys[_i].family;

    ASSERT_OK(cfr_ffc_generate_domain(family, new_keys[_i].bits, new_keys[_i].subprime_bits, &group));
    ck_assert_uint_eq(cfr_keymat_bits(group), new_keys[_i].bits);
    ASSERT_OK(cfr_ffc_validate(group));
    domain = domain_of_key(group, numbers);
    ASSERT_OK(cfr_ffc_generate(family, &domain, 0, &one));
    ASSERT_OK(cfr_ffc_generate(family, &domain, 0, &other));
    ck_assert_uint_le(private_bits(one), new_keys[_i].most);
    ck_assert_uint_gt(private_bits(one), new_keys[_i].most - 40);
    expect_agreement(one, other);
    drop_numbers(numbers);
}
END_TEST

START_TEST(private_values_have_the_length_that_is_asked_for)
{
    static const size_t right[] = {224, 225, 256, 1024, 2046, 2047};
    static const size_t wrong[] = {1, 160, 223, 2048, 2049, 1 << 20, SIZE_MAX};
    AUTO(keymat) *group = NULL;
    struct cfr_secret *numbers[3] = {NULL};
    struct cfr_ffc_domain domain;

    ASSERT_OK(cfr_ffc_generate_domain(CFR_KEY_DH, 2048, 0, &group));
    domain = domain_of_key(group, numbers);
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        AUTO(keymat) *one = NULL;
        AUTO(keymat) *other = NULL;

        ASSERT_OK(cfr_ffc_generate(CFR_KEY_DH, &domain, right[i], &one));
        ck_assert_uint_eq(private_bits(one), right[i]);
        ASSERT_OK(cfr_ffc_generate(CFR_KEY_DH, &domain, 0, &other));
        expect_agreement(one, other);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        AUTO(keymat) *none = NULL;

        ASSERT_RV(cfr_ffc_generate(CFR_KEY_DH, &domain, wrong[i], &none), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    drop_numbers(numbers);
}
END_TEST

/* RFC 2631, 2.1.6. */
START_TEST(published_kdf)
{
    struct vectors *vectors = vectors_open("kdf_x942");

    while (vectors_next(vectors)) {
        struct cfr_kdf_x942_info info = {vectors_octets(vectors, "info"), vectors_number(vectors, "at")};
        struct cfr_span key = vectors_octets(vectors, "key");

        for (size_t len = 1; len <= key.len; len++) {
            AUTO(secret) *derived = NULL;

            ASSERT_OK(cfr_kdf_x942(CFR_HASH_SHA1, vectors_octets(vectors, "z"), &info, len, &derived));
            ASSERT_SPAN(cfr_secret_view(derived), cfr_span_of(key.ptr, len));
        }
    }
    vectors_close(vectors, 2);
}
END_TEST

/* --- Failures --- */

static CK_RV attempt_agreement(void *arg)
{
    const struct cfr_ffc_domain *domain = arg;
    enum cfr_key_family family = domain->subprime.len == 0 ? CFR_KEY_DH : CFR_KEY_X942_DH;
    AUTO(keymat) *pair = NULL;
    AUTO(secret) *public = NULL;
    AUTO(secret) *shared = NULL;

    TRY(cfr_ffc_generate(family, domain, 0, &pair));
    TRY(cfr_ffc_number(pair, CFR_FFC_PUBLIC, &public));
    return cfr_dh_derive(pair, cfr_secret_view(public), &shared);
}

START_TEST(each_call_of_an_agreement_may_fail)
{
    struct vectors *vectors = vectors_open(groups[_i]);
    struct cfr_ffc_domain domain;

    ck_assert(vectors_next(vectors));
    domain = domain_of(vectors);
    nth_failure_both(attempt_agreement, &domain, 10, 20);
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, _i == 0 ? 5 : 4);
}
END_TEST

static CK_RV attempt_dsa(void *arg)
{
    struct vectors *vectors = arg;
    struct cfr_ffc_domain domain = domain_of(vectors);
    AUTO(keymat) *key = NULL;
    AUTO(dsa) *dsa = NULL;
    uint8_t out[CFR_HASH_MAX_LEN];

    TRY(cfr_ffc_import_public(CFR_KEY_DSA, &domain, vectors_octets(vectors, "y"), &key));
    TRY(cfr_dsa_new(key, &dsa));
    return cfr_dsa_verify(dsa, fixture_digest(CFR_HASH_SHA1, vectors_octets(vectors, "msg"), out),
                          vectors_octets(vectors, "sig"));
}

START_TEST(each_call_of_a_verification_may_fail)
{
    struct vectors *vectors = vectors_open("dsa");

    ck_assert(vectors_next(vectors));
    nth_failure_both(attempt_dsa, vectors, 4, 8);
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, 12);
}
END_TEST

static Suite *suite(void)
{
    Suite *ffc = suite_create("ffc");
    TCase *tcase = tcase_create("ffc");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, published_agreements, 0, COUNT_OF(agreements));
    tcase_add_test(tcase, published_dsa);
    tcase_add_test(tcase, signatures_out_of_range_are_refused);
    tcase_add_loop_test(tcase, public_values_outside_the_group_are_refused, 0, COUNT_OF(groups));
    tcase_add_loop_test(tcase, private_values_out_of_range_are_refused, 0, COUNT_OF(groups));
    tcase_add_loop_test(tcase, new_pairs_agree, 0, COUNT_OF(new_keys));
    tcase_add_test(tcase, private_values_have_the_length_that_is_asked_for);
    tcase_add_test(tcase, published_kdf);
    tcase_add_loop_test(tcase, each_call_of_an_agreement_may_fail, 0, 2);
    tcase_add_test(tcase, each_call_of_a_verification_may_fail);
    suite_add_tcase(ffc, tcase);
    return ffc;
}

TEST_MAIN(suite)
