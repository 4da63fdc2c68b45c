/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/call_model.h"

enum state {
    IDLE,
    ACTIVE,
    IN_MESSAGE,
    MAYBE, /* some other call may have ended it */
    PENDING, /* as long as a thread works on it, what is said of it may be CKR_OPERATION_ACTIVE: nothing is asked */
};

static enum state states[CALL_SESSIONS][MODEL_USES];

/* A mechanism that there is not: an Init with it begins nothing, and tells whether something is active. */
static CK_MECHANISM no_mechanism = {.mechanism = CKM_VENDOR_DEFINED | 0x7fffffffUL};

static CK_RV find_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    CK_RV rv = C_FindObjectsInit(session, NULL, 0);

    (void)mechanism;
    (void)key;
    return rv == CKR_OK ? C_FindObjectsFinal(session) : rv;
}

static CK_RV digest_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    (void)key;
    return C_DigestInit(session, mechanism);
}

static CK_RV signature_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    return C_VerifySignatureInit(session, mechanism, key, NULL, 0);
}

static const struct {
    CK_FLAGS flag;
    CK_RV (*init)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
} uses[CALL_USES] = {
    [USE_FIND] = {CKF_FIND_OBJECTS, find_init},
    [USE_ENCRYPT] = {CKF_ENCRYPT, C_EncryptInit},
    [USE_DECRYPT] = {CKF_DECRYPT, C_DecryptInit},
    [USE_DIGEST] = {CKF_DIGEST, digest_init},
    [USE_SIGN] = {CKF_SIGN, C_SignInit},
    [USE_VERIFY] = {CKF_VERIFY, C_VerifyInit},
    [USE_SIGN_RECOVER] = {CKF_SIGN_RECOVER, C_SignRecoverInit},
    [USE_VERIFY_RECOVER] = {CKF_VERIFY_RECOVER, C_VerifyRecoverInit},
    [USE_VERIFY_SIGNATURE] = {CKF_VERIFY, signature_init},
    [USE_MESSAGE_ENCRYPT] = {CKF_MESSAGE_ENCRYPT, C_MessageEncryptInit},
    [USE_MESSAGE_DECRYPT] = {CKF_MESSAGE_DECRYPT, C_MessageDecryptInit},
    [USE_MESSAGE_SIGN] = {CKF_MESSAGE_SIGN, C_MessageSignInit},
    [USE_MESSAGE_VERIFY] = {CKF_MESSAGE_VERIFY, C_MessageVerifyInit},
    [USE_GENERATE] = {CKF_GENERATE, NULL},
    [USE_GENERATE_PAIR] = {CKF_GENERATE_KEY_PAIR, NULL},
    [USE_WRAP] = {CKF_WRAP, NULL},
    [USE_UNWRAP] = {CKF_UNWRAP, NULL},
    [USE_DERIVE] = {CKF_DERIVE, NULL},
    [USE_ENCAPSULATE] = {CKF_ENCAPSULATE, NULL},
    [USE_DECAPSULATE] = {CKF_DECAPSULATE, NULL},
};

CK_FLAGS call_use_flag(enum call_use use)
{
    return uses[use].flag;
}

void call_model_reset(void)
{
    memset(states, 0, sizeof(states));
}

void call_model_open(unsigned session)
{
    memset(states[session], 0, sizeof(states[session]));
}

static void probe(unsigned session, enum call_use use)
{
    CK_RV rv = uses[use].init(call_world.sessions[session], &no_mechanism, CK_INVALID_HANDLE);
    enum state *state = &states[session][use];
    bool is_gone = rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_CRYPTOKI_NOT_INITIALIZED;

    if (*state == PENDING) {
        return;
    }
    if (is_gone || *state == MAYBE) {
        *state = rv != CKR_OPERATION_ACTIVE ? IDLE : use < USE_MESSAGE_ENCRYPT ? ACTIVE : MAYBE;
        return;
    }
    if ((rv == CKR_OPERATION_ACTIVE) != (*state != IDLE)) {
        (void)fprintf(stderr, "use %d of session %u: state %d, 0x%lx\n", (int)use, session, (int)*state, rv);
        abort();
    }
}

void call_model_probe_all(void)
{
    for (unsigned session = 0; session < CALL_SESSIONS; session++) {
        for (enum call_use use = USE_FIND; use < MODEL_USES; use++) {
            probe(session, use);
        }
    }
}

/* Logins, closed sessions and the like end operations, each in its own way, which other tests look at. */
static void all_may_end(void)
{
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0][0]); i++) {
        enum state *state = &states[0][0] + i;

        *state = *state == IDLE || *state == PENDING ? *state : MAYBE;
    }
}

static void check_cancel(const struct call_args *args, CK_RV rv)
{
    for (enum call_use use = USE_FIND; rv == CKR_OK && use < MODEL_USES; use++) {
        if ((args->flags & uses[use].flag) != 0) {
            states[args->session_number][use] = IDLE;
        }
    }
}

/* A state that is set is that of an operation of some kind, which may have begun with it. */
static void all_may_begin(unsigned session)
{
    for (enum call_use use = USE_FIND; use < MODEL_USES; use++) {
        states[session][use] = MAYBE;
    }
}

/* What completes ends, but not what is not there, or still at work. */
static void check_complete(enum state *signing, const struct call_args *args, CK_RV rv)
{
    bool is_over = rv != CKR_PENDING && rv != CKR_OPERATION_NOT_INITIALIZED && rv != CKR_ARGUMENTS_BAD;

    if (is_over && strncmp((const char *)args->label, "C_Sign", 6) == 0) {
        ORACLE(*signing == PENDING);
        *signing = IDLE;
    }
}

static void check_init(enum state *state, bool cancels, CK_RV rv)
{
    if (rv == CKR_OK) {
        ORACLE(cancels ? *state != IDLE : (*state == IDLE || *state == MAYBE));
        *state = cancels ? IDLE : ACTIVE;
    } else {
        ORACLE(rv != CKR_OPERATION_ACTIVE || *state != IDLE);
    }
}

static void check_operation(enum state *state, bool goes_on, bool may_stay, CK_RV rv)
{
    if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL) {
        ORACLE(*state != IDLE);
    }
    if (*state != IDLE) {
        *state = goes_on ? ACTIVE : may_stay ? MAYBE : IDLE;
    }
}

/* What the other operation is depends on the function, and an error may come of either. */
static void check_dual(unsigned session, enum state *state, CK_RV rv)
{
    static const enum call_use others[] = {USE_DIGEST, USE_SIGN, USE_VERIFY};

    ORACLE((rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL) || *state != IDLE);
    for (size_t i = 0; rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL && i < 3; i++) {
        enum state *other = &states[session][others[i]];

        if (*other == PENDING) {
            continue;
        }
        *state = *state == IDLE ? IDLE : MAYBE;
        *other = *other == IDLE ? IDLE : MAYBE;
    }
}

/* A run of messages goes on whatever becomes of one; a login that is over may end it. */
static void check_message(enum call_step step, enum state *state, bool goes_on, CK_RV rv)
{
    if (rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL) {
        ORACLE(*state != IDLE && *state != (step == STEP_NEXT ? ACTIVE : IN_MESSAGE));
        *state = goes_on ? IN_MESSAGE : step == STEP_RUN_FINAL ? IDLE : ACTIVE;
    } else if (rv == CKR_USER_NOT_LOGGED_IN && *state != IDLE) {
        *state = MAYBE;
    } else if (step == STEP_NEXT && *state == IN_MESSAGE) {
        *state = ACTIVE;
    } else if (*state == IN_MESSAGE) {
        ORACLE(rv == CKR_OPERATION_ACTIVE || rv == CKR_ARGUMENTS_BAD);
    }
}

/* Whether the part of a message is its last. */
static bool is_last_part(enum call_use use, const struct call_args *args)
{
    return use == USE_MESSAGE_SIGN     ? args->output_len != NULL
           : use == USE_MESSAGE_VERIFY ? args->signature.ptr != NULL
                                       : args->flags == CKF_END_OF_MESSAGE;
}

static void check_use(const struct call_shape *shape, const struct call_args *args, CK_RV rv)
{
    enum state *state = &states[args->session_number][shape->use];
    bool asks = args->output_len != NULL && args->output == NULL;
    bool again = rv == CKR_BUFFER_TOO_SMALL || (rv == CKR_OK && asks);
    bool in_parts =
        shape->step == STEP_BEGIN || (shape->step == STEP_NEXT && !is_last_part(shape->use, args));

    if (rv == CKR_PENDING && shape->use == USE_SIGN) {
        ORACLE(*state != IDLE && *state != PENDING);
        *state = PENDING;
    } else if (*state == PENDING) {
        ORACLE(rv != CKR_OK || (shape->step == STEP_INIT && args->mechanism == NULL));
        *state = rv == CKR_OK ? IDLE : PENDING;
    } else if (shape->step == STEP_INIT) {
        check_init(state, shape->use != USE_FIND && args->mechanism == NULL, rv);
    } else if (shape->step == STEP_DUAL) {
        check_dual(args->session_number, state, rv);
    } else if (shape->step < STEP_DUAL) {
        again = again || (rv == CKR_OK && (shape->step == STEP_UPDATE || shape->step == STEP_KEY));
        check_operation(state, again, shape->step == STEP_KEY, rv);
    } else {
        check_message(shape->step, state,
                      in_parts ? again || rv == CKR_OK : shape->step == STEP_NEXT && again, rv);
    }
}

void call_model_check(enum cfr_call_id id, const struct call_args *args, CK_RV rv, bool probes)
{
    const struct call_shape *shape = &call_shapes[id];

    if (rv == CKR_SESSION_HANDLE_INVALID || rv == CKR_CRYPTOKI_NOT_INITIALIZED) {
        return;
    }
    if (shape->step >= STEP_LOGIN && shape->step <= STEP_GLOBAL) {
        if (id == CFR_CALL_C_SessionCancel) {
            check_cancel(args, rv);
        } else if (id == CFR_CALL_C_AsyncComplete) {
            check_complete(&states[args->session_number][USE_SIGN], args, rv);
        } else if (id == CFR_CALL_C_SetOperationState) {
            all_may_begin(args->session_number);
        } else {
            all_may_end();
        }
    } else if (shape->step != STEP_PLAIN) {
        check_use(shape, args, rv);
        if (probes) {
            probe(args->session_number, shape->use);
        }
    }
}
