/* SPDX-License-Identifier: Apache-2.0 */
#include "mech/params_tls.h"

#include "crypto/kdf.h"
#include "mech/hash_map.h"
#include "mech/mechanism_table.h"
#include "mech/params_derive.h"

enum {
    MAC_MIN_LEN = 12,                      /* octets of verify_data, and all of them in TLS 1.0 and 1.1 */
    MAC_MAX_LEN = 1024,                    /* far above any that is negotiated */
    PART_MAX_LEN = CFR_SECRET_KEY_MAX_LEN, /* octets of a key or an IV */
    CONTEXT_MAX_LEN = UINT16_MAX,          /* RFC 5705 4 */
};

/* --- The function and its seeds --- */

/* The hash of TLS 1.2's function; CKM_TLS_PRF where @p old is allowed, which is that of TLS 1.0 and 1.1. */
static CK_RV read_prf(CK_MECHANISM_TYPE type, bool old, struct cfr_params *ret_params)
{
    ret_params->hash = cfr_hash_of_mechanism(type);
    ret_params->is_weak = ret_params->hash == CFR_HASH_NONE || ret_params->hash == CFR_HASH_SHA1;
    if (ret_params->hash == CFR_HASH_NONE && !(old && type == CKM_TLS_PRF)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "the PRF's hash is 0x%lx", type);
    }
    return CKR_OK;
}

static CK_RV read_random(CK_BYTE_PTR ptr, CK_ULONG len, const char *what, struct cfr_span *ret_span)
{
    if (len != CFR_TLS_RANDOM_LEN) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%s has %lu octets", what, len);
    }
    return cfr_params_octets(ptr, len, what, ret_span);
}

static CK_RV read_randoms(const CK_SSL3_RANDOM_DATA *given, struct cfr_span *ret_client,
                          struct cfr_span *ret_server)
{
    TRY(read_random(given->pClientRandom, given->ulClientRandomLen, "pClientRandom", ret_client));
    return read_random(given->pServerRandom, given->ulServerRandomLen, "pServerRandom", ret_server);
}

/* "The pVersion field … must be set to NULL_PTR" for Diffie-Hellman; for the rest NULL wants no version back. */
static CK_RV read_version(CK_VERSION_PTR version, bool is_dh, struct cfr_derive_params *derive)
{
    FAIL_UNLESS(!is_dh || version == NULL, CKR_MECHANISM_PARAM_INVALID);
    derive->version_at = (uint8_t *)version;
    return CKR_OK;
}

/* --- Pre-master and master secret --- */

CK_RV cfr_params_tls_version(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    ret_params->is_given = true;
    return cfr_params_struct(mechanism, &ret_params->derive->version, sizeof(CK_VERSION));
}

static CK_RV read_master(const CK_MECHANISM *mechanism, bool is_dh, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS given;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    derive->label = cfr_span_text("master secret");
    TRY(read_prf(given.prfHashMechanism, false, ret_params));
    TRY(read_randoms(&given.RandomInfo, &derive->seeds[0], &derive->seeds[1]));
    return read_version(given.pVersion, is_dh, derive);
}

CK_RV cfr_params_tls_master(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_master(mechanism, false, ret_params);
}

CK_RV cfr_params_tls_master_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_master(mechanism, true, ret_params);
}

/* The session hash is made with the function's own hash (RFC 7627 3). */
static CK_RV read_extended(const CK_MECHANISM *mechanism, bool is_dh, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS given;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    derive->label = cfr_span_text("extended master secret");
    TRY(read_prf(given.prfHashMechanism, false, ret_params));
    if (given.ulSessionHashLen != cfr_hash_len(ret_params->hash)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulSessionHashLen is %lu", given.ulSessionHashLen);
    }
    TRY(cfr_params_octets(given.pSessionHash, given.ulSessionHashLen, "pSessionHash", &derive->seeds[0]));
    return read_version(given.pVersion, is_dh, derive);
}

CK_RV cfr_params_tls_extended(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_extended(mechanism, false, ret_params);
}

CK_RV cfr_params_tls_extended_dh(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_extended(mechanism, true, ret_params);
}

/* --- Keys of a connection --- */

static CK_RV read_part(CK_ULONG bits, const char *what, size_t *ret_len)
{
    if (bits % 8 != 0 || bits / 8 > PART_MAX_LEN) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%s is %lu", what, bits);
    }
    *ret_len = bits / 8;
    return CKR_OK;
}

static CK_RV read_outputs(CK_SSL3_KEY_MAT_OUT *at, struct cfr_key_block *block)
{
    CK_SSL3_KEY_MAT_OUT given;

    FAIL_UNLESS(at != NULL, CKR_MECHANISM_PARAM_INVALID);
    block->handles_at = at;
    cfr_copy(&given, at, sizeof(given));
    if (block->iv_len != 0) {
        FAIL_UNLESS(given.pIVClient != NULL && given.pIVServer != NULL, CKR_MECHANISM_PARAM_INVALID);
        block->iv_at[0] = given.pIVClient;
        block->iv_at[1] = given.pIVServer;
    }
    return CKR_OK;
}

static CK_RV read_block(const CK_MECHANISM *mechanism, bool with_iv, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    struct cfr_key_block *block = &derive->block;
    CK_TLS12_KEY_MAT_PARAMS given;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    derive->label = cfr_span_text("key expansion");
    FAIL_UNLESS(given.bIsExport == CK_FALSE, CKR_MECHANISM_PARAM_INVALID);
    TRY(read_prf(given.prfHashMechanism, false, ret_params));
    /* The other way round than for the master secret (RFC 5246 6.3). */
    TRY(read_randoms(&given.RandomInfo, &derive->seeds[1], &derive->seeds[0]));
    TRY(read_part(given.ulMacSizeInBits, "ulMacSizeInBits", &block->mac_len));
    TRY(read_part(given.ulKeySizeInBits, "ulKeySizeInBits", &block->key_len));
    TRY(with_iv ? read_part(given.ulIVSizeInBits, "ulIVSizeInBits", &block->iv_len) : CKR_OK);
    /* IVs without any key are key material by another name. */
    FAIL_UNLESS(block->mac_len != 0 || block->key_len != 0, CKR_MECHANISM_PARAM_INVALID);
    return read_outputs(given.pReturnedKeyMaterial, block);
}

CK_RV cfr_params_tls_block(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_block(mechanism, true, ret_params);
}

CK_RV cfr_params_tls_safe_block(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_block(mechanism, false, ret_params);
}

/* --- Exported keys, and MACs --- */

/* A context of no octets is another than none (RFC 5705 4). */
static CK_RV read_context(const CK_TLS_KDF_PARAMS *given, struct cfr_derive_params *derive)
{
    CK_ULONG len = given->ulContextDataLength;

    if (given->pContextData == NULL && len == 0) {
        return CKR_OK;
    }
    FAIL_UNLESS(len <= CONTEXT_MAX_LEN, CKR_MECHANISM_PARAM_INVALID);
    derive->context_len[0] = (uint8_t)(len >> 8);
    derive->context_len[1] = (uint8_t)len;
    derive->seeds[2] = cfr_span_of(derive->context_len, sizeof(derive->context_len));
    return cfr_params_octets(given->pContextData, len, "pContextData", &derive->seeds[3]);
}

CK_RV cfr_params_tls_kdf(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    CK_TLS_KDF_PARAMS given;
    size_t seed_len = 0;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    TRY(read_prf(given.prfMechanism, true, ret_params));
    FAIL_UNLESS(given.ulLabelLength != 0, CKR_MECHANISM_PARAM_INVALID);
    TRY(cfr_params_octets(given.pLabel, given.ulLabelLength, "pLabel", &derive->label));
    TRY(read_randoms(&given.RandomInfo, &derive->seeds[0], &derive->seeds[1]));
    TRY(read_context(&given, derive));
    for (size_t i = 0; i < CFR_DERIVE_SEEDS_MAX; i++) {
        seed_len += derive->seeds[i].len;
    }
    if (derive->label.len > CFR_TLS_SEED_MAX_LEN || seed_len > CFR_TLS_SEED_MAX_LEN - derive->label.len) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "label and context have %lu and %lu octets",
                        given.ulLabelLength, given.ulContextDataLength);
    }
    return CKR_OK;
}

CK_RV cfr_params_tls_mac(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    CK_TLS_MAC_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    TRY(read_prf(given.prfHashMechanism, true, ret_params));
    if (given.ulMacLength < MAC_MIN_LEN ||
        given.ulMacLength > (ret_params->hash == CFR_HASH_NONE ? MAC_MIN_LEN : MAC_MAX_LEN)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulMacLength is %lu", given.ulMacLength);
    }
    ret_params->mac_len = given.ulMacLength;
    FAIL_UNLESS(given.ulServerOrClient == 1 || given.ulServerOrClient == 2, CKR_MECHANISM_PARAM_INVALID);
    ret_params->label = cfr_span_text(given.ulServerOrClient == 1 ? "server finished" : "client finished");
    return CKR_OK;
}
