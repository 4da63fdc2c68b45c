/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/attributes.h"

#include "mech/mechanism_table.h"
#include "object/template.h"

/* Lengths that are never read, because nothing is that long; and those at which limits lie. */
static const CK_ULONG lies[] = {
    ~0UL,         ~0UL - 7,     1UL << 63,    (1UL << 63) - 1,      1UL << 32,
    0xffffffffUL, 0x80000000UL, 0x7fffffffUL, CFR_ATTR_MAX_LEN + 8, 24UL * 1000000};
static const size_t sizes[] = {0,
                               1,
                               7,
                               8,
                               9,
                               24,
                               255,
                               256,
                               4096,
                               65535,
                               65536,
                               65537,
                               70000,
                               1 << 19,
                               CFR_ATTR_MAX_LEN,
                               CFR_ATTR_MAX_LEN + 1};

CK_ATTRIBUTE_TYPE input_attribute_type(struct input *input)
{
    uint32_t number = input_u32(input);
    size_t count = 0;

    if (cfr_attr_find(number) != NULL || number % 16 == 15) {
        return number;
    }
    while (cfr_attr_row(count) != NULL) {
        count++;
    }
    return cfr_attr_row(number % count)->type;
}

CK_MECHANISM_TYPE input_mechanism_type(struct input *input)
{
    uint32_t number = input_u32(input);

    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        if (cfr_mechanism_row(i)->type == number) {
            return number;
        }
    }
    return number % 16 == 15 ? number : cfr_mechanism_row(number % cfr_mechanism_count())->type;
}

static void *take(struct attributes *attributes, size_t len)
{
    void *memory = malloc(len);

    ORACLE(memory != NULL &&
           attributes->memory_count < sizeof(attributes->memory) / sizeof(attributes->memory[0]));
    attributes->memory[attributes->memory_count++] = memory;
    return memory;
}

static void put(struct attributes *attributes, struct cfr_span value, size_t offset, CK_ATTRIBUTE *attribute)
{
    uint8_t *memory = take(attributes, value.len + offset);

    cfr_copy(memory + offset, value.ptr, value.len);
    attribute->pValue = memory + offset;
    attribute->ulValueLen = value.len;
}

/* What the sample has, or a value of the right form of the input's own. */
static struct cfr_span natural(struct input *input, const struct sample *sample, CK_ATTRIBUTE_TYPE type,
                               uint8_t scratch[8])
{
    const struct cfr_attr_row *row = cfr_attr_find(type);
    struct cfr_span value = sample_value(sample, type);
    CK_ULONG number;

    if (row != NULL && row->kind == CFR_ATTR_BOOL) {
        uint8_t octet = input_u8(input);

        scratch[0] = octet < 0xf0 ? octet & 1 : octet;
        return cfr_span_of(scratch, 1);
    }
    if (value.len != 0 && type != CKA_VALUE_LEN) {
        return value;
    }
    if (row != NULL && row->kind == CFR_ATTR_ULONG) {
        number = value.len == sizeof(number) && input_u8(input) < 0xc0 ? sample->class->value_len.min
                                                                       : input_u16(input);
        cfr_copy(scratch, &number, sizeof(number));
        return cfr_span_of(scratch, sizeof(number));
    }
    return input_counted(input);
}

static void put_number(struct input *input, struct attributes *attributes, CK_ATTRIBUTE *attribute)
{
    const struct cfr_class *class;
    uint32_t choice = input_u8(input);
    CK_ULONG number;
    size_t count = 0;

    while (cfr_class_row(count) != NULL) {
        count++;
    }
    class = cfr_class_row(choice % count);
    number = attribute->type == CKA_CLASS ? class->class : class->subtype;
    if (attribute->type == CKA_ALLOWED_MECHANISMS) {
        number = input_mechanism_type(input);
    }
    put(attributes, cfr_span_of(&number, sizeof(number)), 0, attribute);
}

static void put_repeated(struct input *input, struct attributes *attributes, CK_ATTRIBUTE *attribute)
{
    uint8_t octet = input_u8(input);
    size_t len = sizes[input_u8(input) % (sizeof(sizes) / sizeof(sizes[0]))];

    attribute->pValue = take(attributes, len);
    attribute->ulValueLen = len;
    memset(attribute->pValue, octet, len);
}

static void read_one(struct input *input, struct attributes *attributes, const struct sample *sample,
                     unsigned depth, CK_ATTRIBUTE *attribute);

/* At an odd address when the upper half of the count says so. */
static void put_template(struct input *input, struct attributes *attributes, const struct sample *sample,
                         unsigned depth, CK_ATTRIBUTE *attribute)
{
    uint8_t choice = input_u8(input);
    size_t count = depth == 0 ? choice % 16 : 0;
    CK_ATTRIBUTE inner[16] = {0};

    for (size_t i = 0; i < count; i++) {
        read_one(input, attributes, sample, depth + 1, &inner[i]);
    }
    put(attributes, cfr_span_of(inner, count * sizeof(inner[0])), choice >> 7, attribute);
}

static void read_one(struct input *input, struct attributes *attributes, const struct sample *sample,
                     unsigned depth, CK_ATTRIBUTE *attribute)
{
    uint8_t scratch[8];
    struct cfr_span value;
    uint8_t at;

    *attribute = (CK_ATTRIBUTE){.type = input_attribute_type(input)};
    switch ((enum form)(input_u8(input) % FORM_COUNT)) {
    case FORM_SAMPLE:
        put(attributes, natural(input, sample, attribute->type, scratch), 0, attribute);
        break;
    case FORM_TWEAKED:
        value = natural(input, sample, attribute->type, scratch);
        put(attributes, value, 0, attribute);
        at = input_u8(input);
        if (value.len != 0) {
            ((uint8_t *)attribute->pValue)[at % value.len] ^= input_u8(input);
        }
        break;
    case FORM_NULL:
        attribute->ulValueLen = input_u8(input);
        break;
    case FORM_OCTETS:
        put(attributes, input_long(input), 0, attribute);
        break;
    case FORM_LIE:
        put(attributes, input_octets(input, 4), 0, attribute);
        attribute->pValue = attributes->is_for_output ? NULL : attribute->pValue;
        attribute->ulValueLen = lies[input_u8(input) % (sizeof(lies) / sizeof(lies[0]))];
        break;
    case FORM_TEMPLATE:
        put_template(input, attributes, sample, depth, attribute);
        break;
    case FORM_UNALIGNED:
        put(attributes, natural(input, sample, attribute->type, scratch), 1, attribute);
        break;
    case FORM_REPEATED:
        put_repeated(input, attributes, attribute);
        break;
    case FORM_ROW:
        put_number(input, attributes, attribute);
        break;
    case FORM_EMPTY:
    case FORM_COUNT:
        break;
    }
}

/* What the sample was made of, as far as a caller may say it. */
static size_t read_sample(struct attributes *attributes, const struct sample *sample, CK_ATTRIBUTE *list)
{
    size_t count = 0;

    for (size_t i = 0; i < sample->count; i++) {
        if (sample_can_give(sample, i)) {
            list[count].type = sample->values[i].row->type;
            put(attributes, sample->values[i].value, 0, &list[count++]);
        }
    }
    return count;
}

static void read_ordinary(struct input *input, uint8_t octet, const struct sample *sample,
                          struct attributes *attributes)
{
    size_t own = octet % ((octet & COUNT_FEW) != 0 ? 4 : COUNT_OWN_MAX + 1);
    size_t count = 0;

    attributes->list = take(attributes, (SAMPLE_VALUES_MAX + COUNT_OWN_MAX) * sizeof(CK_ATTRIBUTE));
    if ((octet & COUNT_WITH_SAMPLE) != 0) {
        count = read_sample(attributes, sample, attributes->list);
    }
    for (size_t i = 0; i < own; i++) {
        read_one(input, attributes, sample, 0, &attributes->list[count++]);
    }
    attributes->count = count;
    attributes->real_count = count;
}

/* One attribute for all of a count that is too high, or no list. */
static void read_extraordinary(struct input *input, uint8_t octet, const struct sample *sample,
                               struct attributes *attributes)
{
    attributes->real_count = 1;
    attributes->list = take(attributes, (CFR_TEMPLATE_MAX + 1) * sizeof(CK_ATTRIBUTE));
    read_one(input, attributes, sample, 0, &attributes->list[0]);
    for (size_t i = 1; i < CFR_TEMPLATE_MAX + 1; i++) {
        attributes->list[i] = attributes->list[0];
    }
    switch (octet) {
    case COUNT_MANY:
        attributes->count = CFR_TEMPLATE_MAX + 1;
        return;
    case COUNT_ABSURD:
        attributes->count = lies[input_u8(input) % (sizeof(lies) / sizeof(lies[0]))];
        return;
    default:
        attributes->list = NULL;
        attributes->count = octet == COUNT_NULL ? input_u8(input) : 0;
        attributes->real_count = 0;
    }
}

void attributes_read(struct input *input, struct attributes *attributes)
{
    uint8_t octet = input_u8(input);
    const struct sample *sample = world_sample(input_u8(input));

    attributes->memory_count = 0;
    if (octet < COUNT_MANY) {
        read_ordinary(input, octet, sample, attributes);
    } else {
        read_extraordinary(input, octet, sample, attributes);
    }
}

void attributes_set(struct attributes *attributes, const CK_ATTRIBUTE *list, size_t count)
{
    attributes->memory_count = 0;
    attributes->list = take(attributes, count * sizeof(CK_ATTRIBUTE));
    attributes->count = count;
    attributes->real_count = count;
    for (size_t i = 0; i < count; i++) {
        attributes->list[i].type = list[i].type;
        put(attributes, cfr_span_of(list[i].pValue, list[i].ulValueLen), 0, &attributes->list[i]);
    }
}

void attributes_free(struct attributes *attributes)
{
    for (size_t i = 0; i < attributes->memory_count; i++) {
        free(attributes->memory[i]);
    }
    attributes->memory_count = 0;
}

bool attributes_lower_modulus(struct attributes *attributes)
{
    static const CK_ULONG least = 1024;

    for (size_t i = 0; attributes->count == attributes->real_count && i < attributes->count; i++) {
        CK_ATTRIBUTE *attribute = &attributes->list[i];
        CK_ULONG bits = 0;

        if (attribute->type == CKA_MODULUS_BITS && attribute->ulValueLen == sizeof(bits) &&
            attribute->pValue != NULL) {
            cfr_copy(&bits, attribute->pValue, sizeof(bits));
            cfr_copy(attribute->pValue, bits > least ? &least : &bits, sizeof(bits));
        }
    }
    return attributes->count == attributes->real_count;
}
