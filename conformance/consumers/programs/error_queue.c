/* SPDX-License-Identifier: Apache-2.0
 *
 * The host's OpenSSL error queue belongs to the host: error_queue MODULE TOKEN PIN CASE.
 * After each call, good or refused, the queue is as it was before. */

#include "client.h"

#include <openssl/err.h>

static void queue_unchanged(unsigned long expected, const char *call)
{
    unsigned long code = ERR_peek_last_error();
    if (code != expected) {
        fprintf(stderr, "%s left %s\n", call, ERR_reason_error_string(code));
        ERR_print_errors_fp(stderr);
        _exit(1);
    }
}

#define QUIET(expected, call)                                                                                \
    do {                                                                                                     \
        (void)(call);                                                                                        \
        queue_unchanged(expected, #call);                                                                    \
    } while (0)

static void all_calls(struct client *client, unsigned long before)
{
    CK_BYTE buffer[1024] = {0};
    CK_ULONG len = sizeof(buffer);
    CK_MECHANISM rsa = {CKM_RSA_PKCS, NULL, 0};
    CK_MECHANISM ecdsa = {CKM_ECDSA, NULL, 0};
    CK_OBJECT_HANDLE bad_object = CK_INVALID_HANDLE;
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_KEY_TYPE type = CKK_EC;

    QUIET(before, client->p11->C_Initialize(NULL));
    client_open(client);
    QUIET(before, client->p11->C_Login(client->session, CKU_USER, (CK_UTF8CHAR_PTR) "11111111", 8));
    QUIET(before,
          client->p11->C_Login(client->session, CKU_USER, (CK_UTF8CHAR_PTR)client->pin, strlen(client->pin)));
    CK_OBJECT_HANDLE private_key = client_find(client, CKO_PRIVATE_KEY, "rsa");
    CK_OBJECT_HANDLE public_key = client_find(client, CKO_PUBLIC_KEY, "rsa");

    QUIET(before, client->p11->C_SignInit(client->session, &rsa, private_key));
    QUIET(before, client->p11->C_Sign(client->session, buffer, 32, buffer, &len));
    QUIET(before, client->p11->C_VerifyInit(client->session, &rsa, public_key));
    QUIET(before, client->p11->C_Verify(client->session, buffer + 1, 32, buffer, 256));
    QUIET(before, client->p11->C_DecryptInit(client->session, &rsa, private_key));
    len = sizeof(buffer);
    QUIET(before, client->p11->C_Decrypt(client->session, buffer + 300, 256, buffer, &len));
    QUIET(before, client->p11->C_SignInit(client->session, &ecdsa, private_key));
    QUIET(before, client->p11->C_GenerateRandom(client->session, buffer, 64));

    CK_BYTE bad_point[67] = {0x04, 65, 0x04, 1, 2, 3};
    CK_ATTRIBUTE bad_key[] = {{CKA_CLASS, &class, sizeof(class)},
                              {CKA_KEY_TYPE, &type, sizeof(type)},
                              {CKA_EC_PARAMS, p256_params, sizeof(p256_params)},
                              {CKA_EC_POINT, bad_point, sizeof(bad_point)}};
    QUIET(before, client->p11->C_CreateObject(client->session, bad_key, LEN(bad_key), &bad_object));
    CK_BYTE bad_curve[] = {0x06, 0x03, 0x2a, 0x03, 0x04};
    CK_MECHANISM generate = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE bad_params[] = {{CKA_EC_PARAMS, bad_curve, sizeof(bad_curve)}};
    QUIET(before, client->p11->C_GenerateKeyPair(client->session, &generate, bad_params, 1, NULL, 0,
                                                 &bad_object, &bad_object));
    client_ec_pair(client, p256_params, sizeof(p256_params), NULL, 0);
    queue_unchanged(before, "C_GenerateKeyPair");
    QUIET(before, client->p11->C_Logout(client->session));
    QUIET(before, client->p11->C_Finalize(NULL));
}

static void empty_stays_empty(struct client *client)
{
    all_calls(client, 0);
    SHOW(ERR_peek_error() == 0);
}

/* What the host had put there before stays, and nothing is added. */
static void content_stays(struct client *client)
{
    ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
    unsigned long before = ERR_peek_last_error();
    all_calls(client, before);
    SHOW(ERR_get_error() == before && ERR_get_error() == 0);
}

static const struct client_case cases[] = {
    {"empty-stays-empty", empty_stays_empty},
    {"content-stays", content_stays},
};

int main(int argc, char **argv)
{
    return client_main(argc, argv, cases, LEN(cases));
}
