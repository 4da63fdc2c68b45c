/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of Diffie-Hellman in a field. */
#include "fuzz/parameters_private.h"

/* A public value of Diffie-Hellman: as long as what resize() has room for, which is shorter than the prime. */
void parameter_dh(struct input *input, struct parameter *parameter)
{
    struct cfr_span octets = input_octets(input, input_u8(input) % 100);

    parameter_set(parameter, octets.ptr, octets.len);
}

/* OtherInfo of RFC 2631 2.1.6, with an octet changed or without, or any octets. */
static void read_other_info(struct input *input, struct parameter *parameter,
                            CK_X9_42_DH1_DERIVE_PARAMS *params)
{
    static const uint8_t info[] = {0x30, 0x1d, 0x30, 0x13, 0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7,
                                   0x0d, 0x01, 0x09, 0x10, 0x03, 0x06, 0x04, 0x04, 0x00, 0x00, 0x00,
                                   0x01, 0xa2, 0x06, 0x04, 0x04, 0x00, 0x00, 0x00, 0xc0};
    uint8_t octet = input_u8(input);
    uint8_t *copy;

    if (octet < 0x80) {
        params->pOtherInfo = parameter_pointed(input, parameter, &params->ulOtherInfoLen);
        return;
    }
    copy = parameter_keep(parameter, cfr_span_of(info, sizeof(info)), 0);
    copy[octet % sizeof(info)] ^= input_u8(input);
    params->pOtherInfo = copy;
    params->ulOtherInfoLen = sizeof(info);
}

void parameter_x942_dh(struct input *input, struct parameter *parameter)
{
    CK_X9_42_DH1_DERIVE_PARAMS params = {.kdf = input_u8(input) % 6};

    read_other_info(input, parameter, &params);
    params.pPublicData = parameter_pointed(input, parameter, &params.ulPublicDataLen);
    parameter_set(parameter, &params, sizeof(params));
}
