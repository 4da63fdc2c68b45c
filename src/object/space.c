/* SPDX-License-Identifier: Apache-2.0 */
#include "object/space.h"

#include "base/alloc.h"
#include "crypto/kdf.h"

CK_RV cfr_space_open(struct cfr_store *store, struct cfr_master *master, uint32_t number,
                     struct cfr_space **ret_space)
{
    AUTO(space) *space = cfr_alloc(sizeof(*space));
    AUTO(secret) *seal_key = NULL;
    AUTO(secret) *index_key = NULL;

    FAIL_UNLESS(space != NULL, CKR_HOST_MEMORY);
    space->store = store;
    space->master = master;
    space->number = number;
    TRY(cfr_catalogue_open(master, number, &space->catalogue));
    TRY(cfr_master_derive(master, "coffer/1/public objects", number, &seal_key));
    TRY(cfr_master_derive(master, "coffer/1/public index", number, &index_key));
    TRY(cfr_sealer_new(seal_key, cfr_master_uuid(master), &space->public_half.sealer));
    TRY(cfr_tagger_new(index_key, &space->public_half.index));
    *ret_space = MOVE(space);
    return CKR_OK;
}

void cfr_space_drop(struct cfr_space *space)
{
    if (space != NULL) {
        cfr_catalogue_close(&space->catalogue);
        cfr_space_half_clear(&space->public_half);
        cfr_free(space);
    }
}

static CK_RV derive(const struct cfr_space *space, struct cfr_secret *space_key, const char *purpose,
                    struct cfr_secret **ret_key)
{
    return cfr_kdf_hkdf_sha256(cfr_secret_view(space_key),
                               cfr_span_of(cfr_master_uuid(space->master), CFR_STORE_UUID_LEN),
                               cfr_span_text(purpose), 32, ret_key);
}

CK_RV cfr_space_unlock(const struct cfr_space *space, struct cfr_secret *space_key,
                       struct cfr_space_half *ret_half)
{
    AUTO(secret) *seal_key = NULL;
    AUTO(secret) *index_key = NULL;
    struct cfr_space_half half = {0};
    CK_RV rv;

    TRY(derive(space, space_key, "coffer/1/private objects", &seal_key));
    TRY(derive(space, space_key, "coffer/1/private index", &index_key));
    rv = cfr_sealer_new(seal_key, cfr_master_uuid(space->master), &half.sealer);
    rv = rv == CKR_OK ? cfr_tagger_new(index_key, &half.index) : rv;
    if (rv != CKR_OK) {
        cfr_space_half_clear(&half);
        return rv;
    }
    *ret_half = half;
    return CKR_OK;
}

void cfr_space_half_clear(struct cfr_space_half *half)
{
    cfr_sealer_drop(half->sealer);
    cfr_tagger_drop(half->index);
    *half = (struct cfr_space_half){0};
}
