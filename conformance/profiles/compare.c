/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include "call/call_table.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* "Variable Items": element names, and types of attributes. */
static const char *const variable_items[] = {
    "LibraryDescription",
    "LibraryVersion",
    "ManufacturerID",
    "SlotDescription",
    "HardwareVersion",
    "FirmwareVersion",
    "serialNumber",
    "label",
    "model",
    "utcTime",
    "SlotID",
    "Object",
    "Session",
    "Data",
    "EncryptedData",
    "RandomData",
    "VALUE",
    "PUBLIC_EXPONENT",
    "PRIVATE_EXPONENT",
    "PRIME_1",
    "PRIME_2",
    "EXPONENT_1",
    "EXPONENT_2",
    "COEFFICIENT",
    "PRIME",
    "SUBPRIME",
    "BASE",
    "EC_POINT",
    "UNIQUE_ID",
};

/*
 * What the token says of itself and the list above has not. The cases show the values of the TC's own provider,
 * and "the values for the returned items are illustrative".
 */
static const struct {
    const char *path; /* as fnmatch() */
    const char *actual;
    const char *reason;
} known[] = {
    {"C_GetTokenInfo/TokenInfo/Flags",
     "RNG|LOGIN_REQUIRED|USER_PIN_INITIALIZED|RESTORE_KEY_NOT_NEEDED|DUAL_CRYPTO_OPERATIONS|TOKEN_INITIALIZED|"
     "ASYNC_SESSION_SUPPORTED",
     "a session can perform dual operations, and be asynchronous"},
    {"C_GetTokenInfo/TokenInfo/Max*Count", "65536", "there is a limit, and it is told"},
    {"C_GetTokenInfo/TokenInfo/*Memory", "UnavailableInformation",
     "the disk's room is not the token's to tell"},
    {"C_GetMechanismInfo/MechanismInfo/MinKeySize", "1024", "shorter keys are refused"},
    {"C_GetMechanismInfo/MechanismInfo/Flags",
     "ENCRYPT|DECRYPT|SIGN|SIGN_RECOVER|VERIFY|VERIFY_RECOVER|WRAP|UNWRAP|MESSAGE_SIGN|MESSAGE_VERIFY",
     "the mechanism does more here"},
};

const char *profile_variable(const struct profile_run *run, const char *name)
{
    for (size_t i = run->variable_count; i-- > 0;) {
        if (strcmp(run->variables[i].name, name) == 0) {
            return run->variables[i].value;
        }
    }
    return NULL;
}

void profile_bind(struct profile_run *run, const char *name, const char *value)
{
    struct profile_variable *variable;

    for (size_t i = 0; i < run->variable_count; i++) {
        if (strcmp(run->variables[i].name, name) == 0) {
            (void)snprintf(run->variables[i].value, sizeof(run->variables[i].value), "%s", value);
            return;
        }
    }
    if (run->variable_count == PROFILE_VARIABLES_MAX) {
        (void)fprintf(stderr, "more than %d variables\n", PROFILE_VARIABLES_MAX);
        run->wrong++;
        return;
    }
    variable = &run->variables[run->variable_count++];
    (void)snprintf(variable->name, sizeof(variable->name), "%s", name);
    (void)snprintf(variable->value, sizeof(variable->value), "%s", value);
}

static bool is_variable_item(const char *name)
{
    for (size_t i = 0; i < COUNT(variable_items); i++) {
        if (strcmp(variable_items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *known_reason(const char *path, const char *actual)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        if (actual != NULL && fnmatch(known[i].path, path, 0) == 0 && strcmp(known[i].actual, actual) == 0) {
            return known[i].reason;
        }
    }
    return NULL;
}

static void differ(struct profile_run *run, const char *path, const char *item, const char *expected,
                   const char *actual)
{
    const char *reason = known_reason(path, actual);

    if (is_variable_item(item)) {
        run->varied++;
        return;
    }
    if (reason != NULL) {
        run->known++;
        (void)printf("  %s: %s, the case shows %s: %s\n", path, actual, expected, reason);
        return;
    }
    run->wrong++;
    (void)printf("  %s: WRONG: %s, must be %s\n", path, actual == NULL ? "nothing" : actual, expected);
}

/* "${name}": bind it. */
static bool is_binding(struct profile_run *run, const char *expected, const char *actual)
{
    char name[64];
    size_t len = strlen(expected);

    if (strncmp(expected, "${", 2) != 0 || expected[len - 1] != '}' || len - 3 >= sizeof(name)) {
        return false;
    }
    (void)snprintf(name, sizeof(name), "%.*s", (int)(len - 3), expected + 2);
    profile_bind(run, name, actual);
    return true;
}

static const char *item_of(const xmlNode *node)
{
    const char *type = profile_text(node, "type");

    return type == NULL ? (const char *)node->name : type;
}

static void compare_texts(struct profile_run *run, const char *path, const xmlNode *expected,
                          const xmlNode *actual)
{
    static const char *const names[] = {"value", "length", "major", "minor"};

    for (size_t i = 0; i < COUNT(names); i++) {
        const char *wanted = profile_text(expected, names[i]);
        const char *got = profile_text(actual, names[i]);

        if (wanted == NULL || (got != NULL && is_binding(run, wanted, got))) {
            continue;
        }
        if (got == NULL || strcasecmp(wanted, got) != 0) {
            differ(run, path, item_of(expected), wanted, got);
        }
    }
}

/* The element of the answer that stands where @p expected stands: same name, type, and place among its like. */
static xmlNode *partner(const xmlNode *expected, const xmlNode *parent)
{
    const char *type = profile_text(expected, "type");
    unsigned place = 0;

    for (xmlNode *node = expected->prev; node != NULL; node = node->prev) {
        place += node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, expected->name) &&
                 (type == NULL || strcmp(type, item_of(node)) == 0);
    }
    for (xmlNode *node = profile_element(parent->children); node != NULL;
         node = profile_element(node->next)) {
        if (xmlStrEqual(node->name, expected->name) && (type == NULL || strcmp(type, item_of(node)) == 0) &&
            place-- == 0) {
            return node;
        }
    }
    return NULL;
}

/* Lists whose entries and order may vary, "provided that at least one entry within the list matches". */
static bool matches_as_list(const xmlNode *expected, const xmlNode *actual)
{
    for (xmlNode *wanted = profile_element(expected->children); wanted != NULL;
         wanted = profile_element(wanted->next)) {
        for (xmlNode *got = profile_element(actual->children); got != NULL;
             got = profile_element(got->next)) {
            if (strcmp(profile_text(wanted, "value"), profile_text(got, "value")) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void compare_nodes(struct profile_run *run, const char *path, const xmlNode *expected,
                          const xmlNode *actual)
{
    compare_texts(run, path, expected, actual);
    if (strcmp((const char *)expected->name, "MechanismList") == 0 && expected->children != NULL) {
        if (!matches_as_list(expected, actual)) {
            differ(run, path, "", "one of the case's mechanisms", "none of them");
        }
        return;
    }
    for (xmlNode *wanted = profile_element(expected->children); wanted != NULL;
         wanted = profile_element(wanted->next)) {
        const xmlNode *got = partner(wanted, actual);
        char below[256];

        (void)snprintf(below, sizeof(below), "%s/%s", path, item_of(wanted));
        if (got == NULL) {
            run->wrong++;
            (void)printf("  %s: WRONG: missing\n", below);
        } else {
            compare_nodes(run, below, wanted, got);
        }
    }
}

/* An empty list of objects means that none is found. */
static void compare_counts(struct profile_run *run, const xmlNode *expected, const xmlNode *actual)
{
    const xmlNode *wanted = profile_child(expected, "Object");
    const xmlNode *got = profile_child(actual, "Object");

    if (wanted != NULL && got != NULL && profile_text(wanted, "value") == NULL &&
        xmlChildElementCount((xmlNode *)(uintptr_t)wanted) !=
            xmlChildElementCount((xmlNode *)(uintptr_t)got)) {
        run->wrong++;
        (void)printf("  C_FindObjects: WRONG: %lu objects, must be %lu\n",
                     xmlChildElementCount((xmlNode *)(uintptr_t)got),
                     xmlChildElementCount((xmlNode *)(uintptr_t)wanted));
    }
}

void profile_compare(struct profile_run *run, const xmlNode *expected, const xmlNode *actual, CK_RV rv)
{
    const char *name = (const char *)expected->name;
    const char *wanted = profile_text(expected, "rv");
    const char *got = cfr_rv_name(rv);

    if (wanted == NULL || got == NULL || strcmp(got + strlen("CKR_"), wanted) != 0) {
        run->wrong++;
        (void)printf("  %s: WRONG: %s, must be CKR_%s\n", name, got == NULL ? "?" : got,
                     wanted == NULL ? "?" : wanted);
        return;
    }
    compare_counts(run, expected, actual);
    compare_nodes(run, name, expected, actual);
}
