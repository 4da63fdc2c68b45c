/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: made, copied, read, changed, destroyed (5.7); the rules of reading several attributes at once. */
#include "integration/cryptoki/keys.h"
#include "support/main.h"

static void expect_text(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                        const char *text)
{
    static struct octets value;

    read_octets(session, object, type, &value);
    expect_octets(cfr_span_of(value.at, value.len), cfr_span_of(text, strlen(text)), "attribute 0x%lx", type);
}

/* --- Making --- */

START_TEST(a_data_object_has_what_it_was_given_and_the_defaults)
{
    static const CK_BYTE value[] = {0, 1, 2, 0xff};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE object;
    static struct bag bag;
    static struct octets octets;

    bag_ulong(&bag, CKA_CLASS, CKO_DATA);
    bag_text(&bag, CKA_LABEL, "label");
    bag_text(&bag, CKA_APPLICATION, "application");
    bag_octets(&bag, CKA_OBJECT_ID, "\x06\x01\x2a", 3);
    bag_octets(&bag, CKA_VALUE, value, sizeof(value));
    object = object_make(session, &bag);
    ck_assert_uint_eq(read_ulong(session, object, CKA_CLASS), CKO_DATA);
    ck_assert(!read_bool(session, object, CKA_TOKEN));
    ck_assert(read_bool(session, object, CKA_MODIFIABLE));
    ck_assert(read_bool(session, object, CKA_COPYABLE));
    ck_assert(read_bool(session, object, CKA_DESTROYABLE));
    expect_text(session, object, CKA_LABEL, "label");
    expect_text(session, object, CKA_APPLICATION, "application");
    read_octets(session, object, CKA_VALUE, &octets);
    expect_octets(cfr_span_of(octets.at, octets.len), cfr_span_of(value, sizeof(value)), "the value");
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_DATA);
    object = object_make(session, &bag);
    expect_text(session, object, CKA_LABEL, "");
    expect_text(session, object, CKA_APPLICATION, "");
    expect_text(session, object, CKA_OBJECT_ID, "");
    expect_text(session, object, CKA_VALUE, "");
    module_stop();
}
END_TEST

START_TEST(token_objects_are_there_again_and_session_objects_are_not)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);

    (void)data_make(session, "public", true, false);
    (void)data_make(session, "private", true, true);
    (void)data_make(session, "session's", false, false);
    module_stop();
    module_start();
    session = session_open(slot);
    expect_text(session, find_one(session, CKO_DATA, "public"), CKA_VALUE, "public");
    ck_assert_uint_eq(find_one(session, CKO_DATA, "private"), CK_INVALID_HANDLE);
    ck_assert_uint_eq(find_one(session, CKO_DATA, "session's"), CK_INVALID_HANDLE);
    login_user(session);
    expect_text(session, find_one(session, CKO_DATA, "private"), CKA_VALUE, "private");
    module_stop();
}
END_TEST

START_TEST(values_of_many_lengths_come_back)
{
    static const size_t lens[] = {0, 1, 127, 128, 255, 256, 4096, 8000};
    static CK_BYTE octets[8192];
    static struct octets back;
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();

    random_octets(octets, sizeof(octets));
    for (size_t i = 0; i < COUNT(lens); i++) {
        CK_OBJECT_HANDLE object;

        bag_clear(&bag);
        bag_ulong(&bag, CKA_CLASS, CKO_DATA);
        bag_bool(&bag, CKA_TOKEN, true);
        bag_bool(&bag, CKA_PRIVATE, i % 2 == 0);
        bag_octets(&bag, CKA_VALUE, octets, lens[i]);
        object = object_make(session, &bag);
        read_octets(session, object, CKA_VALUE, &back);
        expect_octets(cfr_span_of(back.at, back.len), cfr_span_of(octets, lens[i]), "%zu octets", lens[i]);
    }
    module_stop();
}
END_TEST

/* --- Copying --- */

START_TEST(a_copy_is_the_same_but_for_what_the_template_says)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE other[] = {
        {CKA_TOKEN, &yes, sizeof(yes)}, ATTR_TEXT(CKA_LABEL, "copy"), {CKA_PRIVATE, &yes, sizeof(yes)}};
    static struct octets ids[2];
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE object = data_make(session, "object", false, false);
    CK_OBJECT_HANDLE copies[3];

    OK(p11->C_CopyObject(session, object, NULL, 0, &copies[0]));
    OK(p11->C_CopyObject(session, object, other, 0, &copies[1]));
    OK(p11->C_CopyObject(session, object, TEMPLATE(other), &copies[2]));
    for (size_t i = 0; i < COUNT(copies); i++) {
        ck_assert_uint_ne(copies[i], object);
        expect_text(session, copies[i], CKA_VALUE, "object");
        read_octets(session, object, CKA_UNIQUE_ID, &ids[0]);
        read_octets(session, copies[i], CKA_UNIQUE_ID, &ids[1]);
        ck_assert(ids[0].len != ids[1].len || memcmp(ids[0].at, ids[1].at, ids[0].len) != 0);
    }
    expect_text(session, copies[0], CKA_LABEL, "object");
    ck_assert(!read_bool(session, copies[1], CKA_TOKEN));
    expect_text(session, copies[2], CKA_LABEL, "copy");
    ck_assert(read_bool(session, copies[2], CKA_TOKEN));
    ck_assert(read_bool(session, copies[2], CKA_PRIVATE));
    OK(p11->C_DestroyObject(session, object));
    expect_text(session, copies[0], CKA_VALUE, "object");
    module_stop();
}
END_TEST

START_TEST(a_copied_key_is_the_same_key)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE token = {CKA_TOKEN, &yes, sizeof(yes)};
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);
    CK_OBJECT_HANDLE key = aes_make(session, false, "key");
    struct key_pair pair = ec_make(session, false, "pair");
    CK_OBJECT_HANDLE copy;
    struct result cipher;
    struct result text;

    OK(p11->C_CopyObject(session, key, &token, 1, &copy));
    OK(try_encrypt(session, key, "some text", &cipher));
    OK(try_decrypt(session, copy, &cipher, &text));
    ck_assert_mem_eq(text.octets, "some text", 9);
    ck_assert(read_bool(session, copy, CKA_LOCAL));
    ck_assert(read_bool(session, copy, CKA_ALWAYS_SENSITIVE));
    OK(p11->C_CopyObject(session, pair.private, &token, 1, &copy));
    OK(try_sign(session, CKM_ECDSA_SHA256, copy, "text", &text));
    OK(try_verify(session, CKM_ECDSA_SHA256, pair.public, "text", &text));
    module_stop();
    module_start();
    session = session_open(slot);
    login_user(session);
    OK(try_decrypt(session, find_one(session, CKO_SECRET_KEY, "key"), &cipher, &text));
    module_stop();
}
END_TEST

/* --- Destroying --- */

START_TEST(a_destroyed_object_is_gone_for_every_session)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SESSION_HANDLE other = session_open(slot_of(session));
    CK_OBJECT_HANDLE objects[] = {data_make(session, "token", true, false),
                                  data_make(session, "session", false, false),
                                  data_make(session, "private", true, true)};
    size_t seen = objects_seen(other);
    CK_ULONG size;

    for (size_t i = 0; i < COUNT(objects); i++) {
        OK(p11->C_GetObjectSize(other, objects[i], &size));
        OK(p11->C_DestroyObject(other, objects[i]));
        EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(session, objects[i], &size));
        EXPECT(CKR_OBJECT_HANDLE_INVALID, p11->C_DestroyObject(session, objects[i]));
        ck_assert_uint_eq(objects_seen(session), --seen);
    }
    ck_assert_uint_ne(data_make(session, "new", true, false), objects[0]);
    module_stop();
}
END_TEST

/* --- Size --- */

START_TEST(every_object_has_a_size_that_grows_with_its_value)
{
    static CK_BYTE octets[4000];
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    CK_ULONG small = 0;
    CK_ULONG large = 0;

    OK(p11->C_GetObjectSize(session, data_make(session, "object", true, false), &small));
    ck_assert(small != 0 && small != CK_UNAVAILABLE_INFORMATION);
    bag_ulong(&bag, CKA_CLASS, CKO_DATA);
    bag_octets(&bag, CKA_VALUE, octets, sizeof(octets));
    OK(p11->C_GetObjectSize(session, object_make(session, &bag), &large));
    ck_assert_uint_ge(large, sizeof(octets));
    ck_assert_uint_gt(large, small);
    OK(p11->C_GetObjectSize(session, aes_make(session, true, "key"), &small));
    ck_assert(small != 0 && small != CK_UNAVAILABLE_INFORMATION);
    module_stop();
}
END_TEST

/* --- C_GetAttributeValue --- */

enum { FILLER = 0xa5 };

/* A sensitive key is asked for all that there is to ask: each attribute is answered for itself. */
START_TEST(every_attribute_of_a_template_is_answered)
{
    CK_BYTE value[64];
    CK_BYTE label[64];
    CK_BYTE small[2];
    CK_BYTE modulus[64];
    CK_BBOOL local = 0x55;
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = aes_make(session, true, "a label");
    CK_ATTRIBUTE template[] = {{CKA_VALUE, value, sizeof(value)},  {CKA_LABEL, label, sizeof(label)},
                               {CKA_ID, small, sizeof(small)},     {CKA_MODULUS, modulus, sizeof(modulus)},
                               {0x4711, modulus, sizeof(modulus)}, {CKA_VALUE_LEN, NULL, 0},
                               {CKA_LOCAL, &local, sizeof(local)}};
    CK_RV rv;

    memset(value, FILLER, sizeof(value));
    memset(small, FILLER, sizeof(small));
    memset(modulus, FILLER, sizeof(modulus));
    rv = p11->C_GetAttributeValue(session, key, TEMPLATE(template));
    ck_assert_msg(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
                      rv == CKR_BUFFER_TOO_SMALL,
                  "%s", rv_text(rv));
    ck_assert_uint_eq(template[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(template[1].ulValueLen, 7);
    ck_assert_mem_eq(label, "a label", 7);
    ck_assert_uint_eq(template[2].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(template[3].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(template[4].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(template[5].ulValueLen, sizeof(CK_ULONG));
    ck_assert_uint_eq(template[6].ulValueLen, sizeof(CK_BBOOL));
    ck_assert_uint_eq(local, CK_TRUE);
    for (size_t i = 0; i < sizeof(value); i++) {
        ck_assert_uint_eq(value[i], FILLER);
        ck_assert_uint_eq(modulus[i], FILLER);
    }
    ck_assert(small[0] == FILLER && small[1] == FILLER);
    module_stop();
}
END_TEST

START_TEST(each_case_of_reading_has_its_code)
{
    CK_BYTE octets[64];
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = aes_make(session, false, "a label");
    const struct {
        CK_ATTRIBUTE given;
        CK_RV rv;
        CK_ULONG len;
    } cases[] = {
        {{CKA_VALUE, NULL, 0}, CKR_ATTRIBUTE_SENSITIVE, CK_UNAVAILABLE_INFORMATION},
        {{CKA_VALUE, octets, 64}, CKR_ATTRIBUTE_SENSITIVE, CK_UNAVAILABLE_INFORMATION},
        {{CKA_VALUE, octets, 0}, CKR_ATTRIBUTE_SENSITIVE, CK_UNAVAILABLE_INFORMATION},
        {{CKA_MODULUS, NULL, 0}, CKR_ATTRIBUTE_TYPE_INVALID, CK_UNAVAILABLE_INFORMATION},
        {{CKA_VENDOR_DEFINED | 1, octets, 64}, CKR_ATTRIBUTE_TYPE_INVALID, CK_UNAVAILABLE_INFORMATION},
        {{CKA_LABEL, NULL, 0}, CKR_OK, 7},
        {{CKA_LABEL, NULL, 3}, CKR_OK, 7},
        {{CKA_LABEL, octets, 0}, CKR_BUFFER_TOO_SMALL, CK_UNAVAILABLE_INFORMATION},
        {{CKA_LABEL, octets, 6}, CKR_BUFFER_TOO_SMALL, CK_UNAVAILABLE_INFORMATION},
        {{CKA_LABEL, octets, 7}, CKR_OK, 7},
        {{CKA_LABEL, octets, 64}, CKR_OK, 7},
        {{CKA_START_DATE, octets, 0}, CKR_OK, 0},
        {{CKA_START_DATE, NULL, 0}, CKR_OK, 0},
        {{CKA_CLASS, octets, 4}, CKR_BUFFER_TOO_SMALL, CK_UNAVAILABLE_INFORMATION},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CK_ATTRIBUTE given = cases[i].given;

        EXPECT(cases[i].rv, p11->C_GetAttributeValue(session, key, &given, 1));
        ck_assert_msg(given.ulValueLen == cases[i].len, "case %zu: length %lu", i, given.ulValueLen);
    }
    module_stop();
}
END_TEST

/* The habit of most wrappers: each attribute alone, its length first. */
START_TEST(attributes_are_read_one_by_one_length_first)
{
    static const CK_ATTRIBUTE_TYPE types[] = {
        CKA_CLASS,    CKA_TOKEN,   CKA_PRIVATE,         CKA_LABEL,           CKA_ID,
        CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PUBLIC_KEY_INFO, CKA_UNIQUE_ID};
    CK_BYTE octets[1024];
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = rsa_make(session, true, "rsa", 2048);

    for (size_t i = 0; i < COUNT(types); i++) {
        CK_OBJECT_HANDLE halves[] = {pair.public, pair.private};

        for (size_t half = 0; half < COUNT(halves); half++) {
            CK_ATTRIBUTE wanted = {types[i], NULL, 0};
            CK_ULONG len;

            OK(p11->C_GetAttributeValue(session, halves[half], &wanted, 1));
            len = wanted.ulValueLen;
            ck_assert_uint_le(len, sizeof(octets));
            wanted.pValue = octets;
            OK(p11->C_GetAttributeValue(session, halves[half], &wanted, 1));
            ck_assert_uint_eq(wanted.ulValueLen, len);
        }
    }
    module_stop();
}
END_TEST

/* --- Attributes that are templates (4.9.1) --- */

static CK_OBJECT_HANDLE key_with_template(CK_SESSION_HANDLE session)
{
    CK_MECHANISM keygen = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE inner[] = {ATTR_BOOL(CKA_EXTRACTABLE, true), ATTR_ULONG(CKA_KEY_TYPE, CKK_AES),
                            ATTR_TEXT(CKA_LABEL, "inner")};
    CK_ATTRIBUTE template[] = {
        ATTR_ULONG(CKA_VALUE_LEN, 16), {CKA_WRAP_TEMPLATE, inner, sizeof(inner)}, ATTR_BOOL(CKA_TOKEN, true)};
    CK_OBJECT_HANDLE key;

    OK(p11->C_GenerateKey(session, &keygen, TEMPLATE(template), &key));
    /* It must have been copied, not pointed to. */
    memset(inner, 0, sizeof(inner));
    return key;
}

START_TEST(a_template_is_read_in_three_steps)
{
    CK_ATTRIBUTE inner[3] = {{CK_UNAVAILABLE_INFORMATION, NULL, 0},
                             {CK_UNAVAILABLE_INFORMATION, NULL, 0},
                             {CK_UNAVAILABLE_INFORMATION, NULL, 0}};
    CK_BYTE room[3][16];
    CK_ATTRIBUTE wanted = {CKA_WRAP_TEMPLATE, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = key_with_template(session);
    unsigned seen = 0;

    OK(p11->C_GetAttributeValue(session, key, &wanted, 1));
    ck_assert_uint_eq(wanted.ulValueLen, sizeof(inner));
    wanted.pValue = inner;
    OK(p11->C_GetAttributeValue(session, key, &wanted, 1));
    ck_assert_uint_eq(wanted.ulValueLen, sizeof(inner));
    for (size_t i = 0; i < COUNT(inner); i++) {
        ck_assert_ptr_null(inner[i].pValue);
        ck_assert_uint_le(inner[i].ulValueLen, sizeof(room[i]));
        inner[i].pValue = room[i];
    }
    OK(p11->C_GetAttributeValue(session, key, &wanted, 1));
    for (size_t i = 0; i < COUNT(inner); i++) {
        if (inner[i].type == CKA_EXTRACTABLE) {
            seen |= inner[i].ulValueLen == 1 && room[i][0] == CK_TRUE ? 1 : 0;
        } else if (inner[i].type == CKA_LABEL) {
            seen |= inner[i].ulValueLen == 5 && memcmp(room[i], "inner", 5) == 0 ? 2 : 0;
        } else if (inner[i].type == CKA_KEY_TYPE) {
            seen |= inner[i].ulValueLen == 8 && room[i][0] == CKK_AES ? 4 : 0;
        }
    }
    ck_assert_uint_eq(seen, 7);
    module_stop();
}
END_TEST

START_TEST(a_template_with_too_little_room_says_where)
{
    CK_BYTE room[16];
    CK_ATTRIBUTE inner[3] = {{CKA_LABEL, room, 4}, {CKA_EXTRACTABLE, room + 8, 1}, {CKA_KEY_TYPE, NULL, 0}};
    CK_ATTRIBUTE wanted = {CKA_WRAP_TEMPLATE, inner, sizeof(inner)};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = key_with_template(session);

    EXPECT(CKR_BUFFER_TOO_SMALL, p11->C_GetAttributeValue(session, key, &wanted, 1));
    ck_assert_uint_eq(inner[0].ulValueLen, CK_UNAVAILABLE_INFORMATION);
    ck_assert_uint_eq(inner[1].ulValueLen, 1);
    ck_assert_uint_eq(room[8], CK_TRUE);
    ck_assert_uint_eq(inner[2].ulValueLen, sizeof(CK_KEY_TYPE));
    inner[0].ulValueLen = sizeof(room);
    wanted.ulValueLen = sizeof(inner[0]); /* some of them may be left out */
    OK(p11->C_GetAttributeValue(session, key, &wanted, 1));
    ck_assert_uint_eq(inner[0].ulValueLen, 5);
    inner[0] = (CK_ATTRIBUTE){CKA_ID, NULL, 0};
    wanted.ulValueLen = sizeof(inner[0]);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, p11->C_GetAttributeValue(session, key, &wanted, 1));
    module_stop();
}
END_TEST

/* --- Setting --- */

START_TEST(label_and_id_can_be_changed_and_last)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);
    struct key_pair pair = ec_make(session, true, "before");
    CK_OBJECT_HANDLE objects[] = {pair.public, pair.private, aes_make(session, true, "before")};

    for (size_t i = 0; i < COUNT(objects); i++) {
        OK(try_set(session, objects[i], CKA_LABEL, "after", 5));
        OK(try_set(session, objects[i], CKA_ID, "new id", 6));
        OK(try_set(session, objects[i], CKA_ID, NULL, 0));
        OK(try_set(session, objects[i], CKA_ID, "new id", 6));
        OK(try_set(session, objects[i], CKA_LABEL, "after", 5));
    }
    module_stop();
    module_start();
    session = session_open(slot);
    login_user(session);
    expect_text(session, find_one(session, CKO_PUBLIC_KEY, "after"), CKA_ID, "new id");
    expect_text(session, find_one(session, CKO_PRIVATE_KEY, "after"), CKA_ID, "new id");
    expect_text(session, find_one(session, CKO_SECRET_KEY, "after"), CKA_ID, "new id");
    module_stop();
}
END_TEST

/* What is there already may be "set", even where it may not be changed. */
START_TEST(setting_the_value_that_is_there_is_no_error)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL,      CKA_ID,         CKA_TOKEN, CKA_PRIVATE,
                                              CKA_SENSITIVE,  CKA_ENCRYPT,    CKA_CLASS, CKA_KEY_TYPE,
                                              CKA_MODIFIABLE, CKA_EXTRACTABLE};
    static struct octets value;
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = aes_make(session, true, "key");
    CK_OBJECT_HANDLE copy;

    for (size_t i = 0; i < COUNT(types); i++) {
        CK_ATTRIBUTE same;

        read_octets(session, key, types[i], &value);
        same = (CK_ATTRIBUTE){types[i], value.at, value.len};
        OK(p11->C_SetAttributeValue(session, key, &same, 1));
        OK(p11->C_CopyObject(session, key, &same, 1, &copy));
    }
    expect_aes_works(session, key);
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("object");
    TCase *tcase = tcase_create("object");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_data_object_has_what_it_was_given_and_the_defaults);
    tcase_add_test(tcase, token_objects_are_there_again_and_session_objects_are_not);
    tcase_add_test(tcase, values_of_many_lengths_come_back);
    tcase_add_test(tcase, a_copy_is_the_same_but_for_what_the_template_says);
    tcase_add_test(tcase, a_copied_key_is_the_same_key);
    tcase_add_test(tcase, a_destroyed_object_is_gone_for_every_session);
    tcase_add_test(tcase, every_object_has_a_size_that_grows_with_its_value);
    tcase_add_test(tcase, every_attribute_of_a_template_is_answered);
    tcase_add_test(tcase, each_case_of_reading_has_its_code);
    tcase_add_test(tcase, attributes_are_read_one_by_one_length_first);
    tcase_add_test(tcase, a_template_is_read_in_three_steps);
    tcase_add_test(tcase, a_template_with_too_little_room_says_where);
    tcase_add_test(tcase, label_and_id_can_be_changed_and_last);
    tcase_add_test(tcase, setting_the_value_that_is_there_is_no_error);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
