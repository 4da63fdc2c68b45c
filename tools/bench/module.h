/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module of any maker, loaded with dlopen, and its one token. Uses the 2.40 function list, which
 * every module has; what needs more asks whether it is there.
 */
#ifndef BENCH_MODULE_H
#define BENCH_MODULE_H

#include "options.h"

#include <pkcs11/pkcs11.h>

struct bench_module {
    void *handle;
    CK_FUNCTION_LIST *f;
    CK_FUNCTION_LIST_3_0 *f3;  /* NULL: the module has 2.40 only */
    CK_FUNCTION_LIST_3_2 *f32; /* NULL: it has not 3.2 */
    CK_SLOT_ID slot;
};

/** PINs of every scratch token. */
#define BENCH_SO_PIN   "so-pin-12345678"
#define BENCH_USER_PIN "user-pin-123456"

/* What went wrong where, for the note of a row that cannot be measured. */
struct bench_fault {
    const char *where;
    CK_RV rv;
};

/**
 * Load and initialise the module for use by several threads (CKF_OS_LOCKING_OK, pReserved NULL unless
 * there is an init string), and choose the slot of the token that bench_module_setup() made.
 *
 * @return false with @p ret_fault set; then nothing is loaded
 */
bool bench_module_open(const struct bench_options *options, struct bench_module *ret_module,
                       struct bench_fault *ret_fault);

/** C_Finalize and dlclose. */
void bench_module_close(struct bench_module *module);

/** As bench_module_open(), but a failure ends the process. */
void bench_module_need(const struct bench_options *options, struct bench_module *ret_module);

/** Make a token with user PIN in the environment at hand; ends the process when that fails. */
void bench_module_setup(const struct bench_options *options);

/** Print "<description> <version>" of a module that is loaded, to @p to. */
void bench_module_describe(const struct bench_module *module, char *to, size_t len);

/** Open a read/write session; ends the process when that fails. */
CK_SESSION_HANDLE bench_session_open(const struct bench_module *module);

/** Log the user in; ends the process when that fails. */
void bench_login(const struct bench_module *module, CK_SESSION_HANDLE session);

/** Begin a search for every token object; profile objects, which have no label, stay out. */
CK_RV bench_list_begin(const struct bench_module *module, CK_SESSION_HANDLE session);

/** The first object with this label; CK_INVALID_HANDLE when there is none. Ends the process on an error. */
CK_OBJECT_HANDLE bench_find_label(const struct bench_module *module, CK_SESSION_HANDLE session,
                                  const char *label);

/** Search with @p template and return up to @p room handles. */
CK_RV bench_find(const struct bench_module *module, CK_SESSION_HANDLE session, CK_ATTRIBUTE *template,
                 CK_ULONG template_count, CK_OBJECT_HANDLE *ret_keys, CK_ULONG room, CK_ULONG *ret_count);

/** Whether the token lists the mechanism. */
bool bench_module_lists(const struct bench_module *module, CK_MECHANISM_TYPE mechanism);

/** Ends the process unless @p rv is CKR_OK. */
void bench_rv_need(CK_RV rv, const char *where);

#endif
