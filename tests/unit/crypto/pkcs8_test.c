/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/asn1.h"
#include "crypto/ffc.h"
#include "unit/crypto/pkcs8_samples.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static EVP_PKEY *read_direct(struct cfr_span text)
{
    const uint8_t *at = text.ptr;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)text.len);
    EVP_PKEY *pkey = info == NULL ? NULL : EVP_PKCS82PKEY(info);

    ck_assert_ptr_eq(at, text.ptr + text.len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return pkey;
}

static size_t write_direct(EVP_PKEY *pkey, uint8_t *out)
{
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey);
    int len = i2d_PKCS8_PRIV_KEY_INFO(info, NULL);

    ck_assert(len > 0 && len <= TEXT_MAX_LEN);
    ck_assert_int_eq(i2d_PKCS8_PRIV_KEY_INFO(info, &out), len);
    PKCS8_PRIV_KEY_INFO_free(info);
    return (size_t)len;
}

static void check_round_trip(struct cfr_keymat *keymat)
{
    AUTO(secret) *text = encode(keymat);
    AUTO(secret) *again = NULL;
    AUTO(keymat) *decoded = NULL;
    AUTO(keymat) *from_direct = NULL;
    EVP_PKEY *direct = read_direct(cfr_secret_view(text));
    uint8_t written[TEXT_MAX_LEN];

    ASSERT_OK(decode(cfr_secret_view(text), &decoded));
    ck_assert_int_eq(cfr_keymat_family(decoded), cfr_keymat_family(keymat));
    ck_assert(cfr_keymat_is_private(decoded));
    ck_assert_uint_eq(cfr_keymat_bits(decoded), cfr_keymat_bits(keymat));
    again = encode(decoded);
    ASSERT_SPAN(cfr_secret_view(again), cfr_secret_view(text));
    ck_assert_ptr_nonnull(direct);
    ck_assert(fixture_is_same_key(direct, keymat));
    ASSERT_OK(decode(cfr_span_of(written, write_direct(direct, written)), &from_direct));
    ck_assert(fixture_is_same_key(direct, from_direct));
    EVP_PKEY_free(direct);
    cfr_keymat_drop(keymat);
}

static void check_curve(const struct cfr_curve *curve, void *arg)
{
    struct cfr_keymat *keymat = NULL;

    (void)arg;
    ASSERT_OK(cfr_ec_generate(curve, &keymat));
    check_round_trip(keymat);
}

START_TEST(every_key_comes_back_and_libcrypto_reads_it)
{
    static const char *const ids[] = {"rsa2048_1", "rsa1024_2", "rsa1536_3", "rsa3072_9"};

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        check_round_trip(fixture_rsa_private(ids[i]));
    }
    for (enum cfr_key_family family = CFR_KEY_EC; family <= CFR_KEY_MONTGOMERY; family++) {
        ck_assert_uint_gt(cfr_curve_each(family, check_curve, NULL), 0);
    }
}
END_TEST

START_TEST(diffie_hellman_keys_come_back_too)
{
    static const char *const files[] = {"dh_acvp", "x942_dh_rfc5114", "x942_dh_acvp"};

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct vectors *vectors = vectors_open(files[i]);
        size_t cases = 0;

        while (vectors_next(vectors)) {
            bool has_q = vectors_has(vectors, "q");
            struct cfr_ffc_domain domain = {.prime = vectors_octets(vectors, "p"),
                                            .base = vectors_octets(vectors, "g")};
            struct cfr_keymat *keymat = NULL;

            domain.subprime = has_q ? vectors_octets(vectors, "q") : cfr_span_of(NULL, 0);
            ASSERT_OK(cfr_ffc_import_private(has_q ? CFR_KEY_X942_DH : CFR_KEY_DH, &domain,
                                             vectors_octets(vectors, "x"), &keymat));
            check_round_trip(keymat);
            cases++;
        }
        vectors_close(vectors, cases);
    }
}
END_TEST

START_TEST(other_keys_are_not_encoded)
{
    AUTO(secret) *octets = NULL;
    AUTO(keymat) *symmetric = NULL;
    AUTO(keymat) *public_key = fixture_rsa_public("rsa2048_1");
    AUTO(keymat) *pair = new_key("prime256v1");
    AUTO(keymat) *public_ec = NULL;
    struct cfr_secret *text = NULL;
    uint8_t point[CFR_EC_POINT_MAX_LEN];
    size_t len = 0;

    ASSERT_OK(cfr_secret_new(16, &octets));
    ASSERT_OK(cfr_keymat_from_secret(octets, &symmetric));
    ASSERT_RV(cfr_pkcs8_encode(symmetric, &text), CKR_KEY_NOT_WRAPPABLE);
    ck_assert_uint_ne(cfr_pkcs8_encode(public_key, &text), CKR_OK);
    ASSERT_OK(cfr_ec_point(pair, point, &len));
    ASSERT_OK(cfr_ec_import_public(fixture_curve("prime256v1"), cfr_span_of(point, len), &public_ec));
    ck_assert_uint_ne(cfr_pkcs8_encode(public_ec, &text), CKR_OK);
    ck_assert_ptr_null(text);
}
END_TEST

/* Versions, attributes and the public key of RFC 5958, around an Ed25519 key of RFC 8410 section 10.3. */
static const struct {
    const char *text;
    CK_RV rv;
} variants[] = {
    {"302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_OK},
    /* RFC 8410's second: version 2, attributes, public key */
    {"3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"
     "a01f301d060a2a864886f70d01090914310f0c0d437572646c65204368616972738121001"
     "9bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
     CKR_OK},
    /* attributes in version 1 */
    {"3030020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842a000",
     CKR_OK},
    /* a public key in version 1 */
    {"3051020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842"
     "81210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
     CKR_WRAPPED_KEY_INVALID},
    /* versions 3 and -1, and of two octets */
    {"302e020102300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    {"302e0201ff300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    {"302f02020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    /* parameters, NULL, with the identifier (RFC 8410 section 3) */
    {"3030020100300706032b6570050004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    /* the seed without its own OCTET STRING, and one octet short */
    {"302c020100300506032b65700420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    {"302d020100300506032b65700421041fd4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f447558",
     CKR_WRAPPED_KEY_INVALID},
    /* "edwards25519" as a PrintableString in place of the identifier */
    {"3037020100300e130c656477617264733235353139"
     "04220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
     CKR_WRAPPED_KEY_INVALID},
    /* prime256v1's identifier as the algorithm; DSA's without parameters */
    {"3033020100300a06082a8648ce3d03010704220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755"
     "842",
     CKR_CURVE_NOT_SUPPORTED},
    {"3032020100300906072a8648ce38040104220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f4475584"
     "2",
     CKR_CURVE_NOT_SUPPORTED},
};

START_TEST(variants_of_the_outer_structure)
{
    uint8_t octets[256];
    size_t len = 0;

    ck_assert(vectors_from_hex(variants[_i].text, octets, sizeof(octets), &len));
    ASSERT_RV(try_decode(cfr_span_of(octets, len)), variants[_i].rv);
}
END_TEST

/* An EC key put together from parts; lengths as they come. */
struct ec_parts {
    struct cfr_span params; /* of the algorithm, DER */
    struct cfr_span value;
    struct cfr_span inner_params; /* DER, or empty for none */
    struct cfr_span point;        /* or empty for none */
};

static CK_RV decode_ec(const struct ec_parts *parts)
{
    static const uint8_t oid_ec[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    AUTO(der_out) out = {0};
    AUTO(secret) *text = NULL;
    size_t mark;

    ASSERT_OK(cfr_der_out_begin(TEXT_MAX_LEN, &out));
    if (parts->point.len != 0) {
        cfr_der_prepend(&out, parts->point);
        cfr_der_prepend(&out, cfr_span_of("\0", 1));
        cfr_der_wrap(&out, CFR_DER_BIT_STRING, 0);
        cfr_der_wrap(&out, CFR_DER_CONTEXT_1, 0);
    }
    if (parts->inner_params.len != 0) {
        cfr_der_prepend_element(&out, CFR_DER_CONTEXT_0, parts->inner_params);
    }
    cfr_der_prepend_element(&out, CFR_DER_OCTET_STRING, parts->value);
    cfr_der_prepend_unsigned(&out, cfr_span_of("\1", 1));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, 0);
    cfr_der_wrap(&out, CFR_DER_OCTET_STRING, 0);
    mark = cfr_der_mark(&out);
    cfr_der_prepend(&out, parts->params);
    cfr_der_prepend(&out, cfr_span_of(oid_ec, sizeof(oid_ec)));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, mark);
    cfr_der_prepend_unsigned(&out, cfr_span_of("\0", 1));
    cfr_der_wrap(&out, CFR_DER_SEQUENCE, 0);
    ASSERT_OK(cfr_der_out_finish(&out, &text));
    return try_decode(cfr_secret_view(text));
}

START_TEST(parts_of_an_ec_key_must_agree)
{
    static const uint8_t oid[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const uint8_t other_oid[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a};
    static const uint8_t name[] = "\x13\x0aprime256v1";
    AUTO(keymat) *pair = new_key("prime256v1");
    AUTO(keymat) *other = new_key("prime256v1");
    AUTO(secret) *value = NULL;
    uint8_t points[2][CFR_EC_POINT_MAX_LEN];
    uint8_t zeros[40] = {0};
    size_t len = 0;
    struct ec_parts right = {.params = {oid, sizeof(oid)}};
    struct ec_parts parts;

    ASSERT_OK(cfr_ec_value(pair, &value));
    ASSERT_OK(cfr_ec_point(pair, points[0], &len));
    ASSERT_OK(cfr_ec_point(other, points[1], &len));
    right.value = cfr_secret_view(value);
    ASSERT_OK(decode_ec(&right));
    right.point = cfr_span_of(points[0], len);
    right.inner_params = right.params;
    ASSERT_OK(decode_ec(&right));
    parts = right;
    parts.point = cfr_span_of(points[1], len);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.point = cfr_span_of(points[1], len - 1);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    points[0][0] = (uint8_t)(2 + (points[0][len - 1] & 1));
    parts.point = cfr_span_of(points[0], 33);
    ASSERT_OK(decode_ec(&parts));
    points[0][0] = 4;
    parts = right;
    parts.inner_params = cfr_span_of(other_oid, sizeof(other_oid));
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts = right;
    parts.params = cfr_span_of(other_oid, sizeof(other_oid));
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    /* RFC 5480 2.1.1: a namedCurve is an object identifier. */
    parts = right;
    parts.inner_params = cfr_span_of(NULL, 0);
    parts.params = cfr_span_of(name, sizeof(name) - 1);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.params = cfr_span_of(NULL, 0);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.params = cfr_span_of("\x05\x00", 2);
    ASSERT_RV(decode_ec(&parts), CKR_CURVE_NOT_SUPPORTED);
    parts = (struct ec_parts){.params = right.params, .value = cfr_span_of(zeros, 32)};
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    parts.value = cfr_span_of(NULL, 0);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
    memset(zeros, 0xff, sizeof(zeros));
    parts.value = cfr_span_of(zeros, 32);
    ASSERT_RV(decode_ec(&parts), CKR_WRAPPED_KEY_INVALID);
}
END_TEST

extern char **environ;

/* Run the openssl command; false when there is none. */
static bool run_openssl(const char *const *arguments)
{
    pid_t pid;
    int status = 0;

    if (posix_spawnp(&pid, "openssl", NULL, NULL, (char *const *)(uintptr_t)arguments, environ) != 0) {
        return false;
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "openssl was ended by a signal");
    if (WEXITSTATUS(status) == 127) {
        return false;
    }
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    return true;
}

static size_t read_pem(const char *path, uint8_t *out)
{
    FILE *file = fopen(path, "r");
    uint8_t *octets = NULL;
    char *name = NULL;
    char *header = NULL;
    long len = 0;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(PEM_read(file, &name, &header, &octets, &len), 1);
    ck_assert_str_eq(name, PEM_STRING_PKCS8INF);
    ck_assert_int_le(len, TEXT_MAX_LEN);
    cfr_copy(out, octets, (size_t)len);
    OPENSSL_free(octets);
    OPENSSL_free(name);
    OPENSSL_free(header);
    (void)fclose(file);
    return (size_t)len;
}

static void write_file(const char *path, struct cfr_span octets)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_eq(write(fd, octets.ptr, octets.len), (ssize_t)octets.len);
    (void)close(fd);
}

/* It reads what we write, and we read what it writes: PEM, because its DER is another format for some keys.
 */
START_TEST(openssl_command_reads_and_writes_the_same)
{
    char folder[] = "/tmp/coffer-pkcs8-test-XXXXXX";
    char in[64];
    char out[64];
    const char *const arguments[] = {"openssl",  "pkey", "-inform", "DER", "-in", in,
                                     "-outform", "PEM",  "-out",    out,   NULL};
    AUTO(keymat) *keymat = new_key(key_names[_i]);
    AUTO(secret) *text = encode(keymat);
    AUTO(keymat) *decoded = NULL;
    AUTO(secret) *again = NULL;
    uint8_t octets[TEXT_MAX_LEN];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(in, sizeof(in), "%s/in", folder);
    (void)snprintf(out, sizeof(out), "%s/out", folder);
    write_file(in, cfr_secret_view(text));
    if (run_openssl(arguments)) {
        ASSERT_OK(decode(cfr_span_of(octets, read_pem(out, octets)), &decoded));
        again = encode(decoded);
        ASSERT_SPAN(cfr_secret_view(again), cfr_secret_view(text));
    } else {
        (void)fprintf(stderr, "there is no openssl command: skipped\n");
    }
    (void)unlink(in);
    (void)unlink(out);
    (void)rmdir(folder);
}
END_TEST

static CK_RV attempt(void *arg)
{
    AUTO(secret) *text = NULL;
    AUTO(keymat) *decoded = NULL;
    CK_RV rv;

    TRY(cfr_pkcs8_encode(arg, &text));
    rv = cfr_pkcs8_decode(cfr_secret_view(text), &decoded);
    ck_assert_int_eq(rv == CKR_OK, decoded != NULL);
    return rv;
}

START_TEST(each_call_may_fail)
{
    AUTO(keymat) *keymat = new_key(key_names[_i]);

    nth_failure_both(attempt, keymat, 3, 2);
}
END_TEST

static Suite *suite(void)
{
    Suite *pkcs8 = suite_create("pkcs8");
    TCase *tcase = tcase_create("pkcs8");

    tcase_add_checked_fixture(tcase, fixture_up, NULL);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, every_key_comes_back_and_libcrypto_reads_it);
    tcase_add_test(tcase, diffie_hellman_keys_come_back_too);
    tcase_add_test(tcase, other_keys_are_not_encoded);
    tcase_add_loop_test(tcase, variants_of_the_outer_structure, 0, COUNT_OF(variants));
    tcase_add_test(tcase, parts_of_an_ec_key_must_agree);
    tcase_add_loop_test(tcase, openssl_command_reads_and_writes_the_same, 0, KEY_NAMES);
    tcase_add_loop_test(tcase, each_call_may_fail, 0, KEY_NAMES);
    suite_add_tcase(pkcs8, tcase);
    return pkcs8;
}

TEST_MAIN(suite)
