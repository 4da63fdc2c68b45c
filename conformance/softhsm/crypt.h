/* SPDX-License-Identifier: Apache-2.0 */
/* What the cryptographic operations share: mechanisms with parameters, input, and output in every way to ask for it. */
#ifndef DIFF_CRYPT_H
#define DIFF_CRYPT_H

#include "world.h"

enum diff_param {
    DIFF_PARAM_NONE,
    DIFF_PARAM_IV,
    DIFF_PARAM_CTR,
    DIFF_PARAM_GCM,
    DIFF_PARAM_OAEP,
    DIFF_PARAM_PSS
};

/** A mechanism that both modules have. */
struct diff_mech_row {
    CK_MECHANISM_TYPE type;
    CK_KEY_TYPE key_type;
    enum diff_param param;
    CK_MECHANISM_TYPE hash; /**< CKM_RSA_PKCS_PSS and its like */
    bool is_random;         /**< two results are not the same */
    bool is_single;         /**< one-shot calls only */
};

/** A mechanism and what its parameter points to; not to be copied. */
struct diff_mechanism {
    CK_MECHANISM mechanism;
    union {
        uint8_t iv[32];
        CK_AES_CTR_PARAMS ctr;
        CK_GCM_PARAMS gcm;
        CK_RSA_PKCS_OAEP_PARAMS oaep;
        CK_RSA_PKCS_PSS_PARAMS pss;
    } param;
    uint8_t octets[64];
    uint8_t aad[32];
    const char *what; /**< "plain", or how it is unusual */
};

/** Fill in a mechanism with random parameters, now and then wrong ones. */
void diff_mechanism_make(struct diff_world *world, const struct diff_mech_row *row,
                         struct diff_mechanism *to);

/** The functions that take octets and give octets; and those that only give. */
enum diff_verb {
    DIFF_ENCRYPT,
    DIFF_ENCRYPT_UPDATE,
    DIFF_DECRYPT,
    DIFF_DECRYPT_UPDATE,
    DIFF_DIGEST,
    DIFF_SIGN,
    DIFF_ENCRYPT_FINAL,
    DIFF_DECRYPT_FINAL,
    DIFF_DIGEST_FINAL,
    DIFF_SIGN_FINAL,
};

/** Octets for each side, mostly the same. */
struct diff_input {
    const uint8_t *octets[SIDES];
    CK_ULONG len[SIDES];
};

/** Call; the code of both. Lengths first, then no room, then enough of it, as chance has it. */
CK_RV diff_produce(struct diff_world *world, enum diff_verb verb, struct diff_session *session,
                   const struct diff_input *input, struct diff_output *ret);

/** After an error that ends the operation: both say so. Renews the session when they do not agree. */
void diff_ended(struct diff_world *world, enum diff_verb verb, struct diff_session *session);

/** The same octets for both sides. */
struct diff_input diff_input_same(const uint8_t *octets, CK_ULONG len);

/** What the other side put out, or what this side did. */
struct diff_input diff_input_output(const struct diff_output *output, bool is_crossed);

#endif
