/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include "names.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *diff_scratch_make(void)
{
    static char folder[200];
    const char *base = getenv("TMPDIR");

    (void)snprintf(folder, sizeof(folder), "%s/coffer-differential-XXXXXX", base == NULL ? "/tmp" : base);
    return mkdtemp(folder);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void diff_scratch_remove(const char *folder)
{
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    return file != NULL && fputs(text, file) >= 0 && fclose(file) == 0;
}

/* The least costly PINs that are allowed, and no lock: wrong ones are tried by the hundred. */
static bool configure(const char *folder)
{
    char path[256];
    char text[512];

    (void)snprintf(path, sizeof(path), "%s/coffer.conf", folder);
    if (!write_file(path, "pin.kdf.memory_kib = 19456\npin.kdf.passes = 1\npin.attempts = 1000\n") ||
        setenv("COFFER_CONF", path, 1) != 0) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/coffer", folder);
    if (setenv("COFFER_STORE", path, 1) != 0) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/softhsm", folder);
    (void)snprintf(text, sizeof(text),
                   "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", path);
    if (mkdir(path, 0700) != 0) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/softhsm.conf", folder);
    return write_file(path, text) && setenv("SOFTHSM2_CONF", path, 1) == 0;
}

static bool load(struct diff_world *world, unsigned side, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get = NULL;

    if (library != NULL) {
        *(void **)&get = dlsym(library, "C_GetFunctionList");
    }
    if (get == NULL) {
        (void)fprintf(stderr, "%s\n", dlerror());
        return false;
    }
    return get(&world->at[side]) == CKR_OK;
}

/* SoftHSM gives the token a new slot number when it is made, so the slot is looked up afterwards. */
static bool find_slot(struct diff_world *world, unsigned side)
{
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    CK_TOKEN_INFO info;

    if (world->at[side]->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) {
        return false;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        if (world->at[side]->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            (info.flags & CKF_TOKEN_INITIALIZED) != 0) {
            world->slot[side] = slots[i];
            return true;
        }
    }
    return false;
}

static bool make_token(struct diff_world *world, unsigned side)
{
    const CK_FUNCTION_LIST_PTR at = world->at[side];
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_UTF8CHAR label[32];
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    CK_SESSION_HANDLE session;

    memset(label, ' ', sizeof(label));
    memcpy(label, "differential", 12);
    return at->C_Initialize(&args) == CKR_OK && at->C_GetSlotList(CK_TRUE, slots, &count) == CKR_OK &&
           count > 0 &&
           at->C_InitToken(slots[0], (CK_UTF8CHAR_PTR)world->so_pin, strlen(world->so_pin), label) ==
               CKR_OK &&
           find_slot(world, side) &&
           at->C_OpenSession(world->slot[side], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session) ==
               CKR_OK &&
           at->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR)world->so_pin, strlen(world->so_pin)) == CKR_OK &&
           at->C_InitPIN(session, (CK_UTF8CHAR_PTR)world->user_pin, strlen(world->user_pin)) == CKR_OK &&
           at->C_CloseSession(session) == CKR_OK;
}

bool diff_modules_start(struct diff_world *world, const char *folder, const char *const paths[SIDES])
{
    (void)strcpy(world->so_pin, "so pin 1234");
    (void)strcpy(world->user_pin, "user pin 12");
    world->has_user_pin = true;
    world->user = CKU_USER;
    if (!configure(folder)) {
        (void)fprintf(stderr, "%s cannot be prepared\n", folder);
        return false;
    }
    for (unsigned s = 0; s < SIDES; s++) {
        diff_mark(world, s, "start");
        if (!load(world, s, paths[s]) || !make_token(world, s)) {
            (void)fprintf(stderr, "%s: no token can be made\n", paths[s]);
            return false;
        }
    }
    diff_sessions_restart(world);
    return !world->is_over;
}
