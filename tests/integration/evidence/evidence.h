/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the evidence, as test cases of Check in the order in which they have to run. */
#ifndef CFR_TESTS_INTEGRATION_EVIDENCE_EVIDENCE_H
#define CFR_TESTS_INTEGRATION_EVIDENCE_EVIDENCE_H

#include "integration/evidence/ledger.h"

/** The module is loaded, watched and initialised; @c evidence_session is of a token with the user logged in. */
void evidence_setup(void);
void evidence_teardown(void);

/** The same with a token of the legacy profile; and whether its profile alone has a mechanism. */
void evidence_setup_legacy(void);
bool is_legacy(CK_MECHANISM_TYPE type);

extern CK_SESSION_HANDLE evidence_session;

/** A session for one case: what is made in it goes when it is closed. */
CK_SESSION_HANDLE case_begin(void);
void case_end(CK_SESSION_HANDLE session, enum evidence kind, size_t source);

/** tests/vectors, each file in published.def or named there as not to be run. */
TCase *published_tcase(void);
TCase *published_legacy_tcase(void);

/** The number of a published source whose name begins with @p prefix, from @p from on; LEDGER_SOURCES_MAX: none. */
size_t published_source(const char *prefix, size_t from);

/** NIST's CAVP, as far as Debian's package with its files is installed. */
TCase *cavp_tcase(void);

/** Random keys and data, against libcrypto. */
TCase *random_tcase(void);
TCase *random_legacy_tcase(void);

#ifdef CFR_HAVE_JANSSON
/** Project Wycheproof's files, where COFFER_VECTORS names their folder. */
TCase *wycheproof_tcase(void);
#endif

#endif
