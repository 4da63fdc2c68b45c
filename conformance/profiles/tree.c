/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <stdio.h>
#include <string.h>

xmlNode *profile_element(xmlNode *node)
{
    while (node != NULL && node->type != XML_ELEMENT_NODE) {
        node = node->next;
    }
    return node;
}

xmlNode *profile_child(const xmlNode *node, const char *name)
{
    xmlNode *child = profile_element(node->children);

    while (child != NULL && strcmp((const char *)child->name, name) != 0) {
        child = profile_element(child->next);
    }
    return child;
}

const char *profile_text(const xmlNode *node, const char *name)
{
    const xmlAttr *attr = xmlHasProp(node, BAD_CAST name);

    return attr == NULL ? NULL : attr->children == NULL ? "" : (const char *)attr->children->content;
}

xmlNode *profile_add(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, BAD_CAST name, NULL);
}

xmlNode *profile_add_value(xmlNode *parent, const char *name, const char *value)
{
    xmlNode *node = profile_add(parent, name);

    (void)xmlNewProp(node, BAD_CAST "value", BAD_CAST value);
    return node;
}

xmlNode *profile_add_number(xmlNode *parent, const char *name, CK_ULONG value)
{
    char text[24];

    if (value == CK_UNAVAILABLE_INFORMATION) {
        return profile_add_value(parent, name, "UnavailableInformation");
    }
    (void)snprintf(text, sizeof(text), "%lu", value);
    return profile_add_value(parent, name, text);
}

void profile_to_hex(const CK_BYTE *octets, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++) {
        (void)snprintf(text + 2 * i, 3, "%02x", octets[i]);
    }
    text[2 * len] = 0;
}

bool profile_from_hex(const char *text, CK_BYTE *octets, size_t room, size_t *ret_len)
{
    size_t len = strlen(text);

    if (len % 2 != 0 || len / 2 > room) {
        return false;
    }
    for (size_t i = 0; i < len / 2; i++) {
        unsigned octet;

        if (sscanf(text + 2 * i, "%2x", &octet) != 1) {
            return false;
        }
        octets[i] = (CK_BYTE)octet;
    }
    *ret_len = len / 2;
    return true;
}
