/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of the SP 800-108 derivations: fields of the PRF's input, and further keys to be made. */
#include "crypto/mac.h"
#include "mech/op.h"
#include "mech/params_derive.h"
#include "mech/registry.h"

enum { COUNTER_MAX_BITS = 32 /* SP 800-108 5 */, LENGTH_MAX_BITS = 64 };

/* "SP800-108 Pseudo Random Functions": HMAC, but not of SHA-512/t, and CMAC. */
static CK_RV read_prf(CK_SP800_108_PRF_TYPE type, struct cfr_derive_params *derive)
{
    const struct cfr_mechanism *row = NULL;

    TRY_MAP(cfr_registry_find(type, CKF_SIGN, &row), CKR_MECHANISM_INVALID, CKR_MECHANISM_PARAM_INVALID);
    if (row->op != &cfr_op_mac || row->params != cfr_params_none || row->hash == CFR_HASH_SHA512_224 ||
        row->hash == CFR_HASH_SHA512_256 || (row->variant != CFR_MAC_HMAC && row->variant != CFR_MAC_CMAC)) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "prfType is %s", row->name);
    }
    derive->prf = row;
    return CKR_OK;
}

static CK_RV read_width(CK_BBOOL little_endian, CK_ULONG bits, CK_ULONG max_bits,
                        struct cfr_derive_field *field)
{
    if (bits == 0 || bits > max_bits || bits % 8 != 0) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "ulWidthInBits is %lu", bits);
    }
    FAIL_UNLESS(little_endian == CK_TRUE || little_endian == CK_FALSE, CKR_MECHANISM_PARAM_INVALID);
    field->is_little_endian = little_endian == CK_TRUE;
    field->len = bits / 8;
    return CKR_OK;
}

/* What a field points to, as a structure of exactly @p len octets. */
static CK_RV read_value(const CK_PRF_DATA_PARAM *given, void *to, size_t len)
{
    if (given->pValue == NULL || given->ulValueLen != len) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "field of type %lu with %lu octets", given->type,
                        given->ulValueLen);
    }
    cfr_copy(to, given->pValue, len);
    return CKR_OK;
}

static CK_RV read_counter(const CK_PRF_DATA_PARAM *given, struct cfr_derive_field *field)
{
    CK_SP800_108_COUNTER_FORMAT format;

    TRY(read_value(given, &format, sizeof(format)));
    return read_width(format.bLittleEndian, format.ulWidthInBits, COUNTER_MAX_BITS, field);
}

static CK_RV read_length(const CK_PRF_DATA_PARAM *given, struct cfr_derive_field *field)
{
    CK_SP800_108_DKM_LENGTH_FORMAT format;

    TRY(read_value(given, &format, sizeof(format)));
    FAIL_UNLESS(format.dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS ||
                    format.dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS,
                CKR_MECHANISM_PARAM_INVALID);
    field->of_segments = format.dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_SEGMENTS;
    return read_width(format.bLittleEndian, format.ulWidthInBits, LENGTH_MAX_BITS, field);
}

/* A key that several fields name is taken once. */
static CK_RV read_key(const CK_PRF_DATA_PARAM *given, struct cfr_derive_params *derive,
                      struct cfr_derive_field *field)
{
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    size_t at = 0;

    TRY(read_value(given, &handle, sizeof(handle)));
    while (at < derive->other_count && derive->others[at] != handle) {
        at++;
    }
    FAIL_UNLESS(at < CFR_DERIVE_OTHERS_MAX, CKR_MECHANISM_PARAM_INVALID);
    derive->others[at] = handle;
    derive->other_count = at == derive->other_count ? at + 1 : derive->other_count;
    field->other = at;
    return CKR_OK;
}

static CK_RV read_field(const CK_PRF_DATA_PARAM *given, bool counts, struct cfr_derive_params *derive,
                        struct cfr_derive_field *field)
{
    switch (given->type) {
    case CK_SP800_108_ITERATION_VARIABLE:
        field->kind = CFR_FIELD_ITERATION;
        if (counts) {
            return read_counter(given, field);
        }
        FAIL_UNLESS(given->pValue == NULL && given->ulValueLen == 0, CKR_MECHANISM_PARAM_INVALID);
        return CKR_OK;
    case CK_SP800_108_COUNTER:
        field->kind = CFR_FIELD_COUNTER;
        FAIL_UNLESS(!counts, CKR_MECHANISM_PARAM_INVALID);
        return read_counter(given, field);
    case CK_SP800_108_DKM_LENGTH:
        field->kind = CFR_FIELD_LENGTH;
        return read_length(given, field);
    case CK_SP800_108_BYTE_ARRAY:
        field->kind = CFR_FIELD_OCTETS;
        FAIL_UNLESS(given->ulValueLen != 0, CKR_MECHANISM_PARAM_INVALID);
        return cfr_params_octets(given->pValue, given->ulValueLen, "pValue", &field->octets);
    case CK_SP800_108_KEY_HANDLE:
        field->kind = CFR_FIELD_KEY;
        return read_key(given, derive, field);
    default:
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "field of type %lu", given->type);
    }
}

/* One iteration variable, and one counter and one length at the most. */
static CK_RV check_fields(const struct cfr_derive_params *derive)
{
    size_t seen[CFR_FIELD_KEY + 1] = {0};

    for (size_t i = 0; i < derive->field_count; i++) {
        seen[derive->fields[i].kind]++;
    }
    if (seen[CFR_FIELD_ITERATION] != 1 || seen[CFR_FIELD_COUNTER] > 1 || seen[CFR_FIELD_LENGTH] > 1) {
        return cfr_fail(CKR_MECHANISM_PARAM_INVALID, "%zu iteration variables, %zu counters, %zu lengths",
                        seen[CFR_FIELD_ITERATION], seen[CFR_FIELD_COUNTER], seen[CFR_FIELD_LENGTH]);
    }
    return CKR_OK;
}

static CK_RV read_fields(const CK_PRF_DATA_PARAM *fields, CK_ULONG count, bool counts,
                         struct cfr_derive_params *derive)
{
    FAIL_UNLESS(fields != NULL && count <= CFR_DERIVE_FIELDS_MAX, CKR_MECHANISM_PARAM_INVALID);
    for (CK_ULONG i = 0; i < count; i++) {
        CK_PRF_DATA_PARAM given;

        cfr_copy(&given, (const uint8_t *)fields + i * sizeof(given), sizeof(given));
        TRY(read_field(&given, counts, derive, &derive->fields[derive->field_count++]));
    }
    return check_fields(derive);
}

static CK_RV read_more(const CK_DERIVED_KEY *more, CK_ULONG count, struct cfr_derive_params *derive)
{
    FAIL_UNLESS((more == NULL) == (count == 0) && count <= CFR_DERIVE_MORE_MAX, CKR_MECHANISM_PARAM_INVALID);
    cfr_copy(derive->more, more, count * sizeof(*more));
    derive->more_count = count;
    for (CK_ULONG i = 0; i < count; i++) {
        FAIL_UNLESS(derive->more[i].phKey != NULL, CKR_MECHANISM_PARAM_INVALID);
    }
    return CKR_OK;
}

static CK_RV read_plain(const CK_MECHANISM *mechanism, bool counts, struct cfr_params *ret_params)
{
    CK_SP800_108_KDF_PARAMS given;

    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    TRY(read_prf(given.prfType, ret_params->derive));
    TRY(read_fields(given.pDataParams, given.ulNumberOfDataParams, counts, ret_params->derive));
    return read_more(given.pAdditionalDerivedKeys, given.ulAdditionalDerivedKeys, ret_params->derive);
}

CK_RV cfr_params_kdf_counter(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_plain(mechanism, true, ret_params);
}

CK_RV cfr_params_kdf_pipeline(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    (void)for_wrap;
    return read_plain(mechanism, false, ret_params);
}

CK_RV cfr_params_kdf_feedback(const CK_MECHANISM *mechanism, bool for_wrap, struct cfr_params *ret_params)
{
    struct cfr_derive_params *derive = ret_params->derive;
    CK_SP800_108_FEEDBACK_KDF_PARAMS given;

    (void)for_wrap;
    TRY(cfr_params_struct(mechanism, &given, sizeof(given)));
    ret_params->is_given = true;
    TRY(read_prf(given.prfType, derive));
    TRY(read_fields(given.pDataParams, given.ulNumberOfDataParams, false, derive));
    FAIL_UNLESS((given.pIV == NULL) == (given.ulIVLen == 0), CKR_MECHANISM_PARAM_INVALID);
    TRY(cfr_params_octets(given.pIV, given.ulIVLen, "pIV", &derive->iv));
    return read_more(given.pAdditionalDerivedKeys, given.ulAdditionalDerivedKeys, derive);
}
