/* SPDX-License-Identifier: Apache-2.0 */
/* A keyed pseudo-random function, HMAC-SHA256, for blind index tags and set hashes; any number of threads. */
#ifndef CFR_TOKEN_STORE_TAGGER_H
#define CFR_TOKEN_STORE_TAGGER_H

#include "base/secret.h"

enum { CFR_TAG_LEN = 32 };

struct cfr_tagger;

/** A function under a key of any length; shares @p key. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_tagger_new(struct cfr_secret *key, struct cfr_tagger **ret_tagger);
void cfr_tagger_drop(struct cfr_tagger *tagger);
CFR_DEFINE_DROPP(tagger)

/**
 * CFR_TAG_LEN octets for two strings, whose lengths are part of the input. CKR_HOST_MEMORY,
 * CKR_GENERAL_ERROR.
 */
NODISCARD CK_RV cfr_tagger_tag(struct cfr_tagger *tagger, struct cfr_span first, struct cfr_span second,
                               uint8_t *ret_tag);

#endif
