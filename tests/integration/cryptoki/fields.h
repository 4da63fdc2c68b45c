/* SPDX-License-Identifier: Apache-2.0 */
/* Finite field keys of libcrypto's default context, and as templates for the module. */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_FIELDS_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_FIELDS_H

#include "integration/cryptoki/keys.h"
#include "support/vectors.h"

/** A new key in one of libcrypto's groups: "ffdhe2048", "modp_2048"; "dh_2048_256" gives a subprime. */
EVP_PKEY *field_key(const char *group);

/** A number of a key by libcrypto's name, without leading zeros: "p", "q", "g", "pub", "priv". */
void field_number(EVP_PKEY *pkey, const char *name, struct octets *ret);

/** CKA_PRIME, CKA_BASE and, for CKK_X9_42_DH, CKA_SUBPRIME. */
void bag_group(struct bag *bag, CK_KEY_TYPE type, EVP_PKEY *pkey);
void bag_group_of_case(struct bag *bag, struct vectors *vectors);

/** A template of a half whose CKA_VALUE is @p value; the private half may be read and derives. */
void bag_field_public(struct bag *bag, CK_KEY_TYPE type, struct cfr_span value);
void bag_field_private(struct bag *bag, CK_KEY_TYPE type, struct cfr_span value);

/** C_GenerateKeyPair in a group; the private half may be read and derives. @p value_bits 0: not given. */
CK_RV try_field_pair(CK_SESSION_HANDLE session, CK_KEY_TYPE type, EVP_PKEY *group, CK_ULONG value_bits,
                     struct key_pair *ret_pair);

/** The key of a published case. */
CK_OBJECT_HANDLE field_make_of_case(CK_SESSION_HANDLE session, struct vectors *vectors, bool is_private);

/** CKM_DH_PKCS_DERIVE; and parameters of CKM_X9_42_DH_DERIVE without a KDF. They point to @p peer. */
CK_MECHANISM dh_with(struct cfr_span peer);
CK_X9_42_DH1_DERIVE_PARAMS x942_with(struct cfr_span peer);

/** Whichever of these a published case is for. */
CK_MECHANISM field_agreement_of_case(struct vectors *vectors, CK_X9_42_DH1_DERIVE_PARAMS *params);

/** The module's pair and libcrypto's agree, whichever side is the module's. */
void expect_field_agreement(CK_SESSION_HANDLE session, CK_KEY_TYPE type, struct key_pair pair,
                            EVP_PKEY *pkey);

/** What libcrypto agrees on, with zeros in front. */
void field_agree(EVP_PKEY *pkey, struct cfr_span peer, struct octets *ret);

#endif
