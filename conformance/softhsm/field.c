/* SPDX-License-Identifier: Apache-2.0 */
/* Keys agreed upon by Diffie-Hellman in a field. */
#include "make.h"
#include "names.h"
#include "values.h"

enum { NUMBER_MAX = 256 };

/* A public value: that of some key, rarely something else. */
static const char *peer_value(struct diff_world *world, uint8_t to[NUMBER_MAX], CK_ULONG *ret_len)
{
    size_t index;

    do {
        index = diff_below(&world->random, diff_pair_count());
    } while (diff_pair_at(index)->key_type != CKK_DH);
    *ret_len = diff_unhex(to, diff_pair_at(index)->point);
    if (diff_chance(&world->random, 90)) {
        return "public value";
    }
    if (diff_chance(&world->random, 50)) {
        *ret_len = diff_unhex(to, diff_pair_at(index)->prime);
        return "the prime";
    }
    to[0] = 1;
    *ret_len = 1;
    return "one";
}

static const char *add_length(struct diff_world *world, struct diff_template *to)
{
    static const CK_ULONG lens[] = {16, 32, 24, 48, 300};
    const CK_ULONG len = DIFF_PICK(&world->random, lens);

    if (diff_chance(&world->random, 20)) {
        return "unsaid";
    }
    diff_add_ulong(to, CKA_VALUE_LEN, len);
    return len == 300 ? "long" : "usual";
}

void diff_act_derive_field(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);
    const struct diff_object *base = diff_key_for(world, CKO_PRIVATE_KEY, CKK_DH);
    struct diff_object *object = diff_object_place(world);
    struct diff_template template = {.count = 0};
    const CK_KEY_TYPE type = diff_chance(&world->random, 50) ? CKK_AES : CKK_GENERIC_SECRET;
    CK_MECHANISM mechanism = {.mechanism = CKM_DH_PKCS_DERIVE};
    uint8_t peer[NUMBER_MAX];

    if (session == NULL || base == NULL || object == NULL) {
        return;
    }
    mechanism.pParameter = peer;
    const char *what = peer_value(world, peer, &mechanism.ulParameterLen);

    diff_add_storage(world, &template, CKO_SECRET_KEY);
    diff_add_ulong(&template, CKA_KEY_TYPE, type);
    diff_add_usage(world, &template, CKO_SECRET_KEY);
    const char *length = add_length(world, &template);
    const char *spoilt = diff_vary(world, &template, 20);

    *object = (struct diff_object){
        .key_type = CK_UNAVAILABLE_INFORMATION, .is_own = base->is_own, .pair = -1, .origin = "derived"};
    diff_hint(world, "CKM_DH_PKCS_DERIVE %s %s, %s, %s, %s length, %s %s", base->origin,
              diff_key_type_name(base->key_type), what, diff_key_type_name(type), length, spoilt,
              diff_where(world, session));
    CALL(world, C_DeriveKey, session->handle[s], &mechanism, base->handle[s], template.attrs, template.count,
         &object->handle[s]);
    (void)diff_made(world, object, &template, diff_judge(world));
}
