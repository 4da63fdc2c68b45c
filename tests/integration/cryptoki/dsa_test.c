/* SPDX-License-Identifier: Apache-2.0 */
/* DSA: signatures of libcrypto's are verified; nothing is signed. */
#include "integration/cryptoki/dsa.h"
#include "integration/cryptoki/fields.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/x509.h>

static CK_SESSION_HANDLE session;
static struct octets value;
static struct bag bag;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

START_TEST(every_hash_agrees_with_libcrypto)
{
    CK_OBJECT_HANDLE key;
    EVP_PKEY *pkey = dsa_pair(session, &key);
    static struct octets info;
    uint8_t *at = info.at;

    for (size_t i = 0; i < DSA_HASH_COUNT; i++) {
        struct operation op = {session, CKF_VERIFY, MECHANISM(dsa_hashes[i].type), key};
        struct operation bare = {session, CKF_VERIFY, MECHANISM(CKM_DSA), key};
        struct cfr_span message = pattern(1000);
        uint8_t digest[64];
        uint8_t signature[DSA_SIGNATURE_LEN];
        struct cfr_span digested = hash_digest(hash_find(dsa_hashes[i].hash), message, digest);

        dsa_sign(pkey, digested, signature);
        OK(run_verify(&op, message, cfr_span_of(signature, 56)));
        OK(run_verify_parts(&op, message, 16, cfr_span_of(signature, 56)));
        OK(run_verify(&bare, digested, cfr_span_of(signature, 56)));
        signature[55] ^= 1;
        EXPECT(CKR_SIGNATURE_INVALID, run_verify(&op, message, cfr_span_of(signature, 56)));
        EXPECT(CKR_SIGNATURE_INVALID, run_verify_parts(&op, message, 16, cfr_span_of(signature, 56)));
    }
    read_octets(session, key, CKA_PUBLIC_KEY_INFO, &value);
    info.len = (CK_ULONG)i2d_PUBKEY(pkey, &at);
    expect_octets(octets_view(&value), octets_view(&info), "CKA_PUBLIC_KEY_INFO");
    EVP_PKEY_free(pkey);
}
END_TEST

/* "DSA: Key And Data Length". */
START_TEST(bare_data_has_the_length_of_a_digest)
{
    struct vectors *vectors = vectors_open("dsa");
    struct operation bare = {session, CKF_VERIFY, MECHANISM(CKM_DSA), CK_INVALID_HANDLE};
    uint8_t signature[40] = {1};
    CK_ULONG len_out = 0;

    ck_assert(vectors_next(vectors));
    bare.key = field_make_of_case(session, vectors, false);
    for (size_t len = 0; len <= 70; len++) {
        bool is_digest = len == 20 || len == 28 || len == 32 || len == 48 || len == 64;

        EXPECT(is_digest ? CKR_SIGNATURE_INVALID : CKR_DATA_LEN_RANGE,
               run_verify(&bare, pattern(len), cfr_span_of(signature, sizeof(signature))));
    }
    OK(op_init(&bare));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, op_update(&bare, pattern(20), NULL, &len_out));
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, 12);
}
END_TEST

START_TEST(nothing_is_signed_or_generated)
{
    struct vectors *vectors = vectors_open("dsa");
    CK_MECHANISM mechanism = MECHANISM(CKM_DSA_SHA256);
    CK_OBJECT_HANDLE key;
    CK_OBJECT_HANDLE other;

    ck_assert(vectors_next(vectors));
    key = field_make_of_case(session, vectors, false);
    EXPECT(CKR_MECHANISM_INVALID, p11->C_SignInit(session, &mechanism, key));
    mechanism.mechanism = CKM_DSA;
    EXPECT(CKR_MECHANISM_INVALID, p11->C_SignInit(session, &mechanism, key));
    mechanism.mechanism = CKM_DSA_KEY_PAIR_GEN;
    EXPECT(CKR_MECHANISM_INVALID,
           p11->C_GenerateKeyPair(session, &mechanism, BAG(&bag), BAG(&bag), &key, &other));
    mechanism.mechanism = CKM_DSA_PARAMETER_GEN;
    EXPECT(CKR_MECHANISM_INVALID, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &other));
    bag_field_private(&bag, CKK_DSA, cfr_span_of("\1", 1));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, 12);
}
END_TEST

/* A key of 1,024 bits is for old signatures; the strict profile has 2,048 at the least. */
START_TEST(strict_tokens_refuse_short_keys)
{
    struct vectors *vectors = vectors_open("dsa");
    CK_SESSION_HANDLE strict;
    CK_SLOT_ID slot;

    module_stop();
    scratch_configure("token.profile = strict\n");
    module_start();
    slot = token_make("strict");
    strict = session_open(slot);
    login_user(strict);
    while (vectors_next(vectors)) {
        struct cfr_span prime = vectors_octets(vectors, "p");

        bag_clear(&bag);
        bag_group_of_case(&bag, vectors);
        bag_field_public(&bag, CKK_DSA, vectors_octets(vectors, "y"));
        EXPECT(prime.len < 256 ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK, try_object_once(strict, &bag));
    }
    vectors_close(vectors, 12);
}
END_TEST

static Suite *suite(void)
{
    Suite *dsa = suite_create("DSA");
    TCase *tcase = tcase_create("dsa");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, every_hash_agrees_with_libcrypto);
    tcase_add_test(tcase, bare_data_has_the_length_of_a_digest);
    tcase_add_test(tcase, nothing_is_signed_or_generated);
    tcase_add_test(tcase, strict_tokens_refuse_short_keys);
    suite_add_tcase(dsa, tcase);
    return dsa;
}

TEST_MAIN(suite)
