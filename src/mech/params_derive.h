/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parameters of derivations, and of keys from passwords: what params.h is for all others. Keys in them are handles, and templates stay as
 * the application gave them: the session layer looks them up. Octets are views of the application's memory;
 * structures, handles and counts are copied, so that they do not change between a check and a use.
 */
#ifndef CFR_MECH_PARAMS_DERIVE_H
#define CFR_MECH_PARAMS_DERIVE_H

#include "mech/mechanism.h"

enum {
    CFR_DERIVE_FIELDS_MAX = 32, /* CK_PRF_DATA_PARAM of a call */
    CFR_DERIVE_OTHERS_MAX = 16, /* keys of a call besides the base key */
    CFR_DERIVE_MORE_MAX = 16,   /* CK_DERIVED_KEY of a call */
    CFR_DERIVE_SEEDS_MAX = 4,   /* pieces of a TLS seed: both random values, length of the context, context */

    CFR_PBKDF2_MAX_ITERATIONS = 10000000,  /* a few seconds for one block of a key */
    CFR_PBKDF2_MAX_WORK = 100000000,       /* iterations times blocks: a call has to end */
    CFR_PBKDF2_PASSWORD_MAX_LEN = 1 << 16, /* octets; far below an address, see cfr_params_pbkdf2() */
};

/** What a field of the PRF's input is (SP 800-108). */
enum cfr_derive_field_kind {
    CFR_FIELD_ITERATION, /**< the iteration variable: with a length, a counter; otherwise what the PRF gave */
    CFR_FIELD_COUNTER,
    CFR_FIELD_LENGTH,
    CFR_FIELD_OCTETS,
    CFR_FIELD_KEY,
};

struct cfr_derive_field {
    enum cfr_derive_field_kind kind;
    bool is_little_endian;  /**< numbers */
    bool of_segments;       /**< LENGTH: of all that the PRF gives, not of the keys alone */
    size_t len;             /**< numbers: octets */
    struct cfr_span octets; /**< OCTETS */
    size_t other;           /**< KEY: index in cfr_derive_params.others */
};

/** TLS: how the key block is cut, and where its parts go (RFC 5246 6.3). Lengths are octets, for each side. */
struct cfr_key_block {
    size_t mac_len;
    size_t key_len;
    size_t iv_len;
    CK_SSL3_KEY_MAT_OUT *handles_at; /**< the application's, of any alignment */
    uint8_t *iv_at[2];               /**< the client's, the server's; NULL without IVs */
};

/** Parameters of a derivation; the row's reader sets what the mechanism has. */
struct cfr_derive_params {
    const struct cfr_mechanism *prf; /**< the MAC that the derivation runs on, or NULL */
    struct cfr_span data;            /**< what is appended, put in front, combined or encrypted */
    size_t first_bit;                /**< extraction */
    bool extract;                    /**< HKDF */
    bool expand;                     /**< HKDF */
    bool salt_is_key;                /**< HKDF: the first of others, not @c salt */
    struct cfr_span salt;            /**< HKDF, PBKDF2 */
    struct cfr_span info;            /**< HKDF */
    struct cfr_span password;        /**< PBKDF2 */
    size_t iterations;               /**< PBKDF2 */
    struct cfr_span iv;              /**< SP 800-108, feedback mode */
    CK_VERSION version;              /**< TLS, generation of a pre-master secret: what it begins with */
    uint8_t *version_at;             /**< TLS: where the application wants those two octets back, or NULL */
    struct cfr_span label;           /**< TLS */
    struct cfr_span seeds[CFR_DERIVE_SEEDS_MAX]; /**< TLS: what follows the label */
    uint8_t context_len[2];                      /**< TLS: one of the seeds */
    struct cfr_key_block block;                  /**< TLS */
    size_t field_count;
    struct cfr_derive_field fields[CFR_DERIVE_FIELDS_MAX];
    size_t other_count;
    CK_OBJECT_HANDLE others[CFR_DERIVE_OTHERS_MAX]; /**< further keys that the derivation takes, each once */
    size_t more_count;
    CK_DERIVED_KEY more[CFR_DERIVE_MORE_MAX]; /**< further keys that it makes; phKey is not NULL */
};

/** The readers want params->derive set, and are of type cfr_params_fn: CKR_MECHANISM_PARAM_INVALID. */
/** A key's handle. */
CK_RV cfr_params_key(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_string_data(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_EXTRACT_PARAMS; the adapter knows how long the key is. */
CK_RV cfr_params_extract(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_KEY_DERIVATION_STRING_DATA of whole AES blocks, at least one. */
CK_RV cfr_params_ecb_data(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_AES_CBC_ENCRYPT_DATA_PARAMS, the same. */
CK_RV cfr_params_cbc_data(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_hkdf(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/** CK_SP800_108_KDF_PARAMS for the counter mode, and for the double-pipeline mode; and the feedback mode's. */
CK_RV cfr_params_kdf_counter(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_kdf_pipeline(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
CK_RV cfr_params_kdf_feedback(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);
/**
 * CK_PKCS5_PBKD2_PARAMS2, for generation; or CK_PKCS5_PBKD2_PARAMS, which is as long and has the address of the
 * password's length in place of the length.
 */
CK_RV cfr_params_pbkdf2(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params);

#endif
