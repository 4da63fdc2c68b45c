/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 256, TEMPLATE_MAX = 16, VALUE_MAX = 8192 };

typedef CK_RV (*call_fn)(struct profile_run *run, const xmlNode *in, xmlNode *out);

/* --- What goes in --- */

/* The runner could not make sense of the case. */
static bool confused;

static const char *value_of(const struct profile_run *run, const xmlNode *node)
{
    const char *text = node == NULL ? NULL : profile_text(node, "value");
    char name[64];

    if (text != NULL && strncmp(text, "${", 2) == 0) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)strlen(text) - 3, text + 2);
        text = profile_variable(run, name);
    }
    if (text == NULL) {
        confused = true;
        return "";
    }
    return text;
}

static CK_ULONG number_of(const struct profile_run *run, const xmlNode *in, const char *name)
{
    return strtoul(value_of(run, profile_child(in, name)), NULL, 0);
}

static CK_ULONG named_of(const struct profile_run *run, const xmlNode *in, const char *name,
                         enum profile_kind kind)
{
    CK_ULONG value = 0;

    confused = !profile_value(kind, value_of(run, profile_child(in, name)), &value) || confused;
    return value;
}

/* The "length" of an element, 0 for none. */
static CK_ULONG length_of(const struct profile_run *run, const xmlNode *node)
{
    const char *text = node == NULL ? NULL : profile_text(node, "length");
    char name[64];

    if (text != NULL && strncmp(text, "${", 2) == 0) {
        (void)snprintf(name, sizeof(name), "%.*s", (int)strlen(text) - 3, text + 2);
        text = profile_variable(run, name);
    }
    return text == NULL ? 0 : strtoul(text, NULL, 0);
}

static void add_length(xmlNode *node, CK_ULONG len)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lu", len);
    (void)xmlNewProp(node, BAD_CAST "length", BAD_CAST text);
}

static void add_padded(xmlNode *out, const char *name, const CK_UTF8CHAR *text, size_t len)
{
    char copy[128];

    (void)snprintf(copy, sizeof(copy), "%.*s", (int)len, (const char *)text);
    (void)profile_add_value(out, name, copy);
}

#define ADD_PADDED(out, name, field) add_padded(out, name, field, sizeof(field))

static void add_flags(xmlNode *out, enum profile_kind kind, CK_FLAGS flags)
{
    char text[512];

    profile_name(kind, flags, text);
    (void)profile_add_value(out, "Flags", text);
}

static void add_version(xmlNode *out, const char *name, CK_VERSION version)
{
    xmlNode *node = profile_add(out, name);
    char text[8];

    (void)snprintf(text, sizeof(text), "%u", version.major);
    (void)xmlNewProp(node, BAD_CAST "major", BAD_CAST text);
    (void)snprintf(text, sizeof(text), "%u", version.minor);
    (void)xmlNewProp(node, BAD_CAST "minor", BAD_CAST text);
}

/* --- Library, slots, token --- */

static CK_RV initialize(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    (void)in;
    (void)out;
    return run->p11->C_Initialize(NULL);
}

static CK_RV finalize(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    (void)in;
    (void)out;
    return run->p11->C_Finalize(NULL);
}

static CK_RV get_info(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    xmlNode *node = profile_add(out, "Info");
    CK_INFO info = {0};
    CK_RV rv = run->p11->C_GetInfo(&info);

    (void)in;
    add_version(node, "CryptokiVersion", info.cryptokiVersion);
    ADD_PADDED(node, "ManufacturerID", info.manufacturerID);
    add_flags(node, PROFILE_SESSION_FLAGS, info.flags);
    ADD_PADDED(node, "LibraryDescription", info.libraryDescription);
    add_version(node, "LibraryVersion", info.libraryVersion);
    return rv;
}

/* The order may vary: the slot whose token was made for the case comes first. */
static CK_RV get_slot_list(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    bool present = strcasecmp(value_of(run, profile_child(in, "TokenPresent")), "true") == 0;
    xmlNode *node = profile_add(out, "SlotList");
    CK_SLOT_ID slots[LIST_MAX];
    CK_ULONG count = length_of(run, profile_child(in, "SlotList"));
    bool is_query = count == 0;
    CK_RV rv;

    count = count > LIST_MAX ? LIST_MAX : count;
    rv = run->p11->C_GetSlotList(present, is_query ? NULL : slots, &count);
    add_length(node, count);
    if (rv == CKR_OK && !is_query) {
        (void)profile_add_number(node, "SlotID", run->slot);
        for (CK_ULONG i = 0; i < count; i++) {
            if (slots[i] != run->slot) {
                (void)profile_add_number(node, "SlotID", slots[i]);
            }
        }
    }
    return rv;
}

static CK_RV get_slot_info(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    xmlNode *node = profile_add(out, "SlotInfo");
    CK_SLOT_INFO info = {0};
    CK_RV rv = run->p11->C_GetSlotInfo(number_of(run, in, "SlotID"), &info);

    ADD_PADDED(node, "SlotDescription", info.slotDescription);
    ADD_PADDED(node, "ManufacturerID", info.manufacturerID);
    add_flags(node, PROFILE_SLOT_FLAGS, info.flags);
    add_version(node, "HardwareVersion", info.hardwareVersion);
    add_version(node, "FirmwareVersion", info.firmwareVersion);
    return rv;
}

static CK_RV get_token_info(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    xmlNode *node = profile_add(out, "TokenInfo");
    CK_TOKEN_INFO info = {0};
    CK_RV rv = run->p11->C_GetTokenInfo(number_of(run, in, "SlotID"), &info);

    ADD_PADDED(node, "label", info.label);
    ADD_PADDED(node, "ManufacturerID", info.manufacturerID);
    ADD_PADDED(node, "model", info.model);
    ADD_PADDED(node, "serialNumber", info.serialNumber);
    add_flags(node, PROFILE_TOKEN_FLAGS, info.flags);
    (void)profile_add_number(node, "MaxSessionCount", info.ulMaxSessionCount);
    (void)profile_add_number(node, "SessionCount", info.ulSessionCount);
    (void)profile_add_number(node, "MaxRwSessionCount", info.ulMaxRwSessionCount);
    (void)profile_add_number(node, "RwSessionCount", info.ulRwSessionCount);
    (void)profile_add_number(node, "MaxPinLen", info.ulMaxPinLen);
    (void)profile_add_number(node, "MinPinLen", info.ulMinPinLen);
    (void)profile_add_number(node, "TotalPublicMemory", info.ulTotalPublicMemory);
    (void)profile_add_number(node, "FreePublicMemory", info.ulFreePublicMemory);
    (void)profile_add_number(node, "TotalPrivateMemory", info.ulTotalPrivateMemory);
    (void)profile_add_number(node, "FreePrivateMemory", info.ulFreePrivateMemory);
    add_version(node, "HardwareVersion", info.hardwareVersion);
    add_version(node, "FirmwareVersion", info.firmwareVersion);
    ADD_PADDED(node, "utcTime", info.utcTime);
    return rv;
}

static CK_RV get_mechanism_list(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    xmlNode *node = profile_add(out, "MechanismList");
    CK_MECHANISM_TYPE types[LIST_MAX];
    CK_ULONG count = length_of(run, profile_child(in, "MechanismList"));
    bool is_query = count == 0;
    CK_RV rv;

    count = count > LIST_MAX ? LIST_MAX : count;
    rv = run->p11->C_GetMechanismList(number_of(run, in, "SlotID"), is_query ? NULL : types, &count);
    add_length(node, count);
    for (CK_ULONG i = 0; rv == CKR_OK && !is_query && i < count; i++) {
        char name[512];

        profile_name(PROFILE_MECHANISM, types[i], name);
        (void)profile_add_value(node, "Type", name);
    }
    return rv;
}

static CK_RV get_mechanism_info(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    xmlNode *node = profile_add(out, "MechanismInfo");
    CK_MECHANISM_INFO info = {0};
    CK_RV rv = run->p11->C_GetMechanismInfo(number_of(run, in, "SlotID"),
                                            named_of(run, in, "Type", PROFILE_MECHANISM), &info);

    (void)profile_add_number(node, "MinKeySize", info.ulMinKeySize);
    (void)profile_add_number(node, "MaxKeySize", info.ulMaxKeySize);
    add_flags(node, PROFILE_MECHANISM_FLAGS, info.flags);
    return rv;
}

/* --- Sessions --- */

static CK_RV open_session(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    CK_RV rv =
        run->p11->C_OpenSession(number_of(run, in, "SlotID"),
                                named_of(run, in, "Flags", PROFILE_SESSION_FLAGS), NULL, NULL, &session);

    (void)profile_add_number(out, "Session", session);
    return rv;
}

static CK_RV close_session(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    (void)out;
    return run->p11->C_CloseSession(number_of(run, in, "Session"));
}

static CK_RV close_all_sessions(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    (void)out;
    return run->p11->C_CloseAllSessions(number_of(run, in, "SlotID"));
}

static CK_RV log_in(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    const char *pin = value_of(run, profile_child(in, "Pin"));

    (void)out;
    return run->p11->C_Login(number_of(run, in, "Session"), named_of(run, in, "UserType", PROFILE_USER),
                             (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin));
}

static CK_RV log_out(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    (void)out;
    return run->p11->C_Logout(number_of(run, in, "Session"));
}

/* --- Objects --- */

/* How the value of an attribute is written in the cases. */
static enum { AS_BOOL, AS_CLASS, AS_TEXT, AS_HEX } form_of(CK_ATTRIBUTE_TYPE type)
{
    return type == CKA_TOKEN || type == CKA_PRIVATE ? AS_BOOL
           : type == CKA_CLASS                      ? AS_CLASS
           : type == CKA_LABEL                      ? AS_TEXT
                                                    : AS_HEX;
}

struct template
{
    CK_ATTRIBUTE attrs[TEMPLATE_MAX];
    CK_ULONG count;
    _Alignas(CK_ULONG) CK_BYTE values[TEMPLATE_MAX][VALUE_MAX];
};

static void read_value(const char *text, CK_ATTRIBUTE *attr, CK_BYTE *room)
{
    CK_ULONG class = 0;
    size_t len = 0;

    attr->pValue = room;
    switch (form_of(attr->type)) {
    case AS_BOOL:
        room[0] = strcasecmp(text, "true") == 0;
        attr->ulValueLen = sizeof(CK_BBOOL);
        return;
    case AS_CLASS:
        confused = !profile_value(PROFILE_CLASS, text, &class) || confused;
        memcpy(room, &class, sizeof(class));
        attr->ulValueLen = sizeof(class);
        return;
    case AS_TEXT:
        attr->ulValueLen = strnlen(text, VALUE_MAX);
        memcpy(room, text, attr->ulValueLen);
        return;
    case AS_HEX:
        confused = !profile_from_hex(text, room, VALUE_MAX, &len) || confused;
        attr->ulValueLen = len;
        return;
    }
}

/* A template with values, or with room for them, or, to ask for lengths, with neither. */
static void read_template(const struct profile_run *run, const xmlNode *in, struct template *ret)
{
    const xmlNode *template = profile_child(in, "Template");

    ret->count = 0;
    for (xmlNode *node = template == NULL ? NULL : profile_element(template->children);
         node != NULL && ret->count < TEMPLATE_MAX; node = profile_element(node->next)) {
        CK_ATTRIBUTE *attr = &ret->attrs[ret->count];
        const char *type = profile_text(node, "type");
        CK_ULONG room = length_of(run, node);

        *attr = (CK_ATTRIBUTE){0};
        confused = type == NULL || !profile_value(PROFILE_ATTRIBUTE, type, &attr->type) || confused;
        if (profile_text(node, "value") != NULL) {
            read_value(value_of(run, node), attr, ret->values[ret->count]);
        } else if (room != 0) {
            attr->pValue = ret->values[ret->count];
            attr->ulValueLen = room > VALUE_MAX ? VALUE_MAX : room;
        }
        ret->count++;
    }
}

static CK_RV find_objects_init(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    static struct template template;

    (void)out;
    read_template(run, in, &template);
    return run->p11->C_FindObjectsInit(number_of(run, in, "Session"), template.attrs, template.count);
}

static CK_RV find_objects(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    xmlNode *node = profile_add(out, "Object");
    CK_OBJECT_HANDLE objects[LIST_MAX];
    CK_ULONG max = length_of(run, profile_child(in, "Object"));
    CK_ULONG count = 0;
    CK_RV rv = run->p11->C_FindObjects(number_of(run, in, "Session"), objects,
                                       max > LIST_MAX ? LIST_MAX : max, &count);

    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
        (void)profile_add_number(node, "Object", objects[i]);
    }
    return rv;
}

static CK_RV find_objects_final(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    (void)out;
    return run->p11->C_FindObjectsFinal(number_of(run, in, "Session"));
}

static void add_attribute(xmlNode *out, const CK_ATTRIBUTE *attr)
{
    static char text[2 * VALUE_MAX + 1];
    xmlNode *node = profile_add(out, "Attribute");
    char name[512];

    profile_name(PROFILE_ATTRIBUTE, attr->type, name);
    (void)xmlNewProp(node, BAD_CAST "type", BAD_CAST name);
    if (attr->pValue == NULL) {
        add_length(node, attr->ulValueLen);
        return;
    }
    if (form_of(attr->type) == AS_TEXT) {
        (void)snprintf(text, sizeof(text), "%.*s", (int)attr->ulValueLen, (const char *)attr->pValue);
    } else {
        profile_to_hex(attr->pValue, attr->ulValueLen, text);
    }
    (void)xmlNewProp(node, BAD_CAST "value", BAD_CAST text);
}

static CK_RV get_attribute_value(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    static struct template template;
    xmlNode *node = profile_add(out, "Template");
    CK_RV rv;

    read_template(run, in, &template);
    rv = run->p11->C_GetAttributeValue(number_of(run, in, "Session"), number_of(run, in, "Object"),
                                       template.attrs, template.count);
    for (CK_ULONG i = 0; rv == CKR_OK && i < template.count; i++) {
        add_attribute(node, &template.attrs[i]);
    }
    return rv;
}

/* --- Signatures --- */

static CK_RV sign_init(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    const xmlNode *node = profile_child(in, "Mechanism");
    CK_MECHANISM mechanism = {0};

    (void)out;
    confused = node == NULL || confused;
    mechanism.mechanism = node == NULL ? 0 : named_of(run, node, "Type", PROFILE_MECHANISM);
    return run->p11->C_SignInit(number_of(run, in, "Session"), &mechanism, number_of(run, in, "Key"));
}

static CK_RV sign(struct profile_run *run, const xmlNode *in, xmlNode *out)
{
    static CK_BYTE data[VALUE_MAX];
    static CK_BYTE signature[VALUE_MAX];
    static char text[2 * VALUE_MAX + 1];
    CK_ULONG len = length_of(run, profile_child(in, "Signature"));
    size_t data_len = 0;
    CK_RV rv;

    confused = !profile_from_hex(value_of(run, profile_child(in, "Data")), data, sizeof(data), &data_len) ||
               len > sizeof(signature) || confused;
    if (confused) {
        return CKR_OK;
    }
    profile_sign(run, data, data_len);
    rv = run->p11->C_Sign(number_of(run, in, "Session"), data, data_len, signature, &len);
    if (rv == CKR_OK) {
        profile_to_hex(signature, len, text);
        (void)profile_add_value(out, "Signature", text);
    }
    return rv;
}

static const struct {
    const char *name;
    call_fn call;
} calls[] = {
    {"C_CloseAllSessions", close_all_sessions},
    {"C_CloseSession", close_session},
    {"C_Finalize", finalize},
    {"C_FindObjects", find_objects},
    {"C_FindObjectsFinal", find_objects_final},
    {"C_FindObjectsInit", find_objects_init},
    {"C_GetAttributeValue", get_attribute_value},
    {"C_GetInfo", get_info},
    {"C_GetMechanismInfo", get_mechanism_info},
    {"C_GetMechanismList", get_mechanism_list},
    {"C_GetSlotInfo", get_slot_info},
    {"C_GetSlotList", get_slot_list},
    {"C_GetTokenInfo", get_token_info},
    {"C_Initialize", initialize},
    {"C_Login", log_in},
    {"C_Logout", log_out},
    {"C_OpenSession", open_session},
    {"C_Sign", sign},
    {"C_SignInit", sign_init},
};

bool profile_call(struct profile_run *run, const xmlNode *request, xmlNode *answer, CK_RV *ret_rv)
{
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(calls[i].name, (const char *)request->name) == 0) {
            confused = false;
            *ret_rv = calls[i].call(run, request, answer);
            if (confused) {
                (void)fprintf(stderr, "%s: %s: something in it is not understood\n", run->name,
                              calls[i].name);
            }
            return !confused;
        }
    }
    (void)fprintf(stderr, "%s: %s is not known to the runner\n", run->name, (const char *)request->name);
    return false;
}
