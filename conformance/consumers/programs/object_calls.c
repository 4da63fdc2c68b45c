/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects and keys as real clients make and use them, one case for each template or call
 * that was seen in traces of them: object_calls MODULE TOKEN PIN CASE. A case ends with
 * status 0, or names the first thing that is not as the client needs it. */

#include "client.h"

#define CKO_NSS_TRUST 0xce534353UL

/* ---- objects ---- */

static CK_BBOOL boolean_of(struct client *client, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = 2;
    CK_ATTRIBUTE attribute = {type, &value, sizeof(value)};
    OK(client->p11->C_GetAttributeValue(client->session, object, &attribute, 1));
    SHOW(value == CK_TRUE || value == CK_FALSE);
    return value;
}

static void copy_signs(struct client *client, struct key_pair pair, CK_ATTRIBUTE *template, CK_ULONG count,
                       CK_BBOOL on_token)
{
    struct key_pair copy = {pair.public_key, CK_INVALID_HANDLE};
    OK(client->p11->C_CopyObject(client->session, pair.private_key, template, count, &copy.private_key));
    SHOW(copy.private_key != pair.private_key);
    SHOW(boolean_of(client, copy.private_key, CKA_TOKEN) == on_token);
    SHOW(boolean_of(client, copy.private_key, CKA_SENSITIVE) == CK_TRUE);
    SHOW(boolean_of(client, copy.private_key, CKA_EXTRACTABLE) == CK_FALSE);
    client_sign_verify(client, CKM_ECDSA, copy);
    OK(client->p11->C_DestroyObject(client->session, copy.private_key));
    client_sign_verify(client, CKM_ECDSA, pair);
}

static struct key_pair sensitive_pair(struct client *client, CK_BBOOL *token)
{
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, token, 1},     {CKA_PRIVATE, &yes, 1}, {CKA_SENSITIVE, &yes, 1},
                               {CKA_EXTRACTABLE, &no, 1}, {CKA_SIGN, &yes, 1},    {CKA_LABEL, "copied", 6}};
    return client_ec_pair(client, p256_params, sizeof(p256_params), template, LEN(template));
}

/* pkcs11-provider keeps session copies of sensitive token keys (cache-keys, the default).
 * consumers: copy-provider */
static void copy_provider(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, &no, 1}};
    copy_signs(client, sensitive_pair(client, &yes), template, 1, CK_FALSE);
}

/* Java's KeyStore stores a key that was made as a session object.
 * consumers: copy-java */
static void copy_java(struct client *client)
{
    client_start(client, NULL);
    struct key_pair pair = sensitive_pair(client, &no);
    CK_ATTRIBUTE with_id[] = {{CKA_TOKEN, &yes, 1}, {CKA_ID, "java", 4}};
    copy_signs(client, pair, with_id, LEN(with_id), CK_TRUE);
    CK_ATTRIBUTE with_label[] = {{CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1}, {CKA_LABEL, "java", 4}};
    copy_signs(client, pair, with_label, LEN(with_label), CK_TRUE);
}

/* consumers: copy-webcrypto */
static void copy_webcrypto(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, &yes, 1}};
    copy_signs(client, sensitive_pair(client, &no), template, 1, CK_TRUE);
}

/* An NSS server copies its key with {TOKEN=False} and then with an empty template.
 * consumers: copy-nss, anchor-2-copy-empty */
static void copy_nss(struct client *client)
{
    client_start(client, NULL);
    struct key_pair pair = sensitive_pair(client, &yes);
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, &no, 1}};
    copy_signs(client, pair, template, 1, CK_FALSE);
    copy_signs(client, pair, NULL, 0, CK_TRUE);
    copy_signs(client, pair, template, 0, CK_TRUE);
    copy_signs(client, sensitive_pair(client, &no), NULL, 0, CK_FALSE);
}

/* consumers: set-id, set-label, set-subject */
static void set_attributes(struct client *client)
{
    client_start(client, NULL);
    CK_BYTE subject[] = {0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03,
                         0x55, 0x04, 0x06, 0x13, 0x02, 'X',  'X'};
    CK_BYTE back[64];
    struct key_pair pair = sensitive_pair(client, &yes);
    CK_ATTRIBUTE changes[] = {
        {CKA_ID, "new id", 6}, {CKA_LABEL, "new label", 9}, {CKA_SUBJECT, subject, sizeof(subject)}};
    for (size_t i = 0; i < LEN(changes); i++) {
        OK(client->p11->C_SetAttributeValue(client->session, pair.private_key, &changes[i], 1));
        OK(client->p11->C_SetAttributeValue(client->session, pair.private_key, &changes[i], 1));
        CK_ATTRIBUTE read = {changes[i].type, back, sizeof(back)};
        OK(client->p11->C_GetAttributeValue(client->session, pair.private_key, &read, 1));
        SHOW(read.ulValueLen == changes[i].ulValueLen &&
             memcmp(back, changes[i].pValue, read.ulValueLen) == 0);
    }
    OK(client->p11->C_SetAttributeValue(client->session, pair.public_key, changes, LEN(changes)));
    SHOW(client_find(client, CKO_PRIVATE_KEY, "new label") == pair.private_key);
    OK(client->p11->C_DestroyObject(client->session, pair.private_key));
}

/* Java makes EC keys from {EC_PARAMS} alone: no CKA_SIGN, no CKA_TOKEN.
 * consumers: sparse-java, sign-default, derive-default */
static void sparse_java(struct client *client)
{
    client_start(client, NULL);
    struct key_pair pair = client_ec_pair(client, p256_params, sizeof(p256_params), NULL, 0);
    SHOW(boolean_of(client, pair.private_key, CKA_TOKEN) == CK_FALSE);
    SHOW(boolean_of(client, pair.private_key, CKA_SIGN) == CK_TRUE);
    SHOW(boolean_of(client, pair.private_key, CKA_DERIVE) == CK_FALSE);
    client_sign_verify(client, CKM_ECDSA, pair);
}

/* consumers: sparse-gnutls */
static void sparse_gnutls(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_SIGN, &yes, 1},
                               {CKA_SENSITIVE, &yes, 1},
                               {CKA_TOKEN, &yes, 1},
                               {CKA_PRIVATE, &yes, 1},
                               {CKA_ID, "gnutls", 6}};
    struct key_pair pair = client_ec_pair(client, p256_params, sizeof(p256_params), template, LEN(template));
    client_sign_verify(client, CKM_ECDSA, pair);
    OK(client->p11->C_DestroyObject(client->session, pair.private_key));
}

/* libhsm keeps no public keys: they are session objects, the private key is on the token.
 * consumers: sparse-libhsm */
static void sparse_libhsm(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_ID, "libhsm", 6}, {CKA_LABEL, "libhsm", 6}, {CKA_SIGN, &yes, 1},
                               {CKA_DECRYPT, &no, 1}, {CKA_UNWRAP, &no, 1},     {CKA_SENSITIVE, &yes, 1},
                               {CKA_TOKEN, &yes, 1},  {CKA_PRIVATE, &yes, 1},   {CKA_EXTRACTABLE, &no, 1}};
    struct key_pair pair = client_rsa_pair(client, template, LEN(template));
    SHOW(boolean_of(client, pair.public_key, CKA_TOKEN) == CK_FALSE);
    client_sign_verify(client, CKM_RSA_PKCS, pair);
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED,
           client->p11->C_DecryptInit(client->session, &mechanism, pair.private_key));
    OK(client->p11->C_DestroyObject(client->session, pair.private_key));
}

/* OpenSC adds usage that an EC key cannot have.
 * consumers: opensc-ec-usage */
static void opensc_ec_usage(struct client *client)
{
    client_start(client, NULL);
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public_template[] = {{CKA_EC_PARAMS, p256_params, sizeof(p256_params)},
                                      {CKA_VERIFY, &yes, 1},
                                      {CKA_ENCRYPT, &yes, 1},
                                      {CKA_WRAP, &yes, 1}};
    CK_ATTRIBUTE private_template[] = {{CKA_SIGN, &yes, 1},
                                       {CKA_DECRYPT, &yes, 1},
                                       {CKA_UNWRAP, &yes, 1},
                                       {CKA_DERIVE, &yes, 1},
                                       {CKA_SENSITIVE, &yes, 1}};
    struct key_pair pair;
    OK(client->p11->C_GenerateKeyPair(client->session, &mechanism, public_template, LEN(public_template),
                                      private_template, LEN(private_template), &pair.public_key,
                                      &pair.private_key));
    client_sign_verify(client, CKM_ECDSA, pair);
}

/* consumers: anchor-7-destroyable */
static void undestroyable(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_DESTROYABLE, &no, 1}, {CKA_SIGN, &yes, 1}};
    struct key_pair pair = client_ec_pair(client, p256_params, sizeof(p256_params), template, LEN(template));
    EXPECT(CKR_ACTION_PROHIBITED, client->p11->C_DestroyObject(client->session, pair.private_key));
    client_sign_verify(client, CKM_ECDSA, pair);
}

/* ---- attributes ---- */

static const CK_ATTRIBUTE_TYPE often_read[] = {CKA_CLASS,
                                               CKA_TOKEN,
                                               CKA_PRIVATE,
                                               CKA_LABEL,
                                               CKA_ID,
                                               CKA_ALWAYS_AUTHENTICATE,
                                               CKA_ALLOWED_MECHANISMS,
                                               CKA_LOCAL,
                                               CKA_TRUSTED,
                                               CKA_CERTIFICATE_CATEGORY,
                                               CKA_WRAP_TEMPLATE,
                                               CKA_START_DATE,
                                               CKA_END_DATE,
                                               CKA_KEY_GEN_MECHANISM,
                                               CKA_SIGN_RECOVER,
                                               CKA_MODIFIABLE,
                                               CKA_OBJECT_ID,
                                               CKA_APPLICATION,
                                               CKA_EC_POINT,
                                               CKA_KEY_TYPE,
                                               CKA_SENSITIVE,
                                               CKA_EXTRACTABLE,
                                               CKA_SIGN,
                                               CKA_DECRYPT,
                                               CKA_DERIVE};

/* All at once: each is filled in or marked unavailable, and the call names a reason. */
static void read_all_at_once(struct client *client, CK_OBJECT_HANDLE key)
{
    static CK_BYTE values[LEN(often_read)][4096];
    CK_ATTRIBUTE template[LEN(often_read)];
    for (size_t i = 0; i < LEN(often_read); i++) {
        template[i] = (CK_ATTRIBUTE){often_read[i], values[i], sizeof(values[i])};
    }
    EXPECT(CKR_ATTRIBUTE_TYPE_INVALID,
           client->p11->C_GetAttributeValue(client->session, key, template, LEN(often_read)));
    for (size_t i = 0; i < LEN(often_read); i++) {
        CK_ATTRIBUTE one = {often_read[i], NULL, 0};
        CK_RV rv = client->p11->C_GetAttributeValue(client->session, key, &one, 1);
        SHOW(rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID);
        if (one.ulValueLen != template[i].ulValueLen) {
            client_fail(__FILE__, __LINE__, "alone and together differ for attribute", often_read[i]);
        }
        SHOW((rv == CKR_OK) == (one.ulValueLen != CK_UNAVAILABLE_INFORMATION));
    }
}

/* consumers: attributes-read, sensitive-value */
static void attributes_read(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE rsa_template[] = {{CKA_SENSITIVE, &yes, 1}, {CKA_LABEL, "reader", 6}};
    struct key_pair rsa = client_rsa_pair(client, rsa_template, LEN(rsa_template));
    struct key_pair ec = sensitive_pair(client, &no);
    read_all_at_once(client, rsa.private_key);
    read_all_at_once(client, rsa.public_key);
    read_all_at_once(client, ec.private_key);
    read_all_at_once(client, ec.public_key);

    CK_BYTE exponent[1024];
    CK_BYTE modulus[1024];
    CK_BYTE label[64];
    CK_ATTRIBUTE mixed[] = {{CKA_PRIVATE_EXPONENT, exponent, sizeof(exponent)},
                            {CKA_MODULUS, modulus, sizeof(modulus)},
                            {CKA_LABEL, label, sizeof(label)}};
    EXPECT(CKR_ATTRIBUTE_SENSITIVE,
           client->p11->C_GetAttributeValue(client->session, rsa.private_key, mixed, LEN(mixed)));
    SHOW(mixed[0].ulValueLen == CK_UNAVAILABLE_INFORMATION);
    SHOW(mixed[1].ulValueLen == 256 && mixed[2].ulValueLen == 6 && memcmp(label, "reader", 6) == 0);

    CK_ATTRIBUTE small[] = {{CKA_MODULUS, modulus, 8}, {CKA_LABEL, label, sizeof(label)}};
    EXPECT(CKR_BUFFER_TOO_SMALL,
           client->p11->C_GetAttributeValue(client->session, rsa.private_key, small, LEN(small)));
    SHOW(small[0].ulValueLen == CK_UNAVAILABLE_INFORMATION && small[1].ulValueLen == 6);
}

/* NSS tries to store trust in the token and keeps it in its own database if refused.
 * consumers: nss-trust */
static void nss_trust(struct client *client)
{
    client_start(client, NULL);
    CK_OBJECT_CLASS class = CKO_NSS_TRUST;
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    CK_ATTRIBUTE template[] = {
        {CKA_CLASS, &class, sizeof(class)}, {CKA_TOKEN, &yes, 1}, {CKA_LABEL, "trust", 5}};
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID,
           client->p11->C_CreateObject(client->session, template, LEN(template), &object));
    CK_ULONG count = 1;
    OK(client->p11->C_FindObjectsInit(client->session, template, 1));
    OK(client->p11->C_FindObjects(client->session, &object, 1, &count));
    OK(client->p11->C_FindObjectsFinal(client->session));
    SHOW(count == 0);
}

/* ---- key agreement ---- */

static CK_ULONG point_of(struct client *client, CK_OBJECT_HANDLE key, CK_BYTE *point, CK_ULONG room)
{
    CK_ATTRIBUTE attribute = {CKA_EC_POINT, point, room};
    OK(client->p11->C_GetAttributeValue(client->session, key, &attribute, 1));
    return attribute.ulValueLen;
}

static CK_ULONG derive(struct client *client, CK_OBJECT_HANDLE own, CK_BYTE *point, CK_ULONG point_len,
                       CK_ATTRIBUTE *template, CK_ULONG count, CK_BYTE *secret)
{
    CK_ECDH1_DERIVE_PARAMS params = {CKD_NULL, 0, NULL, point_len, point};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof(params)};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_ATTRIBUTE value = {CKA_VALUE, secret, 128};

    OK(client->p11->C_DeriveKey(client->session, &mechanism, own, template, count, &key));
    CK_RV rv = client->p11->C_GetAttributeValue(client->session, key, &value, 1);
    OK(client->p11->C_DestroyObject(client->session, key));
    if (rv == CKR_ATTRIBUTE_SENSITIVE) {
        return 0;
    }
    OK(rv);
    return value.ulValueLen;
}

/* Both sides derive the same secret, from the peer's point raw and as a DER octet string. */
static void agree(struct client *client, CK_ATTRIBUTE *template, CK_ULONG count)
{
    CK_ATTRIBUTE derives[] = {{CKA_DERIVE, &yes, 1}};
    struct key_pair a = client_ec_pair(client, p256_params, sizeof(p256_params), derives, 1);
    struct key_pair b = client_ec_pair(client, p256_params, sizeof(p256_params), derives, 1);
    CK_BYTE point_a[128];
    CK_BYTE point_b[128];
    CK_BYTE secret[4][128];
    CK_ULONG len_a = point_of(client, a.public_key, point_a, sizeof(point_a));
    CK_ULONG len_b = point_of(client, b.public_key, point_b, sizeof(point_b));

    SHOW(len_a == 67 && point_a[0] == 0x04 && point_a[1] == 65 && point_a[2] == 0x04);
    CK_ULONG len = derive(client, a.private_key, point_b, len_b, template, count, secret[0]);
    SHOW(derive(client, b.private_key, point_a, len_a, template, count, secret[1]) == len);
    SHOW(derive(client, a.private_key, point_b + 2, len_b - 2, template, count, secret[2]) == len);
    SHOW(derive(client, b.private_key, point_a + 2, len_a - 2, template, count, secret[3]) == len);
    for (int i = 1; i < 4; i++) {
        SHOW(memcmp(secret[0], secret[i], len) == 0);
    }
    printf("%lu bytes agreed\n", len);
}

static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY;
static CK_KEY_TYPE generic_type = CKK_GENERIC_SECRET;
static CK_ULONG length_32 = 32;

/* consumers: ecdh-opensc, ecdh-libp11, ecdh-points */
static void ecdh_opensc(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_TOKEN, &no, 1},
                               {CKA_CLASS, &secret_class, sizeof(secret_class)},
                               {CKA_KEY_TYPE, &generic_type, sizeof(generic_type)},
                               {CKA_SENSITIVE, &no, 1},
                               {CKA_EXTRACTABLE, &yes, 1},
                               {CKA_ENCRYPT, &yes, 1},
                               {CKA_DECRYPT, &yes, 1},
                               {CKA_WRAP, &yes, 1},
                               {CKA_UNWRAP, &yes, 1},
                               {CKA_VALUE_LEN, &length_32, sizeof(length_32)}};
    agree(client, template, LEN(template));
}

/* consumers: ecdh-java */
static void ecdh_java(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &secret_class, sizeof(secret_class)},
                               {CKA_KEY_TYPE, &generic_type, sizeof(generic_type)},
                               {CKA_SENSITIVE, &no, 1},
                               {CKA_EXTRACTABLE, &yes, 1}};
    agree(client, template, LEN(template));
}

/* consumers: ecdh-nss */
static void ecdh_nss(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &secret_class, sizeof(secret_class)},
                               {CKA_KEY_TYPE, &generic_type, sizeof(generic_type)},
                               {CKA_DERIVE, &yes, 1}};
    agree(client, template, LEN(template));
}

/* ---- signatures, wrapping, state ---- */

/* Java strips leading zeroes of r and s alike: a quarter of P-521 signatures get shorter.
 * consumers: anchor-3-short-ecdsa */
static void short_ecdsa(struct client *client)
{
    client_start(client, NULL);
    struct key_pair pair = client_ec_pair(client, p521_params, sizeof(p521_params), NULL, 0);
    CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
    CK_BYTE digest[64];
    int shortened = 0;

    for (int i = 0; i < 200 && shortened < 4; i++) {
        CK_BYTE signature[132];
        CK_BYTE small[132];
        CK_ULONG len = sizeof(signature);
        memset(digest, i, sizeof(digest));
        OK(client->p11->C_SignInit(client->session, &mechanism, pair.private_key));
        OK(client->p11->C_Sign(client->session, digest, sizeof(digest), signature, &len));
        SHOW(len == 132);
        if (signature[0] != 0 || signature[66] != 0) {
            continue;
        }
        shortened++;
        memcpy(small, signature + 1, 65);
        memcpy(small + 65, signature + 67, 65);
        OK(client->p11->C_VerifyInit(client->session, &mechanism, pair.public_key));
        OK(client->p11->C_Verify(client->session, digest, sizeof(digest), small, 130));
        small[20] ^= 1;
        OK(client->p11->C_VerifyInit(client->session, &mechanism, pair.public_key));
        EXPECT(CKR_SIGNATURE_INVALID,
               client->p11->C_Verify(client->session, digest, sizeof(digest), small, 130));
        OK(client->p11->C_VerifyInit(client->session, &mechanism, pair.public_key));
        EXPECT(CKR_SIGNATURE_LEN_RANGE,
               client->p11->C_Verify(client->session, digest, sizeof(digest), small, 129));
    }
    SHOW(shortened == 4);
}

/* An NSS server wraps its session ticket keys, if the mechanism is listed.
 * consumers: nss-ticket-wrap */
static void nss_ticket_wrap(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE private_template[] = {
        {CKA_UNWRAP, &yes, 1}, {CKA_DECRYPT, &yes, 1}, {CKA_SENSITIVE, &yes, 1}};
    struct key_pair rsa = client_rsa_pair(client, private_template, LEN(private_template));
    CK_KEY_TYPE aes_type = CKK_AES;
    CK_BYTE value[32];
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE wrapped[512];
    CK_ULONG wrapped_len = sizeof(wrapped);

    memset(value, 7, sizeof(value));
    CK_ATTRIBUTE create[] = {{CKA_CLASS, &secret_class, sizeof(secret_class)},
                             {CKA_KEY_TYPE, &aes_type, sizeof(aes_type)},
                             {CKA_VALUE, value, sizeof(value)},
                             {CKA_ENCRYPT, &yes, 1},
                             {CKA_EXTRACTABLE, &yes, 1},
                             {CKA_SENSITIVE, &no, 1}};
    OK(client->p11->C_CreateObject(client->session, create, LEN(create), &key));
    OK(client->p11->C_WrapKey(client->session, &mechanism, rsa.public_key, key, NULL, &wrapped_len));
    SHOW(wrapped_len == 256);
    OK(client->p11->C_WrapKey(client->session, &mechanism, rsa.public_key, key, wrapped, &wrapped_len));
    CK_ATTRIBUTE unwrap[] = {{CKA_CLASS, &secret_class, sizeof(secret_class)},
                             {CKA_KEY_TYPE, &aes_type, sizeof(aes_type)},
                             {CKA_DECRYPT, &yes, 1},
                             {CKA_EXTRACTABLE, &yes, 1},
                             {CKA_SENSITIVE, &no, 1}};
    OK(client->p11->C_UnwrapKey(client->session, &mechanism, rsa.private_key, wrapped, wrapped_len, unwrap,
                                LEN(unwrap), &back));
    CK_BYTE value_back[64];
    CK_ATTRIBUTE read = {CKA_VALUE, value_back, sizeof(value_back)};
    OK(client->p11->C_GetAttributeValue(client->session, back, &read, 1));
    SHOW(read.ulValueLen == sizeof(value) && memcmp(value, value_back, sizeof(value)) == 0);
}

/* pk12util brings a private key wrapped by AES-CBC-PAD.
 * consumers: nss-pkcs12-unwrap */
static void nss_pkcs12_unwrap(struct client *client)
{
    client_start(client, NULL);
    CK_ATTRIBUTE source_template[] = {
        {CKA_EXTRACTABLE, &yes, 1}, {CKA_SENSITIVE, &no, 1}, {CKA_SIGN, &yes, 1}};
    struct key_pair source =
        client_ec_pair(client, p256_params, sizeof(p256_params), source_template, LEN(source_template));
    CK_MECHANISM generate = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE aes_template[] = {
        {CKA_VALUE_LEN, &length_32, sizeof(length_32)}, {CKA_WRAP, &yes, 1}, {CKA_UNWRAP, &yes, 1}};
    CK_OBJECT_HANDLE aes = CK_INVALID_HANDLE;
    OK(client->p11->C_GenerateKey(client->session, &generate, aes_template, LEN(aes_template), &aes));

    CK_BYTE iv[16] = {1, 2, 3};
    CK_MECHANISM mechanism = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    CK_BYTE wrapped[2048];
    CK_ULONG wrapped_len = sizeof(wrapped);
    OK(client->p11->C_WrapKey(client->session, &mechanism, aes, source.private_key, wrapped, &wrapped_len));

    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_KEY_TYPE type = CKK_EC;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_KEY_TYPE, &type, sizeof(type)},
                               {CKA_TOKEN, &no, 1},
                               {CKA_PRIVATE, &yes, 1},
                               {CKA_SENSITIVE, &yes, 1},
                               {CKA_ID, "pk12", 4},
                               {CKA_SIGN, &yes, 1}};
    struct key_pair unwrapped = {source.public_key, CK_INVALID_HANDLE};
    OK(client->p11->C_UnwrapKey(client->session, &mechanism, aes, wrapped, wrapped_len, template,
                                LEN(template), &unwrapped.private_key));
    client_sign_verify(client, CKM_ECDSA, unwrapped);
}

/* consumers: anchor-13-operation-state */
static void operation_state(struct client *client)
{
    client_start(client, NULL);
    CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
    CK_BYTE state[4096];
    CK_ULONG state_len = sizeof(state);
    CK_BYTE first[32];
    CK_BYTE second[32];
    CK_ULONG len = sizeof(first);
    CK_SESSION_HANDLE other;

    OK(client->p11->C_OpenSession(client->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &other));
    OK(client->p11->C_DigestInit(client->session, &mechanism));
    OK(client->p11->C_DigestUpdate(client->session, (CK_BYTE_PTR) "first half, ", 12));
    OK(client->p11->C_GetOperationState(client->session, state, &state_len));
    OK(client->p11->C_SetOperationState(other, state, state_len, CK_INVALID_HANDLE, CK_INVALID_HANDLE));
    OK(client->p11->C_DigestUpdate(client->session, (CK_BYTE_PTR) "second half", 11));
    OK(client->p11->C_DigestFinal(client->session, first, &len));
    OK(client->p11->C_DigestUpdate(other, (CK_BYTE_PTR) "second half", 11));
    OK(client->p11->C_DigestFinal(other, second, &len));
    SHOW(memcmp(first, second, sizeof(first)) == 0);
}

/* ---- table ---- */

static const struct client_case cases[] = {
    {"copy-provider", copy_provider},
    {"copy-java", copy_java},
    {"copy-webcrypto", copy_webcrypto},
    {"copy-nss", copy_nss},
    {"set-attributes", set_attributes},
    {"sparse-java", sparse_java},
    {"sparse-gnutls", sparse_gnutls},
    {"sparse-libhsm", sparse_libhsm},
    {"opensc-ec-usage", opensc_ec_usage},
    {"undestroyable", undestroyable},
    {"attributes-read", attributes_read},
    {"nss-trust", nss_trust},
    {"ecdh-opensc", ecdh_opensc},
    {"ecdh-java", ecdh_java},
    {"ecdh-nss", ecdh_nss},
    {"short-ecdsa", short_ecdsa},
    {"nss-ticket-wrap", nss_ticket_wrap},
    {"nss-pkcs12-unwrap", nss_pkcs12_unwrap},
    {"operation-state", operation_state},
};

int main(int argc, char **argv)
{
    return client_main(argc, argv, cases, LEN(cases));
}
