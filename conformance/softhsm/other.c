/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that stand alone: random octets, what mechanisms can do, and what is left of parallel functions. */
#include "make.h"
#include "names.h"

/* Seeds may be refused; what comes out of chance has its length alone. */
static void random_octets(struct diff_world *world, const struct diff_session *session)
{
    static const CK_ULONG lens[] = {32, 1, 0, 1000};
    uint8_t octets[1000] = {0};
    const CK_ULONG len = DIFF_PICK(&world->random, lens);

    diff_hint(world, "%lu octets, %s", len, diff_where(world, session));
    CALL(world, C_SeedRandom, session->handle[s], octets, len);
    (void)diff_judge(world);
    CALL(world, C_GenerateRandom, session->handle[s], octets, len);
    (void)diff_judge(world);
    diff_hint(world, "at NULL, %s", diff_where(world, session));
    CALL(world, C_GenerateRandom, session->handle[s], NULL, 32);
    (void)diff_judge(world);
}

static void mechanism_info(struct diff_world *world)
{
    const CK_MECHANISM_TYPE type = diff_mechanism_at(diff_below(&world->random, diff_mechanism_count()));
    CK_MECHANISM_INFO infos[SIDES];

    diff_hint(world, "%s", diff_mechanism_name(type));
    CALL(world, C_GetMechanismInfo, world->slot[s], type, &infos[s]);
    if (diff_judge(world) == CKR_OK) {
        /* What SoftHSM claims, Coffer does too; it may do more. */
        (void)diff_same(world, (infos[SOFTHSM].flags & 0xfff00 & ~infos[COFFER].flags) == 0, "functions");
    }
}

static void parallel(struct diff_world *world, const struct diff_session *session)
{
    diff_hint(world, "%s", diff_where(world, session));
    CALL(world, C_GetFunctionStatus, session->handle[s]);
    (void)diff_judge(world);
    CALL(world, C_CancelFunction, session->handle[s]);
    (void)diff_judge(world);
}

void diff_act_other(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);

    if (session == NULL) {
        return;
    }
    if (diff_chance(&world->random, 40)) {
        random_octets(world, session);
    } else if (diff_chance(&world->random, 70)) {
        mechanism_info(world);
    } else {
        parallel(world, session);
    }
}
