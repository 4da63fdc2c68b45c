/* SPDX-License-Identifier: Apache-2.0 */
/* Long work that asks, every now and then, whether it is still wanted. */
#ifndef CFR_BASE_PROGRESS_H
#define CFR_BASE_PROGRESS_H

#include <stdbool.h>

/** Asked by the thread that works, at points where it holds no lock of its own. */
struct cfr_progress {
    bool (*go_on)(void *arg); /**< false: give up, with CKR_FUNCTION_CANCELED */
    void *arg;
};

#endif
