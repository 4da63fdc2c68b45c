/* SPDX-License-Identifier: Apache-2.0 */
/* The mechanisms of TLS 1.2: what the new keys are, what is written where, and what is refused. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/tls.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static struct bag template;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    tls_begin();
    bag_clear(&template);
}

static void strict_set_up(void)
{
    scratch_setup();
    scratch_configure("token.profile = strict\n");
    session = client_ready();
    tls_begin();
    bag_clear(&template);
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* --- Pre-master secrets --- */

START_TEST(premaster_secrets)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_TLS_PRE_MASTER_KEY_GEN, CKM_SSL3_PRE_MASTER_KEY_GEN};
    CK_VERSION version = {3, 3};
    CK_MECHANISM mechanism = MECHANISM_WITH(types[_i], &version);
    static struct octets values[2];
    CK_OBJECT_HANDLE key;

    for (int i = 0; i < 2; i++) {
        OK(p11->C_GenerateKey(session, &mechanism, NULL, 0, &key));
        ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_TYPE), CKK_GENERIC_SECRET);
        ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_GEN_MECHANISM), types[_i]);
        ck_assert(read_bool(session, key, CKA_EXTRACTABLE) && read_bool(session, key, CKA_LOCAL));
        read_octets(session, key, CKA_VALUE, &values[i]);
        ck_assert_uint_eq(values[i].len, TLS_MASTER_LEN);
        ck_assert_int_eq(memcmp(values[i].at, &version, 2), 0);
    }
    ck_assert_int_ne(memcmp(values[0].at + 2, values[1].at + 2, 46), 0);
    bag_ulong(&template, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    bag_ulong(&template, CKA_VALUE_LEN, TLS_MASTER_LEN);
    bag_bool(&template, CKA_EXTRACTABLE, false);
    OK(p11->C_GenerateKey(session, &mechanism, BAG(&template), &key));
    ck_assert(!read_bool(session, key, CKA_EXTRACTABLE));
    bag_ulong(&template, CKA_VALUE_LEN, 47);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(session, &mechanism, BAG(&template), &key));
    bag_ulong(&template, CKA_VALUE_LEN, TLS_MASTER_LEN);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(session, &mechanism, BAG(&template), &key));
    mechanism.ulParameterLen = 1;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_GenerateKey(session, &mechanism, NULL, 0, &key));
    mechanism = MECHANISM(types[_i]);
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_GenerateKey(session, &mechanism, NULL, 0, &key));
}
END_TEST

/* --- Master secrets --- */

static const CK_MECHANISM_TYPE masters[] = {CKM_TLS12_MASTER_KEY_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE_DH,
                                            CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE,
                                            CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH};

static bool is_extended(CK_MECHANISM_TYPE type)
{
    return type == masters[2] || type == masters[3];
}

static bool is_dh(CK_MECHANISM_TYPE type)
{
    return type == masters[1] || type == masters[3];
}

static CK_MECHANISM master_mechanism(CK_MECHANISM_TYPE type)
{
    return is_extended(type) ? MECHANISM_WITH(type, &tls_call.extended)
                             : MECHANISM_WITH(type, &tls_call.master);
}

static void ask_for_version(CK_VERSION_PTR at)
{
    tls_call.master.pVersion = at;
    tls_call.extended.pVersion = at;
}

static CK_OBJECT_HANDLE base_of(size_t len)
{
    return secret_make(session, CKK_GENERIC_SECRET, pattern(len).ptr, len);
}

START_TEST(version_comes_back)
{
    CK_MECHANISM mechanism = master_mechanism(masters[_i]);
    CK_OBJECT_HANDLE base = base_of(48);
    CK_OBJECT_HANDLE key;

    OK(derive_try(session, &mechanism, base, &template, &key));
    ask_for_version(&tls_call.version);
    if (is_dh(masters[_i])) {
        derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "a version");
        ck_assert_uint_eq(tls_call.version.major, 0);
        return;
    }
    bag_ulong(&template, CKA_VALUE_LEN, 47);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, base, &template, "47 octets");
    ck_assert_uint_eq(tls_call.version.major, 0);
    bag_clear(&template);
    OK(derive_try(session, &mechanism, base, &template, &key));
    ck_assert_uint_eq(tls_call.version.major, pattern(2).ptr[0]);
    ck_assert_uint_eq(tls_call.version.minor, pattern(2).ptr[1]);
}
END_TEST

/* "An arbitrary length generic secret key" for Diffie-Hellman, and 48 octets for the rest. */
START_TEST(base_keys)
{
    static const size_t lens[] = {1, 32, 47, 49, 66, 512};
    CK_MECHANISM mechanism = master_mechanism(masters[_i]);
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, pattern(32).ptr, 32);
    CK_MECHANISM_INFO info;
    CK_OBJECT_HANDLE key;

    for (size_t i = 0; i < COUNT(lens); i++) {
        EXPECT(is_dh(masters[_i]) ? CKR_OK : CKR_KEY_SIZE_RANGE,
               derive_try(session, &mechanism, base_of(lens[i]), &template, &key));
    }
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, &mechanism, aes, &template, "an AES key");
    OK(p11->C_GetMechanismInfo(slot_of(session), masters[_i], &info));
    ck_assert_uint_eq(info.ulMinKeySize, 48);
    ck_assert_uint_eq(info.ulMaxKeySize, 48);
}
END_TEST

START_TEST(master_is_for_tls_alone)
{
    static const CK_MECHANISM_TYPE uses[] = {
        CKM_TLS12_MAC, CKM_TLS12_KDF, CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE,
        CKM_TLS_MAC,   CKM_TLS_KDF};
    static const CK_MECHANISM_TYPE too_many[] = {CKM_TLS_KDF, CKM_SHA256_HMAC};
    static struct octets allowed;
    CK_MECHANISM mechanism = master_mechanism(masters[_i]);
    struct operation hmac = {session, CKF_SIGN, MECHANISM(CKM_SHA256_HMAC), CK_INVALID_HANDLE};
    CK_OBJECT_HANDLE base = base_of(48);
    CK_OBJECT_HANDLE key;

    OK(derive_try(session, &mechanism, base, &template, &key));
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_TYPE), CKK_GENERIC_SECRET);
    ck_assert_uint_eq(read_ulong(session, key, CKA_VALUE_LEN), TLS_MASTER_LEN);
    read_octets(session, key, CKA_ALLOWED_MECHANISMS, &allowed);
    expect_octets(octets_view(&allowed), cfr_span_of(uses, sizeof(uses)), "CKA_ALLOWED_MECHANISMS");
    hmac.key = key;
    EXPECT(CKR_MECHANISM_INVALID, op_init(&hmac));
    bag_octets(&template, CKA_ALLOWED_MECHANISMS, &uses[3], sizeof(uses[3]));
    bag_bool(&template, CKA_DERIVE, true);
    OK(derive_try(session, &mechanism, base, &template, &key));
    derived_template(&template, CKK_AES, 16);
    bag_remove(&template, CKA_SENSITIVE);
    bag_remove(&template, CKA_EXTRACTABLE);
    EXPECT(CKR_MECHANISM_INVALID, tls_derive_block(session, CKM_TLS12_KEY_AND_MAC_DERIVE, key, &template));
    OK(tls_derive_block(session, CKM_TLS12_KEY_SAFE_DERIVE, key, &template));
    bag_clear(&template);
    bag_octets(&template, CKA_ALLOWED_MECHANISMS, too_many, sizeof(too_many));
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, base, &template, "more than TLS");
    bag_clear(&template);
    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    derive_refused(session, CKR_TEMPLATE_INCONSISTENT, &mechanism, base, &template, "an AES key");
}
END_TEST

START_TEST(heritage)
{
    heritage_check_len(session, HERITAGE_HISTORY,
                       &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE_DH, &tls_call.master), TLS_MASTER_LEN);
    heritage_check_len(session, HERITAGE_KEPT, &MECHANISM_WITH(CKM_TLS_KDF, &tls_call.kdf), 16);
}
END_TEST

/* --- Keys of a connection --- */

static const CK_MECHANISM_TYPE blocks[] = {CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE};

static void check_use(CK_OBJECT_HANDLE key, bool signs)
{
    static const CK_ATTRIBUTE_TYPE signing[] = {CKA_SIGN, CKA_VERIFY};
    static const CK_ATTRIBUTE_TYPE rest[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_DERIVE};

    for (size_t i = 0; i < COUNT(signing) && signs; i++) {
        ck_assert(read_bool(session, key, signing[i]));
    }
    for (size_t i = 0; i < COUNT(rest); i++) {
        ck_assert_int_eq(read_bool(session, key, rest[i]), !signs);
    }
    ck_assert_uint_eq(read_ulong(session, key, CKA_KEY_TYPE), signs ? CKK_GENERIC_SECRET : CKK_AES);
    ck_assert(!read_bool(session, key, CKA_LOCAL));
}

/* MAC keys take from the template what is not about the type and the use of the others. */
START_TEST(keys_of_a_block)
{
    CK_OBJECT_HANDLE master = tls_master(session, false, true);
    CK_MECHANISM_TYPE gcm = CKM_AES_GCM;

    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    bag_text(&template, CKA_LABEL, "connection");
    bag_bool(&template, CKA_TOKEN, true);
    bag_bool(&template, CKA_WRAP, true);
    bag_octets(&template, CKA_ALLOWED_MECHANISMS, &gcm, sizeof(gcm));
    OK(tls_derive_block(session, blocks[_i], master, &template));
    check_use(tls_call.out.hClientMacSecret, true);
    check_use(tls_call.out.hServerMacSecret, true);
    check_use(tls_call.out.hClientKey, false);
    check_use(tls_call.out.hServerKey, false);
    ck_assert(read_bool(session, tls_call.out.hServerKey, CKA_WRAP));
    ck_assert(!read_bool(session, tls_call.out.hServerMacSecret, CKA_WRAP));
    ck_assert(read_bool(session, tls_call.out.hServerMacSecret, CKA_TOKEN));
    tls_destroy_block(session, 4);
    bag_bool(&template, CKA_DERIVE, false);
    bag_bool(&template, CKA_ENCRYPT, false);
    OK(tls_derive_block(session, blocks[_i], master, &template));
    ck_assert(!read_bool(session, tls_call.out.hClientKey, CKA_DERIVE));
    ck_assert(!read_bool(session, tls_call.out.hClientKey, CKA_ENCRYPT));
    ck_assert(read_bool(session, tls_call.out.hClientKey, CKA_DECRYPT));
    tls_destroy_block(session, 4);
}
END_TEST

/* "All four keys inherit …", and the template may not say otherwise. */
START_TEST(secrecy_of_a_block)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE,
                                              CKA_NEVER_EXTRACTABLE};

    for (int kind = 0; kind < 4; kind++) {
        CK_OBJECT_HANDLE master = tls_master(session, (kind & 1) != 0, (kind & 2) != 0);

        bag_clear(&template);
        bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
        for (int i = 0; i < 2; i++) {
            bool own = read_bool(session, master, types[i]);

            bag_bool(&template, types[i], !own);
            EXPECT(CKR_TEMPLATE_INCONSISTENT, tls_derive_block(session, blocks[_i], master, &template));
            bag_bool(&template, types[i], own);
        }
        OK(tls_derive_block(session, blocks[_i], master, &template));
        for (size_t i = 0; i < COUNT(types); i++) {
            ck_assert_int_eq(read_bool(session, tls_call.out.hClientMacSecret, types[i]),
                             read_bool(session, master, types[i]));
            ck_assert_int_eq(read_bool(session, tls_call.out.hServerKey, types[i]),
                             read_bool(session, master, types[i]));
        }
        tls_destroy_block(session, 4);
    }
}
END_TEST

/* A call that fails leaves neither keys nor a trace where its results would have gone. */
static void refuse_block(CK_SESSION_HANDLE in, CK_RV wanted, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE master,
                         const char *what)
{
    struct tls_call before = tls_call;
    size_t objects = objects_seen(session);
    CK_RV rv = tls_derive_block(in, type, master, &template);

    ck_assert_msg(rv == wanted, "%s: %s, not %s", what, rv_text(rv), rv_text(wanted));
    ck_assert_uint_eq(objects_seen(session), objects);
    ck_assert_int_eq(memcmp(&before.out, &tls_call.out, sizeof(before.out)), 0);
    ck_assert_int_eq(memcmp(before.ivs, tls_call.ivs, sizeof(before.ivs)), 0);
}

START_TEST(all_or_nothing)
{
    CK_MECHANISM_TYPE type = blocks[_i];
    CK_OBJECT_HANDLE master = tls_master(session, false, true);

    refuse_block(session, CKR_TEMPLATE_INCOMPLETE, type, master, "no key type");
    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    tls_block_lens(20, 15, 16);
    refuse_block(session, CKR_KEY_SIZE_RANGE, type, master, "AES keys of 15 octets");
    tls_block_lens(20, 16, 16);
    bag_ulong(&template, CKA_VALUE_LEN, 32);
    refuse_block(session, CKR_TEMPLATE_INCONSISTENT, type, master, "two lengths");
    bag_ulong(&template, CKA_VALUE_LEN, 16);
    bag_ulong(&template, CKA_CLASS, CKO_DATA);
    refuse_block(session, CKR_TEMPLATE_INCONSISTENT, type, master, "data");
    bag_remove(&template, CKA_CLASS);
    bag_octets(&template, CKA_VALUE, "sixteen octets !", 16);
    refuse_block(session, CKR_ATTRIBUTE_READ_ONLY, type, master, "a value");
    bag_remove(&template, CKA_VALUE);
    bag_bool(&template, CKA_TOKEN, true);
    refuse_block(session_open_ro(slot_of(session)), CKR_SESSION_READ_ONLY, type, master,
                 "a read-only session");
    bag_bool(&template, CKA_TOKEN, false);
    refuse_block(session, CKR_KEY_HANDLE_INVALID, type, master + 1000, "no key");
    refuse_block(session, CKR_KEY_SIZE_RANGE, type, base_of(47), "47 octets");
    refuse_block(session, CKR_KEY_TYPE_INCONSISTENT, type, secret_make(session, CKK_AES, pattern(32).ptr, 32),
                 "an AES key");
    OK(tls_derive_block(session, type, master, &template));
    tls_destroy_block(session, 4);
}
END_TEST

/* --- Parameters --- */

static void each_wrong(CK_ULONG_PTR field, const CK_ULONG *wrong, size_t count, const CK_MECHANISM *mechanism,
                       CK_OBJECT_HANDLE base, const char *what)
{
    CK_ULONG right = *field;

    for (size_t i = 0; i < count; i++) {
        *field = wrong[i];
        derive_refused(session, CKR_MECHANISM_PARAM_INVALID, mechanism, base, &template, what);
    }
    *field = right;
}

#define EACH_WRONG(field, mechanism, base, ...)                                                              \
    each_wrong(&(field), (const CK_ULONG[]){__VA_ARGS__},                                                    \
               sizeof((const CK_ULONG[]){__VA_ARGS__}) / sizeof(CK_ULONG), (mechanism), (base), #field)

static void refuse_null(void *field, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base, const char *what)
{
    CK_BYTE_PTR right;

    memcpy(&right, field, sizeof(right));
    memset(field, 0, sizeof(right));
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, mechanism, base, &template, what);
    memcpy(field, &right, sizeof(right));
}

static void refuse_randoms(CK_SSL3_RANDOM_DATA *randoms, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE base)
{
    EACH_WRONG(randoms->ulClientRandomLen, mechanism, base, 0, 31, 33, ~0UL);
    EACH_WRONG(randoms->ulServerRandomLen, mechanism, base, 0, 31, 33, ~0UL);
    refuse_null(&randoms->pClientRandom, mechanism, base, "no client random");
    refuse_null(&randoms->pServerRandom, mechanism, base, "no server random");
}

START_TEST(parameters_of_masters)
{
    CK_MECHANISM mechanism = master_mechanism(masters[_i]);
    CK_OBJECT_HANDLE base = base_of(48);
    CK_OBJECT_HANDLE key;

    if (is_extended(masters[_i])) {
        EACH_WRONG(tls_call.extended.prfHashMechanism, &mechanism, base, CKM_TLS_PRF, CKM_MD5,
                   CKM_SHA256_HMAC, 0, ~0UL);
        EACH_WRONG(tls_call.extended.ulSessionHashLen, &mechanism, base, 0, 31, 33, 48, ~0UL);
        refuse_null(&tls_call.extended.pSessionHash, &mechanism, base, "no session hash");
        tls_call.extended.prfHashMechanism = CKM_SHA384;
        tls_call.extended.ulSessionHashLen = 48;
        OK(derive_try(session, &mechanism, base, &template, &key));
        return;
    }
    EACH_WRONG(tls_call.master.prfHashMechanism, &mechanism, base, CKM_TLS_PRF, CKM_MD5, CKM_SHA256_HMAC, 0,
               ~0UL);
    refuse_randoms(&tls_call.master.RandomInfo, &mechanism, base);
    OK(derive_try(session, &mechanism, base, &template, &key));
}
END_TEST

START_TEST(parameters_of_blocks)
{
    CK_MECHANISM mechanism = MECHANISM_WITH(blocks[_i], &tls_call.block);
    CK_OBJECT_HANDLE base = base_of(48);

    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    EACH_WRONG(tls_call.block.prfHashMechanism, &mechanism, base, CKM_TLS_PRF, CKM_MD5, 0);
    refuse_randoms(&tls_call.block.RandomInfo, &mechanism, base);
    EACH_WRONG(tls_call.block.ulMacSizeInBits, &mechanism, base, 1, 161, 8 * 65537, ~0UL, ~0UL - 7);
    EACH_WRONG(tls_call.block.ulKeySizeInBits, &mechanism, base, 1, 129, 8 * 65537, ~0UL, ~0UL - 7);
    refuse_null(&tls_call.block.pReturnedKeyMaterial, &mechanism, base, "no place for handles");
    tls_call.block.bIsExport = CK_TRUE;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "export");
    tls_call.block.bIsExport = CK_FALSE;
    tls_block_lens(0, 0, 16);
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &mechanism, base, &template, "IVs alone");
    tls_block_lens(20, 16, 16);
    if (blocks[_i] == CKM_TLS12_KEY_SAFE_DERIVE) {
        /* "ulIvSizeInBits … is ignored and treated as 0" */
        tls_call.block.ulIVSizeInBits = ~0UL;
        tls_call.out.pIVClient = NULL;
        OK(tls_derive_block(session, blocks[_i], base, &template));
        return;
    }
    EACH_WRONG(tls_call.block.ulIVSizeInBits, &mechanism, base, 1, 127, 8 * 65537, ~0UL, ~0UL - 7);
    refuse_null(&tls_call.out.pIVClient, &mechanism, base, "no place for the client's IV");
    refuse_null(&tls_call.out.pIVServer, &mechanism, base, "no place for the server's IV");
}
END_TEST

START_TEST(parameters_of_exports)
{
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_TLS_KDF, &tls_call.kdf);
    CK_OBJECT_HANDLE base = base_of(48);
    CK_OBJECT_HANDLE key;

    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_refused(session, CKR_TEMPLATE_INCOMPLETE, &mechanism, base, &template, "no length");
    derived_template(&template, CKK_AES, 32);
    EACH_WRONG(tls_call.kdf.prfMechanism, &mechanism, base, CKM_MD5, CKM_SHA256_HMAC, 0);
    refuse_randoms(&tls_call.kdf.RandomInfo, &mechanism, base);
    EACH_WRONG(tls_call.kdf.ulLabelLength, &mechanism, base, 0, 961, 1UL << 40, ~0UL);
    refuse_null(&tls_call.kdf.pLabel, &mechanism, base, "no label");
    EACH_WRONG(tls_call.kdf.ulContextDataLength, &mechanism, base, 1);
    tls_call.kdf.pContextData = UNCONST(pattern(1024).ptr);
    EACH_WRONG(tls_call.kdf.ulContextDataLength, &mechanism, base, 1024 - 64 - 18 - 2 + 1, 65536, ~0UL);
    tls_call.kdf.ulContextDataLength = 1024 - 64 - 18 - 2;
    OK(derive_try(session, &mechanism, base, &template, &key));
}
END_TEST

START_TEST(parameters_of_macs)
{
    static const CK_TLS_MAC_PARAMS wrong[] = {
        {CKM_SHA256, 11, 1}, {CKM_SHA256, 0, 1},  {CKM_SHA256, 1025, 1},   {CKM_SHA256, ~0UL, 1},
        {CKM_SHA256, 12, 0}, {CKM_SHA256, 12, 3}, {CKM_TLS_PRF, 13, 1},    {CKM_TLS_PRF, 11, 1},
        {CKM_MD5, 12, 1},    {0, 12, 1},          {CKM_SHA256_HMAC, 12, 1}};
    static const CK_TLS_MAC_PARAMS right[] = {
        {CKM_SHA256, 12, 1}, {CKM_SHA384, 1024, 2}, {CKM_TLS_PRF, 12, 1}, {CKM_SHA_1, 12, 2}};
    CK_TLS_MAC_PARAMS params;
    struct operation op = {session, CKF_SIGN, MECHANISM_WITH(CKM_TLS_MAC, &params), base_of(48)};
    static struct octets out;

    for (size_t i = 0; i < COUNT(wrong); i++) {
        params = wrong[i];
        EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&op));
    }
    for (size_t i = 0; i < COUNT(right); i++) {
        params = right[i];
        OK(run_once(&op, pattern(1009), &out));
        ck_assert_uint_eq(out.len, right[i].ulMacLength);
        EXPECT(CKR_DATA_LEN_RANGE, run_once(&op, pattern(1010), &out));
        EXPECT(CKR_DATA_LEN_RANGE, run_parts(&op, pattern(1010), 400, &out));
    }
}
END_TEST

/* Only a key block does without a place for a handle. */
START_TEST(places_of_handles)
{
    CK_MECHANISM master = MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE, &tls_call.master);
    CK_MECHANISM block = MECHANISM_WITH(CKM_TLS12_KEY_AND_MAC_DERIVE, &tls_call.block);
    CK_OBJECT_HANDLE base = base_of(48);
    CK_OBJECT_HANDLE untouched = 77;

    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DeriveKey(session, &master, base, NULL, 0, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DeriveKey(session, NULL, base, NULL, 0, NULL));
    master.mechanism = CKM_DES3_CBC;
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_DeriveKey(session, &master, base, NULL, 0, NULL));
    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    OK(p11->C_DeriveKey(session, &block, base, BAG(&template), &untouched));
    ck_assert_uint_eq(untouched, 77);
    tls_destroy_block(session, 4);
}
END_TEST

/* --- A token with the strict profile --- */

START_TEST(strict_profile)
{
    static const CK_MECHANISM_TYPE weak[] = {CKM_TLS_PRF, CKM_SHA_1};
    CK_OBJECT_HANDLE base = tls_master(session, true, false);
    CK_TLS_MAC_PARAMS mac = {CKM_SHA256, 12, 1};
    struct operation op = {session, CKF_SIGN, MECHANISM_WITH(CKM_TLS_MAC, &mac), base};
    CK_MECHANISM export = MECHANISM_WITH(CKM_TLS_KDF, &tls_call.kdf);
    CK_VERSION version = {3, 3};
    CK_MECHANISM premaster = MECHANISM_WITH(CKM_TLS_PRE_MASTER_KEY_GEN, &version);
    CK_OBJECT_HANDLE key;

    EXPECT(CKR_MECHANISM_INVALID, p11->C_GenerateKey(session, &premaster, NULL, 0, &key));
    for (size_t i = 0; i < COUNT(masters); i++) {
        CK_MECHANISM mechanism = master_mechanism(masters[i]);

        EXPECT(is_dh(masters[i]) ? CKR_OK : CKR_MECHANISM_INVALID,
               derive_try(session, &mechanism, base, &template, &key));
    }
    bag_ulong(&template, CKA_KEY_TYPE, CKK_AES);
    EXPECT(CKR_MECHANISM_INVALID, tls_derive_block(session, CKM_TLS12_KEY_AND_MAC_DERIVE, base, &template));
    OK(tls_derive_block(session, CKM_TLS12_KEY_SAFE_DERIVE, base, &template));
    bag_ulong(&template, CKA_VALUE_LEN, 16);
    for (size_t i = 0; i < COUNT(weak); i++) {
        tls_call.kdf.prfMechanism = weak[i];
        derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &export, base, &template, "a weak hash");
        mac.prfHashMechanism = CKM_SHA256;
        OK(op_init(&op));
        OK(op_cancel(&op));
        mac.prfHashMechanism = weak[i];
        EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&op));
        EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_MessageSignInit(session, &op.mechanism, base));
    }
    tls_call.kdf.prfMechanism = CKM_SHA256;
    OK(derive_try(session, &export, base, &template, &key));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("derive_tls_rules");
    TCase *tcase = tcase_create("rules");
    TCase *strict = tcase_create("strict");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, premaster_secrets, 0, 2);
    tcase_add_loop_test(tcase, version_comes_back, 0, COUNT(masters));
    tcase_add_loop_test(tcase, base_keys, 0, COUNT(masters));
    tcase_add_loop_test(tcase, master_is_for_tls_alone, 0, COUNT(masters));
    tcase_add_test(tcase, heritage);
    tcase_add_loop_test(tcase, keys_of_a_block, 0, COUNT(blocks));
    tcase_add_loop_test(tcase, secrecy_of_a_block, 0, COUNT(blocks));
    tcase_add_loop_test(tcase, all_or_nothing, 0, COUNT(blocks));
    tcase_add_loop_test(tcase, parameters_of_masters, 0, COUNT(masters));
    tcase_add_loop_test(tcase, parameters_of_blocks, 0, COUNT(blocks));
    tcase_add_test(tcase, parameters_of_exports);
    tcase_add_test(tcase, parameters_of_macs);
    tcase_add_test(tcase, places_of_handles);
    suite_add_tcase(s, tcase);
    tcase_add_checked_fixture(strict, strict_set_up, tear_down);
    tcase_add_test(strict, strict_profile);
    suite_add_tcase(s, strict);
    return s;
}

TEST_MAIN(suite)
