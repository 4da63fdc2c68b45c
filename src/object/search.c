/* SPDX-License-Identifier: Apache-2.0 */
#include "object/search.h"

#include "base/log.h"

/* What the indexes can say of a template. */
struct plan {
    bool by_index;
    enum cfr_index index;
    bool is_exact; /* every object that the index gives matches */
};

static bool is_set(const struct cfr_attrs *template, CK_ATTRIBUTE_TYPE type)
{
    return cfr_attrs_value(template, type).len != 0;
}

/* Attributes that a number alone decides: CKA_TOKEN, which is true here, and CKA_PRIVATE. */
static bool only_flags_of_place(const struct cfr_attrs *template)
{
    return (template->bool_has & ~(1ULL << CFR_B_TOKEN | 1ULL << CFR_B_PRIVATE)) == 0;
}

static struct plan make_plan(const struct cfr_attrs *template)
{
    bool has_class = is_set(template, CKA_CLASS);
    bool has_type = is_set(template, CKA_KEY_TYPE) || is_set(template, CKA_CERTIFICATE_TYPE);
    size_t class_values = (size_t)has_class + (size_t)(has_class && has_type);

    if (is_set(template, CKA_UNIQUE_ID)) {
        return (struct plan){.by_index = true, .index = CFR_INDEX_UNIQUE_ID};
    }
    if (is_set(template, CKA_ID)) {
        return (struct plan){.by_index = true, .index = CFR_INDEX_ID};
    }
    if (is_set(template, CKA_LABEL)) {
        return (struct plan){.by_index = true, .index = CFR_INDEX_LABEL};
    }
    return (struct plan){
        .by_index = has_class,
        .index = CFR_INDEX_CLASS,
        .is_exact = only_flags_of_place(template) && template->count == class_values,
    };
}

/* Collects numbers from keys that end with one. */
struct collection {
    size_t key_len; /* of the keys looked at: another one there was not written by us */
    bool is_odd;    /* there was another one */
    bool takes_public;
    bool takes_private;
    uint64_t seen_public;
    uint64_t seen_private;
    struct cfr_buf *numbers;
};

static bool collect(void *arg, struct cfr_span key, struct cfr_span value)
{
    struct collection *collection = arg;
    uint64_t number;
    bool is_private;

    (void)value;
    if (key.len != collection->key_len) {
        collection->is_odd = true;
        return false;
    }
    number = cfr_load_be64(key.ptr + key.len - 8);
    is_private = cfr_object_number_is_private(number);
    collection->seen_public += !is_private;
    collection->seen_private += is_private;
    if (is_private ? collection->takes_private : collection->takes_public) {
        cfr_buf_put(collection->numbers, cfr_span_of(&number, sizeof(number)));
    }
    return !collection->numbers->failed;
}

static CK_RV collect_range(struct cfr_store_txn *txn, const struct cfr_record_key *prefix,
                           struct collection *collection)
{
    struct cfr_record_key high = cfr_key_after_prefix(prefix);

    TRY(cfr_store_rv(txn->store->ops->range(txn, cfr_record_key_view(prefix), cfr_record_key_view(&high),
                                            collect, collection),
                     "range"));
    FAIL_UNLESS(!collection->is_odd, CKR_DEVICE_ERROR);
    return cfr_buf_check(collection->numbers);
}

static CK_RV collect_by_index(const struct cfr_view *view, struct cfr_store_txn *txn, enum cfr_index index,
                              const struct cfr_attrs *template, struct collection *collection)
{
    for (int is_private = 0; is_private < 2; is_private++) {
        const struct cfr_space_half *half = cfr_view_half(view, is_private != 0);
        struct cfr_index_tag tag = {0};
        struct cfr_record_key prefix;

        if (half == NULL || !(is_private ? collection->takes_private : collection->takes_public)) {
            continue;
        }
        TRY(cfr_persist_tag(half, index, template, &tag));
        prefix = cfr_key_of_index(view->space->number, tag.octets, 0);
        collection->key_len = prefix.len;
        prefix.len = prefix.len - 8 - (CFR_INDEX_TAG_LEN - tag.len);
        TRY(collect_range(txn, &prefix, collection));
    }
    return CKR_OK;
}

/* All objects; that none is missing shows in the numbers that the generation record has of them. */
static CK_RV collect_all(const struct cfr_view *view, struct cfr_store_txn *txn,
                         struct collection *collection)
{
    struct cfr_record_key prefix = cfr_key_in_space('O', view->space->number);
    struct cfr_generation generation;

    collection->key_len = cfr_key_of_object(view->space->number, 0).len;
    TRY(collect_range(txn, &prefix, collection));
    TRY(cfr_catalogue_read(&view->space->catalogue, txn, &generation));
    if (collection->seen_public != generation.counters[CFR_COUNT_PUBLIC] ||
        collection->seen_private != generation.counters[CFR_COUNT_PRIVATE]) {
        cfr_log(CFR_LOG_ERROR, "objects of space %u are missing from the store", view->space->number);
        return cfr_fail(CKR_DEVICE_ERROR, "objects of space %u are missing from the store",
                        view->space->number);
    }
    return CKR_OK;
}

/* Keep the numbers from @p first on whose objects match, in place. */
static CK_RV filter(struct cfr_store_txn *txn, const struct cfr_attrs *template, cfr_search_load_fn load,
                    void *load_arg, struct cfr_buf *numbers, size_t first)
{
    size_t kept = first;

    for (size_t at = first; at < numbers->len; at += sizeof(uint64_t)) {
        AUTO(object) *object = NULL;
        uint64_t number;
        bool matches = false;

        cfr_copy(&number, numbers->ptr + at, sizeof(number));
        TRY_MAP(load(load_arg, txn, number, &object), CKR_OBJECT_HANDLE_INVALID, CKR_DEVICE_ERROR);
        TRY(cfr_object_matches(object, template, &matches));
        if (matches) {
            cfr_copy(numbers->ptr + kept, &number, sizeof(number));
            kept += sizeof(number);
        }
    }
    numbers->len = kept;
    return CKR_OK;
}

CK_RV cfr_search(const struct cfr_view *view, struct cfr_store_txn *txn, const struct cfr_attrs *template,
                 cfr_search_load_fn load, void *load_arg, struct cfr_buf *numbers)
{
    struct plan plan = make_plan(template);
    bool asks_private = cfr_attrs_has_bool(template, CFR_B_PRIVATE);
    struct collection collection = {
        .takes_public = !asks_private || !cfr_attrs_bool(template, CFR_B_PRIVATE),
        .takes_private =
            view->private_half != NULL && (!asks_private || cfr_attrs_bool(template, CFR_B_PRIVATE)),
        .numbers = numbers,
    };
    size_t first = numbers->len;

    if (cfr_attrs_has_bool(template, CFR_B_TOKEN) && !cfr_attrs_bool(template, CFR_B_TOKEN)) {
        return CKR_OK;
    }
    if (plan.by_index) {
        TRY(collect_by_index(view, txn, plan.index, template, &collection));
    } else {
        TRY(collect_all(view, txn, &collection));
        plan.is_exact = only_flags_of_place(template) && template->count == 0;
    }
    return plan.is_exact ? CKR_OK : filter(txn, template, load, load_arg, numbers, first);
}
