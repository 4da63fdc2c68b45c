/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/call_args.h"

/*
 * Whether octets of the secret are in these: any eight in a row. Not instrumented, so that the fuzzer does not learn
 * the secret from the comparison and hand it over itself.
 */
__attribute__((no_sanitize("coverage"))) static bool has_secret(const uint8_t *octets, size_t len)
{
    enum { WINDOW = 8 };

    for (size_t at = 0; at + WINDOW <= len; at++) {
        if (octets[at] == CALL_FILL && octets[at + 1] == CALL_FILL) {
            continue; /* what was there before */
        }
        for (size_t from = 0; from + WINDOW <= CALL_SECRET_LEN; from++) {
            size_t same = 0;

            while (same < WINDOW && octets[at + same] == call_secret[from + same]) {
                same++;
            }
            if (same == WINDOW) {
                return true;
            }
        }
    }
    return false;
}

static bool is_same(const struct call_block *block)
{
    return cfr_span_equal(cfr_span_of(block->octets, block->len), cfr_span_of(block->before, block->len));
}

/* Decryption that fails at its end wipes what it has written. */
static bool is_same_or_wiped(const struct call_block *block)
{
    for (size_t i = 0; i < block->len; i++) {
        if (block->octets[i] != block->before[i] && block->octets[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool is_no_handle(const struct call_block *block)
{
    CK_OBJECT_HANDLE handle = 0;

    cfr_copy(&handle, block->octets, sizeof(handle));
    return handle == CK_INVALID_HANDLE || handle == CALL_NO_HANDLE;
}

/* A call that fails has written nothing but a length that it wants, or CK_INVALID_HANDLE. */
static void check_block(const struct call_block *block, bool asks, CK_RV rv)
{
    switch (block->kind) {
    case BLOCK_INPUT:
        ORACLE(is_same(block));
        return;
    case BLOCK_OUTPUT:
        ORACLE(rv == CKR_OK || is_same_or_wiped(block));
        break;
    case BLOCK_LENGTH:
        ORACLE(rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL || is_same(block));
        break;
    case BLOCK_HANDLE:
        ORACLE((rv == CKR_OK && !asks) != is_no_handle(block));
        break;
    case BLOCK_RESULT: /* in failure it says what the caller may free */
        ORACLE(rv != CKR_PENDING || is_same(block));
        break;
    }
    ORACLE(!has_secret(block->octets, block->len));
}

/* Lengths: no more than there was room for, or else what is wanted; and nothing is written behind what is said. */
static void check_output(const struct call_args *args, CK_RV rv)
{
    CK_ULONG len = args->output_len == NULL ? 0 : *args->output_len;

    if (args->output_len == NULL) {
        return;
    }
    if (rv == CKR_BUFFER_TOO_SMALL) {
        ORACLE(args->output != NULL && len > args->output_room && len <= CALL_OUT_MAX);
    } else if (rv == CKR_OK) {
        ORACLE(len <= CALL_OUT_MAX && (args->output == NULL || len <= args->output_room));
    }
}

static void check_template(const struct attributes *template)
{
    for (size_t i = 0; template->list != NULL && i < template->real_count; i++) {
        const CK_ATTRIBUTE *attribute = &template->list[i];

        if (attribute->pValue != NULL && attribute->ulValueLen <= CALL_OUT_MAX) {
            ORACLE(!has_secret(attribute->pValue, attribute->ulValueLen));
        }
    }
}

/* What came out goes into a later call. */
static void keep_output(const struct call_args *args)
{
    CK_ULONG len = *args->output_len;

    free(call_world.last.ptr);
    call_world.last = (struct call_octets){malloc(len), len};
    cfr_copy(call_world.last.ptr, args->output, len);
}

void call_args_remember(struct call_args *args)
{
    for (size_t i = 0; i < args->block_count; i++) {
        cfr_copy(args->blocks[i].before, args->blocks[i].octets, args->blocks[i].len);
    }
}

void call_args_check(struct call_args *args, bool writes_template, CK_RV rv)
{
    bool has_output = args->output_len != NULL && args->output != NULL;

    for (size_t i = 0; i < args->block_count; i++) {
        check_block(&args->blocks[i], args->output_len != NULL && args->output == NULL, rv);
    }
    check_output(args, rv);
    if (writes_template) {
        check_template(args->template);
    }
    if (rv == CKR_OK && has_output) {
        keep_output(args);
    }
}

void call_args_park(struct call_args *args)
{
    for (size_t i = 0; i < args->block_count; i++) {
        if (args->blocks[i].kind == BLOCK_OUTPUT) {
            ORACLE(call_world.parked_count < CALL_PARKED_MAX);
            call_world.parked[call_world.parked_count++] = args->blocks[i].octets;
            args->blocks[i].octets = NULL;
        }
    }
}

void call_args_unpark(void)
{
    while (call_world.parked_count != 0) {
        free(call_world.parked[--call_world.parked_count]);
    }
}

void call_args_free(struct call_args *args)
{
    for (size_t i = 0; i < args->block_count; i++) {
        free(args->blocks[i].octets);
        free(args->blocks[i].before);
    }
    args->block_count = 0;
    parameter_free(&args->parameter);
    if (args->template != NULL) {
        attributes_free(args->template);
    }
    if (args->template2 != NULL) {
        attributes_free(args->template2);
    }
}
