/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ML-KEM, ML-DSA and SLH-DSA, for the mechanism table. The variant of their rows is the enum cfr_key_family.
 */
#ifndef CFR_MECH_OP_PQ_H
#define CFR_MECH_OP_PQ_H

#include "mech/mechanism.h"

extern const struct cfr_op_impl cfr_op_pq;        /* signs the message */
extern const struct cfr_op_impl cfr_op_pq_digest; /* signs a hash that is given; single-part */
extern const struct cfr_op_impl cfr_op_pq_hash;   /* signs the message's hash */
extern const struct cfr_kem_impl cfr_kem_pq;

/** Whether libcrypto has the row's family and hash. */
bool cfr_probe_pq(const struct cfr_mechanism *mechanism);

/** CKR_PARAMETER_SET_NOT_SUPPORTED, and see cfr_pq_generate(). */
CK_RV cfr_keygen_pq(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                    struct cfr_keymat **ret_keymat);

#endif
