/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In Argon2's place in programs that log in thousands of times (linked with --wrap=argon2id_hash_raw): every
 * input counts, nothing is slow, and nothing is safe.
 */
#include <stddef.h>
#include <stdint.h>

int __wrap_argon2id_hash_raw(uint32_t passes, uint32_t memory_kib, uint32_t lanes, const void *pin,
                             size_t pin_len, const void *salt, size_t salt_len, void *hash, size_t hash_len);

static uint64_t mix(uint64_t state, const void *octets, size_t len)
{
    const uint8_t *at = octets;

    for (size_t i = 0; i < len; i++) {
        state = (state ^ at[i]) * UINT64_C(0x100000001b3);
        state ^= state >> 29;
    }
    return (state ^ len) * UINT64_C(0x9e3779b97f4a7c15);
}

int __wrap_argon2id_hash_raw(uint32_t passes, uint32_t memory_kib, uint32_t lanes, const void *pin,
                             size_t pin_len, const void *salt, size_t salt_len, void *hash, size_t hash_len)
{
    const uint32_t cost[3] = {passes, memory_kib, lanes};
    uint64_t state = mix(mix(mix(0, cost, sizeof(cost)), pin, pin_len), salt, salt_len);
    uint8_t *out = hash;

    for (size_t i = 0; i < hash_len; i++) {
        state = mix(state, &i, sizeof(i));
        out[i] = (uint8_t)(state >> 32);
    }
    return 0;
}
