/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that build parameters share. */
#ifndef CFR_TESTS_FUZZ_PARAMETERS_PRIVATE_H
#define CFR_TESTS_FUZZ_PARAMETERS_PRIVATE_H

#include "fuzz/parameters.h"

/** Of the octet before a length: so much and more is no length of octets that are there. */
enum { LEN_LIE = 0xf0 };

/** A length that cannot be meant. */
CK_ULONG parameter_lie(struct input *input);

/** A copy of octets, @p offset octets behind an aligned address; it lives as long as the parameter. */
void *parameter_keep(struct parameter *parameter, struct cfr_span octets, size_t offset);

/** Octets behind a pointer in a structure. */
CK_BYTE_PTR parameter_pointed(struct input *input, struct parameter *parameter, CK_ULONG *ret_len);

/** The parameter itself: a structure, or at most 16 octets of the input. */
void parameter_set(struct parameter *parameter, const void *structure, size_t len);
void parameter_octets(struct input *input, struct parameter *parameter, size_t len);

/** A hash that the table has, as a mechanism; or any mechanism. */
CK_MECHANISM_TYPE parameter_hash(struct input *input);

/** For the readers of mech/params_dh.h. */
void parameter_dh(struct input *input, struct parameter *parameter);
void parameter_x942_dh(struct input *input, struct parameter *parameter);

/** For the readers of mech/params_pq.h. */
void parameter_sign_context(struct input *input, struct parameter *parameter);
void parameter_hash_sign_context(struct input *input, struct parameter *parameter);

/** For the readers of mech/params_tls.h. */
void parameter_tls_version(struct input *input, struct parameter *parameter);
void parameter_tls_master(struct input *input, struct parameter *parameter);
void parameter_tls_extended(struct input *input, struct parameter *parameter);
void parameter_tls_block(struct input *input, struct parameter *parameter);
void parameter_tls_kdf(struct input *input, struct parameter *parameter);
void parameter_tls_mac(struct input *input, struct parameter *parameter);

#endif
