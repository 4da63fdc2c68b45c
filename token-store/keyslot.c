/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/keyslot.h"

#include "crypto/kdf.h"
#include "crypto/rng.h"

enum { AAD_LEN = CFR_STORE_UUID_LEN + 8 };

/* HKDF of (stretched PIN, what the master key gives for this principal), salted with the slot's salt. */
static CK_RV wrapping_key(const struct cfr_master *master, uint32_t space, const struct cfr_keyslot *slot,
                          struct cfr_span pin, struct cfr_xaes **ret_xaes)
{
    AUTO(secret) *stretched = NULL;
    AUTO(secret) *share = NULL;
    AUTO(secret) *key = NULL;
    struct cfr_span salt = cfr_span_of(slot->salt, sizeof(slot->salt));
    uint8_t info[8];

    TRY(cfr_pinkdf_derive(pin, salt, &slot->cost, &stretched));
    TRY(cfr_master_derive(master, "coffer/1/principal", space, &share));
    TRY(cfr_secret_append(&stretched, cfr_secret_view(share)));
    cfr_store_be32(info, space);
    cfr_store_be32(info + 4, slot->principal);
    TRY(cfr_kdf_hkdf_sha256(cfr_secret_view(stretched), salt, cfr_span_of(info, sizeof(info)),
                            CFR_XAES_KEY_LEN, &key));
    return cfr_xaes_new(cfr_secret_view(key), ret_xaes);
}

static struct cfr_span bind(const struct cfr_master *master, uint32_t space, uint32_t principal, uint8_t *aad)
{
    cfr_copy(aad, cfr_master_uuid(master), CFR_STORE_UUID_LEN);
    cfr_store_be32(aad + CFR_STORE_UUID_LEN, space);
    cfr_store_be32(aad + CFR_STORE_UUID_LEN + 4, principal);
    return cfr_span_of(aad, AAD_LEN);
}

CK_RV cfr_keyslot_set_pin(const struct cfr_master *master, uint32_t space, struct cfr_span pin,
                          const struct cfr_pinkdf_cost *cost, struct cfr_secret *space_key,
                          struct cfr_keyslot *slot)
{
    AUTO(xaes) *xaes = NULL;
    struct cfr_keyslot made = *slot;
    uint8_t aad[AAD_LEN];

    made.cost = *cost;
    made.epoch++;
    made.attempts = 0;
    made.has_pin = true;
    TRY(cfr_rng_fill(made.salt, sizeof(made.salt)));
    TRY(cfr_rng_fill(made.nonce, sizeof(made.nonce)));
    TRY(wrapping_key(master, space, &made, pin, &xaes));
    TRY(cfr_xaes_seal(xaes, made.nonce, bind(master, space, made.principal, aad), cfr_secret_view(space_key),
                      made.wrapped, made.wrapped + CFR_SPACE_KEY_LEN));
    *slot = made;
    return CKR_OK;
}

CK_RV cfr_keyslot_open(const struct cfr_master *master, uint32_t space, const struct cfr_keyslot *slot,
                       struct cfr_span pin, struct cfr_secret **ret_space_key)
{
    AUTO(xaes) *xaes = NULL;
    AUTO(secret) *key = NULL;
    uint8_t aad[AAD_LEN];

    FAIL_UNLESS(slot->has_pin, CKR_USER_PIN_NOT_INITIALIZED);
    TRY(wrapping_key(master, space, slot, pin, &xaes));
    TRY(cfr_secret_new(CFR_SPACE_KEY_LEN, &key));
    TRY_MAP(cfr_xaes_open(xaes, slot->nonce, bind(master, space, slot->principal, aad),
                          cfr_span_of(slot->wrapped, CFR_SPACE_KEY_LEN), cfr_secret_edit(key),
                          slot->wrapped + CFR_SPACE_KEY_LEN),
            CKR_ENCRYPTED_DATA_INVALID, CKR_PIN_INCORRECT);
    *ret_space_key = MOVE(key);
    return CKR_OK;
}

void cfr_keyslot_encode(const struct cfr_keyslot *slot, struct cfr_buf *out)
{
    cfr_buf_put_be32(out, slot->epoch);
    cfr_buf_put_be32(out, slot->attempts);
    cfr_buf_put_u8(out, slot->has_pin ? 1 : 0);
    cfr_buf_put_be32(out, slot->cost.memory_kib);
    cfr_buf_put_be32(out, slot->cost.passes);
    cfr_buf_put(out, cfr_span_of(slot->salt, sizeof(slot->salt)));
    cfr_buf_put(out, cfr_span_of(slot->nonce, sizeof(slot->nonce)));
    cfr_buf_put(out, cfr_span_of(slot->wrapped, sizeof(slot->wrapped)));
}

CK_RV cfr_keyslot_decode(struct cfr_span text, uint32_t principal, struct cfr_keyslot *ret_slot)
{
    struct cfr_reader reader = cfr_reader_of(text);
    struct cfr_keyslot slot = {.principal = principal};

    slot.epoch = cfr_read_be32(&reader);
    slot.attempts = cfr_read_be32(&reader);
    slot.has_pin = cfr_read_u8(&reader) == 1;
    slot.cost.memory_kib = cfr_read_be32(&reader);
    slot.cost.passes = cfr_read_be32(&reader);
    cfr_read_into(&reader, slot.salt, sizeof(slot.salt));
    cfr_read_into(&reader, slot.nonce, sizeof(slot.nonce));
    cfr_read_into(&reader, slot.wrapped, sizeof(slot.wrapped));
    FAIL_UNLESS(cfr_reader_done(&reader), CKR_DEVICE_ERROR);
    FAIL_UNLESS(slot.cost.memory_kib <= CFR_PINKDF_MEMORY_MAX_KIB &&
                    slot.cost.passes <= CFR_PINKDF_PASSES_MAX,
                CKR_DEVICE_ERROR);
    *ret_slot = slot;
    return CKR_OK;
}
