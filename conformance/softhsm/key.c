/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that calls make: generated, unwrapped, derived. */
#include "crypt.h"
#include "make.h"
#include "names.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

/* --- Generate --- */

static void hint_made(struct diff_world *world, const char *mechanism, const char *what,
                      const struct diff_session *session)
{
    diff_hint(world, "%s, %s, %s", mechanism, what, diff_where(world, session));
}

static void generate_secret(struct diff_world *world, const struct diff_session *session)
{
    static const CK_ULONG aes_lens[] = {16, 24, 32, 32, 20};
    const bool is_aes = diff_chance(&world->random, 60);
    CK_MECHANISM mechanism = {is_aes ? CKM_AES_KEY_GEN : CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
    struct diff_object *object = diff_object_place(world);
    struct diff_template template = {.count = 0};

    if (object == NULL) {
        return;
    }
    diff_add_storage(world, &template, CKO_SECRET_KEY);
    diff_add_ulong(&template, CKA_VALUE_LEN,
                   is_aes ? DIFF_PICK(&world->random, aes_lens) : 1 + diff_below(&world->random, 80));
    diff_add_usage(world, &template, CKO_SECRET_KEY);
    if (diff_chance(&world->random, 50)) {
        diff_add_ulong(&template, CKA_KEY_TYPE, is_aes ? CKK_AES : CKK_GENERIC_SECRET);
    }
    const char *what = diff_vary(world, &template, 25);

    *object = (struct diff_object){
        .key_type = CK_UNAVAILABLE_INFORMATION, .is_own = true, .pair = -1, .origin = "generated"};
    hint_made(world, diff_mechanism_name(mechanism.mechanism), what, session);
    CALL(world, C_GenerateKey, session->handle[s], &mechanism, template.attrs, template.count,
         &object->handle[s]);
    (void)diff_made(world, object, &template, diff_judge(world));
}

static void fill_pair(struct diff_world *world, struct diff_template *public, struct diff_template *private,
                      CK_MECHANISM_TYPE type)
{
    static const CK_ULONG bits[] = {1024, 1024, 1024, 512};
    static const char *const curves[] = {"06082a8648ce3d030107", "06052b81040022", "06052b81040023"};

    diff_add_storage(world, public, CKO_PUBLIC_KEY);
    diff_add_storage(world, private, CKO_PRIVATE_KEY);
    if (type == CKM_RSA_PKCS_KEY_PAIR_GEN) {
        diff_add_ulong(public, CKA_MODULUS_BITS, DIFF_PICK(&world->random, bits));
        if (diff_chance(&world->random, 80)) {
            diff_add_hex(public, CKA_PUBLIC_EXPONENT, "010001");
        }
    } else if (type == CKM_DH_PKCS_KEY_PAIR_GEN) {
        diff_add_group(public);
    } else {
        diff_add_hex(public, CKA_EC_PARAMS,
                     type == CKM_EC_KEY_PAIR_GEN ? DIFF_PICK(&world->random, curves) : "06032b6570");
    }
    diff_add_usage(world, public, CKO_PUBLIC_KEY);
    diff_add_usage(world, private, CKO_PRIVATE_KEY);
}

static void generate_pair(struct diff_world *world, const struct diff_session *session)
{
    static const CK_MECHANISM_TYPE types[] = {CKM_EC_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN,
                                              CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_RSA_PKCS_KEY_PAIR_GEN,
                                              CKM_DH_PKCS_KEY_PAIR_GEN};
    CK_MECHANISM mechanism = {DIFF_PICK(&world->random, types), NULL, 0};
    struct diff_object pair[2];
    static struct diff_template public;
    static struct diff_template private;
    char what[64];

    public.count = public.used = 0;
    private.count = private.used = 0;
    fill_pair(world, &public, &private, mechanism.mechanism);
    const bool is_public = diff_chance(&world->random, 50);

    (void)snprintf(what, sizeof(what), "%s %s", is_public ? "public" : "private",
                   diff_vary(world, is_public ? &public : &private, 25));
    for (size_t i = 0; i < 2; i++) {
        pair[i] = (struct diff_object){
            .key_type = CK_UNAVAILABLE_INFORMATION, .is_own = true, .pair = -1, .origin = "generated"};
    }
    hint_made(world, diff_mechanism_name(mechanism.mechanism), what, session);
    CALL(world, C_GenerateKeyPair, session->handle[s], &mechanism, public.attrs, public.count, private.attrs,
         private.count, &pair[0].handle[s], &pair[1].handle[s]);
    const CK_RV rv = diff_judge(world);
    const bool is_sparse = world->is_sparse;

    for (size_t i = 0; i < 2; i++) {
        struct diff_object *place = diff_object_place(world);

        if (place == NULL) {
            world->is_over = true;
        } else {
            *place = pair[i];
            world->is_sparse = is_sparse;
            (void)diff_made(world, place, i == 0 ? &public : &private, rv);
        }
    }
}

void diff_act_generate(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);

    if (session == NULL) {
        return;
    }
    if (diff_chance(&world->random, 70)) {
        generate_secret(world, session);
    } else {
        generate_pair(world, session);
    }
}

/* --- Wrap and unwrap --- */

static const struct diff_mech_row rows[] = {
    {.type = CKM_AES_KEY_WRAP, .key_type = CKK_AES},
    {.type = CKM_AES_CBC, .key_type = CKK_AES, .param = DIFF_PARAM_IV},
    {.type = CKM_RSA_PKCS, .key_type = CKK_RSA, .is_random = true},
    {.type = CKM_RSA_PKCS_OAEP, .key_type = CKK_RSA, .param = DIFF_PARAM_OAEP, .is_random = true},
};

/* What a wrapping and the unwrapping that follows share. */
struct wrapping {
    const struct diff_mech_row *row;
    struct diff_mechanism mechanism;
    struct diff_session *session;
    struct diff_object *key;
    struct diff_object *wrapped;
};

static void hint_wrap(struct diff_world *world, const struct wrapping *job, const char *what)
{
    diff_hint(world, "%s %s, %s %s %s, wrapped %s %s %s%s", diff_mechanism_name(job->row->type),
              job->mechanism.what, job->key->origin, diff_class_name(job->key->class),
              diff_key_type_name(job->key->key_type), job->wrapped->origin,
              diff_class_name(job->wrapped->class), diff_key_type_name(job->wrapped->key_type), what);
}

static CK_RV wrap(struct diff_world *world, struct wrapping *job, struct diff_output *ret)
{
    static const CK_ULONG rooms[] = {DIFF_OUT_LEN, DIFF_OUT_LEN, DIFF_OUT_LEN, 1};
    const CK_ULONG room = DIFF_PICK(&world->random, rooms);

    if (diff_chance(&world->random, 30)) {
        hint_wrap(world, job, ", length query");
        CALL(world, C_WrapKey, job->session->handle[s], &job->mechanism.mechanism, job->key->handle[s],
             job->wrapped->handle[s], NULL, &ret->len[s]);
        if (diff_judge(world) == CKR_OK) {
            (void)diff_same(world, ret->len[COFFER] == ret->len[SOFTHSM], "length");
        }
    }
    ret->len[COFFER] = ret->len[SOFTHSM] = room;
    hint_wrap(world, job, room == 1 ? ", short buffer" : "");
    CALL(world, C_WrapKey, job->session->handle[s], &job->mechanism.mechanism, job->key->handle[s],
         job->wrapped->handle[s], ret->octets[s], &ret->len[s]);
    const CK_RV rv = diff_judge(world);

    if (rv == CKR_OK && (job->row->is_random || job->key->is_own || job->wrapped->is_own)) {
        (void)diff_same(world, ret->len[COFFER] == ret->len[SOFTHSM], "length");
    } else if (rv == CKR_OK) {
        (void)diff_same_octets(world, ret, "wrapped key");
    }
    return rv;
}

static void unwrap(struct diff_world *world, struct wrapping *job, const struct diff_input *input,
                   const char *what)
{
    struct diff_object *object = diff_object_place(world);
    struct diff_template template = {.count = 0};
    const CK_OBJECT_CLASS class = job->wrapped->class;

    if (object == NULL) {
        return;
    }
    diff_add_storage(world, &template, class);
    diff_add_ulong(&template, CKA_KEY_TYPE, job->wrapped->key_type);
    diff_add_usage(world, &template, class);
    const char *spoilt = diff_vary(world, &template, 20);

    *object = (struct diff_object){.key_type = CK_UNAVAILABLE_INFORMATION,
                                   .is_own = job->wrapped->is_own,
                                   .pair = job->wrapped->pair,
                                   .origin = "unwrapped"};
    diff_hint(world, "%s %s, %s %s, %s %s %s, %s%s", diff_mechanism_name(job->row->type), job->mechanism.what,
              job->key->origin, diff_key_type_name(job->key->key_type), diff_class_name(class),
              diff_key_type_name(job->wrapped->key_type), spoilt, diff_where(world, job->session), what);
    CALL(world, C_UnwrapKey, job->session->handle[s], &job->mechanism.mechanism, job->key->handle[s],
         (CK_BYTE_PTR)(uintptr_t)input->octets[s], input->len[s], template.attrs, template.count,
         &object->handle[s]);
    (void)diff_made(world, object, &template, diff_judge(world));
}

static void unwrap_random(struct diff_world *world, struct wrapping *job)
{
    static const CK_ULONG lens[] = {0, 8, 24, 40, 128, 41};
    uint8_t octets[128];
    const struct diff_input input = diff_input_same(octets, DIFF_PICK(&world->random, lens));

    diff_fill(&world->random, octets, sizeof(octets));
    octets[0] = 0;
    if (job->row->key_type == CKK_RSA) {
        job->key = diff_key_for(world, CKO_PRIVATE_KEY, CKK_RSA);
    }
    if (job->key != NULL) {
        unwrap(world, job, &input, ", random octets");
    }
}

void diff_act_wrap(struct diff_world *world)
{
    static struct diff_output out;
    static const CK_KEY_TYPE private_types[] = {CKK_RSA, CKK_EC, CKK_EC_EDWARDS};
    struct diff_random *random = &world->random;
    struct wrapping job = {.row = &DIFF_PICK(random, rows), .session = diff_session_pick(world)};
    const bool is_rsa = job.row->key_type == CKK_RSA;

    if (job.session == NULL) {
        return;
    }
    diff_mechanism_make(world, job.row, &job.mechanism);
    job.key = diff_key_for(world, is_rsa ? CKO_PUBLIC_KEY : CKO_SECRET_KEY, job.row->key_type);
    job.wrapped =
        diff_chance(random, 25)
            ? diff_key_for(world, CKO_PRIVATE_KEY, DIFF_PICK(random, private_types))
            : diff_key_for(world, CKO_SECRET_KEY, diff_chance(random, 60) ? CKK_AES : CKK_GENERIC_SECRET);
    if (job.key == NULL || job.wrapped == NULL) {
        return;
    }
    if (diff_chance(random, 15) && job.wrapped->key_type != CK_UNAVAILABLE_INFORMATION &&
        job.wrapped->class != CKO_PUBLIC_KEY) {
        unwrap_random(world, &job);
        return;
    }
    const bool is_own = job.key->is_own;

    if (wrap(world, &job, &out) != CKR_OK) {
        return;
    }
    if (is_rsa) {
        job.key = job.key->pair < 0 ? NULL : diff_import(world, CKO_PRIVATE_KEY, CKK_RSA, job.key->pair);
    }
    if (job.key != NULL) {
        const struct diff_input input = diff_input_output(&out, !is_own && !job.wrapped->is_own);

        unwrap(world, &job, &input, "");
    }
}

/* --- Derive --- */

static CK_ULONG peer_point(struct diff_world *world, uint8_t *to, const char **ret_what)
{
    size_t index;

    do {
        index = diff_below(&world->random, diff_pair_count());
    } while (diff_pair_at(index)->key_type != CKK_EC);
    const CK_ULONG len = diff_unhex(to, diff_pair_at(index)->point);
    const CK_ULONG header = to[1] < 0x80 ? 2 : 3;

    if (diff_chance(&world->random, 50)) {
        *ret_what = "DER point";
        return len;
    }
    *ret_what = "raw point";
    memmove(to, to + header, len - header);
    return len - header;
}

void diff_act_derive(struct diff_world *world)
{
    static const CK_ULONG lens[] = {16, 32, 24, 48, 100};
    struct diff_session *session = diff_session_pick(world);
    struct diff_object *base = diff_key_for(world, CKO_PRIVATE_KEY, CKK_EC);
    struct diff_object *object = diff_object_place(world);
    struct diff_template template = {.count = 0};
    uint8_t point[256];
    const char *what = "";
    const CK_ULONG point_len = peer_point(world, point, &what);
    CK_ECDH1_DERIVE_PARAMS params = {.kdf = CKD_NULL, .pPublicData = point, .ulPublicDataLen = point_len};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &params, sizeof(params)};
    const CK_KEY_TYPE type = diff_chance(&world->random, 50) ? CKK_AES : CKK_GENERIC_SECRET;

    if (session == NULL || base == NULL || object == NULL) {
        return;
    }
    diff_add_storage(world, &template, CKO_SECRET_KEY);
    diff_add_ulong(&template, CKA_KEY_TYPE, type);
    diff_add_usage(world, &template, CKO_SECRET_KEY);
    if (diff_chance(&world->random, 80)) {
        diff_add_ulong(&template, CKA_VALUE_LEN, DIFF_PICK(&world->random, lens));
    }
    const CK_ATTRIBUTE *value_len = diff_find(&template, CKA_VALUE_LEN);
    const char *length = value_len == NULL                       ? "unsaid"
                         : *(CK_ULONG *)value_len->pValue == 100 ? "long"
                                                                 : "usual";
    const char *spoilt = diff_vary(world, &template, 20);

    *object = (struct diff_object){
        .key_type = CK_UNAVAILABLE_INFORMATION, .is_own = base->is_own, .pair = -1, .origin = "derived"};
    diff_hint(world, "CKM_ECDH1_DERIVE %s %s, %s, %s, %s length, %s %s", base->origin,
              diff_key_type_name(base->key_type), what, diff_key_type_name(type), length, spoilt,
              diff_where(world, session));
    CALL(world, C_DeriveKey, session->handle[s], &mechanism, base->handle[s], template.attrs, template.count,
         &object->handle[s]);
    (void)diff_made(world, object, &template, diff_judge(world));
}
