/* SPDX-License-Identifier: Apache-2.0 */
/* Every parameter that a mechanism may have, against libcrypto; and those that it may not have. */
#include "integration/cryptoki/subject.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static struct octets made;
static struct octets back;
static struct subject subject;

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

/* The subject's parameter is what the test sets; both directions have to agree with libcrypto. */
static void expect_crypt(struct cfr_span data)
{
    struct operation encrypt = subject_op(&subject, CKF_ENCRYPT, data.len);
    struct operation decrypt = subject_op(&subject, CKF_DECRYPT, data.len);

    OK(run_once(&encrypt, data, &made));
    reference_decrypt(&subject, octets_view(&made), &back);
    expect_octets(octets_view(&back), data, "%s by libcrypto", subject.name);
    reference_encrypt(&subject, data, &made);
    OK(run_once(&decrypt, octets_view(&made), &back));
    expect_octets(octets_view(&back), data, "%s by C_Decrypt", subject.name);
}

static void expect_signature(struct cfr_span data)
{
    struct operation sign = subject_op(&subject, CKF_SIGN, data.len);
    struct operation verify = subject_op(&subject, CKF_VERIFY, data.len);

    OK(run_once(&sign, data, &made));
    ck_assert_msg(reference_verify(&subject, data, octets_view(&made)), "%s by libcrypto", subject.name);
    reference_sign(&subject, data, &made);
    OK(run_verify(&verify, data, octets_view(&made)));
}

static void expect_refused(CK_FLAGS function)
{
    struct operation op = subject_op(&subject, function, 16);
    CK_RV rv = op_init(&op);

    ck_assert_msg(rv == CKR_MECHANISM_PARAM_INVALID, "%s: %sInit: %s", subject.name, op_name(function),
                  rv_text(rv));
}

/* --- OAEP --- */

/* Each hash with each function for the mask, with a label and without. */
START_TEST(oaep_pairs)
{
    const struct hash_row *hash = &hashes[_i];
    CK_RSA_PKCS_OAEP_PARAMS *params = &subject.params.oaep;

    subject_make(&subject, session, mechanism_find(CKM_RSA_PKCS_OAEP), 0);
    params->hashAlg = hash->digest;
    for (size_t i = 0; i < HASH_COUNT; i++) {
        params->mgf = hashes[i].mgf;
        if (params->mgf == 0) {
            continue;
        }
        params->pSourceData = NULL;
        params->ulSourceDataLen = 0;
        expect_crypt(pattern(0));
        expect_crypt(pattern(256 - 2 - 2 * hash->len));
        params->pSourceData = subject.aad;
        params->ulSourceDataLen = sizeof(subject.aad);
        expect_crypt(pattern(20));
    }
    subject_drop(&subject);
}
END_TEST

START_TEST(oaep_parameters_refused)
{
    CK_RSA_PKCS_OAEP_PARAMS good;

    subject_make(&subject, session, mechanism_find(CKM_RSA_PKCS_OAEP), 0);
    good = subject.params.oaep;
    subject.params.oaep.hashAlg = CKM_MD5;
    expect_refused(CKF_ENCRYPT);
    subject.params.oaep.hashAlg = CKM_SHA256_RSA_PKCS;
    expect_refused(CKF_DECRYPT);
    subject.params.oaep = good;
    subject.params.oaep.mgf = 0;
    expect_refused(CKF_ENCRYPT);
    subject.params.oaep.mgf = 0x7777;
    expect_refused(CKF_DECRYPT);
    subject.params.oaep = good;
    subject.params.oaep.source = 2;
    expect_refused(CKF_ENCRYPT);
    subject.params.oaep = good;
    subject.params.oaep.pSourceData = NULL;
    subject.params.oaep.ulSourceDataLen = 3;
    expect_refused(CKF_DECRYPT);
    subject_drop(&subject);
}
END_TEST

/* --- PSS --- */

static void check_salts(size_t hash_len)
{
    const CK_ULONG longest = 256 - 2 - hash_len;
    const CK_ULONG salts[] = {0, 1, hash_len, longest};
    struct cfr_span data = subject.row->hash == NULL ? pattern(hash_len) : pattern(100);

    for (size_t i = 0; i < COUNT(salts); i++) {
        subject.params.pss.sLen = salts[i];
        expect_signature(data);
    }
}

/* Each hash with each function for the mask and salts up to the longest that the modulus has room for. */
START_TEST(pss_salts)
{
    const struct hash_row *hash = &hashes[_i];

    subject_make(&subject, session, mechanism_find(CKM_RSA_PKCS_PSS), 0);
    subject.params.pss.hashAlg = hash->digest;
    for (size_t i = 0; i < HASH_COUNT; i++) {
        subject.params.pss.mgf = hashes[i].mgf;
        if (hashes[i].mgf != 0) {
            check_salts(hash->len);
        }
    }
    subject_drop(&subject);
    if (hash->pss != 0) {
        subject_make(&subject, session, mechanism_find(hash->pss), 0);
        check_salts(hash->len);
        subject_drop(&subject);
    }
}
END_TEST

START_TEST(pss_parameters_refused)
{
    CK_RSA_PKCS_PSS_PARAMS good;

    subject_make(&subject, session, mechanism_find(CKM_SHA256_RSA_PKCS_PSS), 0);
    good = subject.params.pss;
    subject.params.pss.hashAlg = CKM_SHA384;
    expect_refused(CKF_SIGN);
    expect_refused(CKF_VERIFY);
    subject.params.pss.hashAlg = CKM_MD5;
    expect_refused(CKF_SIGN);
    subject.params.pss = good;
    subject.params.pss.mgf = 0;
    expect_refused(CKF_VERIFY);
    subject.params.pss = good;
    subject.params.pss.sLen = 256 - 2 - 32 + 1;
    expect_refused(CKF_SIGN);
    expect_refused(CKF_VERIFY);
    subject.params.pss.sLen = ~(CK_ULONG)0;
    expect_refused(CKF_SIGN);
    subject_drop(&subject);
}
END_TEST

/* A salt of another length than the parameter says is no valid signature. */
START_TEST(pss_salt_length_counts)
{
    struct operation verify;

    subject_make(&subject, session, mechanism_find(CKM_SHA256_RSA_PKCS_PSS), 0);
    reference_sign(&subject, pattern(50), &made);
    subject.params.pss.sLen--;
    verify = subject_op(&subject, CKF_VERIFY, 50);
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, pattern(50), octets_view(&made)));
    subject_drop(&subject);
}
END_TEST

/* --- MACs --- */

static void set_hmac_key(size_t len)
{
    ck_assert_uint_le(len, sizeof(subject.secret));
    random_octets(subject.secret, len);
    subject.secret_len = len;
    OK(p11->C_DestroyObject(session, subject.public));
    subject.public = secret_make(session, subject.row->key_type, subject.secret, len);
    subject.private = subject.public;
}

/* From one octet to more than the longest block. */
START_TEST(hmac_key_lengths)
{
    const struct hash_row *hash = &hashes[_i];

    subject_make(&subject, session, mechanism_find(hash->hmac), 0);
    for (size_t len = 1; len <= sizeof(subject.secret); len += len < 20 ? 1 : 9) {
        set_hmac_key(len);
        expect_signature(pattern(33));
    }
    subject_drop(&subject);
}
END_TEST

START_TEST(hmac_lengths)
{
    const struct hash_row *hash = &hashes[_i];

    subject_make(&subject, session, mechanism_find(hash->hmac_general), 0);
    for (CK_ULONG len = 1; len <= hash->len; len++) {
        subject.params.mac_len = len;
        expect_signature(pattern(33));
        ck_assert_uint_eq(made.len, len);
    }
    subject.params.mac_len = 0;
    expect_refused(CKF_SIGN);
    subject.params.mac_len = hash->len + 1;
    expect_refused(CKF_SIGN);
    expect_refused(CKF_VERIFY);
    subject_drop(&subject);
}
END_TEST

START_TEST(cmac_lengths)
{
    subject_make(&subject, session, mechanism_find(CKM_AES_CMAC_GENERAL), 0);
    for (CK_ULONG len = 1; len <= 16; len++) {
        subject.params.mac_len = len;
        expect_signature(pattern(33));
        ck_assert_uint_eq(made.len, len);
    }
    subject.params.mac_len = 0;
    expect_refused(CKF_SIGN);
    subject.params.mac_len = 17;
    expect_refused(CKF_VERIFY);
    subject_drop(&subject);
}
END_TEST

/* --- AEAD --- */

static uint8_t long_iv[129];

/* The reference reads the subject's own IV, so that longer ones than that go both ways here only. */
static void expect_round_trip(void)
{
    struct operation encrypt = subject_op(&subject, CKF_ENCRYPT, 40);
    struct operation decrypt = subject_op(&subject, CKF_DECRYPT, 40);

    OK(run_once(&encrypt, pattern(40), &made));
    ck_assert_uint_eq(made.len, 40 + subject.params.gcm.ulTagBits / 8);
    OK(run_once(&decrypt, octets_view(&made), &back));
    expect_octets(octets_view(&back), pattern(40), "a long IV");
}

START_TEST(gcm_parameters)
{
    CK_GCM_PARAMS *gcm = &subject.params.gcm;

    subject_make(&subject, session, mechanism_find(CKM_AES_GCM), 0);
    for (CK_ULONG len = 1; len <= sizeof(subject.iv); len++) {
        gcm->ulIvLen = len;
        /* What this says counts for nothing. */
        gcm->ulIvBits = len % 2 == 0 ? 0 : 8 * len;
        expect_crypt(pattern(40));
    }
    gcm->pIv = long_iv;
    for (CK_ULONG len = 17; len < sizeof(long_iv); len += 37) {
        random_octets(long_iv, sizeof(long_iv));
        gcm->ulIvLen = len;
        expect_round_trip();
    }
    gcm->pIv = subject.iv;
    gcm->ulIvLen = 12;
    for (gcm->ulTagBits = 96; gcm->ulTagBits <= 128; gcm->ulTagBits += 8) {
        expect_crypt(pattern(40));
        expect_crypt(pattern(0));
    }
    subject_drop(&subject);
}
END_TEST

START_TEST(gcm_parameters_refused)
{
    static const CK_ULONG tags[] = {0, 1, 32, 64, 88, 95, 127, 129, 136, ~(CK_ULONG)0};
    CK_GCM_PARAMS *gcm = &subject.params.gcm;

    subject_make(&subject, session, mechanism_find(CKM_AES_GCM), 0);
    for (size_t i = 0; i < COUNT(tags); i++) {
        gcm->ulTagBits = tags[i];
        expect_refused(CKF_ENCRYPT);
        expect_refused(CKF_DECRYPT);
    }
    gcm->ulTagBits = 128;
    gcm->ulIvLen = 0;
    expect_refused(CKF_ENCRYPT);
    gcm->ulIvLen = 12;
    gcm->pIv = NULL;
    expect_refused(CKF_ENCRYPT);
    gcm->pIv = subject.iv;
    gcm->pAAD = NULL;
    expect_refused(CKF_DECRYPT);
    subject_drop(&subject);
}
END_TEST

/* Each length of nonce and of code that SP 800-38C allows. */
START_TEST(ccm_parameters)
{
    CK_CCM_PARAMS *ccm = &subject.params.ccm;

    subject_make(&subject, session, mechanism_find(CKM_AES_CCM), 0);
    for (ccm->ulNonceLen = 7; ccm->ulNonceLen <= 13; ccm->ulNonceLen++) {
        for (ccm->ulMACLen = 4; ccm->ulMACLen <= 16; ccm->ulMACLen += 2) {
            expect_crypt(pattern(40));
            expect_crypt(pattern(0));
        }
    }
    subject_drop(&subject);
}
END_TEST

START_TEST(ccm_parameters_refused)
{
    static const CK_ULONG macs[] = {0, 2, 5, 15, 18};
    static const CK_ULONG nonces[] = {0, 6, 14};
    CK_CCM_PARAMS *ccm = &subject.params.ccm;

    subject_make(&subject, session, mechanism_find(CKM_AES_CCM), 0);
    for (size_t i = 0; i < COUNT(macs); i++) {
        ccm->ulMACLen = macs[i];
        expect_refused(CKF_ENCRYPT);
    }
    ccm->ulMACLen = 16;
    for (size_t i = 0; i < COUNT(nonces); i++) {
        ccm->ulNonceLen = nonces[i];
        expect_refused(CKF_DECRYPT);
    }
    ccm->ulNonceLen = 12;
    ccm->pNonce = NULL;
    expect_refused(CKF_ENCRYPT);
    ccm->pNonce = subject.iv;
    ccm->pAAD = NULL;
    expect_refused(CKF_ENCRYPT);
    subject_drop(&subject);
}
END_TEST

/* --- Counters --- */

/* Blocks until the counter's bits are used up; the next one is refused, with one code for both directions. */
static void check_counter(CK_FLAGS function, CK_ULONG blocks)
{
    struct operation op = subject_op(&subject, function, 0);
    CK_ULONG len = sizeof(back.at);

    OK(run_once(&op, pattern(16 * blocks), &back));
    EXPECT(CKR_DATA_LEN_RANGE, run_once(&op, pattern(16 * blocks + 1), &back));
    expect_idle(&op, "the counter's end");
    OK(op_init(&op));
    OK(op_update(&op, pattern(16 * blocks), back.at, &len));
    len = sizeof(back.at);
    EXPECT(CKR_DATA_LEN_RANGE, op_update(&op, pattern(1), back.at, &len));
    expect_idle(&op, "the counter's end in parts");
}

START_TEST(counters_do_not_come_round)
{
    CK_AES_CTR_PARAMS *ctr = &subject.params.ctr;

    subject_make(&subject, session, mechanism_find(CKM_AES_CTR), 0);
    ctr->ulCounterBits = 2;
    ctr->cb[15] = 0x01; /* the specification's own example: three blocks */
    check_counter(CKF_ENCRYPT, 3);
    check_counter(CKF_DECRYPT, 3);
    ctr->ulCounterBits = 8;
    ctr->cb[15] = 0xf0;
    check_counter(CKF_ENCRYPT, 16);
    memset(ctr->cb, 0xff, sizeof(ctr->cb));
    for (ctr->ulCounterBits = 1; ctr->ulCounterBits <= 128; ctr->ulCounterBits++) {
        check_counter(CKF_DECRYPT, 1);
    }
    ctr->ulCounterBits = 0;
    expect_refused(CKF_ENCRYPT);
    ctr->ulCounterBits = 129;
    expect_refused(CKF_DECRYPT);
    subject_drop(&subject);
}
END_TEST

/* --- Parameters that change from one Init to the next --- */

/* What a session keeps of an operation must not carry a parameter over. */
/* Of 32 bits: the last block is the last. Of 64: it carries, as libcrypto's does. */
START_TEST(chacha20_counters)
{
    struct operation encrypt;

    subject_make(&subject, session, mechanism_find(CKM_CHACHA20), 0);
    memset(subject.iv, 0xff, 4);
    expect_crypt(pattern(64));
    encrypt = subject_op(&subject, CKF_ENCRYPT, 65);
    EXPECT(CKR_DATA_LEN_RANGE, run_once(&encrypt, pattern(65), &made));
    EXPECT(CKR_DATA_LEN_RANGE, run_parts(&encrypt, pattern(65), 32, &made));
    subject.iv[0] = 0xfe;
    expect_crypt(pattern(128));
    EXPECT(CKR_DATA_LEN_RANGE, run_once(&encrypt, pattern(129), &made));
    subject_drop(&subject);
    subject_make(&subject, session, mechanism_find(CKM_CHACHA20), 1);
    memset(subject.iv, 0xff, 4);
    memset(subject.iv + 4, 0, 4);
    expect_crypt(pattern(1000));
    memset(subject.iv, 0xff, 8);
    expect_crypt(pattern(64));
    encrypt = subject_op(&subject, CKF_ENCRYPT, 65);
    EXPECT(CKR_DATA_LEN_RANGE, run_once(&encrypt, pattern(65), &made));
    subject_drop(&subject);
}
END_TEST

/* libcrypto has neither the nonces of 192 bits nor other pairs of lengths. */
START_TEST(chacha20_parameters_refused)
{
    static const struct {
        CK_ULONG counter_bits;
        CK_ULONG nonce_bits;
    } bad[] = {{32, 64}, {64, 96}, {64, 192}, {32, 12}, {0, 96}, {32, 0}, {4, 12}, {(CK_ULONG)-1, 96}};
    CK_CHACHA20_PARAMS good;

    subject_make(&subject, session, mechanism_find(CKM_CHACHA20), 0);
    good = subject.params.chacha20;
    for (size_t i = 0; i < COUNT(bad); i++) {
        subject.params.chacha20.blockCounterBits = bad[i].counter_bits;
        subject.params.chacha20.ulNonceBits = bad[i].nonce_bits;
        expect_refused(i % 2 == 0 ? CKF_ENCRYPT : CKF_DECRYPT);
    }
    subject.params.chacha20 = good;
    subject.params.chacha20.pBlockCounter = NULL;
    expect_refused(CKF_ENCRYPT);
    subject.params.chacha20 = good;
    subject.params.chacha20.pNonce = NULL;
    expect_refused(CKF_DECRYPT);
    subject_drop(&subject);
}
END_TEST

START_TEST(chacha20_poly1305_parameters)
{
    static const CK_ULONG bad[] = {0, 8, 24, 64, 95, 97, 192, (CK_ULONG)-1};
    CK_SALSA20_CHACHA20_POLY1305_PARAMS *params = &subject.params.chacha20_poly1305;

    subject_make(&subject, session, mechanism_find(CKM_CHACHA20_POLY1305), 0);
    params->ulNonceLen = 12;
    expect_crypt(pattern(100));
    for (size_t i = 0; i < COUNT(bad); i++) {
        params->ulNonceLen = bad[i];
        expect_refused(CKF_ENCRYPT);
    }
    params->ulNonceLen = 96;
    params->pNonce = NULL;
    expect_refused(CKF_DECRYPT);
    params->pNonce = subject.iv;
    params->pAAD = NULL;
    expect_refused(CKF_ENCRYPT);
    subject_drop(&subject);
}
END_TEST

START_TEST(each_init_has_its_own_parameters)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_AES_CBC, CKM_AES_CTR,  CKM_AES_GCM, CKM_AES_XTS,
                                              CKM_AES_OFB, CKM_AES_CFB8, CKM_AES_CTS, CKM_CHACHA20_POLY1305};

    subject_make(&subject, session, mechanism_find(types[_i]), 0);
    for (int round = 0; round < 5; round++) {
        random_octets(subject.iv, sizeof(subject.iv));
        random_octets(subject.aad, sizeof(subject.aad));
        if (types[_i] == CKM_AES_CTR) {
            memcpy(subject.params.ctr.cb, subject.iv, sizeof(subject.iv));
        }
        expect_crypt(pattern(64));
    }
    subject_drop(&subject);
}
END_TEST

START_TEST(each_init_has_its_own_scheme)
{
    static const size_t order[] = {2, 3, 2, 0, 4, 0};

    subject_make(&subject, session, mechanism_find(CKM_RSA_PKCS_OAEP), 0);
    for (size_t i = 0; i < COUNT(order); i++) {
        subject.params.oaep.hashAlg = hashes[order[i]].digest;
        subject.params.oaep.pSourceData = i % 2 == 0 ? NULL : subject.aad;
        subject.params.oaep.ulSourceDataLen = i % 2 == 0 ? 0 : sizeof(subject.aad) - i;
        expect_crypt(pattern(20));
    }
    subject_drop(&subject);
    subject_make(&subject, session, mechanism_find(CKM_RSA_PKCS_PSS), 0);
    for (size_t i = 0; i < COUNT(order); i++) {
        subject.params.pss.hashAlg = hashes[order[i]].digest;
        subject.params.pss.sLen = 10 + i;
        expect_signature(pattern(hashes[order[i]].len));
    }
    subject_drop(&subject);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("op_params");
    TCase *tcase = tcase_create("params");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, oaep_pairs, 0, HASH_COUNT);
    tcase_add_test(tcase, oaep_parameters_refused);
    tcase_add_loop_test(tcase, pss_salts, 0, HASH_COUNT);
    tcase_add_test(tcase, pss_parameters_refused);
    tcase_add_test(tcase, pss_salt_length_counts);
    tcase_add_loop_test(tcase, hmac_key_lengths, 0, HASH_COUNT);
    tcase_add_loop_test(tcase, hmac_lengths, 0, HASH_COUNT);
    tcase_add_test(tcase, cmac_lengths);
    tcase_add_test(tcase, gcm_parameters);
    tcase_add_test(tcase, gcm_parameters_refused);
    tcase_add_test(tcase, ccm_parameters);
    tcase_add_test(tcase, ccm_parameters_refused);
    tcase_add_test(tcase, counters_do_not_come_round);
    tcase_add_test(tcase, chacha20_counters);
    tcase_add_test(tcase, chacha20_parameters_refused);
    tcase_add_test(tcase, chacha20_poly1305_parameters);
    tcase_add_loop_test(tcase, each_init_has_its_own_parameters, 0, 8);
    tcase_add_test(tcase, each_init_has_its_own_scheme);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
