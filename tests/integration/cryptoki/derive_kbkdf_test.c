/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SP 800-108: any order of fields against the definition over libcrypto's MACs, several keys at
 * once or none, and what is refused.
 */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/kbkdf.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static struct bag template;

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

/* --- Results --- */

/* Numbers that differ from one run to the next. */
static size_t any(size_t below)
{
    uint32_t number;

    random_octets(&number, sizeof(number));
    return number % below;
}

/* Fields in any order: octets and keys any number of times, a length perhaps, a counter where it is optional. */
static void add_any_fields(CK_OBJECT_HANDLE *key)
{
    size_t count = 1 + any(5);
    size_t place = any(count);
    size_t counter = any(2) == 0 && kbkdf_call.mode != CKM_SP800_108_COUNTER_KDF ? count : any(count);
    size_t length = any(count + 1);

    kbkdf_call.counter = (CK_SP800_108_COUNTER_FORMAT){any(2) == 0, 8 * (1 + any(4))};
    kbkdf_call.length = (CK_SP800_108_DKM_LENGTH_FORMAT){1 + any(2), any(2) == 0, 8 * (3 + any(6))};
    for (size_t i = 0; i < count; i++) {
        if (i == place) {
            kbkdf_iteration();
        }
        if (i == counter) {
            kbkdf_counter();
        }
        if (i == length) {
            kbkdf_field(CK_SP800_108_DKM_LENGTH, &kbkdf_call.length, sizeof(kbkdf_call.length));
        }
        if (any(3) == 0) {
            kbkdf_field(CK_SP800_108_KEY_HANDLE, key, sizeof(*key));
        } else {
            kbkdf_octets(pattern(1 + any(40)));
        }
    }
}

START_TEST(any_order_of_fields)
{
    CK_MECHANISM_TYPE mode = kbkdf_modes[_i];
    CK_OBJECT_HANDLE other = secret_make(session, CKK_GENERIC_SECRET, pattern(11).ptr, 11);

    for (size_t round = 0; round < 60; round++) {
        const struct hash_row *hash = round % 4 == 3 ? NULL : &hashes[any(HASH_COUNT)];
        uint8_t key[32];
        CK_OBJECT_HANDLE base;
        size_t len = 1 + any(300);

        if (hash != NULL && strncmp(hash->name, "SHA512_", 7) == 0) {
            continue;
        }
        random_octets(key, sizeof(key));
        base = secret_make(session, hash == NULL ? CKK_AES : hash->key_type, key, sizeof(key));
        kbkdf_begin(mode, hash == NULL ? CKM_AES_CMAC : hash->hmac, 8);
        kbkdf_call.iv = any(2) == 0 ? pattern(1 + any(70)) : cfr_span_of(NULL, 0);
        add_any_fields(&other);
        derived_template(&template, CKK_GENERIC_SECRET, len);
        derive_expect(session, kbkdf_end(), base, &template,
                      kbkdf_by_definition(hash, cfr_span_of(key, sizeof(key)), &len, 1),
                      hash == NULL ? "CMAC" : hash->name);
        OK(p11->C_DestroyObject(session, base));
    }
}
END_TEST

/* (2^r - 1) segments and not one octet more ("Counter Mode KDF"). */
START_TEST(end_of_the_counter)
{
    CK_OBJECT_HANDLE base = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    size_t len = 255 * 16;

    for (size_t i = 0; i < KBKDF_MODES; i++) {
        kbkdf_simple(kbkdf_modes[i], CKM_AES_CMAC, 8);
        derived_template(&template, CKK_GENERIC_SECRET, len);
        derive_expect(session, kbkdf_end(), base, &template, kbkdf_by_definition(NULL, pattern(16), &len, 1),
                      "the last");
        bag_ulong(&template, CKA_VALUE_LEN, len + 1);
        derive_refused(session, CKR_KEY_SIZE_RANGE, &kbkdf_call.mechanism, base, &template,
                       "beyond the counter");
    }
    /* Without a counter there is no such end. */
    kbkdf_begin(CKM_SP800_108_FEEDBACK_KDF, CKM_AES_CMAC, 8);
    kbkdf_iteration();
    kbkdf_octets(pattern(20));
    len = 300 * 16;
    bag_ulong(&template, CKA_VALUE_LEN, len);
    derive_expect(session, kbkdf_end(), base, &template, kbkdf_by_definition(NULL, pattern(16), &len, 1),
                  "no counter");
    kbkdf_call.length = (CK_SP800_108_DKM_LENGTH_FORMAT){CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS, CK_FALSE, 8};
    kbkdf_field(CK_SP800_108_DKM_LENGTH, &kbkdf_call.length, sizeof(kbkdf_call.length));
    bag_ulong(&template, CKA_VALUE_LEN, 32);
    derive_refused(session, CKR_KEY_SIZE_RANGE, kbkdf_end(), base, &template, "a length that does not fit");
}
END_TEST

/* --- Several keys --- */

static struct bag more_bags[KBKDF_MORE_MAX];
static CK_OBJECT_HANDLE more_keys[KBKDF_MORE_MAX];

static void add_more(CK_KEY_TYPE type, size_t len, bool is_token)
{
    struct bag *bag = &more_bags[kbkdf_call.more_count];

    derived_template(bag, type, len);
    bag_bool(bag, CKA_TOKEN, is_token);
    more_keys[kbkdf_call.more_count] = 4711;
    kbkdf_call.more[kbkdf_call.more_count] =
        (CK_DERIVED_KEY){bag->attrs, bag->count, &more_keys[kbkdf_call.more_count]};
    kbkdf_call.more_count++;
}

static void check_several(CK_MECHANISM_TYPE mode, const size_t *lens, size_t count,
                          CK_SP800_108_DKM_LENGTH_METHOD method)
{
    static struct octets value;
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(32).ptr, 32);
    CK_OBJECT_HANDLE first = 0;
    struct cfr_span want;
    size_t before;

    kbkdf_simple(mode, CKM_SHA256_HMAC, 32);
    kbkdf_call.length = (CK_SP800_108_DKM_LENGTH_FORMAT){method, CK_FALSE, 32};
    kbkdf_field(CK_SP800_108_DKM_LENGTH, &kbkdf_call.length, sizeof(kbkdf_call.length));
    want = kbkdf_by_definition(hash_find("SHA256"), pattern(32), lens, count);
    derived_template(&template, CKK_GENERIC_SECRET, lens[0]);
    for (size_t i = 1; i < count; i++) {
        add_more(i % 2 == 0 ? CKK_GENERIC_SECRET : CKK_SHA256_HMAC, lens[i], i % 3 == 0);
    }
    before = objects_seen(session);
    OK(p11->C_DeriveKey(session, (CK_MECHANISM_PTR)(uintptr_t)kbkdf_end(), base, BAG(&template), &first));
    ck_assert_uint_eq(objects_seen(session), before + count);
    for (size_t i = 0; i < count; i++) {
        CK_OBJECT_HANDLE key = i == 0 ? first : more_keys[i - 1];

        read_octets(session, key, CKA_VALUE, &value);
        expect_octets(octets_view(&value), cfr_span_of(want.ptr, lens[i]), "key %zu of %zu", i, count);
        ck_assert(read_bool(session, key, CKA_TOKEN) == (i != 0 && i % 3 == 0));
        want = cfr_span_after(want, lens[i]);
        OK(p11->C_DestroyObject(session, key));
    }
}

/* The example of "Deriving Additional Keys": 512 bits of keys, 768 of segments; and as many as there may be. */
START_TEST(several_keys)
{
    static const size_t example[] = {48, 16};
    size_t lens[1 + KBKDF_MORE_MAX];

    for (size_t i = 0; i < COUNT(lens); i++) {
        lens[i] = 1 + any(100);
    }
    check_several(kbkdf_modes[_i], example, 2, CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS);
    check_several(kbkdf_modes[_i], example, 2, CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS);
    check_several(kbkdf_modes[_i], lens, COUNT(lens), CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS);
}
END_TEST

/* Whatever is wrong with one of three keys, there is none, and its handle names it. */
static void check_none(const struct bag *wrong, size_t index, CK_RV wanted, const char *what)
{
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(32).ptr, 32);
    CK_OBJECT_HANDLE first = 4711;
    static struct bag right;
    size_t before = objects_seen(session);
    CK_RV rv;

    kbkdf_simple(CKM_SP800_108_COUNTER_KDF, CKM_SHA256_HMAC, 32);
    derived_template(&right, CKK_AES, 16);
    add_more(CKK_AES, 16, true);
    add_more(CKK_AES, 16, false);
    if (index != 0) {
        kbkdf_call.more[index - 1].ulAttributeCount = wrong->count;
        kbkdf_call.more[index - 1].pTemplate = (CK_ATTRIBUTE_PTR)(uintptr_t)wrong->attrs;
    }
    rv = p11->C_DeriveKey(session, (CK_MECHANISM_PTR)(uintptr_t)kbkdf_end(), base,
                          index == 0 ? (CK_ATTRIBUTE_PTR)(uintptr_t)wrong->attrs : right.attrs,
                          index == 0 ? wrong->count : right.count, &first);
    ck_assert_msg(rv == wanted, "%s: %s, not %s", what, rv_text(rv), rv_text(wanted));
    ck_assert_uint_eq(objects_seen(session), before);
    ck_assert_msg(first == (index == 0 ? CK_INVALID_HANDLE : 4711), "%s: the first handle", what);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_msg(more_keys[i] == (index == i + 1 ? CK_INVALID_HANDLE : 4711), "%s: handle %zu", what,
                      i + 1);
    }
    OK(p11->C_DestroyObject(session, base));
}

START_TEST(all_keys_or_none)
{
    for (size_t i = 0; i < 3; i++) {
        derived_template(&template, CKK_AES, 17);
        check_none(&template, i, CKR_KEY_SIZE_RANGE, "no AES key");
        derived_template(&template, CKK_GENERIC_SECRET, 0);
        check_none(&template, i, CKR_TEMPLATE_INCOMPLETE, "no length");
        derived_template(&template, CKK_GENERIC_SECRET, 16);
        bag_ulong(&template, 0x7777, 1);
        check_none(&template, i, CKR_ATTRIBUTE_TYPE_INVALID, "an unknown attribute");
        derived_template(&template, CKK_GENERIC_SECRET, 16);
        bag_octets(&template, CKA_VALUE, "v", 1);
        check_none(&template, i, CKR_ATTRIBUTE_READ_ONLY, "a value");
        derived_template(&template, CKK_GENERIC_SECRET, 16);
        bag_ulong(&template, CKA_CLASS, CKO_DATA);
        bag_remove(&template, CKA_KEY_TYPE);
        check_none(&template, i, CKR_TEMPLATE_INCONSISTENT, "no key");
    }
}
END_TEST

/* --- Keys --- */

START_TEST(secrecy)
{
    CK_OBJECT_HANDLE other;

    kbkdf_simple(CKM_SP800_108_COUNTER_KDF, CKM_SHA256_HMAC, 16);
    heritage_check(session, HERITAGE_DEFAULTS, kbkdf_end(), NULL, CKK_GENERIC_SECRET);
    kbkdf_simple(CKM_SP800_108_FEEDBACK_KDF, CKM_AES_CMAC, 16);
    kbkdf_field(CK_SP800_108_KEY_HANDLE, &other, sizeof(other));
    heritage_check(session, HERITAGE_DEFAULTS, kbkdf_end(), &other, CKK_AES);
}
END_TEST

START_TEST(keys_that_do_not_fit)
{
    CK_OBJECT_HANDLE aes = secret_make(session, CKK_AES, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE generic = secret_make(session, CKK_GENERIC_SECRET, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE hmac = secret_make(session, CKK_SHA256_HMAC, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE fixed = secret_make(session, CKK_GENERIC_SECRET, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE other = fixed;

    OK(try_set_bool(session, fixed, CKA_DERIVE, false));
    derived_template(&template, CKK_AES, 16);
    kbkdf_simple(CKM_SP800_108_COUNTER_KDF, CKM_AES_CMAC, 16);
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, kbkdf_end(), generic, &template, "CMAC, no AES key");
    kbkdf_call.prf = CKM_SHA256_HMAC;
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, kbkdf_end(), aes, &template, "HMAC, an AES key");
    kbkdf_call.prf = CKM_SHA384_HMAC;
    derive_refused(session, CKR_KEY_TYPE_INCONSISTENT, kbkdf_end(), hmac, &template, "another hash's key");
    derive_refused(session, CKR_KEY_FUNCTION_NOT_PERMITTED, kbkdf_end(), fixed, &template, "CKA_DERIVE");
    kbkdf_field(CK_SP800_108_KEY_HANDLE, &other, sizeof(other));
    derive_refused(session, CKR_KEY_FUNCTION_NOT_PERMITTED, kbkdf_end(), generic, &template, "another key's");
    other = CK_INVALID_HANDLE;
    derive_refused(session, CKR_KEY_HANDLE_INVALID, kbkdf_end(), generic, &template, "no other key");
    other = data_make(session, "data", false, false);
    derive_refused(session, CKR_KEY_HANDLE_INVALID, kbkdf_end(), generic, &template, "a data object");
}
END_TEST

/* --- Parameters --- */

static void expect_bad(CK_OBJECT_HANDLE base, const char *what)
{
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, kbkdf_end(), base, &template, what);
}

START_TEST(prfs)
{
    static const CK_MECHANISM_TYPE wrong[] = {CKM_SHA256,
                                              CKM_SHA256_HMAC_GENERAL,
                                              CKM_SHA512_224_HMAC,
                                              CKM_AES_GMAC,
                                              CKM_AES_CMAC_GENERAL,
                                              CKM_DES3_CMAC,
                                              CKM_MD5_HMAC,
                                              CKM_RSA_PKCS,
                                              0x7777};
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(16).ptr, 16);

    derived_template(&template, CKK_AES, 16);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        kbkdf_simple(kbkdf_modes[i % 3], wrong[i], 8);
        expect_bad(base, "no PRF");
    }
}
END_TEST

START_TEST(fields)
{
    CK_MECHANISM_TYPE mode = kbkdf_modes[_i];
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(16).ptr, 16);
    static const CK_ULONG widths[] = {0, 1, 7, 12, 31, 33, 40, 64, (CK_ULONG)-8};
    CK_OBJECT_HANDLE key;

    derived_template(&template, CKK_AES, 16);
    for (size_t i = 0; i < COUNT(widths); i++) {
        kbkdf_simple(mode, CKM_SHA256_HMAC, widths[i]);
        expect_bad(base, "a counter of that width");
        kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
        kbkdf_call.length = (CK_SP800_108_DKM_LENGTH_FORMAT){1, CK_FALSE, widths[i]};
        kbkdf_field(CK_SP800_108_DKM_LENGTH, &kbkdf_call.length, sizeof(kbkdf_call.length));
        if (widths[i] != 40 && widths[i] != 64) {
            expect_bad(base, "a length of that width");
        }
    }
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_call.counter.bLittleEndian = 2;
    expect_bad(base, "neither little nor big");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_call.length = (CK_SP800_108_DKM_LENGTH_FORMAT){3, CK_FALSE, 32};
    kbkdf_field(CK_SP800_108_DKM_LENGTH, &kbkdf_call.length, sizeof(kbkdf_call.length));
    expect_bad(base, "an unknown method");
    kbkdf_call.length.dkmLengthMethod = CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS;
    OK(derive_try(session, kbkdf_end(), base, &template, &key));
    kbkdf_field(CK_SP800_108_DKM_LENGTH, &kbkdf_call.length, sizeof(kbkdf_call.length));
    expect_bad(base, "two lengths");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_counter();
    expect_bad(base, "two counters");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_field(CK_SP800_108_ITERATION_VARIABLE, mode == kbkdf_modes[0] ? &kbkdf_call.counter : NULL,
                mode == kbkdf_modes[0] ? sizeof(kbkdf_call.counter) : 0);
    expect_bad(base, "two iteration variables");
    kbkdf_begin(mode, CKM_SHA256_HMAC, 8);
    kbkdf_octets(pattern(5));
    expect_bad(base, "no iteration variable");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_field(CK_SP800_108_BYTE_ARRAY, UNCONST("x"), 0);
    expect_bad(base, "no octets");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_field(CK_SP800_108_BYTE_ARRAY, NULL, 5);
    expect_bad(base, "octets at NULL");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_field(CK_SP800_108_KEY_HANDLE, &base, sizeof(base) - 1);
    expect_bad(base, "a cut handle");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_field(CK_SP800_108_KEY_HANDLE, NULL, sizeof(base));
    expect_bad(base, "a handle at NULL");
    kbkdf_simple(mode, CKM_SHA256_HMAC, 8);
    kbkdf_field(0x7777, UNCONST("x"), 1);
    expect_bad(base, "an unknown field");
}
END_TEST

/* What is a counter in one mode is none in the others. */
START_TEST(iteration_variables)
{
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(16).ptr, 16);

    derived_template(&template, CKK_AES, 16);
    kbkdf_begin(kbkdf_modes[0], CKM_SHA256_HMAC, 8);
    kbkdf_field(CK_SP800_108_ITERATION_VARIABLE, NULL, 0);
    expect_bad(base, "counter mode without a format");
    kbkdf_simple(kbkdf_modes[0], CKM_SHA256_HMAC, 8);
    kbkdf_field(CK_SP800_108_COUNTER, &kbkdf_call.counter, sizeof(kbkdf_call.counter));
    expect_bad(base, "an optional counter in counter mode");
    for (size_t i = 1; i < KBKDF_MODES; i++) {
        kbkdf_begin(kbkdf_modes[i], CKM_SHA256_HMAC, 8);
        kbkdf_field(CK_SP800_108_ITERATION_VARIABLE, &kbkdf_call.counter, sizeof(kbkdf_call.counter));
        expect_bad(base, "a format where there is no counter");
    }
}
END_TEST

START_TEST(counts_and_pointers)
{
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(16).ptr, 16);
    CK_OBJECT_HANDLE key;

    derived_template(&template, CKK_AES, 16);
    kbkdf_simple(kbkdf_modes[0], CKM_SHA256_HMAC, 8);
    while (kbkdf_call.field_count < KBKDF_FIELDS_MAX) {
        kbkdf_octets(pattern(3));
    }
    OK(derive_try(session, kbkdf_end(), base, &template, &key));
    kbkdf_octets(pattern(3));
    expect_bad(base, "too many fields");
    kbkdf_simple(kbkdf_modes[0], CKM_SHA256_HMAC, 8);
    (void)kbkdf_end();
    kbkdf_call.plain.pDataParams = NULL;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template, "no fields");
    kbkdf_call.plain.pDataParams = kbkdf_call.fields;
    kbkdf_call.plain.ulNumberOfDataParams = (CK_ULONG)-1;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template,
                   "endless fields");
    (void)kbkdf_end();
    kbkdf_call.plain.ulAdditionalDerivedKeys = 1;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template,
                   "keys at NULL");
    kbkdf_call.plain.ulAdditionalDerivedKeys = 0;
    kbkdf_call.plain.pAdditionalDerivedKeys = kbkdf_call.more;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template, "no keys");
    kbkdf_call.plain.ulAdditionalDerivedKeys = KBKDF_MORE_MAX + 1;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template,
                   "too many keys");
    kbkdf_call.plain.ulAdditionalDerivedKeys = 1;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template,
                   "phKey is NULL");
    kbkdf_simple(kbkdf_modes[1], CKM_SHA256_HMAC, 8);
    (void)kbkdf_end();
    kbkdf_call.feedback.pIV = UNCONST("iv");
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template,
                   "an IV of no octets");
    kbkdf_call.feedback.pIV = NULL;
    kbkdf_call.feedback.ulIVLen = 16;
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template,
                   "an IV at NULL");
    kbkdf_call.mechanism.ulParameterLen = sizeof(CK_SP800_108_KDF_PARAMS);
    derive_refused(session, CKR_MECHANISM_PARAM_INVALID, &kbkdf_call.mechanism, base, &template,
                   "the other structure");
}
END_TEST

static Suite *suite(void)
{
    Suite *kbkdf = suite_create("derive_kbkdf");
    TCase *results = tcase_create("results");
    TCase *refusals = tcase_create("refusals");

    tcase_add_checked_fixture(results, set_up, tear_down);
    tcase_add_loop_test(results, any_order_of_fields, 0, KBKDF_MODES);
    tcase_add_test(results, end_of_the_counter);
    tcase_add_loop_test(results, several_keys, 0, KBKDF_MODES);
    tcase_add_test(results, all_keys_or_none);
    tcase_add_test(results, secrecy);
    tcase_add_checked_fixture(refusals, set_up, tear_down);
    tcase_add_test(refusals, keys_that_do_not_fit);
    tcase_add_test(refusals, prfs);
    tcase_add_loop_test(refusals, fields, 0, KBKDF_MODES);
    tcase_add_test(refusals, iteration_variables);
    tcase_add_test(refusals, counts_and_pointers);
    suite_add_tcase(kbkdf, results);
    suite_add_tcase(kbkdf, refusals);
    return kbkdf;
}

TEST_MAIN(suite)
