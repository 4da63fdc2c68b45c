/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedule of TLS 1.2 (PKCS #11 5.18 with the mechanisms of 6.39 and 6.40). */
#include "fault/stage.h"
#include "support/module_fixture.h"

static void check_secret(struct stage *stage)
{
    ck_assert_uint_eq(stage_find(stage, CKO_SECRET_KEY, "new"), stage->made[0]);
}

static void check_two(struct stage *stage)
{
    ck_assert_uint_ne(stage->made[0], stage->made[1]);
    ck_assert_uint_ne(stage->made[1], CK_INVALID_HANDLE);
}

static CK_BYTE randoms[2][32] = {"the client's", "the server's"};

static void choose_master(struct stage *stage)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET),
                               BOOL(CKA_DERIVE, true),
                               TEXT(CKA_VALUE, "a master secret of forty-eight octets, no more..")};

    MUST(C_CreateObject(stage->session, TEMPLATE(template), &stage->key));
}

static CK_RV derive_master(struct stage *stage)
{
    CK_VERSION version = {0};
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS params = {{randoms[0], 32, randoms[1], 32}, &version, CKM_SHA256};
    CK_MECHANISM mechanism = {CKM_TLS12_MASTER_KEY_DERIVE, &params, sizeof(params)};
    CK_ATTRIBUTE template[] = {BOOL(CKA_TOKEN, true), TEXT(CKA_LABEL, "new")};
    CK_RV rv = C_DeriveKey(stage->session, &mechanism, stage->key, TEMPLATE(template), &stage->made[0]);

    ck_assert_int_eq(rv == CKR_OK, version.major != 0);
    return rv;
}

/* Four keys or none, two of which the stage knows. A failure writes neither handles nor IVs. */
static CK_RV derive_block(struct stage *stage, bool is_token)
{
    CK_BYTE ivs[2][4] = {{0}};
    CK_SSL3_KEY_MAT_OUT out = {.pIVClient = ivs[0], .pIVServer = ivs[1]};
    CK_TLS12_KEY_MAT_PARAMS params = {.ulMacSizeInBits = 160,
                                      .ulKeySizeInBits = 128,
                                      .ulIVSizeInBits = 32,
                                      .RandomInfo = {randoms[0], 32, randoms[1], 32},
                                      .pReturnedKeyMaterial = &out,
                                      .prfHashMechanism = CKM_SHA384};
    CK_MECHANISM mechanism = {CKM_TLS12_KEY_AND_MAC_DERIVE, &params, sizeof(params)};
    CK_ATTRIBUTE template[] = {ULONG(CKA_KEY_TYPE, CKK_AES), BOOL(CKA_TOKEN, is_token),
                               TEXT(CKA_LABEL, "new")};
    CK_RV rv = C_DeriveKey(stage->session, &mechanism, stage->key, TEMPLATE(template), NULL);

    ck_assert_int_eq(rv == CKR_OK, out.hClientMacSecret != CK_INVALID_HANDLE);
    ck_assert_int_eq(rv == CKR_OK, (ivs[0][0] | ivs[0][1] | ivs[1][0] | ivs[1][1]) != 0);
    TRY(rv);
    stage->made[0] = out.hClientKey;
    stage->made[1] = out.hServerKey;
    return CKR_OK;
}

static CK_RV derive_block_in_token(struct stage *stage)
{
    return derive_block(stage, true);
}

static CK_RV derive_block_in_session(struct stage *stage)
{
    return derive_block(stage, false);
}

static CK_RV generate_premaster(struct stage *stage)
{
    CK_VERSION version = {3, 3};
    CK_MECHANISM mechanism = {CKM_TLS_PRE_MASTER_KEY_GEN, &version, sizeof(version)};
    CK_ATTRIBUTE template[] = {BOOL(CKA_TOKEN, false), TEXT(CKA_LABEL, "new")};

    return C_GenerateKey(stage->session, &mechanism, TEMPLATE(template), &stage->made[0]);
}

/* clang-format off */
const struct fault_call fault_calls_tls[] = {
    {"C_DeriveKey, a TLS master secret", SCENE_USER, choose_master, derive_master,
     check_secret, 1, 0, {0}, {10, 4, 5}},
    {"C_DeriveKey, a TLS key block in the token", SCENE_USER, choose_master, derive_block_in_token,
     check_two, 4, 0, {0}, {10, 4, 5}},
    {"C_DeriveKey, a TLS key block in the session", SCENE_USER, choose_master, derive_block_in_session,
     check_two, 4, 0, {0}, {10, 3, 0}},
    {"C_GenerateKey, a TLS pre-master secret", SCENE_USER, NULL, generate_premaster,
     check_secret, 1, 0, {0}, {5, 1, 0}},
    {0},
};
/* clang-format on */
