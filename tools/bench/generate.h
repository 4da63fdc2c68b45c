/* SPDX-License-Identifier: Apache-2.0 */
/* A generator: makes keys in one session of the module, or destroys them, as sides of a comparison. */
#ifndef BENCH_GENERATE_H
#define BENCH_GENERATE_H

#include "bench.h"
#include "slice.h"

enum bench_make { BENCH_MAKE_AES, BENCH_MAKE_P256, BENCH_MAKE_RSA2048 };

struct bench_generator;

/** @param session closed by bench_generator_close(), unless it is @p b's own */
struct bench_generator *bench_generator_open(const struct bench *b, CK_SESSION_HANDLE session,
                                             enum bench_make what, bool is_token);

/** Destroys what the generator has made. */
void bench_generator_close(struct bench_generator *generator);

/** Makes a key an operation; the keys of the slice before are destroyed between slices. */
struct bench_side bench_generator_side(struct bench_generator *generator);

/** Destroys a key an operation; the keys are made between slices. */
struct bench_side bench_generator_destroy_side(struct bench_generator *generator);

/** Code of the last call that failed. */
CK_RV bench_generator_rv(const struct bench_generator *generator);

#endif
