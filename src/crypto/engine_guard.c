/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that uses the deprecated ENGINE interface: to find out whether it would capture us. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/ossl.h"

#include <openssl/engine.h>
#include <openssl/rand.h>

#ifndef OPENSSL_NO_ENGINE
/* Everything that crypto/ fetches or makes keys of: libcrypto asks for an engine by these, whatever the
 * context. */
static const int pkeys[] = {EVP_PKEY_RSA,   EVP_PKEY_EC,     EVP_PKEY_ED25519,
                            EVP_PKEY_ED448, EVP_PKEY_X25519, EVP_PKEY_X448};
static const int digests[] = {NID_sha1,     NID_sha224,     NID_sha256,     NID_sha384,
                              NID_sha512,   NID_sha512_224, NID_sha512_256, NID_sha3_224,
                              NID_sha3_256, NID_sha3_384,   NID_sha3_512};
static const int ciphers[] = {
    NID_aes_128_ecb,        NID_aes_192_ecb,        NID_aes_256_ecb,       NID_aes_128_cbc,
    NID_aes_192_cbc,        NID_aes_256_cbc,        NID_aes_128_ctr,       NID_aes_192_ctr,
    NID_aes_256_ctr,        NID_aes_128_gcm,        NID_aes_192_gcm,       NID_aes_256_gcm,
    NID_aes_128_ccm,        NID_aes_192_ccm,        NID_aes_256_ccm,       NID_aes_128_xts,
    NID_aes_256_xts,        NID_id_aes128_wrap,     NID_id_aes192_wrap,    NID_id_aes256_wrap,
    NID_id_aes128_wrap_pad, NID_id_aes192_wrap_pad, NID_id_aes256_wrap_pad};

/* A functional reference to the first engine that @p get knows for one of @p nids, or NULL. */
static ENGINE *find_engine(ENGINE *(*get)(int nid), const int *nids, size_t count)
{
    ENGINE *engine = NULL;

    for (size_t i = 0; engine == NULL && i < count; i++) {
        engine = get(nids[i]);
    }
    return engine;
}

/* The id of a default engine for anything we use, or NULL. */
static const char *capturing_engine(void)
{
    ENGINE *engine = ENGINE_get_default_RSA();
    const char *id;

    engine = engine != NULL ? engine : ENGINE_get_default_EC();
    engine = engine != NULL ? engine : ENGINE_get_default_RAND();
    engine = engine != NULL ? engine
                            : find_engine(ENGINE_get_pkey_meth_engine, pkeys, sizeof(pkeys) / sizeof(int));
    engine = engine != NULL ? engine
                            : find_engine(ENGINE_get_digest_engine, digests, sizeof(digests) / sizeof(int));
    engine = engine != NULL ? engine
                            : find_engine(ENGINE_get_cipher_engine, ciphers, sizeof(ciphers) / sizeof(int));
    if (engine == NULL) {
        return NULL;
    }
    /* The id is the engine's own string and outlives the reference. */
    id = ENGINE_get_id(engine);
    ENGINE_finish(engine);
    return id == NULL ? "(unnamed)" : id;
}

CK_RV cfr_ossl_check_engines(void)
{
    const char *id = capturing_engine();

    if (id == NULL && RAND_get_rand_method() != RAND_OpenSSL()) {
        id = "(a RAND method)";
    }
    if (id != NULL) {
        return cfr_fail(
            CKR_GENERAL_ERROR,
            "the OpenSSL engine \"%s\" is the default for algorithms Coffer uses and would be given its "
            "keys; remove default_algorithms from openssl.cnf",
            id);
    }
    return CKR_OK;
}
#else
CK_RV cfr_ossl_check_engines(void)
{
    return CKR_OK;
}
#endif
