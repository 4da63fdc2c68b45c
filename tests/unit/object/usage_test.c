/* SPDX-License-Identifier: Apache-2.0 */
/* May this key do this: usage bits, key types, sizes, allowed mechanisms, and who may leave under whom. */
#include "mech/registry.h"
#include "object/usage.h"
#include "unit/object/fixture.h"

static const CK_FLAGS all_flags[] = {CKF_ENCRYPT, CKF_DECRYPT, CKF_SIGN, CKF_VERIFY, CKF_WRAP, CKF_UNWRAP};

static const CK_ATTRIBUTE_TYPE all_uses[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN,
                                             CKA_VERIFY,  CKA_WRAP,    CKA_UNWRAP};

enum { USES = sizeof(all_uses) / sizeof(all_uses[0]) };

static const struct cfr_mechanism *row(CK_MECHANISM_TYPE type)
{
    const struct cfr_mechanism *found = NULL;

    ASSERT_OK(cfr_registry_find(type, 0, &found));
    return found;
}

/* An AES key with one use, or all (USES), or none (-1), and one more attribute. */
static struct cfr_object *new_key(int use, CK_ATTRIBUTE more, const struct cfr_actor *actor)
{
    static CK_BBOOL values[2] = {CK_FALSE, CK_TRUE};
    static CK_ULONG class = CKO_SECRET_KEY;
    static CK_KEY_TYPE type = CKK_AES;
    CK_ATTRIBUTE template[USES + 4] = {{CKA_CLASS, &class, sizeof(class)},
                                       {CKA_KEY_TYPE, &type, sizeof(type)},
                                       TEXT(CKA_VALUE, "sixteen octets!!"),
                                       more};

    for (int i = 0; i < USES; i++) {
        template[4 + i] = (CK_ATTRIBUTE){all_uses[i], &values[use == USES || use == i], 1};
    }
    return object_new(TEMPLATE(template), actor);
}

#define EXTRACTABLE ((CK_ATTRIBUTE)BOOL(CKA_EXTRACTABLE, true))

static CK_MECHANISM_TYPE mechanism_for(CK_FLAGS flag)
{
    return (flag & (CKF_SIGN | CKF_VERIFY)) != 0 ? CKM_AES_CMAC : CKM_AES_GCM;
}

START_TEST(each_use_has_its_bit)
{
    for (int use = -1; use <= USES; use++) {
        AUTO(object) *key = new_key(use, EXTRACTABLE, &user);

        for (int i = 0; i < USES; i++) {
            ASSERT_RV(
                cfr_usage_check(key, row(mechanism_for(all_flags[i])), all_flags[i], CFR_PROFILE_STANDARD),
                use == i || use == USES ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED);
        }
    }
}
END_TEST

START_TEST(keys_fit_their_mechanisms)
{
    CK_ATTRIBUTE data_template[] = {ULONG(CKA_CLASS, CKO_DATA)};
    AUTO(object) *data = object_new(TEMPLATE(data_template), &user);
    AUTO(object) *key = new_key(USES, EXTRACTABLE, &user);

    ASSERT_RV(cfr_usage_check(data, row(CKM_AES_GCM), CKF_ENCRYPT, CFR_PROFILE_STANDARD),
              CKR_KEY_HANDLE_INVALID);
    ASSERT_RV(cfr_usage_check(key, row(CKM_RSA_PKCS), CKF_ENCRYPT, CFR_PROFILE_STANDARD),
              CKR_KEY_TYPE_INCONSISTENT);
    ASSERT_RV(cfr_usage_check(key, row(CKM_SHA256_HMAC), CKF_SIGN, CFR_PROFILE_STANDARD),
              CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

/* The public half verifies and encrypts, the private half signs and decrypts; neither does the other's. */
START_TEST(halves_of_a_pair_do_their_own)
{
    static CK_BYTE curve[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static CK_BYTE number[32] = {1};
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
                               ULONG(CKA_KEY_TYPE, CKK_EC),
                               {CKA_EC_PARAMS, curve, sizeof(curve)},
                               {CKA_VALUE, number, sizeof(number)},
                               BOOL(CKA_SIGN, true),
                               BOOL(CKA_DERIVE, true)};
    AUTO(object) *key = object_new(TEMPLATE(template), &user);

    ASSERT_OK(cfr_usage_check(key, row(CKM_ECDSA), CKF_SIGN, CFR_PROFILE_STANDARD));
    ASSERT_OK(cfr_usage_check(key, row(CKM_ECDH1_DERIVE), CKF_DERIVE, CFR_PROFILE_STANDARD));
    ASSERT_RV(cfr_usage_check(key, row(CKM_ECDSA), CKF_VERIFY, CFR_PROFILE_STANDARD),
              CKR_KEY_TYPE_INCONSISTENT);
    ASSERT_RV(cfr_usage_check(key, row(CKM_EDDSA), CKF_SIGN, CFR_PROFILE_STANDARD),
              CKR_KEY_TYPE_INCONSISTENT);
}
END_TEST

START_TEST(only_allowed_mechanisms)
{
    CK_MECHANISM_TYPE list[] = {CKM_AES_CBC, CKM_AES_GCM};
    AUTO(object) *some = new_key(USES, (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, list, sizeof(list)}, &user);
    AUTO(object) *none = new_key(USES, (CK_ATTRIBUTE){CKA_ALLOWED_MECHANISMS, NULL, 0}, &user);

    ASSERT_OK(cfr_usage_check(some, row(CKM_AES_GCM), CKF_ENCRYPT, CFR_PROFILE_STANDARD));
    ASSERT_OK(cfr_usage_check(some, row(CKM_AES_CBC), CKF_DECRYPT, CFR_PROFILE_STANDARD));
    ASSERT_RV(cfr_usage_check(some, row(CKM_AES_CTR), CKF_ENCRYPT, CFR_PROFILE_STANDARD),
              CKR_MECHANISM_INVALID);
    ASSERT_RV(cfr_usage_check(none, row(CKM_AES_GCM), CKF_ENCRYPT, CFR_PROFILE_STANDARD),
              CKR_MECHANISM_INVALID);
}
END_TEST

START_TEST(strict_profile_has_fewer_mechanisms)
{
    AUTO(object) *key = new_key(0, EXTRACTABLE, &strict_user);

    ASSERT_OK(cfr_usage_check(key, row(CKM_AES_GCM), CKF_ENCRYPT, CFR_PROFILE_STRICT));
    ASSERT_OK(cfr_usage_check(key, row(CKM_AES_ECB), CKF_ENCRYPT, CFR_PROFILE_STANDARD));
    ASSERT_RV(cfr_usage_check(key, row(CKM_AES_ECB), CKF_ENCRYPT, CFR_PROFILE_STRICT), CKR_MECHANISM_INVALID);
}
END_TEST

START_TEST(what_leaves_must_be_extractable)
{
    CK_ATTRIBUTE data_template[] = {ULONG(CKA_CLASS, CKO_DATA)};
    AUTO(object) *data = object_new(TEMPLATE(data_template), &user);
    AUTO(object) *wrapping = new_key(4, EXTRACTABLE, &user);
    AUTO(object) *leaves = object_aes(true, true);
    AUTO(object) *stays = object_aes(false, false);

    ASSERT_OK(cfr_usage_check_wrap(wrapping, leaves, CFR_PROFILE_STANDARD));
    ASSERT_RV(cfr_usage_check_wrap(wrapping, stays, CFR_PROFILE_STANDARD), CKR_KEY_UNEXTRACTABLE);
    ASSERT_RV(cfr_usage_check_wrap(wrapping, data, CFR_PROFILE_STANDARD), CKR_KEY_HANDLE_INVALID);
}
END_TEST

static struct cfr_object *with(struct cfr_object *key, CK_ATTRIBUTE given, const struct cfr_actor *actor)
{
    AUTO(attrs) attrs = CFR_ATTRS;
    struct cfr_object *changed = NULL;

    ASSERT_OK(cfr_template_read(&given, 1, &attrs));
    ASSERT_OK(cfr_build_changed(CFR_ACTION_SET, key, &attrs, actor, &changed));
    return changed;
}

START_TEST(some_leave_under_trusted_keys_alone)
{
    AUTO(object) *wrapping = new_key(4, EXTRACTABLE, &user);
    AUTO(object) *trusted = with(wrapping, (CK_ATTRIBUTE)BOOL(CKA_TRUSTED, true), &officer);
    AUTO(object) *key = object_aes(true, true);
    AUTO(object) *careful = with(key, (CK_ATTRIBUTE)BOOL(CKA_WRAP_WITH_TRUSTED, true), &user);

    ASSERT_RV(cfr_usage_check_wrap(wrapping, careful, CFR_PROFILE_STANDARD), CKR_KEY_NOT_WRAPPABLE);
    ASSERT_OK(cfr_usage_check_wrap(trusted, careful, CFR_PROFILE_STANDARD));
    /* The strict profile asks it for every sensitive key. */
    ASSERT_RV(cfr_usage_check_wrap(wrapping, key, CFR_PROFILE_STRICT), CKR_KEY_NOT_WRAPPABLE);
    ASSERT_OK(cfr_usage_check_wrap(trusted, key, CFR_PROFILE_STRICT));
}
END_TEST

/* 4.9: a wrapping key says which keys it wraps, an unwrapping key what becomes of those it unwraps. */
START_TEST(templates_bind)
{
    CK_ATTRIBUTE wanted[] = {BOOL(CKA_SENSITIVE, true), ULONG(CKA_KEY_TYPE, CKK_AES)};
    AUTO(object) *wrapping = new_key(4, (CK_ATTRIBUTE){CKA_WRAP_TEMPLATE, wanted, sizeof(wanted)}, &user);
    AUTO(object) *unwrapping = new_key(5, (CK_ATTRIBUTE){CKA_UNWRAP_TEMPLATE, wanted, sizeof(wanted)}, &user);
    AUTO(object) *matches = object_aes(true, true);
    AUTO(object) *differs = object_aes(false, true);
    AUTO(attrs) open = CFR_ATTRS;
    AUTO(attrs) against = CFR_ATTRS;

    ASSERT_OK(cfr_usage_check_wrap(wrapping, matches, CFR_PROFILE_STANDARD));
    ASSERT_RV(cfr_usage_check_wrap(wrapping, differs, CFR_PROFILE_STANDARD), CKR_KEY_HANDLE_INVALID);
    ASSERT_OK(cfr_usage_apply_template(unwrapping, CKA_UNWRAP_TEMPLATE, &open));
    ck_assert(cfr_attrs_bool(&open, CFR_B_SENSITIVE));
    ck_assert_uint_eq(cfr_attrs_ulong(&open, CKA_KEY_TYPE, 0), CKK_AES);
    /* What agrees with it is fine; what does not is refused and adds nothing. */
    ASSERT_OK(cfr_usage_apply_template(unwrapping, CKA_UNWRAP_TEMPLATE, &open));
    cfr_attrs_set_bool(&against, CFR_B_SENSITIVE, false);
    ASSERT_RV(cfr_usage_apply_template(unwrapping, CKA_UNWRAP_TEMPLATE, &against), CKR_TEMPLATE_INCONSISTENT);
    ck_assert(!cfr_attrs_has(&against, cfr_attr_find(CKA_KEY_TYPE)));
    ASSERT_OK(cfr_usage_apply_template(unwrapping, CKA_DERIVE_TEMPLATE, &against));
}
END_TEST

static CK_RV attempt(void *arg)
{
    struct cfr_object **keys = arg;
    AUTO(attrs) given = CFR_ATTRS;

    TRY(cfr_usage_check_wrap(keys[0], keys[1], CFR_PROFILE_STANDARD));
    return cfr_usage_apply_template(keys[0], CKA_WRAP_TEMPLATE, &given);
}

START_TEST(each_allocation_may_fail)
{
    CK_ATTRIBUTE wanted[] = {ULONG(CKA_VALUE_LEN, 16), TEXT(CKA_LABEL, "")};
    struct cfr_object *keys[] = {new_key(4, (CK_ATTRIBUTE){CKA_WRAP_TEMPLATE, wanted, sizeof(wanted)}, &user),
                                 object_aes(true, true)};
    unsigned failures = nth_failure(CFR_FAULT_MEMORY, attempt, keys);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 4);
#else
    (void)failures;
#endif
    cfr_object_drop(keys[0]);
    cfr_object_drop(keys[1]);
}
END_TEST

static Suite *suite(void)
{
    Suite *usage = suite_create("usage");
    TCase *tcase = tcase_create("usage");

    tcase_add_checked_fixture(tcase, object_up, NULL);
    tcase_add_test(tcase, each_use_has_its_bit);
    tcase_add_test(tcase, keys_fit_their_mechanisms);
    tcase_add_test(tcase, halves_of_a_pair_do_their_own);
    tcase_add_test(tcase, only_allowed_mechanisms);
    tcase_add_test(tcase, strict_profile_has_fewer_mechanisms);
    tcase_add_test(tcase, what_leaves_must_be_extractable);
    tcase_add_test(tcase, some_leave_under_trusted_keys_alone);
    tcase_add_test(tcase, templates_bind);
    tcase_add_test(tcase, each_allocation_may_fail);
    suite_add_tcase(usage, tcase);
    return usage;
}

TEST_MAIN(suite)
