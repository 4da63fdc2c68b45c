/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/call_model.h"

/* The kinds of each function, as data. */
#define CALL_UNWRAP(...)              __VA_ARGS__
#define SHAPE(name, use, step, kinds) static const enum call_arg kinds_##name[] = {CALL_UNWRAP kinds};
#include "fuzz/call_shapes.def"
#undef SHAPE

/* The same as arguments: what a kind stands for in the call. */
#define ARG_SESSION           args->session
#define ARG_SLOT              args->slot
#define ARG_MECHANISM         args->mechanism
#define ARG_OBJECT            args->object
#define ARG_OBJECT2           args->object2
#define ARG_STATE_KEY         args->object
#define ARG_STATE_KEY2        args->object2
#define ARG_TYPE              args->type
#define ARG_USER              args->user
#define ARG_PIN               args->pin.ptr, args->pin.len
#define ARG_NEW_PIN           args->new_pin.ptr, args->new_pin.len
#define ARG_DATA              args->data.ptr, args->data.len
#define ARG_SIGNATURE         args->signature.ptr, args->signature.len
#define ARG_ASSOCIATED        args->associated.ptr, args->associated.len
#define ARG_OUTPUT            args->output, args->output_len
#define ARG_RANDOM            args->random.ptr, args->random.len
#define ARG_PARAMETER         args->message.ptr, args->message.len
#define ARG_TEMPLATE          args->template->list, args->template->count
#define ARG_TEMPLATE2         args->template2->list, args->template2->count
#define ARG_TEMPLATE_OUT      args->template->list, args->template->count
#define ARG_HANDLE            args->handle
#define ARG_HANDLE2           args->handle2
#define ARG_FOUND             args->numbers, args->numbers_room, args->count
#define ARG_NUMBERS           args->numbers, args->count
#define ARG_NUMBER            args->number
#define ARG_LIBRARY_INFO      args->info
#define ARG_SLOT_INFO         args->info
#define ARG_TOKEN_INFO        args->info
#define ARG_MECHANISM_INFO    args->info
#define ARG_SESSION_INFO      args->info
#define ARG_BOOL              args->flag_octet
#define ARG_FLAGS             args->flags
#define ARG_OPEN_FLAGS        args->flags
#define ARG_NEXT_FLAGS        args->flags
#define ARG_WAIT_FLAGS        args->flags
#define ARG_LABEL             args->label
#define ARG_INITIALIZE        args->initialize
#define ARG_RESERVED          args->reserved
#define ARG_NO_CALLBACK       args, NULL
#define ARG_LIST_POINTER      args->list
#define ARG_INTERFACES        args->interfaces, args->count
#define ARG_INTERFACE_NAME    args->label
#define ARG_INTERFACE_POINTER args->interface
#define ARG_VERSION           args->version
#define ARG_FUNCTION          args->label
#define ARG_RESULT            args->info
#define SHAPE(name, use, step, kinds)                                                                        \
    static CK_RV call_##name(struct call_args *args)                                                         \
    {                                                                                                        \
        return name kinds;                                                                                   \
    }
#include "fuzz/call_shapes.def"
#undef SHAPE

/* One for each row of the call table: what has no shape is not declared here. */
#define SHAPE(name, use, step, kinds) enum { use_of_##name = USE_##use, step_of_##name = STEP_##step };
#include "fuzz/call_shapes.def"
#undef SHAPE
#define ROW(name)                                                                                            \
    [CFR_CALL_##name] = {.use = use_of_##name,                                                               \
                         .step = step_of_##name,                                                             \
                         .kinds = kinds_##name,                                                              \
                         .kind_count = sizeof(kinds_##name) / sizeof(kinds_##name[0]),                       \
                         .call = call_##name},
#define OWN(name, since, section)                            ROW(name)
#define LIBRARY(name, since, section, parameters, arguments) ROW(name)
#define SESSION(name, since, section, parameters, arguments) ROW(name)
#define SESSION0(name, since, section)                       ROW(name)
#define ABSENT(name, since, section, parameters)             ROW(name)
const struct call_shape call_shapes[CFR_CALL_COUNT] = {
#include "call/call_table.def"
};
