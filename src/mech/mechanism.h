/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Cryptoki calls an algorithm: one row of the mechanism table is the whole truth about a mechanism, and
 * the only place in the project that names it. Lists, information, checks, documents and tests read the rows.
 */
#ifndef CFR_MECH_MECHANISM_H
#define CFR_MECH_MECHANISM_H

#include "base/progress.h"
#include "crypto/keymat.h"
#include "mech/params.h"

/** What an operation does with its key; one operation of each use may be active in a session. */
enum cfr_use {
    CFR_USE_ENCRYPT,
    CFR_USE_DECRYPT,
    CFR_USE_DIGEST,
    CFR_USE_SIGN,
    CFR_USE_VERIFY,
    CFR_USE_SIGN_RECOVER,
    CFR_USE_VERIFY_RECOVER,   /**< once() takes the signature and gives the data */
    CFR_USE_VERIFY_SIGNATURE, /**< C_VerifySignatureInit; adapters see CFR_USE_VERIFY */
    CFR_USE_COUNT
};

/** Octets for a result: written from @c ptr, @c len of them; @c room is what the caller has. */
struct cfr_out {
    uint8_t *ptr;
    size_t room;
    size_t len;
};

/** Points in the life of an operation whose output length can be asked for. */
enum cfr_step { CFR_STEP_ONCE, CFR_STEP_UPDATE, CFR_STEP_FINISH };

struct cfr_mechanism;
struct cfr_message_form;

/** A running operation; the adapters extend it. Used by one thread at a time. */
struct cfr_op {
    const struct cfr_mechanism *mechanism;
    enum cfr_use use;
};

/**
 * Makes an operation with a key (NULL for digests). Nothing of @p params is kept but what fits() compares.
 * CKR_HOST_MEMORY, CKR_KEY_SIZE_RANGE, CKR_MECHANISM_PARAM_INVALID.
 */
typedef CK_RV (*cfr_op_make_fn)(const struct cfr_mechanism *mechanism, enum cfr_use use,
                                struct cfr_keymat *keymat, const struct cfr_params *params,
                                struct cfr_op **ret_op);

/**
 * How a family of mechanisms runs. The operation engine (session/operation.c) calls these; it has checked the
 * key against the row and gives outputs at least bound() octets of room. Members that a family has no use for
 * are NULL.
 */
struct cfr_op_impl {
    const char *name;

    /** CKF_ bits of the uses in which libcrypto refuses nothing once the operation was made. */
    CK_FLAGS sure;

    /** Whether this libcrypto can do the row; NULL: always. Asked once, when the module initialises. */
    bool (*probe)(const struct cfr_mechanism *mechanism);

    cfr_op_make_fn make;

    /** Whether an operation made earlier with the same key can serve @p params; NULL: always. */
    bool (*fits)(const struct cfr_op *op, const struct cfr_params *params);

    /**
     * Begin a message; copies what it keeps of @p params. Cheap: libcrypto is not called before data comes.
     */
    CK_RV (*start)(struct cfr_op *op, const struct cfr_params *params);

    /**
     * Begin another message with what start() was last given, whatever became of the one before. NULL: an
     * operation is good for one message, because a second one under the same nonce would give away the key.
     */
    void (*restart)(struct cfr_op *op);

    /**
     * Most octets that a step can put out, given @p in_len octets in. Exact unless the row is
     * CFR_TRAIT_SHORTER.
     */
    size_t (*bound)(const struct cfr_op *op, enum cfr_step step, size_t in_len);

    /** The whole message at once. May be called again after CKR_BUFFER_TOO_SMALL, with the same input. */
    CK_RV (*once)(struct cfr_op *op, struct cfr_span in, struct cfr_out *out);

    /**
     * A part of the message, and its end. NULL: single-part only. @p out is NULL for digests, signing,
     * verifying.
     */
    CK_RV (*update)(struct cfr_op *op, struct cfr_span in, struct cfr_out *out);
    CK_RV (*finish)(struct cfr_op *op, struct cfr_out *out);

    /** Verification: of a whole message, and of one that came in parts. CKR_SIGNATURE_INVALID, _LEN_RANGE. */
    CK_RV (*verify)(struct cfr_op *op, struct cfr_span data, struct cfr_span signature);
    CK_RV (*verify_finish)(struct cfr_op *op, struct cfr_span signature);

    /** A copy in the same state, for C_GetOperationState; NULL: the state cannot be saved. */
    CK_RV (*dup)(const struct cfr_op *op, struct cfr_op **ret_op);

    void (*drop)(struct cfr_op *op);
};

/**
 * What a new key is to be; the object layer takes it from the templates. Members not given are 0 or empty.
 */
struct cfr_keygen_request {
    size_t value_len;                    /**< CKA_VALUE_LEN, octets */
    size_t modulus_bits;                 /**< CKA_MODULUS_BITS */
    struct cfr_span exponent;            /**< CKA_PUBLIC_EXPONENT */
    struct cfr_span ec_params;           /**< CKA_EC_PARAMS */
    CK_ULONG parameter_set;              /**< CKA_PARAMETER_SET */
    struct cfr_span prime;               /**< CKA_PRIME */
    struct cfr_span subprime;            /**< CKA_SUBPRIME */
    struct cfr_span base;                /**< CKA_BASE */
    size_t prime_bits;                   /**< CKA_PRIME_BITS */
    size_t subprime_bits;                /**< CKA_SUBPRIME_BITS */
    size_t value_bits;                   /**< CKA_VALUE_BITS of the private key */
    const struct cfr_params *params;     /**< of the mechanism */
    const struct cfr_progress *progress; /**< whether slow work is to go on; NULL: it is */
};

/**
 * Makes a key. CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE,
 * CKR_CURVE_NOT_SUPPORTED, CKR_PARAMETER_SET_NOT_SUPPORTED, CKR_DOMAIN_PARAMS_INVALID.
 */
typedef CK_RV (*cfr_keygen_fn)(const struct cfr_mechanism *mechanism,
                               const struct cfr_keygen_request *request, struct cfr_keymat **ret_keymat);

/** What a derivation is given; the session layer has found and checked the keys. */
struct cfr_derive_request {
    const struct cfr_params *params;
    struct cfr_keymat *base;
    struct cfr_keymat *const *others; /**< the keys of params->derive->others, in that order */
    const size_t *lens; /**< octets wanted for each new object; 0: as many as the mechanism gives by itself */
    size_t count;       /**< new objects: 1 and those of params->derive->more */
};

/**
 * Derives octets from keys: those of all new objects in one row, the sum of @c lens, or as many as the mechanism
 * gives when the only length is 0; behind them the IVs of params->derive->block.
 *
 * @retval CKR_TEMPLATE_INCOMPLETE  a length is 0, and the mechanism gives none by itself
 * @retval CKR_KEY_SIZE_RANGE       more octets are wanted than there are; the base key is too short
 * @retval CKR_DATA_LEN_RANGE       the same, for the encryption of data
 * @retval CKR_PUBLIC_KEY_INVALID   key agreement
 * @retval CKR_HOST_MEMORY, CKR_GENERAL_ERROR
 */
typedef CK_RV (*cfr_derive_fn)(const struct cfr_mechanism *mechanism,
                               const struct cfr_derive_request *request, struct cfr_secret **ret_octets);

/** How a derived key comes by its secrecy: the rules that end the section of each derivation. */
enum cfr_inherit {
    CFR_INHERIT_HISTORY, /**< the template says; ALWAYS_SENSITIVE … only if the base key has it (HKDF, ECDH) */
    CFR_INHERIT_SECRECY,  /**< as secret as the most secret of the keys that it is made of (concatenation) */
    CFR_INHERIT_DEFAULTS, /**< the template says, otherwise as the base key; history of any key (SP 800-108) */
    CFR_INHERIT_KEPT, /**< at least as secret as the base key, and where the template is silent just as secret (TLS KDF) */
    CFR_INHERIT_SAME, /**< just as the base key, whose values the template may repeat (keys of a TLS connection) */
};

/** How a key encapsulation mechanism runs. */
struct cfr_kem_impl {
    /** Octets of a ciphertext for a key. */
    size_t (*ciphertext_len)(const struct cfr_keymat *keymat);

    /** A new secret for a public key, and its ciphertext: @p out has room for it. CKR_FUNCTION_FAILED. */
    CK_RV(*encapsulate)
    (struct cfr_keymat *keymat, struct cfr_out *out, struct cfr_secret **ret_shared);

    /** The secret of a ciphertext. CKR_WRAPPED_KEY_LEN_RANGE, CKR_WRAPPED_KEY_INVALID, CKR_FUNCTION_FAILED. */
    CK_RV(*decapsulate)
    (struct cfr_keymat *keymat, struct cfr_span ciphertext, struct cfr_secret **ret_shared);
};

enum { CFR_MECH_KEY_TYPES = 2 };

/** Unit of a row's key sizes: the specification uses bits for some mechanisms and octets for others. */
enum cfr_size_unit { CFR_SIZE_NONE, CFR_SIZE_BITS, CFR_SIZE_OCTETS };

enum cfr_mech_trait {
    CFR_TRAIT_SHORTER = 1 << 0,        /**< decryption may give less than bound() */
    CFR_TRAIT_WRAPS_PRIVATE = 1 << 1,  /**< C_WrapKey takes private keys too */
    CFR_TRAIT_WRAP_ZERO_PAD = 1 << 2,  /**< C_WrapKey fills the last unit of wrap_unit octets with zeros */
    CFR_TRAIT_WRAP_FRONT_PAD = 1 << 3, /**< zeros go in front of what is shorter than the modulus */
    CFR_TRAIT_ANY_SECRET = 1 << 4,     /**< derivation takes a secret key of any type */
    CFR_TRAIT_ANY_PRIVATE =
        1 << 5,                    /**< derivation takes a private key of any type, and needs no CKA_DERIVE */
    CFR_TRAIT_PRF_KEYS = 1 << 6,   /**< derivation takes the keys of the PRF in its parameter too */
    CFR_TRAIT_DATA_BASE = 1 << 7,  /**< derivation takes a data object as long as the hash for a base key */
    CFR_TRAIT_GENERIC = 1 << 8,    /**< derivation makes a generic secret when no type is given */
    CFR_TRAIT_MAKES_DATA = 1 << 9, /**< derivation makes a data object */
    CFR_TRAIT_MAKES_PUBLIC = 1 << 10,  /**< derivation makes the public half of the base key */
    CFR_TRAIT_TEMPLATE_TYPE = 1 << 11, /**< C_GenerateKey makes a key of the type that the template names */
    CFR_TRAIT_SIZE_OF_NEW = 1 << 12, /**< the row's sizes are of the key that is made, not of the base key */
    CFR_TRAIT_MAKES_PREMASTER =
        1 << 13, /**< C_GenerateKey makes a TLS pre-master secret, which is to be wrapped */
    CFR_TRAIT_MAKES_MASTER = 1 << 14, /**< derivation makes a TLS master secret, for TAKES_MASTER alone */
    CFR_TRAIT_TAKES_MASTER = 1 << 15, /**< what a TLS master secret is for */
    CFR_TRAIT_MAKES_BLOCK =
        1 << 16,              /**< derivation makes the keys of a TLS connection, handles in the parameter */
    CFR_TRAIT_SLOW = 1 << 17, /**< generation, or signing, takes so long that sessions may be asynchronous */
    CFR_TRAIT_MAKES_DOMAIN = 1 << 18, /**< C_GenerateKey makes domain parameters */
};

/** A row. */
struct cfr_mechanism {
    CK_MECHANISM_TYPE type;
    const char *name;    /**< as in the header, with CKM_ */
    const char *section; /**< title of the section of PKCS#11 3.2 that defines it */
    CK_FLAGS flags;      /**< CKF_ENCRYPT … as C_GetMechanismInfo reports them */
    CK_FLAGS strict;     /**< those of them that the strict profile leaves (security.md A5, A8, D4, D8) */
    bool is_legacy;      /**< tokens of the legacy profile alone have it */
    CK_KEY_TYPE key_types[CFR_MECH_KEY_TYPES]; /**< of the key used, or made; the last one repeats */
    struct {
        CK_ULONG min;
        CK_ULONG max;
        enum cfr_size_unit unit;
    } size;
    cfr_params_fn params;  /**< checks and reads the parameter */
    cfr_params_fn apart;   /**< that of C_WrapKeyAuthenticated and its counterpart; NULL: not for them */
    const char *parameter; /**< what the parameter is, for documents */
    enum cfr_hash hash;    /**< the hash in the mechanism, or NONE */
    int variant;           /**< what the adapter needs besides: a mode, a padding, a step of key lengths */
    size_t wrap_unit;      /**< C_WrapKey: length of the wrapped octets must divide by it; 1: any */
    unsigned traits;       /**< enum cfr_mech_trait */
    const struct cfr_op_impl *op; /**< encryption, digest, signature; wrapping uses it too. NULL: none */
    const struct cfr_message_form *message; /**< encryption message by message; NULL: none */
    cfr_keygen_fn keygen;
    cfr_derive_fn derive; /**< NULL with MAKES_PUBLIC: the base key's material is all */
    enum cfr_inherit inherit;
    const struct cfr_kem_impl *kem; /**< encapsulation; NULL: none */
    /** Besides the adapter's: whether this libcrypto can do the row; NULL: always. */
    bool (*probe)(const struct cfr_mechanism *mechanism);
    const char *vectors; /**< how the names of its published vectors in tests/vectors begin; NULL: has none */
};

#endif
