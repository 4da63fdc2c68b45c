/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name {
    CK_ULONG value;
    const char *text;
};

/* Names that the cases use, and flags that may come out. */
/* clang-format off */
static const struct name users[] = {{CKU_SO, "SO"}, {CKU_USER, "USER"}, {CKU_CONTEXT_SPECIFIC, "CONTEXT_SPECIFIC"}, {0}};
#define CLASS(name) {CKO_##name, #name},
static const struct name classes[] = {CLASS(DATA) CLASS(CERTIFICATE) CLASS(PUBLIC_KEY) CLASS(PRIVATE_KEY)
    CLASS(SECRET_KEY) CLASS(PROFILE) {0}};
#define ATTR(name) {CKA_##name, #name},
static const struct name attributes[] = {ATTR(CLASS) ATTR(TOKEN) ATTR(PRIVATE) ATTR(LABEL) ATTR(UNIQUE_ID) ATTR(VALUE)
    ATTR(ID) ATTR(MODULUS) ATTR(PUBLIC_EXPONENT) ATTR(PROFILE_ID) {0}};
#define MECH(name) {CKM_##name, #name},
static const struct name mechanisms[] = {MECH(RSA_PKCS_KEY_PAIR_GEN) MECH(RSA_PKCS) MECH(SHA256_RSA_PKCS) MECH(SHA512)
    MECH(SHA256) MECH(ECDSA) MECH(AES_CBC) {0}};
#define FLAG(name) {CKF_##name, #name},
static const struct name session_flags[] = {FLAG(RW_SESSION) FLAG(SERIAL_SESSION) FLAG(ASYNC_SESSION) {0}};
static const struct name slot_flags[] = {FLAG(TOKEN_PRESENT) FLAG(REMOVABLE_DEVICE) FLAG(HW_SLOT) {0}};
static const struct name token_flags[] = {FLAG(RNG) FLAG(WRITE_PROTECTED) FLAG(LOGIN_REQUIRED) FLAG(USER_PIN_INITIALIZED)
    FLAG(RESTORE_KEY_NOT_NEEDED) FLAG(CLOCK_ON_TOKEN) FLAG(PROTECTED_AUTHENTICATION_PATH) FLAG(DUAL_CRYPTO_OPERATIONS)
    FLAG(TOKEN_INITIALIZED) FLAG(SECONDARY_AUTHENTICATION) FLAG(USER_PIN_COUNT_LOW) FLAG(USER_PIN_FINAL_TRY)
    FLAG(USER_PIN_LOCKED) FLAG(USER_PIN_TO_BE_CHANGED) FLAG(SO_PIN_COUNT_LOW) FLAG(SO_PIN_FINAL_TRY)
    FLAG(SO_PIN_LOCKED) FLAG(SO_PIN_TO_BE_CHANGED) FLAG(ERROR_STATE) FLAG(ASYNC_SESSION_SUPPORTED) {0}};
static const struct name mechanism_flags[] = {FLAG(HW) FLAG(ENCRYPT) FLAG(DECRYPT) FLAG(DIGEST) FLAG(SIGN)
    FLAG(SIGN_RECOVER) FLAG(VERIFY) FLAG(VERIFY_RECOVER) FLAG(GENERATE) FLAG(GENERATE_KEY_PAIR) FLAG(WRAP) FLAG(UNWRAP)
    FLAG(DERIVE) FLAG(MESSAGE_ENCRYPT) FLAG(MESSAGE_DECRYPT) FLAG(MESSAGE_SIGN) FLAG(MESSAGE_VERIFY) {0}};
/* clang-format on */

static const struct name *const tables[] = {
    [PROFILE_USER] = users,
    [PROFILE_CLASS] = classes,
    [PROFILE_ATTRIBUTE] = attributes,
    [PROFILE_MECHANISM] = mechanisms,
    [PROFILE_SESSION_FLAGS] = session_flags,
    [PROFILE_SLOT_FLAGS] = slot_flags,
    [PROFILE_TOKEN_FLAGS] = token_flags,
    [PROFILE_MECHANISM_FLAGS] = mechanism_flags,
};

static bool is_flags(enum profile_kind kind)
{
    return kind >= PROFILE_SESSION_FLAGS;
}

/* One name of @p len octets. */
static bool one_value(enum profile_kind kind, const char *text, size_t len, CK_ULONG *ret_value)
{
    for (const struct name *name = tables[kind]; name->text != NULL; name++) {
        if (strlen(name->text) == len && strncmp(name->text, text, len) == 0) {
            *ret_value = name->value;
            return true;
        }
    }
    return false;
}

bool profile_value(enum profile_kind kind, const char *text, CK_ULONG *ret_value)
{
    CK_ULONG all = 0;
    CK_ULONG value;
    char *end;

    value = strtoul(text, &end, 0);
    if (*text != 0 && *end == 0) {
        *ret_value = value;
        return true;
    }
    while (*text != 0) {
        size_t len = is_flags(kind) ? strcspn(text, "| ") : strlen(text);

        if (!one_value(kind, text, len, &value)) {
            return false;
        }
        all |= value;
        text += len + (text[len] != 0);
    }
    *ret_value = all;
    return true;
}

void profile_name(enum profile_kind kind, CK_ULONG value, char *text)
{
    CK_ULONG rest = value;

    *text = 0;
    for (const struct name *name = tables[kind]; name->text != NULL; name++) {
        if (is_flags(kind) ? (rest & name->value) != 0 : value == name->value) {
            (void)snprintf(text + strlen(text), 512 - strlen(text), "%s%s", *text == 0 ? "" : "|",
                           name->text);
            rest &= ~name->value;
        }
    }
    if (*text == 0 || (is_flags(kind) && rest != 0)) {
        (void)snprintf(text + strlen(text), 512 - strlen(text), "%s0x%lx", *text == 0 ? "" : "|", rest);
    }
}
