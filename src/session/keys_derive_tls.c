/* SPDX-License-Identifier: Apache-2.0 */
/* What derivations of TLS make: master secrets, and the four keys of a connection, whose handles go into the parameter. */
#include "mech/params_tls.h"
#include "mech/registry.h"
#include "object/template.h"
#include "session/keys_derive_private.h"

enum { ALLOWED_MAX = 16 /* mechanisms that take a master secret */ };

/* --- Master secrets --- */

static size_t list_allowed(CK_MECHANISM_TYPE *list)
{
    const struct cfr_mechanism *row;
    size_t index = 0;
    size_t count = 0;

    while (count < ALLOWED_MAX && (row = cfr_registry_next(&index)) != NULL) {
        if ((row->traits & CFR_TRAIT_TAKES_MASTER) != 0) {
            list[count++] = row->type;
        }
    }
    return count;
}

/* The template may allow less than the mechanism does, and not more. */
static CK_RV check_allowed(struct cfr_span given, const CK_MECHANISM_TYPE *list, size_t count)
{
    for (size_t at = 0; at + sizeof(CK_MECHANISM_TYPE) <= given.len; at += sizeof(CK_MECHANISM_TYPE)) {
        CK_MECHANISM_TYPE type;
        size_t i = 0;

        cfr_copy(&type, given.ptr + at, sizeof(type));
        while (i < count && list[i] != type) {
            i++;
        }
        if (i == count) {
            return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "a master secret is not for mechanism 0x%lx", type);
        }
    }
    return CKR_OK;
}

CK_RV cfr_master_settle(struct cfr_derivation *derivation)
{
    struct cfr_product *product = &derivation->products[0];
    CK_MECHANISM_TYPE list[ALLOWED_MAX];
    size_t count = list_allowed(list);
    CK_ULONG len = cfr_attrs_ulong(&product->attrs, CKA_VALUE_LEN, CFR_TLS_MASTER_LEN);
    struct cfr_span given;

    if (len != CFR_TLS_MASTER_LEN) {
        return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "CKA_VALUE_LEN of a master secret is %lu", len);
    }
    derivation->lens[0] = len;
    product->class = cfr_class_find(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    if (cfr_attrs_get(&product->attrs, CKA_ALLOWED_MECHANISMS, &given)) {
        return check_allowed(given, list, count);
    }
    return cfr_attrs_set(&product->attrs, CKA_ALLOWED_MECHANISMS, cfr_span_of(list, count * sizeof(list[0])));
}

/* --- Keys of a connection --- */

/* Products of MAC keys come first, if there are any. */
static bool is_mac(const struct cfr_derivation *derivation, size_t index)
{
    return (derivation->row->traits & CFR_TRAIT_MAKES_BLOCK) != 0 && derivation->derive.block.mac_len != 0 &&
           index < 2;
}

void cfr_block_plan(struct cfr_derivation *derivation, struct cfr_given given)
{
    const struct cfr_key_block *block = &derivation->derive.block;

    for (size_t i = 0; i < CFR_BLOCK_KEYS; i++) {
        size_t len = i < 2 ? block->mac_len : block->key_len;

        if (len != 0) {
            derivation->lens[derivation->product_count] = len;
            cfr_derivation_add(derivation, given, &derivation->block_handles[i]);
        }
    }
}

CK_RV cfr_block_prepare(struct cfr_derivation *derivation, size_t index)
{
    static const CK_ATTRIBUTE_TYPE values[] = {CKA_KEY_TYPE,      CKA_VALUE_LEN,       CKA_ALLOWED_MECHANISMS,
                                               CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE,
                                               CKA_CHECK_VALUE};
    static const enum cfr_bool uses[] = {CFR_B_ENCRYPT, CFR_B_DECRYPT, CFR_B_WRAP, CFR_B_UNWRAP,
                                         CFR_B_DERIVE};
    struct cfr_attrs *attrs = &derivation->products[index].attrs;

    if (!is_mac(derivation, index)) {
        return CKR_OK;
    }
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        cfr_attrs_remove(attrs, values[i]);
    }
    for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
        cfr_attrs_set_bool(attrs, uses[i], false);
    }
    cfr_attrs_set_bool(attrs, CFR_B_SIGN, true);
    cfr_attrs_set_bool(attrs, CFR_B_VERIFY, true);
    return cfr_attrs_set_ulong(attrs, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
}

CK_RV cfr_block_settle(struct cfr_derivation *derivation, size_t index)
{
    static const enum cfr_bool uses[] = {CFR_B_ENCRYPT, CFR_B_DECRYPT, CFR_B_DERIVE};
    struct cfr_product *product = &derivation->products[index];
    size_t len = derivation->lens[index];
    CK_ULONG given_len = cfr_attrs_ulong(&product->attrs, CKA_VALUE_LEN, len);

    TRY(cfr_build_class(&product->attrs, CKO_SECRET_KEY, &product->class));
    FAIL_UNLESS(product->class->class == CKO_SECRET_KEY, CKR_TEMPLATE_INCONSISTENT);
    if (given_len != len) {
        return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "CKA_VALUE_LEN is %lu, and ulKeySizeInBits says %zu",
                        given_len, len);
    }
    FAIL_UNLESS(cfr_class_takes_len(product->class, len), CKR_KEY_SIZE_RANGE);
    for (size_t i = 0; !is_mac(derivation, index) && i < sizeof(uses) / sizeof(uses[0]); i++) {
        if (!cfr_attrs_has_bool(&product->attrs, uses[i])) {
            cfr_attrs_set_bool(&product->attrs, uses[i], true);
        }
    }
    return CKR_OK;
}

/* --- Outputs --- */

static void give_handles(const struct cfr_derivation *derivation)
{
    CK_SSL3_KEY_MAT_OUT *at = derivation->derive.block.handles_at;
    const CK_OBJECT_HANDLE *handles = derivation->block_handles;
    CK_SSL3_KEY_MAT_OUT out;

    cfr_copy(&out, at, sizeof(out));
    out.hClientMacSecret = handles[0];
    out.hServerMacSecret = handles[1];
    out.hClientKey = handles[2];
    out.hServerKey = handles[3];
    cfr_copy(at, &out, sizeof(out));
}

void cfr_tls_give(const struct cfr_derivation *derivation)
{
    const struct cfr_derive_params *derive = &derivation->derive;
    struct cfr_span octets = cfr_secret_view(derivation->octets);
    size_t iv_len = derive->block.iv_len;

    if (derive->block.handles_at != NULL) {
        give_handles(derivation);
    }
    if (iv_len != 0) {
        cfr_copy(derive->block.iv_at[0], octets.ptr + octets.len - 2 * iv_len, iv_len);
        cfr_copy(derive->block.iv_at[1], octets.ptr + octets.len - iv_len, iv_len);
    }
    if (derive->version_at != NULL) {
        cfr_copy(derive->version_at, cfr_keymat_secret(derivation->keymats[0]).ptr, sizeof(CK_VERSION));
    }
}
