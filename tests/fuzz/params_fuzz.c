/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mechanism parameters of every kind in every function that takes a mechanism, and then data: what was said
 * of lengths is true, whole and in parts come to the same, and what was made can be undone.
 *
 * Input: mechanism, function, keys, how the data is cut, data, and the parameter.
 */
#include "fuzz/attributes.h"
#include "fuzz/message_round.h"
#include "fuzz/parameters.h"
#include "mech/message.h"
#include "mech/registry.h"
#include "support/module_fixture.h"

/* Choices of a key from here on need not fit the mechanism. */
enum { ANY_KEY = 0xf0, TEXT_MAX = 2048, RESULT_MAX = 8192 };

/* The state of the process: one session with a key of each sample. */
static CK_SESSION_HANDLE session;
static CK_OBJECT_HANDLE keys[SAMPLES_MAX];
static size_t objects;

/* The state of one input. */
static struct {
    const struct cfr_mechanism *row; /* or NULL */
    struct parameter parameter;
    CK_MECHANISM *mechanism;
    struct cfr_span text;
    uint8_t cut;   /* length of the parts, and how room is offered */
    bool can_undo; /* the two keys belong together */
} run;

/* Octets that came out; exactly as long as they were said to be, so that a write beyond them is seen. */
struct result {
    CK_RV rv;
    CK_BYTE *octets;
    CK_ULONG len;
};

static void result_free(struct result *result)
{
    free(result->octets);
    *result = (struct result){.rv = CKR_OK};
}

static bool result_same(const struct result *a, const struct result *b)
{
    return cfr_span_equal(cfr_span_of(a->octets, a->len), cfr_span_of(b->octets, b->len));
}

typedef CK_RV (*transform_fn)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV (*take_fn)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG);
typedef CK_RV (*give_fn)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);

static CK_RV digest_init(CK_SESSION_HANDLE for_session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
    (void)key;
    return C_DigestInit(for_session, mechanism);
}

/* Functions that turn octets into octets. */
static const struct use {
    CK_FLAGS flag;
    CK_RV (*init)(CK_SESSION_HANDLE, CK_MECHANISM_PTR, CK_OBJECT_HANDLE);
    transform_fn once;
    transform_fn update; /* or NULL: */
    take_fn take;
    give_fn finish;
} encrypting = {CKF_ENCRYPT, C_EncryptInit, C_Encrypt, C_EncryptUpdate, NULL, C_EncryptFinal},
  decrypting = {CKF_DECRYPT, C_DecryptInit, C_Decrypt, C_DecryptUpdate, NULL, C_DecryptFinal},
  signing = {CKF_SIGN, C_SignInit, C_Sign, NULL, C_SignUpdate, C_SignFinal},
  digesting = {CKF_DIGEST, digest_init, C_Digest, NULL, C_DigestUpdate, C_DigestFinal};

/* One call that gives octets. @p once NULL: @p finish. */
struct call {
    transform_fn once;
    give_fn finish;
    struct cfr_span in;
};

static CK_RV make_call(const struct call *call, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    return call->once != NULL
               ? call->once(session, (CK_BYTE_PTR)(uintptr_t)call->in.ptr, call->in.len, out, len)
               : call->finish(session, out, len);
}

/* Ask for the length, offer too little, then what was asked for; append what comes. */
static CK_RV collect(const struct call *call, struct result *result)
{
    CK_ULONG need = 0;
    CK_ULONG len;
    CK_BYTE *room;
    CK_RV rv = CHECKED(make_call(call, NULL, &need));

    if (rv != CKR_OK) {
        return rv;
    }
    ORACLE(need <= RESULT_MAX);
    if (need != 0 && run.cut % 2 != 0) {
        room = malloc(need - 1);
        len = need - 1;
        rv = CHECKED(make_call(call, room, &len));
        ORACLE(rv != CKR_OK || len < need);
        ORACLE(rv != CKR_BUFFER_TOO_SMALL || (len > need - 1 && len <= RESULT_MAX));
        need = len;
        if (rv != CKR_BUFFER_TOO_SMALL) {
            cfr_copy(result->octets + result->len, room, rv == CKR_OK ? len : 0);
            result->len += rv == CKR_OK ? len : 0;
            free(room);
            return rv;
        }
        free(room);
    }
    room = malloc(need);
    len = need;
    rv = CHECKED(make_call(call, room, &len));
    ORACLE(rv != CKR_BUFFER_TOO_SMALL && (rv != CKR_OK || len <= need));
    if (rv == CKR_OK) {
        cfr_copy(result->octets + result->len, room, len);
        result->len += len;
    }
    free(room);
    return rv;
}

static struct result begin_result(const struct use *use, CK_OBJECT_HANDLE key)
{
    struct result result = {.rv = CHECKED(use->init(session, run.mechanism, key))};

    ORACLE(result.rv != CKR_OPERATION_ACTIVE);
    result.octets = malloc(RESULT_MAX + TEXT_MAX);
    return result;
}

static struct result whole(const struct use *use, CK_OBJECT_HANDLE key, struct cfr_span in)
{
    struct result result = begin_result(use, key);

    if (result.rv == CKR_OK) {
        result.rv = collect(&(struct call){.once = use->once, .in = in}, &result);
    }
    return result;
}

static struct result in_parts(const struct use *use, CK_OBJECT_HANDLE key, struct cfr_span in)
{
    struct result result = begin_result(use, key);
    size_t part_len = run.cut / 2 + 1U;

    while (result.rv == CKR_OK && in.len != 0) {
        struct cfr_span part = cfr_span_of(in.ptr, in.len < part_len ? in.len : part_len);

        in = cfr_span_after(in, part.len);
        result.rv = use->update != NULL
                        ? collect(&(struct call){.once = use->update, .in = part}, &result)
                        : CHECKED(use->take(session, (CK_BYTE_PTR)(uintptr_t)part.ptr, part.len));
    }
    if (result.rv == CKR_OK) {
        result.rv = collect(&(struct call){.finish = use->finish}, &result);
    }
    return result;
}

/* Whether the same input always gives the same output: all but the signatures and encryptions of pairs. */
static bool is_deterministic(void)
{
    return run.row->key_types[0] != CKK_RSA && run.row->key_types[0] != CKK_EC;
}

/* Both ways of giving the input; the first result is returned. */
static struct result both_ways(const struct use *use, CK_OBJECT_HANDLE key, struct cfr_span in)
{
    struct result at_once = whole(use, key, in);
    struct result parts = in_parts(use, key, in);

    if (at_once.rv == CKR_OK && parts.rv == CKR_OK && is_deterministic()) {
        ORACLE(result_same(&at_once, &parts));
    }
    result_free(&parts);
    return at_once;
}

static void do_encrypt(CK_OBJECT_HANDLE public_key, CK_OBJECT_HANDLE private_key)
{
    struct result sealed = both_ways(&encrypting, public_key, run.text);
    struct result opened = {0};

    if (sealed.rv == CKR_OK && run.can_undo) {
        opened = both_ways(&decrypting, private_key, cfr_span_of(sealed.octets, sealed.len));
        ORACLE(opened.rv == CKR_OK && opened.len >= run.text.len);
        /* Raw RSA gives zeros in front. */
        ORACLE(cfr_span_equal(
            cfr_span_after(cfr_span_of(opened.octets, opened.len), opened.len - run.text.len), run.text));
    }
    result_free(&sealed);
    result_free(&opened);
}

static CK_RV verify(CK_OBJECT_HANDLE key, struct cfr_span signature, bool is_in_parts)
{
    CK_BYTE_PTR text = (CK_BYTE_PTR)(uintptr_t)run.text.ptr;
    CK_BYTE_PTR octets = (CK_BYTE_PTR)(uintptr_t)signature.ptr;
    CK_RV rv = CHECKED(C_VerifyInit(session, run.mechanism, key));

    ORACLE(rv != CKR_OPERATION_ACTIVE);
    if (rv != CKR_OK) {
        return rv;
    }
    if (!is_in_parts) {
        return CHECKED(C_Verify(session, text, run.text.len, octets, signature.len));
    }
    rv = CHECKED(C_VerifyUpdate(session, text, run.text.len));
    return rv == CKR_OK ? CHECKED(C_VerifyFinal(session, octets, signature.len)) : rv;
}

static void do_sign(CK_OBJECT_HANDLE private_key, CK_OBJECT_HANDLE public_key)
{
    struct result signature = both_ways(&signing, private_key, run.text);

    if (signature.rv == CKR_OK && run.can_undo) {
        struct cfr_span octets = cfr_span_of(signature.octets, signature.len);
        CK_RV rv = verify(public_key, octets, true);

        ORACLE(verify(public_key, octets, false) == CKR_OK);
        ORACLE(rv != CKR_SIGNATURE_INVALID && rv != CKR_SIGNATURE_LEN_RANGE);
        signature.octets[run.cut % signature.len] ^= 1;
        ORACLE(verify(public_key, octets, false) != CKR_OK);
        ORACLE(verify(public_key, octets, true) != CKR_OK);
    }
    result_free(&signature);
}

/* A signature that nobody made; a short MAC may be guessed. */
static void do_verify(CK_OBJECT_HANDLE key)
{
    struct cfr_span signature = cfr_span_of(run.text.ptr, run.text.len / 2);
    CK_RV rv = verify(key, signature, run.cut % 2 != 0);

    ORACLE(rv != CKR_OK || signature.len < 8);
}

/* Destroy a key that was made, if it was; nothing else was. */
static void check_made(CK_RV rv, CK_OBJECT_HANDLE made)
{
    ORACLE((rv == CKR_OK) == (made != CK_INVALID_HANDLE));
    if (rv == CKR_OK) {
        ORACLE(C_DestroyObject(session, made) == CKR_OK);
    }
}

static void check_same_value(CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b)
{
    CK_BYTE values[2][RESULT_MAX];
    CK_ATTRIBUTE attributes[2] = {{CKA_VALUE, values[0], RESULT_MAX}, {CKA_VALUE, values[1], RESULT_MAX}};

    if (C_GetAttributeValue(session, a, &attributes[0], 1) == CKR_OK) {
        ORACLE(C_GetAttributeValue(session, b, &attributes[1], 1) == CKR_OK);
        ORACLE(cfr_span_equal(cfr_span_of(values[0], attributes[0].ulValueLen),
                              cfr_span_of(values[1], attributes[1].ulValueLen)));
    }
}

static CK_RV unwrap(CK_OBJECT_HANDLE key, struct cfr_span wrapped, const struct sample *target,
                    CK_OBJECT_HANDLE *ret_key)
{
    CK_OBJECT_CLASS class = target->class->class;
    CK_KEY_TYPE type = target->class->subtype;
    CK_ULONG len = sample_value(target, CKA_VALUE).len;
    CK_BBOOL no = CK_FALSE;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_KEY_TYPE, &type, sizeof(type)},
                               {CKA_SENSITIVE, &no, sizeof(no)},
                               {CKA_VALUE_LEN, &len, sizeof(len)}};

    return CHECKED(C_UnwrapKey(session, run.mechanism, key, (CK_BYTE_PTR)(uintptr_t)wrapped.ptr, wrapped.len,
                               template, class == CKO_SECRET_KEY ? 4 : 3, ret_key));
}

static CK_OBJECT_HANDLE wrapping_key;
static CK_OBJECT_HANDLE wrapped_key;

static CK_RV wrap(CK_SESSION_HANDLE for_session, CK_BYTE_PTR out, CK_ULONG_PTR len)
{
    return C_WrapKey(for_session, run.mechanism, wrapping_key, wrapped_key, out, len);
}

static void do_wrap(CK_OBJECT_HANDLE public_key, CK_OBJECT_HANDLE private_key, unsigned target)
{
    const struct sample *sample = world_sample(target);
    struct result wrapped = {.octets = malloc(RESULT_MAX)};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    wrapping_key = public_key;
    wrapped_key = keys[target % world_sample_count()];
    wrapped.rv = collect(&(struct call){.finish = wrap}, &wrapped);
    if (wrapped.rv == CKR_OK && run.can_undo) {
        CK_RV rv = unwrap(private_key, cfr_span_of(wrapped.octets, wrapped.len), sample, &made);

        ORACLE(rv == CKR_OK);
        check_same_value(wrapped_key, made);
        check_made(rv, made);
    }
    result_free(&wrapped);
}

static void do_unwrap(CK_OBJECT_HANDLE key, unsigned target)
{
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    check_made(unwrap(key, run.text, world_sample(target), &made), made);
}

static void do_derive(CK_OBJECT_HANDLE key)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG len = run.cut;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_KEY_TYPE, &type, sizeof(type)},
                               {CKA_VALUE_LEN, &len, sizeof(len)}};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_RV rv = CHECKED(C_DeriveKey(session, run.mechanism, key, template, 2 + (run.text.len % 2), &made));

    if (rv == CKR_OK && run.text.len % 2 != 0) {
        CK_ULONG made_len = 0;

        ORACLE(C_GetAttributeValue(session, made, &(CK_ATTRIBUTE){CKA_VALUE_LEN, &made_len, sizeof(len)},
                                   1) == CKR_OK &&
               made_len == len);
    }
    check_made(rv, made);
}

static void do_generate(void)
{
    CK_ULONG len = run.cut;
    CK_ATTRIBUTE template[] = {{CKA_VALUE_LEN, &len, sizeof(len)}};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE other = CK_INVALID_HANDLE;

    check_made(CHECKED(C_GenerateKey(session, run.mechanism, template, run.text.len % 2, &made)), made);
    made = CK_INVALID_HANDLE;
    /* Without attributes there is no pair; the parameter is looked at before that is. */
    ORACLE(CHECKED(C_GenerateKeyPair(session, run.mechanism, NULL, 0, NULL, 0, &made, &other)) != CKR_OK);
    ORACLE(made == CK_INVALID_HANDLE && other == CK_INVALID_HANDLE);
}

/* The number of a sample of the mechanism's type and of a class, from @p choice on. */
static unsigned fitting(uint8_t choice, CK_OBJECT_CLASS class)
{
    size_t count = world_sample_count();

    for (unsigned i = 0; choice < ANY_KEY && run.row != NULL && i < count; i++) {
        const struct cfr_class *has = world_sample(choice + i)->class;

        if (cfr_mechanism_takes_type(run.row, has->subtype) && has->class == class && has->material != NULL) {
            return (unsigned)((choice + i) % count);
        }
    }
    return (unsigned)(choice % count);
}

/* The two keys for a function and what undoes it: halves of a pair, or the same secret key. */
static void choose_keys(uint8_t choice, CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    bool is_pair = run.row != NULL && cfr_class_find(CKO_PUBLIC_KEY, run.row->key_types[0]) != NULL;
    unsigned number = fitting(choice, is_pair ? CKO_PUBLIC_KEY : CKO_SECRET_KEY);
    CK_OBJECT_CLASS class = world_sample(number)->class->class;

    *ret_public = keys[number];
    *ret_private = keys[class == CKO_PUBLIC_KEY ? number + 1 : number]; /* pairs follow each other */
    run.can_undo = class == CKO_PUBLIC_KEY || class == CKO_SECRET_KEY;
}

static void do_one(struct input *input, uint8_t function, uint8_t choice, uint8_t target)
{
    static const CK_FLAGS functions[] = {CKF_ENCRYPT,         CKF_DECRYPT, CKF_DIGEST, CKF_SIGN,
                                         CKF_VERIFY,          CKF_WRAP,    CKF_UNWRAP, CKF_DERIVE,
                                         CKF_MESSAGE_ENCRYPT, CKF_GENERATE};
    enum { FUNCTIONS = sizeof(functions) / sizeof(functions[0]) };
    CK_OBJECT_HANDLE public_key;
    CK_OBJECT_HANDLE private_key;
    struct result result = {0};
    unsigned at = function % FUNCTIONS;

    for (unsigned i = 0; function < ANY_KEY && run.row != NULL && i < FUNCTIONS; i++) {
        at = (function + i) % FUNCTIONS;
        if (((run.row->flags | cfr_message_flags(run.row, run.row->flags)) & functions[at]) != 0) {
            break;
        }
    }
    choose_keys(choice, &public_key, &private_key);
    run.parameter.peer = world_sample(fitting(choice, CKO_PUBLIC_KEY));
    run.parameter.text_len = run.text.len;
    parameter_read(input, run.parameter.mechanism.mechanism, run.row, &run.parameter);
    switch (functions[at]) {
    case CKF_ENCRYPT:
        do_encrypt(public_key, private_key);
        break;
    case CKF_DECRYPT:
        result = both_ways(&decrypting, private_key, run.text);
        break;
    case CKF_DIGEST:
        result = both_ways(&digesting, CK_INVALID_HANDLE, run.text);
        break;
    case CKF_SIGN:
        do_sign(private_key, public_key);
        break;
    case CKF_VERIFY:
        do_verify(public_key);
        break;
    case CKF_WRAP:
        do_wrap(public_key, private_key, target);
        break;
    case CKF_UNWRAP:
        do_unwrap(private_key, target);
        break;
    case CKF_DERIVE:
        do_derive(private_key);
        break;
    case CKF_MESSAGE_ENCRYPT:
        message_round(input, session, run.mechanism->mechanism, public_key, run.text, run.cut);
        break;
    default:
        do_generate();
        break;
    }
    result_free(&result);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    world_up();
    session = module_open(WORLD_STANDARD, CKF_RW_SESSION);
    module_login(session, CKU_USER);
    for (unsigned i = 0; i < world_sample_count(); i++) {
        keys[i] = world_import(session, world_sample(i));
        ORACLE(keys[i] != CK_INVALID_HANDLE);
    }
    objects = world_count_objects(session);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct input input = {octets, len};
    CK_MECHANISM_TYPE type = input_mechanism_type(&input);
    uint8_t function = input_u8(&input);
    uint8_t choice = input_u8(&input);
    uint8_t target = input_u8(&input);
    uint8_t *text;

    run.cut = input_u8(&input);
    run.text = input_long(&input);
    if (run.text.len > TEXT_MAX) {
        run.text.len = TEXT_MAX;
    }
    text = malloc(run.text.len);
    cfr_copy(text, run.text.ptr, run.text.len);
    run.text.ptr = text;
    run.row = NULL;
    (void)cfr_registry_find(type, 0, &run.row);
    run.mechanism = &run.parameter.mechanism;
    run.mechanism->mechanism = type;
    do_one(&input, function, choice, target);
    parameter_free(&run.parameter);
    free(text);
    ORACLE(world_count_objects(session) == objects);
    return 0;
}
