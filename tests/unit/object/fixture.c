/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/object/fixture.h"

#include "crypto/ossl.h"
#include "mech/registry.h"

const struct cfr_actor nobody = {.profile = CFR_PROFILE_STANDARD};
const struct cfr_actor user = {.is_user = true};
const struct cfr_actor officer = {.is_so = true};
const struct cfr_actor strict_user = {.is_user = true, .profile = CFR_PROFILE_STRICT};

void object_up(void)
{
    ASSERT_OK(cfr_ossl_up());
    cfr_registry_probe();
}

CK_RV object_try(enum cfr_action action, const CK_ATTRIBUTE *template, CK_ULONG count,
                 const struct cfr_actor *actor, struct cfr_object **ret_object)
{
    AUTO(attrs) given = CFR_ATTRS;
    struct cfr_origin origin = {.action = action, .actor = actor, .given = &given};

    TRY(cfr_template_read(template, count, &given));
    return cfr_build(&origin, ret_object);
}

struct cfr_object *object_new(const CK_ATTRIBUTE *template, CK_ULONG count, const struct cfr_actor *actor)
{
    struct cfr_object *object = NULL;

    ASSERT_OK(object_try(CFR_ACTION_CREATE, template, count, actor, &object));
    return object;
}

struct cfr_object *object_aes(bool sensitive, bool extractable)
{
    CK_ATTRIBUTE template[] = {ULONG(CKA_CLASS, CKO_SECRET_KEY), ULONG(CKA_KEY_TYPE, CKK_AES),
                               TEXT(CKA_VALUE, "sixteen octets!!"), BOOL(CKA_SENSITIVE, sensitive),
                               BOOL(CKA_EXTRACTABLE, extractable)};

    return object_new(TEMPLATE(template), &user);
}
