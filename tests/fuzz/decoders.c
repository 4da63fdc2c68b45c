/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/decoders.h"

#include "crypto/pkcs8.h"
#include "fuzz/input.h"
#include "object/attrs.h"
#include "session/token.h"
#include "token-store/seal.h"

/* A decoder says that octets are wrong, or that there is no memory; it knows nothing else. */
static bool accepted(CK_RV rv)
{
    ORACLE(rv == CKR_OK || rv == CKR_DEVICE_ERROR || rv == CKR_HOST_MEMORY);
    return rv == CKR_OK;
}

static void feed_attrs(struct cfr_span text)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(secret) *again = NULL;

    if (accepted(cfr_attrs_decode(text, &attrs))) {
        ORACLE(cfr_attrs_encode(&attrs, &again) == CKR_OK);
        ORACLE(cfr_span_equal(cfr_secret_view(again), text));
    }
}

static void feed_token(struct cfr_span text)
{
    AUTO(buf) again = CFR_BUF(512);
    struct cfr_token_record record;

    if (accepted(cfr_token_record_decode(text, &record))) {
        cfr_token_record_encode(&record, &again);
        ORACLE(cfr_span_equal(cfr_buf_view(&again), text));
    }
}

static void feed_keyslot(struct cfr_span text)
{
    AUTO(buf) again = CFR_BUF(512);
    struct cfr_keyslot slot;

    if (accepted(cfr_keyslot_decode(text, CFR_PRINCIPAL_USER, &slot))) {
        cfr_keyslot_encode(&slot, &again);
        ORACLE(cfr_span_equal(cfr_buf_view(&again), text));
    }
}

/* Not every accepted encoding is ours, but ours is always accepted, and is always the same. */
static void feed_pkcs8(struct cfr_span text)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(keymat) *second = NULL;
    AUTO(secret) *again = NULL;
    AUTO(secret) *once_more = NULL;
    CK_RV rv = cfr_pkcs8_decode(text, &keymat);

    ORACLE(rv == CKR_OK || rv == CKR_WRAPPED_KEY_INVALID || rv == CKR_CURVE_NOT_SUPPORTED ||
           rv == CKR_KEY_SIZE_RANGE);
    if (rv == CKR_OK) {
        ORACLE(cfr_pkcs8_encode(keymat, &again) == CKR_OK);
        ORACLE(cfr_pkcs8_decode(cfr_secret_view(again), &second) == CKR_OK);
        ORACLE(cfr_pkcs8_encode(second, &once_more) == CKR_OK);
        ORACLE(cfr_span_equal(cfr_secret_view(again), cfr_secret_view(once_more)));
    }
}

/* Octets that nobody has sealed. */
static void feed_sealed(struct cfr_span text)
{
    static const uint8_t uuid[CFR_STORE_UUID_LEN];
    AUTO(secret) *key = NULL;
    AUTO(sealer) *sealer = NULL;
    AUTO(secret) *opened = NULL;
    struct cfr_seal_header header;

    (void)accepted(cfr_seal_peek(text, &header));
    ORACLE(cfr_secret_new(32, &key) == CKR_OK && cfr_sealer_new(key, uuid, &sealer) == CKR_OK);
    ORACLE(!accepted(cfr_unseal(sealer, cfr_span_text("O"), text, &header, &opened)));
}

void decoders_feed(unsigned which, struct cfr_span text)
{
    static void (*const feeds[])(struct cfr_span) = {feed_attrs, feed_token, feed_keyslot, feed_pkcs8,
                                                     feed_sealed};

    feeds[which % (sizeof(feeds) / sizeof(feeds[0]))](text);
}
