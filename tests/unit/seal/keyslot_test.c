/* SPDX-License-Identifier: Apache-2.0 */
/* Keyslots: the right PIN in the right slot of the right store, and nothing else, gives the space's key. */
#include "crypto/rng.h"
#include "token-store/keyslot.h"
#include "unit/seal/fixture.h"

#include <string.h>

enum { SPACE = 3 };

static const struct cfr_pinkdf_cost cost = {.memory_kib = CFR_PINKDF_MEMORY_MIN_KIB, .passes = 1};
static struct cfr_secret *space_key;
static struct cfr_keyslot slot;

static void up(void)
{
    seal_up();
    slot = (struct cfr_keyslot){.principal = CFR_PRINCIPAL_USER};
    ASSERT_OK(cfr_rng_secret(CFR_SPACE_KEY_LEN, &space_key));
    ASSERT_OK(cfr_keyslot_set_pin(world.master, SPACE, cfr_span_text("the PIN"), &cost, space_key, &slot));
}

static void down(void)
{
    cfr_secret_drop(space_key);
    seal_down();
}

static CK_RV open_with(const struct cfr_master *master, uint32_t space, const struct cfr_keyslot *from,
                       const char *pin)
{
    AUTO(secret) *opened = NULL;
    CK_RV rv = cfr_keyslot_open(master, space, from, cfr_span_text(pin), &opened);

    ck_assert_int_eq(rv == CKR_OK, opened != NULL);
    if (rv == CKR_OK) {
        ASSERT_SPAN(cfr_secret_view(opened), cfr_secret_view(space_key));
    }
    return rv;
}

static CK_RV try_open(const struct cfr_keyslot *from, const char *pin)
{
    return open_with(world.master, SPACE, from, pin);
}

START_TEST(the_pin_opens_it)
{
    ck_assert(slot.has_pin);
    ck_assert_uint_eq(slot.epoch, 1);
    ck_assert_uint_eq(slot.attempts, 0);
    ASSERT_OK(try_open(&slot, "the PIN"));
    ck_assert_ptr_null(
        memmem(slot.wrapped, sizeof(slot.wrapped), cfr_secret_view(space_key).ptr, CFR_SPACE_KEY_LEN));
}
END_TEST

START_TEST(no_other_pin_opens_it)
{
    static const char *const pins[] = {"", "the PI", "the PIN ", "the pin", "The PIN", "the PIN\n"};

    for (size_t i = 0; i < COUNT_OF(pins); i++) {
        ASSERT_RV(try_open(&slot, pins[i]), CKR_PIN_INCORRECT);
    }
}
END_TEST

START_TEST(no_other_place_opens_it)
{
    struct cfr_keyslot moved = slot;
    struct cfr_store *own_store = world.store;
    struct cfr_master *own_master = world.master;
    struct cfr_master *other = NULL;

    ASSERT_RV(open_with(world.master, SPACE + 1, &slot, "the PIN"), CKR_PIN_INCORRECT);
    moved.principal = CFR_PRINCIPAL_SO;
    ASSERT_RV(try_open(&moved, "the PIN"), CKR_PIN_INCORRECT);
    /* Another store under the same anchor. */
    world.store = seal_new_store();
    ASSERT_OK(cfr_master_open(world.store, world.anchor, &other));
    ASSERT_RV(open_with(other, SPACE, &slot, "the PIN"), CKR_PIN_INCORRECT);
    cfr_master_drop(other);
    world.store->ops->close(world.store);
    world.store = own_store;
    world.master = own_master;
}
END_TEST

START_TEST(every_octet_of_it_counts)
{
    struct cfr_keyslot changed = slot;
    struct {
        uint8_t *octets;
        size_t len;
    } parts[] = {{changed.salt, sizeof(changed.salt)},
                 {changed.nonce, sizeof(changed.nonce)},
                 {changed.wrapped, sizeof(changed.wrapped)}};

    for (size_t part = 0; part < COUNT_OF(parts); part++) {
        for (size_t at = 0; at < parts[part].len; at++) {
            parts[part].octets[at] ^= 0x40;
            ASSERT_RV(try_open(&changed, "the PIN"), CKR_PIN_INCORRECT);
            parts[part].octets[at] ^= 0x40;
        }
    }
    changed.cost.passes++;
    ASSERT_RV(try_open(&changed, "the PIN"), CKR_PIN_INCORRECT);
    changed.cost.passes--;
    changed.cost.memory_kib += 8;
    ASSERT_RV(try_open(&changed, "the PIN"), CKR_PIN_INCORRECT);
}
END_TEST

START_TEST(slot_without_a_pin)
{
    struct cfr_keyslot empty = {.principal = CFR_PRINCIPAL_USER};

    ASSERT_RV(try_open(&empty, ""), CKR_USER_PIN_NOT_INITIALIZED);
}
END_TEST

START_TEST(new_pin_takes_the_place_of_the_old)
{
    struct cfr_keyslot old;

    slot.attempts = 5;
    old = slot;
    ASSERT_OK(cfr_keyslot_set_pin(world.master, SPACE, cfr_span_text("new"), &cost, space_key, &slot));
    ck_assert_uint_eq(slot.epoch, old.epoch + 1);
    ck_assert_uint_eq(slot.attempts, 0);
    ck_assert_int_ne(memcmp(slot.salt, old.salt, sizeof(old.salt)), 0);
    ck_assert_int_ne(memcmp(slot.nonce, old.nonce, sizeof(old.nonce)), 0);
    ASSERT_OK(try_open(&slot, "new"));
    ASSERT_RV(try_open(&slot, "the PIN"), CKR_PIN_INCORRECT);
}
END_TEST

/* What it looks like as octets, which FORMAT says: three numbers, two costs, salt, nonce, wrapped key. */
START_TEST(text_comes_back_and_is_read_strictly)
{
    enum { LEN = 4 + 4 + 1 + 4 + 4 + 16 + 24 + 48, MEMORY_AT = 9, PASSES_AT = 13 };
    AUTO(buf) text = CFR_BUF(1024);
    struct cfr_keyslot read = {0};

    slot.attempts = 0x01020304;
    cfr_keyslot_encode(&slot, &text);
    ck_assert_uint_eq(text.len, LEN);
    ASSERT_OK(cfr_keyslot_decode(cfr_buf_view(&text), CFR_PRINCIPAL_USER, &read));
    ck_assert_uint_eq(read.principal, CFR_PRINCIPAL_USER);
    ck_assert_uint_eq(read.epoch, slot.epoch);
    ck_assert_uint_eq(read.attempts, 0x01020304);
    ck_assert(read.has_pin);
    ASSERT_OK(try_open(&read, "the PIN"));
    for (size_t len = 0; len < LEN; len++) {
        ASSERT_RV(cfr_keyslot_decode(cfr_span_of(text.ptr, len), CFR_PRINCIPAL_USER, &read),
                  CKR_DEVICE_ERROR);
    }
    cfr_store_be32(text.ptr + MEMORY_AT, CFR_PINKDF_MEMORY_MAX_KIB + 1);
    ASSERT_RV(cfr_keyslot_decode(cfr_buf_view(&text), CFR_PRINCIPAL_USER, &read), CKR_DEVICE_ERROR);
    cfr_store_be32(text.ptr + MEMORY_AT, CFR_PINKDF_MEMORY_MIN_KIB);
    cfr_store_be32(text.ptr + PASSES_AT, CFR_PINKDF_PASSES_MAX + 1);
    ASSERT_RV(cfr_keyslot_decode(cfr_buf_view(&text), CFR_PRINCIPAL_USER, &read), CKR_DEVICE_ERROR);
    cfr_store_be32(text.ptr + PASSES_AT, 1);
    cfr_buf_put_u8(&text, 0);
    ASSERT_RV(cfr_keyslot_decode(cfr_buf_view(&text), CFR_PRINCIPAL_USER, &read), CKR_DEVICE_ERROR);
}
END_TEST

static CK_RV attempt(void *arg)
{
    struct cfr_keyslot own = {.principal = CFR_PRINCIPAL_SO, .epoch = 4, .attempts = 2};
    AUTO(secret) *opened = NULL;
    CK_RV rv = cfr_keyslot_set_pin(world.master, SPACE, cfr_span_text("PIN"), &cost, space_key, &own);

    (void)arg;
    ck_assert_uint_eq(own.epoch, rv == CKR_OK ? 5 : 4);
    ck_assert_int_eq(own.has_pin, rv == CKR_OK);
    TRY(rv);
    rv = cfr_keyslot_open(world.master, SPACE, &own, cfr_span_text("PIN"), &opened);
    ck_assert_int_eq(rv == CKR_OK, opened != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    nth_failure_both(attempt, NULL, 10, 20);
}
END_TEST

static Suite *suite(void)
{
    Suite *keyslot = suite_create("keyslot");
    TCase *tcase = tcase_create("keyslot");

    tcase_add_checked_fixture(tcase, up, down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, the_pin_opens_it);
    tcase_add_test(tcase, no_other_pin_opens_it);
    tcase_add_test(tcase, no_other_place_opens_it);
    tcase_add_test(tcase, every_octet_of_it_counts);
    tcase_add_test(tcase, slot_without_a_pin);
    tcase_add_test(tcase, new_pin_takes_the_place_of_the_old);
    tcase_add_test(tcase, text_comes_back_and_is_read_strictly);
    tcase_add_test(tcase, each_call_may_fail);
    suite_add_tcase(keyslot, tcase);
    return keyslot;
}

TEST_MAIN(suite)
