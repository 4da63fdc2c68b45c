/* SPDX-License-Identifier: Apache-2.0 */
/* Published vectors of digests, MACs, AES modes and key wraps, through the C_* functions. */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"
#include "support/vectors.h"

static const size_t chunks[] = {1, 7, 16, 4096};

static CK_SESSION_HANDLE session;
static struct octets out;

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

static struct operation operation(CK_FLAGS function, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key)
{
    return (struct operation){session, function, mechanism, key};
}

static CK_OBJECT_HANDLE key_of(struct vectors *vectors, CK_KEY_TYPE type)
{
    struct cfr_span key = vectors_octets(vectors, "key");

    return secret_make(session, type, key.ptr, key.len);
}

static void forget(CK_OBJECT_HANDLE key)
{
    OK(p11->C_DestroyObject(session, key));
}

/* Whole and in parts of several sizes: always the same. */
static void expect_result(const struct operation *op, struct cfr_span in, struct cfr_span wanted)
{
    OK(run_once(op, in, &out));
    expect_octets(octets_view(&out), wanted, "%s 0x%lx", op_name(op->function), op->mechanism.mechanism);
    for (size_t i = 0; i < COUNT(chunks); i++) {
        OK(run_parts(op, in, chunks[i], &out));
        expect_octets(octets_view(&out), wanted, "%s 0x%lx in parts of %zu", op_name(op->function),
                      op->mechanism.mechanism, chunks[i]);
    }
}

/* --- Digests --- */

/* Some messages are a million octets: as many copies as fit go in each part. */
static void check_repeated(CK_MECHANISM mechanism, struct cfr_span part, size_t repeat,
                           struct cfr_span wanted)
{
    static struct octets copies;
    struct operation op = operation(CKF_DIGEST, mechanism, 0);
    size_t fit = sizeof(copies.at) / part.len;

    for (size_t i = 0; i < fit; i++) {
        cfr_copy(copies.at + i * part.len, part.ptr, part.len);
    }
    OK(op_init(&op));
    for (size_t left = repeat; left != 0; left -= left < fit ? left : fit) {
        OK(p11->C_DigestUpdate(session, copies.at, (left < fit ? left : fit) * part.len));
    }
    out.len = sizeof(out.at);
    OK(p11->C_DigestFinal(session, out.at, &out.len));
    expect_octets(octets_view(&out), wanted, "digest 0x%lx, %zu times", mechanism.mechanism, repeat);
}

START_TEST(digests)
{
    struct vectors *vectors = vectors_open("digest");

    while (vectors_next(vectors)) {
        CK_MECHANISM mechanism = MECHANISM(hash_find(vectors_word(vectors, "hash"))->digest);
        struct operation op = operation(CKF_DIGEST, mechanism, 0);
        struct cfr_span message = vectors_octets(vectors, "msg");

        if (vectors_has(vectors, "repeat")) {
            check_repeated(mechanism, message, vectors_number(vectors, "repeat"),
                           vectors_octets(vectors, "md"));
        } else {
            expect_result(&op, message, vectors_octets(vectors, "md"));
        }
    }
    vectors_close(vectors, 55);
}
END_TEST

/* --- MACs --- */

/* The code, whole and in parts; another code, and one without its last octet, are refused. */
static void expect_mac(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, struct cfr_span message,
                       struct cfr_span mac)
{
    struct operation sign = operation(CKF_SIGN, mechanism, key);
    struct operation verify = operation(CKF_VERIFY, mechanism, key);
    CK_BYTE wrong[64];

    expect_result(&sign, message, mac);
    OK(run_verify(&verify, message, mac));
    for (size_t i = 0; i < COUNT(chunks); i++) {
        OK(run_verify_parts(&verify, message, chunks[i], mac));
    }
    memcpy(wrong, mac.ptr, mac.len);
    wrong[mac.len - 1] ^= 1;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, message, cfr_span_of(wrong, mac.len)));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, run_verify(&verify, message, cfr_span_of(mac.ptr, mac.len - 1)));
}

static const struct {
    const char *name;
    size_t cases;
} hmac_files[] = {{"hmac_rfc2202", 7}, {"hmac_rfc4231", 28}, {"hmac_sha3", 12}};

START_TEST(hmacs)
{
    struct vectors *vectors = vectors_open(hmac_files[_i].name);

    while (vectors_next(vectors)) {
        const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
        struct cfr_span mac = vectors_octets(vectors, "mac");
        CK_MAC_GENERAL_PARAMS len = mac.len;
        CK_OBJECT_HANDLE generic = key_of(vectors, CKK_GENERIC_SECRET);
        CK_OBJECT_HANDLE own = key_of(vectors, hash->key_type);

        expect_mac(MECHANISM_WITH(hash->hmac_general, &len), generic, vectors_octets(vectors, "msg"), mac);
        if (mac.len == hash->len) {
            expect_mac(MECHANISM(hash->hmac), own, vectors_octets(vectors, "msg"), mac);
        }
        forget(generic);
        forget(own);
    }
    vectors_close(vectors, hmac_files[_i].cases);
}
END_TEST

START_TEST(cmacs)
{
    struct vectors *vectors = vectors_open("cmac");

    while (vectors_next(vectors)) {
        struct cfr_span mac = vectors_octets(vectors, "mac");
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);
        CK_MAC_GENERAL_PARAMS half = mac.len / 2;

        expect_mac(MECHANISM(CKM_AES_CMAC), key, vectors_octets(vectors, "msg"), mac);
        expect_mac(MECHANISM_WITH(CKM_AES_CMAC_GENERAL, &half), key, vectors_octets(vectors, "msg"),
                   cfr_span_of(mac.ptr, half));
        forget(key);
    }
    vectors_close(vectors, 12);
}
END_TEST

START_TEST(gmacs)
{
    struct vectors *vectors = vectors_open("gmac");
    size_t valid = 0;

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        CK_GCM_PARAMS params = {.pIv = UNCONST(iv.ptr), .ulIvLen = iv.len, .ulTagBits = 128};
        CK_MECHANISM mechanism = MECHANISM_WITH(CKM_AES_GMAC, &params);
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);
        struct operation verify = operation(CKF_VERIFY, mechanism, key);

        if (vectors_number(vectors, "valid") == 1) {
            valid++;
            expect_mac(mechanism, key, vectors_octets(vectors, "msg"), vectors_octets(vectors, "mac"));
        } else {
            EXPECT(CKR_SIGNATURE_INVALID,
                   run_verify(&verify, vectors_octets(vectors, "msg"), vectors_octets(vectors, "mac")));
        }
        forget(key);
    }
    vectors_close(vectors, 42);
    ck_assert_uint_gt(valid, 0);
}
END_TEST

/* --- AES --- */

static void expect_both_ways(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, struct cfr_span plain,
                             struct cfr_span coded)
{
    struct operation encrypt = operation(CKF_ENCRYPT, mechanism, key);
    struct operation decrypt = operation(CKF_DECRYPT, mechanism, key);

    expect_result(&encrypt, plain, coded);
    expect_result(&decrypt, coded, plain);
}

static const struct {
    const char *mode;
    CK_MECHANISM_TYPE type;
} modes[] = {{"ECB", CKM_AES_ECB},   {"CBC", CKM_AES_CBC},       {"CTR", CKM_AES_CTR}, {"CFB1", CKM_AES_CFB1},
             {"CFB8", CKM_AES_CFB8}, {"CFB128", CKM_AES_CFB128}, {"OFB", CKM_AES_OFB}};

static CK_MECHANISM_TYPE mode_type(const char *mode)
{
    size_t at = 0;

    while (strcmp(modes[at].mode, mode) != 0) {
        at++;
        ck_assert_uint_lt(at, COUNT(modes));
    }
    return modes[at].type;
}

START_TEST(block_modes)
{
    struct vectors *vectors = vectors_open("aes_modes");

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);
        CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 128};
        CK_MECHANISM mechanism = {mode_type(vectors_word(vectors, "mode")), UNCONST(iv.ptr), iv.len};

        if (mechanism.mechanism == CKM_AES_CTR) {
            memcpy(ctr.cb, iv.ptr, sizeof(ctr.cb));
            mechanism = MECHANISM_WITH(CKM_AES_CTR, &ctr);
        }
        expect_both_ways(mechanism, key, vectors_octets(vectors, "pt"), vectors_octets(vectors, "ct"));
        forget(key);
    }
    vectors_close(vectors, 21);
}
END_TEST

START_TEST(stolen_ciphertext)
{
    struct vectors *vectors = vectors_open("aes_cts");

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);

        expect_both_ways((CK_MECHANISM){CKM_AES_CTS, UNCONST(iv.ptr), iv.len}, key,
                         vectors_octets(vectors, "pt"), vectors_octets(vectors, "ct"));
        forget(key);
    }
    vectors_close(vectors, 6);
}
END_TEST

START_TEST(chacha20)
{
    struct vectors *vectors = vectors_open("chacha20");

    while (vectors_next(vectors)) {
        struct cfr_span counter = vectors_octets(vectors, "counter");
        struct cfr_span nonce = vectors_octets(vectors, "iv");
        CK_CHACHA20_PARAMS params = {UNCONST(counter.ptr), 8 * counter.len, UNCONST(nonce.ptr),
                                     8 * nonce.len};
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_CHACHA20);

        expect_both_ways(MECHANISM_WITH(CKM_CHACHA20, &params), key, vectors_octets(vectors, "pt"),
                         vectors_octets(vectors, "ct"));
        forget(key);
    }
    vectors_close(vectors, 9);
}
END_TEST

START_TEST(xts)
{
    struct vectors *vectors = vectors_open("aes_xts");

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES_XTS);

        expect_both_ways((CK_MECHANISM){CKM_AES_XTS, UNCONST(iv.ptr), iv.len}, key,
                         vectors_octets(vectors, "pt"), vectors_octets(vectors, "ct"));
        forget(key);
    }
    vectors_close(vectors, 12);
}
END_TEST

START_TEST(padded_cbc)
{
    struct vectors *vectors = vectors_open("aes_cbc_pad");
    size_t invalid = 0;

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        struct cfr_span coded = vectors_octets(vectors, "ct");
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);
        CK_MECHANISM mechanism = {CKM_AES_CBC_PAD, UNCONST(iv.ptr), iv.len};
        struct operation decrypt = operation(CKF_DECRYPT, mechanism, key);
        CK_RV refusal =
            coded.len == 0 || coded.len % 16 != 0 ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_INVALID;

        if (vectors_number(vectors, "valid") == 1) {
            expect_both_ways(mechanism, key, vectors_octets(vectors, "pt"), coded);
        } else {
            invalid++;
            EXPECT(refusal, run_once(&decrypt, coded, &out));
            expect_idle(&decrypt, "a wrong padding");
            EXPECT(refusal, run_parts(&decrypt, coded, 7, &out));
        }
        forget(key);
    }
    vectors_close(vectors, 24);
    ck_assert_uint_gt(invalid, 0);
}
END_TEST

/* Text and tag are one octet string in Cryptoki. */
static struct cfr_span joined(struct vectors *vectors)
{
    static struct octets both;
    struct cfr_span text = vectors_octets(vectors, "ct");
    struct cfr_span tag = vectors_octets(vectors, "tag");

    cfr_copy(both.at, text.ptr, text.len);
    cfr_copy(both.at + text.len, tag.ptr, tag.len);
    both.len = text.len + tag.len;
    return octets_view(&both);
}

/* Each octet of text, tag and associated data counts. */
static void expect_forgery_seen(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, struct cfr_span coded)
{
    struct operation decrypt = operation(CKF_DECRYPT, mechanism, key);
    static struct octets forged;

    for (size_t at = 0; at < coded.len; at += 5) {
        cfr_copy(forged.at, coded.ptr, coded.len);
        forged.at[at] ^= 0x10;
        forged.len = coded.len;
        EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_once(&decrypt, octets_view(&forged), &out));
        EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_parts(&decrypt, octets_view(&forged), 16, &out));
    }
}

START_TEST(gcm)
{
    struct vectors *vectors = vectors_open("aes_gcm");

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        struct cfr_span aad = vectors_octets(vectors, "aad");
        CK_GCM_PARAMS params = {.pIv = UNCONST(iv.ptr),
                                .ulIvLen = iv.len,
                                .ulIvBits = 8 * iv.len,
                                .pAAD = UNCONST(aad.ptr),
                                .ulAADLen = aad.len,
                                .ulTagBits = 128};
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);

        expect_both_ways(MECHANISM_WITH(CKM_AES_GCM, &params), key, vectors_octets(vectors, "pt"),
                         joined(vectors));
        expect_forgery_seen(MECHANISM_WITH(CKM_AES_GCM, &params), key, joined(vectors));
        forget(key);
    }
    vectors_close(vectors, 18);
}
END_TEST

START_TEST(ccm)
{
    struct vectors *vectors = vectors_open("aes_ccm");
    static CK_BYTE aad[65536];

    while (vectors_next(vectors)) {
        struct cfr_span iv = vectors_octets(vectors, "iv");
        struct cfr_span part = vectors_octets(vectors, "aad");
        size_t repeat = vectors_number(vectors, "repeat");
        CK_CCM_PARAMS params = {.ulDataLen = vectors_octets(vectors, "pt").len,
                                .pNonce = UNCONST(iv.ptr),
                                .ulNonceLen = iv.len,
                                .pAAD = aad,
                                .ulAADLen = repeat * part.len,
                                .ulMACLen = vectors_octets(vectors, "tag").len};
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);

        ck_assert_uint_le(params.ulAADLen, sizeof(aad));
        for (size_t i = 0; i < repeat; i++) {
            cfr_copy(aad + i * part.len, part.ptr, part.len);
        }
        expect_both_ways(MECHANISM_WITH(CKM_AES_CCM, &params), key, vectors_octets(vectors, "pt"),
                         joined(vectors));
        expect_forgery_seen(MECHANISM_WITH(CKM_AES_CCM, &params), key, joined(vectors));
        forget(key);
    }
    vectors_close(vectors, 4);
}
END_TEST

/* "The first three bytes of the SHA-1 hash of the ChaCha20 secret key object's CKA_VALUE"; and 256 bits, no others. */
START_TEST(chacha20_keys)
{
    static const size_t bad[] = {0, 16, 31, 33, 64};
    static struct bag bag;
    CK_BYTE digest[64];
    CK_OBJECT_HANDLE key = secret_make(session, CKK_CHACHA20, pattern(32).ptr, 32);

    read_octets(session, key, CKA_CHECK_VALUE, &out);
    (void)hash_digest(hash_find("SHA1"), pattern(32), digest);
    expect_octets(octets_view(&out), cfr_span_of(digest, 3), "CKA_CHECK_VALUE");
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), 32);
    for (size_t i = 0; i < COUNT(bad); i++) {
        bag_clear(&bag);
        bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
        bag_ulong(&bag, CKA_KEY_TYPE, CKK_CHACHA20);
        bag_octets(&bag, CKA_VALUE, pattern(bad[i]).ptr, bad[i]);
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object(session, &bag, &key));
    }
}
END_TEST

START_TEST(chacha20_poly1305)
{
    struct vectors *vectors = vectors_open("chacha20_poly1305");

    while (vectors_next(vectors)) {
        struct cfr_span nonce = vectors_octets(vectors, "iv");
        struct cfr_span aad = vectors_octets(vectors, "aad");
        CK_SALSA20_CHACHA20_POLY1305_PARAMS params = {UNCONST(nonce.ptr), 8 * nonce.len, UNCONST(aad.ptr),
                                                      aad.len};
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_CHACHA20);

        expect_both_ways(MECHANISM_WITH(CKM_CHACHA20_POLY1305, &params), key, vectors_octets(vectors, "pt"),
                         joined(vectors));
        params.ulNonceLen = nonce.len; /* in octets, as some callers have it */
        expect_forgery_seen(MECHANISM_WITH(CKM_CHACHA20_POLY1305, &params), key, joined(vectors));
        forget(key);
    }
    vectors_close(vectors, 2);
}
END_TEST

/* --- Key wraps, as encryption and as wrapping --- */

static void check_wrap(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, struct cfr_span plain,
                       struct cfr_span coded)
{
    CK_OBJECT_HANDLE target = secret_make(session, CKK_GENERIC_SECRET, plain.ptr, plain.len);
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_BOOL(CKA_SENSITIVE, false),
                               ATTR_BOOL(CKA_EXTRACTABLE, true)};
    CK_OBJECT_HANDLE unwrapped;

    out.len = sizeof(out.at);
    OK(p11->C_WrapKey(session, &mechanism, key, target, out.at, &out.len));
    expect_octets(octets_view(&out), coded, "C_WrapKey 0x%lx", mechanism.mechanism);
    OK(p11->C_UnwrapKey(session, &mechanism, key, out.at, out.len, TEMPLATE(template), &unwrapped));
    read_octets(session, unwrapped, CKA_VALUE, &out);
    expect_octets(octets_view(&out), plain, "C_UnwrapKey 0x%lx", mechanism.mechanism);
    forget(target);
    forget(unwrapped);
}

static const struct {
    const char *name;
    size_t cases;
    CK_MECHANISM_TYPE mechanism;
} wrap_files[] = {{"keywrap_rfc3394", 6, CKM_AES_KEY_WRAP}, {"keywrap_rfc5649", 2, CKM_AES_KEY_WRAP_KWP}};

START_TEST(key_wraps)
{
    struct vectors *vectors = vectors_open(wrap_files[_i].name);
    CK_MECHANISM mechanism = MECHANISM(wrap_files[_i].mechanism);

    while (vectors_next(vectors)) {
        struct cfr_span plain = vectors_octets(vectors, "pt");
        struct cfr_span coded = vectors_octets(vectors, "ct");
        CK_OBJECT_HANDLE key = key_of(vectors, CKK_AES);
        struct operation encrypt = operation(CKF_ENCRYPT, mechanism, key);
        struct operation decrypt = operation(CKF_DECRYPT, mechanism, key);

        OK(run_once(&encrypt, plain, &out));
        expect_octets(octets_view(&out), coded, "encrypted");
        OK(run_once(&decrypt, coded, &out));
        expect_octets(octets_view(&out), plain, "decrypted");
        check_wrap(mechanism, key, plain, coded);
        forget(key);
    }
    vectors_close(vectors, wrap_files[_i].cases);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("vectors_symmetric");
    TCase *tcase = tcase_create("published");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, digests);
    tcase_add_loop_test(tcase, hmacs, 0, COUNT(hmac_files));
    tcase_add_test(tcase, cmacs);
    tcase_add_test(tcase, gmacs);
    tcase_add_test(tcase, block_modes);
    tcase_add_test(tcase, stolen_ciphertext);
    tcase_add_test(tcase, chacha20);
    tcase_add_test(tcase, chacha20_keys);
    tcase_add_test(tcase, chacha20_poly1305);
    tcase_add_test(tcase, xts);
    tcase_add_test(tcase, padded_cbc);
    tcase_add_test(tcase, gcm);
    tcase_add_test(tcase, ccm);
    tcase_add_loop_test(tcase, key_wraps, 0, COUNT(wrap_files));
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
