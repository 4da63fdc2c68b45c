/* SPDX-License-Identifier: Apache-2.0 */
/* A template and the octets of its values. */
#ifndef DIFF_TEMPLATE_H
#define DIFF_TEMPLATE_H

#include <pkcs11/pkcs11.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIFF_TEMPLATE_MAX = 40, DIFF_TEMPLATE_ROOM = 2048 };

struct diff_template {
    CK_ATTRIBUTE attrs[DIFF_TEMPLATE_MAX];
    CK_ULONG count;
    uint8_t arena[DIFF_TEMPLATE_ROOM];
    size_t used;
};

void diff_add(struct diff_template *to, CK_ATTRIBUTE_TYPE type, const void *octets, size_t len);
void diff_add_bool(struct diff_template *to, CK_ATTRIBUTE_TYPE type, bool value);
void diff_add_ulong(struct diff_template *to, CK_ATTRIBUTE_TYPE type, CK_ULONG value);
void diff_add_text(struct diff_template *to, CK_ATTRIBUTE_TYPE type, const char *text);

/** Octets given in hexadecimal; NULL adds nothing. */
void diff_add_hex(struct diff_template *to, CK_ATTRIBUTE_TYPE type, const char *hex);

void diff_remove(struct diff_template *from, size_t index);

/** The attribute of that type, or NULL. */
CK_ATTRIBUTE *diff_find(struct diff_template *in, CK_ATTRIBUTE_TYPE type);

/** Octets of hexadecimal text; how many. */
size_t diff_unhex(uint8_t *to, const char *hex);

#endif
