/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the CK_ATTRIBUTE arrays of an application and attribute sets. What the application points to is
 * read once.
 */
#ifndef CFR_OBJECT_TEMPLATE_H
#define CFR_OBJECT_TEMPLATE_H

#include "object/object.h"

enum { CFR_TEMPLATE_MAX = 256 /* attributes; more cannot be meant */ };

/**
 * Read a template that is to set attributes. @p attrs is empty before.
 *
 * @retval CKR_ARGUMENTS_BAD            NULL with a count, or more than CFR_TEMPLATE_MAX
 * @retval CKR_ATTRIBUTE_TYPE_INVALID   an attribute without a row
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  wrong length for its kind, a boolean that is neither, NULL with a
 * length
 * @retval CKR_TEMPLATE_INCONSISTENT    one attribute with two values
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_template_read(const CK_ATTRIBUTE *template, CK_ULONG count, struct cfr_attrs *attrs);

/**
 * Read a search template; what no object can have makes *@p ret_impossible true instead of an error (5.7.7).
 *
 * @retval CKR_ARGUMENTS_BAD            as above
 * @retval CKR_ATTRIBUTE_VALUE_INVALID  NULL with a length
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_template_read_search(const CK_ATTRIBUTE *template, CK_ULONG count,
                                         struct cfr_attrs *attrs, bool *ret_impossible);

/**
 * C_GetAttributeValue, 5.7.5: fills in every element that can be had, whatever is returned.
 *
 * @retval CKR_OK, CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID, CKR_BUFFER_TOO_SMALL
 * @retval CKR_TEMPLATE_INCONSISTENT  the array given for a template attribute is not one
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_template_fill(struct cfr_object *object, CK_ATTRIBUTE *template, CK_ULONG count);

/** Name of an attribute for messages: from the registry, or its number in @p scratch (32 octets). */
const char *cfr_attr_name(CK_ATTRIBUTE_TYPE type, char *scratch);

#endif
