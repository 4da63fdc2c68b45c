/* SPDX-License-Identifier: Apache-2.0 */
#include "object/persist.h"

const struct cfr_space_half *cfr_view_half(const struct cfr_view *view, bool is_private)
{
    return is_private ? view->private_half : &view->space->public_half;
}

/* The attribute type and its octets, so that equal values of two attributes have nothing in common. */
static CK_RV tag_value(const struct cfr_space_half *half, CK_ATTRIBUTE_TYPE type, struct cfr_span value,
                       uint8_t *out)
{
    uint8_t type_octets[8];

    cfr_store_be64(type_octets, type);
    return cfr_tagger_tag(half->index, cfr_span_of(type_octets, sizeof(type_octets)), value, out);
}

/*
 * Six octets of the class, then two of class and type: all of a class lie together, and of a type within it.
 */
static CK_RV tag_class(const struct cfr_space_half *half, const struct cfr_attrs *attrs,
                       struct cfr_index_tag *ret_tag)
{
    CK_OBJECT_CLASS class = cfr_attrs_ulong(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    CK_ATTRIBUTE_TYPE type_attr = cfr_class_subtype_attr(class);
    uint8_t both[16];
    uint8_t tag[CFR_TAG_LEN];

    if (class == CK_UNAVAILABLE_INFORMATION) {
        return CKR_OK;
    }
    cfr_store_be64(both, class);
    TRY(tag_value(half, CKA_CLASS, cfr_span_of(both, 8), tag));
    cfr_copy(ret_tag->octets, tag, CFR_INDEX_CLASS_LEN);
    ret_tag->len = CFR_INDEX_CLASS_LEN;
    if (type_attr != 0 && cfr_attrs_has(attrs, cfr_attr_find(type_attr))) {
        cfr_store_be64(both + 8, cfr_attrs_ulong(attrs, type_attr, 0));
        TRY(tag_value(half, CKA_CLASS, cfr_span_of(both, 16), tag));
        cfr_copy(ret_tag->octets + CFR_INDEX_CLASS_LEN, tag, CFR_INDEX_TAG_LEN - CFR_INDEX_CLASS_LEN);
        ret_tag->len = CFR_INDEX_TAG_LEN;
    }
    return CKR_OK;
}

CK_RV cfr_persist_tag(const struct cfr_space_half *half, enum cfr_index index, const struct cfr_attrs *attrs,
                      struct cfr_index_tag *ret_tag)
{
    static const CK_ATTRIBUTE_TYPE types[] = {
        [CFR_INDEX_UNIQUE_ID] = CKA_UNIQUE_ID, [CFR_INDEX_ID] = CKA_ID, [CFR_INDEX_LABEL] = CKA_LABEL};
    struct cfr_span value;
    uint8_t tag[CFR_TAG_LEN];

    ret_tag->len = 0;
    if (index == CFR_INDEX_CLASS) {
        return tag_class(half, attrs, ret_tag);
    }
    value = cfr_attrs_value(attrs, types[index]);
    if (value.len != 0) {
        TRY(tag_value(half, types[index], value, tag));
        cfr_copy(ret_tag->octets, tag, CFR_INDEX_TAG_LEN);
        ret_tag->len = CFR_INDEX_TAG_LEN;
    }
    return CKR_OK;
}

/* The index record of an object; *ret_exists is false when the attribute is not indexed. */
static CK_RV index_key(const struct cfr_view *view, enum cfr_index index, const struct cfr_attrs *attrs,
                       uint64_t number, struct cfr_record_key *ret_key, bool *ret_exists)
{
    struct cfr_index_tag tag = {0};

    TRY(cfr_persist_tag(cfr_view_half(view, cfr_object_number_is_private(number)), index, attrs, &tag));
    *ret_exists = tag.len != 0;
    /* A class without types leaves its last octets zero. */
    *ret_key = cfr_key_of_index(view->space->number, tag.octets, number);
    return CKR_OK;
}

static CK_RV write_record(const struct cfr_view *view, struct cfr_changes *changes,
                          const struct cfr_object *object, uint32_t revision)
{
    struct cfr_record_key key = cfr_key_of_object(view->space->number, object->id);
    struct cfr_seal_header header = {.revision = revision};
    AUTO(secret) *text = NULL;

    TRY(cfr_attrs_encode(&object->attrs, &text));
    return cfr_changes_put_sealed(changes, &key,
                                  cfr_view_half(view, cfr_object_number_is_private(object->id))->sealer,
                                  &header, cfr_secret_view(text));
}

CK_RV cfr_persist_add(const struct cfr_view *view, struct cfr_changes *changes, struct cfr_object *object)
{
    bool is_private = cfr_object_bool(object, CFR_B_PRIVATE);
    uint64_t *counters = changes->generation.counters;
    struct cfr_record_key key;
    bool exists;

    FAIL_UNLESS(cfr_view_half(view, is_private) != NULL, CKR_USER_NOT_LOGGED_IN);
    FAIL_UNLESS(counters[CFR_COUNT_NEXT_OBJECT] < CFR_OBJECT_COUNT_MAX, CKR_DEVICE_MEMORY);
    object->id = (++counters[CFR_COUNT_NEXT_OBJECT] << 1) | (is_private ? 1 : 0);
    object->revision = 1;
    counters[is_private ? CFR_COUNT_PRIVATE : CFR_COUNT_PUBLIC]++;
    TRY(write_record(view, changes, object, object->revision));
    for (int index = 0; index < CFR_INDEX_COUNT; index++) {
        TRY(index_key(view, (enum cfr_index)index, &object->attrs, object->id, &key, &exists));
        if (exists) {
            TRY(cfr_changes_put(changes, &key, cfr_span_of(NULL, 0)));
        }
    }
    return CKR_OK;
}

CK_RV cfr_persist_replace(const struct cfr_view *view, struct cfr_changes *changes,
                          struct cfr_object *changed)
{
    AUTO(object) *current = NULL;

    TRY(cfr_persist_load(view, changes->txn, changed->id, &current));
    FAIL_UNLESS(current->revision == changed->revision, CKR_FUNCTION_FAILED);
    for (int index = 0; index < CFR_INDEX_COUNT; index++) {
        struct cfr_record_key old_key;
        struct cfr_record_key new_key;
        bool had;
        bool has;

        TRY(index_key(view, (enum cfr_index)index, &current->attrs, changed->id, &old_key, &had));
        TRY(index_key(view, (enum cfr_index)index, &changed->attrs, changed->id, &new_key, &has));
        if (had && has && cfr_span_equal(cfr_record_key_view(&old_key), cfr_record_key_view(&new_key))) {
            continue;
        }
        if (had) {
            TRY(cfr_changes_del(changes, &old_key));
        }
        if (has) {
            TRY(cfr_changes_put(changes, &new_key, cfr_span_of(NULL, 0)));
        }
    }
    return write_record(view, changes, changed, changed->revision + 1);
}

CK_RV cfr_persist_remove(const struct cfr_view *view, struct cfr_changes *changes, uint64_t number)
{
    struct cfr_record_key key = cfr_key_of_object(view->space->number, number);
    uint64_t *counters = changes->generation.counters;
    AUTO(object) *object = NULL;

    TRY(cfr_persist_load(view, changes->txn, number, &object));
    for (int index = 0; index < CFR_INDEX_COUNT; index++) {
        struct cfr_record_key entry;
        bool exists;

        TRY(index_key(view, (enum cfr_index)index, &object->attrs, number, &entry, &exists));
        if (exists) {
            TRY(cfr_changes_del(changes, &entry));
        }
    }
    counters[cfr_object_number_is_private(number) ? CFR_COUNT_PRIVATE : CFR_COUNT_PUBLIC]--;
    return cfr_changes_del(changes, &key);
}

/*
 * The class that a stored object names; one that this version does not know is an error, and the object
 * stays.
 */
static CK_RV class_of_stored(const struct cfr_attrs *attrs, const struct cfr_class **ret_class)
{
    CK_OBJECT_CLASS class = cfr_attrs_ulong(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
    CK_ATTRIBUTE_TYPE type_attr = cfr_class_subtype_attr(class);
    CK_ULONG type = type_attr == 0 ? CK_UNAVAILABLE_INFORMATION
                                   : cfr_attrs_ulong(attrs, type_attr, CK_UNAVAILABLE_INFORMATION);

    *ret_class = cfr_class_find(class, type);
    FAIL_UNLESS(*ret_class != NULL, CKR_DEVICE_ERROR);
    return CKR_OK;
}

CK_RV cfr_persist_load(const struct cfr_view *view, struct cfr_store_txn *txn, uint64_t number,
                       struct cfr_object **ret_object)
{
    const struct cfr_space_half *half = cfr_view_half(view, cfr_object_number_is_private(number));
    struct cfr_record_key key = cfr_key_of_object(view->space->number, number);
    struct cfr_seal_header header = {0};
    struct cfr_span sealed = {0};
    const struct cfr_class *class = NULL;
    AUTO(secret) *text = NULL;
    AUTO(attrs) attrs = CFR_ATTRS;
    AUTO(object) *object = NULL;
    enum cfr_store_status status;

    FAIL_UNLESS(half != NULL, CKR_OBJECT_HANDLE_INVALID);
    status = txn->store->ops->get(txn, cfr_record_key_view(&key), &sealed);
    FAIL_UNLESS(status != CFR_STORE_NOTFOUND, CKR_OBJECT_HANDLE_INVALID);
    TRY(cfr_store_rv(status, "get O"));
    TRY(cfr_unseal(half->sealer, cfr_record_key_view(&key), sealed, &header, &text));
    TRY(cfr_attrs_decode(cfr_secret_view(text), &attrs));
    TRY(class_of_stored(&attrs, &class));
    TRY(cfr_object_new_take(class, &attrs, &object));
    object->id = number;
    object->revision = header.revision;
    *ret_object = MOVE(object);
    return CKR_OK;
}
