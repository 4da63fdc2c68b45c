/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object: its class, its attributes, and the key material made of them at first use. Objects do not
 * change: a change makes another object, which takes the old one's place in the tables; whoever holds the old
 * one goes on with it undisturbed. Shared by any number of threads.
 */
#ifndef CFR_OBJECT_OBJECT_H
#define CFR_OBJECT_OBJECT_H

#include "object/class_table.h"

#include <stdatomic.h>

struct cfr_object {
    atomic_uint shares;
    const struct cfr_class *class;
    struct cfr_attrs attrs;
    uint64_t id;       /**< number in the store, or serial number of a session object; 0: not yet placed */
    uint32_t revision; /**< of the stored record */
    CK_SESSION_HANDLE owner;             /**< session objects: the session that made it */
    atomic_bool was_begun_with;          /**< session objects: an operation of a session may keep it */
    _Atomic(struct cfr_keymat *) keymat; /**< a share of it; NULL before first use */
};

/** An object that takes over @p attrs, which is then empty. One share. CKR_HOST_MEMORY (@p attrs is kept). */
NODISCARD CK_RV cfr_object_new_take(const struct cfr_class *class, struct cfr_attrs *attrs,
                                    struct cfr_object **ret_object);

/** One more share. Returns @p object; NULL gives NULL. */
struct cfr_object *cfr_object_share(struct cfr_object *object);

/** Give up a share. NULL is accepted. */
void cfr_object_drop(struct cfr_object *object);
CFR_DEFINE_DROPP(object)

/**
 * A share of the key's material, made at first use.
 *
 * @retval CKR_KEY_TYPE_INCONSISTENT  not a key
 * @retval CKR_HOST_MEMORY            out of memory
 */
NODISCARD CK_RV cfr_object_keymat(struct cfr_object *object, struct cfr_keymat **ret_keymat);

/** Give the object its material, when it was made from it. */
void cfr_object_set_keymat(struct cfr_object *object, struct cfr_keymat *keymat);

static inline bool cfr_object_was_begun_with(const struct cfr_object *object)
{
    return atomic_load_explicit(&object->was_begun_with, memory_order_relaxed);
}

static inline bool cfr_object_bool(const struct cfr_object *object, enum cfr_bool bit)
{
    return cfr_attrs_bool(&object->attrs, bit);
}

/**
 * The value of an attribute, kept or computed, without regard to who asks.
 *
 * @param scratch   room for a computed value; the view may be of it
 *
 * @retval CKR_OK
 * @retval CKR_ATTRIBUTE_TYPE_INVALID  the object has it not
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_object_value(struct cfr_object *object, CK_ATTRIBUTE_TYPE type, struct cfr_buf *scratch,
                                 struct cfr_span *ret_value);

/** Whether an attribute may not be revealed (footnote 7). */
bool cfr_object_hides(const struct cfr_object *object, CK_ATTRIBUTE_TYPE type);

/**
 * Whether the object matches a search template, octet for octet (5.7.7). Values that may not be revealed
 * match nothing: a search is no way to guess them.
 *
 * @retval CKR_HOST_MEMORY, CKR_GENERAL_ERROR  a value could not be computed
 */
NODISCARD CK_RV cfr_object_matches(struct cfr_object *object, const struct cfr_attrs *template,
                                   bool *ret_matches);

/** Octets that the object takes: what C_GetObjectSize reports. */
size_t cfr_object_size(const struct cfr_object *object);

#endif
