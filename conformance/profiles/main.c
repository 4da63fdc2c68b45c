/* SPDX-License-Identifier: Apache-2.0 */
/* profile_case MODULE CASE.xml: run one case. Exit status 0: passed; 1: not; 2: it could not be run. */
#include "profile.h"

#include <dlfcn.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <string.h>

static bool load(const char *path, CK_FUNCTION_LIST_3_2 **ret_p11)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CK_VERSION version = {3, 2};
    CK_C_GetInterface get = NULL;
    CK_INTERFACE *interface = NULL;

    if (library != NULL) {
        *(void **)&get = dlsym(library, "C_GetInterface");
    }
    if (get == NULL || get((CK_UTF8CHAR_PTR)(uintptr_t) "PKCS 11", &version, &interface, 0) != CKR_OK) {
        (void)fprintf(stderr, "%s has no interface 3.2\n", path);
        return false;
    }
    *ret_p11 = interface->pFunctionList;
    return true;
}

/* "BL-M-1-32" of a path. */
static void name_case(const char *path, char name[64])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;

    (void)snprintf(name, 64, "%.*s", (int)strcspn(base, "."), base);
}

/* A call and what must come of it: two elements with the same name. */
static bool run_pair(struct profile_run *run, const xmlNode *request, xmlNode *expected)
{
    xmlNode *answer;
    CK_RV rv = CKR_OK;
    bool understood;

    if (expected == NULL || !xmlStrEqual(request->name, expected->name)) {
        (void)fprintf(stderr, "%s: %s has no answer\n", run->name, (const char *)request->name);
        return false;
    }
    answer = xmlNewNode(NULL, expected->name);
    understood = profile_call(run, request, answer, &rv);
    if (understood) {
        run->calls++;
        profile_stand_in(run, expected);
        profile_compare(run, expected, answer, rv);
    }
    xmlFreeNode(answer);
    return understood;
}

static bool run_all(struct profile_run *run, xmlDoc *document)
{
    xmlNode *node = profile_element(xmlDocGetRootElement(document)->children);

    while (node != NULL) {
        xmlNode *expected = profile_element(node->next);

        if (!run_pair(run, node, expected)) {
            return false;
        }
        node = profile_element(expected->next);
    }
    return run->calls != 0;
}

int main(int argc, char **argv)
{
    static struct profile_run run;
    char name[64];
    xmlDoc *document;
    bool ran;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: profile_case MODULE.so CASE.xml\n");
        return 2;
    }
    name_case(argv[2], name);
    run.name = name;
    document = xmlReadFile(argv[2], NULL, XML_PARSE_NONET);
    if (document == NULL || xmlDocGetRootElement(document) == NULL || !load(argv[1], &run.p11)) {
        return 2;
    }
    if (!profile_prepare(&run, document)) {
        (void)fprintf(stderr, "%s: the token could not be prepared\n", name);
        return 2;
    }
    ran = run_all(&run, document);
    xmlFreeDoc(document);
    EVP_PKEY_free(run.key);
    (void)printf("%s: %s: %u calls, %u values vary as the profiles permit, %u as compare.c says, %u wrong\n",
                 name, ran && run.wrong == 0 ? "passed" : "FAILED", run.calls, run.varied, run.known,
                 run.wrong);
    return !ran ? 2 : run.wrong == 0 ? 0 : 1;
}
