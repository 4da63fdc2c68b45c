/* SPDX-License-Identifier: Apache-2.0 */
/* The key schedule of TLS 1.2, against libcrypto's pseudorandom function. */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/tls.h"
#include "integration/evidence/random.h"

static struct bag template;
static struct octets value;

static const struct hash_row *any_hash(void)
{
    static const char *const names[] = {"SHA256", "SHA384", "SHA512"};

    return hash_find(names[random_below(COUNT(names))]);
}

static CK_OBJECT_HANDLE secret_of(CK_SESSION_HANDLE session, struct cfr_span octets)
{
    return secret_make(session, CKK_GENERIC_SECRET, octets.ptr, octets.len);
}

/* Both random values, and a context behind its length, which may be none. */
static struct cfr_span seed_of(const CK_BYTE *first, const CK_BYTE *second, struct cfr_span context)
{
    static uint8_t seed[512];

    memcpy(seed, first, TLS_RANDOM_LEN);
    memcpy(seed + TLS_RANDOM_LEN, second, TLS_RANDOM_LEN);
    if (context.ptr == NULL) {
        return cfr_span_of(seed, 64);
    }
    seed[64] = (uint8_t)(context.len >> 8);
    seed[65] = (uint8_t)context.len;
    cfr_copy(seed + 66, context.ptr, context.len);
    return cfr_span_of(seed, 66 + context.len);
}

static struct cfr_span master_of(const struct hash_row *hash, struct cfr_span secret)
{
    return tls_prf_direct(hash->md, secret, cfr_span_text("master secret"),
                          seed_of(tls_call.client, tls_call.server, cfr_span_of(NULL, 0)), TLS_MASTER_LEN);
}

/* The version in front, and a master secret from the whole. */
void cross_premaster(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const struct hash_row *hash = any_hash();
    CK_VERSION version = {3, (CK_BYTE)random_below(4)};
    CK_MECHANISM generate = MECHANISM_WITH(type, &version);
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;

    tls_begin();
    tls_call.master.prfHashMechanism = hash->digest;
    tls_call.master.pVersion = &tls_call.version;
    bag_clear(&template);
    bag_bool(&template, CKA_SENSITIVE, false);
    bag_bool(&template, CKA_EXTRACTABLE, true);
    bag_bool(&template, CKA_DERIVE, true);
    OK(p11->C_GenerateKey(session, &generate, BAG(&template), &key));
    read_octets(session, key, CKA_VALUE, &value);
    ck_assert_uint_eq(value.len, TLS_MASTER_LEN);
    ck_assert(value.at[0] == version.major && value.at[1] == version.minor);
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_expect(session, &MECHANISM_WITH(CKM_TLS12_MASTER_KEY_DERIVE, &tls_call.master), key, &template,
                  master_of(hash, octets_view(&value)), "master secret");
    ck_assert(tls_call.version.major == version.major && tls_call.version.minor == version.minor);
}

/* Secrets of RSA have 48 octets, those of Diffie-Hellman any number. */
void cross_tls_master(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const struct hash_row *hash = any_hash();
    bool is_extended =
        type == CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE || type == CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH;
    bool is_dh = type == CKM_TLS12_MASTER_KEY_DERIVE_DH || type == CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH;
    struct cfr_span secret = random_span(is_dh ? 1 + random_below(256) : TLS_MASTER_LEN);
    CK_MECHANISM mechanism =
        is_extended ? MECHANISM_WITH(type, &tls_call.extended) : MECHANISM_WITH(type, &tls_call.master);

    tls_begin();
    tls_call.master.prfHashMechanism = hash->digest;
    tls_call.extended.prfHashMechanism = hash->digest;
    tls_call.extended.ulSessionHashLen = hash->len;
    derived_template(&template, CKK_GENERIC_SECRET, 0);
    derive_expect(session, &mechanism, secret_of(session, secret), &template,
                  is_extended ? tls_prf_direct(hash->md, secret, cfr_span_text("extended master secret"),
                                               cfr_span_of(tls_call.session_hash, hash->len), TLS_MASTER_LEN)
                              : master_of(hash, secret),
                  hash->name);
}

void cross_tls_block(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    const struct hash_row *hash = any_hash();
    struct cfr_span master = random_span(TLS_MASTER_LEN);
    size_t mac = random_below(65);
    size_t key = 16 + 8 * random_below(3);
    size_t iv = random_below(17);
    bool has_ivs = type == CKM_TLS12_KEY_AND_MAC_DERIVE;
    struct cfr_span wanted;

    tls_begin();
    tls_call.block.prfHashMechanism = hash->digest;
    tls_block_lens(mac, key, iv);
    wanted =
        tls_prf_direct(hash->md, master, cfr_span_text("key expansion"),
                       seed_of(tls_call.server, tls_call.client, cfr_span_of(NULL, 0)), 2 * (mac + key + iv));
    derived_template(&template, CKK_AES, key);
    OK(tls_derive_block(session, type, secret_of(session, master), &template));
    tls_expect_block(session, wanted, mac, key, has_ivs ? iv : 0);
}

void cross_tls_export(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type)
{
    bool is_old = random_below(4) == 0;
    const struct hash_row *hash = any_hash();
    struct cfr_span secret = random_span(TLS_MASTER_LEN);
    struct cfr_span context = random_below(2) == 0 ? cfr_span_of(NULL, 0) : random_span(random_below(400));
    size_t len = 1 + random_below(200);

    tls_begin();
    tls_call.kdf.prfMechanism = is_old ? CKM_TLS_PRF : hash->digest;
    tls_call.kdf.pContextData = UNCONST(context.ptr);
    tls_call.kdf.ulContextDataLength = context.len;
    derived_template(&template, CKK_GENERIC_SECRET, len);
    derive_expect(session, &MECHANISM_WITH(type, &tls_call.kdf), secret_of(session, secret), &template,
                  tls_prf_direct(is_old ? "MD5-SHA1" : hash->md, secret,
                                 cfr_span_of(tls_call.kdf.pLabel, tls_call.kdf.ulLabelLength),
                                 seed_of(tls_call.client, tls_call.server, context), len),
                  is_old ? "TLS 1.0" : hash->name);
}
