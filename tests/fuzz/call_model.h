/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session's operations must be like after each call, from PKCS#11 5.8 to 5.17 alone: an operation begins
 * with its Init, ends with its last call or with any error but CKR_BUFFER_TOO_SMALL, and not with a question for a
 * length. Messages end so within a run, which goes on.
 */
#ifndef CFR_TESTS_FUZZ_CALL_MODEL_H
#define CFR_TESTS_FUZZ_CALL_MODEL_H

#include "call/call_table.h"
#include "fuzz/call_args.h"

/** What a call is for; those before MODEL_USES are operations that a session has at most one of. */
enum call_use {
    USE_NONE,
    USE_FIND,
    USE_ENCRYPT,
    USE_DECRYPT,
    USE_DIGEST,
    USE_SIGN,
    USE_VERIFY,
    USE_SIGN_RECOVER,
    USE_VERIFY_RECOVER,
    USE_VERIFY_SIGNATURE,
    USE_MESSAGE_ENCRYPT,
    USE_MESSAGE_DECRYPT,
    USE_MESSAGE_SIGN,
    USE_MESSAGE_VERIFY,
    MODEL_USES,
    USE_GENERATE = MODEL_USES,
    USE_GENERATE_PAIR,
    USE_WRAP,
    USE_UNWRAP,
    USE_DERIVE,
    USE_ENCAPSULATE,
    USE_DECAPSULATE,
    CALL_USES
};

/** What a call does to the operation of its use. */
enum call_step {
    STEP_PLAIN,  /**< nothing */
    STEP_LOGIN,  /**< may end operations, of any session */
    STEP_TOKEN,  /**< the same, and what a token remembers may change */
    STEP_GLOBAL, /**< C_Initialize, C_Finalize */
    STEP_INIT,
    STEP_ONCE,
    STEP_UPDATE,
    STEP_KEY, /**< a part; nothing says that an error ends the operation */
    STEP_FINAL,
    STEP_DUAL,    /**< a part for two operations */
    STEP_MESSAGE, /**< a whole message */
    STEP_BEGIN,   /**< begins a message in parts */
    STEP_NEXT,
    STEP_RUN_FINAL, /**< ends a run of messages */
};

/** What a shape says. */
struct call_shape {
    enum call_use use;
    enum call_step step;
    const enum call_arg *kinds;
    size_t kind_count;
    CK_RV (*call)(struct call_args *args);
};
extern const struct call_shape call_shapes[CFR_CALL_COUNT];

/** CKF_ENCRYPT … of a use, or 0. */
CK_FLAGS call_use_flag(enum call_use use);

/** Fails unless the specification lets the function return @p rv. */
void call_code_check(enum cfr_call_id id, CK_RV rv);

/** All sessions are new; and one is. */
void call_model_reset(void);
void call_model_open(unsigned session);

/** Check @p rv against the model, and what is active now by asking: @p probes. */
void call_model_check(enum cfr_call_id id, const struct call_args *args, CK_RV rv, bool probes);

/** Ask of all sessions. */
void call_model_probe_all(void);

#endif
