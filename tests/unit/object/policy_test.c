/* SPDX-License-Identifier: Apache-2.0 */
/* The attribute rules: what may be given, what nobody gave, and what may be changed in which direction. */
#include "object/policy.h"
#include "unit/object/fixture.h"

#include <string.h>

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_ULONG sixteen = 16;
static CK_ULONG aes = CKK_AES;
static CK_ULONG secret_key = CKO_SECRET_KEY;
static CK_BYTE value[] = "sixteen octets!!";
static CK_BYTE date[] = "20241301";

/* clang-format off */
#define IS_CLASS  {CKA_CLASS, &secret_key, sizeof(secret_key)}
#define IS_AES    {CKA_KEY_TYPE, &aes, sizeof(aes)}
#define HAS_VALUE {CKA_VALUE, value, 16}
#define HAS_LEN   {CKA_VALUE_LEN, &sixteen, sizeof(sixteen)}
#define IS_KEY    IS_CLASS, IS_AES, HAS_VALUE
#define ON(type)  {type, &yes, 1}
#define OFF(type) {type, &no, 1}
/* clang-format on */

#define READ_ONLY     CKR_ATTRIBUTE_READ_ONLY
#define VALUE_INVALID CKR_ATTRIBUTE_VALUE_INVALID
#define INCONSISTENT  CKR_TEMPLATE_INCONSISTENT
#define INCOMPLETE    CKR_TEMPLATE_INCOMPLETE

enum {
    CREATE = CFR_ACTION_CREATE,
    GENERATE = CFR_ACTION_GENERATE,
    UNWRAP = CFR_ACTION_UNWRAP,
    DERIVE = CFR_ACTION_DERIVE
};

/* Templates for a new AES key: what each function bars, needs and refuses. */
static const struct {
    const char *what;
    int action;
    const struct cfr_actor *actor;
    CK_ATTRIBUTE template[5]; /* ends with one that has no value */
    CK_RV rv;
} news[] = {
    /* clang-format off */
    {"create",                     CREATE, &user, {IS_KEY}, CKR_OK},
    {"create, no class",           CREATE, &user, {IS_AES, HAS_VALUE}, INCOMPLETE},
    {"create, no type",            CREATE, &user, {IS_CLASS, HAS_VALUE}, INCOMPLETE},
    {"create, no value",           CREATE, &user, {IS_CLASS, IS_AES}, INCOMPLETE},
    {"create, local",              CREATE, &user, {IS_KEY, ON(CKA_LOCAL)}, READ_ONLY},
    {"create, always sensitive",   CREATE, &user, {IS_KEY, ON(CKA_ALWAYS_SENSITIVE)}, READ_ONLY},
    {"create, never extractable",  CREATE, &user, {IS_KEY, OFF(CKA_NEVER_EXTRACTABLE)}, READ_ONLY},
    {"create, unique id",          CREATE, &user, {IS_KEY, {CKA_UNIQUE_ID, value, 4}}, READ_ONLY},
    {"create, trusted by user",    CREATE, &user, {IS_KEY, ON(CKA_TRUSTED)}, READ_ONLY},
    {"create, trusted by SO",      CREATE, &officer, {IS_KEY, ON(CKA_TRUSTED)}, CKR_OK},
    {"create, not trusted",        CREATE, &user, {IS_KEY, OFF(CKA_TRUSTED)}, CKR_OK},
    {"create, a modulus",          CREATE, &user, {IS_KEY, {CKA_MODULUS, value, 4}}, INCONSISTENT},
    {"create, month 13",           CREATE, &user, {IS_KEY, {CKA_START_DATE, date, 8}}, VALUE_INVALID},
    {"generate",                   GENERATE, &user, {HAS_LEN}, CKR_OK},
    {"generate, no length",        GENERATE, &user, {OFF(CKA_TOKEN)}, INCOMPLETE},
    {"generate, a value",          GENERATE, &user, {HAS_LEN, HAS_VALUE}, READ_ONLY},
    {"generate, local",            GENERATE, &user, {HAS_LEN, ON(CKA_LOCAL)}, READ_ONLY},
    {"unwrap",                     UNWRAP, &user, {IS_CLASS, IS_AES}, CKR_OK},
    {"unwrap, no type",            UNWRAP, &user, {IS_CLASS}, INCOMPLETE},
    {"unwrap, a value",            UNWRAP, &user, {IS_KEY}, READ_ONLY},
    {"unwrap, trusted",            UNWRAP, &user, {IS_CLASS, IS_AES, ON(CKA_TRUSTED)}, READ_ONLY},
    {"derive, a value",            DERIVE, &user, {IS_AES, HAS_VALUE}, READ_ONLY},
    {"derive, always sensitive",   DERIVE, &user, {IS_AES, ON(CKA_ALWAYS_SENSITIVE)}, READ_ONLY},
    /* clang-format on */
};

START_TEST(new_objects)
{
    AUTO(attrs) given = CFR_ATTRS;
    CK_ULONG count = 0;
    CK_RV rv;

    while (news[_i].template[count].pValue != NULL) {
        count++;
    }
    ASSERT_OK(cfr_template_read(news[_i].template, count, &given));
    rv = cfr_policy_check_new((enum cfr_action)news[_i].action, cfr_class_find(CKO_SECRET_KEY, CKK_AES),
                              &given, news[_i].actor);
    ck_assert_msg(rv == news[_i].rv, "%s: 0x%lx", news[_i].what, rv);
}
END_TEST

static struct cfr_object *new_data(bool is_private)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_DATA), TEXT(CKA_LABEL, "label"), TEXT(CKA_VALUE, "value"),
                               BOOL(CKA_PRIVATE, is_private)};

    return object_new(TEMPLATE(template), &user);
}

static CK_RV change(enum cfr_action action, struct cfr_object *object, CK_ATTRIBUTE given,
                    const struct cfr_actor *actor, struct cfr_object **ret_changed)
{
    AUTO(attrs) attrs = CFR_ATTRS;

    ASSERT_OK(cfr_template_read(&given, 1, &attrs));
    return cfr_build_changed(action, object, &attrs, actor, ret_changed);
}

static CK_RV try_change(enum cfr_action action, struct cfr_object *object, CK_ATTRIBUTE given,
                        const struct cfr_actor *actor)
{
    AUTO(object) *changed = NULL;
    CK_RV rv = change(action, object, given, actor, &changed);

    ck_assert_int_eq(rv == CKR_OK, changed != NULL);
    return rv;
}

/* One attribute of an AES key that is sensitive and extractable, set or changed in a copy. */
static const struct {
    const char *what;
    CK_ATTRIBUTE given;
    CK_RV on_set;
    CK_RV on_copy;
} changes[] = {
    /* clang-format off */
    {"label",                      {CKA_LABEL, value, 3}, CKR_OK, CKR_OK},
    {"id",                         {CKA_ID, value, 3}, CKR_OK, CKR_OK},
    {"encrypt off",                OFF(CKA_ENCRYPT), CKR_OK, CKR_OK},
    {"wrap on",                    ON(CKA_WRAP), CKR_OK, CKR_OK},
    {"sensitive as it is",         ON(CKA_SENSITIVE), CKR_OK, CKR_OK},
    {"sensitive off",              OFF(CKA_SENSITIVE), READ_ONLY, READ_ONLY},
    {"extractable off",            OFF(CKA_EXTRACTABLE), CKR_OK, CKR_OK},
    {"wrap with trusted on",       ON(CKA_WRAP_WITH_TRUSTED), CKR_OK, CKR_OK},
    {"trusted on",                 ON(CKA_TRUSTED), READ_ONLY, READ_ONLY},
    {"copyable off",               OFF(CKA_COPYABLE), CKR_OK, CKR_OK},
    {"token on",                   ON(CKA_TOKEN), READ_ONLY, CKR_OK},
    {"modifiable off",             OFF(CKA_MODIFIABLE), READ_ONLY, CKR_OK},
    {"destroyable off",            OFF(CKA_DESTROYABLE), READ_ONLY, CKR_OK},
    {"private off",                OFF(CKA_PRIVATE), READ_ONLY, INCONSISTENT},
    {"class as it is",             {CKA_CLASS, &secret_key, sizeof(secret_key)}, CKR_OK, CKR_OK},
    {"key type as it is",          {CKA_KEY_TYPE, &aes, sizeof(aes)}, CKR_OK, CKR_OK},
    {"another key type",           {CKA_KEY_TYPE, &sixteen, sizeof(sixteen)}, READ_ONLY, READ_ONLY},
    {"another value",              {CKA_VALUE, value + 1, 15}, READ_ONLY, READ_ONLY},
    {"local",                      ON(CKA_LOCAL), READ_ONLY, READ_ONLY},
    {"always sensitive",           ON(CKA_ALWAYS_SENSITIVE), READ_ONLY, READ_ONLY},
    {"never extractable",          ON(CKA_NEVER_EXTRACTABLE), READ_ONLY, READ_ONLY},
    {"unique id",                  {CKA_UNIQUE_ID, value, 3}, READ_ONLY, READ_ONLY},
    {"allowed mechanisms",         {CKA_ALLOWED_MECHANISMS, &sixteen, sizeof(sixteen)}, READ_ONLY, READ_ONLY},
    {"unwrap template",            {CKA_UNWRAP_TEMPLATE, NULL, 0}, READ_ONLY, READ_ONLY},
    {"check value that is wrong",  {CKA_CHECK_VALUE, value, 3}, VALUE_INVALID, VALUE_INVALID},
    {"check value cleared",        {CKA_CHECK_VALUE, NULL, 0}, CKR_OK, CKR_OK},
    {"a modulus",                  {CKA_MODULUS, value, 3}, INCONSISTENT, INCONSISTENT},
    {"month 13",                   {CKA_END_DATE, date, 8}, VALUE_INVALID, VALUE_INVALID},
    /* clang-format on */
};

START_TEST(one_attribute_changed)
{
    AUTO(object) *key = object_aes(true, true);
    CK_RV rv = try_change(CFR_ACTION_SET, key, changes[_i].given, &user);

    ck_assert_msg(rv == changes[_i].on_set, "%s, set: 0x%lx", changes[_i].what, rv);
    rv = try_change(CFR_ACTION_COPY, key, changes[_i].given, &user);
    ck_assert_msg(rv == changes[_i].on_copy, "%s, copied: 0x%lx", changes[_i].what, rv);
}
END_TEST

/* A latch that has fallen stays, in the object, in its copies, and in theirs; for the SO too. */
START_TEST(latches_hold)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        bool to;
    } latches[] = {{CKA_SENSITIVE, true},
                   {CKA_EXTRACTABLE, false},
                   {CKA_WRAP_WITH_TRUSTED, true},
                   {CKA_COPYABLE, false}};
    static const struct cfr_actor *const actors[] = {&user, &officer};

    for (size_t i = 0; i < COUNT_OF(latches); i++) {
        CK_ATTRIBUTE fall = {latches[i].type, latches[i].to ? &yes : &no, 1};
        CK_ATTRIBUTE rise = {latches[i].type, latches[i].to ? &no : &yes, 1};
        AUTO(object) *key = object_aes(false, true);
        AUTO(object) *fallen = NULL;
        AUTO(object) *copy = NULL;

        ASSERT_OK(change(CFR_ACTION_SET, key, fall, &user, &fallen));
        for (size_t j = 0; j < COUNT_OF(actors); j++) {
            ASSERT_RV(try_change(CFR_ACTION_SET, fallen, rise, actors[j]), CKR_ATTRIBUTE_READ_ONLY);
            if (latches[i].type == CKA_COPYABLE) {
                ASSERT_RV(try_change(CFR_ACTION_COPY, fallen, fall, actors[j]), CKR_ACTION_PROHIBITED);
            } else {
                ASSERT_RV(try_change(CFR_ACTION_COPY, fallen, rise, actors[j]), CKR_ATTRIBUTE_READ_ONLY);
            }
        }
        if (latches[i].type != CKA_COPYABLE) {
            ASSERT_OK(change(CFR_ACTION_COPY, fallen, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "copy"), &user, &copy));
            ASSERT_RV(try_change(CFR_ACTION_SET, copy, rise, &user), CKR_ATTRIBUTE_READ_ONLY);
        }
    }
}
END_TEST

START_TEST(what_may_not_be_modified_is_not)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_DATA), BOOL(CKA_MODIFIABLE, false)};
    AUTO(object) *data = object_new(TEMPLATE(template), &user);
    AUTO(object) *copy = NULL;

    ASSERT_RV(try_change(CFR_ACTION_SET, data, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "x"), &user),
              CKR_ACTION_PROHIBITED);
    ASSERT_OK(change(CFR_ACTION_COPY, data, (CK_ATTRIBUTE)BOOL(CKA_MODIFIABLE, true), &user, &copy));
    ASSERT_OK(try_change(CFR_ACTION_SET, copy, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "x"), &user));
}
END_TEST

START_TEST(private_never_becomes_public)
{
    AUTO(object) *data = new_data(true);
    AUTO(object) *open = new_data(false);
    AUTO(object) *closed = NULL;

    ASSERT_RV(try_change(CFR_ACTION_COPY, data, (CK_ATTRIBUTE)BOOL(CKA_PRIVATE, false), &user),
              CKR_TEMPLATE_INCONSISTENT);
    ASSERT_OK(change(CFR_ACTION_COPY, open, (CK_ATTRIBUTE)BOOL(CKA_PRIVATE, true), &user, &closed));
    ASSERT_RV(try_change(CFR_ACTION_COPY, closed, (CK_ATTRIBUTE)BOOL(CKA_PRIVATE, false), &user),
              CKR_TEMPLATE_INCONSISTENT);
}
END_TEST

/* The officer trusts an object, not its copies. */
START_TEST(trust_is_not_copied)
{
    AUTO(object) *key = object_aes(true, false);
    AUTO(object) *trusted = NULL;
    AUTO(object) *copy = NULL;
    AUTO(object) *officers_copy = NULL;

    ASSERT_OK(change(CFR_ACTION_SET, key, (CK_ATTRIBUTE)BOOL(CKA_TRUSTED, true), &officer, &trusted));
    ck_assert(cfr_object_bool(trusted, CFR_B_TRUSTED));
    ASSERT_OK(change(CFR_ACTION_COPY, trusted, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "x"), &user, &copy));
    ck_assert(!cfr_object_bool(copy, CFR_B_TRUSTED));
    ASSERT_OK(change(CFR_ACTION_COPY, trusted, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "x"), &officer, &officers_copy));
    ck_assert(cfr_object_bool(officers_copy, CFR_B_TRUSTED));
}
END_TEST

START_TEST(copies_are_new_objects)
{
    AUTO(object) *data = new_data(true);
    AUTO(object) *copy = NULL;
    AUTO(object) *changed = NULL;

    data->id = 9;
    ASSERT_OK(change(CFR_ACTION_COPY, data, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "x"), &user, &copy));
    ASSERT_OK(change(CFR_ACTION_SET, data, (CK_ATTRIBUTE)TEXT(CKA_LABEL, "x"), &user, &changed));
    ck_assert_uint_eq(copy->id, 0);
    ck_assert_uint_eq(changed->id, 9);
    ck_assert_uint_eq(cfr_attrs_value(&copy->attrs, CKA_UNIQUE_ID).len, 36);
    ck_assert(!cfr_attrs_same(&data->attrs, &copy->attrs, cfr_attr_find(CKA_UNIQUE_ID)));
    ck_assert(cfr_attrs_same(&data->attrs, &changed->attrs, cfr_attr_find(CKA_UNIQUE_ID)));
    ASSERT_SPAN(cfr_attrs_value(&copy->attrs, CKA_VALUE), cfr_span_text("value"));
    /* The first stays as it was. */
    ASSERT_SPAN(cfr_attrs_value(&data->attrs, CKA_LABEL), cfr_span_text("label"));
}
END_TEST

/* What nobody gives: 4.4, 4.9, 4.10 and, for the strict profile, no use that was not asked for. */
START_TEST(defaults)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        int created;
        int created_by_nobody;
        int created_strictly;
    } bools[] = {
        {CKA_TOKEN, 0, 0, 0},
        {CKA_PRIVATE, 1, 0, 1},
        {CKA_MODIFIABLE, 1, 1, 1},
        {CKA_COPYABLE, 1, 1, 1},
        {CKA_DESTROYABLE, 1, 1, 1},
        {CKA_SENSITIVE, 0, 0, 1},
        {CKA_EXTRACTABLE, 0, 0, 0},
        {CKA_ALWAYS_SENSITIVE, 0, 0, 0},
        {CKA_NEVER_EXTRACTABLE, 0, 0, 0},
        {CKA_LOCAL, 0, 0, 0},
        {CKA_ENCRYPT, 1, 1, 0},
        {CKA_DECRYPT, 1, 1, 0},
        {CKA_WRAP, 0, 0, 0},
        {CKA_UNWRAP, 0, 0, 0},
        {CKA_TRUSTED, 0, 0, 0},
        {CKA_DERIVE, 0, 0, 0},
        {CKA_WRAP_WITH_TRUSTED, 0, 0, 0},
    };
    const CK_ATTRIBUTE template[] = {IS_CLASS, IS_AES, HAS_VALUE};
    AUTO(object) *by_user = object_new(TEMPLATE(template), &user);
    AUTO(object) *by_nobody = object_new(TEMPLATE(template), &nobody);
    AUTO(object) *strictly = object_new(TEMPLATE(template), &strict_user);

    for (size_t i = 0; i < COUNT_OF(bools); i++) {
        enum cfr_bool bit = (enum cfr_bool)cfr_attr_find(bools[i].type)->number;
        const char *name = cfr_attr_find(bools[i].type)->name;

        ck_assert_msg(cfr_attrs_has_bool(&by_user->attrs, bit), "%s", name);
        ck_assert_msg(cfr_object_bool(by_user, bit) == (bools[i].created == 1), "%s", name);
        ck_assert_msg(cfr_object_bool(by_nobody, bit) == (bools[i].created_by_nobody == 1), "%s", name);
        ck_assert_msg(cfr_object_bool(strictly, bit) == (bools[i].created_strictly == 1), "%s", name);
    }
    ck_assert_uint_eq(cfr_attrs_ulong(&by_user->attrs, CKA_KEY_GEN_MECHANISM, 0), CK_UNAVAILABLE_INFORMATION);
    ck_assert(cfr_attrs_has(&by_user->attrs, cfr_attr_find(CKA_LABEL)));
    ck_assert(cfr_attrs_has(&by_user->attrs, cfr_attr_find(CKA_ID)));
}
END_TEST

/* Pairs of uses that the strict profile keeps apart, for a new key and for one that is changed. */
START_TEST(strict_profile_keeps_uses_apart)
{
    static const CK_ATTRIBUTE_TYPE pairs[][2] = {
        {CKA_WRAP, CKA_DECRYPT}, {CKA_UNWRAP, CKA_ENCRYPT}, {CKA_UNWRAP, CKA_SIGN}, {CKA_UNWRAP, CKA_DERIVE}};

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        CK_ATTRIBUTE template[] = {
            IS_CLASS, IS_AES, HAS_VALUE, {pairs[i][0], &yes, 1}, {pairs[i][1], &yes, 1}};
        AUTO(object) *refused = NULL;
        AUTO(object) *standard = object_new(TEMPLATE(template), &user);
        AUTO(object) *one_use = object_new(template, 4, &strict_user);

        (void)standard;
        ASSERT_RV(object_try(CFR_ACTION_CREATE, TEMPLATE(template), &strict_user, &refused),
                  CKR_TEMPLATE_INCONSISTENT);
        ck_assert_ptr_null(refused);
        /* Not by the back door, in two steps, nor in a copy. */
        ASSERT_RV(try_change(CFR_ACTION_SET, one_use, template[4], &strict_user), CKR_ATTRIBUTE_READ_ONLY);
        ASSERT_RV(try_change(CFR_ACTION_COPY, one_use, template[4], &strict_user), CKR_ATTRIBUTE_READ_ONLY);
        ASSERT_OK(try_change(CFR_ACTION_SET, one_use, (CK_ATTRIBUTE){pairs[i][0], &no, 1}, &strict_user));
    }
}
END_TEST

START_TEST(strict_profile_keeps_keys_private)
{
    CK_ATTRIBUTE template[] = {IS_CLASS, IS_AES, HAS_VALUE, OFF(CKA_PRIVATE)};
    AUTO(object) *refused = NULL;

    ASSERT_RV(object_try(CFR_ACTION_CREATE, TEMPLATE(template), &strict_user, &refused),
              CKR_TEMPLATE_INCONSISTENT);
    ck_assert_ptr_null(refused);
}
END_TEST

START_TEST(always_authenticate_needs_private)
{
    static CK_BYTE curve[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static CK_BYTE number[32] = {1};
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_PRIVATE_KEY),     ULONG(CKA_KEY_TYPE, CKK_EC),
                               {CKA_EC_PARAMS, curve, sizeof(curve)}, {CKA_VALUE, number, sizeof(number)},
                               BOOL(CKA_ALWAYS_AUTHENTICATE, true),   BOOL(CKA_PRIVATE, false)};
    AUTO(object) *refused = NULL;
    AUTO(object) *made = object_new(template, COUNT_OF(template) - 1, &user);

    ck_assert(cfr_object_bool(made, CFR_B_ALWAYS_AUTHENTICATE) && cfr_object_bool(made, CFR_B_PRIVATE));
    ASSERT_RV(object_try(CFR_ACTION_CREATE, TEMPLATE(template), &user, &refused), CKR_TEMPLATE_INCONSISTENT);
    ck_assert_ptr_null(refused);
}
END_TEST

static CK_RV attempt(void *arg)
{
    struct cfr_object *key = arg;
    AUTO(attrs) given = CFR_ATTRS;
    AUTO(object) *copy = NULL;

    TRY(cfr_attrs_set(&given, CKA_LABEL, cfr_span_text("a label")));
    return cfr_build_changed(CFR_ACTION_COPY, key, &given, &user, &copy);
}

START_TEST(each_allocation_may_fail)
{
    AUTO(object) *key = object_aes(true, true);
    unsigned failures = nth_failure(CFR_FAULT_MEMORY, attempt, key);

#ifdef CFR_FAULTS
    ck_assert_uint_ge(failures, 5);
#else
    (void)failures;
#endif
}
END_TEST

static Suite *suite(void)
{
    Suite *policy = suite_create("policy");
    TCase *tcase = tcase_create("policy");

    tcase_add_checked_fixture(tcase, object_up, NULL);
    tcase_add_loop_test(tcase, new_objects, 0, COUNT_OF(news));
    tcase_add_loop_test(tcase, one_attribute_changed, 0, COUNT_OF(changes));
    tcase_add_test(tcase, latches_hold);
    tcase_add_test(tcase, what_may_not_be_modified_is_not);
    tcase_add_test(tcase, private_never_becomes_public);
    tcase_add_test(tcase, trust_is_not_copied);
    tcase_add_test(tcase, copies_are_new_objects);
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, strict_profile_keeps_uses_apart);
    tcase_add_test(tcase, strict_profile_keeps_keys_private);
    tcase_add_test(tcase, always_authenticate_needs_private);
    tcase_add_test(tcase, each_allocation_may_fail);
    suite_add_tcase(policy, tcase);
    return policy;
}

TEST_MAIN(suite)
