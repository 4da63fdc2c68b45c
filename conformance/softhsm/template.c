/* SPDX-License-Identifier: Apache-2.0 */
#include "template.h"

#include <stdlib.h>
#include <string.h>

void diff_add(struct diff_template *to, CK_ATTRIBUTE_TYPE type, const void *octets, size_t len)
{
    if (to->count == DIFF_TEMPLATE_MAX || len > DIFF_TEMPLATE_ROOM - to->used) {
        abort();
    }
    uint8_t *value = to->arena + to->used;

    if (len > 0) {
        memcpy(value, octets, len);
    }
    to->used += (len + 7) / 8 * 8;
    to->attrs[to->count++] = (CK_ATTRIBUTE){type, value, len};
}

void diff_add_bool(struct diff_template *to, CK_ATTRIBUTE_TYPE type, bool value)
{
    diff_add(to, type, &(CK_BBOOL){value ? CK_TRUE : CK_FALSE}, sizeof(CK_BBOOL));
}

void diff_add_ulong(struct diff_template *to, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    diff_add(to, type, &value, sizeof(value));
}

void diff_add_text(struct diff_template *to, CK_ATTRIBUTE_TYPE type, const char *text)
{
    diff_add(to, type, text, strlen(text));
}

void diff_add_hex(struct diff_template *to, CK_ATTRIBUTE_TYPE type, const char *hex)
{
    uint8_t octets[1024];

    if (hex != NULL) {
        diff_add(to, type, octets, diff_unhex(octets, hex));
    }
}

void diff_remove(struct diff_template *from, size_t index)
{
    from->count--;
    memmove(&from->attrs[index], &from->attrs[index + 1], (from->count - index) * sizeof(from->attrs[0]));
}

CK_ATTRIBUTE *diff_find(struct diff_template *in, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < in->count; i++) {
        if (in->attrs[i].type == type) {
            return &in->attrs[i];
        }
    }
    return NULL;
}

static uint8_t nibble(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

size_t diff_unhex(uint8_t *to, const char *hex)
{
    const size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++) {
        to[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    }
    return len;
}
