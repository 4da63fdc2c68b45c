/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of the post-quantum signatures. */
#include "fuzz/parameters_private.h"

static CK_HEDGE_TYPE read_hedge(struct input *input)
{
    uint8_t octet = input_u8(input);

    return octet < LEN_LIE ? octet % 4 : parameter_lie(input);
}

void parameter_sign_context(struct input *input, struct parameter *parameter)
{
    CK_SIGN_ADDITIONAL_CONTEXT params = {.hedgeVariant = read_hedge(input)};

    if (input_u8(input) % 4 == 0) {
        return;
    }
    params.pContext = parameter_pointed(input, parameter, &params.ulContextLen);
    parameter_set(parameter, &params, sizeof(params));
}

void parameter_hash_sign_context(struct input *input, struct parameter *parameter)
{
    CK_HASH_SIGN_ADDITIONAL_CONTEXT params = {.hedgeVariant = read_hedge(input),
                                              .hash = parameter_hash(input)};

    params.pContext = parameter_pointed(input, parameter, &params.ulContextLen);
    parameter_set(parameter, &params, sizeof(params));
}
