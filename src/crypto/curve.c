/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/curve.h"

#include "base/alloc.h"
#include "base/turn.h"
#include "crypto/asn1.h"
#include "crypto/curve_private.h"
#include "crypto/ossl_private.h"

#include <openssl/objects.h>

enum { CURVES_MAX = 128, MODERN_COUNT = 4 };

/* Identifiers are filled by cfr_curve_load(), the rest at first use, in turn; constant afterwards. */
static struct cfr_curve curves[CURVES_MAX];
static size_t curve_count;
static struct cfr_turn filling;

/* RFC 8410 identifiers, and the names that PKCS#11 2.40's amendment gave them (6.3.5 ff. of 3.2). */
static const struct {
    int nid;
    enum cfr_key_family family;
    size_t bits;
    size_t len;
    const char *name;
} modern[MODERN_COUNT] = {
    {NID_ED25519, CFR_KEY_EDWARDS, 255, 32, "edwards25519"},
    {NID_ED448, CFR_KEY_EDWARDS, 448, 57, "edwards448"},
    {NID_X25519, CFR_KEY_MONTGOMERY, 255, 32, "curve25519"},
    {NID_X448, CFR_KEY_MONTGOMERY, 448, 56, "curve448"},
};

static bool set_oid(struct cfr_curve *curve)
{
    const ASN1_OBJECT *object = OBJ_nid2obj(curve->nid);
    int len = object == NULL ? 0 : i2d_ASN1_OBJECT(object, NULL);
    uint8_t *end = curve->oid;

    if (len <= 2 || len > CFR_CURVE_OID_MAX_LEN) {
        return false;
    }
    curve->oid_len = (size_t)i2d_ASN1_OBJECT(object, &end);
    return true;
}

/* SM2's curve is left out because libcrypto makes SM2 keys of it, not ECDSA ones. */
static void add_curve(int nid, enum cfr_key_family family)
{
    struct cfr_curve *curve = &curves[curve_count];

    if (curve_count < CURVES_MAX && nid != NID_sm2) {
        *curve = (struct cfr_curve){.nid = nid, .family = family};
        curve_count += set_oid(curve);
    }
}

CK_RV cfr_curve_load(void)
{
    size_t count = EC_get_builtin_curves(NULL, 0);
    EC_builtin_curve *builtin = cfr_alloc_array(count, sizeof(*builtin));

    FAIL_UNLESS(builtin != NULL, CKR_HOST_MEMORY);
    count = EC_get_builtin_curves(builtin, count);
    curve_count = 0;
    for (size_t i = 0; i < MODERN_COUNT; i++) {
        add_curve(modern[i].nid, modern[i].family);
    }
    for (size_t i = 0; i < count; i++) {
        add_curve(builtin[i].nid, CFR_KEY_EC);
    }
    cfr_free(builtin);
    return CKR_OK;
}

static EVP_PKEY *make_blank(int nid)
{
    OSSL_PARAM params[2] = {OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(cfr_ossl.context, CFR_PKEY_EC, NULL);
    EVP_PKEY *blank = NULL;

    /* Read only: the parameter's type has no const. */
    params[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)OBJ_nid2sn(nid), 0);
    if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) <= 0 ||
        EVP_PKEY_fromdata(ctx, &blank, EVP_PKEY_KEY_PARAMETERS, params) <= 0) {
        blank = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return blank;
}

static bool fill_weierstrass_locked(struct cfr_curve *curve)
{
    if (curve->group == NULL) {
        curve->group = EC_GROUP_new_by_curve_name_ex(cfr_ossl.context, NULL, curve->nid);
    }
    if (curve->group == NULL) {
        return false;
    }
    curve->blank = make_blank(curve->nid);
    if (curve->blank == NULL) {
        return false;
    }
    curve->bits = (size_t)EC_GROUP_get_degree(curve->group);
    curve->order_len = ((size_t)EC_GROUP_order_bits(curve->group) + 7) / 8;
    curve->field_len = (curve->bits + 7) / 8;
    curve->cofactor_is_one = BN_is_one(EC_GROUP_get0_cofactor(curve->group));
    return true;
}

static bool fill_modern_locked(struct cfr_curve *curve)
{
    for (size_t i = 0; i < MODERN_COUNT; i++) {
        if (modern[i].nid == curve->nid) {
            curve->bits = modern[i].bits;
            curve->order_len = modern[i].len;
            curve->field_len = modern[i].len;
            return true;
        }
    }
    return false;
}

/*
 * Making the group of all eighty curves at start would cost more than a process has until its first
 * signature.
 */
static bool make_ready(struct cfr_curve *curve)
{
    bool ready = atomic_load_explicit(&curve->is_ready, memory_order_acquire);

    if (!ready) {
        cfr_turn_take(&filling);
        ready = atomic_load_explicit(&curve->is_ready, memory_order_relaxed) ||
                (curve->family == CFR_KEY_EC ? fill_weierstrass_locked(curve) : fill_modern_locked(curve));
        atomic_store_explicit(&curve->is_ready, ready, memory_order_release);
        cfr_turn_give(&filling);
    }
    return ready;
}

static struct cfr_curve *find_by_oid(struct cfr_span oid)
{
    for (size_t i = 0; i < curve_count; i++) {
        if (cfr_span_equal(oid, cfr_curve_params(&curves[i]))) {
            return &curves[i];
        }
    }
    return NULL;
}

static struct cfr_curve *find_by_name(struct cfr_span name)
{
    for (size_t i = 0; i < curve_count; i++) {
        if (cfr_span_equal(name, cfr_span_text(cfr_curve_name(&curves[i])))) {
            return &curves[i];
        }
    }
    return NULL;
}

CK_RV cfr_curve_find(enum cfr_key_family family, struct cfr_span params, const struct cfr_curve **ret_curve)
{
    struct cfr_der der = cfr_der_of(params);
    struct cfr_curve *curve = NULL;
    unsigned tag = cfr_der_peek(&der);

    if (tag == CFR_DER_OID) {
        curve = find_by_oid(cfr_der_take_any(&der));
    } else if (tag == CFR_DER_PRINTABLE_STRING) {
        curve = find_by_name(cfr_der_take(&der, CFR_DER_PRINTABLE_STRING));
    } else {
        FAIL_UNLESS(tag == CFR_DER_SEQUENCE || tag == CFR_DER_NULL, CKR_DOMAIN_PARAMS_INVALID);
        (void)cfr_der_take_any(&der);
    }
    FAIL_UNLESS(cfr_der_done(&der), CKR_DOMAIN_PARAMS_INVALID);
    FAIL_UNLESS(curve != NULL && curve->family == family && make_ready(curve), CKR_CURVE_NOT_SUPPORTED);
    *ret_curve = curve;
    return CKR_OK;
}

struct cfr_span cfr_curve_params(const struct cfr_curve *curve)
{
    return cfr_span_of(curve->oid, curve->oid_len);
}

const char *cfr_curve_name(const struct cfr_curve *curve)
{
    for (size_t i = 0; i < MODERN_COUNT; i++) {
        if (modern[i].nid == curve->nid) {
            return modern[i].name;
        }
    }
    return OBJ_nid2sn(curve->nid);
}

enum cfr_key_family cfr_curve_family(const struct cfr_curve *curve)
{
    return curve->family;
}

size_t cfr_curve_bits(const struct cfr_curve *curve)
{
    return curve->bits;
}

size_t cfr_curve_order_len(const struct cfr_curve *curve)
{
    return curve->order_len;
}

size_t cfr_curve_field_len(const struct cfr_curve *curve)
{
    return curve->field_len;
}

size_t cfr_curve_each(enum cfr_key_family family, void (*visit)(const struct cfr_curve *curve, void *arg),
                      void *arg)
{
    size_t count = 0;

    for (size_t i = 0; i < curve_count; i++) {
        if (curves[i].family == family && make_ready(&curves[i])) {
            visit(&curves[i], arg);
            count++;
        }
    }
    return count;
}
