/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arguments of C_ functions from fuzzer input, one kind for each meaning that an argument, or a pointer with its
 * length, has in call_shapes.def. What the caller hands over lies in blocks of its exact size, which are
 * compared afterwards with what was in them.
 */
#ifndef CFR_TESTS_FUZZ_CALL_ARGS_H
#define CFR_TESTS_FUZZ_CALL_ARGS_H

#include "fuzz/attributes.h"
#include "fuzz/parameters.h"

/* Kinds, in the order in which call_args.c has their readers. */
enum call_arg {
    ARG_SESSION,
    ARG_SLOT,
    ARG_MECHANISM, /**< for the call's use, as a rule; with a parameter */
    ARG_OBJECT,    /**< a key that fits the mechanism, as a rule; else any handle */
    ARG_OBJECT2,   /**< the key to wrap, or any handle */
    ARG_STATE_KEY, /**< none, or the key that was used last */
    ARG_STATE_KEY2,
    ARG_TYPE, /**< a mechanism's type */
    ARG_USER,
    ARG_PIN, /**< pointer and length, as are the next */
    ARG_NEW_PIN,
    ARG_DATA, /**< octets of the input, or what came out last */
    ARG_SIGNATURE,
    ARG_ASSOCIATED, /**< data that is authenticated only */
    ARG_OUTPUT,     /**< pointer and pointer to a length */
    ARG_RANDOM,     /**< pointer and length of what is to be filled */
    ARG_PARAMETER,  /**< pointer and length of a message's parameter */
    ARG_TEMPLATE,   /**< pointer and count */
    ARG_TEMPLATE2,
    ARG_TEMPLATE_OUT,
    ARG_HANDLE, /**< where a new handle goes */
    ARG_HANDLE2,
    ARG_FOUND,        /**< room for handles, how many, and where their count goes */
    ARG_NUMBERS,      /**< room for numbers, and pointer to their count */
    ARG_NUMBER,       /**< where a number goes */
    ARG_LIBRARY_INFO, /**< where a CK_INFO goes; the next are like it */
    ARG_SLOT_INFO,
    ARG_TOKEN_INFO,
    ARG_MECHANISM_INFO,
    ARG_SESSION_INFO,
    ARG_BOOL,
    ARG_FLAGS,
    ARG_OPEN_FLAGS,
    ARG_NEXT_FLAGS,
    ARG_WAIT_FLAGS, /**< never without CKF_DONT_BLOCK */
    ARG_LABEL,      /**< 32 characters */
    ARG_INITIALIZE,
    ARG_RESERVED,
    ARG_NO_CALLBACK,
    ARG_LIST_POINTER,
    ARG_INTERFACES,
    ARG_INTERFACE_NAME,
    ARG_INTERFACE_POINTER,
    ARG_VERSION,
    ARG_FUNCTION, /**< the name of a function, as a rule of one that may be pending */
    ARG_RESULT,   /**< where a CK_ASYNC_DATA goes */
    ARG_COUNT
};

enum {
    CALL_BLOCKS_MAX = 16,
    CALL_PARKED_MAX = 64,
    CALL_SESSIONS = 6,
    CALL_OBJECTS = 8,
    CALL_PLANTED = 4,
    CALL_OUT_MAX = 16384
};

/** What is in room for output before the call; and so what is not a handle, where a handle goes. */
#define CALL_FILL      0xab
#define CALL_NO_HANDLE ((CK_OBJECT_HANDLE)0xabababababababab)

/** What a call may write. */
enum call_block_kind {
    BLOCK_INPUT,  /**< nothing */
    BLOCK_OUTPUT, /**< anything, when it succeeds */
    BLOCK_LENGTH, /**< the same, and when there is too little room */
    BLOCK_HANDLE, /**< a handle when it succeeds, else CK_INVALID_HANDLE at most */
    BLOCK_RESULT, /**< anything, but for CKR_PENDING */
};

/** Octets that a call is given, and a copy of them. */
struct call_block {
    uint8_t *octets;
    uint8_t *before;
    size_t len;
    enum call_block_kind kind;
};

struct call_octets {
    CK_BYTE_PTR ptr;
    CK_ULONG len;
};

/** The arguments of a call. */
struct call_args {
    CK_FLAGS flag; /**< set before: CKF_ENCRYPT … of the call's use, or 0 */
    bool is_apart; /**< set before: it wants a tag apart from what is wrapped */
    CK_SESSION_HANDLE session;
    unsigned session_number;
    CK_SLOT_ID slot;
    CK_MECHANISM_PTR mechanism;
    struct parameter parameter;
    const struct cfr_mechanism *row; /**< of the mechanism, or NULL */
    CK_OBJECT_HANDLE object;
    CK_OBJECT_HANDLE object2;
    CK_ULONG type;
    CK_USER_TYPE user;
    struct call_octets pin;
    struct call_octets new_pin;
    struct call_octets data;
    struct call_octets signature;
    struct call_octets associated;
    struct call_octets message; /**< its parameter */
    CK_BYTE_PTR output;
    CK_ULONG_PTR output_len;
    CK_ULONG output_room; /**< *output_len before the call */
    struct call_octets random;
    struct attributes *template;
    struct attributes *template2;
    CK_OBJECT_HANDLE_PTR handle;
    CK_OBJECT_HANDLE_PTR handle2;
    CK_ULONG_PTR numbers;
    CK_ULONG_PTR count;
    CK_ULONG numbers_room;
    CK_ULONG_PTR number;
    void *info;
    CK_BBOOL flag_octet;
    CK_FLAGS flags;
    CK_UTF8CHAR_PTR label;
    void *initialize;
    void *reserved;
    CK_FUNCTION_LIST_PTR_PTR list;
    CK_INTERFACE_PTR interfaces;
    CK_INTERFACE_PTR_PTR interface;
    CK_VERSION_PTR version;
    struct call_block blocks[CALL_BLOCKS_MAX];
    size_t block_count;
};

/** What an input's calls have in common. */
struct call_world {
    CK_SESSION_HANDLE sessions[CALL_SESSIONS];
    CK_OBJECT_HANDLE objects[CALL_OBJECTS];
    unsigned sessions_made;
    unsigned objects_made;
    CK_SESSION_HANDLE base; /**< where keys of samples are made */
    CK_OBJECT_HANDLE keys[SAMPLES_MAX];
    CK_OBJECT_HANDLE last_key;
    struct call_octets last;          /**< what a call put out last */
    bool is_dirty;                    /**< what tokens remember has changed */
    bool has_pair;                    /**< an RSA pair was generated, which is slow */
    struct parameter message;         /**< that of the message that came last */
    uint8_t *parked[CALL_PARKED_MAX]; /**< room for what is pending */
    size_t parked_count;
};
extern struct call_world call_world;

/** Octets that no output may contain: the value of keys that are sensitive. */
enum { CALL_SECRET_LEN = 32 };
extern uint8_t call_secret[CALL_SECRET_LEN];

/** Read the argument @p kind. */
void call_arg_read(struct input *input, enum call_arg kind, struct call_args *args);

/** Copy what a call is going to be given. */
void call_args_remember(struct call_args *args);

/** What holds of all arguments after a call that gave @p rv; keeps what came out for later calls. @p writes_template: it is C_GetAttributeValue. */
void call_args_check(struct call_args *args, bool writes_template, CK_RV rv);
void call_args_free(struct call_args *args);

/** The call is pending: room for its output stays until call_args_unpark(). */
void call_args_park(struct call_args *args);
void call_args_unpark(void);

#endif
