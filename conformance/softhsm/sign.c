/* SPDX-License-Identifier: Apache-2.0 */
/* Digests, signatures and MACs: what one module signs, the other one verifies. */
#include "crypt.h"
#include "make.h"
#include "names.h"

#include <string.h>

enum { DATA_MAX = 300 };

#define RSA(name)                                                                                            \
    {                                                                                                        \
        .type = name, .key_type = CKK_RSA                                                                    \
    }
#define PSS(name, with)                                                                                      \
    {                                                                                                        \
        .type = name, .key_type = CKK_RSA, .param = DIFF_PARAM_PSS, .hash = with, .is_random = true          \
    }
#define HMAC(name)                                                                                           \
    {                                                                                                        \
        .type = name, .key_type = CKK_GENERIC_SECRET                                                         \
    }

static const struct diff_mech_row rows[] = {
    {.type = CKM_RSA_PKCS, .key_type = CKK_RSA, .is_single = true},
    {.type = CKM_RSA_X_509, .key_type = CKK_RSA, .is_single = true},
    {.type = CKM_RSA_PKCS_PSS,
     .key_type = CKK_RSA,
     .param = DIFF_PARAM_PSS,
     .hash = CKM_SHA256,
     .is_random = true,
     .is_single = true},
    RSA(CKM_SHA1_RSA_PKCS),
    RSA(CKM_SHA224_RSA_PKCS),
    RSA(CKM_SHA256_RSA_PKCS),
    RSA(CKM_SHA384_RSA_PKCS),
    RSA(CKM_SHA512_RSA_PKCS),
    PSS(CKM_SHA1_RSA_PKCS_PSS, CKM_SHA_1),
    PSS(CKM_SHA224_RSA_PKCS_PSS, CKM_SHA224),
    PSS(CKM_SHA256_RSA_PKCS_PSS, CKM_SHA256),
    PSS(CKM_SHA384_RSA_PKCS_PSS, CKM_SHA384),
    PSS(CKM_SHA512_RSA_PKCS_PSS, CKM_SHA512),
    {.type = CKM_ECDSA, .key_type = CKK_EC, .is_random = true, .is_single = true},
    {.type = CKM_EDDSA, .key_type = CKK_EC_EDWARDS, .is_single = true},
    HMAC(CKM_SHA_1_HMAC),
    HMAC(CKM_SHA224_HMAC),
    HMAC(CKM_SHA256_HMAC),
    HMAC(CKM_SHA384_HMAC),
    HMAC(CKM_SHA512_HMAC),
    {.type = CKM_AES_CMAC, .key_type = CKK_AES},
};

struct job {
    const struct diff_mech_row *row;
    struct diff_mechanism mechanism;
    struct diff_session *session;
    struct diff_object *key;
    uint8_t data[DATA_MAX];
    CK_ULONG len;
};

static bool is_public_key(const struct diff_mech_row *row)
{
    return row->key_type == CKK_RSA || row->key_type == CKK_EC || row->key_type == CKK_EC_EDWARDS;
}

static bool prepare(struct diff_world *world, struct job *job, bool is_signature)
{
    job->row = &DIFF_PICK(&world->random, rows);
    job->session = diff_session_pick(world);
    job->len = diff_below(&world->random, DATA_MAX);
    if (job->session == NULL) {
        return false;
    }
    if (job->row->is_single && job->row->key_type != CKK_EC_EDWARDS && diff_chance(&world->random, 85)) {
        job->len = 32;
    }
    diff_fill(&world->random, job->data, job->len);
    if (job->row->type == CKM_RSA_X_509) {
        /* Longer than the modulus, and SoftHSM ends the process with status 5. */
        job->len %= 129;
        job->data[0] = 0;
    }
    const CK_OBJECT_CLASS class = !is_public_key(job->row) ? CKO_SECRET_KEY
                                  : is_signature           ? CKO_PRIVATE_KEY
                                                           : CKO_PUBLIC_KEY;

    job->key = diff_key_for(world, class, job->row->key_type);
    diff_mechanism_make(world, job->row, &job->mechanism);
    return job->key != NULL;
}

static void hint(struct diff_world *world, const struct job *job, const char *what)
{
    diff_hint(world, "%s %s, %s %s, %s%s", diff_mechanism_name(job->row->type), job->mechanism.what,
              job->key->origin, diff_key_type_name(job->key->key_type), diff_class_name(job->key->class),
              what);
}

/* One part after the other. */
static CK_RV update(struct diff_world *world, struct job *job, bool is_signature)
{
    CK_RV rv = CKR_OK;

    for (CK_ULONG at = 0; at < job->len && rv == CKR_OK;) {
        const CK_ULONG step = 1 + diff_below(&world->random, job->len - at);

        if (is_signature) {
            CALL(world, C_SignUpdate, job->session->handle[s], job->data + at, step);
        } else {
            CALL(world, C_VerifyUpdate, job->session->handle[s], job->data + at, step);
        }
        rv = diff_judge(world);
        at += step;
    }
    if (rv == DIFF_SPLIT) {
        diff_session_renew(world, job->session);
    }
    return rv;
}

/* --- Verify --- */

/* Verify what @p signature has for each side. */
static CK_RV verify(struct diff_world *world, struct job *job, const struct diff_input *signature,
                    const char *what)
{
    const bool is_parted = diff_chance(&world->random, 50) && !job->row->is_single;

    hint(world, job, what);
    CALL(world, C_VerifyInit, job->session->handle[s], &job->mechanism.mechanism, job->key->handle[s]);
    CK_RV rv = diff_judge(world);

    if (rv != CKR_OK) {
        if (rv == DIFF_SPLIT) {
            diff_session_renew(world, job->session);
        }
        return rv;
    }
    if (is_parted) {
        rv = update(world, job, false);
        if (rv != CKR_OK) {
            return rv;
        }
        CALL(world, C_VerifyFinal, job->session->handle[s], (CK_BYTE_PTR)(uintptr_t)signature->octets[s],
             signature->len[s]);
    } else {
        CALL(world, C_Verify, job->session->handle[s], job->data, job->len,
             (CK_BYTE_PTR)(uintptr_t)signature->octets[s], signature->len[s]);
    }
    rv = diff_judge(world);
    if (rv == DIFF_SPLIT) {
        diff_session_renew(world, job->session);
    }
    return rv;
}

void diff_act_verify(struct diff_world *world)
{
    static const CK_ULONG lens[] = {0, 1, 20, 32, 64, 96, 128, 256};
    struct job job;
    uint8_t octets[256];

    if (!prepare(world, &job, false)) {
        return;
    }
    const CK_ULONG len = DIFF_PICK(&world->random, lens);
    const struct diff_input signature = diff_input_same(octets, len);

    diff_fill(&world->random, octets, sizeof(octets));
    octets[0] = 0;
    (void)verify(world, &job, &signature, ", random signature");
}

/* The signature of one by the key of the other; then the same spoilt. */
static void verify_back(struct diff_world *world, struct job *job, struct diff_output *made)
{
    const bool is_own = job->key->is_own;
    const struct diff_input signature = diff_input_output(made, !is_own);

    if (job->key->class == CKO_PRIVATE_KEY) {
        job->key = job->key->pair < 0
                       ? NULL
                       : diff_import(world, CKO_PUBLIC_KEY, job->key->key_type, job->key->pair);
    }
    if (job->key == NULL) {
        return;
    }
    const CK_RV rv = verify(world, job, &signature, ", made by the other");

    if (rv != DIFF_SPLIT && rv != CKR_KEY_FUNCTION_NOT_PERMITTED) {
        (void)diff_same(world, rv == CKR_OK, "not verified");
    }
    made->octets[COFFER][made->len[COFFER] - 1] ^= 1;
    made->octets[SOFTHSM][made->len[SOFTHSM] - 1] ^= 1;
    const CK_RV spoilt = verify(world, job, &signature, ", spoilt");

    (void)diff_same(world, spoilt != CKR_OK, "verified");
}

/* --- Sign --- */

void diff_act_sign(struct diff_world *world)
{
    static struct diff_output made;
    struct job job;

    if (!prepare(world, &job, true)) {
        return;
    }
    const struct diff_input input = diff_input_same(job.data, job.len);
    const bool is_parted =
        diff_chance(&world->random, 50) && (!job.row->is_single || diff_chance(&world->random, 10));

    hint(world, &job, "");
    CALL(world, C_SignInit, job.session->handle[s], &job.mechanism.mechanism, job.key->handle[s]);
    CK_RV rv = diff_judge(world);

    if (rv != CKR_OK) {
        if (rv == DIFF_SPLIT) {
            diff_session_renew(world, job.session);
        }
        return;
    }
    diff_hint(world, "%s %s, %s%s", diff_mechanism_name(job.row->type), job.mechanism.what,
              job.len == 32 ? "32 octets" : "any length", is_parted ? " in parts" : "");
    rv = is_parted ? update(world, &job, true) : CKR_OK;
    if (rv == CKR_OK) {
        rv = diff_produce(world, is_parted ? DIFF_SIGN_FINAL : DIFF_SIGN, job.session, &input, &made);
    }
    if (rv != DIFF_SPLIT) {
        diff_ended(world, DIFF_SIGN, job.session);
    }
    if (rv != CKR_OK) {
        return;
    }
    if (job.row->is_random || job.key->is_own) {
        (void)diff_same(world, made.len[COFFER] == made.len[SOFTHSM], "length");
    } else {
        (void)diff_same_octets(world, &made, "signature");
    }
    verify_back(world, &job, &made);
}

/* --- Digest --- */

static CK_RV digest_parts(struct diff_world *world, struct diff_session *session, uint8_t *data, CK_ULONG len)
{
    CK_RV rv = CKR_OK;

    for (CK_ULONG at = 0; at < len && rv == CKR_OK;) {
        const CK_ULONG step = 1 + diff_below(&world->random, len - at);

        CALL(world, C_DigestUpdate, session->handle[s], data + at, step);
        rv = diff_judge(world);
        at += step;
    }
    return rv;
}

static CK_RV digest_key(struct diff_world *world, struct diff_session *session)
{
    const struct diff_object *key = diff_key_for(world, CKO_SECRET_KEY, CKK_GENERIC_SECRET);

    if (key == NULL || key->is_own) {
        return CKR_OK;
    }
    diff_hint(world, "%s %s", key->origin, diff_class_name(key->class));
    CALL(world, C_DigestKey, session->handle[s], key->handle[s]);
    return diff_judge(world);
}

void diff_act_digest(struct diff_world *world)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_SHA_1, CKM_SHA224, CKM_SHA256, CKM_SHA384, CKM_SHA512};
    static struct diff_output out;
    struct diff_session *session = diff_session_pick(world);
    CK_MECHANISM mechanism = {DIFF_PICK(&world->random, types), NULL, 0};
    uint8_t data[DATA_MAX];
    const CK_ULONG len = diff_below(&world->random, DATA_MAX);
    const struct diff_input input = diff_input_same(data, len);
    const bool is_parted = diff_chance(&world->random, 50);
    const bool has_key = is_parted && diff_chance(&world->random, 30);

    if (session == NULL) {
        return;
    }
    diff_fill(&world->random, data, len);
    diff_hint(world, "%s", diff_mechanism_name(mechanism.mechanism));
    CALL(world, C_DigestInit, session->handle[s], &mechanism);
    CK_RV rv = diff_judge(world);

    if (rv == CKR_OK && is_parted) {
        rv = digest_parts(world, session, data, len);
    }
    if (rv == CKR_OK && has_key) {
        rv = digest_key(world, session);
    }
    if (rv == CKR_OK) {
        diff_hint(world, "%s%s", diff_mechanism_name(mechanism.mechanism), is_parted ? " in parts" : "");
        rv = diff_produce(world, is_parted ? DIFF_DIGEST_FINAL : DIFF_DIGEST, session, &input, &out);
        if (rv == CKR_OK) {
            (void)diff_same_octets(world, &out, "digest");
        }
        return;
    }
    diff_session_renew(world, session);
}
