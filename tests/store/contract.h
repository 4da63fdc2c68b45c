/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of store.h as tests; each loops over the backends. */
#ifndef CFR_TESTS_STORE_CONTRACT_H
#define CFR_TESTS_STORE_CONTRACT_H

#include "store/fixture.h"

/** The backends, and each behind the wrapper of support/store_fault.h. */
enum backend { BACKEND_MEMORY, BACKEND_LMDB, BACKEND_FAULT_MEMORY, BACKEND_FAULT_LMDB, BACKENDS };

/** Open one; a new store each time, except that lmdb finds what the test has stored before. */
struct cfr_store *backend_open(int backend);

static inline bool is_lmdb(int backend)
{
    return backend == BACKEND_LMDB || backend == BACKEND_FAULT_LMDB;
}

TCase *contract_txn_case(void);
TCase *contract_range_case(void);
TCase *contract_run_case(void);
TCase *contract_shared_case(void);
TCase *contract_model_case(void);
TCase *contract_many_case(void);

#endif
