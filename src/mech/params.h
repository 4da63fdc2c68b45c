/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mechanism parameters: from the CK_*_PARAMS that the application points to, of whatever alignment, to a
 * checked view. The views point into the application's memory and are valid during the call that gave them.
 */
#ifndef CFR_MECH_PARAMS_H
#define CFR_MECH_PARAMS_H

#include "crypto/ossl.h"

enum {
    CFR_PARAM_MAX_LEN = 64 * 1024 * 1024, /* octets of AAD, shared data, label: more is refused unread */
    CFR_GCM_IV_MAX_LEN = 128,             /* octets; libcrypto's ceiling */
    CFR_GCM_TAG_MIN_LEN = 12,             /* octets; SP 800-38D 5.2.1.2 for general use */
};

/** CCM data_len: as long as the key that is wrapped. */
#define CFR_CCM_LEN_OF_KEY SIZE_MAX

struct cfr_derive_params;

/** Parameters of any mechanism; the row's reader sets what the mechanism has. */
struct cfr_params {
    bool is_given;                /**< a parameter was present */
    struct cfr_span iv;           /**< IV, nonce, counter block, tweak, or initial value of a key wrap */
    unsigned counter_bits;        /**< CTR, ChaCha20 */
    struct cfr_span counter;      /**< ChaCha20: counter_bits / 8 octets, little-endian */
    struct cfr_span aad;          /**< GCM, CCM */
    size_t tag_len;               /**< GCM, GMAC, CCM: octets */
    size_t data_len;              /**< CCM: octets of plaintext, or CFR_CCM_LEN_OF_KEY */
    size_t mac_len;               /**< general-length MAC, octets */
    enum cfr_hash hash;           /**< PSS, OAEP, KDF of a key agreement */
    enum cfr_hash mgf_hash;       /**< PSS, OAEP */
    size_t salt_len;              /**< PSS, octets */
    struct cfr_span label;        /**< OAEP source data; context of EdDSA, ML-DSA, SLH-DSA */
    bool prehash;                 /**< EdDSA */
    CK_HEDGE_TYPE hedge;          /**< ML-DSA, SLH-DSA: any number; CKH_ values alone are right for signing */
    bool sp800_kdf;               /**< the KDF is the one-step function of SP 800-56C, else X9.63's */
    bool asn1_kdf;                /**< the KDF is the ASN.1 form of X9.42's */
    size_t kdf_counter_at;        /**< asn1_kdf: where shared has the counter */
    struct cfr_span shared;       /**< shared data of the KDF */
    struct cfr_span public_point; /**< the peer's public key, as given */
    uint8_t *nonce_at; /**< where the application has iv, and gets one that is made here; or NULL */
    CK_GENERATOR_FUNCTION nonce_generator; /**< CKG_…, with nonce_at: who makes it */
    CK_ULONG nonce_fixed_bits;             /**< the first bits of iv, which one that is made here keeps */
    size_t aes_len;                        /**< of the AES key between a key pair and the target, octets */
    uint8_t *tag_at; /**< where a tag apart from the text is; NULL: it follows the text */
    bool is_weak;    /**< a choice that the strict profile refuses */

    /** Room of the caller's, zeroed, for what the readers of params_derive.h read. */
    struct cfr_derive_params *derive;
};

/**
 * Reads a parameter. @p for_wrap: it came with C_WrapKey or C_UnwrapKey.
 *
 * @retval CKR_MECHANISM_PARAM_INVALID  wrong length, NULL where octets are promised, or a value out of range
 */
typedef CK_RV (*cfr_params_fn)(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

/** The parameter as a structure of exactly @p len octets, copied to @p to: the application may not align it. */
CK_RV cfr_params_struct(const CK_MECHANISM *mechanism, void *to, size_t len);

/** A view of octets that a parameter points to; @p what is its name for the log. */
CK_RV cfr_params_octets(const void *ptr, CK_ULONG len, const char *what, struct cfr_span *ret_span);

CK_RV cfr_params_none(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** Exactly 16 octets, or 8. */
CK_RV cfr_params_iv8(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_iv16(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_ctr(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_gcm(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_ccm(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_GCM_PARAMS, or the 12 octets of IV that 2.40 had. */
CK_RV cfr_params_gmac(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** Nothing, or 8 octets. */
CK_RV cfr_params_wrap_iv8(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** Nothing, or 4 octets. */
CK_RV cfr_params_wrap_iv4(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_MAC_GENERAL_PARAMS; the adapter knows the longest. */
CK_RV cfr_params_mac_general(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_pss(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_oaep(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** Nothing, or CK_EDDSA_PARAMS. */
CK_RV cfr_params_eddsa(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_ecdh1(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

#endif
