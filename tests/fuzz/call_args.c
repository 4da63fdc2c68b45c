/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/call_readers.h"
#include "support/module_fixture.h"

enum { TEXT_MAX = 600 };

/* Lengths of input that are refused before it is read: longer than any can be. */
static const CK_ULONG lies[] = {~0UL, ~0UL - 15, 1UL << 63, 1UL << 32, 0xffffffffUL, 0x80000000UL};

struct call_world call_world;
uint8_t call_secret[CALL_SECRET_LEN];

static CK_ULONG lie(struct input *input)
{
    return lies[input_u8(input) % (sizeof(lies) / sizeof(lies[0]))];
}

static struct call_block *add_block(struct call_args *args, struct cfr_span octets, enum call_block_kind kind)
{
    struct call_block *block = &args->blocks[args->block_count++];

    ORACLE(args->block_count <= CALL_BLOCKS_MAX);
    *block = (struct call_block){malloc(octets.len), malloc(octets.len), octets.len, kind};
    cfr_copy(block->octets, octets.ptr, octets.len);
    return block;
}

/* Room for output, filled with what is not likely to come out. */
static void *add_room(struct call_args *args, enum call_block_kind kind, size_t len)
{
    static uint8_t fill[CALL_OUT_MAX];

    memset(fill, CALL_FILL, sizeof(fill));
    ORACLE(len <= sizeof(fill));
    return add_block(args, cfr_span_of(fill, len), kind)->octets;
}

static void read_session(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->session_number = choice % CALL_SESSIONS;
    args->session = call_world.sessions[args->session_number];
    if (choice < 0xc0) {
        args->session_number = 0;
        args->session = call_world.sessions[0];
    } else if (choice == 0xff) {
        args->session_number = CALL_SESSIONS;
        args->session = input_u16(input) == 0 ? CK_INVALID_HANDLE : ~call_world.sessions[0];
    }
}

static void read_slot(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->slot = choice < UNUSUAL ? choice % WORLD_TOKENS : choice == 0xff ? ~0UL : choice % 5;
}

static void read_type(struct input *input, struct call_args *args)
{
    args->type = input_mechanism_type(input);
}

static void read_user(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->user = choice < UNUSUAL ? choice % 3 : choice;
}

static struct call_octets give(struct call_args *args, struct cfr_span octets)
{
    return (struct call_octets){add_block(args, octets, BLOCK_INPUT)->octets, octets.len};
}

static struct call_octets read_pin_octets(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    if (choice < 0x60) {
        return give(args, cfr_span_text(args->user == CKU_SO ? MODULE_SO_PIN : MODULE_USER_PIN));
    }
    if (choice < 0xc0) {
        return give(args, cfr_span_text(choice % 2 == 0 ? MODULE_SO_PIN : MODULE_USER_PIN));
    }
    if (choice < UNUSUAL) {
        return give(args, input_counted(input));
    }
    return choice % 2 == 0 ? (struct call_octets){NULL, choice % 4}
                           : (struct call_octets){give(args, input_octets(input, 1)).ptr, lie(input)};
}

static void read_pin(struct input *input, struct call_args *args)
{
    args->pin = read_pin_octets(input, args);
}

static void read_new_pin(struct input *input, struct call_args *args)
{
    args->new_pin = read_pin_octets(input, args);
}

/* What came out last, as it is or with a bit changed; octets of the input; nothing; or a length without octets. */
static struct call_octets read_octets(struct input *input, struct call_args *args, bool wants_last)
{
    uint8_t choice = input_u8(input);
    struct call_octets octets;

    if (choice < UNUSUAL && wants_last == (choice % 8 != 7)) {
        octets = give(args, cfr_span_of(call_world.last.ptr, call_world.last.len));
        if (choice >= 0xc0 && octets.len != 0) {
            octets.ptr[input_u8(input) % octets.len] ^= 1;
        }
        return octets;
    }
    if (choice < 0xf0) {
        return give(args, input_octets(input, choice < 0x40 ? choice : input_u16(input) % TEXT_MAX));
    }
    if (choice < 0xf8) {
        return (struct call_octets){NULL, choice == 0xf7 ? lie(input) : choice & 3};
    }
    return (struct call_octets){give(args, input_octets(input, 1)).ptr, lie(input)};
}

static void read_data(struct input *input, struct call_args *args)
{
    static const CK_FLAGS undoing =
        CKF_DECRYPT | CKF_MESSAGE_DECRYPT | CKF_UNWRAP | CKF_DECAPSULATE | CKF_VERIFY_RECOVER;

    args->data = read_octets(input, args, (args->flag & undoing) != 0);
}

static void read_signature(struct input *input, struct call_args *args)
{
    args->signature = read_octets(input, args, true);
}

static void read_associated(struct input *input, struct call_args *args)
{
    args->associated = read_octets(input, args, false);
}

/* In a block of its own, or in the input's: at its start, or some octets further. */
static void place_output(struct input *input, struct call_args *args, size_t len)
{
    uint8_t place = input_u8(input);
    struct call_block *data = NULL;
    size_t offset = place == 0xff ? 1 + input_u8(input) % 33 : 0;

    for (size_t i = 0; place >= 0xd0 && i < args->block_count; i++) {
        data = args->data.ptr == args->blocks[i].octets ? &args->blocks[i] : data;
    }
    if (data == NULL || args->data.len > TEXT_MAX + CALL_OUT_MAX) {
        args->output = add_room(args, BLOCK_OUTPUT, len);
        return;
    }
    if (data->len < len + offset) {
        size_t size = len + offset;

        data->octets = realloc(data->octets, size);
        data->before = realloc(data->before, size);
        memset(data->octets + data->len, CALL_FILL, size - data->len);
        data->len = size;
    }
    data->kind = BLOCK_OUTPUT;
    args->data.ptr = data->octets;
    args->output = data->octets + offset;
}

/* Lengths: enough, exactly some, none; a question; a length that is a lie, but with enough room behind it. */
static void read_output(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);
    size_t room = choice < 0x80 ? 4096 : input_u8(input) * (choice < 0xa0 ? 1U : 4U);

    args->output_len = add_room(args, BLOCK_LENGTH, sizeof(CK_ULONG));
    if (choice >= 0xf8) {
        args->output_len = NULL; /* the block stays as it is */
    }
    if (choice >= 0xc0 && choice < 0xf0) {
        args->output = NULL;
    } else if (choice >= 0xf0 && choice < 0xf8) {
        args->output = add_room(args, BLOCK_OUTPUT, CALL_OUT_MAX);
        room = lie(input);
    } else {
        place_output(input, args, room);
    }
    args->output_room = room;
    if (args->output_len != NULL) {
        *args->output_len = room;
    }
}

static void read_random(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->random.len = choice < UNUSUAL ? choice : choice < 0xf0 ? 0 : lie(input);
    args->random.ptr = choice == 0xff ? NULL : add_room(args, BLOCK_OUTPUT, choice < UNUSUAL ? choice : 0);
    if (choice >= 0xf0) {
        args->random.ptr = NULL;
    }
}

/* A new one, the last one again, or one that is none; those of signatures are empty as a rule. */
static void read_parameter(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);
    struct parameter *message = &call_world.message;
    bool wants_none = (args->flag & (CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY)) != 0;

    if (wants_none ? choice < UNUSUAL : choice >= 0xf8) {
        args->message = (struct call_octets){NULL, choice == 0xf8 ? lie(input) : 0};
        return;
    }
    if (choice >= 0x60 || message->memory_count == 0) {
        parameter_free(message);
        parameter_read_message(input, message, args->data.len);
    }
    args->message.ptr = message->mechanism.pParameter;
    args->message.len = message->mechanism.ulParameterLen - (choice >= 0xf0);
}

static void *read_place(struct input *input, struct call_args *args, enum call_block_kind kind, size_t len)
{
    return input_u8(input) < 0xf8 ? add_room(args, kind, len) : NULL;
}

static void read_handle(struct input *input, struct call_args *args)
{
    args->handle = read_place(input, args, BLOCK_HANDLE, sizeof(CK_OBJECT_HANDLE));
}

static void read_handle2(struct input *input, struct call_args *args)
{
    args->handle2 = read_place(input, args, BLOCK_HANDLE, sizeof(CK_OBJECT_HANDLE));
}

static void read_found(struct input *input, struct call_args *args)
{
    args->numbers_room = input_u8(input) % 32;
    args->numbers = read_place(input, args, BLOCK_OUTPUT, args->numbers_room * sizeof(CK_ULONG));
    args->count = read_place(input, args, BLOCK_LENGTH, sizeof(CK_ULONG));
}

static void read_numbers(struct input *input, struct call_args *args)
{
    read_found(input, args);
    if (args->numbers_room >= 24) {
        args->numbers_room = CALL_OUT_MAX / sizeof(CK_ULONG);
        args->numbers = add_room(args, BLOCK_OUTPUT, CALL_OUT_MAX);
    }
    if (args->count != NULL) {
        *args->count = args->numbers_room;
    }
}

static void read_number(struct input *input, struct call_args *args)
{
    args->number = read_place(input, args, BLOCK_OUTPUT, sizeof(CK_ULONG));
}

static void read_library_info(struct input *input, struct call_args *args)
{
    args->info = read_place(input, args, BLOCK_OUTPUT, sizeof(CK_INFO));
}

static void read_slot_info(struct input *input, struct call_args *args)
{
    args->info = read_place(input, args, BLOCK_OUTPUT, sizeof(CK_SLOT_INFO));
}

static void read_token_info(struct input *input, struct call_args *args)
{
    args->info = read_place(input, args, BLOCK_OUTPUT, sizeof(CK_TOKEN_INFO));
}

static void read_mechanism_info(struct input *input, struct call_args *args)
{
    args->info = read_place(input, args, BLOCK_OUTPUT, sizeof(CK_MECHANISM_INFO));
}

static void read_session_info(struct input *input, struct call_args *args)
{
    args->info = read_place(input, args, BLOCK_OUTPUT, sizeof(CK_SESSION_INFO));
}

static void read_bool(struct input *input, struct call_args *args)
{
    args->flag_octet = input_u8(input);
}

static void read_flags(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->flags = choice == 0xff ? input_u32(input) : choice == 0 ? 0 : 1UL << choice % 32;
}

static void read_open_flags(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->flags = CKF_SERIAL_SESSION | (choice % 3 == 0 ? 0 : CKF_RW_SESSION);
    if (choice >= UNUSUAL) {
        args->flags = choice % 2 == 0 ? args->flags | CKF_ASYNC_SESSION : choice;
    }
}

static void read_next_flags(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->flags = choice < 0xf0 ? choice % 2 * CKF_END_OF_MESSAGE : choice;
}

static void read_wait_flags(struct input *input, struct call_args *args)
{
    args->flags = input_u8(input) | CKF_DONT_BLOCK;
}

static void read_label(struct input *input, struct call_args *args)
{
    uint8_t label[32];
    struct cfr_span given = input_octets(input, input_u8(input) % 33);

    memset(label, ' ', sizeof(label));
    cfr_copy(label, given.ptr, given.len);
    args->label = input_u8(input) < 0xf0 ? give(args, cfr_span_of(label, sizeof(label))).ptr : NULL;
}

static void read_initialize(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);
    CK_C_INITIALIZE_ARGS structure = {.flags = choice, .pReserved = choice % 5 == 0 ? args : NULL};

    args->initialize = choice < 0x40 ? NULL : give(args, cfr_span_of(&structure, sizeof(structure))).ptr;
}

static void read_reserved(struct input *input, struct call_args *args)
{
    args->reserved = input_u8(input) == 0xff ? args : NULL;
}

static void read_no_callback(struct input *input, struct call_args *args)
{
    (void)input;
    (void)args;
}

static void read_list_pointer(struct input *input, struct call_args *args)
{
    args->list = read_place(input, args, BLOCK_OUTPUT, sizeof(*args->list));
}

static void read_interfaces(struct input *input, struct call_args *args)
{
    CK_ULONG room = input_u8(input) % 8;

    args->interfaces = read_place(input, args, BLOCK_OUTPUT, room * sizeof(CK_INTERFACE));
    args->count = read_place(input, args, BLOCK_LENGTH, sizeof(CK_ULONG));
    if (args->count != NULL) {
        *args->count = room;
    }
}

static void read_interface_name(struct input *input, struct call_args *args)
{
    static const char name[] = "PKCS 11";
    uint8_t choice = input_u8(input);

    if (choice < UNUSUAL) {
        args->label =
            choice % 2 == 0 ? NULL : give(args, cfr_span_of((const uint8_t *)name, sizeof(name))).ptr;
    } else {
        struct cfr_span given = input_octets(input, 8);
        uint8_t text[9] = {0};

        cfr_copy(text, given.ptr, given.len);
        args->label = give(args, cfr_span_of(text, sizeof(text))).ptr;
    }
}

static void read_interface_pointer(struct input *input, struct call_args *args)
{
    args->interface = read_place(input, args, BLOCK_OUTPUT, sizeof(*args->interface));
}

static void read_version(struct input *input, struct call_args *args)
{
    uint8_t octets[2] = {input_u8(input) % 4, input_u8(input) % 50};

    args->version = octets[0] == 0 ? NULL : (void *)give(args, cfr_span_of(octets, sizeof(octets))).ptr;
}

/* Functions that may be pending, and one that may not; or other names. */
static void read_function(struct input *input, struct call_args *args)
{
    static const char *const names[] = {"C_GenerateKeyPair", "C_Sign", "C_SignFinal", "C_Encrypt"};
    uint8_t choice = input_u8(input);
    char text[32] = {0};

    if (choice < UNUSUAL) {
        (void)snprintf(text, sizeof(text), "%s", names[choice % 4]);
    } else {
        struct cfr_span given = input_octets(input, choice % 32);

        cfr_copy(text, given.ptr, given.len);
    }
    args->label =
        choice == 0xff ? NULL : give(args, cfr_span_of((const uint8_t *)text, strlen(text) + 1)).ptr;
}

static void read_result(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);
    CK_ASYNC_DATA data = {.ulVersion = choice < UNUSUAL ? 0 : choice};

    args->info =
        choice == 0xff ? NULL : add_block(args, cfr_span_of(&data, sizeof(data)), BLOCK_RESULT)->octets;
}

void call_arg_read(struct input *input, enum call_arg kind, struct call_args *args)
{
    static void (*const readers[ARG_COUNT])(struct input *, struct call_args *) = {
        [ARG_SESSION] = read_session,
        [ARG_SLOT] = read_slot,
        [ARG_MECHANISM] = call_read_mechanism,
        [ARG_OBJECT] = call_read_object,
        [ARG_OBJECT2] = call_read_object2,
        [ARG_STATE_KEY] = call_read_state_key,
        [ARG_STATE_KEY2] = call_read_state_key2,
        [ARG_TYPE] = read_type,
        [ARG_USER] = read_user,
        [ARG_PIN] = read_pin,
        [ARG_NEW_PIN] = read_new_pin,
        [ARG_DATA] = read_data,
        [ARG_SIGNATURE] = read_signature,
        [ARG_ASSOCIATED] = read_associated,
        [ARG_OUTPUT] = read_output,
        [ARG_RANDOM] = read_random,
        [ARG_PARAMETER] = read_parameter,
        [ARG_TEMPLATE] = call_read_template,
        [ARG_TEMPLATE2] = call_read_template2,
        [ARG_TEMPLATE_OUT] = call_read_template_out,
        [ARG_HANDLE] = read_handle,
        [ARG_HANDLE2] = read_handle2,
        [ARG_FOUND] = read_found,
        [ARG_NUMBERS] = read_numbers,
        [ARG_NUMBER] = read_number,
        [ARG_LIBRARY_INFO] = read_library_info,
        [ARG_SLOT_INFO] = read_slot_info,
        [ARG_TOKEN_INFO] = read_token_info,
        [ARG_MECHANISM_INFO] = read_mechanism_info,
        [ARG_SESSION_INFO] = read_session_info,
        [ARG_BOOL] = read_bool,
        [ARG_FLAGS] = read_flags,
        [ARG_OPEN_FLAGS] = read_open_flags,
        [ARG_NEXT_FLAGS] = read_next_flags,
        [ARG_WAIT_FLAGS] = read_wait_flags,
        [ARG_LABEL] = read_label,
        [ARG_INITIALIZE] = read_initialize,
        [ARG_RESERVED] = read_reserved,
        [ARG_NO_CALLBACK] = read_no_callback,
        [ARG_LIST_POINTER] = read_list_pointer,
        [ARG_INTERFACES] = read_interfaces,
        [ARG_INTERFACE_NAME] = read_interface_name,
        [ARG_INTERFACE_POINTER] = read_interface_pointer,
        [ARG_VERSION] = read_version,
        [ARG_FUNCTION] = read_function,
        [ARG_RESULT] = read_result,
    };

    readers[kind](input, args);
}
