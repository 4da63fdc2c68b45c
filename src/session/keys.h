/* SPDX-License-Identifier: Apache-2.0 */
/* Key management: generate, wrap, unwrap, derive (PKCS#11 5.18). */
#ifndef CFR_SESSION_KEYS_H
#define CFR_SESSION_KEYS_H

#include "mech/mechanism.h"
#include "object/policy.h"
#include "session/output.h"
#include "session/session.h"

/** A template as the API gets it. */
struct cfr_given {
    const CK_ATTRIBUTE *template;
    CK_ULONG count;
};

/**
 * The row of a mechanism for a function (@p flag: CKF_GENERATE …), its parameter read and the profile asked.
 *
 * @retval CKR_ARGUMENTS_BAD            no mechanism
 * @retval CKR_MECHANISM_INVALID        unknown, not for this function, or not allowed by the profile
 * @retval CKR_MECHANISM_PARAM_INVALID  see the row's reader
 */
NODISCARD CK_RV cfr_keys_mechanism(const CK_MECHANISM *given, CK_FLAGS flag, const struct cfr_actor *actor,
                                   const struct cfr_mechanism **ret_row, struct cfr_params *ret_params);

/** C_GenerateKey. CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID, CKR_KEY_SIZE_RANGE, template errors. */
NODISCARD CK_RV cfr_keys_generate(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                  struct cfr_given given, CK_OBJECT_HANDLE *ret_key);

/**
 * C_GenerateKeyPair: both or none. In an asynchronous session CKR_PENDING for slow mechanisms; then session->job is
 * for the two functions below. CKR_OPERATION_ACTIVE: it is pending.
 */
NODISCARD CK_RV cfr_keys_generate_pair(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                       struct cfr_given public_given, struct cfr_given private_given,
                                       CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private);

/** C_AsyncComplete of a pending pair. CKR_PENDING, CKR_USER_NOT_LOGGED_IN, CKR_FUNCTION_CANCELED, and as above. */
NODISCARD CK_RV cfr_keys_complete_pair(struct cfr_session *session, CK_ASYNC_DATA *result);

/** After logout: a pending pair that was asked for within the login is not wanted any more. */
void cfr_keys_sweep_pair(struct cfr_session *session);

/**
 * C_WrapKey; with @p associated data, even of no octets, C_WrapKeyAuthenticated. CKR_WRAPPING_KEY_…,
 * CKR_KEY_UNEXTRACTABLE, CKR_KEY_NOT_WRAPPABLE, CKR_KEY_SIZE_RANGE.
 */
NODISCARD CK_RV cfr_keys_wrap(struct cfr_session *session, const CK_MECHANISM *mechanism,
                              CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key,
                              const struct cfr_span *associated, const struct cfr_output *output);

/**
 * C_UnwrapKey; with @p associated data C_UnwrapKeyAuthenticated. CKR_UNWRAPPING_KEY_…, CKR_WRAPPED_KEY_INVALID,
 * CKR_WRAPPED_KEY_LEN_RANGE, template errors.
 */
NODISCARD CK_RV cfr_keys_unwrap(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                CK_OBJECT_HANDLE unwrapping_key, const struct cfr_span *associated,
                                struct cfr_span wrapped, struct cfr_given given, CK_OBJECT_HANDLE *ret_key);

/**
 * C_DeriveKey. @p ret_key is NULL, or is not written, where the mechanism's parameter takes the handles; otherwise NULL is
 * CKR_ARGUMENTS_BAD. CKR_KEY_…, CKR_PUBLIC_KEY_INVALID, template errors.
 */
NODISCARD CK_RV cfr_keys_derive(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                CK_OBJECT_HANDLE base_key, struct cfr_given given, CK_OBJECT_HANDLE *ret_key);

/**
 * C_EncapsulateKey: a new secret key, and the ciphertext from which the holder of the private key makes the same one. With no
 * room, or too little, nothing is made. CKR_KEY_…, CKR_BUFFER_TOO_SMALL, CKR_KEY_SIZE_RANGE, template errors.
 */
NODISCARD CK_RV cfr_keys_encapsulate(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                     CK_OBJECT_HANDLE public_key, struct cfr_given given,
                                     const struct cfr_output *ciphertext, CK_OBJECT_HANDLE *ret_key);

/** C_DecapsulateKey. CKR_UNWRAPPING_KEY_…, CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPED_KEY_INVALID, template errors. */
NODISCARD CK_RV cfr_keys_decapsulate(struct cfr_session *session, const CK_MECHANISM *mechanism,
                                     CK_OBJECT_HANDLE private_key, struct cfr_given given,
                                     struct cfr_span ciphertext, CK_OBJECT_HANDLE *ret_key);

#endif
