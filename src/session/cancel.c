/* SPDX-License-Identifier: Apache-2.0 */
#include "session/cancel.h"

#include "session/session.h"

static void cancel_use(struct cfr_session *session, int use)
{
    if (session->operations[use].is_active) {
        cfr_operation_cancel(&session->operations[use]);
    }
}

static void cancel_messages(struct cfr_session *session, int use)
{
    cfr_message_cancel(session, (enum cfr_use)use);
}

static void cancel_find(struct cfr_session *session, int use)
{
    (void)use;
    cfr_find_end(&session->find);
}

static void cancel_pair(struct cfr_session *session, int use)
{
    (void)use;
    cfr_job_leave(session->job);
    session->job = NULL;
}

/* A flag may have several rows: all of them are done. */
static const struct {
    CK_FLAGS flag;
    void (*cancel)(struct cfr_session *session, int use);
    int use; /* enum cfr_use, where there is one for each */
} rows[] = {
    /* clang-format off */
    {CKF_ENCRYPT,      cancel_use,  CFR_USE_ENCRYPT},
    {CKF_DECRYPT,      cancel_use,  CFR_USE_DECRYPT},
    {CKF_DIGEST,       cancel_use,  CFR_USE_DIGEST},
    {CKF_SIGN,         cancel_use,  CFR_USE_SIGN},
    {CKF_SIGN_RECOVER, cancel_use,  CFR_USE_SIGN_RECOVER},
    {CKF_VERIFY,       cancel_use,  CFR_USE_VERIFY},
    {CKF_VERIFY,       cancel_use,  CFR_USE_VERIFY_SIGNATURE},
    {CKF_VERIFY_RECOVER, cancel_use, CFR_USE_VERIFY_RECOVER},
    {CKF_MESSAGE_ENCRYPT, cancel_messages, CFR_USE_ENCRYPT},
    {CKF_MESSAGE_DECRYPT, cancel_messages, CFR_USE_DECRYPT},
    {CKF_MESSAGE_SIGN, cancel_messages, CFR_USE_SIGN},
    {CKF_MESSAGE_VERIFY, cancel_messages, CFR_USE_VERIFY},
    {CKF_FIND_OBJECTS, cancel_find, 0},
    {CKF_GENERATE_KEY_PAIR, cancel_pair, 0},
    /* clang-format on */
};

void cfr_session_cancel(struct cfr_session *session, CK_FLAGS flags)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((flags & rows[i].flag) != 0) {
            rows[i].cancel(session, rows[i].use);
        }
    }
}
