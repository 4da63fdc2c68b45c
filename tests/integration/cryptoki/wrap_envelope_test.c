/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrapping with a key pair and AES at once. What comes out is opened by libcrypto, step by step as the specification
 * has it, and what libcrypto puts together in the same way is unwrapped.
 */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

enum { SHARED_LEN = 11, LABEL_LEN = 5 };

static CK_SESSION_HANDLE session;
static struct octets wrapped;
static struct octets plain;
static CK_BYTE shared_data[] = "shared data";
static CK_BYTE label[] = "label";

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* What wraps: a mechanism, a pair, a length of the AES key, and a hash; NULL: no KDF. */
struct form {
    CK_MECHANISM_TYPE type;
    const char *pair;
    CK_ULONG aes_bits;
    const char *hash;
    bool is_sp800;
};

static const struct form forms[] = {
    {CKM_RSA_AES_KEY_WRAP, "rsa2048_1", 256, "SHA256", false},
    {CKM_RSA_AES_KEY_WRAP, "rsa1536_3", 128, "SHA1", false},
    {CKM_RSA_AES_KEY_WRAP, "rsa2048_1", 192, "SHA512", false},
    {CKM_ECDH_AES_KEY_WRAP, "P-256", 256, "SHA256", false},
    {CKM_ECDH_AES_KEY_WRAP, "P-521", 192, NULL, false},
    {CKM_ECDH_AES_KEY_WRAP, "brainpoolP384r1", 128, "SHA384", true},
    {CKM_ECDH_AES_KEY_WRAP, "X25519", 256, NULL, false},
    {CKM_ECDH_COF_AES_KEY_WRAP, "P-256", 128, "SHA1", false},
    {CKM_ECDH_COF_AES_KEY_WRAP, "P-521", 256, "SHA512", true},
    {CKM_ECDH_COF_AES_KEY_WRAP, "sect283k1", 256, "SHA256", false},
    {CKM_ECDH_X_AES_KEY_WRAP, "X25519", 256, "SHA256", false},
    {CKM_ECDH_X_AES_KEY_WRAP, "X448", 192, NULL, false},
};

struct envelope {
    const struct form *form;
    EVP_PKEY *pkey;
    CK_OBJECT_HANDLE public;
    CK_OBJECT_HANDLE private;
    CK_MECHANISM mechanism;
    union {
        CK_RSA_AES_KEY_WRAP_PARAMS rsa;
        CK_ECDH_AES_KEY_WRAP_PARAMS ecdh;
    } params;
    CK_RSA_PKCS_OAEP_PARAMS oaep;
};

static bool is_rsa(const struct envelope *e)
{
    return e->form->type == CKM_RSA_AES_KEY_WRAP;
}

static void use_for_wrapping(struct envelope *e)
{
    OK(try_set_bool(session, e->public, CKA_WRAP, true));
    OK(try_set_bool(session, e->private, CKA_UNWRAP, true));
}

static void prepare(struct envelope *e, const struct form *form)
{
    const struct hash_row *hash = form->hash == NULL ? NULL : hash_find(form->hash);

    *e = (struct envelope){.form = form, .mechanism = {.mechanism = form->type, .pParameter = &e->params}};
    e->pkey = strncmp(form->pair, "rsa", 3) == 0 ? pkey_rsa(form->pair) : pkey_new(form->pair);
    e->public = public_make(session, e->pkey);
    e->private = private_make(session, e->pkey);
    use_for_wrapping(e);
    if (is_rsa(e)) {
        e->oaep = (CK_RSA_PKCS_OAEP_PARAMS){hash->digest, hash->mgf, CKZ_DATA_SPECIFIED, label, LABEL_LEN};
        e->params.rsa = (CK_RSA_AES_KEY_WRAP_PARAMS){form->aes_bits, &e->oaep};
        e->mechanism.ulParameterLen = sizeof(e->params.rsa);
        return;
    }
    e->params.ecdh = (CK_ECDH_AES_KEY_WRAP_PARAMS){.ulAESKeyBits = form->aes_bits, .kdf = CKD_NULL};
    if (hash != NULL) {
        e->params.ecdh.kdf = form->is_sp800 ? hash->kdf_sp800 : hash->kdf;
        e->params.ecdh.pSharedData = shared_data;
        e->params.ecdh.ulSharedDataLen = SHARED_LEN;
    }
    e->mechanism.ulParameterLen = sizeof(e->params.ecdh);
}

static void forget(struct envelope *e)
{
    OK(p11->C_DestroyObject(session, e->public));
    OK(p11->C_DestroyObject(session, e->private));
    EVP_PKEY_free(e->pkey);
}

/* --- libcrypto --- */

static void run_kwp(bool encrypt, const uint8_t *key, size_t key_len, struct cfr_span in, struct octets *ret)
{
    static const char *const names[] = {"AES-128-WRAP-PAD", "AES-192-WRAP-PAD", "AES-256-WRAP-PAD"};
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, names[key_len / 8 - 2], NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int len = 0;

    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ck_assert_int_eq(EVP_CipherInit_ex(ctx, cipher, NULL, key, NULL, encrypt), 1);
    ck_assert_int_eq(EVP_CipherUpdate(ctx, ret->at, &len, in.ptr, (int)in.len), 1);
    ret->len = (CK_ULONG)len;
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
}

static EVP_PKEY_CTX *begin_oaep(const struct envelope *e, bool encrypt)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, e->pkey, NULL);
    const char *md = hash_find(e->form->hash)->md;

    ck_assert_int_eq(encrypt ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, md, NULL), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, md, NULL), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup(label, LABEL_LEN), LABEL_LEN), 1);
    return ctx;
}

static void run_oaep(const struct envelope *e, bool encrypt, struct cfr_span in, uint8_t *out, size_t *len)
{
    EVP_PKEY_CTX *ctx = begin_oaep(e, encrypt);

    ck_assert_int_eq((encrypt ? EVP_PKEY_encrypt : EVP_PKEY_decrypt)(ctx, out, len, in.ptr, in.len), 1);
    EVP_PKEY_CTX_free(ctx);
}

static void run_kdf(const struct envelope *e, struct cfr_span secret, uint8_t *key, size_t key_len)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, e->form->is_sp800 ? "SSKDF" : "X963KDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                         (char *)(uintptr_t)hash_find(e->form->hash)->md, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, UNCONST(secret.ptr), secret.len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, shared_data, SHARED_LEN),
        OSSL_PARAM_construct_end(),
    };

    ck_assert_int_eq(EVP_KDF_derive(ctx, key, key_len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

/* The first octets of the secret, or what the KDF makes of it. */
static void agree(const struct envelope *e, EVP_PKEY *own, EVP_PKEY *peer, uint8_t *key, size_t key_len)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    uint8_t secret[128];
    size_t len = sizeof(secret);

    ck_assert_int_eq(EVP_PKEY_derive_init(ctx), 1);
    if (e->form->type == CKM_ECDH_COF_AES_KEY_WRAP) {
        ck_assert_int_eq(EVP_PKEY_CTX_set_ecdh_cofactor_mode(ctx, 1), 1);
    }
    ck_assert_int_eq(EVP_PKEY_derive_set_peer(ctx, peer), 1);
    ck_assert_int_eq(EVP_PKEY_derive(ctx, secret, &len), 1);
    if (e->form->hash == NULL) {
        memcpy(key, secret, key_len);
    } else {
        run_kdf(e, cfr_span_of(secret, len), key, key_len);
    }
    EVP_PKEY_CTX_free(ctx);
}

/* A key on the same curve with a point and no more. */
static EVP_PKEY *peer_of(const struct envelope *e, struct cfr_span point)
{
    EVP_PKEY *peer = EVP_PKEY_new();

    ck_assert_int_eq(EVP_PKEY_copy_parameters(peer, e->pkey), 1);
    ck_assert_int_eq(EVP_PKEY_set1_encoded_public_key(peer, point.ptr, point.len), 1);
    return peer;
}

/* The header of a DER OCTET STRING around a point, or nothing. */
static size_t write_header(const struct envelope *e, size_t point_len, uint8_t *out)
{
    size_t len = 0;

    if (e->form->type != CKM_ECDH_COF_AES_KEY_WRAP) {
        return 0;
    }
    out[len++] = 0x04;
    if (point_len > 127) {
        out[len++] = 0x81;
    }
    out[len++] = (uint8_t)point_len;
    return len;
}

/* Open what is in wrapped, into plain. */
static void reference_open(const struct envelope *e)
{
    static struct octets own_point;
    uint8_t key[512];
    size_t key_len = sizeof(key);
    uint8_t header[4];
    size_t head_len;

    if (is_rsa(e)) {
        head_len = (size_t)EVP_PKEY_get_size(e->pkey);
        run_oaep(e, false, cfr_span_of(wrapped.at, head_len), key, &key_len);
        ck_assert_uint_eq(key_len, e->form->aes_bits / 8);
    } else {
        EVP_PKEY *transport;
        size_t header_len;

        pkey_point(e->pkey, &own_point);
        header_len = write_header(e, own_point.len, header);
        head_len = header_len + own_point.len;
        ck_assert(header_len == 0 || memcmp(wrapped.at, header, header_len) == 0);
        transport = peer_of(e, cfr_span_of(wrapped.at + header_len, own_point.len));
        ck_assert_int_eq(EVP_PKEY_eq(transport, e->pkey), 0);
        key_len = e->form->aes_bits / 8;
        agree(e, e->pkey, transport, key, key_len);
        EVP_PKEY_free(transport);
    }
    run_kwp(false, key, key_len, cfr_span_of(wrapped.at + head_len, wrapped.len - head_len), &plain);
}

/* Put an envelope around @p in, into wrapped. */
static void reference_seal(const struct envelope *e, struct cfr_span in)
{
    static struct octets tail;
    static struct octets point;
    uint8_t key[32];
    size_t key_len = e->form->aes_bits / 8;
    size_t head_len = sizeof(wrapped.at);

    if (is_rsa(e)) {
        random_octets(key, key_len);
        run_oaep(e, true, cfr_span_of(key, key_len), wrapped.at, &head_len);
    } else {
        EVP_PKEY *transport = pkey_new(e->form->pair);

        pkey_point(transport, &point);
        head_len = write_header(e, point.len, wrapped.at);
        memcpy(wrapped.at + head_len, point.at, point.len);
        head_len += point.len;
        agree(e, transport, e->pkey, key, key_len);
        EVP_PKEY_free(transport);
    }
    run_kwp(true, key, key_len, in, &tail);
    memcpy(wrapped.at + head_len, tail.at, tail.len);
    wrapped.len = head_len + tail.len;
}

/* --- The module --- */

static CK_RV try_unwrap(struct envelope *e, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                        CK_OBJECT_HANDLE *ret_key)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, class), ATTR_ULONG(CKA_KEY_TYPE, type),
                               ATTR_BOOL(CKA_SENSITIVE, false), ATTR_BOOL(CKA_EXTRACTABLE, true)};

    return p11->C_UnwrapKey(session, &e->mechanism, e->private, wrapped.at, wrapped.len, TEMPLATE(template),
                            ret_key);
}

static void wrap(struct envelope *e, CK_OBJECT_HANDLE target)
{
    CK_ULONG need = 0;

    OK(p11->C_WrapKey(session, &e->mechanism, e->public, target, NULL, &need));
    wrapped.len = need - 1;
    EXPECT(CKR_BUFFER_TOO_SMALL,
           p11->C_WrapKey(session, &e->mechanism, e->public, target, wrapped.at, &wrapped.len));
    ck_assert_uint_eq(wrapped.len, need);
    OK(p11->C_WrapKey(session, &e->mechanism, e->public, target, wrapped.at, &wrapped.len));
    ck_assert_uint_eq(wrapped.len, need);
}

static void expect_value(CK_OBJECT_HANDLE key, struct cfr_span wanted, const char *what)
{
    static struct octets value;

    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), wanted, "%s", what);
    ck_assert(!read_bool(session, key, CKA_LOCAL));
    OK(p11->C_DestroyObject(session, key));
}

static void check_secret(struct envelope *e, CK_KEY_TYPE type, size_t len)
{
    uint8_t value[64];
    CK_OBJECT_HANDLE target;
    CK_OBJECT_HANDLE back;

    random_octets(value, len);
    target = secret_make(session, type, value, len);
    wrap(e, target);
    reference_open(e);
    expect_octets(octets_view(&plain), cfr_span_of(value, len), "%s: libcrypto opens", e->form->pair);
    OK(try_unwrap(e, CKO_SECRET_KEY, type, &back));
    expect_value(back, cfr_span_of(value, len), "own envelope");
    reference_seal(e, cfr_span_of(value, len));
    OK(try_unwrap(e, CKO_SECRET_KEY, type, &back));
    expect_value(back, cfr_span_of(value, len), "libcrypto's envelope");
    OK(p11->C_DestroyObject(session, target));
}

START_TEST(secret_keys)
{
    struct envelope e;

    prepare(&e, &forms[_i]);
    check_secret(&e, CKK_AES, 16);
    check_secret(&e, CKK_AES, 32);
    check_secret(&e, CKK_GENERIC_SECRET, 1);
    check_secret(&e, CKK_GENERIC_SECRET, 33);
    check_secret(&e, CKK_AES_XTS, 64);
    forget(&e);
}
END_TEST

static void check_private(struct envelope *e, const char *name)
{
    EVP_PKEY *pkey = strncmp(name, "rsa", 3) == 0 ? pkey_rsa(name) : pkey_new(name);
    CK_OBJECT_HANDLE target = private_make(session, pkey);
    CK_KEY_TYPE type = read_ulong(session, target, CKA_KEY_TYPE);
    CK_OBJECT_HANDLE back;
    const uint8_t *at = plain.at;
    uint8_t *to = plain.at;
    EVP_PKEY *opened;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);

    wrap(e, target);
    reference_open(e);
    opened = d2i_AutoPrivateKey(NULL, &at, (long)plain.len);
    ck_assert_int_eq(EVP_PKEY_eq(opened, pkey), 1);
    EVP_PKEY_free(opened);
    OK(try_unwrap(e, CKO_PRIVATE_KEY, type, &back));
    OK(p11->C_DestroyObject(session, back));
    plain.len = (CK_ULONG)i2d_PKCS8_PRIV_KEY_INFO(info, &to);
    PKCS8_PRIV_KEY_INFO_free(info);
    reference_seal(e, octets_view(&plain));
    OK(try_unwrap(e, CKO_PRIVATE_KEY, type, &back));
    OK(p11->C_DestroyObject(session, back));
    OK(p11->C_DestroyObject(session, target));
    EVP_PKEY_free(pkey);
}

START_TEST(private_keys)
{
    static const char *const names[] = {"rsa2048_1", "P-256", "P-521", "ED25519", "ED448", "X25519", "X448"};
    struct envelope e;

    prepare(&e, &forms[_i]);
    for (size_t i = 0; i < COUNT(names); i++) {
        check_private(&e, names[i]);
    }
    forget(&e);
}
END_TEST

/* Two wrappings of a key share nothing. */
START_TEST(keys_are_used_once)
{
    static struct octets first;
    CK_OBJECT_HANDLE target;
    struct envelope e;

    prepare(&e, &forms[_i]);
    target = secret_make(session, CKK_AES, pattern(32).ptr, 32);
    wrap(&e, target);
    first = wrapped;
    wrap(&e, target);
    ck_assert_uint_eq(first.len, wrapped.len);
    ck_assert_mem_ne(first.at + 4, wrapped.at + 4, 16);
    ck_assert_mem_ne(first.at + first.len - 40, wrapped.at + first.len - 40, 40);
    forget(&e);
}
END_TEST

/* One code for whatever is wrong inside, wherever it is. */
START_TEST(changed_on_the_way)
{
    CK_OBJECT_HANDLE back = 0;
    size_t before;
    struct envelope e;

    prepare(&e, &forms[_i]);
    reference_seal(&e, pattern(32));
    before = objects_seen(session);
    for (size_t at = 0; at < wrapped.len; at += 1 + wrapped.len / 40) {
        wrapped.at[at] ^= 0x20;
        EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
        wrapped.at[at] ^= 0x20;
    }
    ck_assert_uint_eq(objects_seen(session), before);
    OK(try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&e, CKO_PRIVATE_KEY, CKK_EC, &back));
    forget(&e);
}
END_TEST

/* Another AES key length, label, hash or shared data: the same code again. */
START_TEST(other_parameters)
{
    CK_OBJECT_HANDLE back;
    struct envelope e;

    prepare(&e, &forms[_i]);
    reference_seal(&e, pattern(32));
    e.params.rsa.ulAESKeyBits = e.form->aes_bits == 128 ? 256 : 128;
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    e.params.rsa.ulAESKeyBits = e.form->aes_bits;
    if (is_rsa(&e)) {
        e.oaep.ulSourceDataLen--;
    } else if (e.form->hash != NULL) {
        e.params.ecdh.ulSharedDataLen--;
    } else {
        e.params.ecdh.kdf = CKD_SHA256_KDF;
    }
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    forget(&e);
}
END_TEST

/* Too short for the head, for a key under it, or no whole semiblocks. */
START_TEST(wrapped_key_len_range)
{
    CK_OBJECT_HANDLE back;
    CK_ULONG whole;
    struct envelope e;

    prepare(&e, &forms[_i]);
    reference_seal(&e, pattern(32));
    whole = wrapped.len;
    for (wrapped.len = whole - 1; wrapped.len > whole - 8; wrapped.len--) {
        EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    }
    wrapped.len = whole - 40;
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    wrapped.len = 1;
    EXPECT(e.form->type == CKM_ECDH_COF_AES_KEY_WRAP ? CKR_WRAPPED_KEY_INVALID : CKR_WRAPPED_KEY_LEN_RANGE,
           try_unwrap(&e, CKO_SECRET_KEY, CKK_AES, &back));
    forget(&e);
}
END_TEST

static void refuse(struct envelope *e, CK_RV rv)
{
    CK_OBJECT_HANDLE target = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE back;

    wrapped.len = sizeof(wrapped.at);
    EXPECT(rv, p11->C_WrapKey(session, &e->mechanism, e->public, target, wrapped.at, &wrapped.len));
    ck_assert_uint_eq(wrapped.len, sizeof(wrapped.at));
    wrapped.len = 400;
    EXPECT(rv, try_unwrap(e, CKO_SECRET_KEY, CKK_AES, &back));
    OK(p11->C_DestroyObject(session, target));
}

START_TEST(mechanism_param_invalid)
{
    static const CK_ULONG bits[] = {0, 64, 127, 512, (CK_ULONG)-1};
    struct envelope good;
    struct envelope e;

    prepare(&e, &forms[_i]);
    good = e;
    good.mechanism.pParameter = &good.params;
    e.mechanism.pParameter = NULL;
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    e.mechanism = (CK_MECHANISM){good.mechanism.mechanism, &e.params, good.mechanism.ulParameterLen - 1};
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    e.mechanism = (CK_MECHANISM){good.mechanism.mechanism, NULL, 0};
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    e.mechanism = (CK_MECHANISM){good.mechanism.mechanism, &e.params, good.mechanism.ulParameterLen};
    for (size_t i = 0; i < COUNT(bits); i++) {
        e.params.rsa.ulAESKeyBits = bits[i];
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    }
    e.params = good.params;
    if (is_rsa(&e)) {
        e.params.rsa.pOAEPParams = NULL;
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
        e.params = good.params;
        e.params.rsa.pOAEPParams = &e.oaep;
        e.oaep.hashAlg = CKM_MD5;
    } else {
        e.params.ecdh.kdf = 0x7777;
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
        e.params.ecdh.kdf = CKD_NULL;
        e.params.ecdh.pSharedData = shared_data;
        e.params.ecdh.ulSharedDataLen = 1;
        refuse(&e, CKR_MECHANISM_PARAM_INVALID);
        e.params.ecdh.kdf = CKD_SHA256_KDF;
        e.params.ecdh.pSharedData = NULL;
    }
    refuse(&e, CKR_MECHANISM_PARAM_INVALID);
    forget(&e);
}
END_TEST

/* An RSA key too small for the hash, and a secret too short for the AES key. */
START_TEST(keys_too_small)
{
    static const struct form rsa = {CKM_RSA_AES_KEY_WRAP, "rsa1536_3", 256, "SHA512", false};
    static const struct form ecdh = {CKM_ECDH_AES_KEY_WRAP, "P-192", 256, NULL, false};
    CK_OBJECT_HANDLE target = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    struct envelope e;

    wrapped.len = sizeof(wrapped.at);
    prepare(&e, &ecdh);
    EXPECT(CKR_MECHANISM_PARAM_INVALID,
           p11->C_WrapKey(session, &e.mechanism, e.public, target, wrapped.at, &wrapped.len));
    forget(&e);
    /* 192 octets, less 2 * 64 + 2: room for 62, so that a key of 32 goes. */
    prepare(&e, &rsa);
    OK(p11->C_WrapKey(session, &e.mechanism, e.public, target, wrapped.at, &wrapped.len));
    forget(&e);
}
END_TEST

START_TEST(keys_of_the_wrong_type)
{
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE back;
    struct envelope e;
    struct envelope other;

    prepare(&e, &forms[_i]);
    prepare(&other, is_rsa(&e) ? &forms[3] : &forms[0]);
    wrapped.len = sizeof(wrapped.at);
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_WrapKey(session, &e.mechanism, other.public, aes, wrapped.at, &wrapped.len));
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_WrapKey(session, &e.mechanism, aes, aes, wrapped.at, &wrapped.len));
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT,
           p11->C_WrapKey(session, &e.mechanism, e.private, aes, wrapped.at, &wrapped.len));
    EXPECT(CKR_WRAPPING_KEY_HANDLE_INVALID,
           p11->C_WrapKey(session, &e.mechanism, 0, aes, wrapped.at, &wrapped.len));
    OK(try_set_bool(session, e.public, CKA_WRAP, false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED,
           p11->C_WrapKey(session, &e.mechanism, e.public, aes, wrapped.at, &wrapped.len));
    wrapped.len = 400;
    other.mechanism = e.mechanism;
    EXPECT(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, try_unwrap(&other, CKO_SECRET_KEY, CKK_AES, &back));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_EncryptInit(session, &e.mechanism, e.public));
    forget(&e);
    forget(&other);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("wrap_envelope");
    TCase *tcase = tcase_create("wrap_envelope");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, secret_keys, 0, COUNT(forms));
    tcase_add_loop_test(tcase, private_keys, 0, COUNT(forms));
    tcase_add_loop_test(tcase, keys_are_used_once, 0, COUNT(forms));
    tcase_add_loop_test(tcase, changed_on_the_way, 0, COUNT(forms));
    tcase_add_loop_test(tcase, other_parameters, 0, COUNT(forms));
    tcase_add_loop_test(tcase, wrapped_key_len_range, 0, COUNT(forms));
    tcase_add_loop_test(tcase, mechanism_param_invalid, 0, COUNT(forms));
    tcase_add_test(tcase, keys_too_small);
    tcase_add_loop_test(tcase, keys_of_the_wrong_type, 0, COUNT(forms));
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
