/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders of what lies in records and wrapped keys, each fed with octets as they are. */
#ifndef CFR_TESTS_FUZZ_DECODERS_H
#define CFR_TESTS_FUZZ_DECODERS_H

#include "base/bytes.h"

/** Feed one of them; the module is up. What is accepted and written again must be the same. */
void decoders_feed(unsigned which, struct cfr_span text);

#endif
