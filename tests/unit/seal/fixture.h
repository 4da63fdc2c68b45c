/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the sealed store share: a memory store, its anchor in a folder, and its master key. */
#ifndef CFR_TESTS_UNIT_SEAL_FIXTURE_H
#define CFR_TESTS_UNIT_SEAL_FIXTURE_H

#include "support/main.h"
#include "support/nth.h"
#include "token-store/catalogue.h"
#include "token-store/master.h"
#include "unit/base/harness.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** Made anew for each test. */
struct seal_world {
    struct cfr_store *store;
    struct cfr_master *master;
    char folder[64];
    char anchor[96];
};

extern struct seal_world world;

/** For tcase_add_checked_fixture(). */
void seal_up(void);
void seal_down(void);

/** An empty memory store. */
struct cfr_store *seal_new_store(void);

/** Read and write a record behind the module's back; an empty @p key is none, a NULL value removes it. */
struct cfr_span seal_peek_record(struct cfr_span key, uint8_t *out, size_t room);
void seal_poke_record(struct cfr_span key, const struct cfr_span *value);

#endif
