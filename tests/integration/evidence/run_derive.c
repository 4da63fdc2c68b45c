/* SPDX-License-Identifier: Apache-2.0 */
/* Derivations from secret keys, and keys from passwords. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/kbkdf.h"
#include "integration/evidence/derive.h"
#include "integration/evidence/published.h"

static struct bag template;

static CK_OBJECT_HANDLE generic(CK_SESSION_HANDLE session, CK_KEY_TYPE type, struct cfr_span value)
{
    return secret_make(session, type, value.ptr, value.len);
}

/* --- HKDF: both parts together, and each alone; as a key and as data --- */

CK_HKDF_PARAMS hkdf_params(const struct hash_row *hash, struct cfr_span salt, struct cfr_span info)
{
    return (CK_HKDF_PARAMS){.bExtract = CK_TRUE,
                            .bExpand = CK_TRUE,
                            .prfHashMechanism = hash->digest,
                            .ulSaltType = salt.len == 0 ? CKF_HKDF_SALT_NULL : CKF_HKDF_SALT_DATA,
                            .pSalt = salt.len == 0 ? NULL : UNCONST(salt.ptr),
                            .ulSaltLen = salt.len,
                            .pInfo = info.len == 0 ? NULL : UNCONST(info.ptr),
                            .ulInfoLen = info.len};
}

CK_RV hkdf_data_make(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, const CK_HKDF_PARAMS *params,
                     size_t len, struct octets *ret_data)
{
    CK_MECHANISM mechanism = {CKM_HKDF_DATA, UNCONST(params), sizeof(*params)};
    CK_ATTRIBUTE data[] = {ATTR_ULONG(CKA_CLASS, CKO_DATA), ATTR_ULONG(CKA_VALUE_LEN, len)};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_RV rv = p11->C_DeriveKey(session, &mechanism, key, TEMPLATE(data), &made);

    if (rv == CKR_OK) {
        read_octets(session, made, CKA_VALUE, ret_data);
        OK(p11->C_DestroyObject(session, made));
    }
    return rv;
}

static void check_hkdf(CK_SESSION_HANDLE session, struct vectors *vectors, CK_KEY_TYPE type)
{
    struct cfr_span prk = vectors_octets(vectors, "prk");
    struct cfr_span okm = vectors_octets(vectors, "okm");
    CK_OBJECT_HANDLE ikm_key = generic(session, type, vectors_octets(vectors, "ikm"));
    CK_HKDF_PARAMS params = hkdf_params(hash_find(vectors_word(vectors, "hash")),
                                        vectors_octets(vectors, "salt"), vectors_octets(vectors, "info"));
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    static struct octets data;

    derived_template(&template, CKK_GENERIC_SECRET, okm.len);
    derive_expect(session, &mechanism, ikm_key, &template, okm, vectors_word(vectors, "id"));
    OK(hkdf_data_make(session, ikm_key, &params, okm.len, &data));
    expect_octets(octets_view(&data), okm, "%s as data", vectors_word(vectors, "id"));
    params.bExtract = CK_FALSE;
    derive_expect(session, &mechanism, generic(session, type, prk), &template, okm, "the second part");
    params.bExtract = CK_TRUE;
    params.bExpand = CK_FALSE;
    derived_template(&template, CKK_HKDF, 0);
    derive_expect(session, &mechanism, ikm_key, &template, prk, "the first part");
    bag_ulong(&template, CKA_VALUE_LEN, prk.len);
    derive_expect(session, &mechanism, ikm_key, &template, prk, "the first part, its length given");
}

void run_hkdf(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    check_hkdf(session, vectors, CKK_HKDF);
    check_hkdf(session, vectors, CKK_GENERIC_SECRET);
}

/* --- PBKDF2 --- */

CK_RV pbkdf2_make(CK_SESSION_HANDLE session, const struct pbkdf2 *from, size_t len, struct octets *ret_key)
{
    CK_PKCS5_PBKD2_PARAMS2 params = {.saltSource = CKZ_SALT_SPECIFIED,
                                     .pSaltSourceData = UNCONST(from->salt.ptr),
                                     .ulSaltSourceDataLen = from->salt.len,
                                     .iterations = from->iterations,
                                     .prf = from->hash->pbkdf2,
                                     .pPassword = UNCONST(from->password.ptr),
                                     .ulPasswordLen = from->password.len};
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_PKCS5_PBKD2, &params);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_RV rv;

    derived_template(&template, CKK_GENERIC_SECRET, len);
    rv = p11->C_GenerateKey(session, &mechanism, BAG(&template), &key);
    if (rv == CKR_OK) {
        read_octets(session, key, CKA_VALUE, ret_key);
        OK(p11->C_DestroyObject(session, key));
    }
    return rv;
}

void run_pbkdf2(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span wanted = vectors_octets(vectors, "key");
    struct pbkdf2 from = {hash_find(vectors_word(vectors, "hash")), vectors_octets(vectors, "password"),
                          vectors_octets(vectors, "salt"), vectors_number(vectors, "iterations")};
    static struct octets key;

    OK(pbkdf2_make(session, &from, wanted.len, &key));
    expect_octets(octets_view(&key), wanted, "%s", vectors_word(vectors, "id"));
}

/* --- SP 800-108 --- */

/* The counter lies before or after the fixed data, or first, before the iteration variable. */
void run_kbkdf(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const char *mode = vectors_word(vectors, "mode");
    const char *place = vectors_word(vectors, "counter");
    const struct hash_row *hash = hash_find(vectors_word(vectors, "prf"));
    struct cfr_span key = vectors_octets(vectors, "key");
    struct cfr_span wanted = vectors_octets(vectors, "out");

    kbkdf_begin(kbkdf_modes[mode[0] == 'c'   ? 0
                            : mode[0] == 'f' ? 1
                                             : 2],
                hash == NULL ? CKM_AES_CMAC : hash->hmac, vectors_number(vectors, "bits"));
    kbkdf_call.iv = vectors_octets(vectors, "iv");
    kbkdf_call.iv.ptr = kbkdf_call.iv.len == 0 ? NULL : kbkdf_call.iv.ptr;
    if (strcmp(place, "first") == 0) {
        kbkdf_counter();
    }
    kbkdf_iteration();
    if (strcmp(place, "before") == 0) {
        kbkdf_counter();
    }
    kbkdf_octets(vectors_octets(vectors, "fixed"));
    if (strcmp(place, "after") == 0) {
        kbkdf_counter();
    }
    derived_template(&template, CKK_GENERIC_SECRET, wanted.len);
    derive_expect(session, kbkdf_end(), generic(session, hash == NULL ? CKK_AES : CKK_GENERIC_SECRET, key),
                  &template, wanted, mode);
}

/* --- Concatenation, XOR, extraction --- */

static void check_combination(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, struct vectors *vectors)
{
    bag_clear(&template);
    bag_bool(&template, CKA_SENSITIVE, false);
    bag_bool(&template, CKA_EXTRACTABLE, true);
    if (mechanism.mechanism == CKM_EXTRACT_KEY_FROM_KEY) {
        bag_ulong(&template, CKA_VALUE_LEN, vectors_octets(vectors, "out").len);
    }
    derive_expect(session, &mechanism, generic(session, CKK_GENERIC_SECRET, vectors_octets(vectors, "base")),
                  &template, vectors_octets(vectors, "out"), vectors_word(vectors, "mechanism"));
}

void run_combine(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    static const struct {
        const char *name;
        CK_MECHANISM_TYPE type;
    } with_data[] = {{"base_and_data", CKM_CONCATENATE_BASE_AND_DATA},
                     {"data_and_base", CKM_CONCATENATE_DATA_AND_BASE},
                     {"xor", CKM_XOR_BASE_AND_DATA}};
    const char *name = vectors_word(vectors, "mechanism");
    struct cfr_span other =
        vectors_has(vectors, "other") ? vectors_octets(vectors, "other") : cfr_span_of(NULL, 0);
    CK_KEY_DERIVATION_STRING_DATA data = {UNCONST(other.ptr), other.len};

    if (strcmp(name, "extract") == 0) {
        CK_EXTRACT_PARAMS position = vectors_number(vectors, "position");

        check_combination(session, MECHANISM_WITH(CKM_EXTRACT_KEY_FROM_KEY, &position), vectors);
    } else if (strcmp(name, "base_and_key") == 0) {
        CK_OBJECT_HANDLE key = generic(session, CKK_GENERIC_SECRET, other);

        check_combination(session, MECHANISM_WITH(CKM_CONCATENATE_BASE_AND_KEY, &key), vectors);
    }
    for (size_t i = 0; i < COUNT(with_data); i++) {
        if (strcmp(name, with_data[i].name) == 0) {
            check_combination(session, MECHANISM_WITH(with_data[i].type, &data), vectors);
        }
    }
}
