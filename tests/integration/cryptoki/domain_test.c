/* SPDX-License-Identifier: Apache-2.0 */
/* Domain parameters: objects, their generation, what is refused as a group; and keys that leave and come back. */
#include "integration/cryptoki/fields.h"
#include "integration/cryptoki/operations.h"
#include "support/main.h"

#include <openssl/core_names.h>
#include <openssl/x509.h>

static CK_SESSION_HANDLE session;
static struct octets value;
static struct bag bag;

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

static void begin_domain(CK_KEY_TYPE type, EVP_PKEY *pkey)
{
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_DOMAIN_PARAMETERS);
    bag_ulong(&bag, CKA_KEY_TYPE, type);
    bag_group(&bag, type, pkey);
}

/* DSA's parameters come from a published case: libcrypto has no group by name. */
static void begin_dsa(struct vectors *vectors)
{
    ck_assert(vectors_next(vectors));
    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_DOMAIN_PARAMETERS);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_DSA);
    bag_group_of_case(&bag, vectors);
}

/* --- Objects --- */

static void expect_domain(CK_OBJECT_HANDLE object, CK_KEY_TYPE type, CK_ULONG bits, CK_ULONG subprime_bits,
                          bool is_local)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_SHA256);

    ck_assert_uint_eq(read_ulong(session, object, CKA_CLASS), CKO_DOMAIN_PARAMETERS);
    ck_assert_uint_eq(read_ulong(session, object, CKA_KEY_TYPE), type);
    ck_assert_uint_eq(read_ulong(session, object, CKA_PRIME_BITS), bits);
    ck_assert(read_bool(session, object, CKA_LOCAL) == is_local);
    ck_assert(!read_bool(session, object, CKA_PRIVATE));
    if (type == CKK_DH) {
        EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, object, CKA_SUBPRIME, &value));
        EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, object, CKA_SUBPRIME_BITS, &value));
    } else {
        ck_assert_uint_eq(read_ulong(session, object, CKA_SUBPRIME_BITS), subprime_bits);
    }
    EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, object, CKA_VALUE, &value));
    EXPECT(CKR_ATTRIBUTE_TYPE_INVALID, try_read(session, object, CKA_ID, &value));
    /* It is no key. */
    EXPECT(CKR_KEY_HANDLE_INVALID,
           p11->C_SignInit(session, &(CK_MECHANISM){CKM_SHA256_HMAC, NULL, 0}, object));
    OK(p11->C_DigestInit(session, &mechanism));
    EXPECT(CKR_KEY_HANDLE_INVALID, p11->C_DigestKey(session, object));
    OK(p11->C_DigestInit(session, NULL));
}

/* Numbers are fixed, what names the object is not. */
static void expect_changes(CK_OBJECT_HANDLE object)
{
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE found[3];
    CK_ATTRIBUTE label = ATTR_TEXT(CKA_LABEL, "a group");
    CK_ATTRIBUTE named[] = {ATTR_ULONG(CKA_CLASS, CKO_DOMAIN_PARAMETERS), ATTR_TEXT(CKA_LABEL, "a group")};
    bool is_local = read_bool(session, object, CKA_LOCAL);

    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set(session, object, CKA_BASE, "\3", 1));
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_set_bool(session, object, CKA_LOCAL, !is_local));
    OK(p11->C_SetAttributeValue(session, object, &label, 1));
    OK(try_copy_bool(session, object, CKA_TOKEN, true, &copy));
    ck_assert(read_bool(session, copy, CKA_LOCAL) == is_local);
    ck_assert(read_bool(session, copy, CKA_TOKEN));
    ck_assert_uint_eq(find_all(session, TEMPLATE(named), found, COUNT(found)), 2);
    OK(p11->C_DestroyObject(session, copy));
    ck_assert_uint_eq(find_all(session, TEMPLATE(named), found, COUNT(found)), 1);
}

START_TEST(objects_are_made_copied_and_found)
{
    EVP_PKEY *known = field_key("ffdhe2048");
    EVP_PKEY *other = field_key("dh_2048_224");
    struct vectors *vectors = vectors_open("dsa");
    CK_OBJECT_HANDLE object;

    begin_domain(CKK_DH, known);
    object = object_make(session, &bag);
    expect_domain(object, CKK_DH, 2048, 0, false);
    expect_changes(object);
    OK(p11->C_DestroyObject(session, object));
    begin_domain(CKK_X9_42_DH, other);
    object = object_make(session, &bag);
    expect_domain(object, CKK_X9_42_DH, 2048, 224, false);
    expect_changes(object);
    OK(p11->C_DestroyObject(session, object));
    begin_dsa(vectors);
    object = object_make(session, &bag);
    expect_domain(object, CKK_DSA, 1024, 160, false);
    expect_changes(object);
    while (vectors_next(vectors)) {
    }
    vectors_close(vectors, 12);
    EVP_PKEY_free(known);
    EVP_PKEY_free(other);
}
END_TEST

static const struct {
    CK_MECHANISM_TYPE mechanism;
    CK_KEY_TYPE type;
    CK_ULONG bits;
    CK_ULONG subprime_bits;
    CK_RV rv;
} made[] = {
    {CKM_DH_PKCS_PARAMETER_GEN, CKK_DH, 2048, 0, CKR_OK},
    {CKM_DH_PKCS_PARAMETER_GEN, CKK_DH, 3072, 0, CKR_OK},
    {CKM_DH_PKCS_PARAMETER_GEN, CKK_DH, 8192, 0, CKR_OK},
    {CKM_DH_PKCS_PARAMETER_GEN, CKK_DH, 1024, 0, CKR_KEY_SIZE_RANGE},
    {CKM_DH_PKCS_PARAMETER_GEN, CKK_DH, 2560, 0, CKR_KEY_SIZE_RANGE},
    {CKM_DH_PKCS_PARAMETER_GEN, CKK_DH, 0, 0, CKR_KEY_SIZE_RANGE},
    {CKM_X9_42_DH_PARAMETER_GEN, CKK_X9_42_DH, 2048, 2047, CKR_OK},
    {CKM_X9_42_DH_PARAMETER_GEN, CKK_X9_42_DH, 2048, 256, CKR_OK},
    {CKM_X9_42_DH_PARAMETER_GEN, CKK_X9_42_DH, 2048, 160, CKR_KEY_SIZE_RANGE},
    {CKM_X9_42_DH_PARAMETER_GEN, CKK_X9_42_DH, 3072, 256, CKR_KEY_SIZE_RANGE},
};

/* "You MUST extract the attributes into a template and supply them to the key-pair generation function." */
static void generate_pair_from(CK_OBJECT_HANDLE object, CK_KEY_TYPE type)
{
    CK_MECHANISM mechanism = MECHANISM(type == CKK_DH ? CKM_DH_PKCS_KEY_PAIR_GEN : CKM_X9_42_DH_KEY_PAIR_GEN);
    static const CK_ATTRIBUTE_TYPE numbers[] = {CKA_PRIME, CKA_BASE, CKA_SUBPRIME};
    static struct bag nothing;
    struct key_pair pair;

    bag_clear(&bag);
    for (size_t i = 0; i < (type == CKK_DH ? 2U : 3U); i++) {
        read_octets(session, object, numbers[i], &value);
        bag_octets(&bag, numbers[i], value.at, value.len);
    }
    OK(p11->C_GenerateKeyPair(session, &mechanism, BAG(&bag), BAG(&nothing), &pair.public, &pair.private));
    ck_assert(read_bool(session, pair.private, CKA_SENSITIVE));
}

START_TEST(groups_are_generated_for_pairs)
{
    CK_MECHANISM mechanism = MECHANISM(made[_i].mechanism);
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_PRIME_BITS, made[_i].bits);
    if (made[_i].type != CKK_DH) {
        EXPECT(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
        bag_ulong(&bag, CKA_SUBPRIME_BITS, made[_i].subprime_bits);
    }
    EXPECT(made[_i].rv, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
    if (made[_i].rv == CKR_OK) {
        expect_domain(object, made[_i].type, made[_i].bits, made[_i].subprime_bits, true);
        expect_changes(object);
        generate_pair_from(object, made[_i].type);
    } else {
        ck_assert_uint_eq(object, CK_INVALID_HANDLE);
    }
}
END_TEST

START_TEST(templates_of_generation_are_checked)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_DH_PKCS_PARAMETER_GEN);
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

    bag_clear(&bag);
    EXPECT(CKR_TEMPLATE_INCOMPLETE, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
    bag_ulong(&bag, CKA_PRIME_BITS, 2048);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
    bag_ulong(&bag, CKA_CLASS, CKO_DOMAIN_PARAMETERS);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_DSA);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_DH);
    bag_octets(&bag, CKA_BASE, "\2", 1);
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
    bag_remove(&bag, CKA_BASE);
    bag_bool(&bag, CKA_DERIVE, true);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
    bag_remove(&bag, CKA_DERIVE);
    mechanism.pParameter = &mechanism;
    mechanism.ulParameterLen = 1;
    EXPECT(CKR_MECHANISM_PARAM_INVALID, p11->C_GenerateKey(session, &mechanism, BAG(&bag), &object));
}
END_TEST

/* --- What is no group --- */

/* Of objects, pairs, and wrapped keys alike. */
START_TEST(other_numbers_are_no_group)
{
    EVP_PKEY *pkey = field_key("ffdhe2048");
    static const CK_OBJECT_CLASS classes[] = {CKO_DOMAIN_PARAMETERS, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY};
    static struct octets prime;
    CK_MECHANISM keygen = MECHANISM(CKM_DH_PKCS_KEY_PAIR_GEN);
    static struct bag nothing;
    struct key_pair pair;

    field_number(pkey, OSSL_PKEY_PARAM_FFC_P, &prime);
    for (int kind = 0; kind < 6; kind++) {
        uint8_t p[257] = {0};
        uint8_t g[257] = {0};

        memcpy(p + 1, prime.at, prime.len);
        g[256] = 2;
        switch (kind) {
        case 0: /* composite */
            p[200] ^= 1;
            break;
        case 1: /* even */
            p[256] ^= 1;
            break;
        case 2: /* 1,024 bits */
            memset(p, 0, 129);
            p[129] |= 0x80;
            break;
        case 3: /* 2,056 bits, odd */
            p[0] = 0xff;
            break;
        case 4:
            g[256] = 1;
            break;
        default: /* p - 1 */
            memcpy(g, p, sizeof(g));
            g[256] ^= 1;
            break;
        }
        for (size_t i = 0; i < COUNT(classes); i++) {
            bag_clear(&bag);
            bag_ulong(&bag, CKA_CLASS, classes[i]);
            bag_ulong(&bag, CKA_KEY_TYPE, CKK_DH);
            bag_octets(&bag, CKA_PRIME, p, sizeof(p));
            bag_octets(&bag, CKA_BASE, g, sizeof(g));
            if (classes[i] != CKO_DOMAIN_PARAMETERS) {
                bag_octets(&bag, CKA_VALUE, "\4", 1);
            }
            EXPECT(CKR_DOMAIN_PARAMS_INVALID, try_object_once(session, &bag));
        }
        bag_clear(&bag);
        bag_octets(&bag, CKA_PRIME, p, sizeof(p));
        bag_octets(&bag, CKA_BASE, g, sizeof(g));
        EXPECT(CKR_DOMAIN_PARAMS_INVALID, p11->C_GenerateKeyPair(session, &keygen, BAG(&bag), BAG(&nothing),
                                                                 &pair.public, &pair.private));
    }
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(templates_of_keys_are_checked)
{
    EVP_PKEY *pkey = field_key("ffdhe2048");
    static const CK_ATTRIBUTE_TYPE needed[] = {CKA_PRIME, CKA_BASE, CKA_VALUE};

    for (size_t i = 0; i < COUNT(needed); i++) {
        bag_clear(&bag);
        bag_group(&bag, CKK_DH, pkey);
        bag_field_public(&bag, CKK_DH, cfr_span_of("\4", 1));
        bag_remove(&bag, needed[i]);
        EXPECT(CKR_TEMPLATE_INCOMPLETE, try_object_once(session, &bag));
    }
    /* "MUST NOT be specified when object is created with C_CreateObject." */
    bag_clear(&bag);
    bag_group(&bag, CKK_DH, pkey);
    bag_field_private(&bag, CKK_DH, cfr_span_of("\4", 1));
    bag_ulong(&bag, CKA_VALUE_BITS, 3);
    EXPECT(CKR_ATTRIBUTE_READ_ONLY, try_object_once(session, &bag));
    bag_remove(&bag, CKA_VALUE_BITS);
    OK(try_object_once(session, &bag));
    bag_octets(&bag, CKA_SUBPRIME, "\7", 1);
    EXPECT(CKR_TEMPLATE_INCONSISTENT, try_object_once(session, &bag));
    EVP_PKEY_free(pkey);
}
END_TEST

/* --- Away and back --- */

/* The numbers of a private key, by the module's own reading. */
static void expect_same_numbers(CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE other, CK_KEY_TYPE type)
{
    static const CK_ATTRIBUTE_TYPE numbers[] = {CKA_VALUE, CKA_PRIME, CKA_BASE, CKA_PUBLIC_KEY_INFO,
                                                CKA_SUBPRIME};
    static struct octets other_value;

    for (size_t i = 0; i < (type == CKK_DH ? 4U : 5U); i++) {
        read_octets(session, one, numbers[i], &value);
        read_octets(session, other, numbers[i], &other_value);
        expect_octets(octets_view(&value), octets_view(&other_value), "0x%lx", numbers[i]);
    }
}

static CK_RV try_unwrap(CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key, struct cfr_span wrapped,
                        CK_KEY_TYPE type, CK_OBJECT_HANDLE *ret)
{
    static struct bag template;

    bag_clear(&template);
    bag_ulong(&template, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(&template, CKA_KEY_TYPE, type);
    bag_bool(&template, CKA_SENSITIVE, false);
    bag_bool(&template, CKA_EXTRACTABLE, true);
    return p11->C_UnwrapKey(session, mechanism, key, UNCONST(wrapped.ptr), wrapped.len, BAG(&template), ret);
}

/* What libcrypto writes of a key in PKCS #8, and its public half. */
static void direct_encodings(EVP_PKEY *pkey, struct octets *ret_pkcs8, struct octets *ret_spki)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    uint8_t *at = ret_pkcs8->at;

    ret_pkcs8->len = (CK_ULONG)i2d_PKCS8_PRIV_KEY_INFO(info, &at);
    at = ret_spki->at;
    ret_spki->len = (CK_ULONG)i2d_PUBKEY(pkey, &at);
    PKCS8_PRIV_KEY_INFO_free(info);
}

static const struct {
    const char *group;
    CK_KEY_TYPE type;
} travellers[] = {{"ffdhe2048", CKK_DH}, {"modp_3072", CKK_DH}, {"dh_2048_256", CKK_X9_42_DH}};

START_TEST(private_keys_are_wrapped_and_come_back)
{
    static struct octets pkcs8;
    static struct octets spki;
    static struct octets wrapped;
    static uint8_t iv[16];
    EVP_PKEY *pkey = field_key(travellers[_i].group);
    CK_KEY_TYPE type = travellers[_i].type;
    CK_OBJECT_HANDLE key = secret_make(session, CKK_AES, "0123456789abcdef0123456789abcdef", 32);
    CK_MECHANISM kwp = MECHANISM(CKM_AES_KEY_WRAP_KWP);
    struct operation encrypt = {session, CKF_ENCRYPT, {CKM_AES_CBC_PAD, iv, sizeof(iv)}, key};
    CK_OBJECT_HANDLE back = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE of_libcrypto = CK_INVALID_HANDLE;
    struct key_pair pair;

    OK(try_field_pair(session, type, pkey, 0, &pair));
    wrapped.len = sizeof(wrapped.at);
    OK(p11->C_WrapKey(session, &kwp, key, pair.private, wrapped.at, &wrapped.len));
    OK(try_unwrap(&kwp, key, octets_view(&wrapped), type, &back));
    expect_same_numbers(pair.private, back, type);
    ck_assert(!read_bool(session, back, CKA_LOCAL));
    EXPECT(CKR_WRAPPED_KEY_INVALID,
           try_unwrap(&kwp, key, octets_view(&wrapped), type == CKK_DH ? CKK_X9_42_DH : CKK_DH, &back));
    EXPECT(CKR_WRAPPED_KEY_INVALID, try_unwrap(&kwp, key, octets_view(&wrapped), CKK_EC, &back));
    /* And libcrypto's own encoding, whose group may say how long private values are. */
    direct_encodings(pkey, &pkcs8, &spki);
    OK(run_once(&encrypt, octets_view(&pkcs8), &wrapped));
    OK(try_unwrap(&encrypt.mechanism, key, octets_view(&wrapped), type, &of_libcrypto));
    read_octets(session, of_libcrypto, CKA_VALUE, &value);
    field_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &wrapped);
    expect_octets(octets_view(&value), octets_view(&wrapped), "CKA_VALUE");
    EVP_PKEY_free(pkey);
}
END_TEST

/* CKA_PUBLIC_KEY_INFO is what libcrypto reads as the same key, and "Public key from private key" makes it. */
START_TEST(the_public_half_is_that_of_the_private_key)
{
    CK_MECHANISM mechanism = MECHANISM(CKM_PUB_KEY_FROM_PRIV_KEY);
    EVP_PKEY *pkey = field_key(travellers[_i].group);
    CK_KEY_TYPE type = travellers[_i].type;
    CK_OBJECT_HANDLE public = CK_INVALID_HANDLE;
    static struct octets other;
    struct key_pair pair;
    const uint8_t *at = value.at;
    EVP_PKEY *direct;

    OK(try_field_pair(session, type, pkey, 0, &pair));
    read_octets(session, pair.private, CKA_PUBLIC_KEY_INFO, &value);
    direct = d2i_PUBKEY(NULL, &at, (long)value.len);
    ck_assert_ptr_nonnull(direct);
    read_octets(session, pair.public, CKA_VALUE, &value);
    field_number(direct, OSSL_PKEY_PARAM_PUB_KEY, &other);
    expect_octets(octets_view(&other), octets_view(&value), "public value");
    ck_assert_int_eq(EVP_PKEY_parameters_eq(direct, pkey), 1);
    bag_clear(&bag);
    OK(p11->C_DeriveKey(session, &mechanism, pair.private, BAG(&bag), &public));
    read_octets(session, public, CKA_VALUE, &other);
    expect_octets(octets_view(&other), octets_view(&value), "derived public value");
    ck_assert_uint_eq(read_ulong(session, public, CKA_KEY_TYPE), type);
    EVP_PKEY_free(direct);
    EVP_PKEY_free(pkey);
}
END_TEST

START_TEST(token_keys_are_there_after_a_restart)
{
    EVP_PKEY *pkey = field_key("ffdhe2048");
    static struct octets peer;
    static struct octets wanted;
    CK_OBJECT_HANDLE private;
    CK_OBJECT_HANDLE derived;
    CK_MECHANISM mechanism;
    CK_SLOT_ID slot;

    field_number(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &value);
    bag_clear(&bag);
    bag_group(&bag, CKK_DH, pkey);
    bag_field_private(&bag, CKK_DH, octets_view(&value));
    bag_bool(&bag, CKA_TOKEN, true);
    bag_text(&bag, CKA_LABEL, "kept");
    (void)object_make(session, &bag);
    begin_domain(CKK_DH, pkey);
    bag_bool(&bag, CKA_TOKEN, true);
    bag_text(&bag, CKA_LABEL, "kept");
    (void)object_make(session, &bag);
    module_stop();
    module_start();
    ck_assert(slot_find("token", &slot));
    session = session_open(slot);
    login_user(session);
    private = find_one(session, CKO_PRIVATE_KEY, "kept");
    ck_assert_uint_eq(read_ulong(session, find_one(session, CKO_DOMAIN_PARAMETERS, "kept"), CKA_PRIME_BITS),
                      2048);
    field_number(pkey, OSSL_PKEY_PARAM_PUB_KEY, &peer);
    field_agree(pkey, octets_view(&peer), &wanted);
    mechanism = (CK_MECHANISM){CKM_DH_PKCS_DERIVE, peer.at, peer.len};
    bag_clear(&bag);
    bag_ulong(&bag, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    bag_bool(&bag, CKA_SENSITIVE, false);
    bag_bool(&bag, CKA_EXTRACTABLE, true);
    OK(p11->C_DeriveKey(session, &mechanism, private, BAG(&bag), &derived));
    read_octets(session, derived, CKA_VALUE, &value);
    expect_octets(octets_view(&value), octets_view(&wanted), "after the restart");
    EVP_PKEY_free(pkey);
}
END_TEST

static Suite *suite(void)
{
    Suite *domain = suite_create("domain parameters");
    TCase *tcase = tcase_create("domain");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 300);
    tcase_add_test(tcase, objects_are_made_copied_and_found);
    tcase_add_loop_test(tcase, groups_are_generated_for_pairs, 0, COUNT(made));
    tcase_add_test(tcase, templates_of_generation_are_checked);
    tcase_add_test(tcase, other_numbers_are_no_group);
    tcase_add_test(tcase, templates_of_keys_are_checked);
    tcase_add_loop_test(tcase, private_keys_are_wrapped_and_come_back, 0, COUNT(travellers));
    tcase_add_loop_test(tcase, the_public_half_is_that_of_the_private_key, 0, COUNT(travellers));
    tcase_add_test(tcase, token_keys_are_there_after_a_restart);
    suite_add_tcase(domain, tcase);
    return domain;
}

TEST_MAIN(suite)
