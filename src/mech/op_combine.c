/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simple derivations: concatenation, exclusive or, extraction, a digest of the key, data encrypted with it.
 * Each makes no more octets than are asked for.
 */
#include "crypto/cipher.h"
#include "crypto/digest.h"
#include "mech/op.h"
#include "mech/params_derive.h"
#include "mech/registry.h"

/* Octets to make of @p available ones, when @p asked are; 0: all. */
static CK_RV output_len(size_t available, size_t asked, size_t *ret_len)
{
    size_t len = asked == 0 ? available : asked;

    if (len > available || len == 0 || len > CFR_SECRET_KEY_MAX_LEN) {
        return cfr_fail(CKR_KEY_SIZE_RANGE, "%zu octets asked, of %zu", len, available);
    }
    *ret_len = len;
    return CKR_OK;
}

CK_RV cfr_derive_concatenate(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                             struct cfr_secret **ret_octets)
{
    const struct cfr_derive_params *derive = request->params->derive;
    struct cfr_span base = cfr_keymat_secret(request->base);
    struct cfr_span added = derive->other_count == 0 ? derive->data : cfr_keymat_secret(request->others[0]);
    struct cfr_span first = mechanism->variant == CFR_CONCATENATE_IN_FRONT ? added : base;
    struct cfr_span second = mechanism->variant == CFR_CONCATENATE_IN_FRONT ? base : added;
    AUTO(secret) *octets = NULL;
    size_t len = 0;

    TRY(output_len(first.len + second.len, request->lens[0], &len));
    TRY(cfr_secret_new(len, &octets));
    first.len = first.len < len ? first.len : len;
    cfr_copy(cfr_secret_edit(octets), first.ptr, first.len);
    cfr_copy(cfr_secret_edit(octets) + first.len, second.ptr, len - first.len);
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

CK_RV cfr_derive_xor(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                     struct cfr_secret **ret_octets)
{
    struct cfr_span base = cfr_keymat_secret(request->base);
    struct cfr_span data = request->params->derive->data;
    AUTO(secret) *octets = NULL;
    size_t len = 0;

    (void)mechanism;
    TRY(output_len(base.len < data.len ? base.len : data.len, request->lens[0], &len));
    TRY(cfr_secret_new(len, &octets));
    for (size_t i = 0; i < len; i++) {
        cfr_secret_edit(octets)[i] = base.ptr[i] ^ data.ptr[i];
    }
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

/* "It is permissible to wrap around the end of the binary string representing the original key's value." */
CK_RV cfr_derive_extract(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                         struct cfr_secret **ret_octets)
{
    struct cfr_span base = cfr_keymat_secret(request->base);
    size_t first_bit = request->params->derive->first_bit;
    AUTO(secret) *octets = NULL;
    size_t len = 0;

    (void)mechanism;
    FAIL_UNLESS(request->lens[0] != 0, CKR_TEMPLATE_INCOMPLETE);
    FAIL_UNLESS(first_bit / 8 < base.len, CKR_MECHANISM_PARAM_INVALID);
    TRY(output_len(base.len, request->lens[0], &len));
    TRY(cfr_secret_new(len, &octets));
    for (size_t i = 0; i < len; i++) {
        size_t at = first_bit / 8 + i;
        unsigned pair = (unsigned)base.ptr[at % base.len] << 8 | base.ptr[(at + 1) % base.len];

        cfr_secret_edit(octets)[i] = (uint8_t)(pair >> (8 - first_bit % 8));
    }
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

static CK_RV digest_key(enum cfr_hash hash, struct cfr_span key, struct cfr_secret **ret_octets)
{
    AUTO(digest) *digest = NULL;
    AUTO(secret) *octets = NULL;

    TRY(cfr_secret_new(cfr_hash_len(hash), &octets));
    TRY(cfr_digest_new(hash, &digest));
    TRY(cfr_digest_once(digest, key, cfr_secret_edit(octets)));
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

CK_RV cfr_derive_digest(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                        struct cfr_secret **ret_octets)
{
    AUTO(secret) *octets = NULL;
    size_t len = 0;

    TRY(output_len(cfr_hash_len(mechanism->hash), request->lens[0], &len));
    TRY(digest_key(mechanism->hash, cfr_keymat_secret(request->base), &octets));
    cfr_secret_trim(octets, len);
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

/* The "digest length" of an expansion function is fixed too (table 142); the variant has it, in octets. */
CK_RV cfr_derive_xof(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                     struct cfr_secret **ret_octets)
{
    size_t full = (size_t)mechanism->variant;
    AUTO(secret) *octets = NULL;
    size_t len = 0;

    TRY(output_len(full, request->lens[0], &len));
    TRY(cfr_secret_new(len, &octets));
    TRY(cfr_xof_once(full == 32 ? CFR_XOF_SHAKE128 : CFR_XOF_SHAKE256, cfr_keymat_secret(request->base),
                     cfr_secret_edit(octets), len));
    *ret_octets = MOVE(octets);
    return CKR_OK;
}

CK_RV cfr_derive_encrypt(const struct cfr_mechanism *mechanism, const struct cfr_derive_request *request,
                         struct cfr_secret **ret_octets)
{
    struct cfr_span data = request->params->derive->data;
    AUTO(cipher) *cipher = NULL;
    AUTO(secret) *octets = NULL;
    size_t len = 0;
    size_t used;

    /* "If the data is too short to make the requested key" */
    FAIL_UNLESS(request->lens[0] <= data.len, CKR_DATA_LEN_RANGE);
    TRY(output_len(data.len, request->lens[0], &len));
    used = (len + CFR_AES_BLOCK_LEN - 1) / CFR_AES_BLOCK_LEN * CFR_AES_BLOCK_LEN;
    TRY(cfr_secret_new(used + CFR_AES_BLOCK_LEN, &octets));
    TRY(cfr_cipher_new((enum cfr_cipher_mode)mechanism->variant, true, cfr_keymat_secret(request->base),
                       &cipher));
    TRY(cfr_cipher_start(cipher, request->params->iv));
    TRY(cfr_cipher_update(cipher, cfr_span_of(data.ptr, used), cfr_secret_edit(octets), &used));
    cfr_secret_trim(octets, len);
    *ret_octets = MOVE(octets);
    return CKR_OK;
}
