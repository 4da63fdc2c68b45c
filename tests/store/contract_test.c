/* SPDX-License-Identifier: Apache-2.0 */
/* Every backend passes the same contract. */
#include "store/contract.h"
#include "support/main.h"
#include "support/store_fault.h"

struct cfr_store *backend_open(int backend)
{
    struct cfr_store_config config = {.path = fixture_store()};
    const struct cfr_store_ops *ops = is_lmdb(backend) ? &cfr_store_lmdb : &cfr_store_memory;
    struct cfr_store *store = NULL;

    ck_assert_int_eq(ops->open(&config, &store), CFR_STORE_OK);
    ck_assert_ptr_eq(store->ops, ops);
    ck_assert_uint_eq(ops->abi, 2);
    return backend == BACKEND_MEMORY || backend == BACKEND_LMDB ? store : store_fault_wrap(store);
}

static Suite *contract_suite(void)
{
    Suite *suite = suite_create("store contract");

    suite_add_tcase(suite, contract_txn_case());
    suite_add_tcase(suite, contract_range_case());
    suite_add_tcase(suite, contract_run_case());
    suite_add_tcase(suite, contract_shared_case());
    suite_add_tcase(suite, contract_model_case());
    suite_add_tcase(suite, contract_many_case());
    return suite;
}

TEST_MAIN(contract_suite)
