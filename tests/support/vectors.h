/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the files of tests/vectors: `key = value` lines, cases apart by blank lines, comments by a # in
 * front. A value is hexadecimal octets, a decimal number, or a word; who asks for it says which. Everything
 * that is not as asked fails the running test with the file and line, and so does a file that has no case.
 */
#ifndef CFR_TESTS_SUPPORT_VECTORS_H
#define CFR_TESTS_SUPPORT_VECTORS_H

#include "base/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/** A file that is being read, with the case it is at. */
struct vectors;

/** Open tests/vectors/<name>.txt, before its first case. */
struct vectors *vectors_open(const char *name);

/** Go to the next case; false when there is none. What was got from the last case is gone then. */
bool vectors_next(struct vectors *vectors);

/**
 * The same for a file of NIST's CAVP: `name = value`, alone or in brackets, holds until it is given again, and so does
 * "section", the last brackets' contents. A case is there when @p last comes, or the word FAIL by itself, which is a
 * name then. NULL: there
 * is no such file.
 */
struct vectors *vectors_open_cavp(const char *path);
bool vectors_next_cavp(struct vectors *vectors, const char *last);

/** Cases seen so far. */
size_t vectors_seen(const struct vectors *vectors);

/** Close it. Fails the test unless all @p count cases were seen: a file that lost some must not pass. */
void vectors_close(struct vectors *vectors, size_t count);

/** Whether the case has @p key. */
bool vectors_has(const struct vectors *vectors, const char *key);

/** The octets of @p key; valid until the next case. */
struct cfr_span vectors_octets(struct vectors *vectors, const char *key);

/** The number or the word of @p key. */
size_t vectors_number(const struct vectors *vectors, const char *key);
const char *vectors_word(const struct vectors *vectors, const char *key);

/** Octets of hexadecimal text, written to @p out, which has room; false when it is not hexadecimal. */
bool vectors_from_hex(const char *text, uint8_t *out, size_t room, size_t *ret_len);

#endif
