/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { KEY_BITS = 2048, NUMBER_MAX = 512, CERTIFICATE_MAX = 8192, CASE_OBJECTS = 5 };

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

static CK_UTF8CHAR_PTR text(const char *from)
{
    return (CK_UTF8CHAR_PTR)(uintptr_t)from;
}

/* --- The key that stands in for the case's --- */

static size_t number(EVP_PKEY *key, const char *name, CK_BYTE out[NUMBER_MAX])
{
    BIGNUM *value = NULL;
    int len = 0;

    if (EVP_PKEY_get_bn_param(key, name, &value) == 1) {
        len = BN_bn2bin(value, out);
    }
    BN_clear_free(value);
    return (size_t)len;
}

void profile_sign(struct profile_run *run, const CK_BYTE *data, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CK_BYTE signature[NUMBER_MAX];
    size_t signature_len = sizeof(signature);

    if (run->key != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, run->key) == 1 &&
        EVP_DigestSign(ctx, signature, &signature_len, data, len) == 1) {
        profile_to_hex(signature, signature_len, run->expected_signature);
    }
    EVP_MD_CTX_free(ctx);
}

static void replace(xmlNode *node, const char *value)
{
    (void)xmlSetProp(node, BAD_CAST "value", BAD_CAST value);
}

void profile_stand_in(const struct profile_run *run, xmlNode *expected)
{
    xmlNode *signature = profile_child(expected, "Signature");
    const xmlNode *template = profile_child(expected, "Template");

    if (run->key == NULL) {
        return;
    }
    if (signature != NULL) {
        replace(signature, run->expected_signature);
    }
    for (xmlNode *node = template == NULL ? NULL : profile_element(template->children); node != NULL;
         node = profile_element(node->next)) {
        CK_BYTE modulus[NUMBER_MAX];
        char hex[2 * NUMBER_MAX + 1];

        if (profile_text(node, "type") != NULL && strcmp(profile_text(node, "type"), "MODULUS") == 0) {
            profile_to_hex(modulus, number(run->key, OSSL_PKEY_PARAM_RSA_N, modulus), hex);
            replace(node, hex);
        }
    }
}

static bool make_keys(struct profile_run *run, CK_SESSION_HANDLE session)
{
    static const char *const names[] = {OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_MODULUS,    CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT,
                                              CKA_PRIME_1,    CKA_PRIME_2,         CKA_EXPONENT_1,
                                              CKA_EXPONENT_2, CKA_COEFFICIENT};
    CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY;
    CK_OBJECT_CLASS private_class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_RSA;
    static CK_BYTE numbers[COUNT(names)][NUMBER_MAX];
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE public[] = {{CKA_CLASS, &public_class, sizeof(public_class)},
                             {CKA_KEY_TYPE, &type, sizeof(type)},
                             {CKA_TOKEN, &yes, sizeof(yes)},
                             {CKA_LABEL, text("testrsa-pub"), 11},
                             {0},
                             {0}};
    CK_ATTRIBUTE private[5 + COUNT(names)] = {{CKA_CLASS, &private_class, sizeof(private_class)},
                                              {CKA_KEY_TYPE, &type, sizeof(type)},
                                              {CKA_TOKEN, &yes, sizeof(yes)},
                                              {CKA_SIGN, &yes, sizeof(yes)},
                                              {CKA_LABEL, text("testrsa-pri"), 11}};

    run->key = EVP_RSA_gen(KEY_BITS);
    if (run->key == NULL) {
        return false;
    }
    for (size_t i = 0; i < COUNT(names); i++) {
        private[5 + i] = (CK_ATTRIBUTE){types[i], numbers[i], number(run->key, names[i], numbers[i])};
    }
    public[4] = private[5];
    public[5] = private[6];
    return run->p11->C_CreateObject(session, public, COUNT(public), &object) == CKR_OK &&
           run->p11->C_CreateObject(session, private, COUNT(private), &object) == CKR_OK;
}

/* --- The certificates --- */

/* The value of the only certificate in the case, found in what is expected. */
static bool find_certificate(const xmlNode *node, CK_BYTE *out, size_t *ret_len)
{
    for (xmlNode *child = profile_element(node->children); child != NULL;
         child = profile_element(child->next)) {
        const char *type = profile_text(child, "type");
        const char *value = profile_text(child, "value");

        if (type != NULL && value != NULL && strcmp(type, "VALUE") == 0) {
            return profile_from_hex(value, out, CERTIFICATE_MAX, ret_len);
        }
        if (find_certificate(child, out, ret_len)) {
            return true;
        }
    }
    return false;
}

static bool make_certificate(const struct profile_run *run, CK_SESSION_HANDLE session, xmlNode *root)
{
    static CK_BYTE value[CERTIFICATE_MAX];
    CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_OBJECT_HANDLE object;
    unsigned char *subject = NULL;
    const unsigned char *at = value;
    size_t len = 0;
    X509 *certificate;
    int subject_len;
    CK_RV rv = CKR_GENERAL_ERROR;

    if (!find_certificate(root, value, &len)) {
        return false;
    }
    certificate = d2i_X509(NULL, &at, (long)len);
    subject_len = certificate == NULL ? 0 : i2d_X509_NAME(X509_get_subject_name(certificate), &subject);
    if (subject_len > 0) {
        CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                                   {CKA_CERTIFICATE_TYPE, &type, sizeof(type)},
                                   {CKA_TOKEN, &yes, sizeof(yes)},
                                   {CKA_PRIVATE, &no, sizeof(no)},
                                   {CKA_SUBJECT, subject, (CK_ULONG)subject_len},
                                   {CKA_VALUE, value, len}};

        rv = run->p11->C_CreateObject(session, template, COUNT(template), &object);
    }
    OPENSSL_free(subject);
    X509_free(certificate);
    return rv == CKR_OK;
}

/* A public object with a label and nothing else: the case looks at the label of one. */
static bool make_data(const struct profile_run *run, CK_SESSION_HANDLE session, const char *label, size_t len)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_TOKEN, &yes, sizeof(yes)},
                               {CKA_PRIVATE, &no, sizeof(no)},
                               {CKA_LABEL, text(label), len}};

    return run->p11->C_CreateObject(session, template, COUNT(template), &object) == CKR_OK;
}

/* The list of roots has its label with the zero at its end, the certificate comes next, others follow. */
static bool make_roots(const struct profile_run *run, CK_SESSION_HANDLE session, xmlNode *root)
{
    static const char label[] = "Mozilla Builtin Roots";

    if (!make_data(run, session, label, sizeof(label)) || !make_certificate(run, session, root)) {
        return false;
    }
    for (int i = 2; i < CASE_OBJECTS; i++) {
        if (!make_data(run, session, "other", 5)) {
            return false;
        }
    }
    return true;
}

/* --- The token --- */

static bool make_token(struct profile_run *run, CK_SESSION_HANDLE *ret_session)
{
    CK_UTF8CHAR label[32];
    CK_SLOT_ID slots[8];
    CK_ULONG count = COUNT(slots);

    memset(label, ' ', sizeof(label));
    memcpy(label, PROFILE_LABEL, strlen(PROFILE_LABEL));
    if (run->p11->C_Initialize(NULL) != CKR_OK || run->p11->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK ||
        count == 0) {
        return false;
    }
    run->slot = slots[0];
    return run->p11->C_InitToken(run->slot, text(PROFILE_SO_PIN), strlen(PROFILE_SO_PIN), label) == CKR_OK &&
           run->p11->C_OpenSession(run->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, ret_session) ==
               CKR_OK &&
           run->p11->C_Login(*ret_session, CKU_SO, text(PROFILE_SO_PIN), strlen(PROFILE_SO_PIN)) == CKR_OK &&
           run->p11->C_InitPIN(*ret_session, text(PROFILE_USER_PIN), strlen(PROFILE_USER_PIN)) == CKR_OK &&
           run->p11->C_Logout(*ret_session) == CKR_OK &&
           run->p11->C_Login(*ret_session, CKU_USER, text(PROFILE_USER_PIN), strlen(PROFILE_USER_PIN)) ==
               CKR_OK;
}

bool profile_prepare(struct profile_run *run, xmlDoc *document)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    bool done = make_token(run, &session);

    if (strncmp(run->name, "AUTH-", 5) == 0) {
        done = done && make_keys(run, session);
    } else if (strncmp(run->name, "CERT-", 5) == 0) {
        done = done && make_roots(run, session, xmlDocGetRootElement(document));
    }
    profile_bind(run, "Pin", PROFILE_USER_PIN);
    return run->p11->C_Finalize(NULL) == CKR_OK && done;
}
