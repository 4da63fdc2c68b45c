/* SPDX-License-Identifier: Apache-2.0 */
/* ML-DSA and ML-KEM. Where libcrypto has them not, nothing is run. */
#include "integration/cryptoki/derivation.h"
#include "integration/evidence/published.h"
#include "integration/evidence/wycheproof.h"

static struct bag bag;
static struct octets out;

static bool has(const struct wycheproof_case *wc, const char *key)
{
    return json_object_get(wc->test, key) != NULL;
}

static struct cfr_span octets_or_none(struct wycheproof_case *wc, const char *key)
{
    return has(wc, key) ? wycheproof_octets(wc, key) : cfr_span_of(NULL, 0);
}

static CK_RV try_key(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *set,
                     CK_ATTRIBUTE_TYPE type, struct cfr_span value, CK_OBJECT_HANDLE *ret_key)
{
    bag_pq_key(&bag, class, set);
    bag_octets(&bag, type, value.ptr, value.len);
    return try_object(session, &bag, ret_key);
}

static enum verdict compared(struct cfr_span wanted)
{
    return cfr_span_equal(octets_view(&out), wanted) ? ACCEPTED : REJECTED;
}

/* --- ML-DSA --- */

static CK_SIGN_ADDITIONAL_CONTEXT context_of(struct wycheproof_case *wc)
{
    struct cfr_span context = octets_or_none(wc, "ctx");

    return (CK_SIGN_ADDITIONAL_CONTEXT){CKH_DETERMINISTIC_REQUIRED, UNCONST(context.ptr), context.len};
}

enum verdict try_mldsa_verify(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    CK_SIGN_ADDITIONAL_CONTEXT context = context_of(wc);
    struct operation verify = {session, CKF_VERIFY, MECHANISM_WITH(CKM_ML_DSA, &context), CK_INVALID_HANDLE};
    CK_RV rv;

    if (!is_listed(session, CKM_ML_DSA)) {
        return NOT_RUN;
    }
    rv = try_key(session, CKO_PUBLIC_KEY, wycheproof_algorithm(wc), CKA_VALUE,
                 wycheproof_group_octets(wc, NULL, "publicKey"), &verify.key);
    if (rv == CKR_OK) {
        rv = run_verify(&verify, wycheproof_octets(wc, "msg"), wycheproof_octets(wc, "sig"));
    }
    return rv == CKR_OK ? ACCEPTED : refused(rv, wc);
}

enum verdict try_mldsa_sign(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    bool has_seed = wycheproof_group_has(wc, NULL, "privateSeed");
    CK_SIGN_ADDITIONAL_CONTEXT context = context_of(wc);
    struct operation sign = {session, CKF_SIGN, MECHANISM_WITH(CKM_ML_DSA, &context), CK_INVALID_HANDLE};
    CK_RV rv;

    if (!is_listed(session, CKM_ML_DSA)) {
        return NOT_RUN;
    }
    if (!has(wc, "msg") || has(wc, "rnd")) {
        return BY_DESIGN; /* mu and randomness are no inputs of PKCS#11 */
    }
    rv = try_key(session, CKO_PRIVATE_KEY, wycheproof_algorithm(wc), has_seed ? CKA_SEED : CKA_VALUE,
                 wycheproof_group_octets(wc, NULL, has_seed ? "privateSeed" : "privateKey"), &sign.key);
    if (rv == CKR_TEMPLATE_INCOMPLETE) {
        return REJECTED; /* an empty seed is none, and there is no other value */
    }
    if (rv == CKR_OK) {
        rv = run_once(&sign, wycheproof_octets(wc, "msg"), &out);
    }
    return rv == CKR_OK ? compared(wycheproof_octets(wc, "sig")) : refused(rv, wc);
}

/* --- ML-KEM --- */

/* Encapsulation draws its own randomness: what is seen here is whether the key is taken. */
enum verdict try_mlkem_encaps(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_ML_KEM);
    CK_OBJECT_HANDLE public = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_RV rv;

    if (!is_listed(session, CKM_ML_KEM)) {
        return NOT_RUN;
    }
    rv = try_key(session, CKO_PUBLIC_KEY, wycheproof_group_word(wc, NULL, "parameterSet"), CKA_VALUE,
                 wycheproof_octets(wc, "ek"), &public);
    if (rv == CKR_OK) {
        derived_template(&bag, CKK_GENERIC_SECRET, 0);
        out.len = sizeof(out.at);
        rv = p11->C_EncapsulateKey(session, &mechanism, public, BAG(&bag), out.at, &out.len, &made);
    }
    return rv == CKR_OK ? ACCEPTED : refused(rv, wc);
}

enum verdict try_mlkem_keygen(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    CK_OBJECT_HANDLE private = CK_INVALID_HANDLE;
    CK_RV rv;

    if (!is_listed(session, CKM_ML_KEM)) {
        return NOT_RUN;
    }
    rv = try_key(session, CKO_PRIVATE_KEY, wycheproof_group_word(wc, NULL, "parameterSet"), CKA_SEED,
                 wycheproof_octets(wc, "seed"), &private);
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    read_octets(session, private, CKA_VALUE, &out);
    if (compared(wycheproof_octets(wc, "dk")) != ACCEPTED) {
        return REJECTED;
    }
    read_octets(session, public_from_private(session, private), CKA_VALUE, &out);
    return compared(wycheproof_octets(wc, "ek"));
}

enum verdict try_mlkem_decaps(CK_SESSION_HANDLE session, struct wycheproof_case *wc)
{
    const char *value = has(wc, "seed") ? "seed" : "dk";
    CK_MECHANISM mechanism = MECHANISM(CKM_ML_KEM);
    CK_OBJECT_HANDLE private = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    struct cfr_span ciphertext = wycheproof_octets(wc, "c");
    CK_RV rv;

    if (!is_listed(session, CKM_ML_KEM)) {
        return NOT_RUN;
    }
    rv = try_key(session, CKO_PRIVATE_KEY, wycheproof_group_word(wc, NULL, "parameterSet"),
                 has(wc, "seed") ? CKA_SEED : CKA_VALUE, wycheproof_octets(wc, value), &private);
    if (rv == CKR_OK) {
        derived_template(&bag, CKK_GENERIC_SECRET, 0);
        rv = p11->C_DecapsulateKey(session, &mechanism, private, BAG(&bag), UNCONST(ciphertext.ptr),
                                   ciphertext.len, &made);
    }
    if (rv != CKR_OK) {
        return refused(rv, wc);
    }
    read_octets(session, made, CKA_VALUE, &out);
    return compared(octets_or_none(wc, "K"));
}
