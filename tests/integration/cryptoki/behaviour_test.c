/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What independent test suites and wrappers agree on, each as a client would try it: copies and changes, the
 * exact code, processes and threads, the habits of clients. Their other points have programs of their own.
 */
#include "integration/cryptoki/keys.h"
#include "integration/support/process.h"
#include "support/main.h"

#include <dlfcn.h>
#include <pthread.h>

#define VALUE "0123456789abcdef"

/* --- Copies and changes --- */

START_TEST(copy_with_no_template_works)
{
    CK_SESSION_HANDLE session = client_ready();
    struct key_pair pair = ec_make(session, true, "pair");
    CK_OBJECT_HANDLE objects[] = {data_make(session, "data", true, true), aes_make(session, true, "aes"),
                                  pair.public, pair.private};
    CK_ATTRIBUTE unused = ATTR_TEXT(CKA_LABEL, "unused");
    CK_OBJECT_HANDLE copy;

    for (size_t i = 0; i < COUNT(objects); i++) {
        OK(p11->C_CopyObject(session, objects[i], NULL, 0, &copy));
        OK(p11->C_CopyObject(session, objects[i], &unused, 0, &copy));
        ck_assert_uint_ne(copy, objects[i]);
    }
    module_stop();
}
END_TEST

/* The five codes of a template, each where the others do not apply. */
START_TEST(template_codes_are_told_apart)
{
    CK_ATTRIBUTE class = ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY);
    CK_ATTRIBUTE type = ATTR_ULONG(CKA_KEY_TYPE, CKK_AES);
    CK_ATTRIBUTE value = ATTR_OCTETS(CKA_VALUE, UNCONST(VALUE), 16);
    CK_ATTRIBUTE short_value = ATTR_OCTETS(CKA_VALUE, UNCONST(VALUE), 15);
    CK_ATTRIBUTE modulus = ATTR_OCTETS(CKA_MODULUS, UNCONST(VALUE), 16);
    CK_ATTRIBUTE unknown = ATTR_OCTETS(0x4711, UNCONST(VALUE), 16);
    CK_ATTRIBUTE local = ATTR_BOOL(CKA_LOCAL, true);
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE made;
    const struct {
        CK_ATTRIBUTE attrs[4];
        CK_ULONG count;
        CK_RV rv;
    } cases[] = {
        {{class, type, value}, 3, CKR_OK},
        {{class, type}, 2, CKR_TEMPLATE_INCOMPLETE},
        {{class, value}, 2, CKR_TEMPLATE_INCOMPLETE},
        {{class, type, value, modulus}, 4, CKR_TEMPLATE_INCONSISTENT},
        {{class, type, short_value}, 3, CKR_ATTRIBUTE_VALUE_INVALID},
        {{class, type, value, unknown}, 4, CKR_ATTRIBUTE_TYPE_INVALID},
        {{class, type, value, local}, 4, CKR_ATTRIBUTE_READ_ONLY},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        CK_ATTRIBUTE attrs[4];

        memcpy(attrs, cases[i].attrs, sizeof(attrs));
        EXPECT(cases[i].rv, p11->C_CreateObject(session, attrs, cases[i].count, &made));
    }
    module_stop();
}
END_TEST

/* --- The exact code --- */

START_TEST(wrapping_and_using_have_a_code_for_each_reason)
{
    CK_MECHANISM wrap = {CKM_AES_KEY_WRAP, NULL, 0};
    CK_MECHANISM ecb = {CKM_AES_ECB, NULL, 0};
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_MECHANISM none = {CKM_RC4, NULL, 0};
    CK_BYTE out[64];
    CK_ULONG len = sizeof(out);
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE wrapping = secret_make(session, CKK_AES, VALUE, 16);
    CK_OBJECT_HANDLE inside = aes_make(session, false, "unextractable");
    CK_OBJECT_HANDLE mac = secret_make(session, CKK_SHA256_HMAC, VALUE, 16);
    CK_OBJECT_HANDLE data = data_make(session, "data", false, false);
    struct key_pair pair = ec_make(session, false, "pair");

    EXPECT(CKR_KEY_UNEXTRACTABLE, p11->C_WrapKey(session, &wrap, wrapping, inside, out, &len));
    EXPECT(CKR_KEY_NOT_WRAPPABLE, p11->C_WrapKey(session, &wrap, wrapping, pair.public, out, &len));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_WrapKey(session, &wrap, wrapping, data, out, &len));
    EXPECT(CKR_WRAPPING_KEY_TYPE_INCONSISTENT, p11->C_WrapKey(session, &wrap, mac, wrapping, out, &len));
    EXPECT(CKR_KEY_FUNCTION_NOT_PERMITTED, p11->C_WrapKey(session, &wrap, inside, wrapping, out, &len));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_WrapKey(session, &none, wrapping, wrapping, out, &len));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, p11->C_EncryptInit(session, &ecb, mac));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(session, &ecdsa, wrapping));
    EXPECT(CKR_KEY_TYPE_INCONSISTENT, p11->C_SignInit(session, &ecdsa, pair.public));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_SignInit(session, &ecb, wrapping));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_EncryptInit(session, &ecb, CK_INVALID_HANDLE));
    module_stop();
}
END_TEST

START_TEST(generation_has_a_code_for_each_reason)
{
    CK_MECHANISM aes = {CKM_AES_KEY_GEN, NULL, 0};
    CK_MECHANISM digest = {CKM_SHA256, NULL, 0};
    CK_MECHANISM param = {CKM_AES_KEY_GEN, UNCONST(VALUE), 16};
    CK_MECHANISM rsa = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE made[2];
    static const CK_ULONG lens[] = {0, 1, 15, 17, 64, 1UL << 32, CK_UNAVAILABLE_INFORMATION};
    static const CK_ULONG bits[] = {0, 1, 512, 1UL << 20, CK_UNAVAILABLE_INFORMATION};
    struct picture before;
    CK_RV rv;

    picture_take(session, &before);
    for (size_t i = 0; i < COUNT(lens); i++) {
        CK_ATTRIBUTE len = ATTR_ULONG(CKA_VALUE_LEN, lens[i]);

        rv = p11->C_GenerateKey(session, &aes, &len, 1, made);
        ck_assert_msg(rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_KEY_SIZE_RANGE, "%lu octets: %s",
                      lens[i], rv_text(rv));
    }
    for (size_t i = 0; i < COUNT(bits); i++) {
        CK_ATTRIBUTE len = ATTR_ULONG(CKA_MODULUS_BITS, bits[i]);

        rv = p11->C_GenerateKeyPair(session, &rsa, &len, 1, NULL, 0, &made[0], &made[1]);
        ck_assert_msg(rv == CKR_ATTRIBUTE_VALUE_INVALID || rv == CKR_KEY_SIZE_RANGE, "%lu bits: %s", bits[i],
                      rv_text(rv));
    }
    EXPECT(CKR_MECHANISM_INVALID, p11->C_GenerateKey(session, &digest, NULL, 0, made));
    EXPECT(CKR_MECHANISM_INVALID, p11->C_GenerateKey(session, &rsa, NULL, 0, made));
    EXPECT(CKR_MECHANISM_INVALID,
           p11->C_GenerateKeyPair(session, &aes, NULL, 0, NULL, 0, &made[0], &made[1]));
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_GenerateKey(session, &param, NULL, 0, made));
    expect_unchanged(session, &before, "refused generation");
    module_stop();
}
END_TEST

/* --- Processes and threads --- */

static void *use_a_session(void *arg)
{
    CK_SESSION_HANDLE session = session_open(*(const CK_SLOT_ID *)arg);

    for (int i = 0; i < 20; i++) {
        expect_aes_works(session, aes_make(session, false, "key"));
    }
    OK(p11->C_CloseSession(session));
    return NULL;
}

START_TEST(threads_work_after_initialize_with_null)
{
    pthread_t threads[4];
    CK_SESSION_HANDLE session;
    CK_SLOT_ID slot;

    module_load();
    OK(p11->C_Initialize(NULL));
    slot = token_make("token");
    session = session_open(slot);
    login_user(session);
    for (size_t i = 0; i < COUNT(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_a_session, &slot), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    module_stop();
}
END_TEST

static int begin_anew(void *arg)
{
    CK_SESSION_HANDLE session;

    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Login(1, CKU_USER, octets_of(USER_PIN), strlen(USER_PIN)));
    module_start();
    session = session_open(*(const CK_SLOT_ID *)arg);
    ck_assert_uint_eq(state_of(session), CKS_RW_PUBLIC_SESSION);
    login_user(session);
    expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "key"));
    return 0;
}

START_TEST(a_forked_child_may_begin_anew)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_OBJECT_HANDLE key = aes_make(session, true, "key");
    CK_SLOT_ID slot = slot_of(session);

    ck_assert_int_eq(child_run(begin_anew, &slot), 0);
    expect_aes_works(session, key);
    module_stop();
}
END_TEST

/* Another module whose C_ functions are global symbols must not be called in the place of this one's. */
START_TEST(a_module_calls_itself_and_no_other)
{
    const CK_FUNCTION_LIST_3_2 *other;
    Dl_info mine;
    Dl_info others;
    CK_INFO info;

    scratch_copy(module_path(), scratch_file("other.so"));
    other = module_open(scratch_file("other.so"), RTLD_NOW | RTLD_GLOBAL, NULL);
    module_load();
    ck_assert_ptr_ne(other, p11);
    ck_assert_int_ne(dladdr((const void *)(uintptr_t)p11->C_Initialize, &mine), 0);
    ck_assert_int_ne(dladdr((const void *)(uintptr_t)other->C_Initialize, &others), 0);
    ck_assert_ptr_ne(mine.dli_fbase, others.dli_fbase);
    module_start();
    OK(p11->C_GetInfo(&info));
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, other->C_GetInfo(&info));
    module_stop();
}
END_TEST

/* --- The habits of clients --- */

START_TEST(the_module_may_be_loaded_twice)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_FUNCTION_LIST_3_2 *again = module_open(module_path(), RTLD_NOW | RTLD_LOCAL, NULL);
    CK_INFO info;

    ck_assert_ptr_eq(again, p11);
    OK(again->C_GetInfo(&info));
    EXPECT(CKR_CRYPTOKI_ALREADY_INITIALIZED, again->C_Initialize(NULL));
    ck_assert_uint_eq(state_of(session), CKS_RW_USER_FUNCTIONS);
    module_stop();
}
END_TEST

/* With exit() and its handlers: tests/integration/process. */
static int leave_without_finalize(void *arg)
{
    CK_SESSION_HANDLE session;

    module_start();
    session = session_open(*(const CK_SLOT_ID *)arg);
    login_user(session);
    (void)data_make(session, "left", true, true);
    return 0;
}

START_TEST(finalize_may_be_forgotten_or_called_twice)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);

    module_stop();
    EXPECT(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_Finalize(NULL));
    ck_assert_int_eq(child_run(leave_without_finalize, &slot), 0);
    module_start();
    session = session_open(slot);
    login_user(session);
    ck_assert_uint_ne(find_one(session, CKO_DATA, "left"), CK_INVALID_HANDLE);
    module_stop();
}
END_TEST

START_TEST(initialize_and_finalize_many_times)
{
    CK_SESSION_HANDLE session = client_ready();
    CK_SLOT_ID slot = slot_of(session);

    (void)aes_make(session, true, "key");
    module_stop();
    for (int i = 0; i < 30; i++) {
        module_start();
        session = session_open(slot);
        login_user(session);
        expect_aes_works(session, find_one(session, CKO_SECRET_KEY, "key"));
        module_stop();
    }
}
END_TEST

/* A wrapper's first steps, without a login: session keys need no CKA_PRIVATE. */
START_TEST(session_keys_are_made_without_login_and_without_private)
{
    CK_MECHANISM aes = {CKM_AES_KEY_GEN, NULL, 0};
    CK_MECHANISM ec = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    struct cfr_span p256 = ec_params("P-256");
    CK_ATTRIBUTE secret[] = {ATTR_ULONG(CKA_VALUE_LEN, 32), ATTR_BOOL(CKA_ENCRYPT, true),
                             ATTR_BOOL(CKA_DECRYPT, true)};
    CK_ATTRIBUTE curve[] = {ATTR_OCTETS(CKA_EC_PARAMS, UNCONST(p256.ptr), p256.len)};
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    struct key_pair pair;

    module_start();
    session = session_open_ro(token_make("token"));
    OK(p11->C_GenerateKey(session, &aes, TEMPLATE(secret), &key));
    expect_aes_works(session, key);
    ck_assert(!read_bool(session, key, CKA_PRIVATE));
    OK(p11->C_GenerateKeyPair(session, &ec, TEMPLATE(curve), NULL, 0, &pair.public, &pair.private));
    expect_pair_works(session, CKM_ECDSA_SHA256, pair);
    login_user(session);
    OK(p11->C_GenerateKey(session, &aes, TEMPLATE(secret), &key));
    expect_aes_works(session, key);
    module_stop();
}
END_TEST

START_TEST(infos_are_padded_with_blanks_and_not_terminated)
{
    CK_TOKEN_INFO token;
    CK_SLOT_INFO slot;
    CK_INFO info;

    module_start();
    OK(p11->C_GetInfo(&info));
    OK(p11->C_GetTokenInfo(token_make("four"), &token));
    OK(p11->C_GetSlotInfo(slot_empty(), &slot));
    ck_assert_mem_eq(token.label, "four                            ", sizeof(token.label));
    ck_assert_ptr_null(memchr(token.manufacturerID, 0, sizeof(token.manufacturerID)));
    ck_assert_ptr_null(memchr(token.model, 0, sizeof(token.model)));
    ck_assert_ptr_null(memchr(token.serialNumber, 0, sizeof(token.serialNumber)));
    ck_assert_ptr_null(memchr(slot.slotDescription, 0, sizeof(slot.slotDescription)));
    ck_assert_ptr_null(memchr(slot.manufacturerID, 0, sizeof(slot.manufacturerID)));
    ck_assert_ptr_null(memchr(info.manufacturerID, 0, sizeof(info.manufacturerID)));
    ck_assert_ptr_null(memchr(info.libraryDescription, 0, sizeof(info.libraryDescription)));
    module_stop();
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("behaviour");
    TCase *tcase = tcase_create("behaviour");

    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, copy_with_no_template_works);
    tcase_add_test(tcase, template_codes_are_told_apart);
    tcase_add_test(tcase, wrapping_and_using_have_a_code_for_each_reason);
    tcase_add_test(tcase, generation_has_a_code_for_each_reason);
    tcase_add_test(tcase, threads_work_after_initialize_with_null);
    tcase_add_test(tcase, a_forked_child_may_begin_anew);
    tcase_add_test(tcase, a_module_calls_itself_and_no_other);
    tcase_add_test(tcase, the_module_may_be_loaded_twice);
    tcase_add_test(tcase, finalize_may_be_forgotten_or_called_twice);
    tcase_add_test(tcase, initialize_and_finalize_many_times);
    tcase_add_test(tcase, session_keys_are_made_without_login_and_without_private);
    tcase_add_test(tcase, infos_are_padded_with_blanks_and_not_terminated);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
