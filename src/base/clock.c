/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

static atomic_int_fast64_t shift_s;

int64_t cfr_clock_utc_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec + atomic_load_explicit(&shift_s, memory_order_relaxed);
}

void cfr_clock_utc_text(char text[CFR_CLOCK_UTC_LEN])
{
    const time_t now = (time_t)cfr_clock_utc_s();
    char digits[CFR_CLOCK_UTC_LEN + 1];
    struct tm parts = {0};

    (void)gmtime_r(&now, &parts);
    if (strftime(digits, sizeof(digits), "%Y%m%d%H%M%S00", &parts) != CFR_CLOCK_UTC_LEN) {
        memset(digits, '0', CFR_CLOCK_UTC_LEN); /* before the year 1000 or after 9999 */
    }
    memcpy(text, digits, CFR_CLOCK_UTC_LEN);
}

int64_t cfr_clock_monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void cfr_clock_shift(int64_t seconds)
{
    atomic_fetch_add(&shift_s, seconds);
}

void cfr_clock_sleep_ms(unsigned ms)
{
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}
