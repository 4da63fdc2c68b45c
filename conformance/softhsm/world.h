/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two modules that are driven alike: every call is made at both, one after the other, and judged at once. What is
 * kept of their state is only what choosing the next call needs.
 */
#ifndef DIFF_WORLD_H
#define DIFF_WORLD_H

#include "random.h"

#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COFFER, SOFTHSM, SIDES };

enum {
    DIFF_SESSIONS = 4,
    DIFF_OBJECTS = 40,
    DIFF_ROWS_MAX = 256,
    DIFF_FINDINGS = 1000,
    DIFF_OUT_LEN = 8192,
    DIFF_COVERED_MAX = 512,
    DIFF_NAME_LEN = 40,
};

/** Codes that no module gives. */
#define DIFF_SPLIT   ((CK_RV)-1) /**< the two answers differ */
#define DIFF_SUCCESS ((CK_RV)-2) /**< in a row: CKR_OK, and the output differs */
#define DIFF_ANY     ((CK_RV)-3) /**< in a row: any code */
#define DIFF_ERROR   ((CK_RV)-4) /**< in a row: any code but CKR_OK */

/** A difference that no row names, as the parent reports it. */
struct diff_finding {
    char text[320];
    uint64_t seed;
    unsigned step;
    unsigned count;
};

/** A function with a mechanism, or without: how often compared, and with CKR_OK on both sides. */
struct diff_covered {
    char call[DIFF_NAME_LEN];
    char mechanism[DIFF_NAME_LEN];
    unsigned long count;
    unsigned long ok;
};

/** What the parent sees of the child, also of one that died. */
struct diff_shared {
    unsigned side; /**< that is at work */
    unsigned step;
    char call[40];
    char hint[192];
    unsigned long calls;
    unsigned met[DIFF_ROWS_MAX]; /**< by row */
    unsigned finding_count;
    struct diff_finding findings[DIFF_FINDINGS];
    unsigned covered_count;
    struct diff_covered covered[DIFF_COVERED_MAX];
};

struct diff_session {
    CK_SESSION_HANDLE handle[SIDES];
    bool is_open;
    bool is_rw;
};

struct diff_object {
    CK_OBJECT_HANDLE handle[SIDES];
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE key_type;
    bool is_used;
    bool is_own; /**< each side made a value of its own */
    bool is_token;
    bool is_private;
    int pair; /**< diff_pair_at(), -1: none */
    const char *origin;
    char label[16];
};

struct diff_world {
    CK_FUNCTION_LIST_PTR at[SIDES];
    CK_SLOT_ID slot[SIDES];
    struct diff_random random;
    uint64_t seed;
    bool is_traced;
    bool is_sparse; /**< the template says little; what it makes is compared and then destroyed */
    bool is_over;   /**< the two states cannot be brought together again */
    const char *call;
    char hint[192]; /**< the circumstances of the next calls */
    CK_RV rv[SIDES];
    unsigned labels;
    char so_pin[16];
    char user_pin[16];
    bool has_user_pin;
    CK_USER_TYPE user;                           /**< CK_UNAVAILABLE_INFORMATION: nobody */
    struct diff_session sessions[DIFF_SESSIONS]; /**< the first stays open and is used for nothing else */
    struct diff_object objects[DIFF_OBJECTS];
    struct diff_shared *shared;
};

/** Octets that each side put out. */
struct diff_output {
    uint8_t octets[SIDES][DIFF_OUT_LEN];
    CK_ULONG len[SIDES];
};

/** Make a call at both sides; the arguments may name the side, @c s. diff_judge() has to follow. */
#define CALL(world, function, ...)                                                                           \
    do {                                                                                                     \
        for (unsigned s = 0; s < SIDES; s++) {                                                               \
            diff_mark((world), s, #function);                                                                \
            (world)->rv[s] = (world)->at[s]->function(__VA_ARGS__);                                          \
        }                                                                                                    \
    } while (0)

/** Say for reports what is about to happen. */
void diff_hint(struct diff_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

void diff_mark(struct diff_world *world, unsigned side, const char *call);

/** The code that both gave, or DIFF_SPLIT. A difference is looked up and counted, or recorded. */
CK_RV diff_judge(struct diff_world *world);

/** The same for an output: false when it is not the same. @p what names it. */
bool diff_same(struct diff_world *world, bool is_same, const char *what);

/** Compare what both put out. */
bool diff_same_octets(struct diff_world *world, const struct diff_output *output, const char *what);

/** A line of the trace. */
void diff_trace(const struct diff_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* --- Sessions --- */

/** Open a session where there is none, both states permitting. */
void diff_session_open(struct diff_world *world, size_t index, bool is_rw);

/** Close and open it again: whatever was active in it is not any more. */
void diff_session_renew(struct diff_world *world, struct diff_session *session);

/** An open session that is for use, or NULL. */
struct diff_session *diff_session_pick(struct diff_world *world);

/** End all sessions and log in again as before. */
void diff_sessions_restart(struct diff_world *world);

/* --- Objects --- */

/** A free place, or NULL. */
struct diff_object *diff_object_place(struct diff_world *world);

/** A used place of that class and key type (CK_UNAVAILABLE_INFORMATION: any), or NULL. */
struct diff_object *diff_object_pick(struct diff_world *world, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type);

/** Destroy on the sides that have it (after a split) and free the place. */
void diff_object_drop(struct diff_world *world, struct diff_object *object);

/** Forget objects that are gone on both sides. */
void diff_objects_sweep(struct diff_world *world);

/* --- The things that are done; each is one step --- */

void diff_act_session(struct diff_world *world);
void diff_act_login(struct diff_world *world);
void diff_act_pin(struct diff_world *world);
void diff_act_token(struct diff_world *world);
void diff_act_create(struct diff_world *world);
void diff_act_object(struct diff_world *world);
void diff_act_find(struct diff_world *world);
void diff_act_digest(struct diff_world *world);
void diff_act_sign(struct diff_world *world);
void diff_act_verify(struct diff_world *world);
void diff_act_encrypt(struct diff_world *world);
void diff_act_decrypt(struct diff_world *world);
void diff_act_generate(struct diff_world *world);
void diff_act_wrap(struct diff_world *world);
void diff_act_derive(struct diff_world *world);
void diff_act_derive_field(struct diff_world *world);
void diff_act_derive_data(struct diff_world *world);
void diff_act_other(struct diff_world *world);

#endif
