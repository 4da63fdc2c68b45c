/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Templates of every kind in every function that takes one, on both kinds of tokens and in every state of
 * login: what is refused changes nothing, what is hidden stays hidden, what is sticky sticks, and what an
 * object says of itself finds it.
 *
 * Input: login and session, then steps: what to do, with which of the last objects, and its templates.
 */
#include "fuzz/attributes.h"
#include "mech/registry.h"
#include "support/module_fixture.h"

enum { HANDLES = 8, STEPS_MAX = 12, VALUE_MAX = 1 << 21 };

enum step {
    STEP_CREATE,
    STEP_COPY,
    STEP_SET,
    STEP_FLAGS,
    STEP_GET,
    STEP_FIND,
    STEP_GENERATE,
    STEP_GENERATE_PAIR,
    STEP_DERIVE,
    STEP_UNWRAP,
    STEP_DESTROY,
    STEP_COUNT
};

/* The state of one input. */
static struct {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE handles[HANDLES];
    size_t made;
    size_t objects; /* that the session must see */
    bool has_rsa;
    bool is_so;
} run;

static struct attributes first;
static struct attributes second;

static CK_OBJECT_HANDLE chosen(struct input *input)
{
    uint8_t choice = input_u8(input);

    return choice == 0xff ? input_u64(input) : run.handles[choice % HANDLES];
}

/* Everything an object shows, in one run of octets; two of them are compared. */
struct view {
    uint8_t *octets;
    size_t len;
};

static void view_put(struct view *view, const void *octets, size_t len)
{
    view->octets = realloc(view->octets, view->len + len + 1);
    ORACLE(view->octets != NULL);
    cfr_copy(view->octets + view->len, octets, len);
    view->len += len;
}

static void view_attribute(struct view *view, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE wanted = {.type = type};
    CK_RV rv = CHECKED(C_GetAttributeValue(run.session, handle, &wanted, 1));
    CK_ULONG len = wanted.ulValueLen;

    view_put(view, &rv, sizeof(rv));
    view_put(view, &len, sizeof(len));
    if (rv != CKR_OK || cfr_attr_find(type)->kind == CFR_ATTR_TEMPLATE) {
        return;
    }
    ORACLE(len <= VALUE_MAX);
    wanted.pValue = malloc(len);
    if (len != 0) {
        wanted.ulValueLen = len - 1;
        ORACLE(C_GetAttributeValue(run.session, handle, &wanted, 1) == CKR_BUFFER_TOO_SMALL &&
               wanted.ulValueLen == CK_UNAVAILABLE_INFORMATION);
    }
    wanted.ulValueLen = len;
    ORACLE(C_GetAttributeValue(run.session, handle, &wanted, 1) == CKR_OK && wanted.ulValueLen == len);
    view_put(view, wanted.pValue, len);
    free(wanted.pValue);
}

static struct view view_of(CK_OBJECT_HANDLE handle)
{
    const struct cfr_attr_row *row;
    struct view view = {0};

    for (size_t i = 0; (row = cfr_attr_row(i)) != NULL; i++) {
        view_attribute(&view, handle, row->type);
    }
    return view;
}

/* A boolean of an object; -1: it has none, or there is no such object. */
static int flag(CK_OBJECT_HANDLE handle, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = 0xee;
    CK_ATTRIBUTE wanted = {type, &value, sizeof(value)};

    return C_GetAttributeValue(run.session, handle, &wanted, 1) == CKR_OK ? value : -1;
}

static CK_ULONG number(CK_OBJECT_HANDLE handle, CK_ATTRIBUTE_TYPE type)
{
    CK_ULONG value = CK_UNAVAILABLE_INFORMATION;
    CK_ATTRIBUTE wanted = {type, &value, sizeof(value)};

    return C_GetAttributeValue(run.session, handle, &wanted, 1) == CKR_OK ? value
                                                                          : CK_UNAVAILABLE_INFORMATION;
}

/* Numbers of a key that nobody may see must not be seen, nor found by. */
static void check_hidden(CK_OBJECT_HANDLE handle)
{
    const struct cfr_class *class = cfr_class_find(
        number(handle, CKA_CLASS),
        number(handle, CKA_CLASS) == CKO_DATA ? CK_UNAVAILABLE_INFORMATION : number(handle, CKA_KEY_TYPE));
    const struct cfr_rule *rule;
    size_t cursor = 0;

    if (class == NULL || class->material == NULL ||
        (flag(handle, CKA_SENSITIVE) != 1 && flag(handle, CKA_EXTRACTABLE) != 0)) {
        return;
    }
    while ((rule = cfr_class_next_rule(class, &cursor)) != NULL) {
        CK_ATTRIBUTE wanted = {.type = rule->type};

        if ((rule->notes & F7_HIDE_IF_SENSITIVE) != 0) {
            ORACLE(C_GetAttributeValue(run.session, handle, &wanted, 1) == CKR_ATTRIBUTE_SENSITIVE);
            ORACLE(wanted.ulValueLen == CK_UNAVAILABLE_INFORMATION);
        }
    }
}

/* An object is found by its own CKA_UNIQUE_ID, and nothing else is. */
static void check_findable(CK_OBJECT_HANDLE handle)
{
    CK_UTF8CHAR id[64];
    CK_ATTRIBUTE wanted = {CKA_UNIQUE_ID, id, sizeof(id)};
    CK_OBJECT_HANDLE found[2] = {0};
    CK_ULONG count = 0;

    ORACLE(C_GetAttributeValue(run.session, handle, &wanted, 1) == CKR_OK && wanted.ulValueLen == 36);
    ORACLE(C_FindObjectsInit(run.session, &wanted, 1) == CKR_OK);
    ORACLE(C_FindObjects(run.session, found, 2, &count) == CKR_OK && count == 1 && found[0] == handle);
    ORACLE(C_FindObjectsFinal(run.session) == CKR_OK);
}

/* What a new object must be, whatever the template said. @p origin: what made it. */
static void check_new(CK_OBJECT_HANDLE handle, enum step origin)
{
    bool is_key = number(handle, CKA_KEY_TYPE) != CK_UNAVAILABLE_INFORMATION;
    CK_ULONG size = 0;

    ORACLE(C_GetObjectSize(run.session, handle, &size) == CKR_OK && size != 0);
    if (is_key && origin != STEP_COPY) {
        bool is_local = origin == STEP_GENERATE || origin == STEP_GENERATE_PAIR;

        ORACLE(flag(handle, CKA_LOCAL) == is_local);
        ORACLE((number(handle, CKA_KEY_GEN_MECHANISM) != CK_UNAVAILABLE_INFORMATION) == is_local);
        if (origin == STEP_CREATE || origin == STEP_UNWRAP) {
            ORACLE(flag(handle, CKA_ALWAYS_SENSITIVE) != 1 && flag(handle, CKA_NEVER_EXTRACTABLE) != 1);
        }
    }
    check_hidden(handle);
    check_findable(handle);
    run.handles[run.made++ % HANDLES] = handle;
    run.objects++;
}

static void step_create(struct input *input)
{
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;

    attributes_read(input, &first);
    if (CHECKED(C_CreateObject(run.session, first.list, first.count, &handle)) == CKR_OK) {
        check_new(handle, STEP_CREATE);
    } else {
        ORACLE(handle == CK_INVALID_HANDLE);
    }
}

/* Flags that only the module, or only the SO, sets, or that change in one direction only. */
static const struct latch {
    CK_ATTRIBUTE_TYPE type;
    int holds;   /* the value that stays */
    bool yields; /* to the SO */
} latches[] = {{CKA_SENSITIVE, 1, false},
               {CKA_EXTRACTABLE, 0, false},
               {CKA_WRAP_WITH_TRUSTED, 1, false},
               {CKA_TRUSTED, 0, true},
               {CKA_LOCAL, 0, false},
               {CKA_LOCAL, 1, false},
               {CKA_ALWAYS_SENSITIVE, 0, false},
               {CKA_NEVER_EXTRACTABLE, 0, false}};

enum { LATCHES = sizeof(latches) / sizeof(latches[0]) };

static void read_latches(CK_OBJECT_HANDLE handle, int values[LATCHES])
{
    for (size_t i = 0; i < LATCHES; i++) {
        values[i] = flag(handle, latches[i].type);
    }
}

static void check_latches(CK_OBJECT_HANDLE handle, const int before[LATCHES])
{
    for (size_t i = 0; i < LATCHES; i++) {
        ORACLE(before[i] != latches[i].holds || (latches[i].yields && run.is_so) ||
               flag(handle, latches[i].type) == before[i]);
    }
}

static void step_copy(struct input *input)
{
    CK_OBJECT_HANDLE source = chosen(input);
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    int before[LATCHES];

    read_latches(source, before);
    attributes_read(input, &first);
    if (CHECKED(C_CopyObject(run.session, source, first.list, first.count, &handle)) == CKR_OK) {
        ORACLE(handle != source);
        check_latches(handle, before);
        check_new(handle, STEP_COPY);
    }
}

static void step_set(struct input *input)
{
    CK_OBJECT_HANDLE handle = chosen(input);
    struct view before = view_of(handle);
    int flags[LATCHES];

    read_latches(handle, flags);
    attributes_read(input, &first);
    if (CHECKED(C_SetAttributeValue(run.session, handle, first.list, first.count)) == CKR_OK) {
        check_latches(handle, flags);
        check_hidden(handle);
    } else {
        struct view after = view_of(handle);

        ORACLE(cfr_span_equal(cfr_span_of(before.octets, before.len), cfr_span_of(after.octets, after.len)));
        free(after.octets);
    }
    free(before.octets);
}

/* Every boolean by itself, to one value and then to the other. */
static void step_flags(struct input *input)
{
    CK_OBJECT_HANDLE handle = chosen(input);
    CK_BBOOL value = input_u8(input) & 1;
    const struct cfr_attr_row *row;
    int flags[LATCHES];

    for (size_t i = 0; (row = cfr_attr_row(i)) != NULL; i++) {
        CK_ATTRIBUTE attribute = {row->type, &value, sizeof(value)};

        for (int turn = 0; row->kind == CFR_ATTR_BOOL && turn < 2; turn++) {
            read_latches(handle, flags);
            if (CHECKED(C_SetAttributeValue(run.session, handle, &attribute, 1)) == CKR_OK) {
                check_latches(handle, flags);
            }
            value = !value;
        }
    }
}

static void step_get(struct input *input)
{
    CK_OBJECT_HANDLE handle = chosen(input);

    first.is_for_output = true;
    attributes_read(input, &first);
    first.is_for_output = false;
    (void)CHECKED(C_GetAttributeValue(run.session, handle, first.list, first.count));
}

static void step_find(struct input *input)
{
    CK_OBJECT_HANDLE found[4];
    CK_ULONG count = 1;

    attributes_read(input, &first);
    if (CHECKED(C_FindObjectsInit(run.session, first.list, first.count)) != CKR_OK) {
        return;
    }
    for (int rounds = 0; count != 0 && rounds < 8; rounds++) {
        ORACLE(C_FindObjects(run.session, found, 4, &count) == CKR_OK && count <= 4);
        for (CK_ULONG i = 0; i < count; i++) {
            ORACLE(number(found[i], CKA_CLASS) != CK_UNAVAILABLE_INFORMATION);
        }
    }
    ORACLE(C_FindObjectsFinal(run.session) == CKR_OK);
}

/* RSA pairs are slow: one an input. */
static bool may_generate(struct attributes *attributes, const struct cfr_mechanism *row)
{
    if (row->key_types[0] != CKK_RSA) {
        return true;
    }
    if (run.has_rsa || !attributes_lower_modulus(attributes)) {
        return false;
    }
    run.has_rsa = true;
    return true;
}

static void step_generate(struct input *input, bool is_pair)
{
    CK_MECHANISM mechanism = {.mechanism = input_mechanism_type(input)};
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE other = CK_INVALID_HANDLE;
    const struct cfr_mechanism *row = NULL;

    attributes_read(input, &first);
    if (!is_pair) {
        if (CHECKED(C_GenerateKey(run.session, &mechanism, first.list, first.count, &handle)) == CKR_OK) {
            check_new(handle, STEP_GENERATE);
        }
        return;
    }
    attributes_read(input, &second);
    if ((cfr_registry_find(mechanism.mechanism, 0, &row) == CKR_OK && !may_generate(&first, row)) ||
        CHECKED(C_GenerateKeyPair(run.session, &mechanism, first.list, first.count, second.list, second.count,
                                  &handle, &other)) != CKR_OK) {
        ORACLE(handle == CK_INVALID_HANDLE && other == CK_INVALID_HANDLE);
        return;
    }
    check_new(handle, STEP_GENERATE_PAIR);
    check_new(other, STEP_GENERATE_PAIR);
}

/* Derivation with a curve of the samples, and the peer's point from there too. */
static void step_derive(struct input *input)
{
    const struct sample *sample = world_sample(input_u8(input));
    struct cfr_span point = sample_value(sample, CKA_EC_POINT);
    CK_ECDH1_DERIVE_PARAMS params = {.kdf = input_u8(input) % 14,
                                     .ulPublicDataLen = point.len,
                                     .pPublicData = (CK_BYTE_PTR)(uintptr_t)point.ptr};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof(params)};
    CK_OBJECT_HANDLE base = chosen(input);
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;

    attributes_read(input, &first);
    if (CHECKED(C_DeriveKey(run.session, &mechanism, base, first.list, first.count, &handle)) == CKR_OK) {
        check_new(handle, STEP_DERIVE);
    }
}

/* Wrapped by the module itself where that is allowed, so that the template meets a good key. */
static void step_unwrap(struct input *input)
{
    CK_MECHANISM mechanism = {.mechanism =
                                  input_u8(input) % 2 == 0 ? CKM_AES_KEY_WRAP_KWP : CKM_AES_KEY_WRAP};
    CK_OBJECT_HANDLE wrapping = chosen(input);
    CK_OBJECT_HANDLE target = chosen(input);
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    CK_BYTE wrapped[8192];
    CK_ULONG len = sizeof(wrapped);

    attributes_read(input, &first);
    if (CHECKED(C_WrapKey(run.session, &mechanism, wrapping, target, wrapped, &len)) != CKR_OK) {
        len = sizeof(wrapped) / 8;
        memset(wrapped, 0xa6, len);
    }
    if (CHECKED(C_UnwrapKey(run.session, &mechanism, wrapping, wrapped, len, first.list, first.count,
                            &handle)) == CKR_OK) {
        check_new(handle, STEP_UNWRAP);
    }
}

static void step(struct input *input)
{
    switch ((enum step)(input_u8(input) % STEP_COUNT)) {
    case STEP_CREATE:
        step_create(input);
        break;
    case STEP_COPY:
        step_copy(input);
        break;
    case STEP_SET:
        step_set(input);
        break;
    case STEP_FLAGS:
        step_flags(input);
        break;
    case STEP_GET:
        step_get(input);
        break;
    case STEP_FIND:
        step_find(input);
        break;
    case STEP_GENERATE:
        step_generate(input, false);
        break;
    case STEP_GENERATE_PAIR:
        step_generate(input, true);
        break;
    case STEP_DERIVE:
        step_derive(input);
        break;
    case STEP_UNWRAP:
        step_unwrap(input);
        break;
    case STEP_DESTROY:
        run.objects -= CHECKED(C_DestroyObject(run.session, chosen(input))) == CKR_OK;
        break;
    case STEP_COUNT:
        break;
    }
    attributes_free(&first);
    attributes_free(&second);
    ORACLE(world_count_objects(run.session) == run.objects);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    world_up();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct input input = {octets, len};
    uint8_t state = input_u8(&input);
    bool is_rw = (state & 2) == 0;
    bool is_user = (state & 12) == 0;

    memset(&run, 0, sizeof(run));
    run.is_so = (state & 12) == 4 && is_rw;
    run.session = module_open((state & 1) != 0 ? WORLD_STRICT : WORLD_STANDARD, is_rw ? CKF_RW_SESSION : 0);
    if (is_user || run.is_so) {
        module_login(run.session, is_user ? CKU_USER : CKU_SO);
    }
    run.objects = world_count_objects(run.session);
    for (int steps = 0; steps < STEPS_MAX && input.left != 0; steps++) {
        step(&input);
    }
    world_clean();
    return 0;
}
