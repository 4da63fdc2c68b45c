/* SPDX-License-Identifier: Apache-2.0 */
/* C_GenerateKeyPair: both halves or none; in an asynchronous session, the slow part in a thread of its own. */
#include "base/alloc.h"
#include "object/build.h"
#include "object/template.h"
#include "session/async.h"
#include "session/keys.h"
#include "session/manage.h"

/* One half of a pair: its template is checked before the slow part, and built after it. */
struct half {
    struct cfr_attrs attrs;
    struct cfr_origin origin;
};

/* A pair on its way. While its job runs, nobody else touches it. */
struct cfr_pair {
    struct cfr_job job;
    const struct cfr_mechanism *row;
    struct cfr_actor actor;
    struct half halves[2]; /* public, private */
    struct cfr_keymat *keymat;
    uint64_t epoch; /* the token's login epoch at the call */
    bool of_login;  /* it was asked for within a login, and goes with that */
};

static void drop(struct cfr_job *job)
{
    struct cfr_pair *pair = (struct cfr_pair *)(void *)job;

    cfr_attrs_clear(&pair->halves[0].attrs);
    cfr_attrs_clear(&pair->halves[1].attrs);
    cfr_keymat_drop(pair->keymat);
    cfr_free(pair);
}

static void cfr_pair_dropp(struct cfr_pair **pair)
{
    if (*pair != NULL) {
        drop(&(*pair)->job);
    }
}

static CK_RV run(struct cfr_pair *pair, struct cfr_job *job)
{
    struct cfr_keygen_request request = cfr_build_request(&pair->halves[0].attrs);
    struct cfr_progress progress = cfr_job_progress(job);

    request.value_bits = cfr_attrs_ulong(&pair->halves[1].attrs, CKA_VALUE_BITS, 0);
    request.progress = &progress;
    return pair->row->keygen(pair->row, &request, &pair->keymat);
}

static CK_RV run_job(struct cfr_job *job)
{
    return run((struct cfr_pair *)(void *)job, job);
}

static CK_RV check_half(struct cfr_session *session, const struct cfr_pair *pair, CK_OBJECT_CLASS class,
                        struct cfr_given given, struct half *half)
{
    TRY(cfr_template_read(given.template, given.count, &half->attrs));
    half->origin = (struct cfr_origin){
        .action = CFR_ACTION_GENERATE,
        .actor = &pair->actor,
        .given = &half->attrs,
        .class = cfr_class_find(class, pair->row->key_types[0]),
        .mechanism = pair->row->type,
    };
    TRY(cfr_manage_check_place(session, &half->attrs, &pair->actor));
    return cfr_build_check(&half->origin);
}

static CK_RV begin(struct cfr_session *session, const CK_MECHANISM *mechanism, struct cfr_given public_given,
                   struct cfr_given private_given, struct cfr_pair **ret_pair)
{
    AUTO(pair) *pair = cfr_alloc(sizeof(*pair));
    struct cfr_params params = {0};

    FAIL_UNLESS(pair != NULL, CKR_HOST_MEMORY);
    pair->job.function = CFR_JOB_GENERATE_KEY_PAIR;
    pair->job.run = run_job;
    pair->job.drop = drop;
    pair->halves[0].attrs = CFR_ATTRS;
    pair->halves[1].attrs = CFR_ATTRS;
    pair->epoch = atomic_load(&session->token->epoch);
    pair->actor = cfr_token_actor(session->token);
    pair->of_login = pair->actor.is_user || pair->actor.is_so;
    TRY(cfr_keys_mechanism(mechanism, CKF_GENERATE_KEY_PAIR, &pair->actor, &pair->row, &params));
    TRY(check_half(session, pair, CKO_PUBLIC_KEY, public_given, &pair->halves[0]));
    TRY(check_half(session, pair, CKO_PRIVATE_KEY, private_given, &pair->halves[1]));
    *ret_pair = MOVE(pair);
    return CKR_OK;
}

static CK_RV place(struct cfr_session *session, struct cfr_pair *pair, CK_OBJECT_HANDLE ret_handles[2])
{
    AUTO(object) *public_object = NULL;
    AUTO(object) *private_object = NULL;

    pair->halves[0].origin.keymat = pair->keymat;
    pair->halves[1].origin.keymat = pair->keymat;
    TRY(cfr_build(&pair->halves[0].origin, &public_object));
    TRY(cfr_build(&pair->halves[1].origin, &private_object));
    return cfr_manage_place(session, (struct cfr_object *[]){public_object, private_object}, 2, ret_handles);
}

CK_RV cfr_keys_generate_pair(struct cfr_session *session, const CK_MECHANISM *mechanism,
                             struct cfr_given public_given, struct cfr_given private_given,
                             CK_OBJECT_HANDLE *ret_public, CK_OBJECT_HANDLE *ret_private)
{
    AUTO(pair) *pair = NULL;
    CK_OBJECT_HANDLE handles[2] = {0};

    TRY(begin(session, mechanism, public_given, private_given, &pair));
    if (session->is_async && (pair->row->traits & CFR_TRAIT_SLOW) != 0) {
        if (session->job != NULL) {
            return cfr_fail(CKR_OPERATION_ACTIVE, "another key pair is pending in this session");
        }
        if (cfr_job_start(&pair->job) == CKR_OK) {
            session->job = &MOVE(pair)->job;
            return CKR_PENDING;
        }
    }
    TRY(run(pair, NULL));
    TRY(place(session, pair, handles));
    *ret_public = handles[0];
    *ret_private = handles[1];
    return CKR_OK;
}

/* What was allowed at the call must still be: another login, or another life of the token, may have other rules. */
static CK_RV check_again(struct cfr_session *session, struct cfr_pair *pair)
{
    TRY(cfr_token_refresh(session->token));
    if (pair->of_login && pair->epoch != atomic_load(&session->token->epoch)) {
        return cfr_fail(CKR_USER_NOT_LOGGED_IN, "the login in which the generation began is over");
    }
    if (pair->job.rv != CKR_OK) {
        return cfr_fail(pair->job.rv, "the generation failed, or was cancelled");
    }
    pair->actor = cfr_token_actor(session->token);
    for (int i = 0; i < 2; i++) {
        TRY(cfr_policy_check_new(CFR_ACTION_GENERATE, pair->halves[i].origin.class, &pair->halves[i].attrs,
                                 &pair->actor));
    }
    return CKR_OK;
}

CK_RV cfr_keys_complete_pair(struct cfr_session *session, CK_ASYNC_DATA *result)
{
    AUTO(pair) *pair = NULL;
    CK_OBJECT_HANDLE handles[2] = {0};

    FAIL_UNLESS(cfr_job_is_done(session->job), CKR_PENDING);
    pair = (struct cfr_pair *)(void *)session->job;
    session->job = NULL;
    cfr_job_collect(&pair->job);
    result->pValue = NULL;
    TRY(check_again(session, pair));
    TRY(place(session, pair, handles));
    result->ulValue = 0;
    result->hObject = handles[0];
    result->hAdditionalObject = handles[1];
    return CKR_OK;
}

void cfr_keys_sweep_pair(struct cfr_session *session)
{
    if (session->job != NULL && ((struct cfr_pair *)(void *)session->job)->of_login) {
        cfr_job_cancel(session->job);
    }
}
