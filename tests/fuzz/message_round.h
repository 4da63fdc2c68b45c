/* SPDX-License-Identifier: Apache-2.0 */
/* Messages with parameters of every kind: what is encrypted comes back, whole and in parts, and only as it is. */
#ifndef CFR_TESTS_FUZZ_MESSAGE_ROUND_H
#define CFR_TESTS_FUZZ_MESSAGE_ROUND_H

#include "fuzz/parameters.h"

/**
 * A run of messages with @p key, whose parameter is read from @p input. @p cut: how long the associated data, which
 * is the beginning of @p text, and the parts are.
 */
void message_round(struct input *input, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                   CK_OBJECT_HANDLE key, struct cfr_span text, uint8_t cut);

#endif
