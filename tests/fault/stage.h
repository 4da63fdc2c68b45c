/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the nth-failure tests of the C_ functions play: the whole module over the memory store, one token
 * with one key of each kind, and a scene (who is logged in) that every attempt begins in. A call of the
 * tables does one thing; the runner makes its first, second, third … allocation, libcrypto call or store call
 * fail.
 */
#ifndef CFR_TESTS_FAULT_STAGE_H
#define CFR_TESTS_FAULT_STAGE_H

#include "base/rv.h"

#include <check.h>
#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Where a call begins. */
enum scene {
    SCENE_NEW,    /* no store yet, C_Initialize done */
    SCENE_DOWN,   /* before C_Initialize */
    SCENE_UP,     /* no session */
    SCENE_PUBLIC, /* a read-write and a read-only session, nobody logged in */
    SCENE_USER,   /* the same with the normal user */
    SCENE_SO,     /* a read-write session, and the SO */
};

enum { STAGE_OCTETS = 3072 };

/** What a call has and makes; made anew for each attempt. */
struct stage {
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session; /* read-write */
    CK_SESSION_HANDLE other;   /* read-only */
    CK_OBJECT_HANDLE key;      /* what prepare() chose */
    CK_OBJECT_HANDLE second;
    CK_OBJECT_HANDLE made[2]; /* what the call made; CK_INVALID_HANDLE until it has succeeded */
    CK_BYTE octets[STAGE_OCTETS];
    CK_ULONG len;
};

enum {
    FAULT_COUNTS_PIN = 1, /* a failure may leave a wrong attempt counted, which the next right PIN clears */
    FAULT_ENDS = 2,       /* success ends sessions or the module: objects are not counted after it */
    FAULT_LIBRARY = 4,    /* of no token: CKR_DEVICE_… are no codes of this function */
    FAULT_PQ = 8,         /* run only where libcrypto has the post-quantum algorithms */
};

/** One row: a call that is made to fail. */
struct fault_call {
    const char *name;
    enum scene scene;
    void (*prepare)(struct stage *stage);
    CK_RV (*call)(struct stage *stage);
    void (*check)(struct stage *stage); /* after success: fails the test unless all of it has happened */
    int made;                           /* objects more, or fewer, after success */
    unsigned flags;
    CK_RV also[3]; /* codes that a failed libcrypto call may give besides: its verdicts on what was given */
    unsigned least[3]; /* calls of each enum cfr_fault_kind, at the least, so that no hook is lost */
};

/** The tables, each ended by a row without a name. */
extern const struct fault_call fault_calls_token[];
extern const struct fault_call fault_calls_object[];
extern const struct fault_call fault_calls_key[];
extern const struct fault_call fault_calls_field[];
extern const struct fault_call fault_calls_tls[];
extern const struct fault_call fault_calls_message[];
extern const struct fault_call fault_calls_operation[];
extern const struct fault_call fault_calls_pq[];
extern const struct fault_call fault_calls_whole[];

/** Check fixtures: make the token and its objects; remove the folder. */
void stage_build(void);
void stage_remove(void);

/** Begin in a scene, with the token as it was built. */
void stage_set(enum scene scene, struct stage *ret_stage);

/** C_Finalize, whatever is open; a module that is down is fine. */
void stage_clear(void);

/** The object of the token that stage_build() gave this label and class. */
CK_OBJECT_HANDLE stage_find(const struct stage *stage, CK_OBJECT_CLASS class, const char *label);

/** For prepare(): the keys with the labels "aes" and "secret"; the halves of the pair "ec", the private one first. */
void stage_choose_aes(struct stage *stage);
void stage_choose_secret(struct stage *stage);
void stage_choose_ec(struct stage *stage);

/** Objects that the read-write session sees. */
CK_ULONG stage_count(CK_SESSION_HANDLE session);

/** Templates: `BOOL(CKA_TOKEN, true)` and so on, within an array of CK_ATTRIBUTE. */
#define BOOL(type, value)                                                                                    \
    {                                                                                                        \
        (type), &(CK_BBOOL){(value) ? CK_TRUE : CK_FALSE}, sizeof(CK_BBOOL)                                  \
    }
#define ULONG(type, value)                                                                                   \
    {                                                                                                        \
        (type), &(CK_ULONG){value}, sizeof(CK_ULONG)                                                         \
    }
#define TEXT(type, text)                                                                                     \
    {                                                                                                        \
        (type), (CK_VOID_PTR)(uintptr_t)(text), sizeof(text) - 1                                             \
    }
#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define TEMPLATE(array) (array), COUNT(array)

/** The octets of a text, for functions that do not say const; they are not written to. */
#define TEXT_OCTETS(text) ((CK_BYTE_PTR)(uintptr_t)(text))

#endif
