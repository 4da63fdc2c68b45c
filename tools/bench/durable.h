/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What durability alone costs on the scratch folder's disk: one 4 KiB write and fdatasync, and one LMDB
 * commit of one record, each alone or behind making a key with libcrypto.
 */
#ifndef BENCH_DURABLE_H
#define BENCH_DURABLE_H

#include "bench.h"
#include "slice.h"

enum bench_sync { BENCH_SYNC_NONE, BENCH_SYNC_FILE, BENCH_SYNC_LMDB };

/* BENCH_RAW_NOTHING makes no key: the baseline of destroying one. */
enum bench_raw_key { BENCH_RAW_NOTHING, BENCH_RAW_AES, BENCH_RAW_P256, BENCH_RAW_RSA2048 };

struct bench_durable;

struct bench_durable *bench_durable_open(const struct bench *b, enum bench_raw_key key, enum bench_sync sync);
void bench_durable_close(struct bench_durable *durable);
struct bench_side bench_durable_side(struct bench_durable *durable);

#endif
