/* SPDX-License-Identifier: Apache-2.0 */
#include "durable.h"

#include "support.h"

#include <fcntl.h>
#include <lmdb.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE_LEN = 4096, FILE_PAGES = 64, RECORD_LEN = 400, MAP_LEN = 1 << 28 };

struct bench_durable {
    OSSL_LIB_CTX *lib;
    enum bench_raw_key key;
    enum bench_sync sync;
    EVP_PKEY_CTX *maker;
    int fd;
    MDB_env *env;
    MDB_dbi table;
    uint64_t counter;
    unsigned char page[PAGE_LEN];
};

/* A file whose blocks exist, so that fdatasync has no metadata to write. */
static void file_open(struct bench_durable *d, const char *scratch)
{
    char *path = bench_text("%s/baseline.bin", scratch);

    d->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (d->fd < 0) {
        bench_die("cannot write %s", path);
    }
    for (int i = 0; i < FILE_PAGES; i++) {
        if (pwrite(d->fd, d->page, PAGE_LEN, (off_t)i * PAGE_LEN) != PAGE_LEN) {
            bench_die("cannot write %s", path);
        }
    }
    fsync(d->fd);
    free(path);
}

/* LMDB with its defaults: every commit is durable. */
static void lmdb_open(struct bench_durable *d, const char *scratch)
{
    char *path = bench_text("%s/baseline.lmdb", scratch);
    MDB_txn *txn = NULL;

    mkdir(path, 0700);
    if (mdb_env_create(&d->env) != 0 || mdb_env_set_mapsize(d->env, MAP_LEN) != 0 ||
        mdb_env_open(d->env, path, 0, 0600) != 0 || mdb_txn_begin(d->env, NULL, 0, &txn) != 0 ||
        mdb_dbi_open(txn, NULL, 0, &d->table) != 0 || mdb_txn_commit(txn) != 0) {
        bench_die("cannot open %s", path);
    }
    free(path);
}

static bool file_sync(struct bench_durable *d)
{
    memcpy(d->page, &d->counter, sizeof(d->counter));
    return pwrite(d->fd, d->page, PAGE_LEN, (off_t)(d->counter % FILE_PAGES) * PAGE_LEN) == PAGE_LEN &&
           fdatasync(d->fd) == 0;
}

static bool lmdb_sync(struct bench_durable *d)
{
    uint64_t name = d->counter * 0x9e3779b97f4a7c15u; /* keys fall all over the tree, as blinded keys do */
    MDB_val key = {.mv_size = sizeof(name), .mv_data = &name};
    MDB_val value = {.mv_size = RECORD_LEN, .mv_data = d->page};
    MDB_txn *txn = NULL;

    return mdb_txn_begin(d->env, NULL, 0, &txn) == 0 && mdb_put(txn, d->table, &key, &value, 0) == 0 &&
           mdb_txn_commit(txn) == 0;
}

static bool key_make(struct bench_durable *d)
{
    EVP_PKEY *key = NULL;

    if (d->key == BENCH_RAW_NOTHING) {
        return true;
    }
    if (d->key == BENCH_RAW_AES) {
        return RAND_priv_bytes_ex(d->lib, d->page + sizeof(d->counter), BENCH_SECRET_LEN, 0) == 1;
    }
    const bool is_made = EVP_PKEY_generate(d->maker, &key) == 1;
    EVP_PKEY_free(key);
    return is_made;
}

static bool durable_op(void *work)
{
    struct bench_durable *d = work;

    d->counter++;
    if (!key_make(d)) {
        return false;
    }
    switch (d->sync) {
    case BENCH_SYNC_FILE:
        return file_sync(d);
    case BENCH_SYNC_LMDB:
        return lmdb_sync(d);
    case BENCH_SYNC_NONE:
        return true;
    }
    return false;
}

static void maker_open(struct bench_durable *d)
{
    const bool is_rsa = d->key == BENCH_RAW_RSA2048;

    d->maker = EVP_PKEY_CTX_new_from_name(d->lib, is_rsa ? "RSA" : "EC", NULL);
    if (d->maker == NULL || EVP_PKEY_keygen_init(d->maker) != 1 ||
        (is_rsa ? EVP_PKEY_CTX_set_rsa_keygen_bits(d->maker, 2048)
                : EVP_PKEY_CTX_set_group_name(d->maker, "P-256")) != 1) {
        bench_die("libcrypto refuses to generate keys");
    }
}

struct bench_durable *bench_durable_open(const struct bench *b, enum bench_raw_key key, enum bench_sync sync)
{
    struct bench_durable *d = bench_alloc(sizeof(*d));

    d->lib = b->raw.lib;
    d->key = key;
    d->sync = sync;
    d->fd = -1;
    if (key == BENCH_RAW_P256 || key == BENCH_RAW_RSA2048) {
        maker_open(d);
    }
    if (sync == BENCH_SYNC_FILE) {
        file_open(d, b->options->scratch);
    } else if (sync == BENCH_SYNC_LMDB) {
        lmdb_open(d, b->options->scratch);
    }
    return d;
}

void bench_durable_close(struct bench_durable *durable)
{
    if (durable != NULL) {
        if (durable->env != NULL) {
            mdb_env_close(durable->env);
        }
        if (durable->fd >= 0) {
            close(durable->fd);
        }
        EVP_PKEY_CTX_free(durable->maker);
        free(durable);
    }
}

struct bench_side bench_durable_side(struct bench_durable *durable)
{
    return (struct bench_side){.op = durable_op, .work = durable};
}
