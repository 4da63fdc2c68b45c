/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mechanisms with parameters from fuzzer input: the structure that the mechanism's row wants, that of another
 * row, or octets. Structures and what they point to lie in memory of their exact size.
 */
#ifndef CFR_TESTS_FUZZ_PARAMETERS_H
#define CFR_TESTS_FUZZ_PARAMETERS_H

#include "fuzz/input.h"
#include "fuzz/world.h"
#include "mech/mechanism.h"

enum { PARAMETER_MEMORY_MAX = 8 };

/** A mechanism with its parameter, to be freed. */
struct parameter {
    CK_MECHANISM mechanism;
    const struct sample *peer; /**< set before: whose public point is offered to a key agreement */
    CK_ULONG text_len;         /**< set before: what CK_CCM_PARAMS says of the text, as a rule */
    void *memory[PARAMETER_MEMORY_MAX];
    size_t memory_count;
};

/** Read the parameter for @p type; @p row is its row, or NULL. */
void parameter_read(struct input *input, CK_MECHANISM_TYPE type, const struct cfr_mechanism *row,
                    struct parameter *parameter);
void parameter_free(struct parameter *parameter);

/** A copy of octets at @p offset of a block of their exact size, freed with the parameter. */
void *parameter_keep(struct parameter *parameter, struct cfr_span octets, size_t offset);

/**
 * Read a parameter for messages of GCM, CCM or ChaCha20-Poly1305, with IV and tag; pParameter and its length are set alone.
 * @p text_len is what CCM is told of the message, as a rule.
 */
void parameter_read_message(struct input *input, struct parameter *parameter, CK_ULONG text_len);

#endif
