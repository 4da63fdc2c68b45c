/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token objects as records: one sealed record O with all attributes, and an empty record X for each indexed
 * one. An object's number tells whether it is private: such numbers are odd.
 */
#ifndef CFR_OBJECT_PERSIST_H
#define CFR_OBJECT_PERSIST_H

#include "object/object.h"
#include "object/space.h"

/** Indexed attributes: what a search can start from. Class and type share one tag. */
enum cfr_index { CFR_INDEX_UNIQUE_ID, CFR_INDEX_ID, CFR_INDEX_LABEL, CFR_INDEX_CLASS, CFR_INDEX_COUNT };

/**
 * A tag under which an object is found, and how much of it counts: class alone fixes only its first octets.
 */
struct cfr_index_tag {
    uint8_t octets[CFR_INDEX_TAG_LEN];
    size_t len;
};

enum { CFR_INDEX_CLASS_LEN = 6 };

/** Objects that a space can number in its life; handles have room for that. */
#define CFR_OBJECT_COUNT_MAX ((uint64_t)1 << 38)

static inline bool cfr_object_number_is_private(uint64_t number)
{
    return (number & 1) != 0;
}

/** The half of a view that an object of this number belongs to; NULL when the view has it not. */
const struct cfr_space_half *cfr_view_half(const struct cfr_view *view, bool is_private);

/**
 * The tag of an attribute in a set, for objects of one half.
 *
 * @param ret_tag  length 0: the set has not the attribute, or it is empty, which is not indexed
 */
NODISCARD CK_RV cfr_persist_tag(const struct cfr_space_half *half, enum cfr_index index,
                                const struct cfr_attrs *attrs, struct cfr_index_tag *ret_tag);

/**
 * Add a token object within a transaction; gives it its number. CKR_DEVICE_MEMORY: too large;
 * CKR_HOST_MEMORY; CKR_USER_NOT_LOGGED_IN: private, and the view has no private half.
 */
NODISCARD CK_RV cfr_persist_add(const struct cfr_view *view, struct cfr_changes *changes,
                                struct cfr_object *object);

/**
 * Put @p changed in the place of the record as it is now.
 *
 * @retval CKR_OBJECT_HANDLE_INVALID  the record is gone
 * @retval CKR_FUNCTION_FAILED        it has another revision than @p changed was made from: load it and try
 * again
 */
NODISCARD CK_RV cfr_persist_replace(const struct cfr_view *view, struct cfr_changes *changes,
                                    struct cfr_object *changed);

/** Remove a token object. CKR_OBJECT_HANDLE_INVALID: it is gone already. */
NODISCARD CK_RV cfr_persist_remove(const struct cfr_view *view, struct cfr_changes *changes, uint64_t number);

/**
 * Read a token object.
 *
 * @retval CKR_OBJECT_HANDLE_INVALID  no such object in the view
 * @retval CKR_DEVICE_ERROR           its record is damaged
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_persist_load(const struct cfr_view *view, struct cfr_store_txn *txn, uint64_t number,
                                 struct cfr_object **ret_object);

#endif
