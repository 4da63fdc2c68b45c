/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures and key agreement over curves; and public keys from private ones. */
#include "integration/evidence/published.h"

#include <openssl/crypto.h>

/* From this libcrypto on, EdDSA has its variants with parameters. */
enum { FIRST_WITH_VARIANTS = 0x30200000 };

static struct octets out;

/* The public half that the private one gives is the published one. */
static void expect_public(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE private, CK_OBJECT_HANDLE public)
{
    static struct octets point;

    read_octets(session, public_from_private(session, private), CKA_EC_POINT, &out);
    read_octets(session, public, CKA_EC_POINT, &point);
    expect_octets(octets_view(&out), octets_view(&point), "the public half");
}

/* Nonces are random here, so that signatures are not those published; both verify. */
void run_ecdsa(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
    const char *curve = vectors_word(vectors, "curve");
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span signature = vectors_octets(vectors, "sig");
    CK_OBJECT_HANDLE public = ec_public(session, curve, vectors_octets(vectors, "point"));
    CK_OBJECT_HANDLE private = ec_private(session, curve, vectors_octets(vectors, "d"));
    struct operation sign = {session, CKF_SIGN, MECHANISM(hash->ecdsa), private};
    uint8_t md[64];

    expect_signature(session, MECHANISM(hash->ecdsa), CK_INVALID_HANDLE, public, message, signature);
    expect_verdict(session, MECHANISM(CKM_ECDSA), public, hash_digest(hash, message, md), signature, true);
    OK(run_once(&sign, message, &out));
    ck_assert_uint_eq(out.len, signature.len);
    expect_verdict(session, MECHANISM(hash->ecdsa), public, message, octets_view(&out), true);
    out.at[out.len - 1] ^= 1;
    expect_verdict(session, MECHANISM(hash->ecdsa), public, message, octets_view(&out), false);
    expect_public(session, private, public);
}

void run_ecdsa_verify(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));

    expect_verdict(session, MECHANISM(hash->ecdsa),
                   ec_public(session, vectors_word(vectors, "curve"), vectors_octets(vectors, "point")),
                   vectors_octets(vectors, "msg"), vectors_octets(vectors, "sig"),
                   vectors_number(vectors, "valid") == 1);
}

void run_eddsa(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const char *curve = vectors_word(vectors, "curve");
    struct cfr_span context = vectors_octets(vectors, "context");
    CK_EDDSA_PARAMS params = {.phFlag = vectors_number(vectors, "prehash") == 1,
                              .ulContextDataLen = context.len,
                              .pContextData = UNCONST(context.ptr)};
    bool has_params = vectors_number(vectors, "has_params") == 1;
    CK_MECHANISM mechanism = has_params ? MECHANISM_WITH(CKM_EDDSA, &params) : MECHANISM(CKM_EDDSA);
    CK_OBJECT_HANDLE private = ec_private(session, curve, vectors_octets(vectors, "secret"));
    CK_OBJECT_HANDLE public = ec_public(session, curve, vectors_octets(vectors, "public"));
    struct operation sign = {session, CKF_SIGN, mechanism, private};

    if (has_params && OpenSSL_version_num() < FIRST_WITH_VARIANTS) {
        EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
        return;
    }
    expect_signature(session, mechanism, private, public, vectors_octets(vectors, "msg"),
                     vectors_octets(vectors, "sig"));
    expect_public(session, private, public);
}

/* --- Key agreement --- */

static void expect_shared(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE private,
                          struct cfr_span peer, struct cfr_span wanted)
{
    OK(try_agree(session, type, private, peer, wanted.len, &out));
    expect_octets(octets_view(&out), wanted, "shared secret by 0x%lx", type);
}

void run_ecdh(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    CK_OBJECT_HANDLE private =
        ec_private(session, vectors_word(vectors, "curve"), vectors_octets(vectors, "d"));
    struct cfr_span peer = vectors_octets(vectors, "peer");
    struct cfr_span shared = vectors_octets(vectors, "z");

    expect_shared(session, CKM_ECDH1_DERIVE, private, peer, shared);
    expect_shared(session, CKM_ECDH1_COFACTOR_DERIVE, private, peer, shared);
}

void run_xdh(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    expect_shared(session, CKM_ECDH1_DERIVE,
                  ec_private(session, vectors_word(vectors, "curve"), vectors_octets(vectors, "scalar")),
                  vectors_octets(vectors, "u"), vectors_octets(vectors, "out"));
}
