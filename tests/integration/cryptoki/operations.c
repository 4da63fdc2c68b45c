/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/operations.h"

#include <stdlib.h>

typedef CK_RV (*transform_fn)(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
                              CK_ULONG_PTR out_len);

struct functions {
    CK_FLAGS flag;
    const char *name;
    CK_RV (*init)(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key);
    transform_fn once;
    transform_fn update;
    CK_RV (*absorb)(CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len);
    CK_RV (*final)(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
};

static CK_RV digest_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    (void)key;
    return p11->C_DigestInit(session, mechanism);
}

static struct functions functions_of(CK_FLAGS function)
{
    switch (function) {
    case CKF_ENCRYPT:
        return (struct functions){function,           "C_Encrypt",          p11->C_EncryptInit,
                                  p11->C_Encrypt,     p11->C_EncryptUpdate, NULL,
                                  p11->C_EncryptFinal};
    case CKF_DECRYPT:
        return (struct functions){function,           "C_Decrypt",          p11->C_DecryptInit,
                                  p11->C_Decrypt,     p11->C_DecryptUpdate, NULL,
                                  p11->C_DecryptFinal};
    case CKF_DIGEST:
        return (struct functions){function, "C_Digest",          digest_init,       p11->C_Digest,
                                  NULL,     p11->C_DigestUpdate, p11->C_DigestFinal};
    case CKF_SIGN:
        return (struct functions){function, "C_Sign",          p11->C_SignInit, p11->C_Sign,
                                  NULL,     p11->C_SignUpdate, p11->C_SignFinal};
    default:
        ck_assert_uint_eq(function, CKF_VERIFY);
        return (struct functions){function, "C_Verify", p11->C_VerifyInit, NULL, NULL, p11->C_VerifyUpdate,
                                  NULL};
    }
}

const char *op_name(CK_FLAGS function)
{
    return functions_of(function).name;
}

CK_RV op_init(const struct operation *op)
{
    CK_MECHANISM mechanism = op->mechanism;

    return functions_of(op->function).init(op->session, &mechanism, op->key);
}

CK_RV op_cancel(const struct operation *op)
{
    return functions_of(op->function).init(op->session, NULL, CK_INVALID_HANDLE);
}

CK_RV op_once(const struct operation *op, struct cfr_span in, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    return functions_of(op->function).once(op->session, UNCONST(in.ptr), in.len, out, len);
}

CK_RV op_update(const struct operation *op, struct cfr_span in, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    struct functions functions = functions_of(op->function);

    if (functions.absorb != NULL) {
        *len = 0;
        return functions.absorb(op->session, UNCONST(in.ptr), in.len);
    }
    return functions.update(op->session, UNCONST(in.ptr), in.len, out, len);
}

CK_RV op_final(const struct operation *op, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    return functions_of(op->function).final(op->session, out, len);
}

CK_RV op_verify(const struct operation *op, struct cfr_span data, struct cfr_span signature)
{
    return p11->C_Verify(op->session, UNCONST(data.ptr), data.len, UNCONST(signature.ptr), signature.len);
}

CK_RV op_verify_final(const struct operation *op, struct cfr_span signature)
{
    return p11->C_VerifyFinal(op->session, UNCONST(signature.ptr), signature.len);
}

CK_RV run_once(const struct operation *op, struct cfr_span in, struct octets *ret)
{
    CK_RV rv = op_init(op);

    ret->len = sizeof(ret->at);
    return rv == CKR_OK ? op_once(op, in, ret->at, &ret->len) : rv;
}

/* One call whose output has as much room as a length query says, and no more. */
static CK_RV append(const struct operation *op, const struct cfr_span *part, struct octets *ret)
{
    CK_ULONG len = 0;
    CK_ULONG need;
    CK_BYTE *out;
    CK_RV rv = CKR_OK;

    /* Functions that only take in have no length to be asked for. */
    if (part == NULL || op->function == CKF_ENCRYPT || op->function == CKF_DECRYPT) {
        rv = part != NULL ? op_update(op, *part, NULL, &len) : op_final(op, NULL, &len);
    }
    if (rv != CKR_OK) {
        return rv;
    }
    need = len;
    out = malloc(len + (len == 0));
    ck_assert_ptr_nonnull(out);
    rv = part != NULL ? op_update(op, *part, out, &len) : op_final(op, out, &len);
    if (rv == CKR_OK) {
        ck_assert_uint_le(len, need);
        ck_assert_uint_le(ret->len + len, sizeof(ret->at));
        cfr_copy(ret->at + ret->len, out, len);
        ret->len += len;
    }
    free(out);
    return rv;
}

CK_RV run_parts(const struct operation *op, struct cfr_span in, size_t chunk, struct octets *ret)
{
    CK_RV rv = op_init(op);

    ret->len = 0;
    while (rv == CKR_OK && in.len != 0) {
        struct cfr_span part = cfr_span_of(in.ptr, in.len < chunk ? in.len : chunk);

        rv = append(op, &part, ret);
        in = cfr_span_after(in, part.len);
    }
    return rv == CKR_OK ? append(op, NULL, ret) : rv;
}

CK_RV run_verify(const struct operation *op, struct cfr_span data, struct cfr_span signature)
{
    CK_RV rv = op_init(op);

    return rv == CKR_OK ? op_verify(op, data, signature) : rv;
}

CK_RV run_verify_parts(const struct operation *op, struct cfr_span data, size_t chunk,
                       struct cfr_span signature)
{
    CK_RV rv = op_init(op);

    while (rv == CKR_OK && data.len != 0) {
        struct cfr_span part = cfr_span_of(data.ptr, data.len < chunk ? data.len : chunk);

        rv = p11->C_VerifyUpdate(op->session, UNCONST(part.ptr), part.len);
        data = cfr_span_after(data, part.len);
    }
    return rv == CKR_OK ? op_verify_final(op, signature) : rv;
}

void expect_idle(const struct operation *op, const char *what)
{
    static struct octets out;
    CK_RV rv;

    out.len = sizeof(out.at);
    rv = op->function == CKF_VERIFY ? op_verify(op, pattern(16), pattern(16))
                                    : op_once(op, pattern(16), out.at, &out.len);
    ck_assert_msg(rv == CKR_OPERATION_NOT_INITIALIZED, "after %s: %s says %s", what, op_name(op->function),
                  rv_text(rv));
}

struct cfr_span pattern(size_t len)
{
    static CK_BYTE octets[OCTETS_MAX];

    ck_assert_uint_le(len, sizeof(octets));
    if (octets[1] == 0) {
        /* The period, 251, is prime to every block length, so that no two blocks are equal. */
        for (size_t i = 0; i < sizeof(octets); i++) {
            octets[i] = (CK_BYTE)(i % 251 + i / 251 + 1);
        }
    }
    return cfr_span_of(octets, len);
}
