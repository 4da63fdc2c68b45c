/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the store theme. All expect a token that bench_fill() has filled with --objects keys. */
#ifndef BENCH_STORE_H
#define BENCH_STORE_H

#include "bench.h"

/** Searches, listings, attributes. */
void bench_store_find(const struct bench *b);

/** When another process sees a new object. */
void bench_store_watch(const struct bench *b);

/** Create one filler key as a token object. @p label and @p id are text. */
CK_RV bench_filler_create(const struct bench *b, const char *label, const char *id,
                          CK_OBJECT_HANDLE *ret_key);

/** CKA_ID of filler key @p i; the caller frees it. */
char *bench_filler_id(size_t i);

/** Write a figure of the store at hand: the size behind the id is --objects. */
void bench_store_put(const struct bench *b, const char *stem, double value);

/** The same for one that could not be had. */
void bench_store_put_missing(const struct bench *b, const char *stem, const char *where, CK_RV rv);

#endif
