/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Comparisons of a mechanism with libcrypto's default context, which the module does not use: one round each, with
 * random keys, parameters, data and lengths. They fail the test when the two disagree.
 */
#ifndef CFR_TESTS_INTEGRATION_EVIDENCE_RANDOM_H
#define CFR_TESTS_INTEGRATION_EVIDENCE_RANDOM_H

#include "integration/cryptoki/subject.h"

typedef void (*random_check_fn)(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

/** Those that encrypt, sign or digest; and generators of secret keys that some of these take. */
void cross_operation(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_secret_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

void cross_rsa_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_ec_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_edwards_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_montgomery_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_agreement(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_envelope(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_public(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

void cross_hkdf_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_hkdf(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_pbkdf2(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_kbkdf(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_combination(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_extraction(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_key_digest(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_shake(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_encrypted_data(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

void cross_kem(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_pq_signature(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_pq_digest(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_pq_hash(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

void cross_field_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_domain(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_dsa(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

void cross_premaster(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_tls_master(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_tls_block(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_tls_export(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

void cross_des3_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_des3(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);
void cross_des3_cmac(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type);

/* --- What they share --- */

/** A number below @p below; and octets, static until the eighth call after this one, @p len ≤ OCTETS_MAX. */
size_t random_below(size_t below);
struct cfr_span random_span(size_t len);

/** C_GenerateKey of a readable key; what else the template says is in @p bag. The value goes to @p ret_value. */
CK_OBJECT_HANDLE random_key(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, struct bag *bag,
                            struct octets *ret_value);

/** C_GenerateKeyPair; the private half can be read. libcrypto's key of CKA_PUBLIC_KEY_INFO goes to @p ret_pkey. */
struct key_pair random_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, struct bag *public_bag,
                            EVP_PKEY **ret_pkey);

#endif
