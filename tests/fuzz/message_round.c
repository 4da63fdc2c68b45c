/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/message_round.h"

/* The state of a round. */
struct round {
    CK_SESSION_HANDLE session;
    CK_VOID_PTR parameter;
    CK_ULONG parameter_len;
    struct cfr_span aad;
    struct cfr_span text;
    CK_BYTE *sealed; /* as long as the text */
    CK_BYTE *opened;
};

static CK_BYTE_PTR unconst(const uint8_t *octets)
{
    return (CK_BYTE_PTR)(uintptr_t)octets;
}

/* The tag, which the parameter points to; NULL where it does not. */
static CK_BYTE_PTR tag_of(const struct round *round)
{
    CK_GCM_MESSAGE_PARAMS gcm;
    CK_CCM_MESSAGE_PARAMS ccm;
    CK_SALSA20_CHACHA20_POLY1305_MSG_PARAMS chacha20;

    if (round->parameter_len == sizeof(chacha20)) {
        cfr_copy(&chacha20, round->parameter, sizeof(chacha20));
        return chacha20.pTag;
    }
    if (round->parameter_len == sizeof(gcm)) {
        cfr_copy(&gcm, round->parameter, sizeof(gcm));
        return gcm.pTag;
    }
    cfr_copy(&ccm, round->parameter, sizeof(ccm));
    return ccm.pMAC;
}

static CK_RV seal(const struct round *round)
{
    CK_ULONG len = round->text.len;
    CK_ULONG need = 0;
    CK_RV rv = CHECKED(C_EncryptMessage(round->session, round->parameter, round->parameter_len,
                                        unconst(round->aad.ptr), round->aad.len, unconst(round->text.ptr),
                                        round->text.len, round->sealed, &len));

    ORACLE(rv != CKR_BUFFER_TOO_SMALL && (rv != CKR_OK || len == round->text.len));
    ORACLE(CHECKED(C_EncryptMessage(round->session, round->parameter, round->parameter_len, NULL, 0,
                                    unconst(round->text.ptr), round->text.len, NULL, &need)) != CKR_OK ||
           need == round->text.len);
    return rv;
}

static CK_RV open_whole(const struct round *round)
{
    CK_ULONG len = round->text.len;

    return CHECKED(C_DecryptMessage(round->session, round->parameter, round->parameter_len,
                                    unconst(round->aad.ptr), round->aad.len, round->sealed, round->text.len,
                                    round->opened, &len));
}

/* Nothing comes out before the end. */
static CK_RV open_parts(const struct round *round, size_t part_len)
{
    struct cfr_span left = cfr_span_of(round->sealed, round->text.len);
    CK_RV rv = CHECKED(C_DecryptMessageBegin(round->session, round->parameter, round->parameter_len,
                                             unconst(round->aad.ptr), round->aad.len));
    CK_ULONG len = 0;

    while (rv == CKR_OK && left.len > part_len) {
        rv = CHECKED(C_DecryptMessageNext(round->session, round->parameter, round->parameter_len,
                                          unconst(left.ptr), part_len, round->opened, &len, 0));
        ORACLE(rv != CKR_OK || len == 0);
        left = cfr_span_after(left, part_len);
    }
    len = round->text.len;
    return rv != CKR_OK ? rv
                        : CHECKED(C_DecryptMessageNext(round->session, round->parameter, round->parameter_len,
                                                       unconst(left.ptr), left.len, round->opened, &len,
                                                       CKF_END_OF_MESSAGE));
}

static bool is_text(const struct round *round)
{
    return cfr_span_equal(cfr_span_of(round->opened, round->text.len), round->text);
}

/* What is wiped cannot be told from such a text. */
static bool is_blank(struct cfr_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != 0) {
            return false;
        }
    }
    return true;
}

static void check_round(const struct round *round, uint8_t cut)
{
    ORACLE(open_whole(round) == CKR_OK && is_text(round));
    memset(round->opened, 0, round->text.len);
    ORACLE(open_parts(round, 1U + cut) == CKR_OK && is_text(round));
    memset(round->opened, 0, round->text.len);
    tag_of(round)[0] ^= 1;
    ORACLE(open_whole(round) == CKR_AEAD_DECRYPT_FAILED);
    ORACLE(open_parts(round, 1U + cut) == CKR_AEAD_DECRYPT_FAILED);
    ORACLE(round->text.len < 16 || is_blank(round->text) || !is_text(round));
}

void message_round(struct input *input, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type,
                   CK_OBJECT_HANDLE key, struct cfr_span text, uint8_t cut)
{
    CK_MECHANISM mechanism = {.mechanism = type};
    struct parameter parameter = {.memory_count = 0};
    struct round round = {.session = session,
                          .aad = cfr_span_of(text.ptr, cut < text.len ? cut : text.len),
                          .text = text,
                          .sealed = calloc(1, text.len),
                          .opened = calloc(1, text.len)};

    parameter_read_message(input, &parameter, text.len);
    round.parameter = parameter.mechanism.pParameter;
    round.parameter_len = parameter.mechanism.ulParameterLen;
    if (CHECKED(C_MessageEncryptInit(session, &mechanism, key)) == CKR_OK) {
        if (seal(&round) == CKR_OK) {
            ORACLE(CHECKED(C_MessageDecryptInit(session, &mechanism, key)) == CKR_OK);
            check_round(&round, cut);
            ORACLE(C_MessageDecryptFinal(session) == CKR_OK);
        }
        ORACLE(C_MessageEncryptFinal(session) == CKR_OK);
    }
    parameter_free(&parameter);
    free(round.sealed);
    free(round.opened);
}
