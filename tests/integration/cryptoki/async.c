/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/async.h"

#include "integration/support/process.h"

enum { PATIENCE_MS = 100000 };

CK_SLOT_ID slot;
CK_SESSION_HANDLE session;

CK_SESSION_HANDLE open_async(void)
{
    CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION | CKF_ASYNC_SESSION;
    CK_SESSION_HANDLE made;

    OK(p11->C_OpenSession(slot, flags, NULL, NULL, &made));
    return made;
}

void async_start(void)
{
    CK_SESSION_HANDLE first = client_ready();

    ck_assert(slot_find("token", &slot));
    session = open_async();
    OK(p11->C_CloseSession(first));
}

CK_RV try_pair(CK_SESSION_HANDLE in, CK_ULONG bits, bool is_token, bool is_private, struct key_pair *ret_pair)
{
    CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
    CK_ATTRIBUTE public[] = {ATTR_ULONG(CKA_MODULUS_BITS, bits), ATTR_BOOL(CKA_TOKEN, is_token),
                             ATTR_BOOL(CKA_VERIFY, true), ATTR_TEXT(CKA_LABEL, "pair")};
    CK_ATTRIBUTE private[] = {ATTR_BOOL(CKA_TOKEN, is_token), ATTR_BOOL(CKA_PRIVATE, is_private),
                              ATTR_BOOL(CKA_SIGN, true), ATTR_TEXT(CKA_LABEL, "pair")};

    return p11->C_GenerateKeyPair(in, &mechanism, TEMPLATE(public), TEMPLATE(private), &ret_pair->public,
                                  &ret_pair->private);
}

/* A generation that is pending. */
void begin_pair(CK_ULONG bits)
{
    struct key_pair pair = {77, 78};

    EXPECT(CKR_PENDING, try_pair(session, bits, true, true, &pair));
    ck_assert_uint_eq(pair.public, 77);
    ck_assert_uint_eq(pair.private, 78);
}

CK_RV async_complete(CK_SESSION_HANDLE in, const char *function, CK_ASYNC_DATA *data)
{
    CK_RV rv = CKR_PENDING;

    for (unsigned waited = 0; rv == CKR_PENDING && waited < PATIENCE_MS; waited += 5) {
        *data =
            (CK_ASYNC_DATA){.pValue = (CK_BYTE_PTR)data, .ulValue = 1, .hObject = 2, .hAdditionalObject = 3};
        rv = p11->C_AsyncComplete(in, octets_of(function), data);
        if (rv == CKR_PENDING) {
            ck_assert(data->pValue == (CK_BYTE_PTR)data && data->ulValue == 1 && data->hObject == 2 &&
                      data->hAdditionalObject == 3);
            sleep_ms(5);
        }
    }
    return rv;
}
