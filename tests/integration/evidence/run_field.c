/* SPDX-License-Identifier: Apache-2.0 */
/* Finite fields: key agreement, and signatures by DSA, which are verified only. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/dsa.h"
#include "integration/cryptoki/fields.h"
#include "integration/evidence/published.h"

static struct bag template;

void run_dh(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span z = vectors_octets(vectors, "z");
    CK_X9_42_DH1_DERIVE_PARAMS params;
    CK_MECHANISM mechanism = field_agreement_of_case(vectors, &params);
    CK_OBJECT_HANDLE private = field_make_of_case(session, vectors, true);

    OK(p11->C_DestroyObject(session, field_make_of_case(session, vectors, false)));
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_expect(session, &mechanism, private, &template, z, "whole");
    /* "The truncation removes bytes from the leading end of the secret value." */
    derived_template(&template, CKK_GENERIC_SECRET, 20);
    derive_expect(session, &mechanism, private, &template, cfr_span_after(z, z.len - 20), "20 octets");
    derived_template(&template, CKK_AES, 32);
    derive_expect(session, &mechanism, private, &template, cfr_span_after(z, z.len - 32), "AES");
    derived_template(&template, CKK_GENERIC_SECRET, z.len + 1);
    derive_refused(session, CKR_KEY_SIZE_RANGE, &mechanism, private, &template, "too long");
}

void run_dsa(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    CK_RV rv = strcmp(vectors_word(vectors, "result"), "pass") == 0 ? CKR_OK : CKR_SIGNATURE_INVALID;
    const char *hash = vectors_word(vectors, "hash");
    CK_OBJECT_HANDLE key = field_make_of_case(session, vectors, false);
    struct operation whole = {session, CKF_VERIFY, MECHANISM(dsa_mechanism(hash)), key};
    struct operation bare = {session, CKF_VERIFY, MECHANISM(CKM_DSA), key};
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span signature = vectors_octets(vectors, "sig");
    uint8_t digest[64];

    ck_assert(read_bool(session, key, CKA_VERIFY)); /* by default: it is all that the key can do */
    EXPECT(rv, run_verify(&whole, message, signature));
    EXPECT(rv, run_verify_parts(&whole, message, 7, signature));
    OK(p11->C_VerifySignatureInit(session, &whole.mechanism, key, UNCONST(signature.ptr), signature.len));
    EXPECT(rv, p11->C_VerifySignature(session, UNCONST(message.ptr), message.len));
    EXPECT(rv, run_verify(&bare, hash_digest(hash_find(hash), message, digest), signature));
    EXPECT(CKR_SIGNATURE_LEN_RANGE,
           run_verify(&whole, message, cfr_span_of(signature.ptr, signature.len - 2)));
    EXPECT(CKR_SIGNATURE_LEN_RANGE,
           run_verify(&bare, cfr_span_of(digest, 20), cfr_span_of(signature.ptr, 0)));
    expect_idle(&whole, hash);
}
