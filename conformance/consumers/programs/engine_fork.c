/* SPDX-License-Identifier: Apache-2.0
 *
 * A server's way with libp11: load the key by the engine, fork, and sign in every
 * child and in the parent. After a fork the engine first uses its old session and
 * object handles, which must fail cleanly, then initialises and logs in anew. */

#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/conf.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int sign_some(EVP_PKEY *key, EVP_PKEY *public_key)
{
    static const unsigned char message[] = "signed after a fork";
    unsigned char signature[1024];

    for (int i = 0; i < 5; i++) {
        size_t len = sizeof(signature);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        int ok = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestSign(context, signature, &len, message, sizeof(message)) == 1;
        EVP_MD_CTX_free(context);
        if (!ok) {
            ERR_print_errors_fp(stderr);
            return 0;
        }
        context = EVP_MD_CTX_new();
        ok = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, public_key) == 1 &&
             EVP_DigestVerify(context, signature, len, message, sizeof(message)) == 1;
        EVP_MD_CTX_free(context);
        if (!ok) {
            fprintf(stderr, "the signature is wrong\n");
            return 0;
        }
    }
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
    ENGINE *engine = ENGINE_by_id("pkcs11");
    if (engine == NULL || ENGINE_init(engine) != 1) {
        ERR_print_errors_fp(stderr);
        return 1;
    }
    EVP_PKEY *key = ENGINE_load_private_key(engine, argv[1], NULL, NULL);
    EVP_PKEY *public_key = ENGINE_load_public_key(engine, argv[1], NULL, NULL);
    if (key == NULL || public_key == NULL || !sign_some(key, public_key)) {
        ERR_print_errors_fp(stderr);
        return 1;
    }

    int children = atoi(argv[2]);
    for (int i = 0; i < children; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            exit(sign_some(key, public_key) ? 0 : 1);
        }
    }
    int failed = sign_some(key, public_key) ? 0 : 1;
    for (int i = 0; i < children; i++) {
        int status = 0;
        wait(&status);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "child: wait status %#x\n", (unsigned)status);
            failed++;
        }
    }
    failed += sign_some(key, public_key) ? 0 : 1;
    EVP_PKEY_free(key);
    EVP_PKEY_free(public_key);
    ENGINE_finish(engine);
    ENGINE_free(engine);
    printf("%d failed\n", failed);
    return failed == 0 ? 0 : 1;
}
