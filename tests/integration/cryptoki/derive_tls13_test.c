/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The key schedule of TLS 1.3, from the key agreement to the ticket, as clients run it: HKDF with keys for salts, data
 * objects for IVs, an HMAC key for the finished message. All values are those of RFC 8448.
 */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/tls.h"
#include "support/main.h"
#include "support/vectors.h"

#include <stdio.h>

enum { NAMES_MAX = 32, HASH_LEN = 32 };

static CK_SESSION_HANDLE session;
static struct bag template;
static struct octets value;

/* What the cases derived, by their names. */
static struct {
    char name[32];
    CK_OBJECT_HANDLE key;
} known[NAMES_MAX];
static size_t known_count;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    known_count = 0;
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

static void name_key(const char *name, CK_OBJECT_HANDLE key)
{
    ck_assert_uint_lt(known_count, NAMES_MAX);
    (void)snprintf(known[known_count].name, sizeof(known[0].name), "%s", name);
    known[known_count++].key = key;
}

static CK_OBJECT_HANDLE named(const char *name)
{
    for (size_t i = 0; i < known_count; i++) {
        if (strcmp(known[i].name, name) == 0) {
            return known[i].key;
        }
    }
    ck_abort_msg("no key %s", name);
    return CK_INVALID_HANDLE;
}

/* A key that may be read, or one that may not. */
static void set_template(CK_KEY_TYPE type, size_t len, bool secret)
{
    derived_template(&template, type, len);
    bag_bool(&template, CKA_SENSITIVE, secret);
    bag_bool(&template, CKA_EXTRACTABLE, !secret);
    bag_bool(&template, CKA_DERIVE, true);
}

/* --- X25519 with the server's key --- */

static CK_OBJECT_HANDLE agree(bool secret)
{
    static const uint8_t private[] = {0xb1, 0x58, 0x0e, 0xea, 0xdf, 0x6d, 0xd5, 0x89, 0xb8, 0xef, 0x4f,
                                      0x2d, 0x56, 0x52, 0x57, 0x8c, 0xc8, 0x10, 0xe9, 0x98, 0x01, 0x91,
                                      0xec, 0x8d, 0x05, 0x83, 0x08, 0xce, 0xa2, 0x16, 0xa2, 0x1e};
    static CK_BYTE client[] = {0x99, 0x38, 0x1d, 0xe5, 0x60, 0xe4, 0xbd, 0x43, 0xd2, 0x3d, 0x8e,
                               0x43, 0x5a, 0x7d, 0xba, 0xfe, 0xb3, 0xc0, 0x6e, 0x51, 0xc1, 0x3c,
                               0xae, 0x4d, 0x54, 0x13, 0x69, 0x1e, 0x52, 0x9a, 0xaf, 0x2c};
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, sizeof(private));
    CK_OBJECT_HANDLE server = private_make(session, pkey);
    CK_ECDH1_DERIVE_PARAMS params = {CKD_NULL, 0, NULL, sizeof(client), client};
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_ECDH1_DERIVE, &params);
    CK_OBJECT_HANDLE shared;

    EVP_PKEY_free(pkey);
    set_template(CKK_HKDF, HASH_LEN, secret);
    OK(derive_try(session, &mechanism, server, &template, &shared));
    return shared;
}

/* --- HKDF --- */

static CK_HKDF_PARAMS extraction(const char *salt)
{
    bool has_salt = strcmp(salt, "none") != 0;

    return (CK_HKDF_PARAMS){.bExtract = CK_TRUE,
                            .prfHashMechanism = CKM_SHA256,
                            .ulSaltType = has_salt ? CKF_HKDF_SALT_KEY : CKF_HKDF_SALT_NULL,
                            .hSaltKey = has_salt ? named(salt) : CK_INVALID_HANDLE};
}

static void expect_out(CK_OBJECT_HANDLE object, struct cfr_span out, const char *name)
{
    read_octets(session, object, CKA_VALUE, &value);
    expect_octets(octets_view(&value), out, "%s", name);
}

static bool ends_with(const char *name, const char *end)
{
    return strlen(name) > strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

/* Secrets are HKDF keys, traffic keys are AES keys, a finished key is for HMAC, and IVs are data. */
static void check_case(struct vectors *vectors, bool secret)
{
    char name[32];
    struct cfr_span out = vectors_octets(vectors, "out");
    bool is_extraction = vectors_has(vectors, "salt");
    CK_OBJECT_HANDLE from = named(vectors_word(vectors, "from"));
    CK_HKDF_PARAMS params = is_extraction ? extraction(vectors_word(vectors, "salt"))
                                          : tls13_expansion(vectors_octets(vectors, "label"),
                                                            vectors_octets(vectors, "context"), out.len);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DERIVE, &params);
    CK_OBJECT_HANDLE made;

    (void)snprintf(name, sizeof(name), "%s", vectors_word(vectors, "name"));
    set_template(ends_with(name, "_finished_key") ? CKK_SHA256_HMAC
                 : ends_with(name, "_key")        ? CKK_AES
                                                  : CKK_HKDF,
                 is_extraction ? 0 : out.len, secret);
    if (ends_with(name, "_iv")) {
        mechanism.mechanism = CKM_HKDF_DATA;
        bag_clear(&template);
        bag_ulong(&template, CKA_CLASS, CKO_DATA);
        bag_ulong(&template, CKA_VALUE_LEN, out.len);
    }
    OK(derive_try(session, &mechanism, from, &template, &made));
    if (!secret || ends_with(name, "_iv")) {
        expect_out(made, out, name);
    }
    name_key(name, made);
}

/* verify_data of the server, over the hash of the handshake up to CertificateVerify. */
static void check_finished(void)
{
    static const uint8_t transcript[] = {0xed, 0xb7, 0x72, 0x5f, 0xa7, 0xa3, 0x47, 0x3b, 0x03, 0x1e, 0xc8,
                                         0xef, 0x65, 0xa2, 0x48, 0x54, 0x93, 0x90, 0x01, 0x38, 0xa2, 0xb9,
                                         0x12, 0x91, 0x40, 0x7d, 0x79, 0x51, 0xa0, 0x61, 0x10, 0xed};
    static const uint8_t wanted[] = {0x9b, 0x9b, 0x14, 0x1d, 0x90, 0x63, 0x37, 0xfb, 0xd2, 0xcb, 0xdc,
                                     0xe7, 0x1d, 0xf4, 0xde, 0xda, 0x4a, 0xb4, 0x2c, 0x30, 0x95, 0x72,
                                     0xcb, 0x7f, 0xff, 0xee, 0x54, 0x54, 0xb7, 0x8f, 0x07, 0x18};
    struct operation op = {session, CKF_SIGN, MECHANISM(CKM_SHA256_HMAC), named("server_finished_key")};

    OK(run_once(&op, cfr_span_of(transcript, sizeof(transcript)), &value));
    expect_octets(octets_view(&value), cfr_span_of(wanted, sizeof(wanted)), "verify_data");
}

START_TEST(rfc_8448)
{
    struct vectors *vectors = vectors_open("tls13_rfc8448");
    uint8_t zeros[HASH_LEN] = {0};
    bool secret = _i == 1;

    name_key("zeros", secret_make(session, CKK_HKDF, zeros, sizeof(zeros)));
    name_key("shared", agree(secret));
    while (vectors_next(vectors)) {
        check_case(vectors, secret);
    }
    vectors_close(vectors, 21);
    check_finished();
}
END_TEST

/* What SunPKCS11 of JDK 25 says: the HMAC for the hash, and a key type for data. */
START_TEST(as_sunpkcs11_calls)
{
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(32).ptr, 32);
    CK_HKDF_PARAMS params = tls13_expansion(cfr_span_text("iv"), cfr_span_of(NULL, 0), 12);
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_HKDF_DATA, &params);
    static struct octets wanted;
    CK_OBJECT_HANDLE made;

    bag_clear(&template);
    bag_ulong(&template, CKA_CLASS, CKO_DATA);
    bag_ulong(&template, CKA_VALUE_LEN, 12);
    OK(derive_try(session, &mechanism, base, &template, &made));
    read_octets(session, made, CKA_VALUE, &wanted);
    params.prfHashMechanism = CKM_SHA256_HMAC;
    bag_ulong(&template, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    derive_expect(session, &mechanism, base, &template, octets_view(&wanted),
                  "the HMAC's name, and a key type");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("derive_tls13");
    TCase *tcase = tcase_create("schedule");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, rfc_8448, 0, 2);
    tcase_add_test(tcase, as_sunpkcs11_calls);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
