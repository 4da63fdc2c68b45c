/* SPDX-License-Identifier: Apache-2.0 */
/* One Check program per tested file: TEST_MAIN(suite) at its end, where suite() returns a Suite. */
#ifndef CFR_TESTS_SUPPORT_MAIN_H
#define CFR_TESTS_SUPPORT_MAIN_H

#include <check.h>
#include <stdlib.h>

#define TEST_MAIN(make_suite)                                                                                \
    int main(void)                                                                                           \
    {                                                                                                        \
        SRunner *runner = srunner_create(make_suite());                                                      \
        int failed;                                                                                          \
                                                                                                             \
        srunner_run_all(runner, CK_ENV);                                                                     \
        failed = srunner_ntests_failed(runner);                                                              \
        srunner_free(runner);                                                                                \
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;                                                    \
    }

#endif
