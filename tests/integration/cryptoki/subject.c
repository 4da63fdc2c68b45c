/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/subject.h"

#include <stdio.h>

static const char *const rsa_ids[] = {"rsa2048_1", "rsa1536_3"};
static const char *const weierstrass[] = {"P-256", "P-521", "brainpoolP384r1", "secp256k1", "sect283k1"};
static const char *const edwards[] = {"ED25519", "ED448"};
static const size_t aes_lens[] = {16, 24, 32};
static const size_t xts_lens[] = {32, 64};

/* Of HMAC keys: longer and shorter than every hash and block. */
static const struct {
    size_t len;
    bool has_own_type;
} hmac_keys[] = {{32, false}, {200, true}, {1, false}};

size_t subject_count(const struct mechanism_row *row)
{
    switch ((int)row->family) {
    case FAMILY_DIGEST:
        return 1;
    case FAMILY_HMAC:
    case FAMILY_TLS_MAC:
        return COUNT(hmac_keys);
    case FAMILY_RSA_V15:
    case FAMILY_RSA_RAW:
    case FAMILY_RSA_OAEP:
    case FAMILY_RSA_PSS:
        return COUNT(rsa_ids);
    case FAMILY_ECDSA:
        return COUNT(weierstrass);
    case FAMILY_EDDSA:
        return COUNT(edwards);
    case FAMILY_XTS:
        return COUNT(xts_lens);
    case FAMILY_CHACHA20:
        return 2; /* nonces of 96 and 64 bits */
    case FAMILY_CHACHA20_POLY1305:
        return 1;
    case FAMILY_ENVELOPE:
    case FAMILY_ECDH:
    case FAMILY_FINITE_FIELD:
    case FAMILY_DERIVATION:
    case FAMILY_SECRET_KEYGEN:
    case FAMILY_RSA_KEYGEN:
    case FAMILY_EC_KEYGEN:
        return 0;
    default:
        return COUNT(aes_lens);
    }
}

/* --- Keys --- */

static void set_secret(struct subject *subject, CK_KEY_TYPE type, size_t len)
{
    ck_assert_uint_le(len, sizeof(subject->secret));
    random_octets(subject->secret, len);
    subject->secret_len = len;
    subject->public = secret_make(subject->session, type, subject->secret, len);
    subject->private = subject->public;
    (void)snprintf(subject->name, sizeof(subject->name), "%s (0x%lx), key of %zu", subject->row->name,
                   subject->row->type, len);
}

static void set_pair(struct subject *subject, EVP_PKEY *pkey, const char *name)
{
    subject->pkey = pkey;
    subject->public = public_make(subject->session, pkey);
    subject->private = private_make(subject->session, pkey);
    (void)snprintf(subject->name, sizeof(subject->name), "%s (0x%lx), %s", subject->row->name,
                   subject->row->type, name);
}

static void set_keys(struct subject *subject, size_t index)
{
    const struct mechanism_row *row = subject->row;

    if (row->family == FAMILY_DIGEST) {
        (void)snprintf(subject->name, sizeof(subject->name), "%s", row->name);
        return;
    }
    switch (row->key_type) {
    case CKK_RSA:
        set_pair(subject, pkey_rsa(rsa_ids[index]), rsa_ids[index]);
        return;
    case CKK_EC:
        set_pair(subject, pkey_new(weierstrass[index]), weierstrass[index]);
        return;
    case CKK_EC_EDWARDS:
        set_pair(subject, pkey_new(edwards[index]), edwards[index]);
        return;
    case CKK_AES:
        set_secret(subject, CKK_AES, aes_lens[index]);
        return;
    case CKK_AES_XTS:
        set_secret(subject, CKK_AES_XTS, xts_lens[index]);
        return;
    case CKK_CHACHA20:
        set_secret(subject, CKK_CHACHA20, 32);
        return;
    default:
        set_secret(subject, hmac_keys[index].has_own_type ? row->key_type : CKK_GENERIC_SECRET,
                   hmac_keys[index].len);
    }
}

/* --- Parameters --- */

static void set_param(struct subject *subject, void *at, CK_ULONG len)
{
    subject->mechanism = (CK_MECHANISM){subject->row->type, at, len};
}

static void set_gcm(struct subject *subject, size_t index)
{
    static const CK_ULONG iv_lens[] = {12, 16, 7};
    static const CK_ULONG tag_bits[] = {128, 96, 104};
    bool is_mac = subject->row->family == FAMILY_GMAC;

    subject->params.gcm = (CK_GCM_PARAMS){
        .pIv = subject->iv,
        .ulIvLen = iv_lens[index],
        .ulIvBits = 8 * iv_lens[index],
        .pAAD = is_mac ? NULL : subject->aad,
        .ulAADLen = is_mac ? 0 : sizeof(subject->aad),
        .ulTagBits = tag_bits[index],
    };
    set_param(subject, &subject->params.gcm, sizeof(subject->params.gcm));
}

static void set_ccm(struct subject *subject, size_t index)
{
    static const CK_ULONG nonce_lens[] = {12, 13, 7};
    static const CK_ULONG tag_lens[] = {16, 4, 10};

    subject->params.ccm = (CK_CCM_PARAMS){
        .pNonce = subject->iv,
        .ulNonceLen = nonce_lens[index],
        .pAAD = subject->aad,
        .ulAADLen = sizeof(subject->aad),
        .ulMACLen = tag_lens[index],
    };
    set_param(subject, &subject->params.ccm, sizeof(subject->params.ccm));
}

/* The subject's IV is libcrypto's: counter and nonce in a row. */
static void set_chacha20(struct subject *subject, size_t index)
{
    size_t counter_len = index == 0 ? 4 : 8;

    memset(subject->iv, 0, counter_len);
    subject->iv[0] = 7;
    subject->params.chacha20 = (CK_CHACHA20_PARAMS){subject->iv, 8 * counter_len, subject->iv + counter_len,
                                                    8 * (sizeof(subject->iv) - counter_len)};
    set_param(subject, &subject->params.chacha20, sizeof(subject->params.chacha20));
}

static void set_rsa(struct subject *subject, size_t index)
{
    const struct hash_row *hash = subject->row->hash == NULL ? hash_find("SHA256") : subject->row->hash;

    if (subject->row->family == FAMILY_RSA_PSS) {
        subject->params.pss = (CK_RSA_PKCS_PSS_PARAMS){hash->digest, hash->mgf, index == 0 ? hash->len : 0};
        set_param(subject, &subject->params.pss, sizeof(subject->params.pss));
    } else if (subject->row->family == FAMILY_RSA_OAEP) {
        subject->params.oaep = (CK_RSA_PKCS_OAEP_PARAMS){hash->digest, index == 0 ? hash->mgf : CKG_MGF1_SHA1,
                                                         CKZ_DATA_SPECIFIED, index == 0 ? NULL : subject->aad,
                                                         index == 0 ? 0 : sizeof(subject->aad)};
        set_param(subject, &subject->params.oaep, sizeof(subject->params.oaep));
    }
}

static void set_tls_mac(struct subject *subject, size_t index)
{
    static const CK_TLS_MAC_PARAMS choices[] = {
        {CKM_SHA256, 12, 1}, {CKM_SHA384, 61, 2}, {CKM_TLS_PRF, 12, 2}};

    subject->params.tls_mac = choices[index];
    set_param(subject, &subject->params.tls_mac, sizeof(subject->params.tls_mac));
}

static void set_params(struct subject *subject, size_t index)
{
    random_octets(subject->iv, sizeof(subject->iv));
    random_octets(subject->aad, sizeof(subject->aad));
    set_param(subject, NULL, 0);
    switch ((int)subject->row->family) {
    case FAMILY_CBC:
    case FAMILY_CBC_PAD:
    case FAMILY_XTS:
    case FAMILY_STREAM:
    case FAMILY_CTS:
        set_param(subject, subject->iv, sizeof(subject->iv));
        return;
    case FAMILY_CHACHA20:
        set_chacha20(subject, index);
        return;
    case FAMILY_CHACHA20_POLY1305:
        subject->params.chacha20_poly1305 =
            (CK_SALSA20_CHACHA20_POLY1305_PARAMS){subject->iv, 96, subject->aad, sizeof(subject->aad)};
        set_param(subject, &subject->params.chacha20_poly1305, sizeof(subject->params.chacha20_poly1305));
        return;
    case FAMILY_CTR:
        subject->params.ctr.ulCounterBits = 128;
        memcpy(subject->params.ctr.cb, subject->iv, sizeof(subject->params.ctr.cb));
        set_param(subject, &subject->params.ctr, sizeof(subject->params.ctr));
        return;
    case FAMILY_GCM:
    case FAMILY_GMAC:
        set_gcm(subject, index);
        return;
    case FAMILY_CCM:
        set_ccm(subject, index);
        return;
    case FAMILY_TLS_MAC:
        set_tls_mac(subject, index);
        return;
    default:
        set_rsa(subject, index);
    }
    if (subject->row->is_general) {
        subject->params.mac_len = (subject->row->hash == NULL ? 16 : subject->row->hash->len) - index;
        set_param(subject, &subject->params.mac_len, sizeof(subject->params.mac_len));
    }
}

void subject_make(struct subject *subject, CK_SESSION_HANDLE session, const struct mechanism_row *row,
                  size_t index)
{
    memset(subject, 0, sizeof(*subject));
    subject->session = session;
    subject->row = row;
    set_keys(subject, index);
    set_params(subject, index);
}

void subject_drop(struct subject *subject)
{
    EVP_PKEY_free(subject->pkey);
    if (subject->public != CK_INVALID_HANDLE) {
        OK(p11->C_DestroyObject(subject->session, subject->public));
    }
    if (subject->private != subject->public) {
        OK(p11->C_DestroyObject(subject->session, subject->private));
    }
}

/* --- Running it --- */

CK_OBJECT_HANDLE subject_key(const struct subject *subject, CK_FLAGS function)
{
    return (function & (CKF_ENCRYPT | CKF_VERIFY | CKF_WRAP)) != 0 ? subject->public : subject->private;
}

struct operation subject_op(struct subject *subject, CK_FLAGS function, size_t data_len)
{
    if (subject->row->family == FAMILY_CCM) {
        subject->params.ccm.ulDataLen = data_len;
    }
    return (struct operation){subject->session, function, subject->mechanism, subject_key(subject, function)};
}

static size_t put_lengths(size_t lengths[SUBJECT_LENGTHS_MAX], const size_t *from, size_t count)
{
    memcpy(lengths, from, count * sizeof(*from));
    return count;
}

#define PUT(...)                                                                                             \
    put_lengths(lengths, (const size_t[]){__VA_ARGS__},                                                      \
                sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))

size_t subject_lengths(const struct subject *subject, size_t lengths[SUBJECT_LENGTHS_MAX])
{
    size_t modulus = subject->pkey == NULL ? 0 : (size_t)EVP_PKEY_get_size(subject->pkey);

    switch ((int)subject->row->family) {
    case FAMILY_ECB:
    case FAMILY_CBC:
        return PUT(0, 16, 32, 48, 4112);
    case FAMILY_XTS:
    case FAMILY_CTS:
        return PUT(16, 17, 31, 32, 33, 4099);
    case FAMILY_TLS_MAC:
        return PUT(0, 1, 32, 48, 1009);
    case FAMILY_KW:
        return PUT(16, 24, 32, 4096);
    case FAMILY_KWP:
        return PUT(1, 7, 8, 9, 16, 20, 4099);
    case FAMILY_RSA_RAW:
        return PUT(1, 20, modulus);
    case FAMILY_RSA_OAEP:
        return PUT(0, 1, 32, modulus - 2 - 64);
    case FAMILY_RSA_V15:
        if (subject->row->hash == NULL) {
            return PUT(1, 20, modulus - 11);
        }
        break;
    case FAMILY_RSA_PSS:
        if (subject->row->hash == NULL) {
            return PUT(32);
        }
        break;
    case FAMILY_ECDSA:
        if (subject->row->hash == NULL) {
            return PUT(1, 20, 32, 64, 128);
        }
        break;
    default:
        break;
    }
    /* Private keys are slow, and their hashes have been through more lengths as digests. */
    return subject->pkey != NULL ? PUT(0, 17, 4099) : PUT(0, 1, 15, 16, 17, 128, 4099);
}

struct cfr_span subject_data(const struct subject *subject, size_t len)
{
    static uint8_t below_modulus[OCTETS_MAX];
    struct cfr_span data = pattern(len);

    if (subject->row->family != FAMILY_RSA_RAW || len == 0) {
        return data;
    }
    /* As a number it must be less than the modulus, whose first octet is 0x80 or more. */
    memcpy(below_modulus, data.ptr, len);
    below_modulus[0] = 0x7f;
    return cfr_span_of(below_modulus, len);
}

bool subject_is_random(const struct subject *subject)
{
    return subject->row->family == FAMILY_RSA_OAEP || subject->row->family == FAMILY_ECDSA ||
           (subject->row->family == FAMILY_RSA_PSS && subject->params.pss.sLen != 0);
}

void subject_each(CK_SESSION_HANDLE session, enum family family, CK_FLAGS functions,
                  void (*check)(struct subject *subject))
{
    static struct subject subject;

    for (size_t i = 0; i < MECHANISM_COUNT; i++) {
        const struct mechanism_row *row = mechanism_row(i);
        bool is_wanted = row->family == family && (row->functions & functions) == functions;

        for (size_t at = 0; is_wanted && at < subject_count(row); at++) {
            subject_make(&subject, session, row, at);
            check(&subject);
            subject_drop(&subject);
        }
    }
}
