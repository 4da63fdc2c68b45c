/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/tls.h"

struct tls_call tls_call;

void tls_begin(void)
{
    static CK_BYTE label[] = "EXPERIMENTAL label";
    CK_SSL3_RANDOM_DATA randoms = {tls_call.client, TLS_RANDOM_LEN, tls_call.server, TLS_RANDOM_LEN};

    memset(&tls_call, 0, sizeof(tls_call));
    random_octets(tls_call.client, sizeof(tls_call.client));
    random_octets(tls_call.server, sizeof(tls_call.server));
    random_octets(tls_call.session_hash, sizeof(tls_call.session_hash));
    tls_call.master = (CK_TLS12_MASTER_KEY_DERIVE_PARAMS){randoms, NULL, CKM_SHA256};
    tls_call.extended =
        (CK_TLS12_EXTENDED_MASTER_KEY_DERIVE_PARAMS){CKM_SHA256, tls_call.session_hash, 32, NULL};
    tls_call.block = (CK_TLS12_KEY_MAT_PARAMS){
        .RandomInfo = randoms, .pReturnedKeyMaterial = &tls_call.out, .prfHashMechanism = CKM_SHA256};
    tls_call.kdf = (CK_TLS_KDF_PARAMS){CKM_SHA256, label, sizeof(label) - 1, randoms, NULL, 0};
    tls_call.out.pIVClient = tls_call.ivs[0];
    tls_call.out.pIVServer = tls_call.ivs[1];
    tls_block_lens(20, 16, 16);
}

void tls_randoms(struct cfr_span client, struct cfr_span server)
{
    ck_assert_uint_eq(client.len, TLS_RANDOM_LEN);
    ck_assert_uint_eq(server.len, TLS_RANDOM_LEN);
    cfr_copy(tls_call.client, client.ptr, client.len);
    cfr_copy(tls_call.server, server.ptr, server.len);
}

void tls_block_lens(size_t mac, size_t key, size_t iv)
{
    tls_call.block.ulMacSizeInBits = 8 * mac;
    tls_call.block.ulKeySizeInBits = 8 * key;
    tls_call.block.ulIVSizeInBits = 8 * iv;
}

CK_RV tls_derive_block(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE master,
                       const struct bag *bag)
{
    CK_MECHANISM mechanism = MECHANISM_WITH(type, &tls_call.block);

    return p11->C_DeriveKey(session, &mechanism, master, (CK_ATTRIBUTE_PTR)(uintptr_t)bag->attrs, bag->count,
                            NULL);
}

void tls_destroy_block(CK_SESSION_HANDLE session, size_t count)
{
    const CK_OBJECT_HANDLE keys[] = {tls_call.out.hClientMacSecret, tls_call.out.hServerMacSecret,
                                     tls_call.out.hClientKey, tls_call.out.hServerKey};
    size_t found = 0;

    for (size_t i = 0; i < COUNT(keys); i++) {
        if (keys[i] != CK_INVALID_HANDLE) {
            OK(p11->C_DestroyObject(session, keys[i]));
            found++;
        }
    }
    ck_assert_uint_eq(found, count);
    tls_call.out = (CK_SSL3_KEY_MAT_OUT){.pIVClient = tls_call.ivs[0], .pIVServer = tls_call.ivs[1]};
    memset(tls_call.ivs, 0, sizeof(tls_call.ivs));
}

CK_OBJECT_HANDLE tls_master(CK_SESSION_HANDLE session, bool sensitive, bool extractable)
{
    static struct bag bag;
    CK_MECHANISM mechanism = MECHANISM(CKM_GENERIC_SECRET_KEY_GEN);
    CK_OBJECT_HANDLE key;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_VALUE_LEN, TLS_MASTER_LEN);
    bag_bool(&bag, CKA_SENSITIVE, sensitive);
    bag_bool(&bag, CKA_EXTRACTABLE, extractable);
    bag_bool(&bag, CKA_DERIVE, true);
    bag_bool(&bag, CKA_SIGN, true);
    OK(p11->C_GenerateKey(session, &mechanism, BAG(&bag), &key));
    return key;
}
