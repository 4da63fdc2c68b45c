/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rv.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <string.h>

/* A type for AUTO; @c dropped counts drops by owner. */
struct cfr_thing {
    unsigned *dropped;
};

static void cfr_thing_drop(struct cfr_thing *thing)
{
    if (thing != NULL) {
        (*thing->dropped)++;
    }
}
CFR_DEFINE_DROPP(thing)

static unsigned calls;

static CK_RV give(CK_RV rv)
{
    calls++;
    return rv;
}

static CK_RV try_both(CK_RV first, CK_RV second)
{
    TRY(give(first));
    TRY(give(second));
    return CKR_OK;
}

START_TEST(try_leaves_at_the_first_failure)
{
    calls = 0;
    ASSERT_OK(try_both(CKR_OK, CKR_OK));
    ck_assert_uint_eq(calls, 2);
    ASSERT_RV(try_both(CKR_HOST_MEMORY, CKR_OK), CKR_HOST_MEMORY);
    ck_assert_uint_eq(calls, 3);
    ASSERT_RV(try_both(CKR_OK, CKR_DEVICE_ERROR), CKR_DEVICE_ERROR);
    ck_assert_uint_eq(calls, 5);
}
END_TEST

static CK_RV try_map(CK_RV rv)
{
    TRY_MAP(give(rv), CKR_AEAD_DECRYPT_FAILED, CKR_PIN_INCORRECT);
    return CKR_OK;
}

START_TEST(try_map_renames_one_code)
{
    calls = 0;
    ASSERT_OK(try_map(CKR_OK));
    ASSERT_RV(try_map(CKR_AEAD_DECRYPT_FAILED), CKR_PIN_INCORRECT);
    ASSERT_RV(try_map(CKR_HOST_MEMORY), CKR_HOST_MEMORY);
    ck_assert_uint_eq(calls, 3);
}
END_TEST

static CK_RV refuse_unless(bool fact)
{
    calls++;
    FAIL_UNLESS(fact, CKR_DATA_LEN_RANGE);
    return CKR_OK;
}

START_TEST(fail_unless_notes_the_fact)
{
    cfr_note_clear();
    ASSERT_OK(refuse_unless(true));
    ck_assert_ptr_null(cfr_note_last()->file);
    ASSERT_RV(refuse_unless(false), CKR_DATA_LEN_RANGE);
    ck_assert_str_eq(cfr_note_last()->words, "fact");
    ck_assert_uint_eq(cfr_note_last()->rv, CKR_DATA_LEN_RANGE);
    ck_assert_ptr_nonnull(strstr(cfr_note_last()->file, "rv_test.c"));
}
END_TEST

static CK_RV drop_or_give(CK_RV rv, struct cfr_thing *object, struct cfr_thing **ret_thing)
{
    AUTO(thing) *thing = object;
    AUTO(thing) *none = NULL;

    (void)none;
    TRY(give(rv));
    *ret_thing = MOVE(thing);
    ck_assert_ptr_null(thing);
    return CKR_OK;
}

START_TEST(auto_drops_on_the_way_out_and_move_gives_away)
{
    unsigned dropped = 0;
    struct cfr_thing thing = {&dropped};
    struct cfr_thing *given = NULL;

    ASSERT_RV(drop_or_give(CKR_HOST_MEMORY, &thing, &given), CKR_HOST_MEMORY);
    ck_assert_uint_eq(dropped, 1);
    ck_assert_ptr_null(given);
    ASSERT_OK(drop_or_give(CKR_OK, &thing, &given));
    ck_assert_uint_eq(dropped, 1);
    ck_assert_ptr_eq(given, &thing);
}
END_TEST

static Suite *suite(void)
{
    Suite *rv = suite_create("rv");
    TCase *tcase = tcase_create("rv");

    tcase_add_test(tcase, try_leaves_at_the_first_failure);
    tcase_add_test(tcase, try_map_renames_one_code);
    tcase_add_test(tcase, fail_unless_notes_the_fact);
    tcase_add_test(tcase, auto_drops_on_the_way_out_and_move_gives_away);
    suite_add_tcase(rv, tcase);
    return rv;
}

TEST_MAIN(suite)
