/* SPDX-License-Identifier: Apache-2.0 */
/* What the store tests share: a folder for a test, one-line transactions, child processes, and the log. */
#ifndef CFR_TESTS_STORE_FIXTURE_H
#define CFR_TESTS_STORE_FIXTURE_H

#include "support/scratch.h"
#include "token-store/store.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** The folder of the test that runs, made by fixture_setup() and removed by fixture_teardown(). */
extern char fixture_path[128];

void fixture_setup(void);
void fixture_teardown(void);

/** A path in that folder; static text, good until the fourth call after this one. */
const char *fixture_file(const char *name);

/** Path of the store's folder within it; and remove that folder. */
const char *fixture_store(void);
void fixture_remove_store(void);

/** Open the lmdb store of this test; @p map_len as in the configuration. */
enum cfr_store_status lmdb_try(size_t map_len, struct cfr_store **ret_store);

/** The same, and it has to succeed. */
struct cfr_store *lmdb_open(size_t map_len);

/** A transaction that has begun. */
struct cfr_store_txn *begin(struct cfr_store *store, enum cfr_store_mode mode);

/** One record written, or removed, and committed; the status of the commit. */
enum cfr_store_status put_one(struct cfr_store *store, const char *key, struct cfr_span value);
enum cfr_store_status del_one(struct cfr_store *store, const char *key);

/** The same from another thread, which has no other transaction open. */
enum cfr_store_status put_elsewhere(struct cfr_store *store, const char *key, struct cfr_span value);
enum cfr_store_status del_elsewhere(struct cfr_store *store, const char *key);

/** @p count records "<prefix>000000"… with values of @p value_len octets, 100 a commit. */
void put_many(struct cfr_store *store, const char *prefix, size_t count, size_t value_len);

/** The value of @p key in a snapshot taken now, as text; "<none>" when absent. Static, good until the next
 * call. */
const char *get_one(struct cfr_store *store, const char *key);

/** The value of @p key as @p txn sees it; likewise. */
const char *get_text(struct cfr_store_txn *txn, const char *key);

/** Keys and values of a range as @p txn sees it, "a=1 b=2"; likewise. */
const char *range_text(struct cfr_store_txn *txn, const char *low, const char *high);

/** Records of the whole store. */
size_t count_all(struct cfr_store *store);

/** @p len octets that depend on @p seed; static, at most 2 MiB. */
struct cfr_span pattern(size_t len, unsigned seed);

/** End a child: no exit handlers, which are the parent's, and no leak check, which would find its memory. */
_Noreturn void child_exit(int code);

/** Fork and run @p body in the child, which ends by child_exit() with what it returns; the child's pid. */
pid_t child_start(int (*body)(void *arg), void *arg);

/** Wait for a child: its exit code, or minus the signal that ended it. */
int child_end(pid_t pid);

/** Both. */
int child_run(int (*body)(void *arg), void *arg);

/** A flag that processes share: set by one, awaited by others (20 s at most, then the test fails). */
struct flag;
struct flag *flag_new(void);
void flag_set(struct flag *flag);
void flag_await(struct flag *flag);

/** Size of a file of the store, octets. */
size_t file_len(const char *name);

/** Send the log to a file of the test's folder, and look for @p text in it. */
void log_keep(void);
bool log_has(const char *text);

#endif
