/* SPDX-License-Identifier: Apache-2.0 */
#include "store/raw_lmdb.h"

#include <lmdb.h>
#include <stdio.h>
#include <unistd.h>

enum { READERS = 126 };

static int open_raw(unsigned readers, MDB_env **ret_env)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/coffer.mdb", fixture_store());
    return mdb_env_create(ret_env) == 0 && mdb_env_set_mapsize(*ret_env, (size_t)1 << 30) == 0 &&
                   mdb_env_set_maxreaders(*ret_env, readers) == 0 &&
                   mdb_env_open(*ret_env, path, MDB_NOSUBDIR | MDB_NOTLS, 0600) == 0
               ? 0
               : 1;
}

static int begin_raw(unsigned flags, MDB_txn **ret_txn, MDB_dbi *ret_dbi)
{
    MDB_env *env;

    return open_raw(READERS, &env) == 0 && mdb_txn_begin(env, NULL, flags, ret_txn) == 0 &&
                   mdb_dbi_open(*ret_txn, NULL, 0, ret_dbi) == 0
               ? 0
               : 1;
}

int raw_write_and_wait(void *flag)
{
    MDB_val key = {3, (void *)(uintptr_t) "raw"};
    MDB_val data = {11, (void *)(uintptr_t) "\0\0\0\0\0\0\0\1raw"};
    MDB_txn *txn;
    MDB_dbi dbi;

    if (begin_raw(0, &txn, &dbi) != 0 || mdb_put(txn, dbi, &key, &data, 0) != 0) {
        return 1;
    }
    flag_set(flag);
    pause();
    return 1;
}

int raw_read_and_wait(void *flag)
{
    MDB_txn *txn;
    MDB_dbi dbi;

    if (begin_raw(MDB_RDONLY, &txn, &dbi) != 0) {
        return 1;
    }
    flag_set(flag);
    pause();
    return 1;
}

/* Put @p puts records and remove the last @p dels of them. */
static int put_and_del(MDB_env *env, int puts, int dels)
{
    uint8_t octets[1000] = {0, 0, 0, 0, 0, 0, 0, 1};
    char name[16];
    MDB_txn *txn;
    MDB_dbi dbi;

    if (mdb_txn_begin(env, NULL, 0, &txn) != 0 || mdb_dbi_open(txn, NULL, 0, &dbi) != 0) {
        return 1;
    }
    for (int i = 0; i < puts + dels; i++) {
        int number = i < puts ? i : 2 * puts - 1 - i;
        MDB_val key = {(size_t)snprintf(name, sizeof(name), "k%04d", number), name};
        MDB_val data = {sizeof(octets), octets};

        if ((i < puts ? mdb_put(txn, dbi, &key, &data, 0) : mdb_del(txn, dbi, &key, NULL)) != 0) {
            return 1;
        }
    }
    return mdb_txn_commit(txn);
}

int raw_make_short_file(void *unused)
{
    MDB_env *env;

    (void)unused;
    if (open_raw(READERS, &env) != 0) {
        return 1;
    }
    for (int i = 0; i < 4; i++) {
        if (put_and_del(env, 10, 0) != 0) {
            return 1;
        }
    }
    return put_and_del(env, 1000, 990);
}

int raw_hold_small_table(void *arg)
{
    struct raw_table *table = arg;
    MDB_env *env;

    if (open_raw(table->readers, &env) != 0) {
        return 1;
    }
    flag_set(table->ready);
    pause();
    return 1;
}

int raw_put_malformed(void *unused)
{
    MDB_val key = {9, (void *)(uintptr_t) "malformed"};
    MDB_val data = {8, (void *)(uintptr_t) "\0\0\0\0\0\0\0\1"};
    MDB_txn *txn;
    MDB_dbi dbi;

    (void)unused;
    return begin_raw(0, &txn, &dbi) == 0 && mdb_put(txn, dbi, &key, &data, 0) == 0 ? mdb_txn_commit(txn) : 1;
}
