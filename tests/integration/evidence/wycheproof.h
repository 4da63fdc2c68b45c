/* SPDX-License-Identifier: Apache-2.0 */
/* What the C_* functions do with cases of Project Wycheproof. */
#ifndef CFR_TESTS_INTEGRATION_EVIDENCE_WYCHEPROOF_H
#define CFR_TESTS_INTEGRATION_EVIDENCE_WYCHEPROOF_H

#include "integration/cryptoki/keys.h"
#include "integration/cryptoki/operations.h"
#include "support/wycheproof.h"

typedef enum verdict (*wycheproof_try_fn)(CK_SESSION_HANDLE session, struct wycheproof_case *wc);

enum verdict try_aead(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_cbc_pad(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_xts(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_mac(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_keywrap(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_hkdf(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_pbkdf2(CK_SESSION_HANDLE session, struct wycheproof_case *wc);

enum verdict try_ecdh(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_xdh(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_ecdsa_der(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_ecdsa_p1363(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_dsa(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_eddsa(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_rsa_v15_verify(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_rsa_v15_sign(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_rsa_v15_decrypt(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_rsa_pss(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_rsa_oaep(CK_SESSION_HANDLE session, struct wycheproof_case *wc);

enum verdict try_mldsa_verify(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_mldsa_sign(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_mlkem_encaps(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_mlkem_keygen(CK_SESSION_HANDLE session, struct wycheproof_case *wc);
enum verdict try_mlkem_decaps(CK_SESSION_HANDLE session, struct wycheproof_case *wc);

/** REJECTED, if @p rv is a code that the functions may refuse a case with; fails the test if it is not. */
enum verdict refused(CK_RV rv, const struct wycheproof_case *wc);

#endif
