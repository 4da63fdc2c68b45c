/* SPDX-License-Identifier: Apache-2.0 */
/* Keys derived by encrypting data with an AES key, and the same by C_Encrypt. */
#include "make.h"
#include "names.h"

#include <stdio.h>
#include <string.h>

enum { DATA_MAX = 96, BLOCK = 16 };

/* A mechanism with its parameter; not to be copied. */
struct job {
    CK_MECHANISM mechanism;
    CK_KEY_DERIVATION_STRING_DATA ecb;
    CK_AES_CBC_ENCRYPT_DATA_PARAMS cbc;
    uint8_t data[DATA_MAX];
    CK_ULONG len;
    const char *what;
};

static void prepare(struct diff_world *world, struct job *job)
{
    struct diff_random *random = &world->random;
    const bool is_cbc = diff_chance(random, 50);

    job->len = BLOCK * (1 + diff_below(random, DATA_MAX / BLOCK));
    job->what = "whole blocks";
    if (diff_chance(random, 10)) {
        job->len = diff_chance(random, 50) ? 0 : job->len - 1;
        job->what = job->len == 0 ? "no data" : "part of a block";
    }
    diff_fill(random, job->data, sizeof(job->data));
    job->ecb = (CK_KEY_DERIVATION_STRING_DATA){job->data, job->len};
    job->cbc = (CK_AES_CBC_ENCRYPT_DATA_PARAMS){.pData = job->data, .length = job->len};
    diff_fill(random, job->cbc.iv, sizeof(job->cbc.iv));
    job->mechanism = is_cbc ? (CK_MECHANISM){CKM_AES_CBC_ENCRYPT_DATA, &job->cbc, sizeof(job->cbc)}
                            : (CK_MECHANISM){CKM_AES_ECB_ENCRYPT_DATA, &job->ecb, sizeof(job->ecb)};
    if (diff_chance(random, 5)) {
        job->mechanism.ulParameterLen--;
        job->what = "short parameter";
    }
}

/* How the length that is wanted stands to what there is. */
static const char *length_of(const struct job *job, struct diff_template *template)
{
    const CK_ATTRIBUTE *len = diff_find(template, CKA_VALUE_LEN);

    return len == NULL ? "unsaid" : *(const CK_ULONG *)len->pValue > job->len ? "long" : "usual";
}

void diff_act_derive_data(struct diff_world *world)
{
    static const CK_ULONG lens[] = {16, 32, 24, 16};
    const struct diff_session *session = diff_session_pick(world);
    const struct diff_object *base = diff_key_for(world, CKO_SECRET_KEY, CKK_AES);
    struct diff_object *object = diff_object_place(world);
    struct diff_template template = {.count = 0};
    const CK_KEY_TYPE type = diff_chance(&world->random, 50) ? CKK_AES : CKK_GENERIC_SECRET;
    struct job job;

    if (session == NULL || base == NULL || object == NULL) {
        return;
    }
    prepare(world, &job);
    diff_add_storage(world, &template, CKO_SECRET_KEY);
    diff_add_ulong(&template, CKA_KEY_TYPE, type);
    diff_add_usage(world, &template, CKO_SECRET_KEY);
    if (diff_chance(&world->random, 85)) {
        diff_add_ulong(&template, CKA_VALUE_LEN, DIFF_PICK(&world->random, lens));
    }
    const char *length = length_of(&job, &template);
    const char *spoilt = diff_vary(world, &template, 15);

    *object = (struct diff_object){
        .key_type = CK_UNAVAILABLE_INFORMATION, .is_own = base->is_own, .pair = -1, .origin = "derived"};
    diff_hint(world, "%s %s, %s %s, %s, %s length, %s %s", diff_mechanism_name(job.mechanism.mechanism),
              job.what, base->origin, diff_key_type_name(base->key_type), diff_key_type_name(type), length,
              spoilt, diff_where(world, session));
    CALL(world, C_DeriveKey, session->handle[s], &job.mechanism, base->handle[s], template.attrs,
         template.count, &object->handle[s]);
    (void)diff_made(world, object, &template, diff_judge(world));
}
