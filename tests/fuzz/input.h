/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzer input as a run of small fields. Reading past the end gives zeros, so that every input means
 * something.
 */
#ifndef CFR_TESTS_FUZZ_INPUT_H
#define CFR_TESTS_FUZZ_INPUT_H

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

/** End the program, which is how a harness says that something is wrong. */
#define ORACLE(fact)                                                                                         \
    do {                                                                                                     \
        if (!(fact)) {                                                                                       \
            (void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #fact);                         \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

struct input {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t input_u8(struct input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->at++;
}

static inline uint32_t input_u16(struct input *input)
{
    uint32_t high = input_u8(input);

    return high << 8 | input_u8(input);
}

static inline uint32_t input_u32(struct input *input)
{
    uint32_t high = input_u16(input);

    return high << 16 | input_u16(input);
}

static inline uint64_t input_u64(struct input *input)
{
    uint64_t high = input_u32(input);

    return high << 32 | input_u32(input);
}

/** At most @p len octets, as many as there are. */
static inline struct cfr_span input_octets(struct input *input, size_t len)
{
    struct cfr_span octets = cfr_span_of(input->at, len < input->left ? len : input->left);

    input->at += octets.len;
    input->left -= octets.len;
    return octets;
}

/** An octet of length and so many octets; and the same with two octets of length. */
static inline struct cfr_span input_counted(struct input *input)
{
    return input_octets(input, input_u8(input));
}

static inline struct cfr_span input_long(struct input *input)
{
    return input_octets(input, input_u16(input));
}

/** Everything that is left. */
static inline struct cfr_span input_rest(struct input *input)
{
    return input_octets(input, input->left);
}

/** What libFuzzer calls. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len);

#endif
