/* SPDX-License-Identifier: Apache-2.0 */
/* Trust objects, attribute certificates and the clock (PKCS#11 3.2: Trust objects, 4.6.5, Hardware feature objects). */
#include "integration/cryptoki/support.h"
#include "support/main.h"

#include <limits.h>
#include <time.h>

static const CK_ATTRIBUTE_TYPE uses[] = {
    CKA_TRUST_SERVER_AUTH, CKA_TRUST_CLIENT_AUTH,   CKA_TRUST_CODE_SIGNING, CKA_TRUST_EMAIL_PROTECTION,
    CKA_TRUST_IPSEC_IKE,   CKA_TRUST_TIME_STAMPING, CKA_TRUST_OCSP_SIGNING};

static const char issuer[] = "\x30\x0b\x31\x09\x30\x07\x06\x03\x55\x04\x03\x0c\x00";
static const char serial[] = "\x02\x01\x07";

static struct bag bag;
static CK_SESSION_HANDLE session;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

/* --- Trust --- */

static void fill_trust(void)
{
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_TRUST);
    bag_octets(&bag, CKA_ISSUER, issuer, sizeof(issuer) - 1);
    bag_octets(&bag, CKA_SERIAL_NUMBER, serial, sizeof(serial) - 1);
}

static void fill_hash(CK_MECHANISM_TYPE algorithm, size_t len)
{
    static const CK_BYTE hash[64];

    bag_octets(&bag, CKA_HASH_OF_CERTIFICATE, hash, len);
    bag_ulong(&bag, CKA_NAME_HASH_ALGORITHM, algorithm);
}

START_TEST(trust_is_unknown_where_nothing_is_said)
{
    CK_OBJECT_HANDLE object;
    CK_SLOT_ID slot = slot_of(session);

    fill_trust();
    bag_bool(&bag, CKA_TOKEN, true);
    bag_ulong(&bag, CKA_TRUST_CODE_SIGNING, CKT_NOT_TRUSTED);
    object = object_make(session, &bag);
    module_stop();
    module_start();
    session = session_open(slot); /* nobody is logged in */
    object = find_one(session, CKO_TRUST, "");
    for (size_t i = 0; i < COUNT(uses); i++) {
        ck_assert_uint_eq(read_ulong(session, object, uses[i]),
                          uses[i] == CKA_TRUST_CODE_SIGNING ? CKT_NOT_TRUSTED : CKT_TRUST_UNKNOWN);
    }
    ck_assert(!read_bool(session, object, CKA_PRIVATE));
    ck_assert(read_bool(session, object, CKA_MODIFIABLE));
}
END_TEST

START_TEST(trust_is_found_by_the_names_of_the_certificate)
{
    CK_ATTRIBUTE names[] = {ATTR_ULONG(CKA_CLASS, CKO_TRUST),
                            {CKA_ISSUER, UNCONST(issuer), sizeof(issuer) - 1},
                            {CKA_SERIAL_NUMBER, UNCONST(serial), sizeof(serial) - 1}};
    CK_OBJECT_HANDLE found[2];
    CK_OBJECT_HANDLE object;

    fill_trust();
    object = object_make(session, &bag);
    ck_assert_uint_eq(find_all(session, names, COUNT(names), found, COUNT(found)), 1);
    ck_assert_uint_eq(found[0], object);
    names[2].ulValueLen--;
    ck_assert_uint_eq(find_all(session, names, COUNT(names), found, COUNT(found)), 0);
}
END_TEST

/* Footnotes 1 and 2 of the table. */
START_TEST(who_is_trusted_is_known_by_hash)
{
    static const CK_ATTRIBUTE_TYPE needed[] = {CKA_ISSUER, CKA_SERIAL_NUMBER};
    static const CK_TRUST trusting[] = {CKT_TRUSTED, CKT_TRUST_ANCHOR, CKT_TRUST_MUST_VERIFY_TRUST};

    for (size_t i = 0; i < COUNT(needed); i++) {
        fill_trust();
        bag_remove(&bag, needed[i]);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
    }
    for (size_t i = 0; i < COUNT(uses) * COUNT(trusting); i++) {
        fill_trust();
        bag_ulong(&bag, uses[i / COUNT(trusting)], trusting[i % COUNT(trusting)]);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
        fill_hash(CKM_SHA256, 32);
        OK(try_object_once(session, &bag));
        bag_remove(&bag, CKA_NAME_HASH_ALGORITHM);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
        bag_remove(&bag, CKA_HASH_OF_CERTIFICATE);
        bag_ulong(&bag, CKA_NAME_HASH_ALGORITHM, CKM_SHA256);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
    }
}
END_TEST

START_TEST(what_is_no_trust_is_refused)
{
    static const struct {
        CK_MECHANISM_TYPE algorithm;
        size_t len;
        CK_RV rv;
    } hashes[] = {
        {CKM_SHA_1, 20, CKR_OK},
        {CKM_SHA512, 64, CKR_OK},
        {CKM_SHA256, 0, CKR_OK},
        {CKM_SHA256, 31, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKM_SHA256, 33, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKM_SHA256_HMAC, 32, CKR_ATTRIBUTE_VALUE_INVALID},
        {CKM_VENDOR_DEFINED, 32, CKR_ATTRIBUTE_VALUE_INVALID},
    };
    struct picture before;

    picture_take(session, &before);
    for (size_t i = 0; i < COUNT(hashes); i++) {
        fill_trust();
        fill_hash(hashes[i].algorithm, hashes[i].len);
        EXPECT(hashes[i].rv, try_object_once(session, &bag));
    }
    for (size_t i = 0; i < COUNT(uses); i++) {
        fill_trust();
        bag_ulong(&bag, uses[i], CKT_TRUST_MUST_VERIFY_TRUST + 1);
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    }
    fill_trust();
    bag_octets(&bag, CKA_VALUE, "x", 1);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_object_once(session, &bag));
    expect_unchanged(session, &before, "what is no trust");
}
END_TEST

START_TEST(trust_changes_and_stays_whole)
{
    static const CK_TRUST anchor = CKT_TRUST_ANCHOR;
    static const CK_BYTE hash[20];
    CK_OBJECT_HANDLE object;

    fill_trust();
    object = object_make(session, &bag);
    EXPECT(CKR_TEMPLATE_INCONSISTENT,
           try_set(session, object, CKA_TRUST_SERVER_AUTH, &anchor, sizeof(anchor)));
    ck_assert_uint_eq(read_ulong(session, object, CKA_TRUST_SERVER_AUTH), CKT_TRUST_UNKNOWN);
    OK(try_set(session, object, CKA_HASH_OF_CERTIFICATE, hash, sizeof(hash)));
    OK(try_set(session, object, CKA_NAME_HASH_ALGORITHM, &(CK_ULONG){CKM_SHA_1}, sizeof(CK_ULONG)));
    OK(try_set(session, object, CKA_TRUST_SERVER_AUTH, &anchor, sizeof(anchor)));
    ck_assert_uint_eq(read_ulong(session, object, CKA_TRUST_SERVER_AUTH), CKT_TRUST_ANCHOR);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_set(session, object, CKA_HASH_OF_CERTIFICATE, NULL, 0));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_ISSUER, "other", 5));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_SERIAL_NUMBER, "other", 5));
}
END_TEST

/* --- Attribute certificates --- */

static void fill_attribute_certificate(void)
{
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_CERTIFICATE);
    bag_ulong(&bag, CKA_CERTIFICATE_TYPE, CKC_X_509_ATTR_CERT);
    bag_octets(&bag, CKA_OWNER, "owner", 5);
    bag_octets(&bag, CKA_VALUE, "certificate", 11);
}

START_TEST(an_attribute_certificate_is_kept)
{
    static const CK_ATTRIBUTE_TYPE needed[] = {CKA_OWNER, CKA_VALUE};
    static const CK_ATTRIBUTE_TYPE changeable[] = {CKA_AC_ISSUER, CKA_SERIAL_NUMBER, CKA_ATTR_TYPES};
    static struct octets value;
    CK_OBJECT_HANDLE object;

    for (size_t i = 0; i < COUNT(needed); i++) {
        fill_attribute_certificate();
        bag_remove(&bag, needed[i]);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
    }
    fill_attribute_certificate();
    bag_octets(&bag, CKA_SUBJECT, "name", 4);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_object_once(session, &bag));
    fill_attribute_certificate();
    object = object_make(session, &bag);
    for (size_t i = 0; i < COUNT(changeable); i++) {
        read_octets(session, object, changeable[i], &value);
        ck_assert_uint_eq(value.len, 0);
        OK(try_set(session, object, changeable[i], "new", 3));
        read_octets(session, object, changeable[i], &value);
        expect_octets(cfr_span_of(value.at, value.len), cfr_span_text("new"), "attribute 0x%lx",
                      changeable[i]);
    }
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_OWNER, "other", 5));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_VALUE, "other", 5));
}
END_TEST

/* --- Hardware features --- */

static void read_clock(CK_OBJECT_HANDLE clock, char text[17])
{
    CK_ATTRIBUTE attr = {CKA_VALUE, text, 16};

    OK(p11->C_GetAttributeValue(session, clock, &attr, 1));
    ck_assert_uint_eq(attr.ulValueLen, 16);
    text[16] = '\0';
}

static time_t seconds_of(const char *text)
{
    struct tm parts = {0};

    ck_assert_ptr_eq(strptime(text, "%Y%m%d%H%M%S", &parts), text + 14);
    ck_assert_str_eq(text + 14, "00");
    return timegm(&parts);
}

static CK_OBJECT_HANDLE find_feature(CK_HW_FEATURE_TYPE type)
{
    CK_ATTRIBUTE attrs[] = {ATTR_ULONG(CKA_CLASS, CKO_HW_FEATURE), ATTR_ULONG(CKA_HW_FEATURE_TYPE, type)};
    CK_OBJECT_HANDLE found[2];

    ck_assert_uint_eq(find_all(session, attrs, COUNT(attrs), found, COUNT(found)), 1);
    return found[0];
}

START_TEST(the_clock_is_found_when_asked_for_and_tells_the_time)
{
    CK_ATTRIBUTE class = ATTR_ULONG(CKA_CLASS, CKO_HW_FEATURE);
    CK_ATTRIBUTE type = ATTR_ULONG(CKA_HW_FEATURE_TYPE, CKH_CLOCK);
    CK_OBJECT_HANDLE found[2];
    CK_TOKEN_INFO info;
    char text[17] = "";
    time_t before = time(NULL);

    ck_assert_uint_eq(find_all(session, &class, 1, found, COUNT(found)), 2);
    found[0] = find_feature(CKH_CLOCK);
    read_clock(found[0], text);
    ck_assert(seconds_of(text) >= before && seconds_of(text) <= time(NULL));
    OK(p11->C_GetTokenInfo(slot_of(session), &info));
    memcpy(text, info.utcTime, sizeof(info.utcTime));
    ck_assert(seconds_of(text) >= before && seconds_of(text) <= time(NULL));
    /* Without the class it stays hidden. */
    ck_assert_uint_eq(find_all(session, &type, 1, found, COUNT(found)), 0);
    EXPECT(CKR_ACTION_PROHIBITED, try_set(session, found[0], CKA_VALUE, text, 16));
}
END_TEST

static uint64_t count(void)
{
    static struct octets value;

    read_octets(session, find_feature(CKH_MONOTONIC_COUNTER), CKA_VALUE, &value);
    ck_assert_uint_eq(value.len, 8);
    return cfr_load_be64(value.at);
}

START_TEST(the_counter_rises_whenever_it_is_read)
{
    CK_SLOT_ID slot = slot_of(session);
    CK_OBJECT_HANDLE counter = find_feature(CKH_MONOTONIC_COUNTER);
    CK_UTF8CHAR label[32];
    uint64_t last = count();

    ck_assert(!read_bool(session, counter, CKA_RESET_ON_INIT));
    ck_assert(!read_bool(session, counter, CKA_HAS_RESET));
    for (int i = 0; i < 20; i++) {
        uint64_t now = count();

        ck_assert_uint_gt(now, last);
        last = now;
    }
    module_stop();
    module_start();
    session = session_open(slot); /* nobody is logged in */
    ck_assert_uint_gt(count(), last);
    last = count();
    OK(p11->C_CloseAllSessions(slot));
    memset(label, ' ', sizeof(label));
    OK(p11->C_InitToken(slot, octets_of(SO_PIN), strlen(SO_PIN), label));
    session = session_open(slot);
    ck_assert_uint_gt(count(), last);
    EXPECT(CKR_ACTION_PROHIBITED,
           try_set(session, find_feature(CKH_MONOTONIC_COUNTER), CKA_VALUE, "12345678", 8));
}
END_TEST

START_TEST(reading_other_attributes_does_not_count)
{
    struct picture before;
    CK_OBJECT_HANDLE counter = find_feature(CKH_MONOTONIC_COUNTER);
    CK_ULONG size;

    (void)count();
    picture_take(session, &before);
    ck_assert_uint_eq(read_ulong(session, counter, CKA_HW_FEATURE_TYPE), CKH_MONOTONIC_COUNTER);
    OK(p11->C_GetObjectSize(session, counter, &size));
    EXPECT(CKR_ARGUMENTS_BAD,
           p11->C_GetAttributeValue(session, counter, &(CK_ATTRIBUTE){CKA_VALUE, NULL, 0}, ULONG_MAX));
    expect_unchanged(session, &before, "other attributes");
}
END_TEST

START_TEST(a_clock_cannot_be_made)
{
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_HW_FEATURE);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    bag_ulong(&bag, CKA_HW_FEATURE_TYPE, CKH_CLOCK);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("trust");
    TCase *tcase = tcase_create("trust");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, trust_is_unknown_where_nothing_is_said);
    tcase_add_test(tcase, trust_is_found_by_the_names_of_the_certificate);
    tcase_add_test(tcase, who_is_trusted_is_known_by_hash);
    tcase_add_test(tcase, what_is_no_trust_is_refused);
    tcase_add_test(tcase, trust_changes_and_stays_whole);
    tcase_add_test(tcase, an_attribute_certificate_is_kept);
    tcase_add_test(tcase, the_clock_is_found_when_asked_for_and_tells_the_time);
    tcase_add_test(tcase, the_counter_rises_whenever_it_is_read);
    tcase_add_test(tcase, reading_other_attributes_does_not_count);
    tcase_add_test(tcase, a_clock_cannot_be_made);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
