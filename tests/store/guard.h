/* SPDX-License-Identifier: Apache-2.0 */
/* The hazards of LMDB in a foreign process, each provoked. */
#ifndef CFR_TESTS_STORE_GUARD_H
#define CFR_TESTS_STORE_GUARD_H

#include "store/fixture.h"

TCase *guard_process_case(void);
TCase *guard_descriptor_case(void);
TCase *guard_place_case(void);
TCase *guard_room_case(void);
TCase *guard_failure_case(void);

#endif
