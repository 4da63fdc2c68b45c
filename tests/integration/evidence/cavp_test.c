/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NIST's CAVP, from Debian's python3-cryptography-vectors, whose files are read where the package has them; or from the
 * folder that COFFER_CAVP names. Without them nothing is run: tests/vectors does not need them.
 */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/kbkdf.h"
#include "integration/evidence/evidence.h"
#include "integration/evidence/published.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <stdio.h>
#include <stdlib.h>

enum { GCM_TAG_MIN_BITS = 96, CASES_OF_GCM = 2, BATCHES = 8, FIELD_MAX_LEN = 80 };

static struct octets out;
static struct bag template;

/* --- Digests and ciphers --- */

/* The folder says which hash: the length of a digest alone does not. A length of 0 comes with an octet. */
static void nist_digest(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    const struct hash_row *hash = NULL;
    struct cfr_span message =
        cfr_span_of(vectors_octets(vectors, "Msg").ptr, vectors_number(vectors, "Len") / 8);
    struct operation op = {session, CKF_DIGEST, {0}, CK_INVALID_HANDLE};
    size_t longest = 0;

    for (size_t i = 0; i < HASH_COUNT; i++) {
        size_t len = strlen(hashes[i].name);
        const char *file = strrchr(path, '/') + 1;

        if (strncmp(file, hashes[i].name, len) == 0 && len > longest) {
            hash = &hashes[i];
            longest = len;
        }
    }
    ck_assert_msg(hash != NULL, "%s", path);
    op.mechanism.mechanism = hash->digest;
    OK(run_once(&op, message, &out));
    expect_octets(octets_view(&out), vectors_octets(vectors, "MD"), "%s", path);
    OK(run_parts(&op, message, 64, &out));
    expect_octets(octets_view(&out), vectors_octets(vectors, "MD"), "%s", path);
}

/* Cases of encryption, run both ways. */
static void nist_block(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    static const struct {
        const char *folder;
        CK_MECHANISM_TYPE type;
    } modes[] = {{"/ECB", CKM_AES_ECB},
                 {"/CBC", CKM_AES_CBC},
                 {"/CFB8", CKM_AES_CFB8},
                 {"/CFB128", CKM_AES_CFB128},
                 {"/OFB", CKM_AES_OFB}};
    struct cfr_span key = vectors_octets(vectors, "KEY");
    struct cfr_span iv = vectors_has(vectors, "IV") ? vectors_octets(vectors, "IV") : cfr_span_of(NULL, 0);
    CK_MECHANISM mechanism = {0, UNCONST(iv.ptr), iv.len};

    if (strcmp(vectors_word(vectors, "section"), "ENCRYPT") != 0) {
        return;
    }
    for (size_t i = 0; i < COUNT(modes); i++) {
        if (strncmp(strrchr(path, '/'), modes[i].folder, strlen(modes[i].folder)) == 0) {
            mechanism.mechanism = modes[i].type;
        }
    }
    ck_assert_msg(mechanism.mechanism != 0, "%s", path);
    expect_both_ways(session, mechanism, secret_make(session, CKK_AES, key.ptr, key.len),
                     vectors_octets(vectors, "PLAINTEXT"), vectors_octets(vectors, "CIPHERTEXT"));
}

/* The first of each section; not those whose tags are shorter than the module takes. */
static void nist_gcm(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    struct cfr_span key = vectors_octets(vectors, "Key");
    struct cfr_span iv = vectors_octets(vectors, "IV");
    struct cfr_span aad = vectors_octets(vectors, "AAD");
    struct cfr_span text = vectors_octets(vectors, "CT");
    struct cfr_span tag = vectors_octets(vectors, "Tag");
    CK_GCM_PARAMS params = {UNCONST(iv.ptr), iv.len, 8 * iv.len, UNCONST(aad.ptr), aad.len, 8 * tag.len};
    struct operation decrypt = {session, CKF_DECRYPT, MECHANISM_WITH(CKM_AES_GCM, &params),
                                CK_INVALID_HANDLE};
    static struct octets coded;

    if (vectors_number(vectors, "Count") >= CASES_OF_GCM || 8 * tag.len < GCM_TAG_MIN_BITS) {
        return;
    }
    decrypt.key = secret_make(session, CKK_AES, key.ptr, key.len);
    cfr_copy(coded.at, text.ptr, text.len);
    cfr_copy(coded.at + text.len, tag.ptr, tag.len);
    coded.len = text.len + tag.len;
    if (vectors_has(vectors, "FAIL")) {
        EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_once(&decrypt, octets_view(&coded), &out));
        return;
    }
    OK(run_once(&decrypt, octets_view(&coded), &out));
    expect_octets(octets_view(&out), vectors_octets(vectors, "PT"), "%s", path);
    decrypt.function = CKF_ENCRYPT;
    OK(run_once(&decrypt, vectors_octets(vectors, "PT"), &out));
    expect_octets(octets_view(&out), octets_view(&coded), "%s", path);
}

/* What has no octets comes with one. */
static void nist_ccm(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    struct cfr_span key = vectors_octets(vectors, "Key");
    struct cfr_span nonce = vectors_octets(vectors, "Nonce");
    struct cfr_span plain =
        cfr_span_of(vectors_octets(vectors, "Payload").ptr, vectors_number(vectors, "Plen"));
    CK_CCM_PARAMS params = {plain.len,
                            UNCONST(nonce.ptr),
                            nonce.len,
                            UNCONST(vectors_octets(vectors, "Adata").ptr),
                            vectors_number(vectors, "Alen"),
                            vectors_number(vectors, "Tlen")};
    struct operation op = {session, CKF_ENCRYPT, MECHANISM_WITH(CKM_AES_CCM, &params),
                           secret_make(session, CKK_AES, key.ptr, key.len)};
    struct cfr_span coded = vectors_octets(vectors, "CT");

    OK(run_once(&op, plain, &out));
    expect_octets(octets_view(&out), coded, "%s", path);
    op.function = CKF_DECRYPT;
    OK(run_once(&op, coded, &out));
    expect_octets(octets_view(&out), plain, "%s", path);
}

static void nist_keywrap(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    struct cfr_span key = vectors_octets(vectors, "K");
    bool is_padded = strstr(path, "/KWP_") != NULL;
    struct operation op = {session, CKF_DECRYPT,
                           MECHANISM(is_padded ? CKM_AES_KEY_WRAP_KWP : CKM_AES_KEY_WRAP),
                           secret_make(session, CKK_AES, key.ptr, key.len)};
    CK_RV rv = run_once(&op, vectors_octets(vectors, "C"), &out);

    if (vectors_has(vectors, "FAIL")) {
        ck_assert_msg(rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE, "%s: %s", path,
                      rv_text(rv));
        return;
    }
    OK(rv);
    expect_octets(octets_view(&out), vectors_octets(vectors, "P"), "%s", path);
    op.function = CKF_ENCRYPT;
    OK(run_once(&op, vectors_octets(vectors, "P"), &out));
    expect_octets(octets_view(&out), vectors_octets(vectors, "C"), "%s", path);
}

/* --- Signatures --- */

static bool is_valid(const struct vectors *vectors)
{
    return !vectors_has(vectors, "Result") || vectors_word(vectors, "Result")[0] == 'P';
}

static struct cfr_span without_zeros(struct cfr_span number)
{
    while (number.len > 1 && number.ptr[0] == 0) {
        number = cfr_span_of(number.ptr + 1, number.len - 1);
    }
    return number;
}

/* A changed exponent may be none at all: then there is no such key. */
static void nist_rsa(CK_SESSION_HANDLE session, struct vectors *vectors, CK_MECHANISM mechanism)
{
    struct cfr_span n = without_zeros(vectors_octets(vectors, "n"));
    struct cfr_span e = without_zeros(vectors_octets(vectors, "e"));
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_RV rv;

    bag_clear(&template);
    bag_ulong(&template, CKA_CLASS, CKO_PUBLIC_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_RSA);
    bag_octets(&template, CKA_MODULUS, n.ptr, n.len);
    bag_octets(&template, CKA_PUBLIC_EXPONENT, e.ptr, e.len);
    bag_bool(&template, CKA_VERIFY, true);
    rv = try_object(session, &template, &key);
    if (rv == CKR_OK) {
        expect_verdict(session, mechanism, key, vectors_octets(vectors, "Msg"), vectors_octets(vectors, "S"),
                       is_valid(vectors));
    } else {
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, rv);
        ck_assert(!is_valid(vectors));
    }
}

static void nist_rsa_v15(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    (void)path;
    nist_rsa(session, vectors, MECHANISM(hash_find(vectors_word(vectors, "SHAAlg"))->rsa));
}

static void nist_rsa_pss(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "SHAAlg"));
    struct cfr_span salt = vectors_octets(vectors, "SaltVal");
    CK_RSA_PKCS_PSS_PARAMS params = {hash->digest, hash->mgf, salt.len == 1 ? 0 : salt.len};

    (void)path;
    nist_rsa(session, vectors, MECHANISM_WITH(hash->pss, &params));
}

/* A number as octets of a fixed length; its text may have an odd number of digits. */
static void put_number(const struct vectors *vectors, const char *key, uint8_t *octets, size_t len)
{
    BIGNUM *number = NULL;

    ck_assert_int_gt(BN_hex2bn(&number, vectors_word(vectors, key)), 0);
    ck_assert_msg(BN_bn2binpad(number, octets, (int)len) == (int)len, "%s is too long", key);
    BN_free(number);
}

static void lengths_of(const char *curve, size_t *ret_field, size_t *ret_order)
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(EC_curve_nist2nid(curve));

    ck_assert_msg(group != NULL, "libcrypto has no %s", curve);
    *ret_field = ((size_t)EC_GROUP_get_degree(group) + 7) / 8;
    *ret_order = ((size_t)EC_GROUP_order_bits(group) + 7) / 8;
    EC_GROUP_free(group);
}

/* A changed key may be no point. */
static void nist_ecdsa(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    const char *section = vectors_word(vectors, "section");
    const struct hash_row *hash = hash_find(strchr(section, ',') + 1);
    uint8_t point[1 + 2 * FIELD_MAX_LEN] = {0x04};
    uint8_t signature[2 * FIELD_MAX_LEN];
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    size_t field;
    size_t order;
    char curve[8];
    CK_RV rv;

    (void)snprintf(curve, sizeof(curve), "%.5s", section);
    lengths_of(curve, &field, &order);
    put_number(vectors, "Qx", point + 1, field);
    put_number(vectors, "Qy", point + 1 + field, field);
    put_number(vectors, "R", signature, order);
    put_number(vectors, "S", signature + order, order);
    rv = try_ec_public(session, curve, cfr_span_of(point, 1 + 2 * field), &key);
    if (rv == CKR_OK) {
        expect_verdict(session, MECHANISM(hash->ecdsa), key, vectors_octets(vectors, "Msg"),
                       cfr_span_of(signature, 2 * order), is_valid(vectors));
    } else {
        ck_assert_msg(!is_valid(vectors) && rv == CKR_ATTRIBUTE_VALUE_INVALID, "%s %s: %s", path, section,
                      rv_text(rv));
    }
}

/* --- SP 800-108, counter mode --- */

static void nist_kbkdf(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path)
{
    const char *prf = vectors_word(vectors, "PRF");
    const char *place = vectors_word(vectors, "CTRLOCATION");
    bool is_cmac = strncmp(prf, "CMAC_AES", 8) == 0;
    const struct hash_row *hash = strncmp(prf, "HMAC_", 5) == 0 ? hash_find(prf + 5) : NULL;
    struct cfr_span key = vectors_octets(vectors, "KI");
    struct cfr_span wanted = vectors_octets(vectors, "KO");

    if (!is_cmac && hash == NULL) {
        return; /* CMAC of Triple DES */
    }
    kbkdf_begin(CKM_SP800_108_COUNTER_KDF, is_cmac ? CKM_AES_CMAC : hash->hmac,
                strtoul(vectors_word(vectors, "RLEN"), NULL, 10));
    if (strcmp(place, "MIDDLE_FIXED") == 0) {
        kbkdf_octets(vectors_octets(vectors, "DataBeforeCtrData"));
        kbkdf_counter();
        kbkdf_octets(vectors_octets(vectors, "DataAfterCtrData"));
    } else if (strcmp(place, "BEFORE_FIXED") == 0) {
        kbkdf_counter();
        kbkdf_octets(vectors_octets(vectors, "FixedInputData"));
    } else {
        kbkdf_octets(vectors_octets(vectors, "FixedInputData"));
        kbkdf_counter();
    }
    derived_template(&template, CKK_GENERIC_SECRET, wanted.len);
    derive_expect(session, kbkdf_end(),
                  secret_make(session, is_cmac ? CKK_AES : CKK_GENERIC_SECRET, key.ptr, key.len), &template,
                  wanted, path);
}

/* --- All of them --- */

static const struct {
    const char *path;
    const char *last;
    void (*run)(CK_SESSION_HANDLE session, struct vectors *vectors, const char *path);
} files[] = {
#define CAVP(path, last, runner) {path, last, nist_##runner},
#include "integration/evidence/cavp.def"
#undef CAVP
};

static void run_file(const char *folder, size_t file)
{
    char path[1024];
    struct vectors *vectors;

    (void)snprintf(path, sizeof(path), "%s/%s", folder, files[file].path);
    vectors = vectors_open_cavp(path);
    if (vectors == NULL) {
        (void)printf("%s is not there: skipped\n", path);
        return;
    }
    while (vectors_next_cavp(vectors, files[file].last)) {
        CK_SESSION_HANDLE session = case_begin();

        files[file].run(session, vectors, files[file].path);
        case_end(session, EVIDENCE_CAVP, 0);
    }
    ck_assert_uint_gt(vectors_seen(vectors), 0);
    vectors_close(vectors, vectors_seen(vectors));
}

START_TEST(cavp)
{
    const char *folder = getenv("COFFER_CAVP");

    for (size_t i = (size_t)_i; i < COUNT(files); i += BATCHES) {
        run_file(folder == NULL ? "/usr/lib/python3/dist-packages/cryptography_vectors" : folder, i);
    }
}
END_TEST

TCase *cavp_tcase(void)
{
    TCase *tcase = tcase_create("cavp");

    tcase_add_checked_fixture(tcase, evidence_setup, evidence_teardown);
    tcase_set_timeout(tcase, 600);
    tcase_add_loop_test(tcase, cavp, 0, BATCHES);
    return tcase;
}
