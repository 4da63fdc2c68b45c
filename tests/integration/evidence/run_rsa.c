/* SPDX-License-Identifier: Apache-2.0 */
/* RSA in all paddings. */
#include "integration/evidence/published.h"

static struct octets out;

static CK_OBJECT_HANDLE rsa_half(CK_SESSION_HANDLE session, const char *id,
                                 CK_OBJECT_HANDLE (*make)(CK_SESSION_HANDLE session, EVP_PKEY *pkey))
{
    EVP_PKEY *pkey = pkey_rsa(id);
    CK_OBJECT_HANDLE key = make(session, pkey);

    EVP_PKEY_free(pkey);
    return key;
}

static CK_OBJECT_HANDLE case_public(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    return rsa_public(session, vectors_octets(vectors, "n"), vectors_octets(vectors, "e"));
}

/* --- PKCS #1 v1.5 --- */

/* What was signed comes out of the signature, padding taken off, and its signature is the published one. */
static void check_recovery(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public,
                           struct cfr_span digest, struct cfr_span signature)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_RSA_PKCS);
    static struct octets info;

    info.len = sizeof(info.at);
    OK(p11->C_VerifyRecoverInit(session, &mechanism, public));
    OK(p11->C_VerifyRecover(session, UNCONST(signature.ptr), signature.len, info.at, &info.len));
    ck_assert_uint_gt(info.len, digest.len);
    expect_octets(cfr_span_of(info.at + info.len - digest.len, digest.len), digest, "the digest");
    out.len = sizeof(out.at);
    OK(p11->C_SignRecoverInit(session, &mechanism, private));
    OK(p11->C_SignRecover(session, info.at, info.len, out.at, &out.len));
    expect_octets(octets_view(&out), signature, "the signature of what was recovered");
}

void run_rsa_v15_sign(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
    CK_OBJECT_HANDLE private = rsa_half(session, vectors_word(vectors, "key"), private_make);
    CK_OBJECT_HANDLE public = rsa_half(session, vectors_word(vectors, "key"), public_make);
    struct cfr_span message = vectors_octets(vectors, "msg");
    uint8_t md[64];

    if (hash->rsa != 0) {
        expect_signature(session, MECHANISM(hash->rsa), private, public, message,
                         vectors_octets(vectors, "sig"));
    }
    check_recovery(session, private, public, hash_digest(hash, message, md), vectors_octets(vectors, "sig"));
}

/* The first case is the key of all others. */
void run_rsa_v15_verify(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    static struct octets modulus;
    static struct octets exponent;
    CK_OBJECT_HANDLE key;

    if (vectors_has(vectors, "n")) {
        modulus.len = vectors_octets(vectors, "n").len;
        cfr_copy(modulus.at, vectors_octets(vectors, "n").ptr, modulus.len);
        exponent.len = vectors_octets(vectors, "e").len;
        cfr_copy(exponent.at, vectors_octets(vectors, "e").ptr, exponent.len);
        return;
    }
    key = rsa_public(session, octets_view(&modulus), octets_view(&exponent));
    expect_verdict(session, MECHANISM(CKM_SHA256_RSA_PKCS), key, vectors_octets(vectors, "msg"),
                   vectors_octets(vectors, "sig"), strcmp(vectors_word(vectors, "result"), "valid") == 0);
}

void run_rsa_v15_sha3(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));

    expect_verdict(session, MECHANISM(hash->rsa), case_public(session, vectors),
                   vectors_octets(vectors, "msg"), vectors_octets(vectors, "sig"),
                   vectors_number(vectors, "valid") == 1);
}

/* No message tells a wrong padding from a right one: a wrong one gives a synthetic message. */
void run_rsa_v15_decrypt(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct operation decrypt = {session, CKF_DECRYPT, MECHANISM(CKM_RSA_PKCS),
                                rsa_half(session, "rsa2048_1", private_make)};

    OK(run_once(&decrypt, vectors_octets(vectors, "ct"), &out));
    expect_octets(octets_view(&out), vectors_octets(vectors, "msg"), "case %s", vectors_word(vectors, "id"));
}

/* --- PSS and OAEP --- */

/* There is no CKG_ for the mask generation of some of them. */
void run_rsa_pss(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
    const struct hash_row *mgf = hash_find(vectors_word(vectors, "mgf"));
    CK_RSA_PKCS_PSS_PARAMS params = {hash->digest, mgf->mgf, vectors_number(vectors, "salt")};
    bool is_valid = vectors_number(vectors, "valid") == 1;
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span signature = vectors_octets(vectors, "sig");
    CK_OBJECT_HANDLE key;
    uint8_t md[64];

    if (mgf->mgf == 0) {
        return;
    }
    key = case_public(session, vectors);
    expect_verdict(session, MECHANISM_WITH(CKM_RSA_PKCS_PSS, &params), key, hash_digest(hash, message, md),
                   signature, is_valid);
    if (hash->pss != 0) {
        expect_verdict(session, MECHANISM_WITH(hash->pss, &params), key, message, signature, is_valid);
    }
}

void run_rsa_oaep(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
    const struct hash_row *mgf = hash_find(vectors_word(vectors, "mgf"));
    struct cfr_span label = vectors_octets(vectors, "label");
    CK_RSA_PKCS_OAEP_PARAMS params = {hash->digest, mgf->mgf, CKZ_DATA_SPECIFIED, UNCONST(label.ptr),
                                      label.len};
    struct operation decrypt = {session, CKF_DECRYPT, MECHANISM_WITH(CKM_RSA_PKCS_OAEP, &params),
                                CK_INVALID_HANDLE};

    if (mgf->mgf == 0) {
        return;
    }
    decrypt.key = rsa_half(session, vectors_word(vectors, "key"), private_make);
    if (vectors_number(vectors, "valid") == 1) {
        OK(run_once(&decrypt, vectors_octets(vectors, "ct"), &out));
        expect_octets(octets_view(&out), vectors_octets(vectors, "msg"), "case %s",
                      vectors_word(vectors, "id"));
    } else {
        EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_once(&decrypt, vectors_octets(vectors, "ct"), &out));
    }
}

/* --- No padding --- */

static CK_OBJECT_HANDLE raw_private(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    static const struct {
        const char *name;
        CK_ATTRIBUTE_TYPE type;
    } numbers[] = {{"n", CKA_MODULUS},     {"e", CKA_PUBLIC_EXPONENT}, {"d", CKA_PRIVATE_EXPONENT},
                   {"p", CKA_PRIME_1},     {"q", CKA_PRIME_2},         {"dp", CKA_EXPONENT_1},
                   {"dq", CKA_EXPONENT_2}, {"qi", CKA_COEFFICIENT}};
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_RSA);
    bag_bool(&bag, CKA_SIGN, true);
    bag_bool(&bag, CKA_DECRYPT, true);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (vectors_has(vectors, numbers[i].name)) {
            struct cfr_span octets = vectors_octets(vectors, numbers[i].name);

            bag_octets(&bag, numbers[i].type, octets.ptr, octets.len);
        }
    }
    return object_make(session, &bag);
}

/* What is not below the modulus is refused. */
void run_rsa_raw(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    bool is_signature = strcmp(vectors_word(vectors, "operation"), "sign") == 0;
    struct operation op = {session, is_signature ? CKF_SIGN : CKF_DECRYPT, MECHANISM(CKM_RSA_X_509),
                           raw_private(session, vectors)};
    CK_RV rv = run_once(&op, vectors_octets(vectors, "in"), &out);

    if (vectors_number(vectors, "valid") == 1) {
        OK(rv);
        expect_octets(octets_view(&out), vectors_octets(vectors, "out"), "case %s",
                      vectors_word(vectors, "id"));
        if (is_signature) {
            expect_verdict(session, op.mechanism, case_public(session, vectors),
                           vectors_octets(vectors, "in"), octets_view(&out), true);
        }
    } else {
        ck_assert_msg(is_signature ? rv == CKR_DATA_INVALID || rv == CKR_DATA_LEN_RANGE
                                   : rv == CKR_ENCRYPTED_DATA_INVALID || rv == CKR_ENCRYPTED_DATA_LEN_RANGE,
                      "case %s: %s", vectors_word(vectors, "id"), rv_text(rv));
    }
}
