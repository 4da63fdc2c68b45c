/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedules of TLS 1.2 and 1.3. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/tls.h"
#include "integration/evidence/derive.h"
#include "integration/evidence/published.h"

#include <stdio.h>

enum { NAMES_MAX = 32 };

static struct bag template;
static struct octets value;

static CK_OBJECT_HANDLE secret_of(CK_SESSION_HANDLE session, struct cfr_span octets)
{
    return secret_make(session, CKK_GENERIC_SECRET, octets.ptr, octets.len);
}

/* --- NIST's --- */

static CK_MECHANISM_TYPE hash_of(struct vectors *vectors)
{
    const char *name = vectors_word(vectors, "hash");

    return strcmp(name, "TLS10") == 0 ? CKM_TLS_PRF : hash_find(name)->digest;
}

static void check_master(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE base, struct cfr_span out)
{
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE, &tls_call.master), base, &template,
                  out, "master");
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE_DH, &tls_call.master), base, &template,
                  out, "master, DH");
}

static void check_extended(CK_SESSION_HANDLE session, struct vectors *vectors, CK_OBJECT_HANDLE base,
                           struct cfr_span out)
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

static void check_block(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE base, struct cfr_span out)
{
    static const struct {
        size_t mac, key, iv, count;
    } cuts[] = {{20, 16, 16, 4}, {0, 16, 4, 2}, {0, 32, 0, 2}, {48, 0, 0, 2}, {16, 24, 12, 4}};

    for (size_t i = 0; i < COUNT(cuts); i++) {
        tls_block_lens(cuts[i].mac, cuts[i].key, cuts[i].iv);
        derived_template(&template, CKK_AES, cuts[i].key);
        OK(tls_derive_block(session, CKM_TLS12_KEY_AND_MAC_DERIVE, base, &template));
        tls_expect_block(session, out, cuts[i].mac, cuts[i].key, cuts[i].iv);
        tls_destroy_block(session, cuts[i].count);
        OK(tls_derive_block(session, CKM_TLS12_KEY_SAFE_DERIVE, base, &template));
        tls_expect_block(session, out, cuts[i].mac, cuts[i].key, 0);
        ck_assert_uint_eq(tls_call.ivs[0][0] | tls_call.ivs[1][0], 0);
        tls_destroy_block(session, cuts[i].count);
    }
}

/* The same function under the same label, as an exporter; a block's random values are the other way round. */
static void check_export(CK_SESSION_HANDLE session, struct vectors *vectors, CK_OBJECT_HANDLE base,
                         struct cfr_span out, bool is_block)
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

void run_tls_prf(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span out = vectors_octets(vectors, "out");
    CK_OBJECT_HANDLE base = secret_of(session, vectors_octets(vectors, "secret"));
    char kind = vectors_word(vectors, "kind")[0];

    if (kind == 'e') {
        check_extended(session, vectors, base, out);
        return;
    }
    tls_begin();
    tls_randoms(vectors_octets(vectors, "client"), vectors_octets(vectors, "server"));
    tls_call.master.prfHashMechanism = hash_of(vectors);
    tls_call.block.prfHashMechanism = hash_of(vectors);
    if (hash_of(vectors) != CKM_TLS_PRF && kind == 'm') {
        check_master(session, base, out);
    } else if (hash_of(vectors) != CKM_TLS_PRF) {
        check_block(session, base, out);
    }
    check_export(session, vectors, base, out, kind == 'b');
    OK(p11->C_DestroyObject(session, base));
}

/* --- One connection, from the shared secret to the first verify_data --- */

static void expect_mac(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE master, CK_ULONG side,
                       struct cfr_span data, struct cfr_span wanted)
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

void run_tls12_connection(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    CK_OBJECT_HANDLE shared = secret_of(session, vectors_octets(vectors, "shared"));
    CK_OBJECT_HANDLE master;

    tls_begin();
    tls_randoms(vectors_octets(vectors, "client"), vectors_octets(vectors, "server"));
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    bag_bool(&template, CKA_DERIVE, true);
    OK(derive_try(session, &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE_DH, &tls_call.master), shared,
                  &template, &master));
    read_octets(session, master, CKA_VALUE, &value);
    expect_octets(octets_view(&value), vectors_octets(vectors, "master"), "master secret");
    derived_template(&template, CKK_AES, 16);
    OK(tls_derive_block(session, CKM_TLS12_KEY_AND_MAC_DERIVE, master, &template));
    tls_expect_block(session, vectors_octets(vectors, "block"), 20, 16, 16);
    expect_mac(session, master, 2, vectors_octets(vectors, "hash"), vectors_octets(vectors, "finished"));
}

/* --- TLS 1.3: a case begins with the values of earlier ones --- */

static struct {
    char name[32];
    uint8_t value[64];
    size_t len;
} known[NAMES_MAX];
static size_t known_count;

static void name_value(const char *name, struct cfr_span octets)
{
    ck_assert_uint_lt(known_count, NAMES_MAX);
    ck_assert_uint_le(octets.len, sizeof(known[0].value));
    (void)snprintf(known[known_count].name, sizeof(known[0].name), "%s", name);
    cfr_copy(known[known_count].value, octets.ptr, octets.len);
    known[known_count++].len = octets.len;
}

static CK_OBJECT_HANDLE key_named(CK_SESSION_HANDLE session, const char *name)
{
    size_t i = 0;

    while (strcmp(known[i].name, name) != 0) {
        i++;
        ck_assert_msg(i < known_count, "no value %s", name);
    }
    return secret_make(session, CKK_HKDF, known[i].value, known[i].len);
}

/* What no case makes: the zeros, and the secret of X25519 in section 3. */
static void begin_names(void)
{
    static const uint8_t zeros[32];
    static const uint8_t shared[] = {0x8b, 0xd4, 0x05, 0x4f, 0xb5, 0x5b, 0x9d, 0x63, 0xfd, 0xfb, 0xac,
                                     0xf9, 0xf0, 0x4b, 0x9f, 0x0d, 0x35, 0xe6, 0xd6, 0x3f, 0x53, 0x75,
                                     0x63, 0xef, 0xd4, 0x62, 0x72, 0x90, 0x0f, 0x89, 0x49, 0x2d};

    name_value("zeros", cfr_span_of(zeros, sizeof(zeros)));
    name_value("shared", cfr_span_of(shared, sizeof(shared)));
}

static CK_HKDF_PARAMS extraction_with(CK_SESSION_HANDLE session, const char *salt)
{
    bool has_salt = strcmp(salt, "none") != 0;

    return (CK_HKDF_PARAMS){.bExtract = CK_TRUE,
                            .prfHashMechanism = CKM_SHA256,
                            .ulSaltType = has_salt ? CKF_HKDF_SALT_KEY : CKF_HKDF_SALT_NULL,
                            .hSaltKey = has_salt ? key_named(session, salt) : CK_INVALID_HANDLE};
}

/* As a key, and what was expanded as data too. */
void run_tls13(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span out = vectors_octets(vectors, "out");
    bool is_extraction = vectors_has(vectors, "salt");
    CK_HKDF_PARAMS params;
    CK_OBJECT_HANDLE from;

    if (known_count == 0) {
        begin_names();
    }
    from = key_named(session, vectors_word(vectors, "from"));
    params = is_extraction ? extraction_with(session, vectors_word(vectors, "salt"))
                           : tls13_expansion(vectors_octets(vectors, "label"),
                                             vectors_octets(vectors, "context"), out.len);
    derived_template(&template, CKK_HKDF, is_extraction ? 0 : out.len);
    derive_expect(session, &MECHANISM_WITH(CKM_HKDF_DERIVE, &params), from, &template, out,
                  vectors_word(vectors, "name"));
    if (!is_extraction) {
        OK(hkdf_data_make(session, from, &params, out.len, &value));
        expect_octets(octets_view(&value), out, "as data");
    }
    name_value(vectors_word(vectors, "name"), out);
}
