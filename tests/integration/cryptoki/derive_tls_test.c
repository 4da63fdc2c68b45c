/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedule of TLS 1.2 by published values: NIST's, and one whole connection. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/tls.h"
#include "support/main.h"
#include "support/vectors.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

static CK_SESSION_HANDLE session;
static struct bag template;
static struct octets value;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    tls_begin();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

static CK_OBJECT_HANDLE secret_of(struct cfr_span octets)
{
    return secret_make(session, CKK_GENERIC_SECRET, octets.ptr, octets.len);
}

static void expect_value(CK_OBJECT_HANDLE key, struct cfr_span wanted, const char *what)
{
    read_octets(session, key, CKA_VALUE, &value);
    expect_octets(octets_view(&value), wanted, "%s", what);
}

/* --- NIST's --- */

static CK_MECHANISM_TYPE hash_of(struct vectors *vectors)
{
    const char *name = vectors_word(vectors, "hash");

    return strcmp(name, "TLS10") == 0 ? CKM_TLS_PRF : hash_find(name)->digest;
}

static void check_master(CK_OBJECT_HANDLE base, struct cfr_span out)
{
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE, &tls_call.master), base, &template,
                  out, "master");
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE_DH, &tls_call.master), base, &template,
                  out, "master, DH");
}

static void check_extended(struct vectors *vectors, CK_OBJECT_HANDLE base, struct cfr_span out)
{
    struct cfr_span hash = vectors_octets(vectors, "session");

    tls_call.extended =
        (CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS){hash_of(vectors), UNCONST(hash.ptr), hash.len, NULL};
    derived_template(&template, CKK_GENERIC_SECRET, TLS_MASTER_LEN);
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, &tls_call.extended), base,
                  &template, out, "extended");
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH, &tls_call.extended), base,
                  &template, out, "extended, DH");
}

/* The keys and IVs of a block, in their order: MAC keys, keys, IVs, each the client's first. */
static void check_parts(struct cfr_span out, size_t mac, size_t key, size_t iv)
{
    const CK_OBJECT_HANDLE keys[] = {tls_call.out.hClientMacSecret, tls_call.out.hServerMacSecret,
                                     tls_call.out.hClientKey, tls_call.out.hServerKey};

    for (size_t i = 0; i < COUNT(keys); i++) {
        size_t len = i < 2 ? mac : key;

        ck_assert_int_eq(len != 0, keys[i] != CK_INVALID_HANDLE);
        if (len != 0) {
            expect_value(keys[i], cfr_span_of(out.ptr, len), "part of a block");
        }
        out = cfr_span_after(out, len);
    }
    for (size_t i = 0; i < 2 && iv != 0; i++) {
        expect_octets(cfr_span_of(tls_call.ivs[i], iv), cfr_span_of(out.ptr, iv), "IV");
        out = cfr_span_after(out, iv);
    }
}

static void check_block(CK_OBJECT_HANDLE base, struct cfr_span out)
{
    static const struct {
        size_t mac, key, iv, count;
    } cuts[] = {{20, 16, 16, 4}, {0, 16, 4, 2}, {0, 32, 0, 2}, {48, 0, 0, 2}, {16, 24, 12, 4}};

    for (size_t i = 0; i < COUNT(cuts); i++) {
        tls_block_lens(cuts[i].mac, cuts[i].key, cuts[i].iv);
        derived_template(&template, CKK_AES, cuts[i].key);
        OK(tls_derive_block(session, CKM_TLS12_KEY_AND_MAC_DERIVE, base, &template));
        check_parts(out, cuts[i].mac, cuts[i].key, cuts[i].iv);
        tls_destroy_block(session, cuts[i].count);
        OK(tls_derive_block(session, CKM_TLS12_KEY_SAFE_DERIVE, base, &template));
        check_parts(out, cuts[i].mac, cuts[i].key, 0);
        ck_assert_uint_eq(tls_call.ivs[0][0] | tls_call.ivs[1][0], 0);
        tls_destroy_block(session, cuts[i].count);
    }
}

/* The same function under the same label, as an exporter; a block's random values are the other way round. */
static void check_export(struct vectors *vectors, CK_OBJECT_HANDLE base, struct cfr_span out, bool is_block)
{
    static CK_BYTE labels[2][16] = {"master secret", "key expansion"};
    CK_SSL3_RANDOM_DATA swapped = {tls_call.server, TLS_RANDOM_LEN, tls_call.client, TLS_RANDOM_LEN};

    tls_call.kdf.prfMechanism = hash_of(vectors);
    tls_call.kdf.pLabel = labels[is_block];
    tls_call.kdf.ulLabelLength = 13;
    tls_call.kdf.RandomInfo = is_block ? swapped : tls_call.master.RandomInfo;
    derived_template(&template, CKK_GENERIC_SECRET, out.len);
    derive_expect(session, &MECHANISM_WITH(CKM_TLS_KDF, &tls_call.kdf), base, &template, out, "export");
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_KDF, &tls_call.kdf), base, &template, out, "export");
}

static void check_vector(struct vectors *vectors)
{
    struct cfr_span out = vectors_octets(vectors, "out");
    CK_OBJECT_HANDLE base = secret_of(vectors_octets(vectors, "secret"));
    char kind = vectors_word(vectors, "kind")[0];

    if (kind == 'e') {
        check_extended(vectors, base, out);
        return;
    }
    tls_begin();
    tls_randoms(vectors_octets(vectors, "client"), vectors_octets(vectors, "server"));
    tls_call.master.prfHashMechanism = hash_of(vectors);
    tls_call.block.prfHashMechanism = hash_of(vectors);
    if (hash_of(vectors) != CKM_TLS_PRF && kind == 'm') {
        check_master(base, out);
    } else if (hash_of(vectors) != CKM_TLS_PRF) {
        check_block(base, out);
    }
    check_export(vectors, base, out, kind == 'b');
    OK(p11->C_DestroyObject(session, base));
}

START_TEST(published)
{
    struct vectors *vectors = vectors_open("tls_prf");

    while (vectors_next(vectors)) {
        check_vector(vectors);
    }
    vectors_close(vectors, 14);
}
END_TEST

/* --- One connection, from the shared secret to the first verify_data --- */

static void expect_mac(CK_OBJECT_HANDLE master, CK_ULONG side, struct cfr_span data, struct cfr_span wanted)
{
    CK_TLS_MAC_PARAMS params = {CKM_SHA256, 12, side};
    struct operation op = {session, CKF_SIGN, MECHANISM_WITH(CKM_TLS_MAC, &params), master};

    OK(run_once(&op, data, &value));
    expect_octets(octets_view(&value), wanted, "verify_data");
    op.mechanism.mechanism = CKM_TLS12_MAC;
    OK(run_parts(&op, data, 5, &value));
    expect_octets(octets_view(&value), wanted, "verify_data, in parts");
    op.function = CKF_VERIFY;
    OK(run_verify(&op, data, wanted));
    params.ulServerOrClient = 3 - side;
    EXPECT(CKR_SIGNATURE_INVALID, run_verify(&op, data, wanted));
    EXPECT(CKR_SIGNATURE_LEN_RANGE, run_verify(&op, data, cfr_span_of(wanted.ptr, 11)));
}

START_TEST(a_connection)
{
    struct vectors *vectors = vectors_open("tls12_connection");
    CK_OBJECT_HANDLE shared;
    CK_OBJECT_HANDLE master;

    ck_assert(vectors_next(vectors));
    shared = secret_of(vectors_octets(vectors, "shared"));
    tls_randoms(vectors_octets(vectors, "client"), vectors_octets(vectors, "server"));
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    bag_bool(&template, CKA_DERIVE, true);
    OK(derive_try(session, &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE_DH, &tls_call.master), shared,
                  &template, &master));
    expect_value(master, vectors_octets(vectors, "master"), "master secret");
    derived_template(&template, CKK_AES, 16);
    OK(tls_derive_block(session, CKM_TLS12_KEY_AND_MAC_DERIVE, master, &template));
    check_parts(vectors_octets(vectors, "block"), 20, 16, 16);
    expect_mac(master, 2, vectors_octets(vectors, "hash"), vectors_octets(vectors, "finished"));
    vectors_close(vectors, 1);
}
END_TEST

/* --- Exporters: a context, an empty one, and none (RFC 5705 4) --- */

static struct cfr_span export_by_libcrypto(struct cfr_span secret, bool has_context, struct cfr_span context)
{
    static uint8_t out[100];
    uint8_t len[2] = {(uint8_t)(context.len >> 8), (uint8_t)context.len};
    uint8_t seed[512];
    size_t at = 64;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[5];

    memcpy(seed, tls_call.client, 32);
    memcpy(seed + 32, tls_call.server, 32);
    if (has_context) {
        memcpy(seed + at, len, 2);
        cfr_copy(seed + at + 2, context.ptr, context.len);
        at += 2 + context.len;
    }
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, UNCONST(secret.ptr), secret.len);
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, tls_call.kdf.pLabel,
                                                  tls_call.kdf.ulLabelLength);
    params[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, at);
    params[4] = OSSL_PARAM_construct_end();
    ck_assert_int_eq(EVP_KDF_derive(ctx, out, sizeof(out), params), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return cfr_span_of(out, sizeof(out));
}

START_TEST(contexts)
{
    static const size_t lens[] = {1, 255, 256, 400};
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_TLS_KDF, &tls_call.kdf);
    CK_OBJECT_HANDLE base = secret_of(pattern(48));
    CK_BYTE none = 0;

    derived_template(&template, CKK_GENERIC_SECRET, 100);
    derive_expect(session, &mechanism, base, &template,
                  export_by_libcrypto(pattern(48), false, cfr_span_of(NULL, 0)), "no context");
    tls_call.kdf.pContextData = &none;
    derive_expect(session, &mechanism, base, &template,
                  export_by_libcrypto(pattern(48), true, cfr_span_of(NULL, 0)), "an empty context");
    for (size_t i = 0; i < COUNT(lens); i++) {
        tls_call.kdf.pContextData = UNCONST(pattern(lens[i]).ptr);
        tls_call.kdf.ulContextDataLength = lens[i];
        derive_expect(session, &mechanism, base, &template,
                      export_by_libcrypto(pattern(48), true, pattern(lens[i])), "a context");
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("derive_tls");
    TCase *tcase = tcase_create("values");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, published);
    tcase_add_test(tcase, a_connection);
    tcase_add_test(tcase, contexts);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
