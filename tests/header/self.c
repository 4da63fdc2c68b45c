/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header by itself: nothing is included before it, and what it must hold is checked by the compiler.
 * Compiled by self.sh as C99 to C23 and as C++. With OWN_MACROS the source brings the platform macros, as one
 * written for the OASIS header does.
 */
#ifdef OWN_MACROS
#define CK_PTR                                  *
#define CK_DEFINE_FUNCTION(type, name)          type name
#define CK_DECLARE_FUNCTION(type, name)         type name
#define CK_DECLARE_FUNCTION_POINTER(type, name) type(*name)
#define CK_CALLBACK_FUNCTION(type, name)        type(*name)
#define NULL_PTR                                0
#define CK_DISABLE_TRUE_FALSE
#endif

#include <pkcs11/pkcs11.h>
/* clang-format off */
#include <pkcs11/pkcs11.h> /* twice does no harm */
/* clang-format on */

#if defined(OWN_MACROS) && (defined(TRUE) || defined(FALSE))
#error "CK_DISABLE_TRUE_FALSE has no effect"
#endif
#if !defined(OWN_MACROS) && (TRUE != 1 || FALSE != 0)
#error "TRUE or FALSE is wrong"
#endif
#if CRYPTOKI_VERSION_MAJOR != 3 || CRYPTOKI_VERSION_MINOR != 2
#error "not the header of 3.2"
#endif

#include <stddef.h>

#define CHECK(name, fact) typedef char check_##name[(fact) ? 1 : -1];

/* Sizes and signs of the types */
CHECK(byte, sizeof(CK_BYTE) == 1 && sizeof(CK_BBOOL) == 1 && sizeof(CK_UTF8CHAR) == 1)
CHECK(ulong, sizeof(CK_ULONG) == sizeof(long) && (CK_ULONG)-1 > 0 && (CK_LONG)-1 < 0)
CHECK(unavailable, CK_UNAVAILABLE_INFORMATION == (CK_ULONG)-1)
CHECK(constant, sizeof(CKR_OK) == sizeof(CK_RV) && sizeof(CKM_RSA_PKCS) == sizeof(CK_MECHANISM_TYPE))
CHECK(version, sizeof(CK_VERSION) == 2)
CHECK(date, sizeof(CK_DATE) == 8)

/* Natural alignment: a pointer after a byte or two starts at the next multiple of its size */
#ifndef _WIN32
CHECK(alignment, offsetof(CK_FUNCTION_LIST, C_Initialize) == sizeof(void *))
CHECK(alignment_hkdf, offsetof(CK_HKDF_PARAMS, prfHashMechanism) == sizeof(CK_ULONG))
#endif

/* Number of slots in each table */
#define SLOT(table, name) ((offsetof(table, name) - offsetof(table, C_Initialize)) / sizeof(CK_C_Initialize))
#define SLOTS(table)      ((sizeof(table) - offsetof(table, C_Initialize)) / sizeof(CK_C_Initialize))
CHECK(slots_2_40, SLOTS(CK_FUNCTION_LIST) == 68)
CHECK(slots_3_0, SLOTS(CK_FUNCTION_LIST_3_0) == 68 + 24)
CHECK(slots_3_2, SLOTS(CK_FUNCTION_LIST_3_2) == 68 + 24 + 12)

/* A younger table begins with the slots of the older one. */
#define SAME(name, old, young) CHECK(name##_in_##young, SLOT(old, name) == SLOT(young, name))
#define IN_3_0(name, args)     SAME(name, CK_FUNCTION_LIST, CK_FUNCTION_LIST_3_0)
#define IN_3_2(name, args)     SAME(name, CK_FUNCTION_LIST_3_0, CK_FUNCTION_LIST_3_2)
CK_FUNCTIONS_2_40(IN_3_0)
CK_FUNCTIONS_2_40(IN_3_2)
CK_FUNCTIONS_3_0(IN_3_2)

/* Places that do not come from the lists of the header: group starts and ends, and all that is new in 3.2 */
#define AT(table, name, index) CHECK(at_##name, SLOT(table, name) == (index))
AT(CK_FUNCTION_LIST, C_GetFunctionList, 3)
AT(CK_FUNCTION_LIST, C_GetSlotList, 4)
AT(CK_FUNCTION_LIST, C_OpenSession, 12)
AT(CK_FUNCTION_LIST, C_CreateObject, 20)
AT(CK_FUNCTION_LIST, C_EncryptInit, 29)
AT(CK_FUNCTION_LIST, C_DigestInit, 37)
AT(CK_FUNCTION_LIST, C_SignInit, 42)
AT(CK_FUNCTION_LIST, C_VerifyInit, 48)
AT(CK_FUNCTION_LIST, C_GenerateKey, 58)
AT(CK_FUNCTION_LIST, C_CancelFunction, 66)
AT(CK_FUNCTION_LIST, C_WaitForSlotEvent, 67)
AT(CK_FUNCTION_LIST_3_0, C_GetInterfaceList, 68)
AT(CK_FUNCTION_LIST_3_0, C_GetInterface, 69)
AT(CK_FUNCTION_LIST_3_0, C_LoginUser, 70)
AT(CK_FUNCTION_LIST_3_0, C_SessionCancel, 71)
AT(CK_FUNCTION_LIST_3_0, C_MessageEncryptInit, 72)
AT(CK_FUNCTION_LIST_3_0, C_MessageVerifyFinal, 91)
AT(CK_FUNCTION_LIST_3_2, C_EncapsulateKey, 92)
AT(CK_FUNCTION_LIST_3_2, C_DecapsulateKey, 93)
AT(CK_FUNCTION_LIST_3_2, C_VerifySignatureInit, 94)
AT(CK_FUNCTION_LIST_3_2, C_VerifySignature, 95)
AT(CK_FUNCTION_LIST_3_2, C_VerifySignatureUpdate, 96)
AT(CK_FUNCTION_LIST_3_2, C_VerifySignatureFinal, 97)
AT(CK_FUNCTION_LIST_3_2, C_GetSessionValidationFlags, 98)
AT(CK_FUNCTION_LIST_3_2, C_AsyncComplete, 99)
AT(CK_FUNCTION_LIST_3_2, C_AsyncGetID, 100)
AT(CK_FUNCTION_LIST_3_2, C_AsyncJoin, 101)
AT(CK_FUNCTION_LIST_3_2, C_WrapKeyAuthenticated, 102)
AT(CK_FUNCTION_LIST_3_2, C_UnwrapKeyAuthenticated, 103)

/* A provider and an application, as they are usually written */
CK_DEFINE_FUNCTION(CK_RV, C_Finalize)(CK_VOID_PTR pReserved)
{
    return pReserved == NULL_PTR ? CKR_OK : CKR_ARGUMENTS_BAD;
}

CK_RV use(CK_FUNCTION_LIST_PTR list, CK_INTERFACE_PTR interface);

CK_RV use(CK_FUNCTION_LIST_PTR list, CK_INTERFACE_PTR interface)
{
    CK_FUNCTION_LIST_3_2_PTR table = (CK_FUNCTION_LIST_3_2_PTR)interface->pFunctionList;
    CK_C_Finalize finalize = C_Finalize;
    CK_C_INITIALIZE_ARGS args = {NULL_PTR, NULL_PTR, NULL_PTR, NULL_PTR, CKF_OS_LOCKING_OK, NULL_PTR};
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE attributes[] = {{CKA_TOKEN, &yes, sizeof(yes)}, {CKA_WRAP_TEMPLATE, NULL_PTR, 0}};

    list->C_Finalize = finalize;
    table->C_Finalize = list->C_Finalize;
    if (table->C_Initialize(&args) != CKR_OK) {
        return CKR_GENERAL_ERROR;
    }
    return table->C_FindObjectsInit(CK_INVALID_HANDLE, attributes, 2);
}
