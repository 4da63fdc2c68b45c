/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations by what they do instead of by their C_ functions: one description of a mechanism with its key,
 * which is then run at once or in parts. Outputs of parts go to memory of exactly the length asked for, so
 * that a sanitizer sees one octet too many.
 */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_OPERATIONS_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_OPERATIONS_H

#include "integration/cryptoki/support.h"

/** What is to be run, for one of CKF_ENCRYPT, CKF_DECRYPT, CKF_DIGEST, CKF_SIGN and CKF_VERIFY. */
struct operation {
    CK_SESSION_HANDLE session;
    CK_FLAGS function;
    CK_MECHANISM mechanism;
    CK_OBJECT_HANDLE key;
};

/** "C_Encrypt" … for messages. */
const char *op_name(CK_FLAGS function);

CK_RV op_init(const struct operation *op);

/** Init with no mechanism, which cancels. */
CK_RV op_cancel(const struct operation *op);

/** C_Encrypt and its like; not for verification. */
CK_RV op_once(const struct operation *op, struct cfr_span in, CK_BYTE_PTR out, CK_ULONG_PTR len);

/** C_EncryptUpdate and its like; *len is 0 after those of functions that put out nothing before their end. */
CK_RV op_update(const struct operation *op, struct cfr_span in, CK_BYTE_PTR out, CK_ULONG_PTR len);
CK_RV op_final(const struct operation *op, CK_BYTE_PTR out, CK_ULONG_PTR len);

CK_RV op_verify(const struct operation *op, struct cfr_span data, struct cfr_span signature);
CK_RV op_verify_final(const struct operation *op, struct cfr_span signature);

/** Init and the whole message; the first code that is not CKR_OK. @p ret may not overlap @p in. */
CK_RV run_once(const struct operation *op, struct cfr_span in, struct octets *ret);

/** Init, parts of @p chunk octets, and the end. */
CK_RV run_parts(const struct operation *op, struct cfr_span in, size_t chunk, struct octets *ret);

/** Init and C_Verify; or with parts. */
CK_RV run_verify(const struct operation *op, struct cfr_span data, struct cfr_span signature);
CK_RV run_verify_parts(const struct operation *op, struct cfr_span data, size_t chunk,
                       struct cfr_span signature);

/** No operation of this kind is active: its next call says CKR_OPERATION_NOT_INITIALIZED. */
void expect_idle(const struct operation *op, const char *what);

/** What is in octets. */
static inline struct cfr_span octets_view(const struct octets *octets)
{
    return cfr_span_of(octets->at, octets->len);
}

/** A pattern that differs at each place, @p len ≤ OCTETS_MAX. Static. */
struct cfr_span pattern(size_t len);

/** A mechanism without a parameter, and one with. */
#define MECHANISM(type)           ((CK_MECHANISM){(type), NULL, 0})
#define MECHANISM_WITH(type, ptr) ((CK_MECHANISM){(type), (ptr), sizeof(*(ptr))})

#endif
