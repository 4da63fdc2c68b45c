/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"
#include "support/main.h"
#include "unit/base/harness.h"

START_TEST(empty_pool_gives_nothing)
{
    struct cfr_pool pool = {{NULL}};

    ck_assert_ptr_null(cfr_pool_take(&pool));
}
END_TEST

START_TEST(pool_holds_as_many_as_it_has_slots)
{
    static int objects[CFR_POOL_SLOTS + 1];
    struct cfr_pool pool = {{NULL}};
    unsigned seen = 0;

    for (int i = 0; i < CFR_POOL_SLOTS; i++) {
        ck_assert_ptr_null(cfr_pool_give(&pool, &objects[i]));
    }
    ck_assert_ptr_eq(cfr_pool_give(&pool, &objects[CFR_POOL_SLOTS]), &objects[CFR_POOL_SLOTS]);
    for (int i = 0; i < CFR_POOL_SLOTS; i++) {
        int *object = cfr_pool_take(&pool);

        ck_assert_ptr_nonnull(object);
        ck_assert_uint_eq(seen & 1U << (object - objects), 0);
        seen |= 1U << (object - objects);
    }
    ck_assert_ptr_null(cfr_pool_take(&pool));
    ck_assert_uint_eq(seen, (1U << CFR_POOL_SLOTS) - 1);
}
END_TEST

START_TEST(a_thread_gets_back_what_it_gave)
{
    struct cfr_pool pool = {{NULL}};
    int object = 0;

    for (int i = 0; i < 100; i++) {
        ck_assert_ptr_null(cfr_pool_give(&pool, &object));
        ck_assert_ptr_eq(cfr_pool_take(&pool), &object);
        ck_assert_ptr_null(cfr_pool_take(&pool));
    }
}
END_TEST

/* An object is plain memory: whoever has taken it writes it without a lock. */
struct object {
    unsigned long uses;
    bool is_taken;
};

struct sharing {
    struct cfr_pool pool;
    struct object objects[CFR_POOL_SLOTS];
    atomic_ulong taken;
};

static void use_objects(unsigned index, void *arg)
{
    struct sharing *sharing = arg;

    (void)index;
    for (int i = 0; i < 5000; i++) {
        struct object *object = cfr_pool_take(&sharing->pool);

        if (object == NULL) {
            continue;
        }
        if (object->is_taken) {
            ck_abort_msg("an object was taken twice");
        }
        object->is_taken = true;
        object->uses++;
        object->is_taken = false;
        atomic_fetch_add(&sharing->taken, 1);
        if (cfr_pool_give(&sharing->pool, object) != NULL) {
            ck_abort_msg("no slot for an object that came from one");
        }
    }
}

START_TEST(an_object_has_one_user)
{
    static struct sharing sharing;
    unsigned long uses = 0;
    unsigned count = 0;

    /* Fewer objects than threads, then as many as there are slots. */
    for (int objects = 3; objects <= CFR_POOL_SLOTS; objects += CFR_POOL_SLOTS - 3) {
        sharing = (struct sharing){.taken = 0};
        uses = 0;
        count = 0;
        for (int i = 0; i < objects; i++) {
            ck_assert_ptr_null(cfr_pool_give(&sharing.pool, &sharing.objects[i]));
        }
        harness_threads(8, use_objects, &sharing);
        for (struct object *object; (object = cfr_pool_take(&sharing.pool)) != NULL; count++) {
            uses += object->uses;
        }
        ck_assert_uint_eq(count, (unsigned)objects);
        ck_assert_uint_eq(uses, atomic_load(&sharing.taken));
        ck_assert_uint_gt(uses, 0);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *pool = suite_create("pool");
    TCase *tcase = tcase_create("pool");

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, empty_pool_gives_nothing);
    tcase_add_test(tcase, pool_holds_as_many_as_it_has_slots);
    tcase_add_test(tcase, a_thread_gets_back_what_it_gave);
    tcase_add_test(tcase, an_object_has_one_user);
    suite_add_tcase(pool, tcase);
    return pool;
}

TEST_MAIN(suite)
