/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/tagger.h"

#include "base/alloc.h"
#include "base/pool.h"
#include "crypto/mac.h"

struct cfr_tagger {
    struct cfr_secret *key;
    struct cfr_pool contexts; /* struct cfr_mac */
};

CK_RV cfr_tagger_new(struct cfr_secret *key, struct cfr_tagger **ret_tagger)
{
    struct cfr_tagger *tagger = cfr_alloc(sizeof(*tagger));

    FAIL_UNLESS(tagger != NULL, CKR_HOST_MEMORY);
    tagger->key = cfr_secret_share(key);
    *ret_tagger = tagger;
    return CKR_OK;
}

void cfr_tagger_drop(struct cfr_tagger *tagger)
{
    if (tagger == NULL) {
        return;
    }
    for (void *mac = cfr_pool_take(&tagger->contexts); mac != NULL; mac = cfr_pool_take(&tagger->contexts)) {
        cfr_mac_drop(mac);
    }
    cfr_secret_drop(tagger->key);
    cfr_free(tagger);
}

static CK_RV compute(struct cfr_mac *mac, struct cfr_span first, struct cfr_span second, uint8_t *ret_tag)
{
    uint8_t len[8];

    cfr_store_be64(len, first.len);
    TRY(cfr_mac_start(mac, cfr_span_of(NULL, 0)));
    TRY(cfr_mac_update(mac, cfr_span_of(len, sizeof(len))));
    TRY(cfr_mac_update(mac, first));
    TRY(cfr_mac_update(mac, second));
    return cfr_mac_finish(mac, ret_tag);
}

CK_RV cfr_tagger_tag(struct cfr_tagger *tagger, struct cfr_span first, struct cfr_span second,
                     uint8_t *ret_tag)
{
    struct cfr_mac *mac = cfr_pool_take(&tagger->contexts);
    CK_RV rv;

    if (mac == NULL) {
        TRY(cfr_mac_new(CFR_MAC_HMAC, CFR_HASH_SHA256, cfr_secret_view(tagger->key), &mac));
    }
    rv = compute(mac, first, second, ret_tag);
    cfr_mac_drop(cfr_pool_give(&tagger->contexts, mac));
    return rv;
}
