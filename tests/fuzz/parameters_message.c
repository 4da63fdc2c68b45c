/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/parameters.h"

/* Choices of a length from here on are no length of octets that are there. */
enum { LEN_UNUSUAL = 0xe0, LEN_LIE = 0xf8, ROOM_MAX = 264 };

/* Octets that the module may write; and a length, which is true, or larger than any that is accepted. */
static CK_BYTE_PTR read_room(struct input *input, struct parameter *parameter, size_t usual,
                             CK_ULONG *ret_len)
{
    uint8_t octets[ROOM_MAX] = {0};
    uint8_t choice = input_u8(input);
    size_t len = choice < LEN_UNUSUAL ? usual : choice < LEN_LIE ? input_u8(input) : 0;
    struct cfr_span given = input_octets(input, len < 4 ? len : 4);

    cfr_copy(octets, given.ptr, given.len);
    *ret_len = choice < LEN_LIE ? len : choice < 0xfc ? 1UL << (57 + choice % 4) : len + 12;
    return choice < 0xfc ? parameter_keep(parameter, cfr_span_of(octets, len), 0) : NULL;
}

/* Who makes the nonce, and what it keeps of the one that is there: a few octets, as a rule. */
static void read_generator(struct input *input, CK_GENERATOR_FUNCTION *generator, CK_ULONG *fixed_bits)
{
    uint8_t choice = input_u8(input);

    *generator = choice < LEN_UNUSUAL ? choice % 5 : choice;
    choice = input_u8(input);
    *fixed_bits = choice < LEN_UNUSUAL ? choice % 104 : choice < LEN_LIE ? choice : ~0UL - choice;
}

static void set(struct input *input, struct parameter *parameter, const void *structure, size_t len)
{
    uint8_t choice = input_u8(input);

    parameter->mechanism.pParameter =
        parameter_keep(parameter, cfr_span_of(structure, len), choice >= LEN_UNUSUAL ? 1 : 0);
    parameter->mechanism.ulParameterLen = choice >= LEN_LIE ? len - choice % 8 : len;
}

/* Here a pointer needs no length: the tag has 16 octets, and so many are there. */
static void read_chacha20(struct input *input, struct parameter *parameter)
{
    static const uint8_t tag[16] = {0};
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS params = {0};
    uint8_t choice = input_u8(input);

    params.pNonce = read_room(input, parameter, 12, &params.ulNonceLen);
    params.ulNonceLen *= params.ulNonceLen <= 12 && choice % 2 != 0 ? 8 : 1;
    params.pTag = choice < LEN_LIE ? parameter_keep(parameter, cfr_span_of(tag, sizeof(tag)), 0) : NULL;
    set(input, parameter, &params, sizeof(params));
}

void parameter_read_message(struct input *input, struct parameter *parameter, CK_ULONG text_len)
{
    CK_GCM_MESSAGE_PARAMS gcm = {0};
    CK_CCM_MESSAGE_PARAMS ccm = {0};
    uint8_t choice = input_u8(input);

    if (choice % 3 == 2) {
        read_chacha20(input, parameter);
        return;
    }
    if (choice % 3 == 0) {
        gcm.pIv = read_room(input, parameter, 12, &gcm.ulIvLen);
        read_generator(input, &gcm.ivGenerator, &gcm.ulIvFixedBits);
        gcm.pTag = read_room(input, parameter, choice < 0xc0 ? 16 : 4 + choice % 16U, &gcm.ulTagBits);
        gcm.ulTagBits *= 8;
        set(input, parameter, &gcm, sizeof(gcm));
        return;
    }
    ccm.ulDataLen = choice < 0xf0 ? text_len : ~0UL >> choice % 64;
    ccm.pNonce = read_room(input, parameter, choice < 0xc0 ? 12 : choice % 16U, &ccm.ulNonceLen);
    read_generator(input, &ccm.nonceGenerator, &ccm.ulNonceFixedBits);
    ccm.pMAC = read_room(input, parameter, choice < 0xc0 ? 16 : 2U * (choice % 10U), &ccm.ulMACLen);
    set(input, parameter, &ccm, sizeof(ccm));
}
