/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/envelope.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>

struct octets envelope_wrapped;
struct octets envelope_plain;
CK_BYTE envelope_shared_data[] = "shared data";
CK_BYTE envelope_label[] = "label";

const struct envelope_form envelope_forms[ENVELOPE_FORMS] = {
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

static bool is_rsa(const struct envelope *e)
{
    return e->form->type == CKM_RSA_AES_KEY_WRAP;
}

static void use_for_wrapping(struct envelope *e)
{
    OK(try_set_bool(e->session, e->public, CKA_WRAP, true));
    OK(try_set_bool(e->session, e->private, CKA_UNWRAP, true));
}

void envelope_prepare(struct envelope *e, CK_SESSION_HANDLE session, const struct envelope_form *form)
{
    const struct hash_row *hash = form->hash == NULL ? NULL : hash_find(form->hash);

    *e = (struct envelope){
        .session = session, .form = form, .mechanism = {.mechanism = form->type, .pParameter = &e->params}};
    e->pkey = strncmp(form->pair, "rsa", 3) == 0 ? pkey_rsa(form->pair) : pkey_new(form->pair);
    e->public = public_make(e->session, e->pkey);
    e->private = private_make(e->session, e->pkey);
    use_for_wrapping(e);
    if (is_rsa(e)) {
        e->oaep = (CK_RSA_PKCS_OAEP_PARAMS){hash->digest, hash->mgf, CKZ_DATA_SPECIFIED, envelope_label,
                                            ENVELOPE_LABEL_LEN};
        e->params.rsa = (CK_RSA_AES_KEY_WRAP_PARAMS){form->aes_bits, &e->oaep};
        e->mechanism.ulParameterLen = sizeof(e->params.rsa);
        return;
    }
    e->params.ecdh = (CK_ECDH_AES_KEY_WRAP_PARAMS){.ulAESKeyBits = form->aes_bits, .kdf = CKD_NULL};
    if (hash != NULL) {
        e->params.ecdh.kdf = form->is_sp800 ? hash->kdf_sp800 : hash->kdf;
        e->params.ecdh.pSharedData = envelope_shared_data;
        e->params.ecdh.ulSharedDataLen = ENVELOPE_SHARED_LEN;
    }
    e->mechanism.ulParameterLen = sizeof(e->params.ecdh);
}

void envelope_forget(struct envelope *e)
{
    OK(p11->C_DestroyObject(e->session, e->public));
    OK(p11->C_DestroyObject(e->session, e->private));
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
    ck_assert_int_eq(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_memdup(envelope_label, ENVELOPE_LABEL_LEN),
                                                      ENVELOPE_LABEL_LEN),
                     1);
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
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, envelope_shared_data, ENVELOPE_SHARED_LEN),
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

/* Open what is in wrapped, into envelope_plain. */
void envelope_open(const struct envelope *e)
{
    static struct octets own_point;
    uint8_t key[512];
    size_t key_len = sizeof(key);
    uint8_t header[4];
    size_t head_len;

    if (is_rsa(e)) {
        head_len = (size_t)EVP_PKEY_get_size(e->pkey);
        run_oaep(e, false, cfr_span_of(envelope_wrapped.at, head_len), key, &key_len);
        ck_assert_uint_eq(key_len, e->form->aes_bits / 8);
    } else {
        EVP_PKEY *transport;
        size_t header_len;

        pkey_point(e->pkey, &own_point);
        header_len = write_header(e, own_point.len, header);
        head_len = header_len + own_point.len;
        ck_assert(header_len == 0 || memcmp(envelope_wrapped.at, header, header_len) == 0);
        transport = peer_of(e, cfr_span_of(envelope_wrapped.at + header_len, own_point.len));
        ck_assert_int_eq(EVP_PKEY_eq(transport, e->pkey), 0);
        key_len = e->form->aes_bits / 8;
        agree(e, e->pkey, transport, key, key_len);
        EVP_PKEY_free(transport);
    }
    run_kwp(false, key, key_len, cfr_span_of(envelope_wrapped.at + head_len, envelope_wrapped.len - head_len),
            &envelope_plain);
}

/* Put an envelope around @p in, into envelope_wrapped. */
void envelope_seal(const struct envelope *e, struct cfr_span in)
{
    static struct octets tail;
    static struct octets point;
    uint8_t key[32];
    size_t key_len = e->form->aes_bits / 8;
    size_t head_len = sizeof(envelope_wrapped.at);

    if (is_rsa(e)) {
        random_octets(key, key_len);
        run_oaep(e, true, cfr_span_of(key, key_len), envelope_wrapped.at, &head_len);
    } else {
        EVP_PKEY *transport = pkey_new(e->form->pair);

        pkey_point(transport, &point);
        head_len = write_header(e, point.len, envelope_wrapped.at);
        memcpy(envelope_wrapped.at + head_len, point.at, point.len);
        head_len += point.len;
        agree(e, transport, e->pkey, key, key_len);
        EVP_PKEY_free(transport);
    }
    run_kwp(true, key, key_len, in, &tail);
    memcpy(envelope_wrapped.at + head_len, tail.at, tail.len);
    envelope_wrapped.len = head_len + tail.len;
}

/* --- The module --- */

CK_RV envelope_try_unwrap(struct envelope *e, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                          CK_OBJECT_HANDLE *ret_key)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, class), ATTR_ULONG(CKA_KEY_TYPE, type),
                               ATTR_BOOL(CKA_SENSITIVE, false), ATTR_BOOL(CKA_EXTRACTABLE, true)};

    return p11->C_UnwrapKey(e->session, &e->mechanism, e->private, envelope_wrapped.at, envelope_wrapped.len,
                            TEMPLATE(template), ret_key);
}
