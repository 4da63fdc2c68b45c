/* SPDX-License-Identifier: Apache-2.0 */
/* ML-KEM, ML-DSA and SLH-DSA, where libcrypto has them. */
#include "integration/cryptoki/derivation.h"
#include "integration/evidence/published.h"

static struct bag bag;
static struct octets out;

static const struct {
    const char *name;
    CK_KEY_TYPE type;
    CK_ULONG set;
} sets[] = {
    {"ML-KEM-512", CKK_ML_KEM, CKP_ML_KEM_512},
    {"ML-KEM-768", CKK_ML_KEM, CKP_ML_KEM_768},
    {"ML-KEM-1024", CKK_ML_KEM, CKP_ML_KEM_1024},
    {"ML-DSA-44", CKK_ML_DSA, CKP_ML_DSA_44},
    {"ML-DSA-65", CKK_ML_DSA, CKP_ML_DSA_65},
    {"ML-DSA-87", CKK_ML_DSA, CKP_ML_DSA_87},
    {"SLH-DSA-SHA2-128s", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128S},
    {"SLH-DSA-SHAKE-128s", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_128S},
    {"SLH-DSA-SHA2-128f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128F},
    {"SLH-DSA-SHAKE-128f", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_128F},
    {"SLH-DSA-SHA2-192s", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_192S},
    {"SLH-DSA-SHAKE-192s", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_192S},
    {"SLH-DSA-SHA2-192f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_192F},
    {"SLH-DSA-SHAKE-192f", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_192F},
    {"SLH-DSA-SHA2-256s", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256S},
    {"SLH-DSA-SHAKE-256s", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_256S},
    {"SLH-DSA-SHA2-256f", CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256F},
    {"SLH-DSA-SHAKE-256f", CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_256F},
};

/* Hashes by the names of the files, and what has them in its name. */
static const struct {
    const char *name;
    CK_MECHANISM_TYPE digest; /* 0: no mechanism computes it */
    CK_MECHANISM_TYPE ml_dsa;
    CK_MECHANISM_TYPE slh_dsa;
} hashed[] = {
    {"SHA224", CKM_SHA224, CKM_HASH_ML_DSA_SHA224, CKM_HASH_SLH_DSA_SHA224},
    {"SHA256", CKM_SHA256, CKM_HASH_ML_DSA_SHA256, CKM_HASH_SLH_DSA_SHA256},
    {"SHA384", CKM_SHA384, CKM_HASH_ML_DSA_SHA384, CKM_HASH_SLH_DSA_SHA384},
    {"SHA512", CKM_SHA512, CKM_HASH_ML_DSA_SHA512, CKM_HASH_SLH_DSA_SHA512},
    {"SHA3_224", CKM_SHA3_224, CKM_HASH_ML_DSA_SHA3_224, CKM_HASH_SLH_DSA_SHA3_224},
    {"SHA3_256", CKM_SHA3_256, CKM_HASH_ML_DSA_SHA3_256, CKM_HASH_SLH_DSA_SHA3_256},
    {"SHA3_384", CKM_SHA3_384, CKM_HASH_ML_DSA_SHA3_384, CKM_HASH_SLH_DSA_SHA3_384},
    {"SHA3_512", CKM_SHA3_512, CKM_HASH_ML_DSA_SHA3_512, CKM_HASH_SLH_DSA_SHA3_512},
    {"SHAKE128", 0, CKM_HASH_ML_DSA_SHAKE128, CKM_HASH_SLH_DSA_SHAKE128},
    {"SHAKE256", 0, CKM_HASH_ML_DSA_SHAKE256, CKM_HASH_SLH_DSA_SHAKE256},
};

static size_t set_index(const char *name)
{
    size_t at = 0;

    while (strcmp(sets[at].name, name) != 0) {
        at++;
        ck_assert_uint_lt(at, COUNT(sets));
    }
    return at;
}

static size_t hash_index(struct vectors *vectors)
{
    const char *name = vectors_word(vectors, "hash");
    size_t at = 0;

    while (strcmp(hashed[at].name, name) != 0) {
        at++;
        ck_assert_uint_lt(at, COUNT(hashed));
    }
    return at;
}

void bag_pq_key(struct bag *key, CK_OBJECT_CLASS class, const char *set)
{
    size_t at = set_index(set);

    bag_clear(key);
    bag_ulong(key, CKA_CLASS, class);
    bag_ulong(key, CKA_KEY_TYPE, sets[at].type);
    bag_ulong(key, CKA_PARAMETER_SET, sets[at].set);
    if (class == CKO_PRIVATE_KEY) {
        bag_bool(key, CKA_SENSITIVE, false);
        bag_bool(key, CKA_EXTRACTABLE, true);
    }
}

static CK_OBJECT_HANDLE half(CK_SESSION_HANDLE session, struct vectors *vectors, CK_OBJECT_CLASS class,
                             CK_ATTRIBUTE_TYPE type, const char *field)
{
    struct cfr_span value = vectors_octets(vectors, field);

    bag_pq_key(&bag, class, vectors_word(vectors, "set"));
    bag_octets(&bag, type, value.ptr, value.len);
    return object_make(session, &bag);
}

static CK_OBJECT_HANDLE private_of(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    return half(session, vectors, CKO_PRIVATE_KEY, CKA_VALUE, "private");
}

/* --- Keys: what a seed and a private key give --- */

static void expect_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, struct cfr_span wanted)
{
    read_octets(session, key, CKA_VALUE, &out);
    expect_octets(octets_view(&out), wanted, "CKA_VALUE");
}

static void check_keygen(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    expect_value(session, public_from_private(session, private_of(session, vectors)),
                 vectors_octets(vectors, "public"));
    if (vectors_has(vectors, "seed")) {
        expect_value(session, half(session, vectors, CKO_PRIVATE_KEY, CKA_SEED, "seed"),
                     vectors_octets(vectors, "private"));
    }
}

/* --- Signatures --- */

static void expect_published(struct vectors *vectors)
{
    uint8_t md[64];

    if (vectors_has(vectors, "sig")) {
        expect_octets(octets_view(&out), vectors_octets(vectors, "sig"), "signature");
    } else {
        expect_octets(hash_digest(hash_find("SHA256"), octets_view(&out), md),
                      vectors_octets(vectors, "sig_sha256"), "digest of the signature");
    }
}

static void check_sign(CK_SESSION_HANDLE session, struct vectors *vectors, CK_MECHANISM mechanism,
                       struct cfr_span message)
{
    CK_OBJECT_HANDLE private = private_of(session, vectors);
    struct operation sign = {session, CKF_SIGN, mechanism, private};
    CK_OBJECT_HANDLE public = public_from_private(session, private);

    OK(run_once(&sign, message, &out));
    expect_published(vectors);
    expect_verdict(session, mechanism, public, message, octets_view(&out), true);
    out.at[out.len / 2] ^= 1;
    expect_verdict(session, mechanism, public, message, octets_view(&out), false);
}

/* --- Encapsulation --- */

static void check_decap(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_ML_KEM);
    struct cfr_span ciphertext = vectors_octets(vectors, "ciphertext");
    CK_OBJECT_HANDLE private = private_of(session, vectors);
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    derived_template(&bag, CKK_GENERIC_SECRET, 0);
    OK(p11->C_DecapsulateKey(session, &mechanism, private, BAG(&bag), UNCONST(ciphertext.ptr), ciphertext.len,
                             &made));
    expect_value(session, made, vectors_octets(vectors, "shared"));
}

void run_pq(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    CK_SIGN_ADDITIONAL_CONTEXT context = {.hedgeVariant = CKH_DETERMINISTIC_REQUIRED};
    const char *kind = vectors_word(vectors, "kind");

    if (!is_listed(session, CKM_ML_DSA)) {
        return;
    }
    if (strcmp(kind, "keygen") == 0) {
        check_keygen(session, vectors);
    } else if (strcmp(kind, "decap") == 0) {
        check_decap(session, vectors);
    } else {
        CK_MECHANISM_TYPE type =
            sets[set_index(vectors_word(vectors, "set"))].type == CKK_ML_DSA ? CKM_ML_DSA : CKM_SLH_DSA;

        context.pContext = UNCONST(vectors_octets(vectors, "context").ptr);
        context.ulContextLen = vectors_octets(vectors, "context").len;
        check_sign(session, vectors, MECHANISM_WITH(type, &context), vectors_octets(vectors, "msg"));
    }
}

/* The module hashes; and it is given the digest. */
void run_hash_mldsa(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    size_t at = hash_index(vectors);
    struct cfr_span octets = vectors_octets(vectors, "context");
    CK_SIGN_ADDITIONAL_CONTEXT context = {CKH_DETERMINISTIC_REQUIRED, UNCONST(octets.ptr), octets.len};
    CK_HASH_SIGN_ADDITIONAL_CONTEXT given = {CKH_DETERMINISTIC_REQUIRED, UNCONST(octets.ptr), octets.len,
                                             hashed[at].digest};
    struct cfr_span message = vectors_octets(vectors, "msg");
    uint8_t md[64];

    if (!is_listed(session, CKM_ML_DSA)) {
        return;
    }
    check_sign(session, vectors, MECHANISM_WITH(hashed[at].ml_dsa, &context), message);
    if (hashed[at].digest != 0) {
        check_sign(session, vectors, MECHANISM_WITH(CKM_HASH_ML_DSA, &given),
                   hash_digest(hash_find(hashed[at].name), message, md));
    }
}

void run_hash_slhdsa(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    size_t at = hash_index(vectors);
    struct cfr_span octets = vectors_octets(vectors, "context");
    CK_SIGN_ADDITIONAL_CONTEXT context = {CKH_HEDGE_PREFERRED, UNCONST(octets.ptr), octets.len};
    CK_HASH_SIGN_ADDITIONAL_CONTEXT given = {CKH_HEDGE_PREFERRED, UNCONST(octets.ptr), octets.len,
                                             hashed[at].digest};
    struct cfr_span message = vectors_octets(vectors, "msg");
    CK_OBJECT_HANDLE public;
    uint8_t md[64];

    if (!is_listed(session, CKM_SLH_DSA)) {
        return;
    }
    public = half(session, vectors, CKO_PUBLIC_KEY, CKA_VALUE, "public");
    expect_signature(session, MECHANISM_WITH(hashed[at].slh_dsa, &context), CK_INVALID_HANDLE, public,
                     message, vectors_octets(vectors, "sig"));
    if (hashed[at].digest != 0) {
        expect_verdict(session, MECHANISM_WITH(CKM_HASH_SLH_DSA, &given), public,
                       hash_digest(hash_find(hashed[at].name), message, md), vectors_octets(vectors, "sig"),
                       true);
    }
    expect_value(session, public_from_private(session, private_of(session, vectors)),
                 vectors_octets(vectors, "public"));
}
