/* SPDX-License-Identifier: Apache-2.0 */
#include "store/guard.h"
#include "support/main.h"

static Suite *guard_suite(void)
{
    Suite *suite = suite_create("store guards");

    suite_add_tcase(suite, guard_process_case());
    suite_add_tcase(suite, guard_descriptor_case());
    suite_add_tcase(suite, guard_place_case());
    suite_add_tcase(suite, guard_room_case());
    suite_add_tcase(suite, guard_failure_case());
    return suite;
}

TEST_MAIN(guard_suite)
