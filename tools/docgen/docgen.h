/* SPDX-License-Identifier: Apache-2.0 */
/* Documents made from the tables: each function writes one to @p out. */
#ifndef DOCGEN_H
#define DOCGEN_H

#include <pkcs11/pkcs11.h>
#include <stdio.h>

void docgen_calls(FILE *out);      /**< conformance/calls.md */
void docgen_mechanisms(FILE *out); /**< conformance/mechanisms.md */
void docgen_attributes(FILE *out); /**< conformance/attributes.md */
void docgen_options(FILE *out);    /**< tools/man/coffer.conf.5 */

/** "RSA", "AES" …: the name of a CKK_ value after its prefix; ends the program for one that has no name here. */
const char *docgen_key_type(CK_ULONG key_type);

#endif
