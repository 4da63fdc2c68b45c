/* SPDX-License-Identifier: Apache-2.0 */
/* The store's file used through LMDB alone, by a child process: to stop at places where the backend never
 * stops. */
#ifndef CFR_TESTS_STORE_RAW_LMDB_H
#define CFR_TESTS_STORE_RAW_LMDB_H

#include "store/fixture.h"

/** Body of a child: begin a write transaction, put record "raw", set @p flag (a struct flag), and wait to be
 * killed. */
int raw_write_and_wait(void *flag);

/** Body of a child: take a snapshot, set @p flag, and wait to be killed. */
int raw_read_and_wait(void *flag);

/** For raw_hold_small_table(). */
struct raw_table {
    struct flag *ready;
    unsigned readers;
};

/** Body of a child: open with room for @p table (a struct raw_table) readers, set its flag, and wait to be
 * killed. */
int raw_hold_small_table(void *table);

/** Body of a child: put record "malformed" with a value that is too short to hold a revision. */
int raw_put_malformed(void *unused);

/**
 * Body of a child: after some transactions that leave free pages, write a thousand records of a thousand
 * octets and remove them but for ten, in one transaction. LMDB then does not write the pages that were taken
 * and given back: the file ends before its last page.
 */
int raw_make_short_file(void *unused);

#endif
