/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps engines of the host away from our keys. EVP_PKEY_CTX_new_from_name() and _from_pkey() ask for a
 * default engine by the name of the key type, whatever the context; `openssl -engine pkcs11`, curl and Apache
 * make libp11's such a default, and with it no key can even be built. Our context therefore holds a second
 * provider, whose implementations are those of the default provider, function by function, but whose key
 * types have a name of ours in front, which no engine is registered for.
 */
#include "crypto/ossl_private.h"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/provider.h>
#include <string.h>

#define SHIELD_NAME       "coffer"
#define SHIELD_PROPERTIES "provider=" SHIELD_NAME

enum { SHIELD_MAX_ALGORITHMS = 16 };

/* An algorithm to take over: the name we give it, or NULL to keep the default provider's names. */
struct shield_row {
    const char *theirs;
    const char *ours;
};

static const struct shield_row key_types[] = {
    {"RSA", CFR_PKEY_RSA ":RSA"},
    {"EC", CFR_PKEY_EC ":EC"},
    {"ED25519", CFR_PKEY_ED25519 ":ED25519"},
    {"ED448", CFR_PKEY_ED448 ":ED448"},
    {"X25519", CFR_PKEY_X25519 ":X25519"},
    {"X448", CFR_PKEY_X448 ":X448"},
    {"DH", CFR_PKEY_DH ":DH"},
    {"DHX", CFR_PKEY_DHX ":DHX"},
    {"DSA", CFR_PKEY_DSA ":DSA"},
    {NULL, NULL},
};
static const struct shield_row signatures[] = {{"RSA", NULL},   {"ECDSA", NULL}, {"ED25519", NULL},
                                               {"ED448", NULL}, {"DSA", NULL},   {NULL, NULL}};
static const struct shield_row encryptions[] = {{"RSA", NULL}, {NULL, NULL}};
static const struct shield_row agreements[] = {
    {"ECDH", NULL}, {"X25519", NULL}, {"X448", NULL}, {"DH", NULL}, {NULL, NULL}};

/* What each operation offers; written once, while the provider is loaded under the lock of ossl.c. */
static struct shield_operation {
    int id;
    const struct shield_row *rows;
    OSSL_ALGORITHM algorithms[SHIELD_MAX_ALGORITHMS + 1];
} operations[] = {
    {.id = OSSL_OP_KEYMGMT, .rows = key_types},
    {.id = OSSL_OP_SIGNATURE, .rows = signatures},
    {.id = OSSL_OP_ASYM_CIPHER, .rows = encryptions},
    {.id = OSSL_OP_KEYEXCH, .rows = agreements},
};

static const OSSL_PROVIDER *shielded;

/* @p names is "NAME:ALIAS:...". */
static const struct shield_row *find_row(const struct shield_row *rows, const char *names)
{
    size_t len = strcspn(names, ":");

    for (const struct shield_row *row = rows; row->theirs != NULL; row++) {
        if (strlen(row->theirs) == len && strncmp(row->theirs, names, len) == 0) {
            return row;
        }
    }
    return NULL;
}

static void take_over(struct shield_operation *operation)
{
    int no_cache = 0;
    const OSSL_ALGORITHM *theirs = OSSL_PROVIDER_query_operation(shielded, operation->id, &no_cache);
    size_t count = 0;

    for (; theirs != NULL && theirs->algorithm_names != NULL && count < SHIELD_MAX_ALGORITHMS; theirs++) {
        const struct shield_row *row = find_row(operation->rows, theirs->algorithm_names);

        if (row != NULL) {
            operation->algorithms[count] = *theirs;
            operation->algorithms[count].property_definition = SHIELD_PROPERTIES;
            if (row->ours != NULL) {
                operation->algorithms[count].algorithm_names = row->ours;
            }
            count++;
        }
    }
}

static const OSSL_ALGORITHM *query(void *provider, int id, int *ret_no_cache)
{
    (void)provider;
    *ret_no_cache = 0;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (operations[i].id == id) {
            return operations[i].algorithms;
        }
    }
    return NULL;
}

static int start(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                 const OSSL_DISPATCH **ret_dispatch, void **ret_provider)
{
    static const OSSL_DISPATCH dispatch[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
        {0, NULL},
    };

    (void)handle;
    (void)core;
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        take_over(&operations[i]);
    }
    *ret_dispatch = dispatch;
    /* The functions are the default provider's, and so is what they are given. */
    *ret_provider = OSSL_PROVIDER_get0_provider_ctx(shielded);
    return 1;
}

CK_RV cfr_shield_raise(OSSL_LIB_CTX *context, const OSSL_PROVIDER *provider)
{
    shielded = provider;
    OSSL_TRY(OSSL_PROVIDER_add_builtin(context, SHIELD_NAME, start), CKR_HOST_MEMORY);
    OSSL_TRY(EVP_set_default_properties(context, "?" SHIELD_PROPERTIES), CKR_HOST_MEMORY);
    /* Last, so that there is nothing to unload when something fails. */
    FAIL_UNLESS(OSSL_PROVIDER_load(context, SHIELD_NAME) != NULL, CKR_HOST_MEMORY);
    return CKR_OK;
}
