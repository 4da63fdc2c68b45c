/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module's PIN derivation alone, as a side of a comparison, so that what C_Login costs besides can be
 * told apart. The module cannot be asked for its parameters: the caller of the benchmark states them.
 */
#ifndef BENCH_KDF_H
#define BENCH_KDF_H

#include "bench.h"
#include "slice.h"

struct bench_kdf;

/**
 * @param spec  "argon2id:<KiB>:<passes>" (one lane; libcrypto from 3.2 on, else libargon2 when it is
 *              installed) or "pbkdf2:<rounds>" (HMAC-SHA256)
 *
 * @return NULL when the spec is NULL, or names what cannot be computed here
 */
struct bench_kdf *bench_kdf_open(const struct bench_raw *raw, const char *spec);
void bench_kdf_close(struct bench_kdf *kdf);
struct bench_side bench_kdf_side(struct bench_kdf *kdf);

#endif
