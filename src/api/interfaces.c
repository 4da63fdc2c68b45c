/* SPDX-License-Identifier: Apache-2.0 */
/* The three function lists and the interfaces that lead to them (PKCS#11 5.4). */
#include "api/call.h"

#define SLOT(name, parameters) .name = name,

static CK_FUNCTION_LIST list_2_40 = {.version = {2, 40}, CK_FUNCTIONS_2_40(SLOT)};
static CK_FUNCTION_LIST_3_0 list_3_0 = {.version = {3, 0}, CK_FUNCTIONS_2_40(SLOT) CK_FUNCTIONS_3_0(SLOT)};
static CK_FUNCTION_LIST_3_2 list_3_2 = {
    .version = {3, 2}, CK_FUNCTIONS_2_40(SLOT) CK_FUNCTIONS_3_0(SLOT) CK_FUNCTIONS_3_2(SLOT)};

/* Those with CKF_INTERFACE_FORK_SAFE: the same functions, but for the one with which everything begins. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static CK_FUNCTION_LIST kept_2_40 = {.version = {2, 40},
                                     CK_FUNCTIONS_2_40(SLOT).C_Initialize = cfr_initialize_fork_safe};
static CK_FUNCTION_LIST_3_0 kept_3_0 = {.version = {3, 0},
                                        CK_FUNCTIONS_2_40(SLOT) CK_FUNCTIONS_3_0(SLOT).C_Initialize =
                                            cfr_initialize_fork_safe};
static CK_FUNCTION_LIST_3_2 kept_3_2 = {
    .version = {3, 2},
    CK_FUNCTIONS_2_40(SLOT) CK_FUNCTIONS_3_0(SLOT) CK_FUNCTIONS_3_2(SLOT).C_Initialize =
        cfr_initialize_fork_safe};
#pragma GCC diagnostic pop

static CK_UTF8CHAR interface_name[] = "PKCS 11";

/* The first one is what a caller gets who does not care. */
static CK_INTERFACE interfaces[] = {
    {(CK_CHAR_PTR)interface_name, &list_3_2, 0},
    {(CK_CHAR_PTR)interface_name, &list_3_0, 0},
    {(CK_CHAR_PTR)interface_name, &list_2_40, 0},
    {(CK_CHAR_PTR)interface_name, &kept_3_2, CKF_INTERFACE_FORK_SAFE},
    {(CK_CHAR_PTR)interface_name, &kept_3_0, CKF_INTERFACE_FORK_SAFE},
    {(CK_CHAR_PTR)interface_name, &kept_2_40, CKF_INTERFACE_FORK_SAFE},
};

enum { INTERFACE_COUNT = sizeof(interfaces) / sizeof(interfaces[0]) };

CK_DEFINE_FUNCTION(CK_RV, C_GetFunctionList)(CK_FUNCTION_LIST_PTR_PTR ppFunctionList)
{
    if (ppFunctionList == NULL) {
        return cfr_call_report(CFR_CALL_C_GetFunctionList, CKR_ARGUMENTS_BAD);
    }
    *ppFunctionList = &list_2_40;
    return CKR_OK;
}

CK_DEFINE_FUNCTION(CK_RV, C_GetInterfaceList)(CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount)
{
    CK_ULONG room;

    if (pulCount == NULL) {
        return cfr_call_report(CFR_CALL_C_GetInterfaceList, CKR_ARGUMENTS_BAD);
    }
    room = *pulCount;
    *pulCount = INTERFACE_COUNT;
    if (pInterfacesList == NULL) {
        return CKR_OK;
    }
    if (room < INTERFACE_COUNT) {
        return cfr_call_report(CFR_CALL_C_GetInterfaceList, CKR_BUFFER_TOO_SMALL);
    }
    cfr_copy(pInterfacesList, interfaces, sizeof(interfaces));
    return CKR_OK;
}

static bool is_wanted(const CK_INTERFACE *interface, const CK_UTF8CHAR *name, const CK_VERSION *version,
                      CK_FLAGS flags)
{
    const CK_VERSION *own = interface->pFunctionList;

    return (name == NULL || strcmp((const char *)name, (const char *)interface->pInterfaceName) == 0) &&
           (version == NULL || (version->major == own->major && version->minor == own->minor)) &&
           (interface->flags & flags) == flags;
}

CK_DEFINE_FUNCTION(CK_RV, C_GetInterface)
(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion, CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags)
{
    if (ppInterface == NULL) {
        return cfr_call_report(CFR_CALL_C_GetInterface, CKR_ARGUMENTS_BAD);
    }
    for (size_t i = 0; i < INTERFACE_COUNT; i++) {
        if (is_wanted(&interfaces[i], pInterfaceName, pVersion, flags)) {
            *ppInterface = &interfaces[i];
            return CKR_OK;
        }
    }
    return cfr_call_report(CFR_CALL_C_GetInterface, CKR_FUNCTION_FAILED);
}
