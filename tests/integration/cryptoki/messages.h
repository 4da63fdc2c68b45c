/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message-based functions by what they do instead of by their names: one description of a message of AES-GCM,
 * AES-CCM or ChaCha20-Poly1305, which is encrypted or decrypted at once or in parts.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_MESSAGES_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_MESSAGES_H

#include "integration/cryptoki/operations.h"

enum { MESSAGE_IV_MAX_LEN = 129 };

/** What comes with a message; lengths in octets. The IV and the tag are written to by the module. */
struct message {
    CK_MECHANISM_TYPE type;
    CK_BYTE iv[MESSAGE_IV_MAX_LEN];
    CK_ULONG iv_len;
    CK_ULONG fixed_bits;
    CK_GENERATOR_FUNCTION generator;
    CK_BYTE tag[16];
    CK_ULONG tag_len;
    CK_ULONG data_len; /**< CCM */
    struct cfr_span aad;
    union {
        CK_GCM_MESSAGE_PARAMS gcm;
        CK_CCM_MESSAGE_PARAMS ccm;
        CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS chacha20;
    } params;
};

/** A message with an IV of 12 octets given by the caller, and a tag of 16. */
struct message message_of(CK_MECHANISM_TYPE type, CK_ULONG data_len);

/** Fill in params from the rest, and give their length. */
CK_VOID_PTR message_params(struct message *message, CK_ULONG *ret_len);

/** C_MessageEncryptInit … for one of CKF_ENCRYPT, CKF_DECRYPT, CKF_SIGN and CKF_VERIFY, and C_Message…Final. */
CK_RV messages_init(CK_SESSION_HANDLE session, CK_FLAGS function, CK_MECHANISM mechanism,
                    CK_OBJECT_HANDLE key);
CK_RV messages_cancel(CK_SESSION_HANDLE session, CK_FLAGS function);
CK_RV messages_final(CK_SESSION_HANDLE session, CK_FLAGS function);

/** C_EncryptMessage and C_DecryptMessage. */
CK_RV message_once(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message, struct cfr_span in,
                   CK_BYTE_PTR out, CK_ULONG_PTR len);

/** C_EncryptMessageBegin …, C_EncryptMessageNext … */
CK_RV message_begin(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message);
CK_RV message_next(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message, struct cfr_span in,
                   CK_BYTE_PTR out, CK_ULONG_PTR len, CK_FLAGS flags);

/** A message at once, and in parts of @p chunk octets, into a buffer of exactly the length asked for. */
CK_RV run_message(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message, struct cfr_span in,
                  struct octets *ret);
CK_RV run_message_parts(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message,
                        struct cfr_span in, size_t chunk, struct octets *ret);

#endif
