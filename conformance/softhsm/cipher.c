/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption and decryption: what one module encrypts, the other one decrypts. */
#include "crypt.h"
#include "make.h"
#include "names.h"

#include <string.h>

enum { DATA_MAX = 600 };

static const struct diff_mech_row rows[] = {
    {.type = CKM_AES_ECB, .key_type = CKK_AES},
    {.type = CKM_AES_CBC, .key_type = CKK_AES, .param = DIFF_PARAM_IV},
    {.type = CKM_AES_CBC_PAD, .key_type = CKK_AES, .param = DIFF_PARAM_IV},
    {.type = CKM_AES_CTR, .key_type = CKK_AES, .param = DIFF_PARAM_CTR},
    {.type = CKM_AES_GCM, .key_type = CKK_AES, .param = DIFF_PARAM_GCM},
    {.type = CKM_RSA_PKCS, .key_type = CKK_RSA, .is_random = true, .is_single = true},
    {.type = CKM_RSA_PKCS_OAEP,
     .key_type = CKK_RSA,
     .param = DIFF_PARAM_OAEP,
     .is_random = true,
     .is_single = true},
    {.type = CKM_RSA_X_509, .key_type = CKK_RSA, .is_single = true},
};

/* What of an operation is the same in both directions. */
struct job {
    const struct diff_mech_row *row;
    struct diff_mechanism mechanism;
    struct diff_session *session;
    struct diff_object *key;
    bool is_encryption;
};

static CK_ULONG pick_len(struct diff_world *world, const struct diff_mech_row *row)
{
    if (row->key_type == CKK_RSA) {
        return row->type == CKM_RSA_X_509 ? 128 - diff_below(&world->random, 4)
                                          : diff_below(&world->random, 130);
    }
    const bool has_blocks = row->type == CKM_AES_ECB || row->type == CKM_AES_CBC;
    const CK_ULONG len = diff_below(&world->random, DATA_MAX);

    return has_blocks && diff_chance(&world->random, 85) ? len / 16 * 16 : len;
}

static CK_RV begin(struct diff_world *world, struct job *job)
{
    diff_hint(world, "%s %s, %s %s, %s", diff_mechanism_name(job->row->type), job->mechanism.what,
              job->key->origin, diff_key_type_name(job->key->key_type), diff_class_name(job->key->class));
    if (job->is_encryption) {
        CALL(world, C_EncryptInit, job->session->handle[s], &job->mechanism.mechanism, job->key->handle[s]);
    } else {
        CALL(world, C_DecryptInit, job->session->handle[s], &job->mechanism.mechanism, job->key->handle[s]);
    }
    const CK_RV rv = diff_judge(world);

    if (rv == DIFF_SPLIT) {
        diff_session_renew(world, job->session);
    }
    return rv;
}

/* In parts: the outputs of all of them, one after the other. */
static CK_RV in_parts(struct diff_world *world, struct job *job, const struct diff_input *input,
                      struct diff_output *ret)
{
    static struct diff_output part;
    const enum diff_verb update = job->is_encryption ? DIFF_ENCRYPT_UPDATE : DIFF_DECRYPT_UPDATE;
    const enum diff_verb final = job->is_encryption ? DIFF_ENCRYPT_FINAL : DIFF_DECRYPT_FINAL;
    CK_ULONG at = 0;
    CK_RV rv = CKR_OK;

    ret->len[COFFER] = ret->len[SOFTHSM] = 0;
    while (rv == CKR_OK) {
        const bool is_end = at == input->len[COFFER] || at == input->len[SOFTHSM];
        const CK_ULONG left = input->len[COFFER] - at;
        const CK_ULONG step = left < 64 ? left : 1 + diff_below(&world->random, left);
        const struct diff_input piece = {{input->octets[0] + at, input->octets[1] + at}, {step, step}};

        rv = diff_produce(world, is_end ? final : update, job->session, &piece, &part);
        for (unsigned s = 0; rv == CKR_OK && s < SIDES; s++) {
            memcpy(ret->octets[s] + ret->len[s], part.octets[s], part.len[s]);
            ret->len[s] += part.len[s];
        }
        if (is_end) {
            break;
        }
        at += step;
    }
    return rv;
}

static CK_RV run(struct diff_world *world, struct job *job, const struct diff_input *input,
                 struct diff_output *ret)
{
    const enum diff_verb verb = job->is_encryption ? DIFF_ENCRYPT : DIFF_DECRYPT;
    const bool is_parted = diff_chance(&world->random, 50) && input->len[COFFER] == input->len[SOFTHSM];
    CK_RV rv = begin(world, job);

    if (rv != CKR_OK) {
        return rv;
    }
    diff_hint(world, "%s %s, %s%s", diff_mechanism_name(job->row->type), job->mechanism.what,
              input->len[COFFER] % 16 == 0 ? "blocks" : "uneven", is_parted ? " in parts" : "");
    rv = is_parted ? in_parts(world, job, input, ret) : diff_produce(world, verb, job->session, input, ret);
    if (rv != DIFF_SPLIT) {
        diff_ended(world, verb, job->session);
    }
    return rv;
}

/* The key that decrypts; NULL: none that is known to both. */
static struct diff_object *partner(struct diff_world *world, struct diff_object *key)
{
    return key->class == CKO_SECRET_KEY ? key
           : key->pair < 0              ? NULL
                                        : diff_import(world, CKO_PRIVATE_KEY, key->key_type, key->pair);
}

static void decrypt_back(struct diff_world *world, struct job *job, const struct diff_output *encrypted,
                         const uint8_t *data, CK_ULONG len)
{
    static struct diff_output plain;
    const struct diff_input input = diff_input_output(encrypted, !job->key->is_own);

    job->is_encryption = false;
    job->key = partner(world, job->key);
    if (job->key == NULL || run(world, job, &input, &plain) != CKR_OK) {
        return;
    }
    for (unsigned s = 0; s < SIDES; s++) {
        const CK_ULONG pad = job->row->type == CKM_RSA_X_509 ? plain.len[s] - len : 0;

        (void)diff_same(world, plain.len[s] == len + pad && memcmp(plain.octets[s] + pad, data, len) == 0,
                        s == COFFER ? "Coffer decrypts to something else"
                                    : "SoftHSM decrypts to something else");
    }
}

void diff_act_encrypt(struct diff_world *world)
{
    static struct diff_output out;
    struct job job = {
        .row = &DIFF_PICK(&world->random, rows), .session = diff_session_pick(world), .is_encryption = true};
    uint8_t data[DATA_MAX];
    const CK_ULONG len = pick_len(world, job.row);
    const struct diff_input input = diff_input_same(data, len);

    if (job.session == NULL) {
        return;
    }
    diff_fill(&world->random, data, len);
    data[0] = job.row->type == CKM_RSA_X_509 ? 0 : data[0];
    job.key = diff_key_for(world, job.row->key_type == CKK_RSA ? CKO_PUBLIC_KEY : CKO_SECRET_KEY,
                           job.row->key_type);
    diff_mechanism_make(world, job.row, &job.mechanism);
    if (job.key == NULL || run(world, &job, &input, &out) != CKR_OK) {
        return;
    }
    if (job.row->is_random || job.key->is_own) {
        (void)diff_same(world, out.len[COFFER] == out.len[SOFTHSM], "length");
    } else {
        (void)diff_same_octets(world, &out, "ciphertext");
    }
    decrypt_back(world, &job, &out, data, len);
}

void diff_act_decrypt(struct diff_world *world)
{
    static struct diff_output out;
    struct job job = {.row = &DIFF_PICK(&world->random, rows), .session = diff_session_pick(world)};
    uint8_t data[DATA_MAX];
    const CK_ULONG len =
        job.row->key_type == CKK_RSA && diff_chance(&world->random, 80) ? 128 : pick_len(world, job.row);
    const struct diff_input input = diff_input_same(data, len);

    if (job.session == NULL) {
        return;
    }
    diff_fill(&world->random, data, len);
    data[0] = job.row->key_type == CKK_RSA ? 0 : data[0];
    job.key = diff_key_for(world, job.row->key_type == CKK_RSA ? CKO_PRIVATE_KEY : CKO_SECRET_KEY,
                           job.row->key_type);
    diff_mechanism_make(world, job.row, &job.mechanism);
    if (job.key != NULL && run(world, &job, &input, &out) == CKR_OK && !job.key->is_own) {
        (void)diff_same_octets(world, &out, "plaintext");
    }
}
