/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ML-KEM, ML-DSA and SLH-DSA through the C_* functions. A module whose libcrypto has them not lists none of their
 * mechanisms, and all that is tested then is that.
 */
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <stdio.h>

enum { ML_KEM_768_CIPHERTEXT_LEN = 1088 };

static CK_SESSION_HANDLE session;
static bool is_there;
static struct octets value;
static struct octets other;
static struct octets signature;
static struct bag public_bag;
static struct bag private_bag;

static void set_up(void)
{
    CK_MECHANISM_INFO info;

    scratch_setup();
    session = client_ready();
    is_there = p11->C_GetMechanismInfo(slot_of(session), CKM_ML_DSA, &info) == CKR_OK;
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* --- The list --- */

#define WHOLE (CKF_SIGN | CKF_VERIFY | CKF_MESSAGE_SIGN | CKF_MESSAGE_VERIFY)
static const struct {
    CK_MECHANISM_TYPE first;
    CK_MECHANISM_TYPE last;
    CK_FLAGS flags;
    CK_ULONG min_size;
    CK_ULONG max_size;
} ranges[] = {
    {CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 800, 1568},
    {CKM_ML_KEM, CKM_ML_KEM, CKF_ENCAPSULATE | CKF_DECAPSULATE, 800, 1568},
    {CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 1312, 2592},
    {CKM_ML_DSA, CKM_ML_DSA, WHOLE | CKF_MULTI_MESSAGE, 1312, 2592},
    {CKM_HASH_ML_DSA, CKM_HASH_ML_DSA, WHOLE, 1312, 2592},
    {CKM_HASH_ML_DSA_SHA224, CKM_HASH_ML_DSA_SHAKE256, WHOLE | CKF_MULTI_MESSAGE, 1312, 2592},
    {CKM_SLH_DSA_KEY_PAIR_GEN, CKM_SLH_DSA_KEY_PAIR_GEN, CKF_GENERATE_KEY_PAIR, 32, 64},
    {CKM_SLH_DSA, CKM_SLH_DSA, WHOLE | CKF_MULTI_MESSAGE, 32, 64},
    {CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA, WHOLE, 32, 64},
    {CKM_HASH_SLH_DSA_SHA224, CKM_HASH_SLH_DSA_SHAKE256, WHOLE | CKF_MULTI_MESSAGE, 32, 64},
#undef WHOLE
};

START_TEST(all_are_listed_or_none)
{
    for (size_t i = 0; i < COUNT(ranges); i++) {
        for (CK_MECHANISM_TYPE type = ranges[i].first; type <= ranges[i].last; type++) {
            CK_MECHANISM_INFO info;

            if (!is_there) {
                EXPECT(CKR_MECHANISM_INVALID, p11->C_GetMechanismInfo(slot_of(session), type, &info));
                continue;
            }
            OK(p11->C_GetMechanismInfo(slot_of(session), type, &info));
            ck_assert_uint_eq(info.flags, ranges[i].flags);
            ck_assert_uint_eq(info.ulMinKeySize, ranges[i].min_size);
            ck_assert_uint_eq(info.ulMaxKeySize, ranges[i].max_size);
        }
    }
    if (!is_there) {
        printf("pq: NOT TESTED: this libcrypto has no post-quantum algorithms\n");
    }
}
END_TEST

/* --- Pairs --- */

static CK_RV try_pair(CK_MECHANISM_TYPE type, CK_ULONG set, struct key_pair *pair)
{
    CK_MECHANISM mechanism = MECHANISM(type);

    bag_ulong(&public_bag, CKA_PARAMETER_SET, set);
    return p11->C_GenerateKeyPair(session, &mechanism, BAG(&public_bag), BAG(&private_bag), &pair->public,
                                  &pair->private);
}

static struct key_pair make_pair(CK_MECHANISM_TYPE type, CK_ULONG set)
{
    struct key_pair pair;

    bag_clear(&public_bag);
    bag_clear(&private_bag);
    bag_bool(&private_bag, CKA_SENSITIVE, false);
    bag_bool(&private_bag, CKA_EXTRACTABLE, true);
    OK(try_pair(type, set, &pair));
    return pair;
}

static void expect_length(CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type, CK_ULONG len)
{
    read_octets(session, key, type, &value);
    ck_assert_uint_eq(value.len, len);
}

/* Lengths: FIPS 203 table 3, FIPS 204 table 2, FIPS 205 table 2. */
static const struct {
    CK_MECHANISM_TYPE generator;
    CK_KEY_TYPE type;
    CK_ULONG set;
    CK_ULONG public_len;
    CK_ULONG private_len;
    CK_ULONG seed_len;
} pairs[] = {
    {CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, CKP_ML_KEM_512, 800, 1632, 64},
    {CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, CKP_ML_KEM_768, 1184, 2400, 64},
    {CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, CKP_ML_KEM_1024, 1568, 3168, 64},
    {CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA, CKP_ML_DSA_44, 1312, 2560, 32},
    {CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA, CKP_ML_DSA_65, 1952, 4032, 32},
    {CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA, CKP_ML_DSA_87, 2592, 4896, 32},
    {CKM_SLH_DSA_KEY_PAIR_GEN, CKK_SLH_DSA, CKP_SLH_DSA_SHA2_128S, 32, 64, 0},
    {CKM_SLH_DSA_KEY_PAIR_GEN, CKK_SLH_DSA, CKP_SLH_DSA_SHAKE_192F, 48, 96, 0},
    {CKM_SLH_DSA_KEY_PAIR_GEN, CKK_SLH_DSA, CKP_SLH_DSA_SHA2_256F, 64, 128, 0},
};

/* The private half again, from what can be read of it: its value, its seed, or both. */
static void expect_import(size_t row, CK_OBJECT_HANDLE key, bool with_value, bool with_seed)
{
    CK_OBJECT_HANDLE again;

    bag_clear(&private_bag);
    bag_ulong(&private_bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&private_bag, CKA_KEY_TYPE, pairs[row].type);
    bag_bool(&private_bag, CKA_SENSITIVE, false);
    bag_bool(&private_bag, CKA_EXTRACTABLE, true);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &private_bag));
    bag_ulong(&private_bag, CKA_PARAMETER_SET, pairs[row].set);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &private_bag));
    if (with_value) {
        read_octets(session, key, CKA_VALUE, &value);
        bag_octets(&private_bag, CKA_VALUE, value.at, value.len);
    }
    if (with_seed) {
        read_octets(session, key, CKA_SEED, &value);
        bag_octets(&private_bag, CKA_SEED, value.at, value.len);
    }
    again = object_make(session, &private_bag);
    read_octets(session, key, CKA_VALUE, &value);
    read_octets(session, again, CKA_VALUE, &other);
    expect_octets(octets_view(&other), octets_view(&value), "CKA_VALUE");
    EXPECT(with_seed ? CKR_OK : CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, again, CKA_SEED, &other));
    bag_ulong(&private_bag, CKA_PARAMETER_SET, 99);
    EXPECT(CKR_PARAMETER_SET_NOT_SUPPORTED, try_object_once(session, &private_bag));
    /* A seed by itself is one for any set. */
    bag_ulong(&private_bag, CKA_PARAMETER_SET, pairs[row].set == 1 ? 3 : 1);
    if (pairs[row].seed_len != 0) {
        EXPECT(with_value ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK, try_object_once(session, &private_bag));
    }
    OK(p11->C_DestroyObject(session, again));
}

START_TEST(pairs_are_made_read_and_imported)
{
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    pair = make_pair(pairs[_i].generator, pairs[_i].set);
    expect_length(pair.public, CKA_VALUE, pairs[_i].public_len);
    expect_length(pair.private, CKA_VALUE, pairs[_i].private_len);
    ck_assert_uint_eq(read_ulong(session, pair.public, CKA_PARAMETER_SET), pairs[_i].set);
    ck_assert_uint_eq(read_ulong(session, pair.private, CKA_PARAMETER_SET), pairs[_i].set);
    ck_assert_uint_eq(read_ulong(session, pair.private, CKA_KEY_TYPE), pairs[_i].type);
    ck_assert(read_bool(session, pair.public, CKA_LOCAL) && read_bool(session, pair.private, CKA_LOCAL));
    ck_assert(read_bool(session, pair.public, CKA_ENCAPSULATE) == (pairs[_i].type == CKK_ML_KEM));
    ck_assert(read_bool(session, pair.private, CKA_DECAPSULATE) == (pairs[_i].type == CKK_ML_KEM));
    ck_assert(read_bool(session, pair.private, CKA_SIGN) == (pairs[_i].type != CKK_ML_KEM));
    read_octets(session, pair.public, CKA_PUBLIC_KEY_INFO, &value);
    read_octets(session, pair.private, CKA_PUBLIC_KEY_INFO, &other);
    expect_octets(octets_view(&other), octets_view(&value), "CKA_PUBLIC_KEY_INFO");
    expect_import((size_t)_i, pair.private, true, false);
    if (pairs[_i].seed_len != 0) {
        expect_length(pair.private, CKA_SEED, pairs[_i].seed_len);
        expect_import((size_t)_i, pair.private, false, true);
        expect_import((size_t)_i, pair.private, true, true);
    }
}
END_TEST

START_TEST(bad_pairs_are_refused)
{
    struct key_pair pair;
    size_t before = objects_seen(session);

    if (!is_there) {
        return;
    }
    bag_clear(&public_bag);
    bag_clear(&private_bag);
    EXPECT(CKR_PARAMETER_SET_NOT_SUPPORTED, try_pair(CKM_ML_DSA_KEY_PAIR_GEN, 4, &pair));
    EXPECT(CKR_PARAMETER_SET_NOT_SUPPORTED, try_pair(CKM_ML_KEM_KEY_PAIR_GEN, 0, &pair));
    EXPECT(CKR_PARAMETER_SET_NOT_SUPPORTED, try_pair(CKM_SLH_DSA_KEY_PAIR_GEN, 13, &pair));
    bag_octets(&private_bag, CKA_SEED, "12345678901234567890123456789012", 32);
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_pair(CKM_ML_DSA_KEY_PAIR_GEN, 1, &pair));
    ck_assert_uint_eq(objects_seen(session), before);
}
END_TEST

static CK_OBJECT_HANDLE find_private(void)
{
    CK_ATTRIBUTE wanted[] = {ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY), ATTR_TEXT(CKA_LABEL, "kept")};
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    CK_ULONG count = 0;

    OK(p11->C_FindObjectsInit(session, TEMPLATE(wanted)));
    OK(p11->C_FindObjects(session, &found, 1, &count));
    OK(p11->C_FindObjectsFinal(session));
    ck_assert_uint_eq(count, 1);
    return found;
}

/* What is sensitive is not read, and comes back from the store. */
START_TEST(token_keys_outlive_the_login)
{
    CK_SLOT_ID slot = slot_of(session);
    CK_MECHANISM mechanism = MECHANISM(CKM_ML_DSA);
    struct key_pair pair;
    struct operation sign = {session, CKF_SIGN, mechanism, 0};
    struct operation verify = {session, CKF_VERIFY, mechanism, 0};

    if (!is_there) {
        return;
    }
    bag_clear(&public_bag);
    bag_clear(&private_bag);
    bag_bool(&public_bag, CKA_TOKEN, true);
    bag_bool(&private_bag, CKA_TOKEN, true);
    bag_text(&private_bag, CKA_LABEL, "kept");
    OK(try_pair(CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_87, &pair));
    EXPECT(CKR_ATTRIBUTE_SENSITIVE, try_read(session, pair.private, CKA_VALUE, &value));
    EXPECT(CKR_ATTRIBUTE_SENSITIVE, try_read(session, pair.private, CKA_SEED, &value));
    sign.key = pair.private;
    OK(run_once(&sign, pattern(100), &signature));
    OK(try_copy_bool(session, pair.private, CKA_TOKEN, false, &sign.key));
    OK(run_once(&sign, pattern(100), &other));
    OK(p11->C_CloseAllSessions(slot));
    session = session_open(slot);
    login_user(session);
    sign.session = session;
    sign.key = find_private();
    verify.session = session;
    verify.key = pair.public;
    OK(run_verify(&verify, pattern(100), octets_view(&signature)));
    OK(run_once(&sign, pattern(50), &signature));
    OK(run_verify(&verify, pattern(50), octets_view(&signature)));
}
END_TEST

/* --- Signatures --- */

static void expect_signs(struct key_pair pair, CK_MECHANISM mechanism, struct cfr_span data, bool in_parts)
{
    struct operation sign = {session, CKF_SIGN, mechanism, pair.private};
    struct operation verify = {session, CKF_VERIFY, mechanism, pair.public};

    OK(run_once(&sign, data, &signature));
    OK(run_verify(&verify, data, octets_view(&signature)));
    if (in_parts) {
        OK(run_verify_parts(&verify, data, 7, octets_view(&signature)));
        OK(run_parts(&sign, data, 11, &signature));
        OK(run_verify(&verify, data, octets_view(&signature)));
    }
    signature.at[3] ^= 1;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, data, octets_view(&signature)));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, run_verify(&verify, data, cfr_span_of(signature.at, signature.len - 1)));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT,
           run_once(&(struct operation){session, CKF_SIGN, mechanism, pair.public}, data, &other));
}

static const struct {
    CK_MECHANISM_TYPE generator;
    CK_ULONG set;
    CK_MECHANISM_TYPE pure;
    CK_MECHANISM_TYPE given;
    CK_MECHANISM_TYPE first;
    CK_MECHANISM_TYPE last;
} schemes[] = {
    {CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44, CKM_ML_DSA, CKM_HASH_ML_DSA, CKM_HASH_ML_DSA_SHA224,
     CKM_HASH_ML_DSA_SHAKE256},
    {CKM_SLH_DSA_KEY_PAIR_GEN, CKP_SLH_DSA_SHA2_128F, CKM_SLH_DSA, CKM_HASH_SLH_DSA, CKM_HASH_SLH_DSA_SHA224,
     CKM_HASH_SLH_DSA_SHAKE256},
};

START_TEST(every_mechanism_signs)
{
    CK_HASH_SIGN_ADDITIONAL_CONTEXT given = {CKH_HEDGE_REQUIRED, octets_of("context"), 7, CKM_SHA3_256};
    CK_SIGN_ADDITIONAL_CONTEXT context = {CKH_HEDGE_PREFERRED, octets_of("context"), 7};
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    pair = make_pair(schemes[_i].generator, schemes[_i].set);
    expect_signs(pair, (CK_MECHANISM){schemes[_i].pure, NULL, 0}, pattern(0), false);
    expect_signs(pair, (CK_MECHANISM){schemes[_i].pure, &context, sizeof(context)}, pattern(100), true);
    expect_signs(pair, (CK_MECHANISM){schemes[_i].given, &given, sizeof(given)}, pattern(32), false);
    for (CK_MECHANISM_TYPE type = schemes[_i].first; type <= schemes[_i].last; type++) {
        bool is_plain = type % 2 == 0;

        expect_signs(pair, (CK_MECHANISM){type, is_plain ? NULL : &context, is_plain ? 0 : sizeof(context)},
                     pattern(60), type == schemes[_i].last);
    }
}
END_TEST

/* A hash that is given and the same that is made; a context more or less; and the same signature twice. */
START_TEST(variants_are_what_they_say)
{
    const struct hash_row *hash = hash_find("SHA256");
    CK_SIGN_ADDITIONAL_CONTEXT fixed = {CKH_DETERMINISTIC_REQUIRED, octets_of("context"), 7};
    CK_HASH_SIGN_ADDITIONAL_CONTEXT given = {CKH_DETERMINISTIC_REQUIRED, octets_of("context"), 7, CKM_SHA256};
    CK_MECHANISM hashing = {schemes[_i].first + 1, &fixed, sizeof(fixed)};
    uint8_t digest[64];
    struct key_pair pair;
    struct operation sign;
    struct operation verify;

    if (!is_there) {
        return;
    }
    pair = make_pair(schemes[_i].generator, schemes[_i].set);
    sign = (struct operation){session, CKF_SIGN, hashing, pair.private};
    verify = (struct operation){session, CKF_VERIFY, {schemes[_i].given, &given, sizeof(given)}, pair.public};
    OK(run_once(&sign, pattern(99), &signature));
    OK(run_verify(&verify, hash_digest(hash, pattern(99), digest), octets_view(&signature)));
    EXPECT(CKR_DATA_LEN_RANGE, run_verify(&verify, pattern(31), octets_view(&signature)));
    OK(run_once(&sign, pattern(99), &other));
    expect_octets(octets_view(&other), octets_view(&signature), "deterministic");
    fixed.hedgeVariant = CKH_HEDGE_REQUIRED;
    OK(run_once(&sign, pattern(99), &other));
    ck_assert_mem_ne(other.at, signature.at, other.len);
    fixed.hedgeVariant = 3;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    verify.mechanism = hashing;
    OK(run_verify(&verify, pattern(99), octets_view(&signature)));
    fixed.ulContextLen = 6;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, pattern(99), octets_view(&signature)));
    verify.mechanism.mechanism = schemes[_i].pure;
    fixed.ulContextLen = 7;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&verify, pattern(99), octets_view(&signature)));
}
END_TEST

START_TEST(bad_parameters_are_refused)
{
    static CK_BYTE long_context[256];
    CK_SIGN_ADDITIONAL_CONTEXT context = {CKH_HEDGE_PREFERRED, long_context, 255};
    CK_HASH_SIGN_ADDITIONAL_CONTEXT given = {CKH_HEDGE_PREFERRED, long_context, 0, CKM_SHA_1};
    struct operation sign = {session, CKF_SIGN, {CKM_ML_DSA, &context, sizeof(context)}, 0};

    if (!is_there) {
        return;
    }
    sign.key = make_pair(CKM_ML_DSA_KEY_PAIR_GEN, CKP_ML_DSA_44).private;
    OK(run_once(&sign, pattern(5), &signature));
    context.ulContextLen = 256;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    context = (CK_SIGN_ADDITIONAL_CONTEXT){CKH_HEDGE_PREFERRED, NULL, 1};
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    sign.mechanism.ulParameterLen--;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    sign.mechanism = (CK_MECHANISM){CKM_HASH_ML_DSA, &given, sizeof(given)};
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    given.hash = CKM_ML_DSA;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    sign.mechanism = (CK_MECHANISM){CKM_HASH_ML_DSA, NULL, 0};
    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    given.hash = CKM_SHA512;
    sign.mechanism = (CK_MECHANISM){CKM_HASH_ML_DSA, &given, sizeof(given)};
    EXPECT(CKR_DATA_LEN_RANGE, run_once(&sign, pattern(63), &signature));
    OK(op_init(&sign));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_SignUpdate(session, long_context, 1));
}
END_TEST

/* --- Wrapping --- */

START_TEST(private_keys_are_wrapped)
{
    CK_BYTE iv[16] = {0};
    CK_MECHANISM mechanism = {CKM_AES_CBC_PAD, iv, sizeof(iv)};
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    CK_OBJECT_HANDLE again;
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    pair = make_pair(pairs[_i].generator, pairs[_i].set);
    other.len = sizeof(other.at);
    OK(p11->C_WrapKey(session, &mechanism, aes, pair.private, other.at, &other.len));
    bag_clear(&private_bag);
    bag_ulong(&private_bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&private_bag, CKA_KEY_TYPE, pairs[_i].type);
    bag_bool(&private_bag, CKA_SENSITIVE, false);
    OK(p11->C_UnwrapKey(session, &mechanism, aes, other.at, other.len, BAG(&private_bag), &again));
    read_octets(session, pair.private, CKA_VALUE, &value);
    read_octets(session, again, CKA_VALUE, &other);
    expect_octets(octets_view(&other), octets_view(&value), "CKA_VALUE");
    ck_assert_uint_eq(read_ulong(session, again, CKA_PARAMETER_SET), pairs[_i].set);
}
END_TEST

/* --- Encapsulation --- */

static CK_MECHANISM kem = {CKM_ML_KEM, NULL, 0};
static struct bag secret_bag;

static CK_RV try_encapsulate(CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE *ret_made)
{
    other.len = sizeof(other.at);
    return p11->C_EncapsulateKey(session, &kem, key, BAG(&secret_bag), other.at, &other.len, ret_made);
}

static CK_RV try_decapsulate(CK_OBJECT_HANDLE key, CK_ULONG len, CK_OBJECT_HANDLE *ret_made)
{
    return p11->C_DecapsulateKey(session, &kem, key, BAG(&secret_bag), other.at, len, ret_made);
}

static void begin_secret(CK_KEY_TYPE type)
{
    bag_clear(&secret_bag);
    bag_ulong(&secret_bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&secret_bag, CKA_KEY_TYPE, type);
    bag_bool(&secret_bag, CKA_SENSITIVE, false);
}

START_TEST(both_sides_have_the_same_secret)
{
    struct key_pair pair;
    CK_OBJECT_HANDLE made[3];

    if (!is_there) {
        return;
    }
    pair = make_pair(CKM_ML_KEM_KEY_PAIR_GEN, (CK_ULONG)_i);
    begin_secret(CKK_AES);
    OK(try_encapsulate(pair.public, &made[0]));
    OK(try_decapsulate(pair.private, other.len, &made[1]));
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, try_decapsulate(pair.private, other.len - 1, &made[2]));
    EXPECT(CKR_WRAPPED_KEY_LEN_RANGE, try_decapsulate(pair.private, other.len + 1, &made[2]));
    other.at[0] ^= 1;
    OK(try_decapsulate(pair.private, other.len, &made[2]));
    read_octets(session, made[0], CKA_VALUE, &value);
    ck_assert_uint_eq(value.len, 32);
    for (int i = 0; i < 3; i++) {
        read_octets(session, made[i], CKA_VALUE, &other);
        ck_assert((memcmp(other.at, value.at, 32) == 0) == (i < 2));
        ck_assert(!read_bool(session, made[i], CKA_LOCAL) && read_bool(session, made[i], CKA_EXTRACTABLE));
        ck_assert(!read_bool(session, made[i], CKA_ALWAYS_SENSITIVE));
        ck_assert(!read_bool(session, made[i], CKA_NEVER_EXTRACTABLE));
    }
}
END_TEST

START_TEST(encapsulation_refuses_what_is_wrong)
{
    CK_MECHANISM with_parameter = {CKM_ML_KEM, octets_of("x"), 1};
    CK_MECHANISM no_kem = MECHANISM(CKM_AES_ECB);
    CK_OBJECT_HANDLE made = 77;
    CK_ULONG len = 1;
    struct key_pair pair;
    size_t before;

    if (!is_there) {
        return;
    }
    pair = make_pair(CKM_ML_KEM_KEY_PAIR_GEN, CKP_ML_KEM_768);
    before = objects_seen(session);
    begin_secret(CKK_AES);
    OK(p11->C_EncapsulateKey(session, &kem, pair.public, BAG(&secret_bag), NULL, &len, &made));
    ck_assert_uint_eq(len, ML_KEM_768_CIPHERTEXT_LEN);
    len--;
    EXPECT(CKR_BUFFER_TOO_SMALL,
           p11->C_EncapsulateKey(session, &kem, pair.public, BAG(&secret_bag), other.at, &len, &made));
    ck_assert_uint_eq(len, ML_KEM_768_CIPHERTEXT_LEN);
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_EncapsulateKey(session, &kem, pair.public, BAG(&secret_bag), other.at, NULL, &made));
    EXPECT(CKR_ARGUMENTS_BAD, try_encapsulate(pair.public, NULL));
    EXPECT(CKR_ARGUMENTS_BAD, try_decapsulate(pair.private, 1, NULL));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_DecapsulateKey(session, &kem, pair.private, BAG(&secret_bag), NULL, 5, &made));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_EncapsulateKey(session, &with_parameter, pair.public,
                                                              BAG(&secret_bag), other.at, &len, &made));
    EXPECT(CKR_MECHANISM_INVALID,
           p11->C_EncapsulateKey(session, &no_kem, pair.public, BAG(&secret_bag), other.at, &len, &made));
    EXPECT(CKR_KEY_HANDLE_INVALID, try_encapsulate(9999, &made));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, try_encapsulate(pair.private, &made));
    EXPECT(CKR_UNWRAPPING_KEY_HANDLE_INVALID, try_decapsulate(9999, 1088, &made));
    EXPECT(CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, try_decapsulate(pair.public, 1088, &made));
    bag_ulong(&secret_bag, CKA_VALUE_LEN, 16);
    EXPECT(CKR_KEY_SIZE_RANGE, try_encapsulate(pair.public, &made));
    bag_ulong(&secret_bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&secret_bag, CKA_KEY_TYPE, CKK_ML_KEM);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_encapsulate(pair.public, &made));
    begin_secret(CKK_AES);
    OK(try_set_bool(session, pair.public, CKA_ENCAPSULATE, false));
    OK(try_set_bool(session, pair.private, CKA_DECAPSULATE, false));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, try_encapsulate(pair.public, &made));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, try_decapsulate(pair.private, 1088, &made));
    ck_assert_uint_eq(made, 77);
    ck_assert_uint_eq(objects_seen(session), before);
}
END_TEST

START_TEST(templates_of_the_keys_hold)
{
    CK_ATTRIBUTE sensitive[] = {ATTR_BOOL(CKA_SENSITIVE, true)};
    CK_ATTRIBUTE public_template[] = {ATTR_ULONG(CKA_PARAMETER_SET, CKP_ML_KEM_512),
                                      {CKA_ENCAPSULATE_TEMPLATE, sensitive, sizeof(sensitive)}};
    CK_ATTRIBUTE private_template[] = {{CKA_DECAPSULATE_TEMPLATE, sensitive, sizeof(sensitive)}};
    CK_MECHANISM generator = MECHANISM(CKM_ML_KEM_KEY_PAIR_GEN);
    CK_OBJECT_HANDLE made;
    struct key_pair pair;

    if (!is_there) {
        return;
    }
    OK(p11->C_GenerateKeyPair(session, &generator, TEMPLATE(public_template), TEMPLATE(private_template),
                              &pair.public, &pair.private));
    begin_secret(CKK_GENERIC_SECRET);
    EXPECT(CKR_KEY_HANDLE_INVALID, try_encapsulate(pair.public, &made));
    bag_bool(&secret_bag, CKA_SENSITIVE, true);
    OK(try_encapsulate(pair.public, &made));
    bag_bool(&secret_bag, CKA_SENSITIVE, false);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_decapsulate(pair.private, other.len, &made));
    bag_remove(&secret_bag, CKA_SENSITIVE);
    OK(try_decapsulate(pair.private, other.len, &made));
    ck_assert(read_bool(session, made, CKA_SENSITIVE));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("pq");
    TCase *tcase = tcase_create("pq");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, all_are_listed_or_none);
    tcase_add_loop_test(tcase, pairs_are_made_read_and_imported, 0, (int)COUNT(pairs));
    tcase_add_test(tcase, bad_pairs_are_refused);
    tcase_add_test(tcase, token_keys_outlive_the_login);
    tcase_add_loop_test(tcase, every_mechanism_signs, 0, (int)COUNT(schemes));
    tcase_add_loop_test(tcase, variants_are_what_they_say, 0, (int)COUNT(schemes));
    tcase_add_test(tcase, bad_parameters_are_refused);
    tcase_add_loop_test(tcase, private_keys_are_wrapped, 0, (int)COUNT(pairs));
    tcase_add_loop_test(tcase, both_sides_have_the_same_secret, CKP_ML_KEM_512, CKP_ML_KEM_1024 + 1);
    tcase_add_test(tcase, encapsulation_refuses_what_is_wrong);
    tcase_add_test(tcase, templates_of_the_keys_hold);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
