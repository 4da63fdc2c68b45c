/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/evidence/ledger.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { MECHANISMS_MAX = 512, USED_MAX = 16, SOURCE_WORDS = LEDGER_SOURCES_MAX / 64 };

struct entry {
    CK_MECHANISM_TYPE type;
    size_t cases[EVIDENCE_KINDS];
    uint64_t sources[SOURCE_WORDS];
};

static struct ledger {
    size_t count;
    size_t totals[EVIDENCE_KINDS];
    struct entry entries[MECHANISMS_MAX];
} * ledger;

static CK_MECHANISM_TYPE used[USED_MAX]; /* in the case that runs */
static size_t used_count;

static CK_FUNCTION_LIST_3_2 *module;
static CK_FUNCTION_LIST_3_2 watched;

void ledger_open(void)
{
    ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ledger == MAP_FAILED) {
        perror("the ledger");
        exit(EXIT_FAILURE);
    }
}

/* --- Watching --- */

static CK_RV note(const CK_MECHANISM *mechanism, CK_RV rv)
{
    if (mechanism == NULL || rv == CKR_MECHANISM_INVALID || rv == CKR_MECHANISM_PARAM_INVALID) {
        return rv;
    }
    for (size_t i = 0; i < used_count; i++) {
        if (used[i] == mechanism->mechanism) {
            return rv;
        }
    }
    ck_assert_uint_lt(used_count, USED_MAX);
    used[used_count++] = mechanism->mechanism;
    return rv;
}

#define WATCH_INIT(name)                                                                                     \
    static CK_RV watch_##name(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)   \
    {                                                                                                        \
        return note(mechanism, module->C_##name(session, mechanism, key));                                   \
    }

/* C_…Init with a mechanism and a key. */
#define EACH_INIT(WATCH)                                                                                     \
    WATCH(EncryptInit)                                                                                       \
    WATCH(DecryptInit)                                                                                       \
    WATCH(SignInit)                                                                                          \
    WATCH(VerifyInit)                                                                                        \
    WATCH(SignRecoverInit)                                                                                   \
    WATCH(VerifyRecoverInit)

EACH_INIT(WATCH_INIT)

static CK_RV watch_DigestInit(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism)
{
    return note(mechanism, module->C_DigestInit(session, mechanism));
}

static CK_RV watch_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                               CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
    return note(mechanism, module->C_GenerateKey(session, mechanism, template, count, key));
}

static CK_RV watch_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                                   CK_ATTRIBUTE_PTR public_template, CK_ULONG public_count,
                                   CK_ATTRIBUTE_PTR private_template, CK_ULONG private_count,
                                   CK_OBJECT_HANDLE_PTR public_key, CK_OBJECT_HANDLE_PTR private_key)
{
    return note(mechanism,
                module->C_GenerateKeyPair(session, mechanism, public_template, public_count, private_template,
                                          private_count, public_key, private_key));
}

static CK_RV watch_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE wrapping,
                           CK_OBJECT_HANDLE key, CK_BYTE_PTR wrapped, CK_ULONG_PTR len)
{
    return note(mechanism, module->C_WrapKey(session, mechanism, wrapping, key, wrapped, len));
}

static CK_RV watch_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                             CK_OBJECT_HANDLE unwrapping, CK_BYTE_PTR wrapped, CK_ULONG len,
                             CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
    return note(mechanism,
                module->C_UnwrapKey(session, mechanism, unwrapping, wrapped, len, template, count, key));
}

static CK_RV watch_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE base,
                             CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
    return note(mechanism, module->C_DeriveKey(session, mechanism, base, template, count, key));
}

static CK_RV watch_EncapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                                  CK_OBJECT_HANDLE public_key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
                                  CK_BYTE_PTR ciphertext, CK_ULONG_PTR len, CK_OBJECT_HANDLE_PTR key)
{
    return note(mechanism, module->C_EncapsulateKey(session, mechanism, public_key, template, count,
                                                    ciphertext, len, key));
}

static CK_RV watch_DecapsulateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                                  CK_OBJECT_HANDLE private_key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
                                  CK_BYTE_PTR ciphertext, CK_ULONG len, CK_OBJECT_HANDLE_PTR key)
{
    return note(mechanism, module->C_DecapsulateKey(session, mechanism, private_key, template, count,
                                                    ciphertext, len, key));
}

#define SET(name) watched.C_##name = watch_##name;

void ledger_watch(void)
{
    if (p11 == &watched) {
        return;
    }
    module_load();
    module = p11;
    watched = *module;
    EACH_INIT(SET)
    SET(DigestInit)
    SET(GenerateKey)
    SET(GenerateKeyPair)
    SET(WrapKey)
    SET(UnwrapKey)
    SET(DeriveKey)
    SET(EncapsulateKey)
    SET(DecapsulateKey)
    p11 = &watched;
}

/* --- Counting --- */

static struct entry *find(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < ledger->count; i++) {
        if (ledger->entries[i].type == type) {
            return &ledger->entries[i];
        }
    }
    return NULL;
}

static struct entry *find_or_add(CK_MECHANISM_TYPE type)
{
    struct entry *entry = find(type);

    if (entry == NULL) {
        ck_assert_uint_lt(ledger->count, MECHANISMS_MAX);
        entry = &ledger->entries[ledger->count++];
        entry->type = type;
    }
    return entry;
}

void ledger_begin(void)
{
    used_count = 0;
}

void ledger_end(enum evidence kind, size_t source)
{
    ck_assert_uint_lt(source, LEDGER_SOURCES_MAX);
    for (size_t i = 0; i < used_count; i++) {
        struct entry *entry = find_or_add(used[i]);

        entry->cases[kind]++;
        if (kind == EVIDENCE_PUBLISHED) {
            entry->sources[source / 64] |= UINT64_C(1) << source % 64;
        }
    }
    ledger->totals[kind] += used_count != 0;
    used_count = 0;
}

size_t ledger_cases(CK_MECHANISM_TYPE type, enum evidence kind)
{
    const struct entry *entry = find(type);

    return entry == NULL ? 0 : entry->cases[kind];
}

size_t ledger_total(enum evidence kind)
{
    return ledger->totals[kind];
}

bool ledger_has_source(CK_MECHANISM_TYPE type, size_t source)
{
    const struct entry *entry = find(type);

    return entry != NULL && (entry->sources[source / 64] >> source % 64 & 1) != 0;
}

bool ledger_mechanism(size_t index, CK_MECHANISM_TYPE *ret_type)
{
    if (index >= ledger->count) {
        return false;
    }
    *ret_type = ledger->entries[index].type;
    return true;
}
