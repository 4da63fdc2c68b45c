/* SPDX-License-Identifier: Apache-2.0 */
/* A call of the SP 800-108 derivations in the making, and what it has to give by the definition of SP 800-108. */
#ifndef CFR_TESTS_INTEGRATION_CRYPTOKI_KBKDF_H
#define CFR_TESTS_INTEGRATION_CRYPTOKI_KBKDF_H

#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"

enum { KBKDF_FIELDS_MAX = 32, KBKDF_MORE_MAX = 16, KBKDF_MODES = 3 };

/** Counter, feedback, double pipeline. */
extern const CK_MECHANISM_TYPE kbkdf_modes[KBKDF_MODES];

/** Both structures, fields and further keys; there is room for one more than is allowed of each. */
struct kbkdf_call {
    CK_MECHANISM_TYPE mode;
    CK_MECHANISM_TYPE prf;
    CK_PRF_DATA_PARAM fields[KBKDF_FIELDS_MAX + 1];
    CK_ULONG field_count;
    struct cfr_span iv;
    CK_DERIVED_KEY more[KBKDF_MORE_MAX + 1];
    CK_ULONG more_count;
    CK_SP800_108_COUNTER_FORMAT counter;
    CK_SP800_108_DKM_LENGTH_FORMAT length;
    CK_SP800_108_KDF_PARAMS plain;
    CK_SP800_108_FEEDBACK_KDF_PARAMS feedback;
    CK_MECHANISM mechanism;
};

/** The only one: static, because mechanisms point into it. */
extern struct kbkdf_call kbkdf_call;

/** Begin anew, without fields; or with the usual ones: iteration, counter, label. */
void kbkdf_begin(CK_MECHANISM_TYPE mode, CK_MECHANISM_TYPE prf, CK_ULONG counter_bits);
void kbkdf_simple(CK_MECHANISM_TYPE mode, CK_MECHANISM_TYPE prf, CK_ULONG counter_bits);

/** Append a field. The iteration variable of counter mode is its counter: kbkdf_iteration() adds nothing there. */
void kbkdf_field(CK_PRF_DATA_TYPE type, void *value, CK_ULONG len);
void kbkdf_octets(struct cfr_span octets);
void kbkdf_counter(void);
void kbkdf_iteration(void);

/** The mechanism with its parameter; valid until the call changes. */
const CK_MECHANISM *kbkdf_end(void);

/**
 * Keys of @p lens octets, one after the other, by libcrypto's MACs. @p hash NULL: CMAC. Keys in fields have the
 * value pattern(11).
 */
struct cfr_span kbkdf_by_definition(const struct hash_row *hash, struct cfr_span key, const size_t *lens,
                                    size_t count);

#endif
