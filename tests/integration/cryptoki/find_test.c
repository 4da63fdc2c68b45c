/* SPDX-License-Identifier: Apache-2.0 */
/* C_FindObjects…: what a template matches, in batches, while objects come and go (5.7). */
#include "integration/cryptoki/keys.h"
#include "support/main.h"

#include <stdio.h>

static size_t found_with(CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    CK_ATTRIBUTE one = {type, UNCONST(value), len};

    return find_all(session, &one, 1, NULL, 0);
}

static size_t found_with_bool(CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE type, bool value)
{
    return found_with(session, type, &(CK_BBOOL){value ? CK_TRUE : CK_FALSE}, sizeof(CK_BBOOL));
}

static size_t found_with_ulong(CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    return found_with(session, type, &value, sizeof(value));
}

/* --- What matches --- */

START_TEST(attributes_of_every_kind_are_searched_for)
{
    static struct octets value;
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair rsa = rsa_make(session, true, "rsa", 2048);
    struct key_pair ec = ec_make(session, false, "ec");
    CK_OBJECT_HANDLE aes = aes_make(session, true, "aes");

    (void)data_make(session, "data", true, false);
    ck_assert_uint_eq(found_with_ulong(session, CKA_CLASS, CKO_PUBLIC_KEY), 2);
    ck_assert_uint_eq(found_with_ulong(session, CKA_CLASS, CKO_PRIVATE_KEY), 2);
    ck_assert_uint_eq(found_with_ulong(session, CKA_CLASS, CKO_SECRET_KEY), 1);
    ck_assert_uint_eq(found_with_ulong(session, CKA_CLASS, CKO_CERTIFICATE), 0);
    ck_assert_uint_eq(found_with_ulong(session, CKA_KEY_TYPE, CKK_RSA), 2);
    ck_assert_uint_eq(found_with_ulong(session, CKA_KEY_GEN_MECHANISM, CKM_AES_KEY_GEN), 1);
    ck_assert_uint_eq(found_with_bool(session, CKA_TOKEN, true), 4);
    ck_assert_uint_eq(found_with_bool(session, CKA_TOKEN, false), 2);
    ck_assert_uint_eq(found_with_bool(session, CKA_SENSITIVE, true), 3);
    ck_assert_uint_eq(found_with_bool(session, CKA_LOCAL, true), 5);
    ck_assert_uint_eq(found_with(session, CKA_LABEL, "rsa", 3), 2);
    ck_assert_uint_eq(found_with(session, CKA_LABEL, "rs", 2), 0);
    ck_assert_uint_eq(found_with(session, CKA_LABEL, "rsa ", 4), 0);
    ck_assert_uint_eq(found_with(session, CKA_LABEL, "RSA", 3), 0);
    ck_assert_uint_eq(found_with(session, CKA_ID, "ec", 2), 2);
    ck_assert_uint_eq(found_with(session, CKA_START_DATE, NULL, 0), 5);
    read_octets(session, rsa.public, CKA_MODULUS, &value);
    ck_assert_uint_eq(found_with(session, CKA_MODULUS, value.at, value.len), 2);
    read_octets(session, ec.public, CKA_EC_POINT, &value);
    ck_assert_uint_eq(found_with(session, CKA_EC_POINT, value.at, value.len), 1);
    read_octets(session, aes, CKA_UNIQUE_ID, &value);
    ck_assert_uint_eq(found_with(session, CKA_UNIQUE_ID, value.at, value.len), 1);
    module_stop();
}
END_TEST

START_TEST(computed_attributes_are_searched_for_as_they_are_read)
{
    static const CK_ATTRIBUTE_TYPE of_public[] = {CKA_MODULUS_BITS, CKA_PUBLIC_KEY_INFO};
    static const CK_ATTRIBUTE_TYPE of_secret[] = {CKA_VALUE_LEN, CKA_CHECK_VALUE};
    static struct octets value;
    CK_SESSION_HANDLE session = client_ready();

    for (int is_token = 0; is_token < 2; is_token++) {
        struct key_pair rsa = rsa_make(session, is_token, "rsa", 2048);
        CK_OBJECT_HANDLE aes = aes_make(session, is_token, "aes");

        for (size_t i = 0; i < 2; i++) {
            read_octets(session, rsa.public, of_public[i], &value);
            ck_assert_msg(found_with(session, of_public[i], value.at, value.len) >= 1, "0x%lx", of_public[i]);
            read_octets(session, aes, of_secret[i], &value);
            ck_assert_msg(found_with(session, of_secret[i], value.at, value.len) >= 1, "0x%lx", of_secret[i]);
        }
    }
    module_stop();
}
END_TEST

START_TEST(all_attributes_of_a_template_must_match)
{
    CK_OBJECT_HANDLE found[8];
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = ec_make(session, true, "name");
    CK_OBJECT_HANDLE data = data_make(session, "name", true, false);
    CK_ATTRIBUTE template[] = {ATTR_TEXT(CKA_LABEL, "name"), ATTR_ULONG(CKA_CLASS, CKO_PRIVATE_KEY),
                               ATTR_BOOL(CKA_SIGN, true), ATTR_BOOL(CKA_TOKEN, true)};

    ck_assert_uint_eq(find_all(session, template, 1, found, COUNT(found)), 3);
    ck_assert_uint_eq(find_all(session, TEMPLATE(template), found, COUNT(found)), 1);
    ck_assert_uint_eq(found[0], pair.private);
    template[1] = (CK_ATTRIBUTE)ATTR_ULONG(CKA_CLASS, CKO_DATA);
    /* A data object has no CKA_SIGN: neither true nor false. */
    ck_assert_uint_eq(find_all(session, TEMPLATE(template), found, COUNT(found)), 0);
    template[2] = (CK_ATTRIBUTE)ATTR_BOOL(CKA_SIGN, false);
    ck_assert_uint_eq(find_all(session, TEMPLATE(template), found, COUNT(found)), 0);
    template[2] = template[0];
    ck_assert_uint_eq(find_all(session, TEMPLATE(template), found, COUNT(found)), 1);
    ck_assert_uint_eq(found[0], data);
    module_stop();
}
END_TEST

START_TEST(what_no_object_can_have_finds_nothing)
{
    static const CK_ULONG number = CKO_DATA;
    static const CK_BBOOL two = 2;
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const void *value;
        CK_ULONG len;
    } cases[] = {
        {0x4711, &number, 8},      {CKA_VENDOR_DEFINED | 5, &number, 8},
        {CKA_CLASS, &number, 4},   {CKA_TOKEN, &two, 1},
        {CKA_TOKEN, &number, 8},   {CKA_CLASS, &number, 0},
        {CKA_TOKEN, &number, 0},   {CKA_START_DATE, "2026", 4},
        {CKA_MODULUS, &number, 0},
    };
    CK_SESSION_HANDLE session = client_ready();

    (void)data_make(session, "data", true, false);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CK_ATTRIBUTE one = {cases[i].type, UNCONST(cases[i].value), cases[i].len};
        CK_RV rv = p11->C_FindObjectsInit(session, &one, 1);
        CK_OBJECT_HANDLE found;
        CK_ULONG count = 7;

        /* 5.7.7 leaves the choice between an error and an empty result. */
        ck_assert_msg(rv == CKR_OK || rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_VALUE_INVALID,
                      "case %zu: %s", i, rv_text(rv));
        if (rv == CKR_OK) {
            OK(p11->C_FindObjects(session, &found, 1, &count));
            ck_assert_msg(count == 0, "case %zu found something", i);
            OK(p11->C_FindObjectsFinal(session));
        }
    }
    module_stop();
}
END_TEST

START_TEST(a_search_sees_what_its_session_sees)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open_ro(slot_of(session));
    CK_SESSION_HANDLE elsewhere = session_open(token_make("elsewhere"));
    size_t built_in = objects_seen(elsewhere);
    CK_ATTRIBUTE private = ATTR_BOOL(CKA_PRIVATE, true);

    (void)data_make(session, "a", true, false);
    (void)data_make(session, "b", true, true);
    (void)data_make(session, "c", false, false);
    (void)data_make(session, "d", false, true);
    ck_assert_uint_eq(objects_seen(session), built_in + 4);
    ck_assert_uint_eq(objects_seen(other), built_in + 4);
    ck_assert_uint_eq(objects_seen(elsewhere), built_in);
    OK(p11->C_Logout(session));
    ck_assert_uint_eq(objects_seen(session), built_in + 2);
    ck_assert_uint_eq(find_all(other, &private, 1, NULL, 0), 0);
    OK(p11->C_CloseSession(other));
    login_so(session);
    ck_assert_uint_eq(objects_seen(session), built_in + 2);
    OK(p11->C_Logout(session));
    login_user(session);
    ck_assert_uint_eq(objects_seen(session), built_in + 3);
    module_stop();
}
END_TEST

START_TEST(a_changed_object_is_found_by_what_it_is_now)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE objects[] = {data_make(session, "before", true, false),
                                  data_make(session, "before", false, false),
                                  data_make(session, "before", true, true)};

    for (size_t i = 0; i < COUNT(objects); i++) {
        OK(try_set(session, objects[i], CKA_LABEL, "after", 5));
        ck_assert_uint_eq(found_with(session, CKA_LABEL, "before", 6), COUNT(objects) - 1 - i);
        ck_assert_uint_eq(found_with(session, CKA_LABEL, "after", 5), i + 1);
    }
    module_stop();
}
END_TEST

/* --- The search as an operation --- */

START_TEST(one_search_at_a_time_in_a_session)
{
    CK_OBJECT_HANDLE found;
    CK_ULONG count = 0;
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(slot_of(session));

    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, &found, 1, &count));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(session));
    OK(p11->C_FindObjectsInit(session, NULL, 0));
    EXPECT(CKR_OPERATION_ACTIVE, p11->C_FindObjectsInit(session, NULL, 0));
    OK(p11->C_FindObjectsInit(other, NULL, 0));
    OK(p11->C_FindObjects(session, &found, 1, &count));
    OK(p11->C_FindObjectsFinal(session));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, &found, 1, &count));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(session));
    OK(p11->C_FindObjects(other, &found, 1, &count));
    OK(p11->C_FindObjectsFinal(other));
    module_stop();
}
END_TEST

START_TEST(a_refused_search_leaves_none_active)
{
    CK_ATTRIBUTE label = {CKA_LABEL, NULL, 5};
    CK_SESSION_HANDLE session = client_ready();

    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjectsInit(session, NULL, 1));
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, p11->C_FindObjectsInit(session, &label, 1));
    EXPECT(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjectsFinal(session));
    OK(p11->C_FindObjectsInit(session, &label, 0));
    module_stop();
}
END_TEST

START_TEST(other_operations_go_on_beside_a_search)
{
    CK_OBJECT_HANDLE found;
    CK_ULONG count = 0;
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = aes_make(session, true, "key");
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "key");

    OK(p11->C_FindObjectsInit(session, &label, 1));
    expect_aes_works(session, key);
    (void)read_ulong(session, key, CKA_CLASS);
    OK(p11->C_FindObjects(session, &found, 1, &count));
    ck_assert(count == 1 && found == key);
    OK(p11->C_FindObjectsFinal(session));
    module_stop();
}
END_TEST

enum { MANY = 500 };

/* Objects with labels "0" to "499", half of them in the token. */
static void make_many(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE objects[MANY])
{
    char label[16];

    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(label, sizeof(label), "%zu", i);
        objects[i] = data_make(session, label, i % 2 == 0, i % 4 < 2);
    }
}

START_TEST(five_hundred_objects_in_batches_of_every_size)
{
    static const CK_ULONG sizes[] = {1, 7, 64, MANY - 1, MANY, 1000};
    static CK_OBJECT_HANDLE objects[MANY];
    static CK_OBJECT_HANDLE found[1000];
    CK_SESSION_HANDLE session = client_ready();
    CK_ATTRIBUTE data = ATTR_ULONG(CKA_CLASS, CKO_DATA);

    make_many(session, objects);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        CK_ULONG total = 0;
        CK_ULONG count;

        OK(p11->C_FindObjectsInit(session, &data, 1));
        do {
            OK(p11->C_FindObjects(session, found + total, sizes[i] < 1000 - total ? sizes[i] : 1000 - total,
                                  &count));
            ck_assert_uint_le(count, sizes[i]);
            total += count;
        } while (count != 0);
        OK(p11->C_FindObjects(session, found, 1, &count));
        ck_assert_uint_eq(count, 0);
        OK(p11->C_FindObjectsFinal(session));
        ck_assert_uint_eq(total, MANY);
        for (size_t j = 0; j < MANY; j++) {
            size_t k = 0;

            while (k < MANY && found[k] != objects[j]) {
                k++;
            }
            ck_assert_msg(k < MANY, "batches of %lu miss object %zu", sizes[i], j);
        }
    }
    ck_assert_uint_eq(found_with(session, CKA_LABEL, "250", 3), 1);
    ck_assert_uint_eq(found_with(session, CKA_LABEL, "251", 3), 1);
    module_stop();
}
END_TEST

START_TEST(a_batch_of_none_is_empty_and_loses_nothing)
{
    CK_OBJECT_HANDLE found[4];
    CK_ULONG count = 7;
    CK_SESSION_HANDLE session = client_ready();
    CK_ATTRIBUTE data = ATTR_ULONG(CKA_CLASS, CKO_DATA);

    (void)data_make(session, "data", false, false);
    OK(p11->C_FindObjectsInit(session, &data, 1));
    OK(p11->C_FindObjects(session, found, 0, &count));
    ck_assert_uint_eq(count, 0);
    OK(p11->C_FindObjects(session, found, 4, &count));
    ck_assert_uint_eq(count, 1);
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjects(session, NULL, 4, &count));
    EXPECT(CKR_ARGUMENTS_BAD, p11->C_FindObjects(session, found, 4, NULL));
    OK(p11->C_FindObjectsFinal(session));
    module_stop();
}
END_TEST

/* A client that deletes what it finds while it goes on finding. */
START_TEST(objects_may_be_destroyed_while_a_search_goes_on)
{
    static CK_OBJECT_HANDLE objects[MANY];
    CK_OBJECT_HANDLE found[10];
    CK_SESSION_HANDLE session = client_ready();
    CK_ATTRIBUTE data = ATTR_ULONG(CKA_CLASS, CKO_DATA);
    CK_ULONG destroyed = 0;
    CK_ULONG count;

    make_many(session, objects);
    OK(p11->C_FindObjectsInit(session, &data, 1));
    do {
        OK(p11->C_FindObjects(session, found, COUNT(found), &count));
        for (CK_ULONG i = 0; i < count; i++) {
            OK(p11->C_DestroyObject(session, found[i]));
            destroyed++;
        }
        (void)data_make(session, "new", true, false);
    } while (count != 0 && destroyed < 2 * (CK_ULONG)MANY);
    OK(p11->C_FindObjectsFinal(session));
    ck_assert_uint_ge(destroyed, MANY);
    for (size_t i = 0; i < MANY; i++) {
        EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(session, objects[i], &count));
    }
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("find");
    TCase *tcase = tcase_create("find");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, attributes_of_every_kind_are_searched_for);
    tcase_add_test(tcase, computed_attributes_are_searched_for_as_they_are_read);
    tcase_add_test(tcase, all_attributes_of_a_template_must_match);
    tcase_add_test(tcase, what_no_object_can_have_finds_nothing);
    tcase_add_test(tcase, a_search_sees_what_its_session_sees);
    tcase_add_test(tcase, a_changed_object_is_found_by_what_it_is_now);
    tcase_add_test(tcase, one_search_at_a_time_in_a_session);
    tcase_add_test(tcase, a_refused_search_leaves_none_active);
    tcase_add_test(tcase, other_operations_go_on_beside_a_search);
    tcase_add_test(tcase, five_hundred_objects_in_batches_of_every_size);
    tcase_add_test(tcase, a_batch_of_none_is_empty_and_loses_nothing);
    tcase_add_test(tcase, objects_may_be_destroyed_while_a_search_goes_on);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
