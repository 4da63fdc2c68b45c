/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include "support.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { SLOTS_MAX = 64, LABEL_LEN = 32 };

/* NSS softoken's view of the structure has one more pointer, behind the one that holds its parameters. */
struct initialize_args {
    CK_C_INITIALIZE_ARGS standard;
    void *nss_reserved;
};

void bench_rv_need(CK_RV rv, const char *where)
{
    if (rv != CKR_OK) {
        bench_die("%s: 0x%lx", where, rv);
    }
}

static bool fault(struct bench_fault *ret_fault, const char *where, CK_RV rv)
{
    *ret_fault = (struct bench_fault){.where = where, .rv = rv};
    return rv == CKR_OK;
}

static CK_UTF8CHAR *text_arg(const char *text)
{
    return (CK_UTF8CHAR *)(uintptr_t)text; /* no C_ function writes to a PIN or label */
}

/* The function list of 3.0 or later; NULL: the module has it not. */
static void *find_list(const struct bench_module *module, CK_VERSION version)
{
    CK_UTF8CHAR name[] = "PKCS 11";
    CK_INTERFACE *interface = NULL;
    CK_C_GetInterface get_interface = NULL;

    *(void **)&get_interface = dlsym(module->handle, "C_GetInterface");
    if (get_interface == NULL || get_interface(name, &version, &interface, 0) != CKR_OK) {
        return NULL;
    }
    return interface->pFunctionList;
}

static bool library_load(const char *path, struct bench_module *module, struct bench_fault *ret_fault)
{
    if (path == NULL) {
        bench_die("--module is missing");
    }
    module->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module->handle == NULL) {
        bench_say("%s", dlerror());
        return fault(ret_fault, "dlopen", CKR_GENERAL_ERROR);
    }
    CK_C_GetFunctionList get_list = NULL;
    *(void **)&get_list = dlsym(module->handle, "C_GetFunctionList");
    if (get_list == NULL) {
        return fault(ret_fault, "C_GetFunctionList", CKR_FUNCTION_NOT_SUPPORTED);
    }
    module->f3 = find_list(module, (CK_VERSION){3, 0});
    module->f32 = find_list(module, (CK_VERSION){3, 2});
    return fault(ret_fault, "C_GetFunctionList", get_list(&module->f));
}

static bool library_start(const struct bench_options *options, struct bench_module *module,
                          struct bench_fault *ret_fault)
{
    struct initialize_args args = {.standard.flags = CKF_OS_LOCKING_OK};

    if (!library_load(options->module_path, module, ret_fault)) {
        return false;
    }
    if (options->init_string != NULL) {
        args.standard.pReserved = (void *)(uintptr_t)options->init_string;
    }
    return fault(ret_fault, "C_Initialize", module->f->C_Initialize(&args));
}

void bench_module_close(struct bench_module *module)
{
    if (module->f != NULL) {
        module->f->C_Finalize(NULL);
    }
    if (module->handle != NULL) {
        dlclose(module->handle);
    }
    *module = (struct bench_module){0};
}

/* The first token with all of @p wanted and none of @p unwanted among its flags. */
static bool slot_choose(struct bench_module *module, CK_FLAGS wanted, CK_FLAGS unwanted,
                        struct bench_fault *ret_fault)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;

    if (!fault(ret_fault, "C_GetSlotList", module->f->C_GetSlotList(CK_TRUE, slots, &count))) {
        return false;
    }
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (!fault(ret_fault, "C_GetTokenInfo", module->f->C_GetTokenInfo(slots[i], &info))) {
            return false;
        }
        if ((info.flags & wanted) == wanted && (info.flags & unwanted) == 0) {
            module->slot = slots[i];
            return true;
        }
    }
    return fault(ret_fault, "no such token", CKR_TOKEN_NOT_PRESENT);
}

bool bench_module_open(const struct bench_options *options, struct bench_module *ret_module,
                       struct bench_fault *ret_fault)
{
    struct bench_module module = {0};

    if (library_start(options, &module, ret_fault) &&
        slot_choose(&module, CKF_USER_PIN_INITIALIZED, CKF_WRITE_PROTECTED, ret_fault)) {
        *ret_module = module;
        return true;
    }
    bench_module_close(&module);
    return false;
}

void bench_module_need(const struct bench_options *options, struct bench_module *ret_module)
{
    struct bench_fault why;

    if (!bench_module_open(options, ret_module, &why)) {
        bench_die("%s: %s: 0x%lx", options->name, why.where, why.rv);
    }
}

bool bench_module_lists(const struct bench_module *module, CK_MECHANISM_TYPE mechanism)
{
    CK_MECHANISM_INFO info;

    return module->f->C_GetMechanismInfo(module->slot, mechanism, &info) == CKR_OK;
}

CK_SESSION_HANDLE bench_session_open(const struct bench_module *module)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;

    bench_rv_need(
        module->f->C_OpenSession(module->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
        "C_OpenSession");
    return session;
}

void bench_login(const struct bench_module *module, CK_SESSION_HANDLE session)
{
    bench_rv_need(module->f->C_Login(session, CKU_USER, text_arg(BENCH_USER_PIN), strlen(BENCH_USER_PIN)),
                  "C_Login");
}

void bench_module_setup(const struct bench_options *options)
{
    struct bench_module module = {0};
    struct bench_fault why = {0};
    char label[LABEL_LEN + 1];

    if (!library_start(options, &module, &why)) {
        bench_die("%s: %s: 0x%lx", options->name, why.where, why.rv);
    }
    if (!slot_choose(&module, 0, CKF_USER_PIN_INITIALIZED | CKF_WRITE_PROTECTED, &why)) {
        bench_die("%s: %s: 0x%lx", options->name, why.where, why.rv);
    }
    snprintf(label, sizeof(label), "%-32s", "bench");
    bench_rv_need(
        module.f->C_InitToken(module.slot, text_arg(BENCH_SO_PIN), strlen(BENCH_SO_PIN), text_arg(label)),
        "C_InitToken");
    const CK_SESSION_HANDLE session = bench_session_open(&module);
    CK_RV rv = module.f->C_Login(session, CKU_SO, text_arg(BENCH_SO_PIN), strlen(BENCH_SO_PIN));
    if (rv ==
        CKR_PIN_INCORRECT) { /* NSS softoken's new database: the first PIN is set by an SO without one */
        rv = module.f->C_Login(session, CKU_SO, text_arg(""), 0);
    }
    bench_rv_need(rv, "C_Login as SO");
    bench_rv_need(module.f->C_InitPIN(session, text_arg(BENCH_USER_PIN), strlen(BENCH_USER_PIN)),
                  "C_InitPIN");
    bench_rv_need(module.f->C_Logout(session), "C_Logout");
    bench_module_close(&module);
}

/* Length of a field that is padded with blanks, or by some makers with zeros. */
static int padded_len(const CK_UTF8CHAR *text, int len)
{
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\0')) {
        len--;
    }
    return len;
}

void bench_module_describe(const struct bench_module *module, char *to, size_t len)
{
    CK_INFO info = {0};

    bench_rv_need(module->f->C_GetInfo(&info), "C_GetInfo");
    const CK_UTF8CHAR *text = info.libraryDescription;
    snprintf(to, len, "%.*s %u.%u", padded_len(text, sizeof(info.libraryDescription)), (const char *)text,
             info.libraryVersion.major, info.libraryVersion.minor);
}

CK_RV bench_list_begin(const struct bench_module *module, CK_SESSION_HANDLE session)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE template = {CKA_TOKEN, &yes, sizeof(yes)};

    return module->f->C_FindObjectsInit(session, &template, 1);
}

CK_RV bench_find(const struct bench_module *module, CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
                 CK_ULONG template_count, CK_OBJECT_HANDLE *ret_keys, CK_ULONG room, CK_ULONG *ret_count)
{
    CK_RV rv = module->f->C_FindObjectsInit(session, template, template_count);

    if (rv != CKR_OK) {
        return rv;
    }
    rv = module->f->C_FindObjects(session, ret_keys, room, ret_count);
    const CK_RV end_rv = module->f->C_FindObjectsFinal(session);
    return rv != CKR_OK ? rv : end_rv;
}

CK_OBJECT_HANDLE bench_find_label(const struct bench_module *module, CK_SESSION_HANDLE session,
                                  const char *label)
{
    CK_ATTRIBUTE template = {CKA_LABEL, text_arg(label), strlen(label)};
    CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    CK_ULONG count = 0;

    bench_rv_need(bench_find(module, session, &template, 1, &key, 1, &count), "C_FindObjects");
    return count == 1 ? key : CK_INVALID_HANDLE;
}
