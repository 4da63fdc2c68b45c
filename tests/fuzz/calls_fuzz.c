/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any functions, in any order, on several sessions of two tokens, with any arguments: each returns a code that the
 * specification lets it return, writes what it may write and no more, leaves operations active or ended as they
 * must be, and never gives away the value of a sensitive key.
 *
 * Input: an octet whose lowest bit says whether operations are asked for after each call, the next one whether a
 * session that only reads keeps the SO away, the third whether the first session is asynchronous; then calls: the number of
 * the function, a length, and so many octets for its arguments, which call_shapes.def lists.
 */
#include "fuzz/call_model.h"
#include "support/module_fixture.h"

#include <sys/random.h>

enum { CALLS_MAX = 32, FINALIZE = 0x5a /* what must follow C_Finalize, which is slow */ };

static bool traces; /* COFFER_FUZZ_TRACE is set */
static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

/* A key with the secret for its value; @p params for those of a curve. */
static CK_OBJECT_HANDLE plant(CK_OBJECT_CLASS class, CK_KEY_TYPE type, const char *params)
{
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof(class)},
                               {CKA_KEY_TYPE, &type, sizeof(type)},
                               {CKA_VALUE, call_secret, sizeof(call_secret)},
                               {CKA_SENSITIVE, &yes, sizeof(yes)},
                               {CKA_EXTRACTABLE, &no, sizeof(no)},
                               {CKA_DERIVE, &yes, sizeof(yes)},
                               {CKA_SIGN, &yes, sizeof(yes)},
                               {CKA_EC_PARAMS, (CK_VOID_PTR)(uintptr_t)params, strlen(params)}};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    MUST(C_CreateObject(call_world.base, template, class == CKO_SECRET_KEY ? 7 : 8, &key));
    return key;
}

static void plant_all(void)
{
    static const char p256[] = "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
    static const char ed25519[] = "\x06\x03\x2b\x65\x70";

    call_world.objects[0] = plant(CKO_SECRET_KEY, CKK_AES, "");
    call_world.objects[1] = plant(CKO_SECRET_KEY, CKK_GENERIC_SECRET, "");
    call_world.objects[2] = plant(CKO_PRIVATE_KEY, CKK_EC, p256);
    call_world.objects[3] = plant(CKO_PRIVATE_KEY, CKK_EC_EDWARDS, ed25519);
}

static void begin(bool has_reader, bool is_async)
{
    memset(&call_world, 0, sizeof(call_world));
    call_model_reset();
    call_world.base = module_open(WORLD_STANDARD, CKF_RW_SESSION | (is_async ? CKF_ASYNC_SESSION : 0));
    call_world.sessions[0] = call_world.base;
    call_world.sessions[1] = module_open(WORLD_STRICT, CKF_RW_SESSION);
    call_world.sessions[2] = has_reader ? module_open(WORLD_STANDARD, 0) : CK_INVALID_HANDLE;
    call_world.sessions_made = 3;
    call_world.objects_made = CALL_PLANTED;
    module_login(call_world.base, CKU_USER);
    plant_all();
}

static void end(void)
{
    bool is_down = C_GetInfo(&(CK_INFO){.flags = 0}) == CKR_CRYPTOKI_NOT_INITIALIZED;

    free(call_world.last.ptr);
    parameter_free(&call_world.message);
    if (is_down) {
        module_up();
    }
    if (is_down || call_world.is_dirty) {
        world_restore();
    } else {
        world_clean();
    }
    call_args_unpark();
}

static void keep_session(CK_SESSION_HANDLE session)
{
    unsigned number = call_world.sessions_made++ % CALL_SESSIONS;

    for (unsigned i = 0; i < CALL_SESSIONS; i++) {
        number = call_world.sessions[i] == session ? i : number;
    }
    call_world.sessions[number] = session;
    call_model_open(number);
}

/* Planted keys stay. */
static void keep_object(const CK_OBJECT_HANDLE *handle)
{
    if (handle != NULL && *handle != CALL_NO_HANDLE) {
        call_world.objects[CALL_PLANTED + call_world.objects_made++ % (CALL_OBJECTS - CALL_PLANTED)] =
            *handle;
    }
}

/* The pair that was pending; a signature has no handles. */
static void keep_pair(const CK_ASYNC_DATA *result)
{
    if (result->hObject != CK_INVALID_HANDLE) {
        keep_object(&result->hObject);
        keep_object(&result->hAdditionalObject);
    }
}

static void keep_results(enum cfr_call_id id, struct call_args *args, CK_RV rv)
{
    enum call_step step = call_shapes[id].step;

    call_world.is_dirty = call_world.is_dirty || step == STEP_TOKEN || rv == CKR_PIN_INCORRECT ||
                          (step == STEP_GLOBAL && rv == CKR_OK);
    if (rv == CKR_PENDING) {
        call_args_park(args);
    }
    if (rv != CKR_OK) {
        return;
    }
    if (id == CFR_CALL_C_AsyncComplete) {
        keep_pair(args->info);
    }
    if (id == CFR_CALL_C_OpenSession) {
        keep_session(*args->handle);
        return;
    }
    keep_object(args->handle);
    keep_object(args->handle2);
    if (id == CFR_CALL_C_FindObjects && *args->count != 0) {
        keep_object(args->numbers);
    }
}

/* Neither what takes seconds, nor what takes the module down too often. */
static bool may_call(struct input *input, enum cfr_call_id id, const struct call_args *args)
{
    if (id == CFR_CALL_C_Finalize) {
        return input_u8(input) == FINALIZE;
    }
    if (id != CFR_CALL_C_GenerateKeyPair || args->row == NULL || args->row->key_types[0] != CKK_RSA) {
        return true;
    }
    if (call_world.has_pair || !attributes_lower_modulus(args->template)) {
        return false;
    }
    call_world.has_pair = true;
    return true;
}

static void call(struct input *input, bool probes)
{
    enum cfr_call_id id = input_u8(input) % CFR_CALL_COUNT;
    const struct call_shape *shape = &call_shapes[id];
    struct cfr_span octets = input_counted(input);
    struct input own = {octets.ptr, octets.len};
    struct call_args args = {.flag = call_use_flag(shape->use),
                             .is_apart = id == CFR_CALL_C_WrapKeyAuthenticated ||
                                         id == CFR_CALL_C_UnwrapKeyAuthenticated};
    CK_RV rv;

    for (size_t i = 0; i < shape->kind_count; i++) {
        call_arg_read(&own, shape->kinds[i], &args);
    }
    if (may_call(&own, id, &args)) {
        call_args_remember(&args);
        rv = shape->call(&args);
        if (traces) {
            (void)fprintf(stderr, "%u %s: %s\n", args.session_number, cfr_call_row(id)->name,
                          cfr_rv_name(rv));
        }
        call_code_check(id, rv);
        call_args_check(&args, id == CFR_CALL_C_GetAttributeValue, rv);
        call_model_check(id, &args, rv, probes);
        keep_results(id, &args, rv);
    }
    call_args_free(&args);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    ORACLE(getrandom(call_secret, sizeof(call_secret), 0) == sizeof(call_secret));
    call_secret[0] &= 0x7f; /* less than the order of P-256 */
    traces = getenv("COFFER_FUZZ_TRACE") != NULL;
    world_up();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct input input = {octets, len};
    uint8_t form = input_u8(&input);
    bool probes = (form & 1) != 0;

    begin((form & 2) != 0, (form & 4) != 0);
    for (int calls = 0; calls < CALLS_MAX && input.left != 0; calls++) {
        call(&input, probes);
    }
    call_model_probe_all();
    end();
    return 0;
}
