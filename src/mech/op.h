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
extern const struct cfr_op_impl cfr_op_mac;        /* variant: enum cfr_mac_kind, but GMAC */
extern const struct cfr_op_impl cfr_op_gmac;       /* variant: CFR_MAC_GMAC */
extern const struct cfr_op_impl cfr_op_rsa;        /* variant: enum cfr_rsa_padding; single-part */
extern const struct cfr_op_impl cfr_op_rsa_hash;   /* the same over a hash */
extern const struct cfr_op_impl cfr_op_ecdsa;      /* single-part */
extern const struct cfr_op_impl cfr_op_ecdsa_hash; /* over a hash */
extern const struct cfr_op_impl cfr_op_dsa;        /* verification alone; single-part */
extern const struct cfr_op_impl cfr_op_dsa_hash;   /* over a hash */
extern const struct cfr_op_impl cfr_op_eddsa;
extern const struct cfr_op_impl cfr_op_tls_mac;
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
/** variant, of all rows of finite field keys: enum cfr_key_family; see cfr_ffc_is_available() */
bool cfr_probe_ffc(const struct cfr_mechanism *mechanism);
CK_RV cfr_keygen_ffc(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                     struct cfr_keymat **ret_keymat);
CK_RV cfr_keygen_ffc_domain(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                            struct cfr_keymat **ret_keymat);
/** Whether libcrypto has the mode in variant. */
bool cfr_probe_des3(const struct cfr_mechanism *mechanism);
/** With parity. */
CK_RV cfr_keygen_des3(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                      struct cfr_keymat **ret_keymat);
/** From a password; see params_derive.h. */
CK_RV cfr_keygen_pbkdf2(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                        struct cfr_keymat **ret_keymat);
/** variant: 1 with cofactor */
CK_RV cfr_derive_ecdh1(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                       struct cfr_secret **ret_octets);
CK_RV cfr_derive_dh(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                    struct cfr_secret **ret_octets);
enum { CFR_CONCATENATE_BEHIND, CFR_CONCATENATE_IN_FRONT /* where the other part goes */ };
/** variant: where the other key, or the data, goes */
CK_RV cfr_derive_concatenate(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                             struct cfr_secret **ret_octets);
CK_RV cfr_derive_xor(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                     struct cfr_secret **ret_octets);
CK_RV cfr_derive_extract(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                         struct cfr_secret **ret_octets);
/** The row's hash of the key. */
CK_RV cfr_derive_digest(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                        struct cfr_secret **ret_octets);
/** variant: octets that the function is taken to give, 32 of SHAKE128 or 64 of SHAKE256 */
CK_RV cfr_derive_xof(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                     struct cfr_secret **ret_octets);
/** variant: enum cfr_cipher_mode, ECB or CBC */
CK_RV cfr_derive_encrypt(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                         struct cfr_secret **ret_octets);
enum cfr_kbkdf_mode { CFR_KBKDF_COUNTER, CFR_KBKDF_FEEDBACK, CFR_KBKDF_PIPELINE };
/** variant: enum cfr_kbkdf_mode */
CK_RV cfr_derive_kbkdf(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                       struct cfr_secret **ret_octets);
CK_RV cfr_derive_hkdf(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                      struct cfr_secret **ret_octets);

/** TLS 1.2, of params->derive's label and seeds: master secrets, key blocks, exported keys. */
CK_RV cfr_derive_tls(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                     struct cfr_secret **ret_octets);
/** The version of params->derive, and random octets. */
CK_RV cfr_keygen_premaster(const struct cfr_mechanism *mechanism, const struct cfr_keygen_request *request,
                           struct cfr_keymat **ret_keymat);
/** Whether this libcrypto has the pseudo-random function of TLS. */
bool cfr_probe_tls(const struct cfr_mechanism *mechanism);

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
