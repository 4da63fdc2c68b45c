/* SPDX-License-Identifier: Apache-2.0 */
#include "crypt.h"

#include "names.h"

#include <stdio.h>
#include <string.h>

/* --- Parameters --- */

static const struct {
    CK_MECHANISM_TYPE hash;
    CK_RSA_PKCS_MGF_TYPE mgf;
    CK_ULONG len;
} hashes[] = {
    {CKM_SHA_1, CKG_MGF1_SHA1, 20},    {CKM_SHA224, CKG_MGF1_SHA224, 28}, {CKM_SHA256, CKG_MGF1_SHA256, 32},
    {CKM_SHA384, CKG_MGF1_SHA384, 48}, {CKM_SHA512, CKG_MGF1_SHA512, 64},
};

static void make_pss(struct diff_world *world, CK_MECHANISM_TYPE hash, struct diff_mechanism *to)
{
    size_t i = 0;

    while (hashes[i].hash != hash) {
        i++;
    }
    to->param.pss =
        (CK_RSA_PKCS_PSS_PARAMS){hash, hashes[i].mgf, diff_below(&world->random, hashes[i].len - 3)};
    if (diff_chance(&world->random, 5)) {
        to->param.pss.sLen = 4000;
        to->what = "long salt";
    } else if (diff_chance(&world->random, 8)) {
        const size_t other = diff_below(&world->random, 5);

        to->param.pss.mgf = hashes[other].mgf;
        to->what = other == i ? "plain" : "other MGF";
    }
}

static void make_oaep(struct diff_world *world, struct diff_mechanism *to)
{
    const size_t i = diff_chance(&world->random, 80) ? 0 : diff_below(&world->random, 5);

    to->what = i == 0 ? "plain" : "not SHA-1";
    to->param.oaep = (CK_RSA_PKCS_OAEP_PARAMS){hashes[i].hash, hashes[i].mgf, CKZ_DATA_SPECIFIED, NULL, 0};
    if (diff_chance(&world->random, 10)) {
        to->param.oaep.pSourceData = to->octets;
        to->param.oaep.ulSourceDataLen = 5;
        to->what = "label";
    }
}

static void make_gcm(struct diff_world *world, struct diff_mechanism *to)
{
    static const CK_ULONG tags[] = {128, 128, 128, 120, 112, 104, 96};
    static const CK_ULONG ivs[] = {12, 12, 12, 16, 8, 1, 64};
    const CK_ULONG iv_len = DIFF_PICK(&world->random, ivs);

    to->param.gcm = (CK_GCM_PARAMS){.pIv = to->octets,
                                    .ulIvLen = iv_len,
                                    .ulIvBits = iv_len * 8,
                                    .pAAD = to->aad,
                                    .ulAADLen = diff_below(&world->random, sizeof(to->aad)),
                                    .ulTagBits = DIFF_PICK(&world->random, tags)};
    if (diff_chance(&world->random, 6)) {
        to->param.gcm.ulTagBits = diff_chance(&world->random, 50) ? 64 : 136;
        to->what = to->param.gcm.ulTagBits == 64 ? "64-bit tag" : "136-bit tag";
    } else if (iv_len != 12) {
        to->what = "long or short IV";
    }
}

static void spoil(struct diff_world *world, struct diff_mechanism *to)
{
    switch (diff_below(&world->random, 3)) {
    case 0:
        to->mechanism.pParameter = NULL;
        to->mechanism.ulParameterLen = 0;
        to->what = "no parameter";
        break;
    case 1:
        to->mechanism.ulParameterLen++;
        to->what = "long parameter";
        break;
    default:
        to->mechanism.ulParameterLen--;
        to->what = "short parameter";
        break;
    }
}

void diff_mechanism_make(struct diff_world *world, const struct diff_mech_row *row, struct diff_mechanism *to)
{
    static const CK_ULONG lens[] = {0,
                                    16,
                                    sizeof(CK_AES_CTR_PARAMS),
                                    sizeof(CK_GCM_PARAMS),
                                    sizeof(CK_RSA_PKCS_OAEP_PARAMS),
                                    sizeof(CK_RSA_PKCS_PSS_PARAMS)};

    memset(to, 0, sizeof(*to));
    to->what = "plain";
    to->mechanism =
        (CK_MECHANISM){row->type, row->param == DIFF_PARAM_NONE ? NULL : &to->param, lens[row->param]};
    diff_fill(&world->random, to->octets, sizeof(to->octets));
    diff_fill(&world->random, to->aad, sizeof(to->aad));
    if (row->param == DIFF_PARAM_IV) {
        diff_fill(&world->random, to->param.iv, 16);
    } else if (row->param == DIFF_PARAM_CTR) {
        to->param.ctr.ulCounterBits = diff_chance(&world->random, 60) ? 128 : 32;
        memcpy(to->param.ctr.cb, to->octets, 12);
    } else if (row->param == DIFF_PARAM_GCM) {
        make_gcm(world, to);
    } else if (row->param == DIFF_PARAM_OAEP) {
        make_oaep(world, to);
    } else if (row->param == DIFF_PARAM_PSS) {
        make_pss(world, row->hash, to);
    }
    if (row->param != DIFF_PARAM_NONE && diff_chance(&world->random, 5)) {
        spoil(world, to);
    }
}

/* --- Output --- */

static const char *const verb_names[] = {
    "C_Encrypt", "C_EncryptUpdate", "C_Decrypt",      "C_DecryptUpdate", "C_Digest",
    "C_Sign",    "C_EncryptFinal",  "C_DecryptFinal", "C_DigestFinal",   "C_SignFinal",
};

typedef CK_RV (*turn_fn)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG, CK_BYTE_PTR, CK_ULONG_PTR);
typedef CK_RV (*fill_fn)(CK_SESSION_HANDLE, CK_BYTE_PTR, CK_ULONG_PTR);

static CK_RV call_one(struct diff_world *world, unsigned side, enum diff_verb verb, CK_SESSION_HANDLE session,
                      const struct diff_input *input, uint8_t *out, CK_ULONG *len)
{
    const CK_FUNCTION_LIST_PTR at = world->at[side];
    const turn_fn turns[] = {at->C_Encrypt,       at->C_EncryptUpdate, at->C_Decrypt,
                             at->C_DecryptUpdate, at->C_Digest,        at->C_Sign};
    const fill_fn fills[] = {at->C_EncryptFinal, at->C_DecryptFinal, at->C_DigestFinal, at->C_SignFinal};

    diff_mark(world, side, verb_names[verb]);
    if (verb >= DIFF_ENCRYPT_FINAL) {
        return fills[verb - DIFF_ENCRYPT_FINAL](session, out, len);
    }
    return turns[verb](session, (CK_BYTE_PTR)(uintptr_t)input->octets[side], input->len[side], out, len);
}

static CK_RV call_both(struct diff_world *world, enum diff_verb verb, const struct diff_session *session,
                       const struct diff_input *input, struct diff_output *out, bool is_query, CK_ULONG room)
{
    for (unsigned s = 0; s < SIDES; s++) {
        out->len[s] = room;
        world->rv[s] = call_one(world, s, verb, session->handle[s], input, is_query ? NULL : out->octets[s],
                                &out->len[s]);
    }
    return diff_judge(world);
}

/* Ask for the length: it may be too large, never too small. Then offer too little. */
static CK_RV ask(struct diff_world *world, enum diff_verb verb, struct diff_session *session,
                 const struct diff_input *input, CK_ULONG need[SIDES])
{
    static struct diff_output out;
    char hint[sizeof(world->hint)];

    memcpy(hint, world->hint, sizeof(hint));
    diff_hint(world, "%.160s, length query", hint);
    CK_RV rv = call_both(world, verb, session, input, &out, true, 0);

    need[COFFER] = out.len[COFFER];
    need[SOFTHSM] = out.len[SOFTHSM];
    const bool is_small = need[COFFER] > 1 && need[SOFTHSM] > 1 && diff_chance(&world->random, 50);

    if (rv == CKR_OK && is_small) {
        diff_hint(world, "%.160s, short buffer", hint);
        rv = call_both(world, verb, session, input, &out, false, 1);
        rv = rv == CKR_BUFFER_TOO_SMALL ? CKR_OK : rv;
    }
    diff_hint(world, "%.160s", hint);
    return rv;
}

CK_RV diff_produce(struct diff_world *world, enum diff_verb verb, struct diff_session *session,
                   const struct diff_input *input, struct diff_output *ret)
{
    CK_ULONG need[SIDES] = {0, 0};
    const bool is_asked = diff_chance(&world->random, 30);
    CK_RV rv = CKR_OK;

    if (is_asked) {
        rv = ask(world, verb, session, input, need);
    }
    if (rv == CKR_OK) {
        rv = call_both(world, verb, session, input, ret, false, DIFF_OUT_LEN);
    }
    if (rv == CKR_OK && is_asked) {
        (void)diff_same(world, need[COFFER] >= ret->len[COFFER], "Coffer asks for too little");
        (void)diff_same(world, need[SOFTHSM] >= ret->len[SOFTHSM], "SoftHSM asks for too little");
    }
    if (rv == DIFF_SPLIT) {
        diff_session_renew(world, session);
    }
    return rv;
}

void diff_ended(struct diff_world *world, enum diff_verb verb, struct diff_session *session)
{
    static struct diff_output out;
    static const uint8_t octet;
    const struct diff_input input = diff_input_same(&octet, 1);
    char hint[sizeof(world->hint)];

    memcpy(hint, world->hint, sizeof(hint));
    diff_hint(world, "%.160s, after the end", hint);
    if (call_both(world, verb, session, &input, &out, false, DIFF_OUT_LEN) != CKR_OPERATION_NOT_INITIALIZED) {
        diff_session_renew(world, session);
    }
}

struct diff_input diff_input_same(const uint8_t *octets, CK_ULONG len)
{
    return (struct diff_input){{octets, octets}, {len, len}};
}

struct diff_input diff_input_output(const struct diff_output *output, bool is_crossed)
{
    const unsigned first = is_crossed ? SOFTHSM : COFFER;
    const unsigned second = is_crossed ? COFFER : SOFTHSM;

    return (struct diff_input){{output->octets[first], output->octets[second]},
                               {output->len[first], output->len[second]}};
}
