/* SPDX-License-Identifier: Apache-2.0 */
#include "support/module_fixture.h"

#include "support/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[128];

void module_must(CK_RV rv, const char *what)
{
    if (rv != CKR_OK) {
        (void)fprintf(stderr, "fixture: %s gave 0x%lx\n", what, rv);
        abort();
    }
}

static const char *scratch(void)
{
    const char *chosen = getenv("TMPDIR");

    if (chosen != NULL) {
        return chosen;
    }
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

void module_fixture_up(void)
{
    (void)snprintf(folder, sizeof(folder), "%s/coffer-module-XXXXXX", scratch());
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        abort();
    }
    module_fixture_configure("");
}

void module_fixture_down(void)
{
    scratch_remove(folder);
}

const char *module_fixture_path(const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

void module_fixture_configure(const char *more)
{
    const char *path = module_fixture_path("coffer.conf");
    FILE *file = fopen(path, "w");

    if (file == NULL || setenv("COFFER_CONF", path, 1) != 0 ||
        fprintf(file, "store = %s/store\npin.kdf.memory_kib = 19456\npin.kdf.passes = 1\n%s", folder, more) <
            0 ||
        fclose(file) != 0) {
        perror(path);
        abort();
    }
    (void)unsetenv("COFFER_STORE");
}

void module_up(void)
{
    MUST(C_Initialize(NULL));
}

void module_down(void)
{
    MUST(C_Finalize(NULL));
}

CK_SESSION_HANDLE module_open(CK_SLOT_ID slot, CK_FLAGS flags)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    MUST(C_OpenSession(slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &session));
    return session;
}

void module_login(CK_SESSION_HANDLE session, CK_USER_TYPE user)
{
    char pin[64];

    (void)snprintf(pin, sizeof(pin), "%s", user == CKU_SO ? MODULE_SO_PIN : MODULE_USER_PIN);
    MUST(C_Login(session, user, (CK_UTF8CHAR_PTR)pin, strlen(pin)));
}

/* The slot with the number that comes after all tokens. */
static CK_SLOT_ID empty_slot(void)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 0;

    MUST(C_GetSlotList(CK_FALSE, NULL, &count));
    MUST(count <= sizeof(slots) / sizeof(slots[0]) ? C_GetSlotList(CK_FALSE, slots, &count)
                                                   : CKR_ARGUMENTS_BAD);
    return slots[count - 1];
}

CK_SLOT_ID module_new_token(const char *label)
{
    CK_SLOT_ID slot = empty_slot();
    CK_SESSION_HANDLE session;
    CK_UTF8CHAR padded[33];
    char so_pin[] = MODULE_SO_PIN;
    char user_pin[] = MODULE_USER_PIN;

    (void)snprintf((char *)padded, sizeof(padded), "%-32s", label);
    MUST(C_InitToken(slot, (CK_UTF8CHAR_PTR)so_pin, strlen(so_pin), padded));
    session = module_open(slot, CKF_RW_SESSION);
    module_login(session, CKU_SO);
    MUST(C_InitPIN(session, (CK_UTF8CHAR_PTR)user_pin, strlen(user_pin)));
    MUST(C_CloseSession(session));
    return slot;
}
