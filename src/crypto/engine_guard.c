/* SPDX-License-Identifier: Apache-2.0 */
/* The one place that uses the deprecated ENGINE interface: to find out whether it would capture us. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/engine.h>
#include <openssl/rand.h>

#include "crypto/ossl.h"

#ifndef OPENSSL_NO_ENGINE
/* The id of a default engine for anything we use, or NULL. */
static const char *capturing_engine(void)
{
    static const int pkeys[] = {EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519, EVP_PKEY_X25519};
    static const int digests[] = {NID_sha1, NID_sha256, NID_sha384, NID_sha512};
    static const int ciphers[] = {NID_aes_256_gcm, NID_aes_256_cbc, NID_aes_128_cbc, NID_aes_256_ecb};
    ENGINE *engine = ENGINE_get_default_RSA();

    engine = engine != NULL ? engine : ENGINE_get_default_EC();
    engine = engine != NULL ? engine : ENGINE_get_default_RAND();
    for (size_t i = 0; engine == NULL && i < 4; i++) {
        engine = ENGINE_get_pkey_meth_engine(pkeys[i]);
        engine = engine != NULL ? engine : ENGINE_get_digest_engine(digests[i]);
        engine = engine != NULL ? engine : ENGINE_get_cipher_engine(ciphers[i]);
    }
    if (engine == NULL) {
        return NULL;
    }
    /* A functional reference was handed to us; the id is the engine's own string and outlives it. */
    const char *id = ENGINE_get_id(engine);

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
        return cfr_fail(CKR_GENERAL_ERROR,
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
