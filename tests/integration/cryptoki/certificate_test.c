/* SPDX-License-Identifier: Apache-2.0 */
/* X.509 certificates, and the objects that are built in: profiles and mechanisms (4.6, 4.13, 4.15). */
#include "integration/cryptoki/keys.h"
#include "support/main.h"

#include <openssl/x509.h>

/* A certificate that libcrypto signs, with its name and number as Cryptoki wants them. */
struct certificate {
    struct octets value;
    struct octets name;
    struct octets serial;
    struct octets info; /* subjectPublicKeyInfo */
};

static void make_certificate(struct certificate *ret)
{
    EVP_PKEY *pkey = pkey_new("P-256");
    X509 *x509 = X509_new();
    X509_NAME *name = X509_get_subject_name(x509);
    unsigned char *end = ret->value.at;

    ck_assert_int_eq(X509_set_version(x509, X509_VERSION_3), 1);
    ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(x509), 4711), 1);
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(x509), 0));
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(x509), 86400));
    ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, octets_of("somebody"), -1, -1, 0),
                     1);
    ck_assert_int_eq(X509_set_issuer_name(x509, name), 1);
    ck_assert_int_eq(X509_set_pubkey(x509, pkey), 1);
    ck_assert_int_gt(X509_sign(x509, pkey, EVP_sha256()), 0);
    ret->value.len = (CK_ULONG)i2d_X509(x509, &end);
    end = ret->name.at;
    ret->name.len = (CK_ULONG)i2d_X509_NAME(name, &end);
    end = ret->serial.at;
    ret->serial.len = (CK_ULONG)i2d_ASN1_INTEGER(X509_get_serialNumber(x509), &end);
    end = ret->info.at;
    ret->info.len = (CK_ULONG)i2d_PUBKEY(pkey, &end);
    X509_free(x509);
    EVP_PKEY_free(pkey);
}

static struct certificate somebody;

static void fill_certificate(struct bag *bag)
{
    if (somebody.value.len == 0) {
        make_certificate(&somebody);
    }
    bag_clear(bag);
    bag_ulong(bag, CKA_CLASS, CKO_CERTIFICATE);
    bag_ulong(bag, CKA_CERTIFICATE_TYPE, CKC_X_509);
    bag_octets(bag, CKA_SUBJECT, somebody.name.at, somebody.name.len);
    bag_octets(bag, CKA_VALUE, somebody.value.at, somebody.value.len);
}

static void expect_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                         const void *wanted, size_t len)
{
    static struct octets value;

    read_octets(session, object, type, &value);
    expect_octets(cfr_span_of(value.at, value.len), cfr_span_of(wanted, len), "attribute 0x%lx", type);
}

/* --- X.509 --- */

START_TEST(a_certificate_has_what_it_was_given_and_the_defaults)
{
    static struct bag bag;
    static const CK_ATTRIBUTE_TYPE empty[] = {CKA_ID,
                                              CKA_ISSUER,
                                              CKA_SERIAL_NUMBER,
                                              CKA_URL,
                                              CKA_LABEL,
                                              CKA_HASH_OF_SUBJECT_PUBLIC_KEY,
                                              CKA_HASH_OF_ISSUER_PUBLIC_KEY,
                                              CKA_START_DATE,
                                              CKA_END_DATE};
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);
    CK_OBJECT_HANDLE object;
    CK_BYTE hash[EVP_MAX_MD_SIZE];

    fill_certificate(&bag);
    bag_bool(&bag, CKA_TOKEN, true);
    object = object_make(session, &bag);
    module_stop();
    module_start();
    session = session_open(slot);
    object = find_one(session, CKO_CERTIFICATE, "");
    expect_value(session, object, CKA_VALUE, somebody.value.at, somebody.value.len);
    expect_value(session, object, CKA_SUBJECT, somebody.name.at, somebody.name.len);
    expect_value(session, object, CKA_PUBLIC_KEY_INFO, somebody.info.at, somebody.info.len);
    for (size_t i = 0; i < COUNT(empty); i++) {
        expect_value(session, object, empty[i], NULL, 0);
    }
    ck_assert_uint_eq(read_ulong(session, object, CKA_CERTIFICATE_CATEGORY),
                      CK_CERTIFICATE_CATEGORY_UNSPECIFIED);
    ck_assert_uint_eq(read_ulong(session, object, CKA_JAVA_MIDP_SECURITY_DOMAIN),
                      CK_SECURITY_DOMAIN_UNSPECIFIED);
    ck_assert(!read_bool(session, object, CKA_TRUSTED));
    ck_assert(!read_bool(session, object, CKA_PRIVATE));
    /* 4.6.2: three octets of SHA-1 of the value. */
    ck_assert_int_eq(EVP_Digest(somebody.value.at, somebody.value.len, hash, NULL, EVP_sha1(), NULL), 1);
    expect_value(session, object, CKA_CHECK_VALUE, hash, 3);
    module_stop();
}
END_TEST

START_TEST(a_certificate_says_what_is_missing)
{
    static const CK_ATTRIBUTE_TYPE needed[] = {CKA_CERTIFICATE_TYPE, CKA_SUBJECT, CKA_VALUE};
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    CK_ULONG type;

    fill_certificate(&bag);
    OK(try_object_once(session, &bag));
    for (size_t i = 0; i < COUNT(needed); i++) {
        fill_certificate(&bag);
        bag_remove(&bag, needed[i]);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
    }
    for (type = CKC_WTLS; type <= CKC_WTLS + 1; type++) {
        fill_certificate(&bag);
        bag_ulong(&bag, CKA_CERTIFICATE_TYPE, type);
        EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    }
    module_stop();
}
END_TEST

/* Footnotes 2 to 4 of the table: CKA_VALUE or CKA_URL, and with a URL the hashes of the keys. */
START_TEST(a_certificate_elsewhere_has_a_url_and_hashes)
{
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    CK_RV rv;

    fill_certificate(&bag);
    bag_octets(&bag, CKA_VALUE, NULL, 0);
    rv = try_object_once(session, &bag);
    ck_assert_msg(rv == CKR_TEMPLATE_INCOMPLETE || rv == CKR_TEMPLATE_INCONSISTENT ||
                      rv == CKR_ATTRIBUTE_VALUE_INVALID,
                  "neither value nor URL: %s", rv_text(rv));
    bag_text(&bag, CKA_URL, "https://example.org/certificate");
    bag_octets(&bag, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, "0123456789abcdef0123", 20);
    bag_octets(&bag, CKA_HASH_OF_ISSUER_PUBLIC_KEY, "0123456789abcdef0123", 20);
    OK(try_object_once(session, &bag));
    bag_remove(&bag, CKA_HASH_OF_SUBJECT_PUBLIC_KEY);
    rv = try_object_once(session, &bag);
    ck_assert_msg(rv == CKR_TEMPLATE_INCOMPLETE || rv == CKR_TEMPLATE_INCONSISTENT, "a URL without hash: %s",
                  rv_text(rv));
    module_stop();
}
END_TEST

START_TEST(only_three_attributes_of_a_certificate_change)
{
    static struct bag bag;
    static const CK_ULONG authority = CK_CERTIFICATE_CATEGORY_AUTHORITY;
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE object;
    CK_ULONG type = CKC_WTLS;

    fill_certificate(&bag);
    object = object_make(session, &bag);
    OK(try_set(session, object, CKA_ID, "id", 2));
    OK(try_set(session, object, CKA_ISSUER, somebody.name.at, somebody.name.len));
    OK(try_set(session, object, CKA_SERIAL_NUMBER, somebody.serial.at, somebody.serial.len));
    OK(try_set(session, object, CKA_LABEL, "label", 5));
    expect_value(session, object, CKA_SERIAL_NUMBER, somebody.serial.at, somebody.serial.len);
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_VALUE, "other", 5));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_SUBJECT, "other", 5));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_URL, "other", 5));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY,
           try_set(session, object, CKA_CERTIFICATE_CATEGORY, &authority, sizeof(authority)));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_CERTIFICATE_TYPE, &type, sizeof(type)));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, object, CKA_TRUSTED, true));
    module_stop();
}
END_TEST

START_TEST(the_officer_trusts_certificates_and_that_fixes_them)
{
    static struct bag bag;
    CK_OBJECT_HANDLE object;
    CK_SESSION_HANDLE session = client_ready();
    CK_RV rv;

    fill_certificate(&bag);
    bag_bool(&bag, CKA_TOKEN, true);
    bag_bool(&bag, CKA_TRUSTED, true);
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_object_once(session, &bag));
    OK(p11->C_Logout(session));
    login_so(session);
    object = object_make(session, &bag);
    ck_assert(read_bool(session, object, CKA_TRUSTED));
    OK(p11->C_Logout(session));
    login_user(session);
    ck_assert(read_bool(session, object, CKA_TRUSTED));
    /* 4.6.2: trusted certificates cannot be modified. */
    rv = try_set(session, object, CKA_ISSUER, "other", 5);
    ck_assert_msg(rv == CKR_ACTION_PROHIBITED || rv == CKR_ATTRIBUTE_READ_ONLY, "%s", rv_text(rv));
    rv = try_set(session, object, CKA_SERIAL_NUMBER, "other", 5);
    ck_assert_msg(rv == CKR_ACTION_PROHIBITED || rv == CKR_ATTRIBUTE_READ_ONLY, "%s", rv_text(rv));
    module_stop();
}
END_TEST

/* 4.6.2: it is that of the certificate; one of a certificate that is elsewhere is taken as it is. */
START_TEST(the_public_key_info_of_a_certificate)
{
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE object;

    fill_certificate(&bag);
    bag_octets(&bag, CKA_PUBLIC_KEY_INFO, somebody.info.at, somebody.info.len);
    object = object_make(session, &bag);
    expect_value(session, object, CKA_PUBLIC_KEY_INFO, somebody.info.at, somebody.info.len);
    bag_octets(&bag, CKA_PUBLIC_KEY_INFO, somebody.name.at, somebody.name.len);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    for (CK_ULONG len = 1; len < somebody.value.len; len++) {
        fill_certificate(&bag);
        bag_octets(&bag, CKA_VALUE, somebody.value.at, len);
        object = object_make(session, &bag);
        expect_value(session, object, CKA_PUBLIC_KEY_INFO, NULL, 0);
        OK(p11->C_DestroyObject(session, object));
    }
    fill_certificate(&bag);
    bag_octets(&bag, CKA_VALUE, NULL, 0);
    bag_text(&bag, CKA_URL, "https://example.org/certificate");
    bag_octets(&bag, CKA_HASH_OF_SUBJECT_PUBLIC_KEY, "01234567890123456789", 20);
    bag_octets(&bag, CKA_HASH_OF_ISSUER_PUBLIC_KEY, "01234567890123456789", 20);
    bag_octets(&bag, CKA_PUBLIC_KEY_INFO, somebody.info.at, somebody.info.len);
    object = object_make(session, &bag);
    expect_value(session, object, CKA_PUBLIC_KEY_INFO, somebody.info.at, somebody.info.len);
    module_stop();
}
END_TEST

/* Cryptoki attaches no meaning to certificates: what is stored comes back, and nothing breaks. */
START_TEST(garbage_as_a_certificate_does_no_harm)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const char *octets;
        size_t len;
    } garbage[] = {
        {CKA_VALUE, "\x30\x84\xff\xff\xff\xff", 6},
        {CKA_VALUE, "", 1},
        {CKA_VALUE, "noise", 5},
        {CKA_SUBJECT, "\x30\x80", 2},
        {CKA_SUBJECT, "", 0},
        {CKA_ISSUER, "\xff", 1},
        {CKA_SERIAL_NUMBER, "\x02\x7f", 2},
        {CKA_URL, "\xff\xfe\0", 3},
        {CKA_PUBLIC_KEY_INFO, "\x30", 1},
    };
    static struct bag bag;
    CK_SESSION_HANDLE session = client_ready();
    struct picture before;

    picture_take(session, &before);
    for (size_t i = 0; i < COUNT(garbage); i++) {
        CK_OBJECT_HANDLE object;
        CK_RV rv;

        fill_certificate(&bag);
        bag_octets(&bag, garbage[i].type, garbage[i].octets, garbage[i].len);
        rv = try_object(session, &bag, &object);
        if (rv == CKR_OK) {
            expect_value(session, object, garbage[i].type, garbage[i].octets, garbage[i].len);
            OK(p11->C_DestroyObject(session, object));
        } else {
            ck_assert_msg(rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_TEMPLATE_INCONSISTENT ||
                              rv == CKR_TEMPLATE_INCOMPLETE,
                          "case %zu: %s", i, rv_text(rv));
        }
    }
    fill_certificate(&bag);
    bag_ulong(&bag, CKA_CERTIFICATE_CATEGORY, 4);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    fill_certificate(&bag);
    bag_ulong(&bag, CKA_JAVA_MIDP_SECURITY_DOMAIN, 4);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    fill_certificate(&bag);
    bag_octets(&bag, CKA_CHECK_VALUE, "\0\0\0", 3);
    EXPECT(CKR_ATTRIBUTE_VALUE_INVALID, try_object_once(session, &bag));
    expect_unchanged(session, &before, "garbage");
    module_stop();
}
END_TEST

/* --- Built-in objects --- */

static size_t find_class(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_OBJECT_HANDLE *found,
                         size_t room)
{
    CK_ATTRIBUTE one = ATTR_ULONG(CKA_CLASS, class);

    return find_all(session, &one, 1, found, room);
}

/* One for each profile whose conditions hold; also for one who is not logged in. */
START_TEST(profile_objects)
{
    static const CK_PROFILE_ID profiles[] = {CKP_BASELINE_PROVIDER, CKP_EXTENDED_PROVIDER,
                                             CKP_AUTHENTICATION_TOKEN};
    CK_OBJECT_HANDLE found[16];
    CK_SESSION_HANDLE session = client_ready();

    for (int round = 0; round < 2; round++) {
        ck_assert_uint_eq(find_class(session, CKO_PROFILE, found, COUNT(found)), COUNT(profiles));
        for (size_t i = 0; i < COUNT(profiles); i++) {
            CK_ATTRIBUTE template[] = {ATTR_ULONG(CKA_CLASS, CKO_PROFILE),
                                       ATTR_ULONG(CKA_PROFILE_ID, profiles[i])};

            ck_assert_uint_eq(find_all(session, TEMPLATE(template), found, COUNT(found)), 1);
            ck_assert_uint_eq(read_ulong(session, found[0], CKA_CLASS), CKO_PROFILE);
            ck_assert_uint_eq(read_ulong(session, found[0], CKA_PROFILE_ID), profiles[i]);
        }
        if (round == 0) {
            OK(p11->C_Logout(session));
        }
    }
    module_stop();
}
END_TEST

START_TEST(mechanism_objects_are_the_list_of_mechanisms)
{
    static CK_OBJECT_HANDLE found[512];
    CK_SESSION_HANDLE session = client_ready();
    CK_ULONG count = 0;

    OK(p11->C_GetMechanismList(slot_of(session), NULL, &count));
    ck_assert_uint_eq(find_class(session, CKO_MECHANISM, found, COUNT(found)), count);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_MECHANISM_INFO info;

        OK(p11->C_GetMechanismInfo(slot_of(session), read_ulong(session, found[i], CKA_MECHANISM_TYPE),
                                   &info));
    }
    /* They are hidden from searches that do not ask for them. */
    ck_assert_uint_lt(objects_seen(session), count);
    module_stop();
}
END_TEST

START_TEST(built_in_objects_cannot_be_changed)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_PROFILE, CKO_MECHANISM, CKO_HW_FEATURE};
    static CK_OBJECT_HANDLE found[512];
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE copy;

    for (size_t i = 0; i < COUNT(classes); i++) {
        size_t count = find_class(session, classes[i], found, COUNT(found));

        ck_assert_uint_ge(count, 1);
        EXPECT(CKR_ACTION_PROHIBITED, p11->C_DestroyObject(session, found[0]));
        EXPECT(CKR_ACTION_PROHIBITED, try_set(session, found[0], CKA_LABEL, "label", 5));
        EXPECT(CKR_ACTION_PROHIBITED, p11->C_CopyObject(session, found[0], NULL, 0, &copy));
        ck_assert_uint_eq(find_class(session, classes[i], found, COUNT(found)), count);
    }
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("certificate");
    TCase *tcase = tcase_create("certificate");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_certificate_has_what_it_was_given_and_the_defaults);
    tcase_add_test(tcase, a_certificate_says_what_is_missing);
    tcase_add_test(tcase, a_certificate_elsewhere_has_a_url_and_hashes);
    tcase_add_test(tcase, only_three_attributes_of_a_certificate_change);
    tcase_add_test(tcase, the_officer_trusts_certificates_and_that_fixes_them);
    tcase_add_test(tcase, the_public_key_info_of_a_certificate);
    tcase_add_test(tcase, garbage_as_a_certificate_does_no_harm);
    tcase_add_test(tcase, profile_objects);
    tcase_add_test(tcase, mechanism_objects_are_the_list_of_mechanisms);
    tcase_add_test(tcase, built_in_objects_cannot_be_changed);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
