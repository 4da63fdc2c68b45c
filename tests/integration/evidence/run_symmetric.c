/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, MACs, ciphers without authentication, and key wraps. */
#include "integration/cryptoki/derivation.h"
#include "integration/evidence/published.h"

static struct octets out;
static struct bag template;

/* --- Digests, of messages and of keys --- */

/* Some messages are a million octets: as many copies as fit go in each part. */
static void check_repeated(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, struct cfr_span part,
                           size_t repeat, struct cfr_span wanted)
{
    static struct octets copies;
    struct operation op = {session, CKF_DIGEST, mechanism, 0};
    size_t fit = sizeof(copies.at) / part.len;

    for (size_t i = 0; i < fit; i++) {
        cfr_copy(copies.at + i * part.len, part.ptr, part.len);
    }
    OK(op_init(&op));
    for (size_t left = repeat; left != 0; left -= left < fit ? left : fit) {
        OK(p11->C_DigestUpdate(session, copies.at, (left < fit ? left : fit) * part.len));
    }
    out.len = sizeof(out.at);
    OK(p11->C_DigestFinal(session, out.at, &out.len));
    expect_octets(octets_view(&out), wanted, "digest 0x%lx, %zu times", mechanism.mechanism, repeat);
}

/* The message as a key: its digest is another. */
static void check_key_digest(CK_SESSION_HANDLE session, const struct hash_row *hash, struct cfr_span message,
                             struct cfr_span digest)
{
    CK_MECHANISM mechanism = MECHANISM(hash->derivation);

    bag_clear(&template);
    bag_bool(&template, CKA_SENSITIVE, false);
    bag_bool(&template, CKA_EXTRACTABLE, true);
    derive_expect(session, &mechanism, secret_make(session, CKK_GENERIC_SECRET, message.ptr, message.len),
                  &template, digest, hash->name);
}

void run_digest(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
    CK_MECHANISM mechanism = MECHANISM(hash->digest);
    struct operation op = {session, CKF_DIGEST, mechanism, 0};
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span digest = vectors_octets(vectors, "md");
    size_t repeat = vectors_has(vectors, "repeat") ? vectors_number(vectors, "repeat") : 1;

    if (repeat != 1) {
        check_repeated(session, mechanism, message, repeat, digest);
        return;
    }
    expect_result(&op, message, digest);
    if (message.len != 0) {
        check_key_digest(session, hash, message, digest);
    }
}

void run_shake(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    bool is_128 = strcmp(vectors_word(vectors, "xof"), "SHAKE128") == 0;
    CK_MECHANISM mechanism = MECHANISM(is_128 ? CKM_SHAKE_128_KEY_DERIVATION : CKM_SHAKE_256_KEY_DERIVATION);
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span digest = vectors_octets(vectors, "md");

    derived_template(&template, CKK_GENERIC_SECRET, digest.len);
    derive_expect(session, &mechanism, secret_make(session, CKK_GENERIC_SECRET, message.ptr, message.len),
                  &template, digest, vectors_word(vectors, "id"));
}

/* --- MACs --- */

/* The code; another one, and one without its last octet, are refused. */
static void expect_mac(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key,
                       struct cfr_span message, struct cfr_span mac)
{
    struct operation verify = {session, CKF_VERIFY, mechanism, key};

    expect_signature(session, mechanism, key, key, message, mac);
    EXPECT(CKR_SIGNATURE_LEN_RANGE, run_verify(&verify, message, cfr_span_of(mac.ptr, mac.len - 1)));
}

void run_hmac(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    const struct hash_row *hash = hash_find(vectors_word(vectors, "hash"));
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span mac = vectors_octets(vectors, "mac");
    CK_MAC_GENERAL_PARAMS len = mac.len;

    expect_mac(session, MECHANISM_WITH(hash->hmac_general, &len),
               case_key(session, vectors, CKK_GENERIC_SECRET), message, mac);
    if (mac.len == hash->len) {
        expect_mac(session, MECHANISM(hash->hmac), case_key(session, vectors, hash->key_type), message, mac);
    }
}

void run_cmac(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span mac = vectors_octets(vectors, "mac");
    CK_OBJECT_HANDLE key = case_key(session, vectors, CKK_AES);
    CK_MAC_GENERAL_PARAMS half = mac.len / 2;

    expect_mac(session, MECHANISM(CKM_AES_CMAC), key, message, mac);
    expect_mac(session, MECHANISM_WITH(CKM_AES_CMAC_GENERAL, &half), key, message,
               cfr_span_of(mac.ptr, half));
}

void run_gmac(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span iv = vectors_octets(vectors, "iv");
    CK_GCM_PARAMS params = {.pIv = UNCONST(iv.ptr), .ulIvLen = iv.len, .ulTagBits = 128};
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_AES_GMAC, &params);
    CK_OBJECT_HANDLE key = case_key(session, vectors, CKK_AES);
    struct cfr_span message = vectors_octets(vectors, "msg");

    if (vectors_number(vectors, "valid") == 1) {
        expect_mac(session, mechanism, key, message, vectors_octets(vectors, "mac"));
    } else {
        expect_verdict(session, mechanism, key, message, vectors_octets(vectors, "mac"), false);
    }
}

/* --- Ciphers --- */

static const struct {
    const char *mode;
    CK_MECHANISM_TYPE type;
} modes[] = {{"ECB", CKM_AES_ECB},   {"CBC", CKM_AES_CBC},       {"CTR", CKM_AES_CTR}, {"CFB1", CKM_AES_CFB1},
             {"CFB8", CKM_AES_CFB8}, {"CFB128", CKM_AES_CFB128}, {"OFB", CKM_AES_OFB}};

static CK_MECHANISM_TYPE mode_type(const char *mode)
{
    size_t at = 0;

    while (strcmp(modes[at].mode, mode) != 0) {
        at++;
        ck_assert_uint_lt(at, COUNT(modes));
    }
    return modes[at].type;
}

/* What encryption gives, as a key: whole, and its leading octets. */
static void check_encrypted_data(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key,
                                 struct cfr_span coded)
{
    for (size_t len = 0; len <= coded.len; len += 11) {
        bag_clear(&template);
        bag_bool(&template, CKA_SENSITIVE, false);
        bag_bool(&template, CKA_EXTRACTABLE, true);
        if (len != 0) {
            bag_ulong(&template, CKA_VALUE_LEN, len);
        }
        derive_expect(session, &mechanism, key, &template, cfr_span_of(coded.ptr, len == 0 ? coded.len : len),
                      "encrypted data");
    }
}

static void check_derivation(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE mode, CK_OBJECT_HANDLE key,
                             struct vectors *vectors)
{
    struct cfr_span plain = vectors_octets(vectors, "pt");
    CK_KEY_DERIVATION_STRING_DATA ecb = {UNCONST(plain.ptr), plain.len};
    CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc = {.pData = UNCONST(plain.ptr), .length = plain.len};

    if (mode == CKM_AES_ECB) {
        check_encrypted_data(session, MECHANISM_WITH(CKM_AES_ECB_ENCRYPT_DATA, &ecb), key,
                             vectors_octets(vectors, "ct"));
    } else if (mode == CKM_AES_CBC) {
        memcpy(cbc.iv, vectors_octets(vectors, "iv").ptr, sizeof(cbc.iv));
        check_encrypted_data(session, MECHANISM_WITH(CKM_AES_CBC_ENCRYPT_DATA, &cbc), key,
                             vectors_octets(vectors, "ct"));
    }
}

void run_aes_modes(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span iv = vectors_octets(vectors, "iv");
    CK_OBJECT_HANDLE key = case_key(session, vectors, CKK_AES);
    CK_AES_CTR_PARAMS ctr = {.ulCounterBits = 128};
    CK_MECHANISM mechanism = {mode_type(vectors_word(vectors, "mode")), UNCONST(iv.ptr), iv.len};

    if (mechanism.mechanism == CKM_AES_CTR) {
        memcpy(ctr.cb, iv.ptr, sizeof(ctr.cb));
        mechanism = MECHANISM_WITH(CKM_AES_CTR, &ctr);
    }
    expect_both_ways(session, mechanism, key, vectors_octets(vectors, "pt"), vectors_octets(vectors, "ct"));
    check_derivation(session, mechanism.mechanism, key, vectors);
}

static void check_iv16(CK_SESSION_HANDLE session, struct vectors *vectors, CK_MECHANISM_TYPE type,
                       CK_KEY_TYPE key_type)
{
    struct cfr_span iv = vectors_octets(vectors, "iv");

    expect_both_ways(session, (CK_MECHANISM){type, UNCONST(iv.ptr), iv.len},
                     case_key(session, vectors, key_type), vectors_octets(vectors, "pt"),
                     vectors_octets(vectors, "ct"));
}

void run_aes_cts(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    check_iv16(session, vectors, CKM_AES_CTS, CKK_AES);
}

void run_aes_xts(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    check_iv16(session, vectors, CKM_AES_XTS, CKK_AES_XTS);
}

void run_aes_cbc_pad(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span iv = vectors_octets(vectors, "iv");
    struct cfr_span coded = vectors_octets(vectors, "ct");
    struct operation decrypt = {
        session, CKF_DECRYPT, {CKM_AES_CBC_PAD, UNCONST(iv.ptr), iv.len}, CK_INVALID_HANDLE};
    CK_RV refusal =
        coded.len == 0 || coded.len % 16 != 0 ? CKR_ENCRYPTED_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_INVALID;

    if (vectors_number(vectors, "valid") == 1) {
        check_iv16(session, vectors, CKM_AES_CBC_PAD, CKK_AES);
        return;
    }
    decrypt.key = case_key(session, vectors, CKK_AES);
    EXPECT(refusal, run_once(&decrypt, coded, &out));
    expect_idle(&decrypt, "a wrong padding");
    EXPECT(refusal, run_parts(&decrypt, coded, 7, &out));
}

void run_chacha20(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span counter = vectors_octets(vectors, "counter");
    struct cfr_span nonce = vectors_octets(vectors, "iv");
    CK_CHACHA20_PARAMS params = {UNCONST(counter.ptr), 8 * counter.len, UNCONST(nonce.ptr), 8 * nonce.len};

    expect_both_ways(session, MECHANISM_WITH(CKM_CHACHA20, &params), case_key(session, vectors, CKK_CHACHA20),
                     vectors_octets(vectors, "pt"), vectors_octets(vectors, "ct"));
}

/* --- Key wraps, as encryption and as wrapping --- */

static void check_wrap(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key,
                       struct cfr_span plain, struct cfr_span coded)
{
    CK_OBJECT_HANDLE target = secret_make(session, CKK_GENERIC_SECRET, plain.ptr, plain.len);
    CK_ATTRIBUTE readable[] = {ATTR_ULONG(CKA_CLASS, CKO_SECRET_KEY),
                               ATTR_ULONG(CKA_KEY_TYPE, CKK_GENERIC_SECRET), ATTR_BOOL(CKA_SENSITIVE, false),
                               ATTR_BOOL(CKA_EXTRACTABLE, true)};
    CK_OBJECT_HANDLE unwrapped;

    out.len = sizeof(out.at);
    OK(p11->C_WrapKey(session, &mechanism, key, target, out.at, &out.len));
    expect_octets(octets_view(&out), coded, "C_WrapKey 0x%lx", mechanism.mechanism);
    OK(p11->C_UnwrapKey(session, &mechanism, key, out.at, out.len, TEMPLATE(readable), &unwrapped));
    read_octets(session, unwrapped, CKA_VALUE, &out);
    expect_octets(octets_view(&out), plain, "C_UnwrapKey 0x%lx", mechanism.mechanism);
}

static void check_keywrap(CK_SESSION_HANDLE session, struct vectors *vectors, CK_MECHANISM mechanism)
{
    struct cfr_span plain = vectors_octets(vectors, "pt");
    struct cfr_span coded = vectors_octets(vectors, "ct");
    CK_OBJECT_HANDLE key = case_key(session, vectors, CKK_AES);
    struct operation encrypt = {session, CKF_ENCRYPT, mechanism, key};
    struct operation decrypt = {session, CKF_DECRYPT, mechanism, key};

    OK(run_once(&encrypt, plain, &out));
    expect_octets(octets_view(&out), coded, "encrypted");
    OK(run_once(&decrypt, coded, &out));
    expect_octets(octets_view(&out), plain, "decrypted");
    check_wrap(session, mechanism, key, plain, coded);
}

void run_keywrap(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    check_keywrap(session, vectors, MECHANISM(CKM_AES_KEY_WRAP));
}

void run_keywrap_padded(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    check_keywrap(session, vectors, MECHANISM(CKM_AES_KEY_WRAP_KWP));
}

/* --- Triple-DES --- */

/* With padding, the same octets come first. */
static void check_des3_pad(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key,
                           struct cfr_span plain, struct cfr_span coded)
{
    struct operation encrypt = {session, CKF_ENCRYPT, mechanism, key};
    struct operation decrypt = {session, CKF_DECRYPT, mechanism, key};
    static struct octets back;

    OK(run_once(&encrypt, plain, &out));
    ck_assert_uint_eq(out.len, coded.len + 8);
    expect_octets(cfr_span_of(out.at, coded.len), coded, "in front of the padding");
    OK(run_parts(&decrypt, octets_view(&out), 5, &back));
    expect_octets(octets_view(&back), plain, "without the padding");
}

void run_des3(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    CK_OBJECT_HANDLE key = case_key(session, vectors, CKK_DES3);
    struct cfr_span plain = vectors_octets(vectors, "pt");
    struct cfr_span coded = vectors_octets(vectors, "ct");
    struct cfr_span iv;

    if (strcmp(vectors_word(vectors, "mode"), "ECB") == 0) {
        expect_both_ways(session, MECHANISM(CKM_DES3_ECB), key, plain, coded);
        return;
    }
    iv = vectors_octets(vectors, "iv");
    expect_both_ways(session, (CK_MECHANISM){CKM_DES3_CBC, UNCONST(iv.ptr), iv.len}, key, plain, coded);
    check_des3_pad(session, (CK_MECHANISM){CKM_DES3_CBC_PAD, UNCONST(iv.ptr), iv.len}, key, plain, coded);
}

void run_des3_cmac(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span message = vectors_octets(vectors, "msg");
    struct cfr_span mac = vectors_octets(vectors, "mac");
    CK_OBJECT_HANDLE key = case_key(session, vectors, CKK_DES3);
    struct operation sign = {session, CKF_SIGN, MECHANISM_WITH(CKM_DES3_CMAC_GENERAL, &(CK_ULONG){9}), key};

    EXPECT(CKR_MECHANISM_PARAM_INVALID, op_init(&sign));
    expect_mac(session, MECHANISM(CKM_DES3_CMAC), key, message, mac);
    for (CK_ULONG len = 1; len <= mac.len; len++) {
        sign.mechanism = MECHANISM_WITH(CKM_DES3_CMAC_GENERAL, &len);
        OK(run_once(&sign, message, &out));
        expect_octets(octets_view(&out), cfr_span_of(mac.ptr, len), "%lu octets", len);
        OK(run_verify(&(struct operation){session, CKF_VERIFY, sign.mechanism, key}, message,
                      cfr_span_of(mac.ptr, len)));
    }
}
