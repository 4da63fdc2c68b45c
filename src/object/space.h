/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of one space (one life of a token): those for its public objects and bookkeeping, which the
 * store's master key gives, and those for its private objects, which a login gives.
 */
#ifndef CFR_OBJECT_SPACE_H
#define CFR_OBJECT_SPACE_H

#include "token-store/catalogue.h"
#include "token-store/seal.h"
#include "token-store/tagger.h"

/** Keys for objects of one kind, public or private. */
struct cfr_space_half {
    struct cfr_sealer *sealer;
    struct cfr_tagger *index;
};

/**
 * An open space. Constant but for @c private_half, which login sets and logout takes away under the token's
 * lock.
 */
struct cfr_space {
    struct cfr_store *store;   /**< borrowed */
    struct cfr_master *master; /**< borrowed */
    uint32_t number;
    struct cfr_catalogue catalogue;
    struct cfr_space_half public_half;
};

/** Open a space. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_space_open(struct cfr_store *store, struct cfr_master *master, uint32_t number,
                               struct cfr_space **ret_space);
void cfr_space_drop(struct cfr_space *space);
CFR_DEFINE_DROPP(space)

/** The keys for private objects, made of the space's key. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_space_unlock(const struct cfr_space *space, struct cfr_secret *space_key,
                                 struct cfr_space_half *ret_half);
void cfr_space_half_clear(struct cfr_space_half *half);

/** What a caller may reach: always the public half, and the private one when logged in. */
struct cfr_view {
    const struct cfr_space *space;
    const struct cfr_space_half *private_half; /**< NULL: not logged in as the user */
};

#endif
