/* SPDX-License-Identifier: Apache-2.0 */
#include "generate.h"

#include "support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SESSION_KEYS_MAX = 1024, /* a few ms of the fastest module; few enough not to measure a handle table */
    TOKEN_KEYS_MAX = 256,
    DESTROYED_MAX = 32, /* token keys to destroy in a slice: they have to be made first */
    HANDLES_MAX = 2 * SESSION_KEYS_MAX,
};

struct bench_generator {
    const struct bench *b;
    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE session;
    enum bench_make what;
    CK_BBOOL is_token;
    CK_RV rv;
    size_t count;
    CK_OBJECT_HANDLE handles[HANDLES_MAX];
    char name[32]; /* label and id of the key being made */
};

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static atomic_uint name_counter;

static bool passed(struct bench_generator *g, CK_RV rv)
{
    g->rv = rv;
    return rv == CKR_OK;
}

/* Each key gets a label and id of its own, as real keys have. */
static CK_ULONG name_next(struct bench_generator *g)
{
    return (CK_ULONG)snprintf(g->name, sizeof(g->name), "made-%u", atomic_fetch_add(&name_counter, 1));
}

static bool aes_make(void *work)
{
    struct bench_generator *g = work;
    CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ULONG len = 32;
    const CK_ULONG name_len = name_next(g);
    CK_ATTRIBUTE template[] = {
        {CKA_TOKEN, &g->is_token, sizeof(g->is_token)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)},
        {CKA_EXTRACTABLE, &no, sizeof(no)},
        {CKA_ENCRYPT, &yes, sizeof(yes)},
        {CKA_DECRYPT, &yes, sizeof(yes)},
        {CKA_VALUE_LEN, &len, sizeof(len)},
        {CKA_LABEL, g->name, name_len},
        {CKA_ID, g->name, name_len},
    };

    if (!passed(g, g->f->C_GenerateKey(g->session, &mechanism, template,
                                       sizeof(template) / sizeof(template[0]), &g->handles[g->count]))) {
        return false;
    }
    g->count++;
    return true;
}

static bool pair_make(void *work)
{
    static unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static unsigned char exponent[] = {1, 0, 1};
    struct bench_generator *g = work;
    const bool is_rsa = g->what == BENCH_MAKE_RSA2048;
    CK_MECHANISM mechanism = {is_rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ULONG bits = 2048;
    const CK_ULONG name_len = name_next(g);
    CK_ATTRIBUTE public_part[] = {
        {CKA_TOKEN, &g->is_token, sizeof(g->is_token)},
        {CKA_VERIFY, &yes, sizeof(yes)},
        {CKA_LABEL, g->name, name_len},
        {CKA_ID, g->name, name_len},
        {is_rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_PARAMS, is_rsa ? exponent : p256,
         is_rsa ? sizeof(exponent) : sizeof(p256)},
        {CKA_MODULUS_BITS, &bits, sizeof(bits)},
    };
    CK_ATTRIBUTE private_part[] = {
        {CKA_TOKEN, &g->is_token, sizeof(g->is_token)},
        {CKA_PRIVATE, &yes, sizeof(yes)},
        {CKA_SENSITIVE, &yes, sizeof(yes)},
        {CKA_EXTRACTABLE, &no, sizeof(no)},
        {CKA_SIGN, &yes, sizeof(yes)},
        {CKA_LABEL, g->name, name_len},
        {CKA_ID, g->name, name_len},
    };

    if (!passed(g, g->f->C_GenerateKeyPair(g->session, &mechanism, public_part, is_rsa ? 6 : 5, private_part,
                                           sizeof(private_part) / sizeof(private_part[0]),
                                           &g->handles[g->count], &g->handles[g->count + 1]))) {
        return false;
    }
    g->count += 2;
    return true;
}

static bool one_destroy(void *work)
{
    struct bench_generator *g = work;

    return passed(g, g->f->C_DestroyObject(g->session, g->handles[--g->count]));
}

static bool all_destroy(void *work)
{
    struct bench_generator *g = work;

    while (g->count != 0) {
        if (!one_destroy(g)) {
            return false;
        }
    }
    return true;
}

static bool refill(void *work)
{
    struct bench_generator *g = work;
    const size_t wanted = g->is_token ? DESTROYED_MAX : SESSION_KEYS_MAX;

    while (g->count < wanted) {
        if (!aes_make(g)) {
            return false;
        }
    }
    return true;
}

struct bench_generator *bench_generator_open(const struct bench *b, CK_SESSION_HANDLE session,
                                             enum bench_make what, bool is_token)
{
    struct bench_generator *generator = bench_alloc(sizeof(*generator));

    generator->b = b;
    generator->f = b->module.f;
    generator->session = session;
    generator->what = what;
    generator->is_token = is_token ? CK_TRUE : CK_FALSE;
    return generator;
}

void bench_generator_close(struct bench_generator *generator)
{
    if (generator != NULL) {
        all_destroy(generator);
        if (generator->session != generator->b->session) {
            generator->f->C_CloseSession(generator->session);
        }
        free(generator);
    }
}

struct bench_side bench_generator_side(struct bench_generator *generator)
{
    return (struct bench_side){.op = generator->what == BENCH_MAKE_AES ? aes_make : pair_make,
                               .ready = all_destroy,
                               .work = generator,
                               .slice_op_max = generator->is_token ? TOKEN_KEYS_MAX : SESSION_KEYS_MAX};
}

struct bench_side bench_generator_destroy_side(struct bench_generator *generator)
{
    return (struct bench_side){.op = one_destroy,
                               .ready = refill,
                               .work = generator,
                               .slice_op_max = generator->is_token ? DESTROYED_MAX : SESSION_KEYS_MAX};
}

CK_RV bench_generator_rv(const struct bench_generator *generator)
{
    return generator->rv;
}
