/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/message.h"

CK_FLAGS cfr_message_flags(const struct cfr_mechanism *mechanism, CK_FLAGS flags)
{
    CK_FLAGS with_messages = 0;

    if (mechanism->message != NULL) {
        with_messages |= (flags & CKF_ENCRYPT) != 0 ? CKF_MESSAGE_ENCRYPT | CKF_MULTI_MESSAGE : 0;
        with_messages |= (flags & CKF_DECRYPT) != 0 ? CKF_MESSAGE_DECRYPT | CKF_MULTI_MESSAGE : 0;
    }
    if (mechanism->op != NULL && mechanism->op->restart != NULL) {
        CK_FLAGS parts = mechanism->op->update != NULL ? CKF_MULTI_MESSAGE : 0;

        with_messages |= (flags & CKF_SIGN) != 0 ? CKF_MESSAGE_SIGN | parts : 0;
        with_messages |= (flags & CKF_VERIFY) != 0 ? CKF_MESSAGE_VERIFY | parts : 0;
    }
    return with_messages;
}
