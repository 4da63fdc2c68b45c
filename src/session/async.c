/* SPDX-License-Identifier: Apache-2.0 */
#include "session/async.h"

#include "base/alloc.h"
#include "session/keys.h"
#include "session/operation_private.h"

static const char *const names[CFR_JOB_FUNCTIONS] = {
    [CFR_JOB_GENERATE_KEY_PAIR] = "C_GenerateKeyPair",
    [CFR_JOB_SIGN] = "C_Sign",
    [CFR_JOB_SIGN_FINAL] = "C_SignFinal",
};

/* A signature on its way. While its job runs, nobody else touches it; the operation has no context meanwhile. */
struct cfr_signing {
    struct cfr_job job;
    struct cfr_op *op;
    uint8_t *data; /* the caller's may go */
    size_t data_len;
    struct cfr_out out; /* octets of our own */
    CK_BYTE_PTR buffer; /* the caller's */
};

static struct cfr_signing *signing_of(struct cfr_job *job)
{
    return (struct cfr_signing *)(void *)job;
}

static void drop_context(struct cfr_signing *self)
{
    if (self->op != NULL) {
        self->op->mechanism->op->drop(self->op);
    }
    self->op = NULL;
}

static void drop(struct cfr_job *job)
{
    struct cfr_signing *self = signing_of(job);

    drop_context(self);
    cfr_free(self->data);
    cfr_free(self->out.ptr);
    cfr_free(self);
}

static void cfr_signing_dropp(struct cfr_signing **self)
{
    if (*self != NULL) {
        drop(&(*self)->job);
    }
}

/* libcrypto cannot be stopped; but when it has done, a key that nobody wants any more is not kept. */
static CK_RV run(struct cfr_job *job)
{
    struct cfr_signing *self = signing_of(job);
    const struct cfr_op_impl *impl = self->op->mechanism->op;
    CK_RV rv = job->function == CFR_JOB_SIGN_FINAL
                   ? impl->finish(self->op, &self->out)
                   : impl->once(self->op, cfr_span_of(self->data, self->data_len), &self->out);

    if (atomic_load(&job->is_cancelled)) {
        drop_context(self);
        rv = CKR_FUNCTION_CANCELED;
    }
    return rv;
}

static CK_RV begin(const struct cfr_span *in, const struct cfr_output *out, size_t bound,
                   struct cfr_signing **ret_self)
{
    AUTO(signing) *self = cfr_alloc(sizeof(*self));

    FAIL_UNLESS(self != NULL, CKR_HOST_MEMORY);
    self->job.function = in == NULL ? CFR_JOB_SIGN_FINAL : CFR_JOB_SIGN;
    self->job.run = run;
    self->job.drop = drop;
    self->buffer = out->ptr;
    self->data_len = in == NULL ? 0 : in->len;
    self->data = cfr_alloc(self->data_len);
    self->out = (struct cfr_out){.ptr = cfr_alloc(bound), .room = bound};
    FAIL_UNLESS(self->data != NULL && self->out.ptr != NULL, CKR_HOST_MEMORY);
    if (in != NULL) {
        cfr_copy(self->data, in->ptr, in->len);
    }
    *ret_self = MOVE(self);
    return CKR_OK;
}

/* Whether the call would get as far as signing, and is slow then: what is wrong is told at once. */
static bool may_be_pending(struct cfr_session *session, const struct cfr_operation *operation,
                           const struct cfr_span *in, const struct cfr_output *out, size_t *ret_bound)
{
    const struct cfr_op_impl *impl;
    enum cfr_step step = in == NULL ? CFR_STEP_FINISH : CFR_STEP_ONCE;

    if (!session->is_async || out->len == NULL || !operation->is_active || operation->op == NULL ||
        operation->pending != NULL || (operation->mechanism->traits & CFR_TRAIT_SLOW) == 0) {
        return false;
    }
    impl = operation->mechanism->op;
    if (in == NULL ? impl->finish == NULL : operation->is_multi || cfr_operation_check_input(*in) != CKR_OK) {
        return false;
    }
    *ret_bound = impl->bound(operation->op, step, in == NULL ? 0 : in->len);
    return cfr_output_fits(out, *ret_bound);
}

static CK_RV sign_now(struct cfr_session *session, const struct cfr_span *in, const struct cfr_output *out)
{
    return in == NULL ? cfr_operation_finish(session, CFR_USE_SIGN, out)
                      : cfr_operation_once(session, CFR_USE_SIGN, *in, out);
}

CK_RV cfr_async_sign(struct cfr_session *session, const struct cfr_span *in, const struct cfr_output *out)
{
    struct cfr_operation *operation = &session->operations[CFR_USE_SIGN];
    AUTO(signing) *self = NULL;
    size_t bound = 0;

    if (CFR_LIKELY(!may_be_pending(session, operation, in, out, &bound)) ||
        cfr_operation_check_running(session, operation) != CKR_OK || begin(in, out, bound, &self) != CKR_OK) {
        return sign_now(session, in, out);
    }
    self->op = operation->op;
    if (cfr_job_start(&self->job) != CKR_OK) {
        self->op = NULL;
        return sign_now(session, in, out);
    }
    operation->op = NULL;
    operation->job = &MOVE(self)->job;
    return CKR_PENDING;
}

static CK_RV complete_signing(struct cfr_session *session, CK_ASYNC_DATA *result)
{
    struct cfr_operation *operation = &session->operations[CFR_USE_SIGN];
    AUTO(signing) *self = NULL;
    CK_RV rv;

    FAIL_UNLESS(cfr_job_is_done(operation->job), CKR_PENDING);
    self = signing_of(operation->job);
    operation->job = NULL;
    cfr_job_collect(&self->job);
    operation->op = MOVE(self->op);
    result->pValue = self->buffer;
    rv = cfr_operation_check_running(session, operation);
    rv = rv == CKR_OK && self->job.rv != CKR_OK ? cfr_fail(self->job.rv, "it failed, or was cancelled") : rv;
    if (rv == CKR_OK) {
        cfr_copy(self->buffer, self->out.ptr, self->out.len);
        result->ulValue = self->out.len;
    }
    return cfr_operation_fail(session, CFR_USE_SIGN, rv);
}

/* The job of a function, or NULL. */
static struct cfr_job *job_of(const struct cfr_session *session, const char *function)
{
    struct cfr_job *const candidates[] = {session->job, session->operations[CFR_USE_SIGN].job};

    for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
        if (candidates[i] != NULL && strcmp(function, names[candidates[i]->function]) == 0) {
            return candidates[i];
        }
    }
    return NULL;
}

CK_RV cfr_async_complete(struct cfr_session *session, const char *function, CK_ASYNC_DATA *result)
{
    const struct cfr_job *job = job_of(session, function);

    if (job == NULL) {
        return cfr_fail(CKR_OPERATION_NOT_INITIALIZED, "no %.40s is pending in this session", function);
    }
    return job->function == CFR_JOB_GENERATE_KEY_PAIR ? cfr_keys_complete_pair(session, result)
                                                      : complete_signing(session, result);
}

CK_RV cfr_async_id(struct cfr_session *session, const char *function)
{
    FAIL_UNLESS(job_of(session, function) != NULL, CKR_OPERATION_NOT_INITIALIZED);
    return cfr_fail(CKR_STATE_UNSAVEABLE, "work that is pending ends with its session");
}

void cfr_async_sweep(struct cfr_operation *operation)
{
    cfr_job_cancel(operation->job);
    if (cfr_job_is_done(operation->job)) {
        drop_context(signing_of(operation->job));
    }
}

void cfr_async_drop(struct cfr_operation *operation)
{
    cfr_job_leave(operation->job);
    operation->job = NULL;
}
