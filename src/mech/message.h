/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contract of mechanisms that encrypt message by message with one key (PKCS#11 5.9, 5.11): what comes with
 * each message, and what runs it. Signatures need none of this: struct cfr_op_impl signs messages by itself.
 */
#ifndef CFR_MECH_MESSAGE_H
#define CFR_MECH_MESSAGE_H

#include "mech/mechanism.h"

/**
 * The parameter of one message. The pointers are the application's, valid during the call: into @c iv goes what
 * the module generates, into @c tag what it computes; decryption reads both.
 */
struct cfr_message_params {
    uint8_t *iv;
    size_t iv_len;                   /**< octets */
    size_t fixed_bits;               /**< encryption: leading bits of iv that a generator keeps */
    CK_GENERATOR_FUNCTION generator; /**< encryption: who makes the rest of iv, CKG_ */
    unsigned limit_bits;             /**< with a generator: it makes 2^limit_bits IVs at most */
    uint8_t *tag;                    /**< NULL where it is not asked for yet */
    size_t tag_len;                  /**< octets */
    size_t data_len;                 /**< CCM: octets of the message */
};

/**
 * Reads the parameter of one message.
 *
 * @param given  as the application passes it, of any alignment
 * @param use    CFR_USE_ENCRYPT or CFR_USE_DECRYPT
 * @retval CKR_MECHANISM_PARAM_INVALID  wrong length, NULL where octets are promised, or a value out of range
 */
typedef CK_RV (*cfr_message_read_fn)(struct cfr_span given, enum cfr_use use,
                                     struct cfr_message_params *ret_params);

/**
 * How messages are run. The engine (session/message_crypt.c) calls these with at least bound() octets of room.
 * A message either comes whole, or with begin(), next() for all parts but the last, and end(). After a failure
 * the next message finds the operation usable.
 */
struct cfr_message_impl {
    /** An operation with a key for one run of messages: its generator starts anew. CKR_HOST_MEMORY. */
    CK_RV(*make)
    (const struct cfr_mechanism *mechanism, enum cfr_use use, struct cfr_keymat *keymat,
     struct cfr_op **ret_op);

    /** Exactly how many octets a call puts out, given @p in_len octets in. */
    size_t (*bound)(const struct cfr_op *op, enum cfr_step step, size_t in_len);

    /**
     * The whole message: @p in to @p out, which may be the same; CKR_ARGUMENTS_BAD where they overlap otherwise. Writes params->tag, and params->iv if a
     * generator made it, on success only. CKR_AEAD_DECRYPT_FAILED: the tag does not fit, and nothing is in
     * @p out.
     */
    CK_RV(*once)
    (struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span aad, struct cfr_span in,
     uint8_t *out);

    CK_RV (*begin)(struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span aad);
    CK_RV(*next)
    (struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span in, uint8_t *out);
    CK_RV(*end)
    (struct cfr_op *op, const struct cfr_message_params *params, struct cfr_span in, uint8_t *out);

    /** Forget a message in parts, whether or not it came to its end. */
    void (*reset)(struct cfr_op *op);

    void (*drop)(struct cfr_op *op);
};

/** What a row that encrypts messages has. */
struct cfr_message_form {
    const char *parameter; /**< what comes with each message, for documents */
    size_t parameter_len;  /**< octets; the parameter at Init has the same length, or none */
    cfr_message_read_fn read;
    const struct cfr_message_impl *impl;
};

/** For rows of variant CFR_AEAD_GCM, _CCM and _CHACHA20_POLY1305; the last one has no IV generators. */
extern const struct cfr_message_form cfr_message_gcm;
extern const struct cfr_message_form cfr_message_ccm;
extern const struct cfr_message_form cfr_message_chacha20_poly1305;

/** What a row with these CKF_ENCRYPT … can do with messages: CKF_MESSAGE_ENCRYPT …, CKF_MULTI_MESSAGE. */
CK_FLAGS cfr_message_flags(const struct cfr_mechanism *mechanism, CK_FLAGS flags);

#endif
