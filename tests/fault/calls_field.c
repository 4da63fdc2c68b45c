/* SPDX-License-Identifier: Apache-2.0 */
/* Calls with Diffie-Hellman keys; the group's prime lies in the stage's octets. */
#include "fault/stage.h"
#include "support/module_fixture.h"

enum { GROUP_LEN = 256 };

static CK_RV generate_group(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_DH_PKCS_PARAMETER_GEN};
    CK_ATTRIBUTE template[] = {ULONG(CKA_PRIME_BITS, 2048), BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new")};

    return C_GenerateKey(stage->session, &mechanism, TEMPLATE(template), &stage->made[0]);
}

static void check_group(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_DOMAIN_PARAMETERS, "new"), stage->made[0]);
}

static void prepare_group(struct stage *stage)
{
    CK_ATTRIBUTE prime = {CKA_PRIME, stage->octets, GROUP_LEN};
    CK_OBJECT_HANDLE group;

    MUST(generate_group(stage));
    group = stage->made[0];
    stage->made[0] = CK_INVALID_HANDLE;
    MUST(C_GetAttributeValue(stage->session, group, &prime, 1));
    MUST(C_DestroyObject(stage->session, group));
}

static CK_RV generate_field_pair(struct stage *stage)
{
    CK_MECHANISM mechanism = {.mechanism = CKM_DH_PKCS_KEY_PAIR_GEN};
    CK_ATTRIBUTE public_template[] = {{CKA_PRIME, stage->octets, GROUP_LEN},
                                      {CKA_BASE, TEXT_OCTETS("\2"), 1},
                                      BOOL(CKA_TOKEN, true),
                                      TEXT(CKA_LABEL, "new")};
    CK_ATTRIBUTE private_template[] = {BOOL(CKA_TOKEN, true), BOOL(CKA_DERIVE, true), TEXT(CKA_LABEL, "new")};

    return C_GenerateKeyPair(stage->session, &mechanism, TEMPLATE(public_template),
                             TEMPLATE(private_template), &stage->made[0], &stage->made[1]);
}

/* With x = 2 and 2 for the other side's value, nothing depends on chance. */
static CK_RV create_field_private(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
                               ULONG(CKA_KEY_TYPE, CKK_DH),
                               {CKA_PRIME, stage->octets, GROUP_LEN},
                               {CKA_BASE, TEXT_OCTETS("\2"), 1},
                               {CKA_VALUE, TEXT_OCTETS("\2"), 1},
                               BOOL(CKA_DERIVE, true),
                               BOOL(CKA_TOKEN, true),
                               TEXT(CKA_LABEL, "new")};

    return C_CreateObject(stage->session, TEMPLATE(template), &stage->made[0]);
}

static void prepare_field_agreement(struct stage *stage)
{
    prepare_group(stage);
    MUST(create_field_private(stage));
    stage->key = stage->made[0];
    stage->made[0] = CK_INVALID_HANDLE;
}

static CK_RV derive_from_field(struct stage *stage)
{
    CK_MECHANISM mechanism = {CKM_DH_PKCS_DERIVE, TEXT_OCTETS("\2"), 1};
    CK_ATTRIBUTE template[] = {ULONG(CKA_KEY_TYPE, CKK_AES), ULONG(CKA_VALUE_LEN, 32), BOOL(CKA_TOKEN, true),
                               TEXT(CKA_LABEL, "new")};

    return C_DeriveKey(stage->session, &mechanism, stage->key, TEMPLATE(template), &stage->made[0]);
}

static void check_pair(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_PUBLIC_KEY, "new"), stage->made[0]);
    ck_assert_uint_eq(stage_find(stage, CKO_PRIVATE_KEY, "new"), stage->made[1]);
}

static void check_private(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_PRIVATE_KEY, "new"), stage->made[0]);
}

static void check_secret(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_SECRET_KEY, "new"), stage->made[0]);
}

/* clang-format off */
const struct fault_call fault_calls_field[] = {
    {"C_GenerateKey, Diffie-Hellman's group", SCENE_USER, NULL, generate_group, check_group, 1, 0, {0}, {10, 5, 5}},
    {"C_GenerateKeyPair, Diffie-Hellman", SCENE_USER, prepare_group, generate_field_pair,
     check_pair, 2, 0, {0}, {20, 20, 5}},
    {"C_CreateObject, Diffie-Hellman", SCENE_USER, prepare_group, create_field_private,
     check_private, 1, 0, {0}, {10, 10, 5}},
    {"C_DeriveKey, Diffie-Hellman", SCENE_USER, prepare_field_agreement, derive_from_field,
     check_secret, 1, 0, {CKR_PUBLIC_KEY_INVALID}, {10, 10, 5}},
    {0},
};
/* clang-format on */
