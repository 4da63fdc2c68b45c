/* SPDX-License-Identifier: Apache-2.0 */
/* Every attribute of every class against the specification's tables: footnotes 1 to 12 and defaults. */
#include "integration/cryptoki/footnotes.h"
#include "support/main.h"

/* --- Objects of a class --- */

static EVP_PKEY *pkey_of(const struct note_class *class)
{
    return strcmp(class->pkey, "RSA") == 0 ? pkey_rsa("rsa2048_1") : pkey_new(class->pkey);
}

/* What keys.h adds for convenience, and what a template need not have. */
static void remove_what_has_defaults(struct bag *bag)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ENCRYPT,
                                              CKA_DECRYPT,   CKA_WRAP,        CKA_UNWRAP,
                                              CKA_SIGN,      CKA_VERIFY,      CKA_DERIVE};

    for (size_t i = 0; i < COUNT(types); i++) {
        bag_remove(bag, types[i]);
    }
}

/* The least that C_CreateObject needs. */
static void fill_least(struct bag *bag, const struct note_class *class)
{
    static const CK_BYTE octets[64] = {1, 2, 3};
    EVP_PKEY *pkey;

    bag_clear(bag);
    bag_ulong(bag, CKA_CLASS, class->class);
    if (class->class == CKO_CERTIFICATE) {
        bag_ulong(bag, CKA_CERTIFICATE_TYPE, CKC_X_509);
        bag_octets(bag, CKA_SUBJECT, "\x30\x00", 2);
        bag_octets(bag, CKA_VALUE, "\x30\x00", 2);
    } else if (class->class == CKO_SECRET_KEY) {
        bag_ulong(bag, CKA_KEY_TYPE, class->type);
        bag_octets(bag, CKA_VALUE, octets, class->value_len);
    } else if (class->pkey != NULL) {
        pkey = pkey_of(class);
        if (class->class == CKO_PUBLIC_KEY) {
            bag_public_key(bag, pkey);
        } else {
            bag_private_key(bag, pkey);
        }
        EVP_PKEY_free(pkey);
        remove_what_has_defaults(bag);
    }
}

/* The same, but with every secret to be seen, where the class has any. */
static void fill_open(struct bag *bag, const struct note_class *class)
{
    fill_least(bag, class);
    if (class->class == CKO_SECRET_KEY || class->class == CKO_PRIVATE_KEY) {
        bag_bool(bag, CKA_SENSITIVE, false);
        bag_bool(bag, CKA_EXTRACTABLE, true);
    }
}

/* What sample() gives where a number is wanted. */
static CK_ULONG sample_number = 1;

/* A value that the attribute could have; a boolean gets @p flag. */
static CK_ATTRIBUTE sample(const struct note_row *row, bool flag)
{
    static CK_BBOOL boolean;
    static CK_BYTE date[] = "20260131";
    static CK_MECHANISM_TYPE mechanisms[] = {CKM_SHA256};
    static CK_BBOOL yes = CK_TRUE;
    static CK_ATTRIBUTE nested = {CKA_EXTRACTABLE, &yes, sizeof(yes)};

    boolean = flag ? CK_TRUE : CK_FALSE;
    switch (row->kind) {
    case AS_BOOL:
        return (CK_ATTRIBUTE){row->type, &boolean, sizeof(boolean)};
    case AS_ULONG:
        return (CK_ATTRIBUTE){row->type, &sample_number, sizeof(sample_number)};
    case AS_DATE:
        return (CK_ATTRIBUTE){row->type, date, 8};
    case AS_MECHANISMS:
        return (CK_ATTRIBUTE){row->type, mechanisms, sizeof(mechanisms)};
    case AS_TEMPLATE:
        return (CK_ATTRIBUTE){row->type, &nested, sizeof(nested)};
    case AS_OCTETS:
        break;
    }
    return (CK_ATTRIBUTE){row->type, octets_of("another"), 7};
}

static void expect_rv(CK_RV got, CK_RV wanted, const struct note_class *class, const struct note_row *row,
                      const char *what)
{
    ck_assert_msg(got == wanted, "%s of a %s, %s: %s, not %s", row->name, class->name, what, rv_text(got),
                  rv_text(wanted));
}

static void each_class(void (*check)(CK_SESSION_HANDLE session, const struct note_class *class))
{
    CK_SESSION_HANDLE session = client_ready();

    for (size_t i = 0; i < NOTE_CLASS_COUNT; i++) {
        check(session, &note_classes[i]);
    }
    module_stop();
}

/* --- Footnotes 1 and 2, and defaults --- */

static void check_creation(CK_SESSION_HANDLE session, const struct note_class *class)
{
    static struct bag bag;
    const struct note_row *row;
    size_t cursor = 0;

    fill_least(&bag, class);
    OK(try_object_once(session, &bag));
    while ((row = note_next(class, &cursor)) != NULL) {
        fill_least(&bag, class);
        if ((row->notes & NOTE(1)) != 0) {
            bag_remove(&bag, row->type);
            expect_rv(try_object_once(session, &bag), CKR_TEMPLATE_INCOMPLETE, class, row, "footnote 1");
        }
        if ((row->notes & NOTE(2)) != 0) {
            CK_ATTRIBUTE given = sample(row, true);

            bag_octets(&bag, row->type, given.pValue, given.ulValueLen);
            expect_rv(try_object_once(session, &bag), CKR_ATTRIBUTE_READ_ONLY, class, row, "footnote 2");
        }
    }
}

START_TEST(what_creation_needs_and_refuses)
{
    each_class(check_creation);
}
END_TEST

static void expect_default(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const struct note_class *class,
                           const struct note_row *row)
{
    static struct octets value;
    CK_RV rv = try_read(session, object, row->type, &value);
    CK_ULONG number = 0;
    bool is_right = rv == CKR_OK;

    memcpy(&number, value.at, value.len == sizeof(number) ? sizeof(number) : 0);
    switch (row->otherwise) {
    case IS_ANY:
        return;
    case IS_ABSENT:
        is_right = rv == CKR_ATTRIBUTE_TYPE_INVALID;
        break;
    case IS_EMPTY:
        is_right = is_right && value.len == 0;
        break;
    case IS_ZERO:
        is_right = is_right && value.len == sizeof(number) && number == 0;
        break;
    case IS_FALSE:
    case IS_TRUE:
        is_right =
            is_right && value.len == 1 && value.at[0] == (row->otherwise == IS_TRUE ? CK_TRUE : CK_FALSE);
        break;
    case IS_UNAVAILABLE:
        is_right = is_right && value.len == sizeof(number) && number == CK_UNAVAILABLE_INFORMATION;
        break;
    }
    ck_assert_msg(is_right, "%s of a %s has another default (%s, %lu octets)", row->name, class->name,
                  rv_text(rv), value.len);
}

static void check_defaults(CK_SESSION_HANDLE session, const struct note_class *class)
{
    static struct bag bag;
    CK_OBJECT_HANDLE object;
    const struct note_row *row;
    size_t cursor = 0;

    fill_least(&bag, class);
    object = object_make(session, &bag);
    while ((row = note_next(class, &cursor)) != NULL) {
        expect_default(session, object, class, row);
    }
}

START_TEST(what_is_not_given_has_its_default)
{
    each_class(check_defaults);
}
END_TEST

/* --- Footnotes 3 and 4 --- */

/* The least that C_GenerateKey or this half of C_GenerateKeyPair needs. */
static void fill_generation(struct bag *bag, const struct note_class *class, CK_OBJECT_CLASS half)
{
    struct cfr_span params;

    bag_clear(bag);
    if (class->class == CKO_SECRET_KEY) {
        bag_ulong(bag, CKA_VALUE_LEN, class->value_len);
    } else if (half == CKO_PUBLIC_KEY && class->type == CKK_RSA) {
        bag_ulong(bag, CKA_MODULUS_BITS, 1024);
    } else if (half == CKO_PUBLIC_KEY) {
        params = ec_params(class->pkey);
        bag_octets(bag, CKA_EC_PARAMS, params.ptr, params.len);
    }
}

static CK_RV try_generate(CK_SESSION_HANDLE session, const struct note_class *class, const struct bag *bag,
                          const struct bag *other)
{
    CK_MECHANISM mechanism = {class->keygen, NULL, 0};
    CK_OBJECT_HANDLE one = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE two = CK_INVALID_HANDLE;
    const struct bag *public = class->class == CKO_PUBLIC_KEY ? bag : other;
    const struct bag *private = class->class == CKO_PUBLIC_KEY ? other : bag;

    if (class->class == CKO_SECRET_KEY) {
        return p11->C_GenerateKey(session, &mechanism, (CK_ATTRIBUTE *)(uintptr_t)bag->attrs, bag->count,
                                  &one);
    }
    return p11->C_GenerateKeyPair(session, &mechanism, (CK_ATTRIBUTE *)(uintptr_t) public->attrs,
                                  public->count, (CK_ATTRIBUTE *)(uintptr_t) private->attrs, private->count,
                                  &one, &two);
}

static void check_generation(CK_SESSION_HANDLE session, const struct note_class *class)
{
    static struct bag bag;
    static struct bag other;
    const struct note_row *row;
    size_t cursor = 0;

    if (class->keygen == CK_UNAVAILABLE_INFORMATION) {
        return;
    }
    fill_generation(&other, class, class->class == CKO_PUBLIC_KEY ? CKO_PRIVATE_KEY : CKO_PUBLIC_KEY);
    fill_generation(&bag, class, class->class);
    OK(try_generate(session, class, &bag, &other));
    while ((row = note_next(class, &cursor)) != NULL) {
        fill_generation(&bag, class, class->class);
        if ((row->notes & NOTE(3)) != 0) {
            bag_remove(&bag, row->type);
            expect_rv(try_generate(session, class, &bag, &other), CKR_TEMPLATE_INCOMPLETE, class, row,
                      "footnote 3");
        }
        if ((row->notes & NOTE(4)) != 0) {
            CK_ATTRIBUTE given = sample(row, true);

            bag_octets(&bag, row->type, given.pValue, given.ulValueLen);
            expect_rv(try_generate(session, class, &bag, &other), CKR_ATTRIBUTE_READ_ONLY, class, row,
                      "footnote 4");
        }
    }
}

START_TEST(what_generation_needs_and_refuses)
{
    each_class(check_generation);
}
END_TEST

/* --- Footnotes 5 and 6 --- */

struct wrapped {
    CK_OBJECT_HANDLE key;
    CK_BYTE octets[2048];
    CK_ULONG len;
};

static CK_MECHANISM kwp = {CKM_AES_KEY_WRAP_KWP, NULL, 0};

static CK_RV try_unwrap(CK_SESSION_HANDLE session, struct wrapped *wrapped, const struct bag *bag)
{
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;

    return p11->C_UnwrapKey(session, &kwp, wrapped->key, wrapped->octets, wrapped->len,
                            (CK_ATTRIBUTE *)(uintptr_t)bag->attrs, bag->count, &made);
}

static void fill_unwrapping(struct bag *bag, const struct note_class *class)
{
    bag_clear(bag);
    bag_ulong(bag, CKA_CLASS, class->class);
    bag_ulong(bag, CKA_KEY_TYPE, class->type);
}

static void check_unwrapping(CK_SESSION_HANDLE session, const struct note_class *class)
{
    static struct wrapped wrapped;
    static struct bag bag;
    const struct note_row *row;
    size_t cursor = 0;

    if (class->class != CKO_SECRET_KEY && class->class != CKO_PRIVATE_KEY) {
        return;
    }
    wrapped.key = secret_make(session, CKK_AES, "0123456789abcdef", 16);
    wrapped.len = sizeof(wrapped.octets);
    fill_open(&bag, class);
    OK(p11->C_WrapKey(session, &kwp, wrapped.key, object_make(session, &bag), wrapped.octets, &wrapped.len));
    fill_unwrapping(&bag, class);
    OK(try_unwrap(session, &wrapped, &bag));
    while ((row = note_next(class, &cursor)) != NULL) {
        fill_unwrapping(&bag, class);
        if ((row->notes & NOTE(5)) != 0) {
            bag_remove(&bag, row->type);
            expect_rv(try_unwrap(session, &wrapped, &bag), CKR_TEMPLATE_INCOMPLETE, class, row, "footnote 5");
        }
        if ((row->notes & NOTE(6)) != 0) {
            CK_ATTRIBUTE given = sample(row, true);

            bag_octets(&bag, row->type, given.pValue, given.ulValueLen);
            expect_rv(try_unwrap(session, &wrapped, &bag), CKR_ATTRIBUTE_READ_ONLY, class, row, "footnote 6");
        }
    }
}

START_TEST(what_unwrapping_needs_and_refuses)
{
    each_class(check_unwrapping);
}
END_TEST

/* --- Footnote 7 --- */

static void check_secrecy(CK_SESSION_HANDLE session, const struct note_class *class)
{
    static struct bag bag;
    static struct octets value;
    bool has_secrets = class->class == CKO_SECRET_KEY || class->class == CKO_PRIVATE_KEY;

    for (unsigned bits = 0; has_secrets && bits < 4; bits++) {
        bool is_hidden = bits != 2;
        CK_OBJECT_HANDLE object;
        const struct note_row *row;
        size_t cursor = 0;

        fill_open(&bag, class);
        bag_bool(&bag, CKA_SENSITIVE, (bits & 1) != 0);
        bag_bool(&bag, CKA_EXTRACTABLE, (bits & 2) != 0);
        object = object_make(session, &bag);
        while ((row = note_next(class, &cursor)) != NULL) {
            CK_RV rv = try_read(session, object, row->type, &value);

            if ((row->notes & NOTE(7)) != 0) {
                expect_rv(rv, is_hidden ? CKR_ATTRIBUTE_SENSITIVE : CKR_OK, class, row, "footnote 7");
            } else {
                ck_assert_msg(rv != CKR_ATTRIBUTE_SENSITIVE, "%s of a %s is hidden", row->name, class->name);
            }
        }
    }
}

START_TEST(what_secrecy_hides)
{
    each_class(check_secrecy);
}
END_TEST

/* --- Footnotes 8, 10, 11 and 12 --- */

/* What the attribute is not now, in the direction in which it may change. */
static CK_ATTRIBUTE changed(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, const struct note_row *row)
{
    static struct octets now;
    bool flag = false;

    sample_number = 1;
    if (row->kind == AS_ULONG && try_read(session, object, row->type, &now) == CKR_OK &&
        now.at[0] == sample_number) {
        sample_number = 2;
    }
    if (row->kind == AS_BOOL) {
        flag = !read_bool(session, object, row->type);
    }
    return sample(row, flag);
}

static void expect_change(CK_SESSION_HANDLE session, const struct bag *bag, const struct note_class *class,
                          const struct note_row *row)
{
    CK_OBJECT_HANDLE object = object_make(session, bag);
    CK_ATTRIBUTE given = changed(session, object, row);
    CK_OBJECT_HANDLE copy;
    CK_RV set = p11->C_SetAttributeValue(session, object, &given, 1);
    CK_RV copied;

    if ((row->notes & NOTE_FITS) != 0) {
        ck_assert_msg(set == CKR_ATTRIBUTE_VALUE_INVALID || set == CKR_ATTRIBUTE_READ_ONLY, "%s of a %s: %s",
                      row->name, class->name, rv_text(set));
    } else if ((row->notes & NOTE_FREE) == 0 || set != CKR_OK) {
        expect_rv(set, (row->notes & NOTE(8)) != 0 ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY, class, row,
                  "footnote 8, set");
    }
    if (set == CKR_OK && (row->notes & (NOTE(11) | NOTE(12))) != 0) {
        given = changed(session, object, row);
        expect_rv(p11->C_SetAttributeValue(session, object, &given, 1), CKR_ATTRIBUTE_READ_ONLY, class, row,
                  "footnotes 11 and 12");
    }
    OK(p11->C_DestroyObject(session, object));
    object = object_make(session, bag);
    given = changed(session, object, row);
    copied = p11->C_CopyObject(session, object, &given, 1, &copy);
    if ((row->notes & NOTE_COPY) != 0) {
        bool unmakes_private = row->type == CKA_PRIVATE && read_bool(session, object, CKA_PRIVATE);

        expect_rv(copied, unmakes_private ? CKR_TEMPLATE_INCONSISTENT : CKR_OK, class, row, "4.1.3");
    } else {
        expect_rv(copied, set, class, row, "footnote 8, copied");
    }
    (void)p11->C_DestroyObject(session, object);
}

static void check_changes(CK_SESSION_HANDLE session, const struct note_class *class)
{
    static struct bag bag;
    const struct note_row *row;
    size_t cursor = 0;

    fill_open(&bag, class);
    while ((row = note_next(class, &cursor)) != NULL) {
        expect_change(session, &bag, class, row);
    }
}

START_TEST(what_may_change)
{
    each_class(check_changes);
}
END_TEST

static void check_trust(CK_SESSION_HANDLE session, const struct note_class *class)
{
    static struct bag bag;
    CK_BBOOL yes = CK_TRUE;
    const struct note_row *row;
    size_t cursor = 0;

    fill_open(&bag, class);
    bag_bool(&bag, CKA_PRIVATE, false);
    while ((row = note_next(class, &cursor)) != NULL) {
        CK_OBJECT_HANDLE object;

        if ((row->notes & NOTE(10)) == 0) {
            continue;
        }
        object = object_make(session, &bag);
        expect_rv(try_set(session, object, row->type, &yes, 1), CKR_ATTRIBUTE_READ_ONLY, class, row,
                  "the user");
        OK(p11->C_Logout(session));
        login_so(session);
        expect_rv(try_set(session, object, row->type, &yes, 1), CKR_OK, class, row, "the officer");
        ck_assert(read_bool(session, object, row->type));
        OK(p11->C_Logout(session));
        login_user(session);
    }
}

START_TEST(only_the_officer_sets_what_footnote_10_marks)
{
    each_class(check_trust);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("footnotes");
    TCase *tcase = tcase_create("footnotes");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, what_creation_needs_and_refuses);
    tcase_add_test(tcase, what_is_not_given_has_its_default);
    tcase_add_test(tcase, what_generation_needs_and_refuses);
    tcase_add_test(tcase, what_unwrapping_needs_and_refuses);
    tcase_add_test(tcase, what_secrecy_hides);
    tcase_add_test(tcase, what_may_change);
    tcase_add_test(tcase, only_the_officer_sets_what_footnote_10_marks);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
