/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include "call/call_table.h"

#include <stdio.h>

struct name {
    CK_ULONG value;
    const char *text;
};

/* clang-format off */
#define MECH(name) {CKM_##name, "CKM_" #name},
static const struct name mechanisms[] = {
    MECH(RSA_PKCS_KEY_PAIR_GEN) MECH(RSA_PKCS) MECH(RSA_X_509) MECH(SHA1_RSA_PKCS) MECH(RSA_PKCS_OAEP)
    MECH(RSA_PKCS_PSS) MECH(SHA1_RSA_PKCS_PSS) MECH(SHA224_RSA_PKCS) MECH(SHA256_RSA_PKCS)
    MECH(SHA384_RSA_PKCS) MECH(SHA512_RSA_PKCS) MECH(SHA224_RSA_PKCS_PSS) MECH(SHA256_RSA_PKCS_PSS)
    MECH(SHA384_RSA_PKCS_PSS) MECH(SHA512_RSA_PKCS_PSS) MECH(SHA_1) MECH(SHA_1_HMAC) MECH(SHA224)
    MECH(SHA224_HMAC) MECH(SHA256) MECH(SHA256_HMAC) MECH(SHA384) MECH(SHA384_HMAC) MECH(SHA512)
    MECH(SHA512_HMAC) MECH(GENERIC_SECRET_KEY_GEN) MECH(EC_KEY_PAIR_GEN) MECH(ECDSA) MECH(ECDH1_DERIVE)
    MECH(EC_EDWARDS_KEY_PAIR_GEN) MECH(EDDSA) MECH(AES_KEY_GEN) MECH(AES_ECB) MECH(AES_CBC)
    MECH(AES_CBC_PAD) MECH(AES_CTR) MECH(AES_GCM) MECH(AES_CMAC) MECH(AES_KEY_WRAP)
    MECH(AES_ECB_ENCRYPT_DATA) MECH(AES_CBC_ENCRYPT_DATA) MECH(DH_PKCS_KEY_PAIR_GEN)
    MECH(DH_PKCS_DERIVE) MECH(DH_PKCS_PARAMETER_GEN)
};

#define CLASS(name) {CKO_##name, "CKO_" #name},
static const struct name classes[] = {
    CLASS(DATA) CLASS(CERTIFICATE) CLASS(PUBLIC_KEY) CLASS(PRIVATE_KEY) CLASS(SECRET_KEY)
};

#define KEY(name) {CKK_##name, "CKK_" #name},
static const struct name key_types[] = {
    KEY(RSA) KEY(EC) KEY(GENERIC_SECRET) KEY(AES) KEY(EC_EDWARDS) KEY(DH)
};

#define ATTR(name) {CKA_##name, "CKA_" #name},
static const struct name attributes[] = {
    ATTR(CLASS) ATTR(TOKEN) ATTR(PRIVATE) ATTR(LABEL) ATTR(UNIQUE_ID) ATTR(APPLICATION) ATTR(VALUE)
    ATTR(OBJECT_ID) ATTR(CERTIFICATE_TYPE) ATTR(ISSUER) ATTR(SERIAL_NUMBER) ATTR(TRUSTED)
    ATTR(CERTIFICATE_CATEGORY) ATTR(URL) ATTR(CHECK_VALUE) ATTR(KEY_TYPE) ATTR(SUBJECT) ATTR(ID)
    ATTR(SENSITIVE) ATTR(ENCRYPT) ATTR(DECRYPT) ATTR(WRAP) ATTR(UNWRAP) ATTR(SIGN) ATTR(SIGN_RECOVER)
    ATTR(VERIFY) ATTR(VERIFY_RECOVER) ATTR(DERIVE) ATTR(START_DATE) ATTR(END_DATE) ATTR(MODULUS)
    ATTR(MODULUS_BITS) ATTR(PUBLIC_EXPONENT) ATTR(PRIVATE_EXPONENT) ATTR(PRIME_1) ATTR(PRIME_2)
    ATTR(EXPONENT_1) ATTR(EXPONENT_2) ATTR(COEFFICIENT) ATTR(PUBLIC_KEY_INFO) ATTR(VALUE_LEN)
    ATTR(EXTRACTABLE) ATTR(LOCAL) ATTR(NEVER_EXTRACTABLE) ATTR(ALWAYS_SENSITIVE) ATTR(KEY_GEN_MECHANISM)
    ATTR(MODIFIABLE) ATTR(COPYABLE) ATTR(DESTROYABLE) ATTR(EC_PARAMS) ATTR(EC_POINT)
    ATTR(ALWAYS_AUTHENTICATE) ATTR(WRAP_WITH_TRUSTED) ATTR(ALLOWED_MECHANISMS)
    ATTR(PRIME) ATTR(BASE)
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Callers print the answer at once, so four numbers at a time are enough. */
static const char *number(CK_ULONG value)
{
    static char numbers[4][24];
    static unsigned next;
    char *text = numbers[next++ % 4];

    (void)snprintf(text, sizeof(numbers[0]), "0x%lx", value);
    return text;
}

static const char *find(const struct name *names, size_t count, CK_ULONG value)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].value == value) {
            return names[i].text;
        }
    }
    return number(value);
}

const char *diff_rv_name(CK_RV rv)
{
    const char *name = cfr_rv_name(rv);

    return name == NULL ? number(rv) : name;
}

const char *diff_mechanism_name(CK_MECHANISM_TYPE type)
{
    return find(mechanisms, COUNT(mechanisms), type);
}

const char *diff_class_name(CK_OBJECT_CLASS class)
{
    return find(classes, COUNT(classes), class);
}

const char *diff_key_type_name(CK_KEY_TYPE type)
{
    return find(key_types, COUNT(key_types), type);
}

const char *diff_attr_name(CK_ATTRIBUTE_TYPE type)
{
    return find(attributes, COUNT(attributes), type);
}

CK_ATTRIBUTE_TYPE diff_attr_at(size_t index)
{
    return index < COUNT(attributes) ? attributes[index].value : CK_UNAVAILABLE_INFORMATION;
}

CK_MECHANISM_TYPE diff_mechanism_at(size_t index)
{
    return mechanisms[index].value;
}

size_t diff_mechanism_count(void)
{
    return COUNT(mechanisms);
}
