/* SPDX-License-Identifier: Apache-2.0 */
/* Parameter sets: FIPS 203 table 3, FIPS 204 table 2, FIPS 205 table 2; identifiers from NIST's registry. */
#include "crypto/keymat_private.h"
#include "crypto/pq.h"

#include <openssl/err.h>

/* Arcs below 2.16.840.1.101.3.4: kems, sigAlgs. */
#define KEM(number_, name_, public_, private_, output_)                                                      \
    {                                                                                                        \
        CFR_KEY_ML_KEM, number_, name_, {4, number_}, public_, private_, 64, output_                         \
    }
#define LATTICE(number_, name_, public_, private_, output_)                                                  \
    {                                                                                                        \
        CFR_KEY_ML_DSA, number_, name_, {3, 16 + (number_)}, public_, private_, 32, output_                  \
    }
#define TREE(number_, name_, arc_, n_, output_)                                                              \
    {                                                                                                        \
        CFR_KEY_SLH_DSA, number_, name_, {3, arc_}, 2 * (n_), 4 * (n_), 0, output_                           \
    }

static const struct cfr_pq_set sets[CFR_PQ_SET_COUNT] = {
    KEM(CKP_ML_KEM_512, "ML-KEM-512", 800, 1632, 768),
    KEM(CKP_ML_KEM_768, "ML-KEM-768", 1184, 2400, 1088),
    KEM(CKP_ML_KEM_1024, "ML-KEM-1024", 1568, 3168, 1568),
    LATTICE(CKP_ML_DSA_44, "ML-DSA-44", 1312, 2560, 2420),
    LATTICE(CKP_ML_DSA_65, "ML-DSA-65", 1952, 4032, 3309),
    LATTICE(CKP_ML_DSA_87, "ML-DSA-87", 2592, 4896, 4627),
    TREE(CKP_SLH_DSA_SHA2_128S, "SLH-DSA-SHA2-128s", 20, 16, 7856),
    TREE(CKP_SLH_DSA_SHAKE_128S, "SLH-DSA-SHAKE-128s", 26, 16, 7856),
    TREE(CKP_SLH_DSA_SHA2_128F, "SLH-DSA-SHA2-128f", 21, 16, 17088),
    TREE(CKP_SLH_DSA_SHAKE_128F, "SLH-DSA-SHAKE-128f", 27, 16, 17088),
    TREE(CKP_SLH_DSA_SHA2_192S, "SLH-DSA-SHA2-192s", 22, 24, 16224),
    TREE(CKP_SLH_DSA_SHAKE_192S, "SLH-DSA-SHAKE-192s", 28, 24, 16224),
    TREE(CKP_SLH_DSA_SHA2_192F, "SLH-DSA-SHA2-192f", 23, 24, 35664),
    TREE(CKP_SLH_DSA_SHAKE_192F, "SLH-DSA-SHAKE-192f", 29, 24, 35664),
    TREE(CKP_SLH_DSA_SHA2_256S, "SLH-DSA-SHA2-256s", 24, 32, 29792),
    TREE(CKP_SLH_DSA_SHAKE_256S, "SLH-DSA-SHAKE-256s", 30, 32, 29792),
    TREE(CKP_SLH_DSA_SHA2_256F, "SLH-DSA-SHA2-256f", 25, 32, 49856),
    TREE(CKP_SLH_DSA_SHAKE_256F, "SLH-DSA-SHAKE-256f", 31, 32, 49856),
};

const struct cfr_pq_set *cfr_pq_set_row(size_t index)
{
    return index < CFR_PQ_SET_COUNT ? &sets[index] : NULL;
}

static bool is_set_available(const struct cfr_pq_set *set)
{
    EVP_KEYMGMT *method;

    /* libcrypto keeps sixteen errors: one for each set that it lacks would push the host's own out. */
    (void)ERR_set_mark();
    method = EVP_KEYMGMT_fetch(cfr_ossl.context, set->name, NULL);
    (void)ERR_pop_to_mark();
    EVP_KEYMGMT_free(method);
    return method != NULL;
}

bool cfr_pq_is_available(enum cfr_key_family family)
{
    for (size_t i = 0; i < CFR_PQ_SET_COUNT; i++) {
        if (sets[i].family == family) {
            return is_set_available(&sets[i]);
        }
    }
    return false;
}

CK_RV cfr_pq_find(enum cfr_key_family family, CK_ULONG number, const struct cfr_pq_set **ret_set)
{
    for (size_t i = 0; i < CFR_PQ_SET_COUNT; i++) {
        if (sets[i].family == family && sets[i].number == number) {
            if (!is_set_available(&sets[i])) {
                return cfr_fail(CKR_PARAMETER_SET_NOT_SUPPORTED, "libcrypto lacks %s", sets[i].name);
            }
            *ret_set = &sets[i];
            return CKR_OK;
        }
    }
    return cfr_fail(CKR_PARAMETER_SET_NOT_SUPPORTED, "CKA_PARAMETER_SET is %lu", number);
}

void cfr_pq_oid(const struct cfr_pq_set *set, uint8_t ret_oid[CFR_PQ_OID_LEN])
{
    static const uint8_t prefix[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04};

    cfr_copy(ret_oid, prefix, sizeof(prefix));
    cfr_copy(ret_oid + sizeof(prefix), set->arcs, sizeof(set->arcs));
}

const struct cfr_pq_set *cfr_pq_find_oid(struct cfr_span oid)
{
    for (size_t i = 0; i < CFR_PQ_SET_COUNT; i++) {
        uint8_t own[CFR_PQ_OID_LEN];

        cfr_pq_oid(&sets[i], own);
        if (cfr_span_equal(oid, cfr_span_of(own, sizeof(own)))) {
            return &sets[i];
        }
    }
    return NULL;
}

const struct cfr_pq_set *cfr_pq_set_of(const struct cfr_keymat *keymat)
{
    return keymat->set;
}
