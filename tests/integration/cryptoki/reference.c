/* SPDX-License-Identifier: Apache-2.0 */
/* What libcrypto's default context makes of a subject. */
#include "integration/cryptoki/subject.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <stdio.h>

/* libcrypto wants a pointer even for no octets. */
static const uint8_t *some(struct cfr_span span)
{
    static const uint8_t nothing[1];

    return span.len == 0 ? nothing : span.ptr;
}

/* --- AES and ChaCha20 --- */

static const struct {
    enum family family;
    CK_MECHANISM_TYPE type; /* 0: all of the family */
    const char *mode;
} modes[] = {
    {FAMILY_ECB, 0, "ECB"},
    {FAMILY_CBC, 0, "CBC"},
    {FAMILY_CBC_PAD, 0, "CBC"},
    {FAMILY_CTR, 0, "CTR"},
    {FAMILY_XTS, 0, "XTS"},
    {FAMILY_GCM, 0, "GCM"},
    {FAMILY_CCM, 0, "CCM"},
    {FAMILY_STREAM, CKM_AES_OFB, "OFB"},
    {FAMILY_STREAM, CKM_AES_CFB1, "CFB1"},
    {FAMILY_STREAM, CKM_AES_CFB8, "CFB8"},
    {FAMILY_STREAM, CKM_AES_CFB128, "CFB"},
    {FAMILY_CTS, 0, "CBC-CTS"},
    {FAMILY_KW, 0, "WRAP"},
    {FAMILY_KWP, 0, "WRAP-PAD"},
};

static const char *mode_name(const struct mechanism_row *row)
{
    for (size_t i = 0; i < COUNT(modes); i++) {
        if (modes[i].family == row->family && (modes[i].type == 0 || modes[i].type == row->type)) {
            return modes[i].mode;
        }
    }
    ck_abort_msg("no cipher of family %d", (int)row->family);
    return NULL;
}

static const char *stream_name(enum family family)
{
    return family == FAMILY_CHACHA20            ? "ChaCha20"
           : family == FAMILY_CHACHA20_POLY1305 ? "ChaCha20-Poly1305"
                                                : NULL;
}

static EVP_CIPHER *fetch_cipher(const struct subject *subject)
{
    bool is_xts = subject->row->family == FAMILY_XTS;
    const char *stream = stream_name(subject->row->family);
    char name[32];
    EVP_CIPHER *cipher;

    if (stream == NULL) {
        (void)snprintf(name, sizeof(name), "AES-%zu-%s", subject->secret_len * (is_xts ? 4 : 8),
                       mode_name(subject->row));
    }
    cipher = EVP_CIPHER_fetch(NULL, stream == NULL ? name : stream, NULL);
    ck_assert_msg(cipher != NULL, "libcrypto has no cipher for %s", subject->name);
    return cipher;
}

static bool is_aead(const struct subject *subject)
{
    return subject->row->family == FAMILY_GCM || subject->row->family == FAMILY_CCM ||
           subject->row->family == FAMILY_CHACHA20_POLY1305;
}

static size_t tag_len(const struct subject *subject)
{
    return subject->row->family == FAMILY_CCM   ? subject->params.ccm.ulMACLen
           : subject->row->family == FAMILY_GCM ? subject->params.gcm.ulTagBits / 8
                                                : 16;
}

static size_t nonce_len(const struct subject *subject)
{
    return subject->row->family == FAMILY_CCM   ? subject->params.ccm.ulNonceLen
           : subject->row->family == FAMILY_GCM ? subject->params.gcm.ulIvLen
                                                : 12;
}

/* Mode, IV and, for CCM, tag and length have to be known before the key is. */
static void begin_aead(const struct subject *subject, EVP_CIPHER_CTX *ctx, int encrypt, const uint8_t *tag,
                       int text_len)
{
    bool is_ccm = subject->row->family == FAMILY_CCM;
    size_t iv_len = nonce_len(subject);
    int len = 0;

    ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)iv_len, NULL), 1);
    if (is_ccm || !encrypt) {
        ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, (int)tag_len(subject), UNCONST(tag)),
                         1);
    }
    ck_assert_int_eq(EVP_CipherInit_ex(ctx, NULL, NULL, subject->secret, subject->iv, encrypt), 1);
    if (is_ccm) {
        ck_assert_int_eq(EVP_CipherUpdate(ctx, NULL, &len, NULL, text_len), 1);
    }
    ck_assert_int_eq(EVP_CipherUpdate(ctx, NULL, &len, subject->aad, (int)sizeof(subject->aad)), 1);
}

static void run_cipher(const struct subject *subject, bool encrypt, struct cfr_span in, struct octets *ret)
{
    EVP_CIPHER *cipher = fetch_cipher(subject);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    size_t tag = is_aead(subject) ? tag_len(subject) : 0;
    struct cfr_span text = cfr_span_of(in.ptr, encrypt ? in.len : in.len - tag);
    int len = 0;
    int tail = 0;

    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    ck_assert_int_eq(EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, encrypt, NULL), 1);
    if (is_aead(subject)) {
        begin_aead(subject, ctx, encrypt, encrypt ? NULL : in.ptr + text.len, (int)text.len);
    } else {
        bool has_iv = subject->mechanism.ulParameterLen != 0;

        ck_assert_int_eq(
            EVP_CipherInit_ex(ctx, NULL, NULL, subject->secret, has_iv ? subject->iv : NULL, encrypt), 1);
        (void)EVP_CIPHER_CTX_set_padding(ctx, subject->row->family == FAMILY_CBC_PAD);
    }
    /* A CCM message of no octets still has to be given, or its tag is not made. */
    if (text.len != 0 || subject->row->family == FAMILY_CCM) {
        ck_assert_int_eq(EVP_CipherUpdate(ctx, ret->at, &len, some(text), (int)text.len), 1);
    }
    ck_assert_int_eq(EVP_CipherFinal_ex(ctx, ret->at + len, &tail), 1);
    ret->len = (CK_ULONG)len + (CK_ULONG)tail;
    if (tag != 0 && encrypt) {
        ck_assert_int_eq(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, (int)tag, ret->at + ret->len), 1);
        ret->len += tag;
    }
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
}

/* --- Asymmetric --- */

static const struct hash_row *hash_of(CK_MECHANISM_TYPE digest)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].digest == digest) {
            return &hashes[i];
        }
    }
    return NULL;
}

static const struct hash_row *hash_of_mgf(CK_RSA_PKCS_MGF_TYPE mgf)
{
    for (size_t i = 0; i < HASH_COUNT; i++) {
        if (hashes[i].mgf == mgf) {
            return &hashes[i];
        }
    }
    return NULL;
}

static void set_oaep(const struct subject *subject, EVP_PKEY_CTX *ctx)
{
    const CK_RSA_PKCS_OAEP_PARAMS *oaep = &subject->params.oaep;

    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, hash_of(oaep->hashAlg)->md, NULL), 1);
    ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, hash_of_mgf(oaep->mgf)->md, NULL), 1);
    if (oaep->ulSourceDataLen != 0) {
        void *label = OPENSSL_memdup(oaep->pSourceData, oaep->ulSourceDataLen);

        ck_assert_int_eq(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, (int)oaep->ulSourceDataLen), 1);
    }
}

static void set_padding(const struct subject *subject, EVP_PKEY_CTX *ctx)
{
    switch ((int)subject->row->family) {
    case FAMILY_RSA_OAEP:
        set_oaep(subject, ctx);
        return;
    case FAMILY_RSA_RAW:
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
        return;
    case FAMILY_RSA_PSS:
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 1);
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)subject->params.pss.sLen), 1);
        ck_assert_int_eq(
            EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, hash_of_mgf(subject->params.pss.mgf)->md, NULL), 1);
        return;
    case FAMILY_RSA_V15:
        ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING), 1);
        return;
    default:
        return;
    }
}

/* Zeros in front of what a raw RSA operation gets, up to the modulus' length. */
static struct cfr_span filled_up(const struct subject *subject, struct cfr_span in)
{
    static uint8_t padded[1024];
    size_t len = subject->pkey == NULL ? 0 : (size_t)EVP_PKEY_get_size(subject->pkey);

    if (!subject_pads_in_front(subject) || in.len >= len) {
        return in;
    }
    memset(padded, 0, sizeof(padded));
    memcpy(padded + len - in.len, in.ptr, in.len);
    return cfr_span_of(padded, len);
}

static void run_rsa(const struct subject *subject, bool encrypt, struct cfr_span in, struct octets *ret)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, subject->pkey, NULL);
    size_t len = sizeof(ret->at);

    in = filled_up(subject, in);
    ck_assert_int_eq(encrypt ? EVP_PKEY_encrypt_init(ctx) : EVP_PKEY_decrypt_init(ctx), 1);
    set_padding(subject, ctx);
    ck_assert_int_eq((encrypt ? EVP_PKEY_encrypt : EVP_PKEY_decrypt)(ctx, ret->at, &len, some(in), in.len),
                     1);
    ret->len = len;
    EVP_PKEY_CTX_free(ctx);
}

void reference_encrypt(const struct subject *subject, struct cfr_span plain, struct octets *ret)
{
    (subject->pkey == NULL ? run_cipher : run_rsa)(subject, true, plain, ret);
}

void reference_decrypt(const struct subject *subject, struct cfr_span coded, struct octets *ret)
{
    (subject->pkey == NULL ? run_cipher : run_rsa)(subject, false, coded, ret);
}

/* --- MACs --- */

static size_t mac_len(const struct subject *subject)
{
    if (subject->row->family == FAMILY_GMAC) {
        return subject->params.gcm.ulTagBits / 8;
    }
    if (subject->row->is_general) {
        return subject->params.mac_len;
    }
    return subject->row->hash == NULL ? 16 : subject->row->hash->len;
}

static void make_tls_mac(const struct subject *subject, struct cfr_span data, struct octets *ret)
{
    const CK_TLS_MAC_PARAMS *given = &subject->params.tls_mac;
    const char *digest =
        given->prfHashMechanism == CKM_TLS_PRF ? "MD5-SHA1" : hash_of(given->prfHashMechanism)->md;
    const char *label = given->ulServerOrClient == 1 ? "server finished" : "client finished";
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, UNCONST(subject->secret),
                                          subject->secret_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, UNCONST(label), strlen(label)),
        data.len == 0 ? (OSSL_PARAM)OSSL_PARAM_END
                      : OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, UNCONST(data.ptr), data.len),
        OSSL_PARAM_END,
    };

    ret->len = given->ulMacLength;
    ck_assert_int_eq(EVP_KDF_derive(ctx, ret->at, ret->len, params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static void make_mac(const struct subject *subject, struct cfr_span data, struct octets *ret)
{
    const struct hash_row *hash = subject->row->hash;
    bool is_gmac = subject->row->family == FAMILY_GMAC;
    char cipher[16];
    OSSL_PARAM params[3] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, hash != NULL ? "HMAC" : is_gmac ? "GMAC" : "CMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
    size_t len = 0;

    (void)snprintf(cipher, sizeof(cipher), "AES-%zu-%s", subject->secret_len * 8, is_gmac ? "GCM" : "CBC");
    params[0] = hash != NULL
                    ? OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)hash->md, 0)
                    : OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0);
    if (is_gmac) {
        params[1] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, UNCONST(subject->iv),
                                                      subject->params.gcm.ulIvLen);
    }
    ck_assert_int_eq(EVP_MAC_init(ctx, subject->secret, subject->secret_len, params), 1);
    ck_assert_int_eq(EVP_MAC_update(ctx, some(data), data.len), 1);
    ck_assert_int_eq(EVP_MAC_final(ctx, ret->at, &len, sizeof(ret->at)), 1);
    ret->len = mac_len(subject);
    ck_assert_uint_le(ret->len, len);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

/* --- Signatures --- */

static size_t order_len(const struct subject *subject)
{
    return ((size_t)EVP_PKEY_get_bits(subject->pkey) + 7) / 8;
}

/* Cryptoki's r and s side by side; libcrypto's DER. */
static void to_bare(const struct subject *subject, struct octets *signature)
{
    const uint8_t *at = signature->at;
    ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &at, (long)signature->len);
    int len = (int)order_len(subject);

    ck_assert_ptr_nonnull(both);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(both), signature->at, len), len);
    ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(both), signature->at + len, len), len);
    signature->len = 2 * (CK_ULONG)len;
    ECDSA_SIG_free(both);
}

static bool to_der(struct cfr_span bare, struct octets *ret)
{
    ECDSA_SIG *both = ECDSA_SIG_new();
    uint8_t *at = ret->at;
    int half = (int)bare.len / 2;
    int len;

    ck_assert_int_eq(
        ECDSA_SIG_set0(both, BN_bin2bn(bare.ptr, half, NULL), BN_bin2bn(bare.ptr + half, half, NULL)), 1);
    len = i2d_ECDSA_SIG(both, &at);
    ret->len = (CK_ULONG)len;
    ECDSA_SIG_free(both);
    return len > 0;
}

static const char *digest_name(const struct subject *subject)
{
    if (subject->row->family == FAMILY_RSA_PSS) {
        return hash_of(subject->params.pss.hashAlg)->md;
    }
    return subject->row->hash == NULL ? NULL : subject->row->hash->md;
}

/* What is signed: the data, or the digest by the mechanism's hash. */
static struct cfr_span to_be_signed(const struct subject *subject, struct cfr_span data, uint8_t digest[64])
{
    return subject->row->hash != NULL ? hash_digest(subject->row->hash, data, digest)
                                      : filled_up(subject, data);
}

static EVP_PKEY_CTX *begin_signature(const struct subject *subject, bool sign)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, subject->pkey, NULL);
    const char *digest = digest_name(subject);
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};

    ck_assert_int_eq(sign ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx), 1);
    set_padding(subject, ctx);
    if (digest != NULL) {
        params[0] =
            OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, (char *)(uintptr_t)digest, 0);
        ck_assert_int_eq(EVP_PKEY_CTX_set_params(ctx, params), 1);
    }
    return ctx;
}

static void sign_eddsa(const struct subject *subject, struct cfr_span data, struct octets *ret)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = sizeof(ret->at);

    ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, subject->pkey), 1);
    ck_assert_int_eq(EVP_DigestSign(ctx, ret->at, &len, some(data), data.len), 1);
    ret->len = len;
    EVP_MD_CTX_free(ctx);
}

static bool verify_eddsa(const struct subject *subject, struct cfr_span data, struct cfr_span signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int ok;

    ck_assert_int_eq(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, subject->pkey), 1);
    ok = EVP_DigestVerify(ctx, signature.ptr, signature.len, some(data), data.len);
    EVP_MD_CTX_free(ctx);
    return ok == 1;
}

void reference_sign(const struct subject *subject, struct cfr_span data, struct octets *ret)
{
    size_t len = sizeof(ret->at);
    uint8_t digest[64];
    struct cfr_span in;
    EVP_PKEY_CTX *ctx;

    if (subject->row->family == FAMILY_TLS_MAC) {
        make_tls_mac(subject, data, ret);
        return;
    }
    if (subject->pkey == NULL) {
        make_mac(subject, data, ret);
        return;
    }
    if (subject->row->family == FAMILY_EDDSA) {
        sign_eddsa(subject, data, ret);
        return;
    }
    in = to_be_signed(subject, data, digest);
    ctx = begin_signature(subject, true);
    ck_assert_int_eq(EVP_PKEY_sign(ctx, ret->at, &len, some(in), in.len), 1);
    ret->len = len;
    if (subject->row->family == FAMILY_ECDSA) {
        to_bare(subject, ret);
    }
    EVP_PKEY_CTX_free(ctx);
}

static bool verify_mac(const struct subject *subject, struct cfr_span data, struct cfr_span signature)
{
    static struct octets wanted;

    reference_sign(subject, data, &wanted);
    return cfr_span_equal(octets_view(&wanted), signature);
}

bool reference_verify(const struct subject *subject, struct cfr_span data, struct cfr_span signature)
{
    static struct octets der;
    uint8_t digest[64];
    struct cfr_span in;
    EVP_PKEY_CTX *ctx;
    int ok;

    if (subject->pkey == NULL) {
        return verify_mac(subject, data, signature);
    }
    if (subject->row->family == FAMILY_EDDSA) {
        return verify_eddsa(subject, data, signature);
    }
    if (subject->row->family == FAMILY_ECDSA) {
        ck_assert(to_der(signature, &der));
        signature = octets_view(&der);
    }
    in = to_be_signed(subject, data, digest);
    ctx = begin_signature(subject, false);
    ok = EVP_PKEY_verify(ctx, signature.ptr, signature.len, some(in), in.len);
    EVP_PKEY_CTX_free(ctx);
    return ok == 1;
}
