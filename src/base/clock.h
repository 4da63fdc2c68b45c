/* SPDX-License-Identifier: Apache-2.0 */
/* Time, in one place so that a test can set it. */
#ifndef CFR_BASE_CLOCK_H
#define CFR_BASE_CLOCK_H

#include <stdint.h>

/** Seconds since 1970-01-01T00:00:00Z. */
int64_t cfr_clock_utc_s(void);

enum { CFR_CLOCK_UTC_LEN = 16 };

/** The time of cfr_clock_utc_s() as YYYYMMDDhhmmss00, the form of utcTime in CK_TOKEN_INFO; not terminated. */
void cfr_clock_utc_text(char text[CFR_CLOCK_UTC_LEN]);

/** Milliseconds on a clock that never goes back. */
int64_t cfr_clock_monotonic_ms(void);

/** Do nothing for a while; a signal may cut it short. */
void cfr_clock_sleep_ms(unsigned ms);

/** Add @p seconds to what cfr_clock_utc_s() reports; for tests. */
void cfr_clock_shift(int64_t seconds);

#endif
