/* SPDX-License-Identifier: Apache-2.0 */
/* Searches, listings and attributes in one process that has been up for a while. */
#include "result.h"
#include "slice.h"
#include "store.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 4096, NAME_ROOM = 24, BLOCK = 512, FOUND_MAX = 8, LABEL_ROOM = 64 };

/* One searcher: names that are made beforehand, in an order that no cache can foresee. */
struct search {
    const struct bench *b;
    CK_RV rv;
    uint64_t random;
    CK_ATTRIBUTE_TYPE type; /* what is searched for */
    CK_ULONG expected;      /* matches of each search */
    char (*names)[NAME_ROOM];
    CK_OBJECT_HANDLE *handles; /* all objects of the token */
    size_t handle_count;
};

static uint64_t random_next(struct search *s)
{
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return s->random;
}

static bool find_op(void *work)
{
    struct search *s = work;
    char *name = s->names[random_next(s) % NAMES];
    CK_ATTRIBUTE template = {s->type, name, strlen(name)};
    CK_OBJECT_HANDLE found[FOUND_MAX];
    CK_ULONG count = 0;

    s->rv = bench_find(&s->b->module, s->b->session, &template, 1, found, FOUND_MAX, &count);
    if (s->rv == CKR_OK && count != s->expected) {
        bench_wrong("%s: %lu objects found for %s instead of %lu", s->b->options->name, count, name,
                    s->expected);
    }
    return s->rv == CKR_OK;
}

static bool label_read(struct search *s, CK_OBJECT_HANDLE key)
{
    char label[LABEL_ROOM];
    CK_ATTRIBUTE template = {CKA_LABEL, label, sizeof(label)};

    s->rv = s->b->module.f->C_GetAttributeValue(s->b->session, key, &template, 1);
    return s->rv == CKR_OK;
}

static bool get_label_op(void *work)
{
    struct search *s = work;

    return label_read(s, s->handles[random_next(s) % s->handle_count]);
}

/* All objects, block by block; their handles are kept where there is room, their labels read if asked. */
static bool list_all(struct search *s, bool reads_labels)
{
    CK_FUNCTION_LIST *f = s->b->module.f;
    const size_t room = s->b->options->object_count + BLOCK;
    CK_ULONG count = BLOCK;

    s->handle_count = 0;
    s->rv = bench_list_begin(&s->b->module, s->b->session);
    while (s->rv == CKR_OK && count != 0) {
        if (s->handle_count > room) {
            bench_wrong("%s lists more objects than there are", s->b->options->name);
        }
        s->rv = f->C_FindObjects(s->b->session, s->handles + s->handle_count, BLOCK, &count);
        for (CK_ULONG i = 0; reads_labels && s->rv == CKR_OK && i < count; i++) {
            label_read(s, s->handles[s->handle_count + i]);
        }
        s->handle_count += s->rv == CKR_OK ? count : 0;
    }
    f->C_FindObjectsFinal(s->b->session);
    if (s->rv == CKR_OK && s->handle_count < s->b->options->object_count) {
        bench_wrong("%s lists %zu objects only", s->b->options->name, s->handle_count);
    }
    return s->rv == CKR_OK;
}

static bool enumerate_op(void *work)
{
    return list_all(work, false);
}

static bool list_labels_op(void *work)
{
    return list_all(work, true);
}

/* The lowest slice's time of an operation, divided by @p share. */
static void lowest_put(struct search *s, const char *stem, bool (*op)(void *work), double share)
{
    const struct bench_side side = {.op = op, .work = s};

    if (!bench_wants(s->b, stem)) {
        return;
    }
    struct bench_rounds *rounds = bench_rounds_run(&side, 1, s->b->effort.seconds);
    if (rounds == NULL) {
        bench_store_put_missing(s->b, stem, "while measuring", s->rv);
    } else {
        bench_store_put(s->b, stem, bench_rounds_lowest_us(rounds, 0) / share);
    }
    bench_rounds_free(rounds);
}

enum name_kind { LABELS, IDS, STRANGERS };

/* In an empty token the only key to find is the signer; its id is its label. */
static void names_make(struct search *s, enum name_kind kind)
{
    const size_t count = s->b->options->object_count;

    for (size_t i = 0; i < NAMES; i++) {
        char *name = NULL;
        if (kind == STRANGERS) {
            name = bench_text("none-%zu", i);
        } else if (count == 0) {
            name = bench_text("%s", BENCH_SIGNER);
        } else {
            const size_t pick = random_next(s) % count;
            name = kind == LABELS ? bench_filler_label(pick) : bench_filler_id(pick);
        }
        snprintf(s->names[i], NAME_ROOM, "%s", name);
        free(name);
    }
}

static void find_measure(struct search *s, const char *stem, enum name_kind kind)
{
    if (bench_wants(s->b, stem)) {
        names_make(s, kind);
        s->type = kind == IDS ? CKA_ID : CKA_LABEL;
        s->expected = kind == STRANGERS ? 0 : 1;
        lowest_put(s, stem, find_op, 1);
    }
}

void bench_store_find(const struct bench *b)
{
    struct search s = {.b = b, .random = 0x2545f4914f6cdd1du};

    s.names = bench_alloc(NAMES * sizeof(*s.names));
    s.handles = bench_alloc((b->options->object_count + 2 * BLOCK) * sizeof(*s.handles));
    find_measure(&s, "store.find-label@", LABELS);
    find_measure(&s, "store.find-id@", IDS);
    find_measure(&s, "store.find-none@", STRANGERS);
    if (!list_all(&s, false)) {
        bench_store_put_missing(b, "store.enumerate@", "listing", s.rv);
    } else {
        lowest_put(&s, "store.get-label@", get_label_op, 1);
        if (b->options->object_count != 0) {
            lowest_put(&s, "store.enumerate@", enumerate_op, (double)s.handle_count);
            lowest_put(&s, "store.list-labels@", list_labels_op, (double)s.handle_count);
        }
    }
    free(s.handles);
    free(s.names);
}
