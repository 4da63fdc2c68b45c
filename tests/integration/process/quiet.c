/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/process/quiet.h"

#include "integration/support/process.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>

enum { NOTE_LEN = 400 };

/* Shared with every child: the first note counts. */
static struct {
    atomic_bool is_taken;
    atomic_bool is_written;
    char text[NOTE_LEN];
} * note;

void quiet_setup(void)
{
    void *memory = mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    note = memory;
    scratch_setup();
    module_load();
}

void quiet_teardown(void)
{
    scratch_teardown();
}

bool quiet_is_wrong(void)
{
    return atomic_load(&note->is_taken);
}

void quiet_verdict(void)
{
    ck_assert_msg(!quiet_is_wrong(), "%s",
                  atomic_load(&note->is_written) ? note->text : "something, but its words are lost");
}

void quiet_note(const char *format, ...)
{
    va_list args;

    if (!atomic_exchange(&note->is_taken, true)) {
        va_start(args, format);
        (void)vsnprintf(note->text, NOTE_LEN, format, args);
        va_end(args);
        atomic_store(&note->is_written, true);
    }
}

bool quiet_rv(CK_RV expected, CK_RV actual, const char *what)
{
    if (actual != expected) {
        quiet_note("%s: %s, not %s", what, rv_text(actual), rv_text(expected));
    }
    return actual == expected;
}

void quiet_run(int (*body)(void *arg), void *arg)
{
    int ended = child_run(body, arg);

    quiet_verdict();
    ck_assert_int_eq(ended, 0);
}

bool quiet_ready(CK_SLOT_ID slot, CK_SESSION_HANDLE *ret_session)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;

    return QUIET(CKR_OK, p11->C_Initialize(&args)) &&
           QUIET(CKR_OK, p11->C_OpenSession(slot, flags, NULL, NULL, ret_session)) &&
           QUIET(CKR_OK, try_login(*ret_session, CKU_USER, USER_PIN));
}

CK_OBJECT_HANDLE quiet_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label)
{
    CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, class), ATTR_TEXT(CKA_LABEL, label)};
    CK_OBJECT_HANDLE found[2] = {CK_INVALID_HANDLE, CK_INVALID_HANDLE};
    CK_ULONG count = 0;

    if (!QUIET(CKR_OK, p11->C_FindObjectsInit(session, TEMPLATE(template))) ||
        !QUIET(CKR_OK, p11->C_FindObjects(session, found, COUNT(found), &count)) ||
        !QUIET(CKR_OK, p11->C_FindObjectsFinal(session))) {
        return CK_INVALID_HANDLE;
    }
    if (count > 1) {
        quiet_note("more than one object of class %lu is labelled \"%s\"", class, label);
    }
    return found[0];
}

static const char message[] = "what is encrypted and signed";

bool quiet_aes_works(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key)
{
    struct result cipher;
    struct result text;

    return QUIET(CKR_OK, try_encrypt(session, key, message, &cipher)) &&
           QUIET(CKR_OK, try_decrypt(session, key, &cipher, &text)) &&
           QUIET_TRUE(text.len == strlen(message) && memcmp(text.octets, message, text.len) == 0);
}

bool quiet_pair_works(CK_SESSION_HANDLE session, struct key_pair pair)
{
    struct result signature;

    return QUIET(CKR_OK, try_sign(session, CKM_ECDSA_SHA256, pair.private, message, &signature)) &&
           QUIET(CKR_OK, try_verify(session, CKM_ECDSA_SHA256, pair.public, message, &signature));
}
