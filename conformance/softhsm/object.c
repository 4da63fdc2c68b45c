/* SPDX-License-Identifier: Apache-2.0 */
/* Objects: create, copy, read, set, destroy, find. */
#include "make.h"
#include "names.h"
#include "values.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- Create --- */

static void add_data(struct diff_world *world, struct diff_template *to)
{
    uint8_t value[200];
    const size_t len = diff_below(&world->random, sizeof(value));

    diff_fill(&world->random, value, len);
    diff_add(to, CKA_VALUE, value, len);
    if (diff_chance(&world->random, 50)) {
        diff_add_text(to, CKA_APPLICATION, "differential test");
    }
    if (diff_chance(&world->random, 50)) {
        diff_add_hex(to, CKA_OBJECT_ID, "06022a03");
    }
}

static void add_certificate(struct diff_world *world, struct diff_template *to)
{
    diff_add_ulong(to, CKA_CERTIFICATE_TYPE, CKC_X_509);
    diff_add_hex(to, CKA_VALUE, diff_certificate);
    diff_add_hex(to, CKA_SUBJECT, diff_subject);
    if (diff_chance(&world->random, 60)) {
        diff_add_hex(to, CKA_ISSUER, diff_subject);
        diff_add_hex(to, CKA_SERIAL_NUMBER, diff_serial);
    }
    if (diff_chance(&world->random, 50)) {
        diff_add_hex(to, CKA_ID, "0102");
    }
}

static void add_secret(struct diff_world *world, struct diff_template *to, CK_KEY_TYPE *ret_type)
{
    static const size_t aes_lens[] = {16, 24, 32, 16, 32, 15, 17};
    uint8_t value[100];

    *ret_type = diff_chance(&world->random, 60) ? CKK_AES : CKK_GENERIC_SECRET;
    const size_t len = *ret_type == CKK_AES ? DIFF_PICK(&world->random, aes_lens)
                                            : 1 + diff_below(&world->random, sizeof(value));

    diff_fill(&world->random, value, len);
    diff_add_ulong(to, CKA_KEY_TYPE, *ret_type);
    diff_add(to, CKA_VALUE, value, len);
    diff_add_usage(world, to, CKO_SECRET_KEY);
}

static void fill(struct diff_world *world, struct diff_template *to, CK_OBJECT_CLASS class,
                 struct diff_object *object)
{
    diff_add_storage(world, to, class);
    if (class == CKO_DATA) {
        add_data(world, to);
    } else if (class == CKO_CERTIFICATE) {
        add_certificate(world, to);
    } else if (class == CKO_SECRET_KEY) {
        add_secret(world, to, &object->key_type);
    } else {
        object->pair = (int)diff_below(&world->random, diff_pair_count());
        object->key_type = diff_pair_at((size_t)object->pair)->key_type;
        diff_add_pair(to, class, object->pair);
        diff_add_usage(world, to, class);
    }
}

/* "token private": as the template has it, where it says so. */
static const char *kind_of(struct diff_template *template)
{
    static char text[32];
    const CK_ATTRIBUTE *token = diff_find(template, CKA_TOKEN);
    const CK_ATTRIBUTE *private = diff_find(template, CKA_PRIVATE);
    const char *place = token == NULL || *(const CK_BBOOL *)token->pValue == CK_FALSE ? "session" : "token";

    (void)snprintf(text, sizeof(text), "%s %s", place,
                   private == NULL                                  ? "unsaid"
                   : *(const CK_BBOOL *)private->pValue == CK_FALSE ? "public"
                                                                    : "private");
    return text;
}

void diff_act_create(struct diff_world *world)
{
    static const CK_OBJECT_CLASS classes[] = {CKO_DATA,        CKO_CERTIFICATE, CKO_PUBLIC_KEY,
                                              CKO_PRIVATE_KEY, CKO_SECRET_KEY,  CKO_SECRET_KEY};
    const struct diff_session *session = diff_session_pick(world);
    struct diff_object *object = diff_object_place(world);
    const CK_OBJECT_CLASS class = DIFF_PICK(&world->random, classes);
    struct diff_template template = {.count = 0};
    char kind[32];

    if (session == NULL || object == NULL) {
        return;
    }
    fill(world, &template, class, object);
    (void)snprintf(kind, sizeof(kind), "%s", kind_of(&template));
    const char *what = diff_vary(world, &template, 30);

    diff_hint(world, "%s %s, %s, %s, %s", diff_class_name(class),
              object->key_type == CK_UNAVAILABLE_INFORMATION ? "-" : diff_key_type_name(object->key_type),
              what, kind, diff_where(world, session));
    object->origin = "created";
    CALL(world, C_CreateObject, session->handle[s], template.attrs, template.count, &object->handle[s]);
    (void)diff_made(world, object, &template, diff_judge(world));
}

/* --- Copy and set --- */

static void add_change(struct diff_world *world, struct diff_template *to)
{
    static const CK_ATTRIBUTE_TYPE types[] = {
        CKA_TOKEN,       CKA_PRIVATE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_MODIFIABLE, CKA_COPYABLE,
        CKA_DESTROYABLE, CKA_ENCRYPT, CKA_DECRYPT,   CKA_SIGN,        CKA_VERIFY,     CKA_WRAP,
        CKA_DERIVE,      CKA_ID,      CKA_SUBJECT,   CKA_CLASS,       CKA_START_DATE, CKA_LOCAL,
        CKA_TRUSTED,     CKA_VALUE,   CKA_KEY_TYPE,
    };
    const CK_ATTRIBUTE_TYPE type = DIFF_PICK(&world->random, types);

    if (type == CKA_ID || type == CKA_SUBJECT || type == CKA_VALUE) {
        diff_add_hex(to, type, diff_chance(&world->random, 80) ? "300a0b" : "");
    } else if (type == CKA_START_DATE) {
        diff_add_text(to, type, diff_chance(&world->random, 70) ? "20300101" : "");
    } else if (type == CKA_CLASS || type == CKA_KEY_TYPE) {
        diff_add_ulong(to, type, CKO_SECRET_KEY);
    } else {
        diff_add_bool(to, type, diff_chance(&world->random, 50));
    }
}

/* Whether the object has that value already. */
static bool is_same_value(struct diff_world *world, const struct diff_object *object,
                          const CK_ATTRIBUTE *attr)
{
    uint8_t value[256];
    CK_ATTRIBUTE now = {attr->type, value, sizeof(value)};

    diff_mark(world, COFFER, "C_GetAttributeValue");
    return world->at[COFFER]->C_GetAttributeValue(world->sessions[0].handle[COFFER], object->handle[COFFER],
                                                  &now, 1) == CKR_OK &&
           now.ulValueLen == attr->ulValueLen && memcmp(value, attr->pValue, now.ulValueLen) == 0;
}

/* "CKA_TOKEN=1 of CKO_DATA -, made, rw user" */
static void hint_change(struct diff_world *world, const struct diff_object *object,
                        struct diff_template *change, const struct diff_session *session)
{
    char text[48] = "nothing";

    if (change->count > 0) {
        const CK_ATTRIBUTE *attr = &change->attrs[change->count - 1];

        if (attr->ulValueLen == 1) {
            (void)snprintf(text, sizeof(text), "%s=%u", diff_attr_name(attr->type),
                           *(const CK_BBOOL *)attr->pValue);
        } else {
            (void)snprintf(text, sizeof(text), "%s%s", diff_attr_name(attr->type),
                           attr->ulValueLen == 0 ? "=" : "");
        }
        if (is_same_value(world, object, attr)) {
            (void)strcat(text, " (same)");
        }
    }
    diff_hint(world, "%s of %s %s, %s, %s, %s", text, diff_class_name(object->class),
              object->key_type == CK_UNAVAILABLE_INFORMATION ? "-" : diff_key_type_name(object->key_type),
              object->origin, object->is_token ? "token" : "session", diff_where(world, session));
}

static void copy(struct diff_world *world, const struct diff_session *session, const struct diff_object *from)
{
    struct diff_object *object = diff_object_place(world);
    struct diff_template change = {.count = 0};
    char label[16];

    if (object == NULL) {
        return;
    }
    world->is_sparse = false;
    diff_label_new(world, label);
    diff_add_text(&change, CKA_LABEL, label);
    if (diff_chance(&world->random, 70)) {
        add_change(world, &change);
    }
    hint_change(world, from, &change, session);
    *object = (struct diff_object){.class = from->class,
                                   .key_type = from->key_type,
                                   .is_own = from->is_own,
                                   .pair = from->pair,
                                   .origin = "copied"};
    CALL(world, C_CopyObject, session->handle[s], from->handle[s], change.attrs, change.count,
         &object->handle[s]);
    (void)diff_made(world, object, &change, diff_judge(world));
}

static void set(struct diff_world *world, const struct diff_session *session, struct diff_object *object)
{
    struct diff_template change = {.count = 0};

    if (diff_chance(&world->random, 20)) {
        char label[16];

        diff_label_new(world, label);
        diff_add_text(&change, CKA_LABEL, label);
    } else {
        add_change(world, &change);
    }
    hint_change(world, object, &change, session);
    CALL(world, C_SetAttributeValue, session->handle[s], object->handle[s], change.attrs, change.count);
    const CK_RV rv = diff_judge(world);

    if (rv == DIFF_SPLIT && (world->rv[0] == CKR_OK || world->rv[1] == CKR_OK)) {
        diff_object_drop(world, object);
    } else if (rv == CKR_OK) {
        const CK_ATTRIBUTE *label = diff_find(&change, CKA_LABEL);

        if (label != NULL) {
            memset(object->label, 0, sizeof(object->label));
            memcpy(object->label, label->pValue, label->ulValueLen);
        }
        object->origin = "changed";
        diff_read_all(world, object);
    }
}

/* --- Read, size, destroy --- */

/* Several attributes in one call: lengths, or values with room for some of them. */
static void get(struct diff_world *world, const struct diff_session *session,
                const struct diff_object *object)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LABEL,   CKA_CLASS, CKA_TOKEN,
                                              CKA_PRIVATE, CKA_VALUE, CKA_ID};
    static uint8_t room[SIDES][3][1024];
    CK_ATTRIBUTE attrs[SIDES][3];
    const bool is_query = diff_chance(&world->random, 40);
    const CK_ULONG len = diff_chance(&world->random, 30) ? diff_below(&world->random, 8) : sizeof(room[0][0]);

    for (size_t i = 0; i < 3; i++) {
        const CK_ATTRIBUTE_TYPE type = DIFF_PICK(&world->random, types);

        for (unsigned s = 0; s < SIDES; s++) {
            attrs[s][i] = (CK_ATTRIBUTE){type, is_query ? NULL : room[s][i], is_query ? 0 : len};
        }
    }
    diff_hint(world, "%s of three of %s, %s",
              is_query  ? "lengths"
              : len < 8 ? "short"
                        : "values",
              diff_class_name(object->class), diff_where(world, session));
    CALL(world, C_GetAttributeValue, session->handle[s], object->handle[s], attrs[s], 3);
    (void)diff_judge(world);
    for (size_t i = 0; i < 3 && !object->is_own; i++) {
        (void)diff_same(world, attrs[0][i].ulValueLen == attrs[1][i].ulValueLen,
                        diff_attr_name(attrs[0][i].type));
    }
}

static void destroy(struct diff_world *world, const struct diff_session *session, struct diff_object *object)
{
    diff_hint(world, "%s %s, %s", object->is_token ? "token" : "session", diff_class_name(object->class),
              diff_where(world, session));
    CALL(world, C_DestroyObject, session->handle[s], object->handle[s]);
    const CK_RV rv = diff_judge(world);

    if (rv == CKR_OK) {
        object->is_used = false;
    } else if (rv == DIFF_SPLIT) {
        object->handle[COFFER] = world->rv[COFFER] == CKR_OK ? CK_INVALID_HANDLE : object->handle[COFFER];
        object->handle[SOFTHSM] = world->rv[SOFTHSM] == CKR_OK ? CK_INVALID_HANDLE : object->handle[SOFTHSM];
        diff_object_drop(world, object);
    }
}

static void no_object(struct diff_world *world, const struct diff_session *session)
{
    CK_ATTRIBUTE attr = {CKA_LABEL, NULL, 0};
    CK_OBJECT_HANDLE made = 0;
    CK_ULONG size = 0;

    diff_hint(world, "no such object, %s", diff_where(world, session));
    CALL(world, C_GetAttributeValue, session->handle[s], 0x7fffff, &attr, 1);
    (void)diff_judge(world);
    CALL(world, C_DestroyObject, session->handle[s], 0x7fffff);
    (void)diff_judge(world);
    CALL(world, C_CopyObject, session->handle[s], 0x7fffff, NULL, 0, &made);
    (void)diff_judge(world);
    CALL(world, C_GetObjectSize, session->handle[s], 0x7fffff, &size);
    (void)diff_judge(world);
}

void diff_act_object(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);
    struct diff_object *object =
        diff_object_pick(world, CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION);
    CK_ULONG size[SIDES];

    if (session == NULL) {
        return;
    }
    if (object == NULL || diff_chance(&world->random, 2)) {
        no_object(world, session);
        return;
    }
    switch (diff_below(&world->random, 10)) {
    case 0:
    case 1:
    case 2:
        destroy(world, session, object);
        break;
    case 3:
    case 4:
    case 5:
        set(world, session, object);
        break;
    case 6:
    case 7:
        copy(world, session, object);
        break;
    case 8:
        get(world, session, object);
        break;
    default:
        diff_hint(world, "%s", diff_class_name(object->class));
        CALL(world, C_GetObjectSize, session->handle[s], object->handle[s], &size[s]);
        (void)diff_judge(world);
        break;
    }
}

/* --- Find --- */

enum { FOUND_MAX = 128 };

static int by_label(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Labels of what was found, sorted; objects that the module made by itself are left out. */
static size_t labels_of(struct diff_world *world, unsigned side, const CK_OBJECT_HANDLE *found,
                        CK_ULONG count, char labels[FOUND_MAX][16])
{
    size_t kept = 0;

    for (CK_ULONG i = 0; i < count; i++) {
        CK_ATTRIBUTE attr = {CKA_LABEL, labels[kept], 15};

        memset(labels[kept], 0, 16);
        diff_mark(world, side, "C_GetAttributeValue");
        if (world->at[side]->C_GetAttributeValue(world->sessions[0].handle[side], found[i], &attr, 1) ==
            CKR_OK) {
            kept++;
        }
    }
    qsort(labels, kept, 16, by_label);
    return kept;
}

static bool is_known(const struct diff_world *world, const char *label)
{
    for (size_t i = 0; i < DIFF_OBJECTS; i++) {
        if (world->objects[i].is_used && strcmp(world->objects[i].label, label) == 0) {
            return true;
        }
    }
    return false;
}

/* Two sorted lists; a label that only one has is looked at. */
static void compare(struct diff_world *world, char (*coffer)[16], size_t coffer_count, char (*softhsm)[16],
                    size_t softhsm_count)
{
    size_t i = 0;
    size_t j = 0;

    while (i < coffer_count || j < softhsm_count) {
        const int order = i == coffer_count ? 1 : j == softhsm_count ? -1 : strcmp(coffer[i], softhsm[j]);

        if (order < 0) {
            (void)diff_same(world, false, "only Coffer has it");
        } else if (order > 0) {
            (void)diff_same(world, false, is_known(world, softhsm[j]) ? "only SoftHSM has it" : "left over");
        }
        i += order <= 0;
        j += order >= 0;
    }
}

static void collect(struct diff_world *world, const struct diff_session *session)
{
    static CK_OBJECT_HANDLE found[SIDES][FOUND_MAX];
    static char labels[SIDES][FOUND_MAX][16];
    CK_ULONG count[SIDES] = {0, 0};
    size_t kept[SIDES];

    CALL(world, C_FindObjects, session->handle[s], found[s], FOUND_MAX, &count[s]);
    if (diff_judge(world) != CKR_OK) {
        return;
    }
    for (unsigned s = 0; s < SIDES; s++) {
        kept[s] = labels_of(world, s, found[s], count[s], labels[s]);
    }
    world->call = "C_FindObjects";
    compare(world, labels[COFFER], kept[COFFER], labels[SOFTHSM], kept[SOFTHSM]);
}

void diff_act_find(struct diff_world *world)
{
    const struct diff_session *session = diff_session_pick(world);
    const struct diff_object *object =
        diff_object_pick(world, CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION);
    struct diff_template template = {.count = 0};
    const char *by = "nothing";

    if (session == NULL) {
        return;
    }
    switch (diff_below(&world->random, 5)) {
    case 0:
        diff_add_ulong(&template, CKA_CLASS, diff_below(&world->random, 5));
        by = "class";
        break;
    case 1:
        diff_add_bool(&template, CKA_TOKEN, diff_chance(&world->random, 50));
        diff_add_bool(&template, CKA_PRIVATE, diff_chance(&world->random, 50));
        by = "kind";
        break;
    case 2:
        diff_add_text(&template, CKA_LABEL, object == NULL ? "no such label" : object->label);
        by = "label";
        break;
    case 3:
        diff_add_ulong(&template, CKA_KEY_TYPE, diff_chance(&world->random, 50) ? CKK_AES : CKK_RSA);
        diff_add_bool(&template, CKA_SIGN, true);
        by = "use";
        break;
    default:
        break;
    }
    diff_hint(world, "by %s, %s", by, diff_where(world, session));
    CALL(world, C_FindObjectsInit, session->handle[s], template.attrs, template.count);
    if (diff_judge(world) == CKR_OK) {
        collect(world, session);
    }
    CALL(world, C_FindObjectsFinal, session->handle[s]);
    (void)diff_judge(world);
}
