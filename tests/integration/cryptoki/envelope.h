/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wrappings under a key pair and AES at once: parameters for the module, and what libcrypto makes of the same. An
 * envelope is in @c envelope_wrapped, its contents are in @c envelope_plain.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_ENVELOPE_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_ENVELOPE_H

#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"

/** What wraps: a mechanism, a pair, a length of the AES key, and a hash; NULL: no KDF. */
struct envelope_form {
    CK_MECHANISM_TYPE type;
    const char *pair;
    CK_ULONG aes_bits;
    const char *hash;
    bool is_sp800;
};

enum { ENVELOPE_FORMS = 12 };
extern const struct envelope_form envelope_forms[ENVELOPE_FORMS];

/** A form with its keys on both sides. The mechanism points into it: it cannot be copied. */
struct envelope {
    CK_SESSION_HANDLE session;
    const struct envelope_form *form;
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

extern struct octets envelope_wrapped;
extern struct octets envelope_plain;

/** What the parameters have in them. */
enum { ENVELOPE_SHARED_LEN = 11, ENVELOPE_LABEL_LEN = 5 };
extern CK_BYTE envelope_shared_data[ENVELOPE_SHARED_LEN + 1];
extern CK_BYTE envelope_label[ENVELOPE_LABEL_LEN + 1];

/** Make keys and parameters; and free them. */
void envelope_prepare(struct envelope *e, CK_SESSION_HANDLE session, const struct envelope_form *form);
void envelope_forget(struct envelope *e);

/** libcrypto opens what is wrapped; wraps @p in. Both have to succeed. */
void envelope_open(const struct envelope *e);
void envelope_seal(const struct envelope *e, struct cfr_span in);

/** C_UnwrapKey of what is wrapped: a key that can be read. */
CK_RV envelope_try_unwrap(struct envelope *e, CK_OBJECT_CLASS class, CK_KEY_TYPE type,
                          CK_OBJECT_HANDLE *ret_key);

#endif
