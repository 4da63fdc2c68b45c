/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/messages.h"

#include <stdlib.h>

struct message message_of(CK_MECHANISM_TYPE type, CK_ULONG data_len)
{
    struct message message = {.type = type, .iv_len = 12, .tag_len = 16, .data_len = data_len};

    random_octets(message.iv, message.iv_len);
    return message;
}

CK_VOID_PTR message_params(struct message *message, CK_ULONG *ret_len)
{
    if (message->type == CKM_AES_GCM) {
        message->params.gcm = (CK_GCM_MESSAGE_PARAMS){.pIv = message->iv,
                                                      .ulIvLen = message->iv_len,
                                                      .ulIvFixedBits = message->fixed_bits,
                                                      .ivGenerator = message->generator,
                                                      .pTag = message->tag,
                                                      .ulTagBits = 8 * message->tag_len};
        *ret_len = sizeof(message->params.gcm);
    } else if (message->type == CKM_CHACHA20_POLY1305) {
        message->params.chacha20 = (CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS){
            .pNonce = message->iv, .ulNonceLen = 8 * message->iv_len, .pTag = message->tag};
        *ret_len = sizeof(message->params.chacha20);
    } else {
        message->params.ccm = (CK_CCM_MESSAGE_PARAMS){.ulDataLen = message->data_len,
                                                      .pNonce = message->iv,
                                                      .ulNonceLen = message->iv_len,
                                                      .ulNonceFixedBits = message->fixed_bits,
                                                      .nonceGenerator = message->generator,
                                                      .pMAC = message->tag,
                                                      .ulMACLen = message->tag_len};
        *ret_len = sizeof(message->params.ccm);
    }
    return &message->params;
}

struct functions {
    CK_RV (*init)(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*final)(CK_SESSION_HANDLE session);
};

static struct functions functions_of(CK_FLAGS function)
{
    switch (function) {
    case CKF_ENCRYPT:
        return (struct functions){p11->C_MessageEncryptInit, p11->C_MessageEncryptFinal};
    case CKF_DECRYPT:
        return (struct functions){p11->C_MessageDecryptInit, p11->C_MessageDecryptFinal};
    case CKF_SIGN:
        return (struct functions){p11->C_MessageSignInit, p11->C_MessageSignFinal};
    default:
        ck_assert_uint_eq(function, CKF_VERIFY);
        return (struct functions){p11->C_MessageVerifyInit, p11->C_MessageVerifyFinal};
    }
}

CK_RV messages_init(CK_SESSION_HANDLE session, CK_FLAGS function, CK_MECHANISM mechanism,
                    CK_OBJECT_HANDLE key)
{
    return functions_of(function).init(session, &mechanism, key);
}

CK_RV messages_cancel(CK_SESSION_HANDLE session, CK_FLAGS function)
{
    return functions_of(function).init(session, NULL, CK_INVALID_HANDLE);
}

CK_RV messages_final(CK_SESSION_HANDLE session, CK_FLAGS function)
{
    return functions_of(function).final(session);
}

CK_RV message_once(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message, struct cfr_span in,
                   CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    CK_ULONG params_len = 0;
    CK_VOID_PTR params = message_params(message, &params_len);
    CK_BYTE_PTR aad = UNCONST(message->aad.ptr);

    return function == CKF_ENCRYPT ? p11->C_EncryptMessage(session, params, params_len, aad, message->aad.len,
                                                           UNCONST(in.ptr), in.len, out, len)
                                   : p11->C_DecryptMessage(session, params, params_len, aad, message->aad.len,
                                                           UNCONST(in.ptr), in.len, out, len);
}

CK_RV message_begin(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message)
{
    CK_ULONG params_len = 0;
    CK_VOID_PTR params = message_params(message, &params_len);
    CK_BYTE_PTR aad = UNCONST(message->aad.ptr);

    return function == CKF_ENCRYPT
               ? p11->C_EncryptMessageBegin(session, params, params_len, aad, message->aad.len)
               : p11->C_DecryptMessageBegin(session, params, params_len, aad, message->aad.len);
}

CK_RV message_next(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message, struct cfr_span in,
                   CK_BYTE_PTR out, CK_ULONG_PTR len, CK_FLAGS flags)
{
    CK_ULONG params_len = 0;
    CK_VOID_PTR params = message_params(message, &params_len);

    return function == CKF_ENCRYPT ? p11->C_EncryptMessageNext(session, params, params_len, UNCONST(in.ptr),
                                                               in.len, out, len, flags)
                                   : p11->C_DecryptMessageNext(session, params, params_len, UNCONST(in.ptr),
                                                               in.len, out, len, flags);
}

/* Memory of exactly @p len octets, at least one; what it holds is appended to @p ret. */
static CK_BYTE_PTR exact_room(CK_ULONG len)
{
    CK_BYTE_PTR room = malloc(len == 0 ? 1 : len);

    ck_assert_ptr_nonnull(room);
    return room;
}

static void keep(CK_BYTE_PTR room, CK_ULONG len, struct octets *ret)
{
    ck_assert_uint_le(ret->len + len, sizeof(ret->at));
    cfr_copy(ret->at + ret->len, room, len);
    ret->len += len;
}

CK_RV run_message(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message, struct cfr_span in,
                  struct octets *ret)
{
    CK_ULONG len = 0;
    CK_RV rv = message_once(session, function, message, in, NULL, &len);
    CK_BYTE_PTR room = exact_room(len);

    ret->len = 0;
    rv = rv == CKR_OK ? message_once(session, function, message, in, room, &len) : rv;
    if (rv == CKR_OK) {
        keep(room, len, ret);
    }
    free(room);
    return rv;
}

static CK_RV run_part(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message,
                      struct cfr_span in, CK_FLAGS flags, struct octets *ret)
{
    CK_ULONG len = 0;
    CK_RV rv = message_next(session, function, message, in, NULL, &len, flags);
    CK_BYTE_PTR room = exact_room(len);

    rv = rv == CKR_OK ? message_next(session, function, message, in, room, &len, flags) : rv;
    if (rv == CKR_OK) {
        keep(room, len, ret);
    }
    free(room);
    return rv;
}

CK_RV run_message_parts(CK_SESSION_HANDLE session, CK_FLAGS function, struct message *message,
                        struct cfr_span in, size_t chunk, struct octets *ret)
{
    CK_RV rv = message_begin(session, function, message);

    ret->len = 0;
    while (rv == CKR_OK && in.len > chunk) {
        rv = run_part(session, function, message, cfr_span_of(in.ptr, chunk), 0, ret);
        in = cfr_span_after(in, chunk);
    }
    return rv == CKR_OK ? run_part(session, function, message, in, CKF_END_OF_MESSAGE, ret) : rv;
}
