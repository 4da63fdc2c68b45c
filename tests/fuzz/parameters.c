/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/parameters_private.h"
#include "mech/mechanism_table.h"
#include "mech/params_chacha.h"
#include "mech/params_derive.h"
#include "mech/params_dh.h"
#include "mech/params_envelope.h"
#include "mech/params_pq.h"
#include "mech/params_tls.h"
#include "mech/params_wrap.h"

/* Octets of the choice before a parameter; below FORM_RESIZED it is what the row wants. */
enum { FORM_RESIZED = 0xc0, FORM_OCTETS = 0xd8, FORM_NULL = 0xe8, FORM_LIE = 0xf0, FORM_UNALIGNED = 0xf8 };

static const CK_ULONG lies[] = {~0UL, ~0UL - 7, 1UL << 63, 1UL << 32, 0xffffffffUL, 0x80000000UL, 1UL << 27};

CK_ULONG parameter_lie(struct input *input)
{
    return lies[input_u8(input) % (sizeof(lies) / sizeof(lies[0]))];
}

void *parameter_keep(struct parameter *parameter, struct cfr_span octets, size_t offset)
{
    uint8_t *memory = malloc(octets.len + offset);

    ORACLE(memory != NULL && parameter->memory_count < PARAMETER_MEMORY_MAX);
    parameter->memory[parameter->memory_count++] = memory;
    cfr_copy(memory + offset, octets.ptr, octets.len);
    return memory + offset;
}

/* Octets behind a pointer in a structure. */
CK_BYTE_PTR parameter_pointed(struct input *input, struct parameter *parameter, CK_ULONG *ret_len)
{
    uint8_t octet = input_u8(input);
    struct cfr_span octets;

    if (octet >= LEN_LIE) {
        *ret_len = octet == LEN_LIE ? input_u8(input) : parameter_lie(input);
        return octet == LEN_LIE ? NULL : parameter_keep(parameter, input_octets(input, 1), 0);
    }
    octets = input_octets(input, octet);
    *ret_len = octets.len;
    return octets.len == 0 ? NULL : parameter_keep(parameter, octets, 0);
}

void parameter_set(struct parameter *parameter, const void *structure, size_t len)
{
    parameter->mechanism.pParameter = parameter_keep(parameter, cfr_span_of(structure, len), 0);
    parameter->mechanism.ulParameterLen = len;
}

/* Exactly @p len octets, at most 16, whatever is left of the input. */
static CK_BYTE_PTR read_fixed(struct input *input, struct parameter *parameter, size_t len)
{
    uint8_t octets[16] = {0};
    struct cfr_span given = input_octets(input, len);

    cfr_copy(octets, given.ptr, given.len);
    return parameter_keep(parameter, cfr_span_of(octets, len), 0);
}

static void build_none(struct input *input, struct parameter *parameter)
{
    (void)input;
    (void)parameter;
}

void parameter_octets(struct input *input, struct parameter *parameter, size_t len)
{
    uint8_t octets[16] = {0};
    struct cfr_span given = input_octets(input, len);

    cfr_copy(octets, given.ptr, given.len);
    parameter_set(parameter, octets, len);
}

static void build_iv8(struct input *input, struct parameter *parameter)
{
    parameter_octets(input, parameter, 8);
}

static void build_iv16(struct input *input, struct parameter *parameter)
{
    parameter_octets(input, parameter, 16);
}

static void build_wrap_iv8(struct input *input, struct parameter *parameter)
{
    parameter_octets(input, parameter, 8);
}

static void build_wrap_iv4(struct input *input, struct parameter *parameter)
{
    parameter_octets(input, parameter, 4);
}

static void build_ctr(struct input *input, struct parameter *parameter)
{
    CK_AES_CTR_PARAMS params = {.ulCounterBits = input_u8(input)};
    struct cfr_span block = input_octets(input, sizeof(params.cb));

    cfr_copy(params.cb, block.ptr, block.len);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_gcm(struct input *input, struct parameter *parameter)
{
    uint8_t tag = input_u8(input);
    CK_GCM_PARAMS params = {.ulTagBits = tag < 0xc0 ? 96 + 8UL * (tag % 5) : tag};

    params.pIv = parameter_pointed(input, parameter, &params.ulIvLen);
    params.ulIvBits = 8 * params.ulIvLen;
    params.pAAD = parameter_pointed(input, parameter, &params.ulAADLen);
    parameter_set(parameter, &params, sizeof(params));
}

/* Who makes the nonce, and what it keeps of the one that is there. */
static void read_nonce(struct input *input, CK_GENERATOR_FUNCTION *generator, CK_ULONG *fixed_bits)
{
    *generator = input_u8(input) % 6;
    *fixed_bits = input_u8(input);
}

static void build_gcm_wrap(struct input *input, struct parameter *parameter)
{
    CK_GCM_WRAP_PARAMS params = {.ulTagBits = 96 + 8UL * (input_u8(input) % 5)};

    if (input_u8(input) % 2 == 0) {
        build_gcm(input, parameter);
        return;
    }
    read_nonce(input, &params.ivGenerator, &params.ulIvFixedBits);
    params.pIv = parameter_pointed(input, parameter, &params.ulIvLen);
    params.pAAD = parameter_pointed(input, parameter, &params.ulAADLen);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_gmac(struct input *input, struct parameter *parameter)
{
    if (input_u8(input) % 2 == 0) {
        parameter_octets(input, parameter, 12);
    } else {
        build_gcm(input, parameter);
    }
}

static void build_ccm(struct input *input, struct parameter *parameter)
{
    uint8_t tag = input_u8(input);
    CK_CCM_PARAMS params = {.ulMACLen = tag < 0xc0 ? 4 + 2UL * (tag % 7) : tag,
                            .ulDataLen = parameter->text_len};

    params.pNonce = parameter_pointed(input, parameter, &params.ulNonceLen);
    params.pAAD = parameter_pointed(input, parameter, &params.ulAADLen);
    if (input_u8(input) >= 0xe0) {
        params.ulDataLen = input_u8(input) % 2 == 0 ? input_u16(input) : parameter_lie(input);
    }
    parameter_set(parameter, &params, sizeof(params));
}

static void build_ccm_wrap(struct input *input, struct parameter *parameter)
{
    CK_CCM_WRAP_PARAMS params = {.ulMACLen = 4 + 2UL * (input_u8(input) % 7)};

    if (input_u8(input) % 2 == 0) {
        build_ccm(input, parameter);
        return;
    }
    read_nonce(input, &params.nonceGenerator, &params.ulNonceFixedBits);
    params.pNonce = parameter_pointed(input, parameter, &params.ulNonceLen);
    params.pAAD = parameter_pointed(input, parameter, &params.ulAADLen);
    parameter_set(parameter, &params, sizeof(params));
}

/* Pairs of lengths that fit, as a rule; a nonce is read as far as its length says. */
static void build_chacha20(struct input *input, struct parameter *parameter)
{
    uint8_t octet = input_u8(input);
    size_t counter_len = octet % 2 == 0 ? 4 : 8;
    CK_CHACHA20_PARAMS params = {.blockCounterBits = octet < LEN_LIE ? 8 * counter_len : parameter_lie(input),
                                 .ulNonceBits = 8 * (16 - counter_len)};

    params.pBlockCounter = read_fixed(input, parameter, counter_len);
    params.pNonce = read_fixed(input, parameter, 16 - counter_len);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_chacha20_poly1305(struct input *input, struct parameter *parameter)
{
    uint8_t octet = input_u8(input);
    CK_SALSA20_CHACHA20_POLY1305_PARAMS params = {.ulNonceLen = octet < LEN_LIE ? 96 : octet};

    params.pNonce = read_fixed(input, parameter, 12);
    params.pAAD = parameter_pointed(input, parameter, &params.ulAADLen);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_mac_general(struct input *input, struct parameter *parameter)
{
    uint8_t octet = input_u8(input);
    CK_MAC_GENERAL_PARAMS params = octet < LEN_LIE ? octet % 66 : parameter_lie(input);

    parameter_set(parameter, &params, sizeof(params));
}

CK_MECHANISM_TYPE parameter_hash(struct input *input)
{
    uint8_t octet = input_u8(input);
    size_t count = cfr_mechanism_count();

    for (size_t i = 0; octet < 0xf0 && i < count; i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row((octet + i) % count);

        if (row->flags == CKF_DIGEST) {
            return row->type;
        }
    }
    return cfr_mechanism_row(input_u8(input) % count)->type;
}

static void build_pss(struct input *input, struct parameter *parameter)
{
    CK_RSA_PKCS_PSS_PARAMS params = {.hashAlg = parameter_hash(input), .mgf = input_u8(input) % 11};
    uint8_t salt = input_u8(input);

    params.sLen = salt < LEN_LIE ? salt : parameter_lie(input);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_oaep(struct input *input, struct parameter *parameter)
{
    CK_RSA_PKCS_OAEP_PARAMS params = {
        .hashAlg = parameter_hash(input), .mgf = input_u8(input) % 11, .source = input_u8(input) < 0xf0};

    params.pSourceData = parameter_pointed(input, parameter, &params.ulSourceDataLen);
    parameter_set(parameter, &params, sizeof(params));
}

static CK_ULONG read_aes_bits(struct input *input)
{
    uint8_t octet = input_u8(input);

    return octet < LEN_LIE ? 128 + 64UL * (octet % 3) : parameter_lie(input);
}

static void build_rsa_aes(struct input *input, struct parameter *parameter)
{
    CK_RSA_AES_KEY_WRAP_PARAMS params = {.ulAESKeyBits = read_aes_bits(input)};

    build_oaep(input, parameter);
    params.pOAEPParams = parameter->mechanism.pParameter;
    parameter_set(parameter, &params, sizeof(params));
}

static void build_ecdh_aes(struct input *input, struct parameter *parameter)
{
    CK_ECDH_AES_KEY_WRAP_PARAMS params = {.ulAESKeyBits = read_aes_bits(input), .kdf = input_u8(input) % 24};

    if (params.kdf != CKD_NULL) {
        params.pSharedData = parameter_pointed(input, parameter, &params.ulSharedDataLen);
    }
    parameter_set(parameter, &params, sizeof(params));
}

static void build_eddsa(struct input *input, struct parameter *parameter)
{
    uint8_t octet = input_u8(input);
    CK_EDDSA_PARAMS params = {.phFlag = octet < 0xf0 ? octet & 1 : octet};

    params.pContextData = parameter_pointed(input, parameter, &params.ulContextDataLen);
    parameter_set(parameter, &params, sizeof(params));
}

/* The peer's point as it is, without its DER header, or changed. */
static void read_point(struct input *input, struct parameter *parameter, CK_ECDH1_DERIVE_PARAMS *params)
{
    struct cfr_span point = sample_value(parameter->peer, CKA_EC_POINT);
    uint8_t octet = input_u8(input);
    CK_BYTE_PTR copy;

    if (point.len < 4 || octet >= 0xc0) {
        params->pPublicData = parameter_pointed(input, parameter, &params->ulPublicDataLen);
        return;
    }
    if (octet % 2 != 0) {
        point = cfr_span_after(point, point.ptr[1] < 0x80 ? 2 : 3);
    }
    copy = parameter_keep(parameter, point, 0);
    if (octet >= 0x80) {
        copy[input_u8(input) % point.len] ^= input_u8(input);
    }
    params->pPublicData = copy;
    params->ulPublicDataLen = point.len;
}

static void build_ecdh1(struct input *input, struct parameter *parameter)
{
    CK_ECDH1_DERIVE_PARAMS params = {.kdf = input_u8(input) % 24};

    if (params.kdf != CKD_NULL) {
        params.pSharedData = parameter_pointed(input, parameter, &params.ulSharedDataLen);
    }
    read_point(input, parameter, &params);
    parameter_set(parameter, &params, sizeof(params));
}

/* A handle: of nothing, or of one of the first objects. */
static CK_OBJECT_HANDLE read_handle(struct input *input)
{
    return input_u8(input);
}

static void build_key(struct input *input, struct parameter *parameter)
{
    CK_OBJECT_HANDLE handle = read_handle(input);

    parameter_set(parameter, &handle, sizeof(handle));
}

static void build_extract(struct input *input, struct parameter *parameter)
{
    uint8_t octet = input_u8(input);
    CK_EXTRACT_PARAMS bit = octet < LEN_LIE ? octet : parameter_lie(input);

    parameter_set(parameter, &bit, sizeof(bit));
}

static void build_string_data(struct input *input, struct parameter *parameter)
{
    CK_KEY_DERIVATION_STRING_DATA params = {0};

    params.pData = parameter_pointed(input, parameter, &params.ulLen);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_cbc_data(struct input *input, struct parameter *parameter)
{
    CK_AES_CBC_ENCRYPT_DATA_PARAMS params = {0};

    params.pData = parameter_pointed(input, parameter, &params.length);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_hkdf(struct input *input, struct parameter *parameter)
{
    uint8_t parts = input_u8(input);
    CK_HKDF_PARAMS params = {.bExtract = parts & 1,
                             .bExpand = parts >> 1 & 3,
                             .prfHashMechanism = parts >= LEN_LIE ? parts : CKM_SHA256,
                             .ulSaltType = input_u8(input) % 5,
                             .hSaltKey = read_handle(input)};

    params.pSalt = parameter_pointed(input, parameter, &params.ulSaltLen);
    params.pInfo = parameter_pointed(input, parameter, &params.ulInfoLen);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_pbkdf2(struct input *input, struct parameter *parameter)
{
    uint8_t choice = input_u8(input);
    CK_PKCS5_PBKD2_PARAMS2 params = {.saltSource = choice % 3, .prf = choice / 3 % 10};

    params.iterations = choice < LEN_LIE ? input_u8(input) : parameter_lie(input);
    params.pSaltSourceData = parameter_pointed(input, parameter, &params.ulSaltSourceDataLen);
    params.pPassword = parameter_pointed(input, parameter, &params.ulPasswordLen);
    parameter_set(parameter, &params, sizeof(params));
}

enum { KDF_FIELDS = 3 };

/* Fields of an SP 800-108 derivation, each with what its type wants, or something else. */
static CK_PRF_DATA_PARAM_PTR read_fields(struct input *input, struct parameter *parameter,
                                         CK_ULONG *ret_count)
{
    CK_PRF_DATA_PARAM fields[KDF_FIELDS] = {0};

    for (size_t i = 0; i < KDF_FIELDS; i++) {
        uint8_t choice = input_u8(input);
        CK_SP800_108_COUNTER_FORMAT counter = {choice >> 4 & 1, 8 * (CK_ULONG)(choice >> 5)};
        CK_SP800_108_DKM_LENGTH_FORMAT length = {1 + (choice >> 4 & 1), choice >> 5 & 1,
                                                 8 * (CK_ULONG)(choice >> 5)};
        CK_OBJECT_HANDLE handle = choice >> 4;

        fields[i].type = choice % 7;
        if (fields[i].type == CK_SP800_108_BYTE_ARRAY) {
            fields[i].pValue = parameter_pointed(input, parameter, &fields[i].ulValueLen);
        } else if (fields[i].type == CK_SP800_108_DKM_LENGTH) {
            fields[i].pValue = parameter_keep(parameter, cfr_span_of(&length, sizeof(length)), 0);
            fields[i].ulValueLen = sizeof(length);
        } else if (fields[i].type == CK_SP800_108_KEY_HANDLE) {
            fields[i].pValue = parameter_keep(parameter, cfr_span_of(&handle, sizeof(handle)), 1);
            fields[i].ulValueLen = sizeof(handle);
        } else if (choice < LEN_LIE) {
            fields[i].pValue = parameter_keep(parameter, cfr_span_of(&counter, sizeof(counter)), 1);
            fields[i].ulValueLen = sizeof(counter);
        }
    }
    *ret_count = 1 + input_u8(input) % KDF_FIELDS;
    return parameter_keep(parameter, cfr_span_of(fields, sizeof(fields)), 0);
}

static CK_MECHANISM_TYPE read_prf(struct input *input)
{
    static const CK_MECHANISM_TYPE prfs[] = {CKM_SHA256_HMAC, CKM_AES_CMAC, CKM_SHA_1_HMAC, CKM_SHA256, 0};

    return prfs[input_u8(input) % (sizeof(prfs) / sizeof(prfs[0]))];
}

static void build_kdf(struct input *input, struct parameter *parameter)
{
    CK_SP800_108_KDF_PARAMS params = {.prfType = read_prf(input)};

    params.pDataParams = read_fields(input, parameter, &params.ulNumberOfDataParams);
    parameter_set(parameter, &params, sizeof(params));
}

static void build_kdf_feedback(struct input *input, struct parameter *parameter)
{
    CK_SP800_108_FEEDBACK_KDF_PARAMS params = {.prfType = read_prf(input)};

    params.pDataParams = read_fields(input, parameter, &params.ulNumberOfDataParams);
    params.pIV = parameter_pointed(input, parameter, &params.ulIVLen);
    parameter_set(parameter, &params, sizeof(params));
}

static const struct {
    cfr_params_fn reader; /* of the rows that want it */
    void (*build)(struct input *input, struct parameter *parameter);
} builders[] = {
    {cfr_params_none, build_none},
    {cfr_params_iv16, build_iv16},
    {cfr_params_iv8, build_iv8},
    {cfr_params_ctr, build_ctr},
    {cfr_params_gcm_wrap, build_gcm_wrap},
    {cfr_params_ccm_wrap, build_ccm_wrap},
    {cfr_params_chacha20, build_chacha20},
    {cfr_params_chacha20_poly1305, build_chacha20_poly1305},
    {cfr_params_rsa_aes, build_rsa_aes},
    {cfr_params_ecdh_aes, build_ecdh_aes},
    {cfr_params_gmac, build_gmac},
    {cfr_params_wrap_iv8, build_wrap_iv8},
    {cfr_params_wrap_iv4, build_wrap_iv4},
    {cfr_params_mac_general, build_mac_general},
    {cfr_params_pss, build_pss},
    {cfr_params_oaep, build_oaep},
    {cfr_params_eddsa, build_eddsa},
    {cfr_params_ecdh1, build_ecdh1},
    {cfr_params_dh, parameter_dh},
    {cfr_params_x942_dh, parameter_x942_dh},
    {cfr_params_sign_context, parameter_sign_context},
    {cfr_params_hash_sign_context, parameter_hash_sign_context},
    {cfr_params_key, build_key},
    {cfr_params_extract, build_extract},
    {cfr_params_string_data, build_string_data},
    {cfr_params_ecb_data, build_string_data},
    {cfr_params_cbc_data, build_cbc_data},
    {cfr_params_hkdf, build_hkdf},
    {cfr_params_pbkdf2, build_pbkdf2},
    {cfr_params_kdf_counter, build_kdf},
    {cfr_params_kdf_pipeline, build_kdf},
    {cfr_params_kdf_feedback, build_kdf_feedback},
    {cfr_params_tls_version, parameter_tls_version},
    {cfr_params_tls_master, parameter_tls_master},
    {cfr_params_tls_master_dh, parameter_tls_master},
    {cfr_params_tls_extended, parameter_tls_extended},
    {cfr_params_tls_extended_dh, parameter_tls_extended},
    {cfr_params_tls_block, parameter_tls_block},
    {cfr_params_tls_safe_block, parameter_tls_block},
    {cfr_params_tls_kdf, parameter_tls_kdf},
    {cfr_params_tls_mac, parameter_tls_mac},
};

enum { BUILDERS = sizeof(builders) / sizeof(builders[0]) };

static void build(struct input *input, const struct cfr_mechanism *row, struct parameter *parameter)
{
    size_t number = 0;

    while (row != NULL && builders[number].reader != row->params) {
        ORACLE(++number < BUILDERS);
    }
    if (row == NULL) {
        number = input_u8(input) % BUILDERS;
    }
    builders[number].build(input, parameter);
}

/* The same octets at an odd address. */
static void move_to_odd(struct parameter *parameter)
{
    CK_MECHANISM *mechanism = &parameter->mechanism;

    if (mechanism->ulParameterLen != 0) {
        mechanism->pParameter =
            parameter_keep(parameter, cfr_span_of(mechanism->pParameter, mechanism->ulParameterLen), 1);
    }
}

/* The same with some octets cut off or added. */
static void resize(struct parameter *parameter, uint8_t change)
{
    CK_MECHANISM *mechanism = &parameter->mechanism;
    uint8_t octets[128] = {0};
    size_t len = mechanism->ulParameterLen + change % 8;

    cfr_copy(octets, mechanism->pParameter, mechanism->ulParameterLen);
    if (change >= 0x80) {
        len = mechanism->ulParameterLen - (mechanism->ulParameterLen < 8 ? 0 : change % 8);
    }
    parameter_set(parameter, octets, len);
}

void parameter_read(struct input *input, CK_MECHANISM_TYPE type, const struct cfr_mechanism *row,
                    struct parameter *parameter)
{
    uint8_t form = input_u8(input);
    CK_MECHANISM *mechanism = &parameter->mechanism;
    struct cfr_span octets;

    *mechanism = (CK_MECHANISM){.mechanism = type};
    parameter->memory_count = 0;
    if (form >= FORM_UNALIGNED) {
        build(input, row, parameter);
        move_to_odd(parameter);
    } else if (form >= FORM_LIE) {
        mechanism->pParameter = parameter_keep(parameter, input_octets(input, 1), 0);
        mechanism->ulParameterLen = parameter_lie(input);
    } else if (form >= FORM_NULL) {
        mechanism->ulParameterLen = input_u8(input);
    } else if (form >= FORM_OCTETS) {
        octets = input_counted(input);
        /* Octets in the place of a structure would be pointers to nowhere. */
        octets.len = octets.len >= 2 * sizeof(void *) ? 2 * sizeof(void *) - 1 : octets.len;
        parameter_set(parameter, octets.ptr, octets.len);
    } else if (form >= FORM_RESIZED) {
        build(input, row, parameter);
        resize(parameter, input_u8(input));
    } else {
        build(input, row, parameter);
    }
}

void parameter_free(struct parameter *parameter)
{
    for (size_t i = 0; i < parameter->memory_count; i++) {
        free(parameter->memory[i]);
    }
    parameter->memory_count = 0;
}
