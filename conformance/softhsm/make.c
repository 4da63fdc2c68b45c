/* SPDX-License-Identifier: Apache-2.0 */
#include "make.h"

#include "names.h"
#include "values.h"

#include <stdio.h>
#include <string.h>

const char *diff_where(const struct diff_world *world, const struct diff_session *session)
{
    static char text[16];
    const char *user = world->user == CKU_SO ? "SO" : world->user == CKU_USER ? "user" : "nobody";

    (void)snprintf(text, sizeof(text), "%s %s", session->is_rw ? "rw" : "ro", user);
    return text;
}

void diff_label_new(struct diff_world *world, char label[16])
{
    (void)snprintf(label, 16, "object %u", ++world->labels);
}

/* --- Templates --- */

void diff_add_storage(struct diff_world *world, struct diff_template *to, CK_OBJECT_CLASS class)
{
    static const CK_ATTRIBUTE_TYPE rare[] = {CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE};
    struct diff_random *random = &world->random;
    char label[16];

    diff_label_new(world, label);
    diff_add_ulong(to, CKA_CLASS, class);
    diff_add_text(to, CKA_LABEL, label);
    world->is_sparse = diff_chance(random, 8);
    if (diff_chance(random, 60)) {
        diff_add_bool(to, CKA_TOKEN, diff_chance(random, 40));
    }
    if (!world->is_sparse) {
        diff_add_bool(to, CKA_PRIVATE, diff_chance(random, world->user == CKU_USER ? 50 : 10));
    }
    for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++) {
        if (diff_chance(random, 8)) {
            diff_add_bool(to, rare[i], diff_chance(random, 40));
        }
    }
}

/* Each attribute given, unless the template is sparse; mostly true. */
static void add_bools(struct diff_world *world, struct diff_template *to, const CK_ATTRIBUTE_TYPE *types,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!world->is_sparse || diff_chance(&world->random, 50)) {
            diff_add_bool(to, types[i], diff_chance(&world->random, 85));
        }
    }
}

void diff_add_usage(struct diff_world *world, struct diff_template *to, CK_OBJECT_CLASS class)
{
    static const CK_ATTRIBUTE_TYPE of_public[] = {CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP};
    static const CK_ATTRIBUTE_TYPE of_private[] = {CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP,
                                                   CKA_DERIVE};
    static const CK_ATTRIBUTE_TYPE of_secret[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN,  CKA_VERIFY,
                                                  CKA_WRAP,    CKA_UNWRAP,  CKA_DERIVE};
    struct diff_random *random = &world->random;

    if (diff_chance(random, 50)) {
        diff_add_hex(to, CKA_ID, "0102030405");
    }
    if (class == CKO_PUBLIC_KEY) {
        add_bools(world, to, of_public, 4);
        return;
    }
    if (class == CKO_PRIVATE_KEY) {
        add_bools(world, to, of_private, 5);
        if (diff_chance(random, 5)) {
            diff_add_bool(to, CKA_ALWAYS_AUTHENTICATE, diff_chance(random, 50));
        }
    } else {
        add_bools(world, to, of_secret, 7);
    }
    if (!world->is_sparse) {
        diff_add_bool(to, CKA_SENSITIVE, diff_chance(random, 40));
        diff_add_bool(to, CKA_EXTRACTABLE, diff_chance(random, 70));
    }
    if (diff_chance(random, 5)) {
        diff_add_bool(to, CKA_WRAP_WITH_TRUSTED, diff_chance(random, 50));
    }
}

void diff_add_pair(struct diff_template *to, CK_OBJECT_CLASS class, int pair)
{
    const struct diff_pair *from = diff_pair_at((size_t)pair);

    diff_add_ulong(to, CKA_KEY_TYPE, from->key_type);
    diff_add_hex(to, CKA_EC_PARAMS, from->params);
    diff_add_hex(to, CKA_PRIME, from->prime);
    diff_add_hex(to, CKA_BASE, from->base);
    diff_add_hex(to, CKA_MODULUS, from->modulus);
    diff_add_hex(to, CKA_PUBLIC_EXPONENT, from->exponent);
    if (class == CKO_PUBLIC_KEY) {
        diff_add_hex(to, from->key_type == CKK_DH ? CKA_VALUE : CKA_EC_POINT, from->point);
        return;
    }
    diff_add_hex(to, from->key_type == CKK_RSA ? CKA_PRIVATE_EXPONENT : CKA_VALUE, from->value);
    diff_add_hex(to, CKA_PRIME_1, from->prime_1);
    diff_add_hex(to, CKA_PRIME_2, from->prime_2);
    diff_add_hex(to, CKA_EXPONENT_1, from->exponent_1);
    diff_add_hex(to, CKA_EXPONENT_2, from->exponent_2);
    diff_add_hex(to, CKA_COEFFICIENT, from->coefficient);
}

void diff_add_group(struct diff_template *to)
{
    size_t index = 0;

    while (diff_pair_at(index)->prime == NULL) {
        index++;
    }
    diff_add_hex(to, CKA_PRIME, diff_pair_at(index)->prime);
    diff_add_hex(to, CKA_BASE, diff_pair_at(index)->base);
}

static const char *spoil_by_adding(struct diff_world *world, struct diff_template *template)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_LOCAL,
                                              CKA_NEVER_EXTRACTABLE,
                                              CKA_ALWAYS_SENSITIVE,
                                              CKA_TRUSTED,
                                              CKA_WRAP,
                                              CKA_SIGN,
                                              CKA_SENSITIVE,
                                              CKA_DERIVE,
                                              CKA_MODULUS_BITS,
                                              CKA_VALUE_LEN,
                                              CKA_KEY_GEN_MECHANISM};
    const CK_ATTRIBUTE_TYPE type = DIFF_PICK(&world->random, types);

    if (diff_find(template, type) != NULL) {
        return "whole";
    }
    if (type == CKA_MODULUS_BITS || type == CKA_VALUE_LEN || type == CKA_KEY_GEN_MECHANISM) {
        diff_add_ulong(template, type, 16);
    } else {
        diff_add_bool(template, type, true);
    }
    return diff_attr_name(type);
}

static const char *spoil(struct diff_world *world, struct diff_template *template)
{
    static char text[48];
    const size_t index = diff_below(&world->random, template->count);
    CK_ATTRIBUTE *attr = &template->attrs[index];
    const char *name = diff_attr_name(attr->type);

    world->is_sparse = true;
    switch (diff_below(&world->random, 4)) {
    case 0:
        (void)snprintf(text, sizeof(text), "without %s", name);
        diff_remove(template, index);
        break;
    case 1:
        (void)snprintf(text, sizeof(text), "long %s", name);
        diff_add(template, attr->type, attr->pValue, attr->ulValueLen);
        attr = &template->attrs[index];
        *attr = template->attrs[--template->count];
        attr->ulValueLen++;
        break;
    case 2:
        (void)snprintf(text, sizeof(text), "empty %s", name);
        attr->ulValueLen = 0;
        break;
    default:
        world->is_sparse = false;
        (void)snprintf(text, sizeof(text), "with %s", spoil_by_adding(world, template));
        break;
    }
    return text;
}

const char *diff_vary(struct diff_world *world, struct diff_template *template, unsigned percent)
{
    const CK_ATTRIBUTE *attr = diff_find(template, CKA_MODIFIABLE);

    if (world->is_sparse) {
        return "sparse";
    }
    if (attr != NULL && *(const CK_BBOOL *)attr->pValue == CK_FALSE) {
        return "unmodifiable";
    }
    return diff_chance(&world->random, percent) ? spoil(world, template) : "whole";
}

/* --- Objects that were made --- */

static void remember(struct diff_world *world, struct diff_object *object, struct diff_template *template)
{
    CK_BBOOL is_token = CK_FALSE;
    CK_BBOOL is_private = CK_FALSE;
    CK_BBOOL is_modifiable = CK_FALSE;
    CK_ATTRIBUTE attrs[] = {{CKA_CLASS, &object->class, sizeof(object->class)},
                            {CKA_TOKEN, &is_token, sizeof(is_token)},
                            {CKA_PRIVATE, &is_private, sizeof(is_private)},
                            {CKA_MODIFIABLE, &is_modifiable, sizeof(is_modifiable)}};
    CK_ATTRIBUTE type = {CKA_KEY_TYPE, &object->key_type, sizeof(object->key_type)};
    const CK_ATTRIBUTE *label = diff_find(template, CKA_LABEL);

    object->is_used = true;
    diff_mark(world, COFFER, "C_GetAttributeValue");
    (void)world->at[COFFER]->C_GetAttributeValue(world->sessions[0].handle[COFFER], object->handle[COFFER],
                                                 attrs, 4);
    if (object->class == CKO_PUBLIC_KEY || object->class == CKO_PRIVATE_KEY ||
        object->class == CKO_SECRET_KEY) {
        (void)world->at[COFFER]->C_GetAttributeValue(world->sessions[0].handle[COFFER],
                                                     object->handle[COFFER], &type, 1);
    }
    object->is_token = is_token == CK_TRUE;
    object->is_private = is_private == CK_TRUE;
    object->origin = is_modifiable == CK_TRUE ? object->origin : "unmodifiable";
    if (label != NULL && label->ulValueLen < sizeof(object->label)) {
        memset(object->label, 0, sizeof(object->label));
        memcpy(object->label, label->pValue, label->ulValueLen);
    }
}

bool diff_made(struct diff_world *world, struct diff_object *object, struct diff_template *template, CK_RV rv)
{
    const bool is_sparse = world->is_sparse;

    world->is_sparse = false;
    if (rv == DIFF_SPLIT) {
        for (unsigned s = 0; s < SIDES; s++) {
            object->handle[s] = world->rv[s] == CKR_OK ? object->handle[s] : CK_INVALID_HANDLE;
        }
        diff_object_drop(world, object);
        return false;
    }
    if (rv != CKR_OK) {
        return false;
    }
    remember(world, object, template);
    object->origin = is_sparse ? "sparse" : object->origin;
    diff_read_all(world, object);
    if (is_sparse) {
        diff_object_drop(world, object);
    }
    return object->is_used;
}

/* What each side chose for itself. */
static bool is_own_value(const struct diff_object *object, CK_ATTRIBUTE_TYPE type)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_VALUE,           CKA_MODULUS,     CKA_PRIVATE_EXPONENT,
                                              CKA_PRIME_1,         CKA_PRIME_2,     CKA_EXPONENT_1,
                                              CKA_EXPONENT_2,      CKA_COEFFICIENT, CKA_EC_POINT,
                                              CKA_PUBLIC_KEY_INFO, CKA_CHECK_VALUE};

    for (size_t i = 0; object->is_own && i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i] == type) {
            return true;
        }
    }
    return type == CKA_UNIQUE_ID;
}

static void read_one(struct diff_world *world, const struct diff_object *object, CK_ATTRIBUTE_TYPE type)
{
    static struct diff_output value;
    CK_ATTRIBUTE attrs[SIDES];

    for (unsigned s = 0; s < SIDES; s++) {
        attrs[s] = (CK_ATTRIBUTE){type, value.octets[s], DIFF_OUT_LEN};
    }
    diff_hint(world, "%s of %s %s, %s", diff_attr_name(type), diff_class_name(object->class),
              object->key_type == CK_UNAVAILABLE_INFORMATION ? "-" : diff_key_type_name(object->key_type),
              object->origin);
    CALL(world, C_GetAttributeValue, world->sessions[0].handle[s], object->handle[s], &attrs[s], 1);
    value.len[COFFER] = attrs[COFFER].ulValueLen;
    value.len[SOFTHSM] = attrs[SOFTHSM].ulValueLen;
    if (world->rv[COFFER] != world->rv[SOFTHSM]) {
        (void)diff_judge(world);
    } else if (world->rv[COFFER] != CKR_OK) {
        (void)diff_same(world, value.len[COFFER] == value.len[SOFTHSM], "length");
    } else if (!is_own_value(object, type)) {
        (void)diff_same_octets(world, &value, "value");
    }
}

void diff_read_all(struct diff_world *world, struct diff_object *object)
{
    for (size_t i = 0; diff_attr_at(i) != CK_UNAVAILABLE_INFORMATION; i++) {
        read_one(world, object, diff_attr_at(i));
    }
}

/* --- Keys that crypto operations need --- */

static int pair_for(struct diff_world *world, CK_KEY_TYPE key_type)
{
    const size_t count = diff_pair_count();
    const size_t first = diff_below(&world->random, count);

    for (size_t i = 0; i < count; i++) {
        if (diff_pair_at((first + i) % count)->key_type == key_type) {
            return (int)((first + i) % count);
        }
    }
    return -1;
}

static void add_secret(struct diff_world *world, struct diff_template *to, CK_KEY_TYPE key_type)
{
    uint8_t value[80];
    const size_t len =
        key_type == CKK_AES ? 16 + 8 * diff_below(&world->random, 3) : 64 + diff_below(&world->random, 16);

    diff_fill(&world->random, value, len);
    diff_add_ulong(to, CKA_KEY_TYPE, key_type);
    diff_add(to, CKA_VALUE, value, len);
}

struct diff_object *diff_import(struct diff_world *world, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type,
                                int pair)
{
    static const CK_ATTRIBUTE_TYPE usage[3][7] = {
        {CKA_ENCRYPT, CKA_VERIFY, CKA_WRAP, CKA_VERIFY_RECOVER},
        {CKA_DECRYPT, CKA_SIGN, CKA_UNWRAP, CKA_DERIVE, CKA_SIGN_RECOVER},
        {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE},
    };
    const CK_ATTRIBUTE_TYPE *types = usage[class == CKO_PUBLIC_KEY ? 0 : class == CKO_PRIVATE_KEY ? 1 : 2];
    struct diff_object *object = diff_object_place(world);
    struct diff_template template = {.count = 0};
    char label[16];

    if (object == NULL) {
        return NULL;
    }
    world->is_sparse = false;
    diff_label_new(world, label);
    diff_add_ulong(&template, CKA_CLASS, class);
    diff_add_text(&template, CKA_LABEL, label);
    diff_add_bool(&template, CKA_TOKEN, false);
    diff_add_bool(&template, CKA_PRIVATE, false);
    for (size_t i = 0; i < 7 && types[i] != 0; i++) {
        diff_add_bool(&template, types[i], true);
    }
    if (class != CKO_PUBLIC_KEY) {
        diff_add_bool(&template, CKA_SENSITIVE, false);
        diff_add_bool(&template, CKA_EXTRACTABLE, true);
    }
    if (class == CKO_SECRET_KEY) {
        add_secret(world, &template, key_type);
    } else {
        object->pair = pair >= 0 ? pair : pair_for(world, key_type);
        diff_add_pair(&template, class, object->pair);
    }
    object->origin = "imported";
    diff_hint(world, "%s %s, whole, import", diff_class_name(class), diff_key_type_name(key_type));
    CALL(world, C_CreateObject, world->sessions[0].handle[s], template.attrs, template.count,
         &object->handle[s]);
    return diff_made(world, object, &template, diff_judge(world)) ? object : NULL;
}

struct diff_object *diff_key_for(struct diff_world *world, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type)
{
    if (diff_chance(&world->random, 2)) {
        return diff_object_pick(world, CK_UNAVAILABLE_INFORMATION, CK_UNAVAILABLE_INFORMATION);
    }
    struct diff_object *object = diff_object_pick(world, class, key_type);

    return object != NULL && diff_chance(&world->random, 70) ? object
                                                             : diff_import(world, class, key_type, -1);
}
