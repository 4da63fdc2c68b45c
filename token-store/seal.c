/* SPDX-License-Identifier: Apache-2.0 */
#include "token-store/seal.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/pool.h"
#include "crypto/rng.h"
#include "crypto/xaes.h"
#include "token-store/keyspace.h"

enum { HEADER_MAX_LEN = 16, AAD_MAX_LEN = CFR_STORE_UUID_LEN + 1 + 128 + HEADER_MAX_LEN };

struct cfr_sealer {
    struct cfr_secret *key;
    uint8_t uuid[CFR_STORE_UUID_LEN];
    struct cfr_pool contexts; /* struct cfr_xaes */
};

CK_RV cfr_sealer_new(struct cfr_secret *key, const uint8_t *uuid, struct cfr_sealer **ret_sealer)
{
    struct cfr_sealer *sealer = cfr_alloc(sizeof(*sealer));

    FAIL_UNLESS(sealer != NULL, CKR_HOST_MEMORY);
    sealer->key = cfr_secret_share(key);
    cfr_copy(sealer->uuid, uuid, sizeof(sealer->uuid));
    *ret_sealer = sealer;
    return CKR_OK;
}

void cfr_sealer_drop(struct cfr_sealer *sealer)
{
    if (sealer == NULL) {
        return;
    }
    for (void *xaes = cfr_pool_take(&sealer->contexts); xaes != NULL;
         xaes = cfr_pool_take(&sealer->contexts)) {
        cfr_xaes_drop(xaes);
    }
    cfr_secret_drop(sealer->key);
    cfr_free(sealer);
}

/* A context borrowed from the sealer; AUTO(lent) gives it back. */
struct cfr_lent {
    struct cfr_sealer *sealer;
    struct cfr_xaes *xaes;
};

static void cfr_lent_dropp(struct cfr_lent *lent)
{
    if (lent->xaes != NULL) {
        cfr_xaes_drop(cfr_pool_give(&lent->sealer->contexts, lent->xaes));
    }
}

static CK_RV borrow(struct cfr_sealer *sealer, struct cfr_lent *ret_lent)
{
    struct cfr_xaes *xaes = cfr_pool_take(&sealer->contexts);

    if (xaes == NULL) {
        TRY(cfr_xaes_new(cfr_secret_view(sealer->key), &xaes));
    }
    *ret_lent = (struct cfr_lent){.sealer = sealer, .xaes = xaes};
    return CKR_OK;
}

/*
 * What a record is bound to: store, length and octets of its key, clear header. @p out: AAD_MAX_LEN octets.
 */
static struct cfr_span bind(const struct cfr_sealer *sealer, struct cfr_span key, struct cfr_span header,
                            uint8_t *out)
{
    size_t len = 0;

    cfr_copy(out, sealer->uuid, sizeof(sealer->uuid));
    len += sizeof(sealer->uuid);
    out[len++] = (uint8_t)key.len;
    cfr_copy(out + len, key.ptr, key.len);
    len += key.len;
    cfr_copy(out + len, header.ptr, header.len);
    return cfr_span_of(out, len + header.len);
}

CK_RV cfr_seal(struct cfr_sealer *sealer, struct cfr_span key, const struct cfr_seal_header *header,
               struct cfr_span text, struct cfr_buf *out)
{
    AUTO(lent) lent = {NULL, NULL};
    uint8_t aad[AAD_MAX_LEN];
    uint8_t nonce[CFR_XAES_NONCE_LEN];
    uint8_t tag[CFR_XAES_TAG_LEN];
    size_t start = out->len;
    size_t header_end;
    size_t text_at;

    FAIL_UNLESS(key.len <= 128, CKR_GENERAL_ERROR);
    TRY(borrow(sealer, &lent));
    TRY(cfr_rng_fill(nonce, sizeof(nonce)));
    cfr_buf_put_u8(out, CFR_SEAL_FORMAT);
    cfr_buf_put_varint(out, header->epoch);
    cfr_buf_put_varint(out, header->revision);
    header_end = out->len;
    cfr_buf_put(out, cfr_span_of(nonce, sizeof(nonce)));
    text_at = out->len;
    cfr_buf_put_zeros(out, text.len);
    TRY(cfr_buf_check(out));
    TRY(cfr_xaes_seal(lent.xaes, nonce,
                      bind(sealer, key, cfr_span_of(out->ptr + start, header_end - start), aad), text,
                      out->ptr + text_at, tag));
    cfr_buf_put(out, cfr_span_of(tag, sizeof(tag)));
    return cfr_buf_check(out);
}

/* Names a record without saying what is in it: its kind and the numbers of its key. */
static CK_RV damaged(struct cfr_span key)
{
    char text[2 * CFR_KEY_MAX_LEN + 1] = "";

    for (size_t i = 1; i < key.len && 2 * i < sizeof(text); i++) {
        (void)snprintf(text + 2 * (i - 1), 3, "%02x", key.ptr[i]);
    }
    cfr_log(CFR_LOG_ERROR, "store record %c %s is damaged or out of place", key.len == 0 ? '?' : key.ptr[0],
            text);
    return cfr_fail(CKR_DEVICE_ERROR, "store record %c %s is damaged or out of place",
                    key.len == 0 ? '?' : key.ptr[0], text);
}

static bool read_header(struct cfr_reader *reader, struct cfr_seal_header *header)
{
    uint8_t format = cfr_read_u8(reader);
    uint64_t epoch = cfr_read_varint(reader);
    uint64_t revision = cfr_read_varint(reader);

    header->epoch = (uint32_t)epoch;
    header->revision = (uint32_t)revision;
    return !reader->failed && format == CFR_SEAL_FORMAT && epoch <= UINT32_MAX && revision <= UINT32_MAX;
}

CK_RV cfr_seal_peek(struct cfr_span sealed, struct cfr_seal_header *ret_header)
{
    struct cfr_reader reader = cfr_reader_of(sealed);

    FAIL_UNLESS(read_header(&reader, ret_header), CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV cfr_unseal(struct cfr_sealer *sealer, struct cfr_span key, struct cfr_span sealed,
                 struct cfr_seal_header *ret_header, struct cfr_secret **ret_text)
{
    AUTO(lent) lent = {NULL, NULL};
    AUTO(secret) *text = NULL;
    uint8_t aad[AAD_MAX_LEN];
    struct cfr_reader reader = cfr_reader_of(sealed);
    struct cfr_seal_header header = {0};
    struct cfr_span nonce;
    struct cfr_span body;
    CK_RV rv;

    if (key.len > 128 || !read_header(&reader, &header)) {
        return damaged(key);
    }
    struct cfr_span clear = cfr_span_of(sealed.ptr, sealed.len - reader.rest.len);

    nonce = cfr_read_octets(&reader, CFR_XAES_NONCE_LEN);
    if (reader.failed || reader.rest.len < CFR_XAES_TAG_LEN) {
        return damaged(key);
    }
    body = cfr_span_of(reader.rest.ptr, reader.rest.len - CFR_XAES_TAG_LEN);
    TRY(borrow(sealer, &lent));
    TRY(cfr_secret_new(body.len, &text));
    rv = cfr_xaes_open(lent.xaes, nonce.ptr, bind(sealer, key, clear, aad), body, cfr_secret_edit(text),
                       body.ptr + body.len);
    if (rv == CKR_ENCRYPTED_DATA_INVALID) {
        return damaged(key);
    }
    TRY(rv);
    *ret_header = header;
    *ret_text = MOVE(text);
    return CKR_OK;
}
