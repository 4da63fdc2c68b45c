/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption with authentication. */
#include "integration/evidence/published.h"

static struct octets out;

/* Text and tag are one octet string in Cryptoki. */
static struct cfr_span joined(struct vectors *vectors)
{
    static struct octets both;
    struct cfr_span text = vectors_octets(vectors, "ct");
    struct cfr_span tag = vectors_octets(vectors, "tag");

    cfr_copy(both.at, text.ptr, text.len);
    cfr_copy(both.at + text.len, tag.ptr, tag.len);
    both.len = text.len + tag.len;
    return octets_view(&both);
}

/* Each octet of text and tag counts. */
static void expect_forgery_seen(CK_SESSION_HANDLE session, CK_MECHANISM mechanism, CK_OBJECT_HANDLE key,
                                struct cfr_span coded)
{
    struct operation decrypt = {session, CKF_DECRYPT, mechanism, key};
    static struct octets forged;

    for (size_t at = 0; at < coded.len; at += 5) {
        cfr_copy(forged.at, coded.ptr, coded.len);
        forged.at[at] ^= 0x10;
        forged.len = coded.len;
        EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_once(&decrypt, octets_view(&forged), &out));
        EXPECT(CKR_ENCRYPTED_DATA_INVALID, run_parts(&decrypt, octets_view(&forged), 16, &out));
    }
}

static void check_aead(CK_SESSION_HANDLE session, struct vectors *vectors, CK_MECHANISM mechanism,
                       CK_KEY_TYPE type)
{
    CK_OBJECT_HANDLE key = case_key(session, vectors, type);

    expect_both_ways(session, mechanism, key, vectors_octets(vectors, "pt"), joined(vectors));
    expect_forgery_seen(session, mechanism, key, joined(vectors));
}

void run_aes_gcm(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span iv = vectors_octets(vectors, "iv");
    struct cfr_span aad = vectors_octets(vectors, "aad");
    CK_GCM_PARAMS params = {.pIv = UNCONST(iv.ptr),
                            .ulIvLen = iv.len,
                            .ulIvBits = 8 * iv.len,
                            .pAAD = UNCONST(aad.ptr),
                            .ulAADLen = aad.len,
                            .ulTagBits = 128};

    check_aead(session, vectors, MECHANISM_WITH(CKM_AES_GCM, &params), CKK_AES);
}

void run_aes_ccm(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    static CK_BYTE aad[65536];
    struct cfr_span iv = vectors_octets(vectors, "iv");
    struct cfr_span part = vectors_octets(vectors, "aad");
    size_t repeat = vectors_number(vectors, "repeat");
    CK_CCM_PARAMS params = {.ulDataLen = vectors_octets(vectors, "pt").len,
                            .pNonce = UNCONST(iv.ptr),
                            .ulNonceLen = iv.len,
                            .pAAD = aad,
                            .ulAADLen = repeat * part.len,
                            .ulMACLen = vectors_octets(vectors, "tag").len};

    ck_assert_uint_le(params.ulAADLen, sizeof(aad));
    for (size_t i = 0; i < repeat; i++) {
        cfr_copy(aad + i * part.len, part.ptr, part.len);
    }
    check_aead(session, vectors, MECHANISM_WITH(CKM_AES_CCM, &params), CKK_AES);
}

void run_chacha20_poly1305(CK_SESSION_HANDLE session, struct vectors *vectors)
{
    struct cfr_span nonce = vectors_octets(vectors, "iv");
    struct cfr_span aad = vectors_octets(vectors, "aad");
    CK_SALSA20_CHACHA20_POLY1305_PARAMS params = {UNCONST(nonce.ptr), 8 * nonce.len, UNCONST(aad.ptr),
                                                  aad.len};

    check_aead(session, vectors, MECHANISM_WITH(CKM_CHACHA20_POLY1305, &params), CKK_CHACHA20);
    params.ulNonceLen = nonce.len; /* in octets, as some callers have it */
    check_aead(session, vectors, MECHANISM_WITH(CKM_CHACHA20_POLY1305, &params), CKK_CHACHA20);
}
