/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only type that may hold keys, PINs and what is on the way to them.
 *
 * A secret lives in an arena of its own: pages that are locked as far as RLIMIT_MEMLOCK allows, left out of
 * core dumps, zeroed in a forked child (unless it is to go on with them), with inaccessible pages on both
 * sides and a canary behind each secret. Its octets are reached through a view that is valid until the last share is dropped; dropping
 * wipes. There is no other wipe and no copy. Secrets are never printed, logged, written or compared except by
 * cfr_ct_equal(). All functions are safe from any thread; one secret is written by one thread at a time.
 */
#ifndef CFR_BASE_SECRET_H
#define CFR_BASE_SECRET_H

#include "base/bytes.h"
#include "base/rv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cfr_secret;

/**
 * @p len zeroed octets, with one share, for the caller to fill through cfr_secret_edit().
 *
 * @retval CKR_HOST_MEMORY  no memory
 */
NODISCARD CK_RV cfr_secret_new(size_t len, struct cfr_secret **ret_secret);

/** A secret with the octets of @p from, which the caller got from outside: a template, a PIN argument. */
NODISCARD CK_RV cfr_secret_from(struct cfr_span from, struct cfr_secret **ret_secret);

/** One more share of the same octets. Returns @p secret. NULL gives NULL. */
struct cfr_secret *cfr_secret_share(struct cfr_secret *secret);

/** Give up a share; the last one wipes and frees. NULL is accepted. */
void cfr_secret_drop(struct cfr_secret *secret);
CFR_DEFINE_DROPP(secret)

/** The octets; an empty view of NULL. */
struct cfr_span cfr_secret_view(const struct cfr_secret *secret);

/** The octets, to be written. */
uint8_t *cfr_secret_edit(struct cfr_secret *secret);

/** Shorten to @p len octets and wipe what follows. */
void cfr_secret_trim(struct cfr_secret *secret, size_t len);

/**
 * Lengthen to @p len octets; the new ones are zero. @p secret has one share and may be replaced by another.
 *
 * @retval CKR_HOST_MEMORY  no memory; @p secret is as it was
 */
NODISCARD CK_RV cfr_secret_grow(struct cfr_secret **secret, size_t len);

/**
 * Append @p more, growing by doubling. NULL counts as empty.
 *
 * @retval CKR_HOST_MEMORY  no memory; @p secret is as it was
 */
NODISCARD CK_RV cfr_secret_append(struct cfr_secret **secret, struct cfr_span more);

/**
 * Whether the children of forks from now on find the secrets as they are, and not zeroed; at first they do not. For
 * all secrets, also those that are made later.
 */
void cfr_secret_keep_on_fork(bool keep);

/** In a child that has kept them: lock their pages in memory again, which a fork undoes. */
void cfr_secret_forked(void);

/** Octets of secrets now alive, in this process; for tests and diagnostics. */
size_t cfr_secret_in_use(void);

#endif
