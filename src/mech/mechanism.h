/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Cryptoki calls an algorithm: one row of the mechanism table is the whole truth about a mechanism, and
 * the only place in the project that names it. Lists, information, checks, documents and tests read the rows.
 */
#ifndef CFR_MECH_MECHANISM_H
#define CFR_MECH_MECHANISM_H

#include "crypto/keymat.h"
#include "mech/params.h"

/** What an operation does with its key; one operation of each use may be active in a session. */
enum cfr_use {
    CFR_USE_ENCRYPT,
    CFR_USE_DECRYPT,
    CFR_USE_DIGEST,
    CFR_USE_SIGN,
    CFR_USE_VERIFY,
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
    size_t value_len;          /**< CKA_VALUE_LEN, octets */
    size_t modulus_bits;       /**< CKA_MODULUS_BITS */
    struct cfr_span exponent;  /**< CKA_PUBLIC_EXPONENT */
    struct cfr_span ec_params; /**< CKA_EC_PARAMS */
};

/**
 * Makes a key. CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE,
 * CKR_CURVE_NOT_SUPPORTED.
 */
typedef CK_RV (*cfr_keygen_fn)(const struct cfr_mechanism *mechanism,
                               const struct cfr_keygen_request *request, struct cfr_keymat **ret_keymat);

/**
 * Derives octets from a key.
 *
 * @param len  octets wanted; 0: as many as the mechanism gives by itself
 */
typedef CK_RV (*cfr_derive_fn)(const struct cfr_mechanism *mechanism, const struct cfr_params *params,
                               struct cfr_keymat *base, size_t len, struct cfr_secret **ret_octets);

enum { CFR_MECH_KEY_TYPES = 2 };

/** Unit of a row's key sizes: the specification uses bits for some mechanisms and octets for others. */
enum cfr_size_unit { CFR_SIZE_NONE, CFR_SIZE_BITS, CFR_SIZE_OCTETS };

enum cfr_mech_trait {
    CFR_TRAIT_SHORTER = 1 << 0,        /**< decryption may give less than bound() */
    CFR_TRAIT_WRAPS_PRIVATE = 1 << 1,  /**< C_WrapKey takes private keys too */
    CFR_TRAIT_WRAP_ZERO_PAD = 1 << 2,  /**< C_WrapKey fills the last unit of wrap_unit octets with zeros */
    CFR_TRAIT_WRAP_FRONT_PAD = 1 << 3, /**< zeros go in front of what is shorter than the modulus */
};

/** A row. */
struct cfr_mechanism {
    CK_MECHANISM_TYPE type;
    const char *name;    /**< as in the header, with CKM_ */
    const char *section; /**< title of the section of PKCS#11 3.2 that defines it */
    CK_FLAGS flags;      /**< CKF_ENCRYPT … as C_GetMechanismInfo reports them */
    CK_FLAGS strict;     /**< those of them that the strict profile leaves (security.md A5, A8, D4, D8) */
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
    cfr_keygen_fn keygen;
    cfr_derive_fn derive;
    const char *vectors; /**< how the names of its published vectors in tests/vectors begin; NULL: has none */
};

#endif
