/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The adapters: families of mechanisms over crypto/. Included by the mechanism table and by the adapters
 * alone.
 */
#ifndef CFR_MECH_OP_H
#define CFR_MECH_OP_H

#include "base/buf.h"
#include "mech/mechanism.h"

/** Ceiling for messages that must be held whole (XTS, CCM, GCM decryption, EdDSA in parts), octets. */
#define CFR_GATHER_MAX_LEN ((size_t)1 << 30)

extern const struct cfr_op_impl cfr_op_cipher; /* variant: enum cfr_cipher_mode */
extern const struct cfr_op_impl cfr_op_aead;   /* variant: enum cfr_aead_kind */
extern const struct cfr_op_impl cfr_op_digest;
extern const struct cfr_op_impl cfr_op_mac;        /* variant: enum cfr_mac_kind */
extern const struct cfr_op_impl cfr_op_rsa;        /* variant: enum cfr_rsa_padding; single-part */
extern const struct cfr_op_impl cfr_op_rsa_hash;   /* the same over a hash */
extern const struct cfr_op_impl cfr_op_ecdsa;      /* single-part */
extern const struct cfr_op_impl cfr_op_ecdsa_hash; /* over a hash */
extern const struct cfr_op_impl cfr_op_eddsa;
extern const struct cfr_op_impl cfr_op_keywrap;  /* variant: 1 with padding (RFC 5649) */
extern const struct cfr_op_impl cfr_op_envelope; /* variant: enum cfr_envelope; wrapping alone */

/** How the AES key of an envelope gets to the owner of a private key. */
enum cfr_envelope {
    CFR_ENVELOPE_RSA,           /**< under OAEP */
    CFR_ENVELOPE_ECDH,          /**< agreed on with a transport key, whose point comes bare */
    CFR_ENVELOPE_ECDH_COFACTOR, /**< the same with cofactor; the point comes as a DER OCTET STRING */
};

/** Key generators and derivations; see cfr_keygen_fn and cfr_derive_fn. */
CK_RV cfr_keygen_secret(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                        struct cfr_keymat **ret_keymat);
CK_RV cfr_keygen_rsa(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                     struct cfr_keymat **ret_keymat);
/** variant: enum cfr_key_family */
CK_RV cfr_keygen_ec(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                    struct cfr_keymat **ret_keymat);
/** variant: 1 with cofactor */
CK_RV cfr_derive_ecdh1(const struct cfr_mechanism *mechanism, const struct cfr_params *params,
                       struct cfr_keymat *base, size_t len, struct cfr_secret **ret_octets);

/** CKR_DATA_LEN_RANGE when encrypting or signing, CKR_ENCRYPTED_DATA_LEN_RANGE when decrypting. */
static inline CK_RV cfr_op_len_error(const struct cfr_op *op)
{
    return op->use == CFR_USE_DECRYPT ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_DATA_LEN_RANGE;
}

/** Hold more of a message. CKR_HOST_MEMORY, or a length error above CFR_GATHER_MAX_LEN. */
static inline CK_RV cfr_op_gather(const struct cfr_op *op, struct cfr_buf *gathered, struct cfr_span in)
{
    if (in.len > CFR_GATHER_MAX_LEN - gathered->len) {
        return cfr_fail(cfr_op_len_error(op), "more than %zu octets for a mechanism that needs them whole",
                        CFR_GATHER_MAX_LEN);
    }
    cfr_buf_put(gathered, in);
    return cfr_buf_check(gathered);
}

#endif
