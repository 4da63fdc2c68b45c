/* SPDX-License-Identifier: Apache-2.0 */
/* What has been compared: which functions, and with which mechanisms. */
#ifndef DIFF_COVERAGE_H
#define DIFF_COVERAGE_H

#include "world.h"

/** A call has been judged, whose circumstances begin with the mechanism if it has one. */
void diff_cover(struct diff_shared *shared, const char *call, const char *hint, bool both_ok);

/** Print each function with its mechanisms: how often compared, and how often both had CKR_OK. */
void diff_coverage_print(const struct diff_shared *shared);

#endif
