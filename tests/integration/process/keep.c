/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/process/keep.h"

#include "integration/support/process.h"

/* A child gives up the environment of its parent, which it must not free. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* TSan starts no threads in the child of a fork with threads unless it is told that this is meant. */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

CK_FUNCTION_LIST_3_2 *keep_plain;
CK_SLOT_ID slot;
CK_SESSION_HANDLE session;
CK_OBJECT_HANDLE aes;
struct key_pair ec;

static CK_FUNCTION_LIST_3_2 *fork_safe(void)
{
    CK_INTERFACE *interface = NULL;

    OK(p11->C_GetInterface(octets_of("PKCS 11"), &(CK_VERSION){3, 2}, &interface, CKF_INTERFACE_FORK_SAFE));
    ck_assert_uint_eq(interface->flags, CKF_INTERFACE_FORK_SAFE);
    return interface->pFunctionList;
}

void keep_setup(void)
{
    quiet_setup();
    keep_plain = p11;
}

void keep_teardown(void)
{
    p11 = keep_plain;
    quiet_teardown();
}

void keep_begin(int way)
{
    if (way == BY_OPTION) {
        scratch_configure("fork = keep\n");
    } else {
        p11 = fork_safe();
    }
    session = client_ready();
    ck_assert(slot_find("token", &slot));
    aes = aes_make(session, true, "aes");
    ec = ec_make(session, true, "ec");
}

/* Several children at once, while the parent does the same. */
void keep_with_children(int (*body)(void *arg), void *arg)
{
    pid_t children[CHILDREN];
    int own;

    for (int i = 0; i < CHILDREN; i++) {
        children[i] = child_start(body, arg);
    }
    own = body(arg);
    for (int i = 0; i < CHILDREN; i++) {
        int ended = child_end(children[i]);

        quiet_verdict();
        ck_assert_int_eq(ended, 0);
    }
    quiet_verdict();
    ck_assert_int_eq(own, 0);
}

bool keep_all_works(void)
{
    CK_SESSION_INFO info;

    return QUIET(CKR_OK, p11->C_GetSessionInfo(session, &info)) &&
           QUIET_TRUE(info.state == CKS_RW_USER_FUNCTIONS && info.slotID == slot) &&
           quiet_pair_works(session, ec) && quiet_aes_works(session, aes) &&
           QUIET_TRUE(quiet_find(session, CKO_SECRET_KEY, "aes") == aes);
}
