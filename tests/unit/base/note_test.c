/* SPDX-License-Identifier: Apache-2.0 */
#include "base/note.h"
#include "base/rv.h"
#include "support/main.h"
#include "unit/base/harness.h"

#include <stdio.h>
#include <string.h>

START_TEST(there_is_none_at_first)
{
    ck_assert_ptr_null(cfr_note_last()->file);
    cfr_note_clear();
    ck_assert_ptr_null(cfr_note_last()->file);
}
END_TEST

START_TEST(place_and_words_are_kept)
{
    static const char words[] = "len <= max";

    ck_assert_uint_eq(cfr_note_here(CKR_PIN_LEN_RANGE, "file.c", 12, words), CKR_PIN_LEN_RANGE);
    ck_assert_uint_eq(cfr_note_last()->rv, CKR_PIN_LEN_RANGE);
    ck_assert_str_eq(cfr_note_last()->file, "file.c");
    ck_assert_int_eq(cfr_note_last()->line, 12);
    ck_assert_ptr_eq(cfr_note_last()->words, words);
    cfr_note_clear();
    ck_assert_ptr_null(cfr_note_last()->file);
}
END_TEST

START_TEST(fail_formats_and_names_its_place)
{
    int line = __LINE__ + 2;

    ck_assert_uint_eq(cfr_fail(CKR_DEVICE_ERROR, "record %d of %s", 3, "store"), CKR_DEVICE_ERROR);
    ck_assert_uint_eq(cfr_note_last()->rv, CKR_DEVICE_ERROR);
    ck_assert_str_eq(cfr_note_last()->words, "record 3 of store");
    ck_assert_ptr_nonnull(strstr(cfr_note_last()->file, "note_test.c"));
    ck_assert_int_eq(cfr_note_last()->line, line);
}
END_TEST

START_TEST(long_words_are_cut)
{
    char text[400];

    memset(text, 'w', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    (void)cfr_fail(CKR_GENERAL_ERROR, "%s", text);
    ck_assert_uint_eq(strlen(cfr_note_last()->words), sizeof(cfr_note_last()->text) - 1);
    (void)cfr_fail(CKR_GENERAL_ERROR, "%s", "short");
    ck_assert_str_eq(cfr_note_last()->words, "short");
}
END_TEST

START_TEST(the_last_failure_wins)
{
    (void)cfr_fail(CKR_GENERAL_ERROR, "first");
    (void)cfr_note_here(CKR_HOST_MEMORY, "b.c", 1, "second");
    ck_assert_uint_eq(cfr_note_last()->rv, CKR_HOST_MEMORY);
    ck_assert_str_eq(cfr_note_last()->words, "second");
}
END_TEST

static void keep_own(unsigned index, void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++) {
        char expected[32];

        (void)snprintf(expected, sizeof(expected), "thread %u round %d", index, i);
        (void)cfr_fail(index, "thread %u round %d", index, i);
        if (strcmp(cfr_note_last()->words, expected) != 0 || cfr_note_last()->rv != index) {
            ck_abort_msg("a note of another thread");
        }
    }
}

START_TEST(each_thread_has_its_own)
{
    (void)cfr_fail(CKR_GENERAL_ERROR, "main");
    harness_threads(8, keep_own, NULL);
    ck_assert_str_eq(cfr_note_last()->words, "main");
}
END_TEST

static Suite *suite(void)
{
    Suite *note = suite_create("note");
    TCase *tcase = tcase_create("note");

    tcase_add_test(tcase, there_is_none_at_first);
    tcase_add_test(tcase, place_and_words_are_kept);
    tcase_add_test(tcase, fail_formats_and_names_its_place);
    tcase_add_test(tcase, long_words_are_cut);
    tcase_add_test(tcase, the_last_failure_wins);
    tcase_add_test(tcase, each_thread_has_its_own);
    suite_add_tcase(note, tcase);
    return note;
}

TEST_MAIN(suite)
