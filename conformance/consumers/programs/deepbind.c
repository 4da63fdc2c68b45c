/* SPDX-License-Identifier: Apache-2.0
 *
 * pkcs11-provider loads its module by dlopen with RTLD_DEEPBIND; BIND and MariaDB run on
 * jemalloc: deepbind MODULE TOKEN PIN CASE, with jemalloc preloaded. In the module malloc
 * and free are then the C library's own, while strdup, getline, realpath, asprintf and the
 * like inside the C library allocate by jemalloc: a module that frees their result, or
 * libcrypto's memory by free, aborts. */

#include "client.h"

static void work(struct client *client)
{
    client_start(client, NULL);
    struct key_pair rsa = {client_find(client, CKO_PUBLIC_KEY, "rsa"),
                           client_find(client, CKO_PRIVATE_KEY, "rsa")};
    CK_ATTRIBUTE on_token[] = {
        {CKA_TOKEN, &yes, 1}, {CKA_PRIVATE, &yes, 1}, {CKA_LABEL, "deep", 4}, {CKA_DERIVE, &yes, 1}};
    for (int i = 0; i < 5; i++) {
        client_sign_verify(client, CKM_RSA_PKCS, rsa);
        struct key_pair ec =
            client_ec_pair(client, p256_params, sizeof(p256_params), on_token, LEN(on_token));
        client_sign_verify(client, CKM_ECDSA, ec);
        OK(client->p11->C_DestroyObject(client->session, ec.private_key));
    }
    client_rsa_pair(client, NULL, 0);
    EXPECT(
        CKR_USER_ALREADY_LOGGED_IN,
        client->p11->C_Login(client->session, CKU_USER, (CK_UTF8CHAR_PTR)client->pin, strlen(client->pin)));
    OK(client->p11->C_Logout(client->session));
    EXPECT(CKR_PIN_INCORRECT,
           client->p11->C_Login(client->session, CKU_USER, (CK_UTF8CHAR_PTR) "11111111", 8));
    OK(client->p11->C_CloseSession(client->session));
    OK(client->p11->C_Finalize(NULL));
}

static void twice(struct client *client)
{
    work(client);
    work(client);
}

static const struct client_case cases[] = {{"work", work}, {"twice", twice}};

int main(int argc, char **argv)
{
    struct client client = {0};
    return client_main_keeping(argc, argv, cases, LEN(cases), &client, RTLD_LOCAL | RTLD_DEEPBIND);
}
