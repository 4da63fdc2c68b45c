/* SPDX-License-Identifier: Apache-2.0
 *
 * C_* functions called while the process ends: late_calls MODULE TOKEN PIN CASE.
 *
 * libp11 and pkcs11-provider call C_CloseAllSessions, C_CloseSession and C_Finalize from
 * OPENSSL_cleanup, strongSwan from atexit: after the module's own destructors and, as the
 * case may be, after libcrypto is down. Every such call has to return CKR_OK or
 * CKR_CRYPTOKI_NOT_INITIALIZED, or a plain error for real work, and the process has to
 * end with status 0: a crash here hides a good result from every script. */

#include "client.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static struct client *late;
static CK_OBJECT_HANDLE late_key;

static void expect_late(const char *call, CK_RV rv)
{
    fprintf(stderr, "late %s: %#lx\n", call, rv);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_NOT_INITIALIZED && rv != CKR_SESSION_HANDLE_INVALID &&
        rv != CKR_SLOT_ID_INVALID) {
        _exit(3);
    }
}

/* What libp11 and the provider do. */
static void close_everything(void)
{
    expect_late("C_CloseSession", late->p11->C_CloseSession(late->session));
    expect_late("C_CloseAllSessions", late->p11->C_CloseAllSessions(late->slot));
    expect_late("C_Finalize", late->p11->C_Finalize(NULL));
    expect_late("C_Finalize again", late->p11->C_Finalize(NULL));
}

/* Work at this point may be refused, but must not crash. */
static void use_everything(void)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS, NULL, 0};
    CK_BYTE data[32] = {0};
    CK_BYTE signature[512];
    CK_ULONG len = sizeof(signature);
    CK_SLOT_ID slots[16];
    CK_ULONG count = LEN(slots);
    CK_INFO info;

    fprintf(stderr, "late C_GetInfo: %#lx\n", late->p11->C_GetInfo(&info));
    fprintf(stderr, "late C_GetSlotList: %#lx\n", late->p11->C_GetSlotList(CK_TRUE, slots, &count));
    fprintf(stderr, "late C_SignInit: %#lx\n", late->p11->C_SignInit(late->session, &mechanism, late_key));
    fprintf(stderr, "late C_Sign: %#lx\n",
            late->p11->C_Sign(late->session, data, sizeof(data), signature, &len));
    fprintf(stderr, "late C_GenerateRandom: %#lx\n",
            late->p11->C_GenerateRandom(late->session, data, sizeof(data)));
    fprintf(stderr, "late C_Logout: %#lx\n", late->p11->C_Logout(late->session));
    close_everything();
    fprintf(stderr, "late C_Initialize: %#lx\n", late->p11->C_Initialize(NULL));
    fprintf(stderr, "late C_Finalize: %#lx\n", late->p11->C_Finalize(NULL));
}

static void start(struct client *client)
{
    client_start(client, NULL);
    struct key_pair rsa = {client_find(client, CKO_PUBLIC_KEY, "rsa"),
                           client_find(client, CKO_PRIVATE_KEY, "rsa")};
    client_sign_verify(client, CKM_RSA_PKCS, rsa);
    late = client;
    late_key = rsa.private_key;
}

/* strongSwan's order: its handler is registered before the module is loaded, so it runs
 * after whatever the module registers. */
static void atexit_before(struct client *client)
{
    start(client);
}

static void atexit_after(struct client *client)
{
    start(client);
    atexit(close_everything);
}

static void openssl_atexit_before(struct client *client)
{
    start(client);
}

static void openssl_atexit_after(struct client *client)
{
    start(client);
    OPENSSL_atexit(close_everything);
}

static void openssl_cleanup_first(struct client *client)
{
    start(client);
    OPENSSL_cleanup();
    use_everything();
}

static void uses_in_atexit(struct client *client)
{
    start(client);
    atexit(use_everything);
}

static void finalized_then_late(struct client *client)
{
    start(client);
    OK(client->p11->C_Finalize(NULL));
    atexit(close_everything);
    OPENSSL_atexit(close_everything);
}

/* Loaded, but nobody ever calls C_Initialize. */
static void never_initialized(struct client *client)
{
    late = client;
    atexit(close_everything);
}

static const struct client_case cases[] = {
    {"atexit-before", atexit_before},
    {"atexit-after", atexit_after},
    {"openssl-atexit-before", openssl_atexit_before},
    {"openssl-atexit-after", openssl_atexit_after},
    {"openssl-cleanup-first", openssl_cleanup_first},
    {"uses-in-atexit", uses_in_atexit},
    {"finalized-then-late", finalized_then_late},
    {"never-initialized", never_initialized},
};

int main(int argc, char **argv)
{
    static struct client client;

    if (argc == 5 && strcmp(argv[4], "atexit-before") == 0) {
        atexit(close_everything);
    }
    if (argc == 5 && strcmp(argv[4], "openssl-atexit-before") == 0) {
        OPENSSL_atexit(close_everything);
    }
    /* The host uses libcrypto itself, as each of these clients does. */
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    SHOW(EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    EVP_MD_CTX_free(context);
    return client_main_keeping(argc, argv, cases, LEN(cases), &client, RTLD_LOCAL);
}
