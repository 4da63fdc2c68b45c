/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/evidence/evidence.h"

TCase *random_tcase(void)
{
    return tcase_create("random");
}
