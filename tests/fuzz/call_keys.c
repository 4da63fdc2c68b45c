/* SPDX-License-Identifier: Apache-2.0 */
/* Mechanisms, keys that fit them, and templates of what they make. */
#include "fuzz/call_readers.h"
#include "mech/mechanism_table.h"
#include "mech/message.h"
#include "mech/registry.h"

static struct attributes templates[2];

/* A mechanism of the table that has the call's use, from the input's on. */
static CK_MECHANISM_TYPE fitting_type(struct input *input, CK_FLAGS flag, bool is_apart)
{
    size_t count = cfr_mechanism_count();
    uint8_t from = input_u8(input);

    for (size_t i = 0; i < count; i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row((from + i) % count);
        CK_FLAGS flags = row->flags | cfr_message_flags(row, row->flags);

        if ((flags & flag) != 0 && (row->apart != NULL || !is_apart)) {
            return row->type;
        }
    }
    return cfr_mechanism_row(from % count)->type;
}

/* Whether the mechanism is one of messages that are encrypted: what comes at Init then comes with each message too. */
static bool wants_message(const struct call_args *args)
{
    return (args->flag & (CKF_MESSAGE_ENCRYPT | CKF_MESSAGE_DECRYPT)) != 0;
}

void call_read_mechanism(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);
    CK_MECHANISM_TYPE type =
        choice < UNUSUAL ? fitting_type(input, args->flag, args->is_apart) : input_mechanism_type(input);

    args->row = NULL;
    (void)cfr_registry_find(type, 0, &args->row);
    args->parameter.peer = world_sample(input_u8(input));
    args->parameter.text_len = input_u8(input) % 64;
    if (wants_message(args) && choice % 4 != 0) {
        args->parameter.mechanism = (CK_MECHANISM){.mechanism = type};
    } else if (args->is_apart && choice % 4 != 0) {
        parameter_read_message(input, &args->parameter, args->parameter.text_len);
        args->parameter.mechanism.mechanism = type;
    } else {
        parameter_read(input, type, args->row, &args->parameter);
    }
    args->mechanism = choice == 0xff ? NULL : &args->parameter.mechanism;
}

/* The class of key that a mechanism uses for what the call does. */
static CK_OBJECT_CLASS class_for(const struct call_args *args)
{
    static const CK_FLAGS public_uses =
        CKF_ENCRYPT | CKF_VERIFY | CKF_VERIFY_RECOVER | CKF_WRAP | CKF_ENCAPSULATE | CKF_MESSAGE_VERIFY;

    if (cfr_class_find(CKO_PUBLIC_KEY, args->row->key_types[0]) == NULL) {
        return CKO_SECRET_KEY;
    }
    return (args->flag & public_uses) != 0 ? CKO_PUBLIC_KEY : CKO_PRIVATE_KEY;
}

/* A sample's key in the first token, made when it is wanted first. */
static CK_OBJECT_HANDLE key_of(unsigned number)
{
    if (call_world.keys[number] == CK_INVALID_HANDLE) {
        call_world.keys[number] = world_import(call_world.base, world_sample(number));
    }
    return call_world.keys[number];
}

/* The next one of a class. */
static CK_OBJECT_HANDLE key_from(CK_OBJECT_CLASS class, unsigned number)
{
    size_t count = world_sample_count();

    while (world_sample(number)->class->class != class) {
        number++;
    }
    return key_of((unsigned)(number % count));
}

/* One that fits the mechanism: of few, so that two calls often have the same. Some mechanisms take any secret. */
static CK_OBJECT_HANDLE fitting_key(const struct call_args *args, uint8_t choice)
{
    CK_OBJECT_CLASS class = class_for(args);
    size_t count = world_sample_count();

    for (size_t i = 0; i < count; i++) {
        unsigned number = (unsigned)((choice % 4 * (count / 4) + i) % count);
        const struct cfr_class *has = world_sample(number)->class;

        if (has->class == class && cfr_mechanism_takes_type(args->row, has->subtype)) {
            return key_of(number);
        }
    }
    return key_from(CKO_SECRET_KEY, choice % 4);
}

/* What was made last, as a rule; or what was made or planted before. */
static CK_OBJECT_HANDLE any_object(struct input *input, uint8_t choice)
{
    if (choice < 0x40) {
        return call_world.objects[CALL_PLANTED + (call_world.objects_made + 3) % CALL_PLANTED];
    }
    return choice == 0xff ? input_u16(input) : call_world.objects[choice % CALL_OBJECTS];
}

void call_read_object(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);
    bool wants_planted = args->flag == CKF_DERIVE && choice >= 0x60;

    args->object = args->row != NULL && choice < 0xa0 && !wants_planted ? fitting_key(args, choice)
                   : wants_planted && choice < 0xe0 ? call_world.objects[choice % CALL_PLANTED]
                                                    : any_object(input, choice);
    call_world.last_key = args->object;
}

void call_read_object2(struct input *input, struct call_args *args)
{
    uint8_t choice = input_u8(input);

    args->object2 = choice < 0x80   ? key_from(CKO_SECRET_KEY, choice)
                    : choice < 0xc0 ? key_from(CKO_PRIVATE_KEY, choice)
                                    : any_object(input, choice);
}

static CK_OBJECT_HANDLE read_state_key_of(struct input *input)
{
    uint8_t choice = input_u8(input);

    return choice < 0x80   ? CK_INVALID_HANDLE
           : choice < 0xc0 ? call_world.last_key
                           : any_object(input, choice);
}

void call_read_state_key(struct input *input, struct call_args *args)
{
    args->object = read_state_key_of(input);
}

void call_read_state_key2(struct input *input, struct call_args *args)
{
    args->object2 = read_state_key_of(input);
}

/* The sample whose public key could come of the mechanism that makes pairs, from @p choice on; or any. */
static const struct sample *pair_sample(const struct call_args *args, uint8_t choice)
{
    unsigned number = choice;

    for (size_t i = 0; args->row != NULL && i < world_sample_count(); i++) {
        const struct cfr_class *class = world_sample((unsigned)(choice + i))->class;

        if (class->class == CKO_PUBLIC_KEY && cfr_mechanism_takes_type(args->row, class->subtype)) {
            number = (unsigned)(choice + i);
            break;
        }
    }
    return world_sample(number);
}

/* What a pair is made of. */
static void fit_pair(const struct call_args *args, uint8_t choice, struct attributes *template)
{
    static const CK_ULONG bits = 1024;
    struct cfr_span params = sample_value(pair_sample(args, choice), CKA_EC_PARAMS);
    CK_ATTRIBUTE attribute = {CKA_EC_PARAMS, (CK_VOID_PTR)(uintptr_t)params.ptr, params.len};

    if (params.len == 0) {
        attribute = (CK_ATTRIBUTE){CKA_MODULUS_BITS, (CK_VOID_PTR)(uintptr_t)&bits, sizeof(bits)};
    }
    attributes_set(template, &attribute, 1);
}

/* What a new secret key is made of; C_GenerateKey knows class and type. */
static void fit_secret(const struct call_args *args, uint8_t choice, struct attributes *template)
{
    CK_ULONG len = 16 + 8UL * (choice % 3);
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = choice % 2 == 0 ? CKK_GENERIC_SECRET : CKK_AES;
    CK_BBOOL is_hidden = choice < 0x40;
    CK_BBOOL may_leave = !is_hidden;
    CK_ATTRIBUTE list[] = {{CKA_VALUE_LEN, &len, sizeof(len)},
                           {CKA_SENSITIVE, &is_hidden, sizeof(is_hidden)},
                           {CKA_EXTRACTABLE, &may_leave, sizeof(may_leave)},
                           {CKA_CLASS, &class, sizeof(class)},
                           {CKA_KEY_TYPE, &type, sizeof(type)}};

    if (args->flag == CKF_UNWRAP && choice % 4 != 3) {
        attributes_set(template, list + 1, 4); /* as long as it is */
    } else {
        attributes_set(template, list, args->flag == CKF_GENERATE ? 3 : 5);
    }
}

void call_read_template(struct input *input, struct call_args *args)
{
    static const CK_FLAGS secret_makers =
        CKF_GENERATE | CKF_DERIVE | CKF_UNWRAP | CKF_ENCAPSULATE | CKF_DECAPSULATE;
    uint8_t choice = input_u8(input);

    args->template = &templates[0];
    templates[0].is_for_output = false;
    if (choice < 0x80 && args->flag == CKF_GENERATE_KEY_PAIR) {
        fit_pair(args, choice, args->template);
    } else if (choice < 0x80 && (args->flag & secret_makers) != 0) {
        fit_secret(args, choice, args->template);
    } else {
        attributes_read(input, args->template);
    }
}

void call_read_template2(struct input *input, struct call_args *args)
{
    args->template2 = &templates[1];
    attributes_read(input, args->template2);
}

/* Room for what a key must not show, and for something else. */
static void fit_reading(struct input *input, struct attributes *template)
{
    uint8_t room[2][256] = {{0}};
    CK_ATTRIBUTE list[] = {{CKA_VALUE, room[0], sizeof(room[0])},
                           {input_attribute_type(input), room[1], sizeof(room[1])}};

    attributes_set(template, list, 2);
}

void call_read_template_out(struct input *input, struct call_args *args)
{
    args->template = &templates[0];
    templates[0].is_for_output = true;
    if (input_u8(input) < 0x80) {
        fit_reading(input, args->template);
    } else {
        attributes_read(input, args->template);
    }
}
