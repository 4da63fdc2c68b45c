/* SPDX-License-Identifier: Apache-2.0 */
#include "random.h"

uint64_t diff_next(struct diff_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

size_t diff_below(struct diff_random *random, size_t limit)
{
    return limit == 0 ? 0 : (size_t)(diff_next(random) % limit);
}

bool diff_chance(struct diff_random *random, unsigned percent)
{
    return diff_below(random, 100) < percent;
}

void diff_fill(struct diff_random *random, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = (uint8_t)diff_next(random);
    }
}
