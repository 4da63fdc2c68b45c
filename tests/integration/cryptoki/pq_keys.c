/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/pq_keys.h"

#include "integration/cryptoki/operations.h"

/* Lengths: FIPS 203 table 3, FIPS 204 table 2, FIPS 205 table 2; identifiers: NIST's registry. */
const struct pq_kind pq_kinds[PQ_KINDS] = {
    {CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, CKP_ML_KEM_768, CKP_ML_KEM_512, 1184, 2400, 64, {4, 2}},
    {CKM_ML_DSA_KEY_PAIR_GEN, CKK_ML_DSA, CKP_ML_DSA_44, CKP_ML_DSA_65, 1312, 2560, 32, {3, 17}},
    {CKM_SLH_DSA_KEY_PAIR_GEN,
     CKK_SLH_DSA,
     CKP_SLH_DSA_SHAKE_128F,
     CKP_SLH_DSA_SHA2_192F,
     32,
     64,
     0,
     {3, 27}},
};

bool pq_is_there(CK_SESSION_HANDLE session)
{
    CK_MECHANISM_INFO info;

    return p11->C_GetMechanismInfo(slot_of(session), CKM_ML_DSA, &info) == CKR_OK;
}

struct key_pair pq_make_pair(CK_SESSION_HANDLE session, const struct pq_kind *kind)
{
    CK_MECHANISM mechanism = MECHANISM(kind->generator);
    CK_ATTRIBUTE public_template[] = {ATTR_ULONG(CKA_PARAMETER_SET, kind->set)};
    CK_ATTRIBUTE private_template[] = {ATTR_BOOL(CKA_SENSITIVE, false), ATTR_BOOL(CKA_EXTRACTABLE, true)};
    struct key_pair pair;

    OK(p11->C_GenerateKeyPair(session, &mechanism, TEMPLATE(public_template), TEMPLATE(private_template),
                              &pair.public, &pair.private));
    return pair;
}

void pq_begin_private(struct bag *bag, const struct pq_kind *kind, CK_ULONG set)
{
    bag_clear(bag);
    bag_ulong(bag, CKA_CLASS, CKO_PRIVATE_KEY);
    bag_ulong(bag, CKA_KEY_TYPE, kind->type);
    bag_ulong(bag, CKA_PARAMETER_SET, set);
    bag_bool(bag, CKA_SENSITIVE, false);
    bag_bool(bag, CKA_EXTRACTABLE, true);
}

void pq_expect_same(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE one, CK_OBJECT_HANDLE two,
                    CK_ATTRIBUTE_TYPE type)
{
    static struct octets values[2];

    read_octets(session, one, type, &values[0]);
    read_octets(session, two, type, &values[1]);
    expect_octets(octets_view(&values[1]), octets_view(&values[0]), "attribute 0x%lx", type);
}
