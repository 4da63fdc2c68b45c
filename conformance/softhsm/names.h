/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the constants that occur in calls and answers. */
#ifndef DIFF_NAMES_H
#define DIFF_NAMES_H

#include <pkcs11/pkcs11.h>
#include <stddef.h>

/** "CKR_OK"; a number in a buffer that four calls use in turn when there is no name. So are the next ones. */
const char *diff_rv_name(CK_RV rv);
const char *diff_mechanism_name(CK_MECHANISM_TYPE type);
const char *diff_class_name(CK_OBJECT_CLASS class);
const char *diff_key_type_name(CK_KEY_TYPE type);
const char *diff_attr_name(CK_ATTRIBUTE_TYPE type);

/** Attributes one after the other; CK_UNAVAILABLE_INFORMATION at the end. */
CK_ATTRIBUTE_TYPE diff_attr_at(size_t index);

/** The mechanisms that both modules have. */
CK_MECHANISM_TYPE diff_mechanism_at(size_t index);
size_t diff_mechanism_count(void);

#endif
