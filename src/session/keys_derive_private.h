/* SPDX-License-Identifier: Apache-2.0 */
/* A derivation on its way. Included by keys_derive*.c alone. */
#ifndef CFR_SESSION_KEYS_DERIVE_PRIVATE_H
#define CFR_SESSION_KEYS_DERIVE_PRIVATE_H

#include "mech/params_derive.h"
#include "object/class_table.h"
#include "session/keys.h"
#include "session/manage.h"

enum {
    CFR_DERIVE_INPUTS_MAX = 1 + CFR_DERIVE_OTHERS_MAX,
    CFR_DERIVE_PRODUCTS_MAX = 1 + CFR_DERIVE_MORE_MAX,
    CFR_BLOCK_KEYS = 4, /* keys of a TLS connection: MAC keys of client and server, then their other keys */
};

_Static_assert((int)CFR_DERIVE_PRODUCTS_MAX <= (int)CFR_PLACE_MAX,
               "what is derived at once is placed at once");

/** One new object: what is asked, and then the object. */
struct cfr_product {
    struct cfr_given given;
    CK_OBJECT_HANDLE *ret_handle;
    struct cfr_attrs attrs;
    const struct cfr_class *class;
};

/** A call; on the heap, because parameters and products are many. */
struct cfr_derivation {
    struct cfr_session *session;
    struct cfr_actor actor;
    const struct cfr_mechanism *row;
    struct cfr_params params;
    struct cfr_derive_params derive;
    struct cfr_object *inputs[CFR_DERIVE_INPUTS_MAX]; /**< the base key, and then params.derive->others */
    struct cfr_keymat *keymats[CFR_DERIVE_INPUTS_MAX];
    size_t input_count;
    struct cfr_product products[CFR_DERIVE_PRODUCTS_MAX];
    size_t lens[CFR_DERIVE_PRODUCTS_MAX]; /**< octets of each product */
    size_t product_count;
    struct cfr_secret *octets; /**< of all products, and what the mechanism gives besides */
    struct cfr_object *objects[CFR_DERIVE_PRODUCTS_MAX];
    CK_OBJECT_HANDLE block_handles[CFR_BLOCK_KEYS]; /**< where those of a key block go at first */
};

/** One more product; at most CFR_DERIVE_PRODUCTS_MAX. */
void cfr_derivation_add(struct cfr_derivation *derivation, struct cfr_given given,
                        CK_OBJECT_HANDLE *ret_handle);

/* --- TLS (keys_derive_tls.c) --- */

/**
 * A master secret: its class, its length, and what it is for.
 *
 * @retval CKR_TEMPLATE_INCONSISTENT  another length, or a mechanism that it is not for
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_master_settle(struct cfr_derivation *derivation);

/** The keys of a connection: a product for each that the parameter gives a length. */
void cfr_block_plan(struct cfr_derivation *derivation, struct cfr_given given);

/**
 * A MAC key takes from the template what is not about the other keys' type and use. Does nothing for other products.
 *
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_block_prepare(struct cfr_derivation *derivation, size_t index);

/**
 * Class, length and default uses of a product of a key block.
 *
 * @retval CKR_TEMPLATE_INCOMPLETE    no CKA_KEY_TYPE
 * @retval CKR_TEMPLATE_INCONSISTENT  no secret key, or CKA_VALUE_LEN is not what the parameter says
 */
NODISCARD CK_RV cfr_block_settle(struct cfr_derivation *derivation, size_t index);

/** Write handles, IVs and version to where the parameter wants them. All products are in their places. */
void cfr_tls_give(const struct cfr_derivation *derivation);

#endif
