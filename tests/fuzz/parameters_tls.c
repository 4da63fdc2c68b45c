/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the TLS mechanisms. */
#include "fuzz/parameters_private.h"
#include "mech/params_tls.h"

static CK_MECHANISM_TYPE read_tls_hash(struct input *input)
{
    static const CK_MECHANISM_TYPE hashes[] = {CKM_SHA256, CKM_SHA384, CKM_TLS_PRF, CKM_SHA_1,
                                               CKM_SHA256_HMAC};

    return hashes[input_u8(input) % (sizeof(hashes) / sizeof(hashes[0]))];
}

static CK_BYTE_PTR read_random(struct input *input, struct parameter *parameter)
{
    uint8_t octets[CFR_TLS_RANDOM_LEN] = {input_u8(input)};

    return parameter_keep(parameter, cfr_span_of(octets, sizeof(octets)), 0);
}

static CK_SSL3_RANDOM_DATA read_randoms(struct input *input, struct parameter *parameter)
{
    uint8_t choice = input_u8(input);
    CK_ULONG len = choice < LEN_LIE ? CFR_TLS_RANDOM_LEN : parameter_lie(input);

    return (CK_SSL3_RANDOM_DATA){read_random(input, parameter), CFR_TLS_RANDOM_LEN,
                                 read_random(input, parameter), len};
}

/* Where a version goes, at an odd address; or nowhere. */
static CK_VERSION_PTR read_version(struct input *input, struct parameter *parameter)
{
    return input_u8(input) % 2 == 0 ? NULL
                                    : (CK_VERSION_PTR)parameter_keep(parameter, cfr_span_of("\3\3", 2), 1);
}

void parameter_tls_version(struct input *input, struct parameter *parameter)
{
    parameter_octets(input, parameter, sizeof(CK_VERSION));
}

void parameter_tls_master(struct input *input, struct parameter *parameter)
{
    CK_TLS12_MASTER_KEY_DERIVE_PARAMS params = {.prfHashMechanism = read_tls_hash(input)};

    params.RandomInfo = read_randoms(input, parameter);
    params.pVersion = read_version(input, parameter);
    parameter_set(parameter, &params, sizeof(params));
}

void parameter_tls_extended(struct input *input, struct parameter *parameter)
{
    CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS params = {.prfHashMechanism = read_tls_hash(input)};

    params.pSessionHash = read_random(input, parameter);
    params.ulSessionHashLen = input_u8(input) < LEN_LIE ? CFR_TLS_RANDOM_LEN : 0;
    params.pVersion = read_version(input, parameter);
    parameter_set(parameter, &params, sizeof(params));
}

/* Lengths in bits, mostly whole octets; an IV is never longer than its place. */
void parameter_tls_block(struct input *input, struct parameter *parameter)
{
    static const uint8_t room[256] = {0};
    CK_SSL3_KEY_MAT_OUT out = {.pIVClient = parameter_keep(parameter, cfr_span_of(room, sizeof(room)), 0),
                               .pIVServer = parameter_keep(parameter, cfr_span_of(room, sizeof(room)), 1)};
    CK_TLS12_KEY_MAT_PARAMS params = {.ulMacSizeInBits = 8UL * (input_u8(input) % 65),
                                      .ulKeySizeInBits = 8UL * (input_u8(input) % 33),
                                      .ulIVSizeInBits = input_u8(input),
                                      .bIsExport = input_u8(input) >= LEN_LIE,
                                      .prfHashMechanism = read_tls_hash(input)};

    if (input_u8(input) >= LEN_LIE) {
        params.ulMacSizeInBits = parameter_lie(input);
    }
    out.pIVServer = input_u8(input) >= LEN_LIE ? NULL : out.pIVServer;
    params.RandomInfo = read_randoms(input, parameter);
    params.pReturnedKeyMaterial = parameter_keep(parameter, cfr_span_of(&out, sizeof(out)), 1);
    parameter_set(parameter, &params, sizeof(params));
}

void parameter_tls_kdf(struct input *input, struct parameter *parameter)
{
    CK_TLS_KDF_PARAMS params = {.prfMechanism = read_tls_hash(input)};

    params.RandomInfo = read_randoms(input, parameter);
    params.pLabel = parameter_pointed(input, parameter, &params.ulLabelLength);
    params.pContextData = parameter_pointed(input, parameter, &params.ulContextDataLength);
    parameter_set(parameter, &params, sizeof(params));
}

void parameter_tls_mac(struct input *input, struct parameter *parameter)
{
    uint8_t octet = input_u8(input);
    CK_TLS_MAC_PARAMS params = {read_tls_hash(input), octet < LEN_LIE ? octet : parameter_lie(input),
                                input_u8(input) % 4};

    parameter_set(parameter, &params, sizeof(params));
}
