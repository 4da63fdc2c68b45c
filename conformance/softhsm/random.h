/* SPDX-License-Identifier: Apache-2.0 */
/* The choices of a run: the same seed makes the same ones on every machine. Nothing here is secret. */
#ifndef DIFF_RANDOM_H
#define DIFF_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct diff_random {
    uint64_t state;
};

/** The next 64 bits (splitmix64). */
uint64_t diff_next(struct diff_random *random);

/** A number below @p limit; 0 when that is 0. */
size_t diff_below(struct diff_random *random, size_t limit);

/** True in @p percent of all cases. */
bool diff_chance(struct diff_random *random, unsigned percent);

/** Fill @p to. */
void diff_fill(struct diff_random *random, uint8_t *to, size_t len);

/** One element of an array. */
#define DIFF_PICK(random, array) ((array)[diff_below((random), sizeof(array) / sizeof((array)[0]))])

#endif
