/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mechanism ready to be run: keys of a size that it takes, on both sides, and a good parameter. And what
 * libcrypto's default context makes of the same key, parameter and data.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_SUBJECT_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_SUBJECT_H

#include "integration/cryptoki/mechanisms.h"
#include "integration/cryptoki/operations.h"

enum { SUBJECT_LENGTHS_MAX = 8 };

struct subject {
    CK_SESSION_HANDLE session;
    const struct mechanism_row *row;
    char name[64];
    EVP_PKEY *pkey; /**< of a pair; or else: */
    uint8_t secret[256];
    size_t secret_len;
    CK_OBJECT_HANDLE public; /**< of a pair; a secret key is both */
    CK_OBJECT_HANDLE private;
    CK_MECHANISM mechanism; /**< its parameter is in here, so that a subject cannot be copied */
    union {
        CK_AES_CTR_PARAMS ctr;
        CK_GCM_PARAMS gcm;
        CK_CCM_PARAMS ccm;
        CK_CHACHA20_PARAMS chacha20;
        CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha20_poly1305;
        CK_MAC_GENERAL_PARAMS mac_len;
        CK_TLS_MAC_PARAMS tls_mac;
        CK_RSA_PKCS_PSS_PARAMS pss;
        CK_RSA_PKCS_OAEP_PARAMS oaep;
    } params;
    uint8_t iv[16];
    uint8_t aad[20]; /**< a label too */
};

/** Subjects of a mechanism: key sizes, key types, curves. 0: it does not encrypt, sign or digest. */
size_t subject_count(const struct mechanism_row *row);

/** Make one, below subject_count(). subject_drop() frees what libcrypto has of it, and the objects. */
void subject_make(struct subject *subject, CK_SESSION_HANDLE session, const struct mechanism_row *row,
                  size_t index);
void subject_drop(struct subject *subject);

/** Run @p check with every subject of a family; @p functions: those whose mechanisms have them all, CKF_…, or 0. */
void subject_each(CK_SESSION_HANDLE session, enum family family, CK_FLAGS functions,
                  void (*check)(struct subject *subject));

/**
 * The operation for a function on @p data_len octets of plain data; CCM wants to know it before. @p subject
 * must outlive it.
 */
struct operation subject_op(struct subject *subject, CK_FLAGS function, size_t data_len);

/** Lengths of data that can be encrypted or signed, the least and the greatest among them. */
size_t subject_lengths(const struct subject *subject, size_t lengths[SUBJECT_LENGTHS_MAX]);

/** Data of a length that every form of the subject's operation takes. */
struct cfr_span subject_data(const struct subject *subject, size_t len);

/** The key that a function wants. */
CK_OBJECT_HANDLE subject_key(const struct subject *subject, CK_FLAGS function);

/** Whether the same data gives another result each time. */
bool subject_is_random(const struct subject *subject);

/** Whether data shorter than the modulus comes back with zeros in front. */
static inline bool subject_pads_in_front(const struct subject *subject)
{
    return subject->row->family == FAMILY_RSA_RAW;
}

/* --- libcrypto --- */

/** Both have to succeed. */
void reference_encrypt(const struct subject *subject, struct cfr_span plain, struct octets *ret);
void reference_decrypt(const struct subject *subject, struct cfr_span coded, struct octets *ret);

void reference_sign(const struct subject *subject, struct cfr_span data, struct octets *ret);
bool reference_verify(const struct subject *subject, struct cfr_span data, struct cfr_span signature);

#endif
