/* SPDX-License-Identifier: Apache-2.0 */
#include "fault/stage.h"

#include "base/fault.h"
#include "session/object_table.h"
#include "session/slot.h"
#include "support/module_fixture.h"
#include "support/store_stand_in.h"

#include <stdio.h>
#include <string.h>

static const CK_BYTE prime256v1[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

static void make_secret(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_ATTRIBUTE label)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ATTRIBUTE template[] = {
        BOOL(CKA_TOKEN, true),       ULONG(CKA_VALUE_LEN, 32),
        BOOL(CKA_SENSITIVE, true),   label,
        BOOL(CKA_EXTRACTABLE, true), BOOL(CKA_ENCRYPT, true),
        BOOL(CKA_WRAP, true),        BOOL(CKA_UNWRAP, true),
        BOOL(CKA_DECRYPT, true),     BOOL(CKA_SIGN, true),
        BOOL(CKA_VERIFY, true),      BOOL(CKA_DERIVE, true),
    };
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    MUST(C_GenerateKey(session, &mechanism, TEMPLATE(template), &key));
}

static void make_pair(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_ATTRIBUTE kind,
                      CK_ATTRIBUTE label, CK_BBOOL always)
{
    bool is_ec = type == CKM_EC_KEY_PAIR_GEN;
    CK_MECHANISM mechanism = {.mechanism = type};
    CK_ATTRIBUTE public_template[] = {BOOL(CKA_TOKEN, true), label, kind, BOOL(CKA_VERIFY, true),
                                      BOOL(CKA_ENCRYPT, !is_ec)};
    CK_ATTRIBUTE private_template[] = {
        BOOL(CKA_TOKEN, true),       label,
        BOOL(CKA_SIGN, true),        BOOL(CKA_SENSITIVE, true),
        BOOL(CKA_EXTRACTABLE, true), BOOL(CKA_ALWAYS_AUTHENTICATE, always),
        BOOL(CKA_DERIVE, is_ec),     BOOL(CKA_DECRYPT, !is_ec),
    };
    CK_OBJECT_HANDLE keys[2];

    MUST(C_GenerateKeyPair(session, &mechanism, TEMPLATE(public_template), TEMPLATE(private_template),
                           &keys[0], &keys[1]));
}

static void make_data(CK_SESSION_HANDLE session)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_DATA), BOOL(CKA_TOKEN, true), BOOL(CKA_PRIVATE, true),
                               TEXT(CKA_LABEL, "data"), TEXT(CKA_VALUE, "what the object holds")};
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

    MUST(C_CreateObject(session, TEMPLATE(template), &object));
}

void stage_build(void)
{
    CK_ATTRIBUTE curve = {CKA_EC_PARAMS, (CK_VOID_PTR)(uintptr_t)prime256v1, sizeof(prime256v1)};
    CK_ATTRIBUTE bits = ULONG(CKA_MODULUS_BITS, 1024);
    CK_SESSION_HANDLE session;

    module_fixture_up();
    module_up();
    session = module_open(module_new_token("stage"), CKF_RW_SESSION);
    module_login(session, CKU_USER);
    make_secret(session, CKM_AES_KEY_GEN, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "aes"));
    make_secret(session, CKM_AES_KEY_GEN, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "wrapped"));
    make_secret(session, CKM_GENERIC_SECRET_KEY_GEN, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "secret"));
    make_pair(session, CKM_EC_KEY_PAIR_GEN, curve, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "ec"), false);
    make_pair(session, CKM_EC_KEY_PAIR_GEN, curve, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "careful"), true);
    make_pair(session, CKM_RSA_PKCS_KEY_PAIR_GEN, bits, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "rsa"), false);
    make_data(session);
    module_down();
    stand_in_save();
}

void stage_remove(void)
{
    module_fixture_down();
}

/* A scene without a store puts the files away by which the module knows that there is one. */
static void move_files(bool away)
{
    static const char *const names[][2] = {{"store/coffer.mdb", "coffer.mdb.kept"},
                                           {"store/anchor", "anchor.kept"}};

    for (size_t i = 0; i < COUNT(names); i++) {
        char from[256];

        (void)snprintf(from, sizeof(from), "%s", module_fixture_path(names[i][away ? 0 : 1]));
        (void)rename(from, module_fixture_path(names[i][away ? 1 : 0]));
    }
}

static bool is_new;

void stage_clear(void)
{
    for (int kind = 0; kind < CFR_FAULT_KINDS; kind++) {
        cfr_fault_arm((enum cfr_fault_kind)kind, 0);
    }
    (void)C_Finalize(NULL);
    if (is_new) {
        move_files(false);
        is_new = false;
    }
}

void stage_set(enum scene scene, struct stage *ret_stage)
{
    struct stage stage = {0};

    if (scene == SCENE_NEW) {
        stand_in_reset();
        move_files(true);
        is_new = true;
    } else {
        stand_in_restore();
    }
    if (scene != SCENE_DOWN) {
        module_up();
    }
    if (scene >= SCENE_PUBLIC) {
        stage.session = module_open(stage.slot, CKF_RW_SESSION);
    }
    if (scene == SCENE_PUBLIC || scene == SCENE_USER) {
        stage.other = module_open(stage.slot, 0);
    }
    if (scene == SCENE_USER || scene == SCENE_SO) {
        module_login(stage.session, scene == SCENE_SO ? CKU_SO : CKU_USER);
    }
    *ret_stage = stage;
}

/* A search leaves what it finds at hand; the calls are to read it from the store, where more can fail. */
static void forget_objects(CK_SLOT_ID slot)
{
    struct cfr_token *token = cfr_slots_at(slot);

    ck_assert_ptr_nonnull(token);
    cfr_lock_acquire(&token->lock);
    cfr_objects_forget_locked(token, 0);
    cfr_lock_release(&token->lock);
}

CK_OBJECT_HANDLE stage_find(const struct stage *stage, CK_OBJECT_CLASS class, const char *label)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, class),
                               {CKA_LABEL, (CK_VOID_PTR)(uintptr_t)label, strlen(label)}};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;

    MUST(C_FindObjectsInit(stage->session, TEMPLATE(template)));
    MUST(C_FindObjects(stage->session, found, 2, &count));
    MUST(C_FindObjectsFinal(stage->session));
    ck_assert_msg(count == 1, "%lu objects are called %s", count, label);
    forget_objects(stage->slot);
    return found[0];
}

CK_ULONG stage_count(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE found[256];
    CK_ULONG count = 0;

    MUST(C_FindObjectsInit(session, NULL, 0));
    MUST(C_FindObjects(session, found, COUNT(found), &count));
    MUST(C_FindObjectsFinal(session));
    ck_assert_uint_lt(count, COUNT(found));
    return count;
}

void stage_choose_aes(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_SECRET_KEY, "aes");
}

void stage_choose_secret(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_SECRET_KEY, "secret");
    stage->second = stage->key;
}

void stage_choose_ec(struct stage *stage)
{
    stage->key = stage_find(stage, CKO_PRIVATE_KEY, "ec");
    stage->second = stage_find(stage, CKO_PUBLIC_KEY, "ec");
}
