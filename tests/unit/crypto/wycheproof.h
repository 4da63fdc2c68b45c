/* SPDX-License-Identifier: Apache-2.0 */
/* What src/crypto does with cases of Project Wycheproof. */
#ifndef CFR_TESTS_UNIT_CRYPTO_WYCHEPROOF_H
#define CFR_TESTS_UNIT_CRYPTO_WYCHEPROOF_H

#include "support/wycheproof.h"
#include "unit/crypto/fixture.h"

enum verdict check_aead(struct wycheproof_case *wc);
enum verdict check_cbc_pad(struct wycheproof_case *wc);
enum verdict check_xts(struct wycheproof_case *wc);
enum verdict check_mac(struct wycheproof_case *wc);
enum verdict check_keywrap(struct wycheproof_case *wc);
enum verdict check_hkdf(struct wycheproof_case *wc);
enum verdict check_pbkdf2(struct wycheproof_case *wc);

enum verdict check_ecdh(struct wycheproof_case *wc);
enum verdict check_xdh(struct wycheproof_case *wc);
enum verdict check_ecdsa_der(struct wycheproof_case *wc);
enum verdict check_ecdsa_p1363(struct wycheproof_case *wc);
enum verdict check_dsa(struct wycheproof_case *wc);
enum verdict check_eddsa(struct wycheproof_case *wc);
enum verdict check_rsa_v15_verify(struct wycheproof_case *wc);
enum verdict check_rsa_v15_sign(struct wycheproof_case *wc);
enum verdict check_rsa_v15_decrypt(struct wycheproof_case *wc);
enum verdict check_rsa_pss(struct wycheproof_case *wc);
enum verdict check_rsa_oaep(struct wycheproof_case *wc);

/** NOT_RUN where libcrypto has no such keys. */
enum verdict check_mldsa_verify(struct wycheproof_case *wc);
enum verdict check_mldsa_sign(struct wycheproof_case *wc);
enum verdict check_mlkem_encaps(struct wycheproof_case *wc);
enum verdict check_mlkem_keygen(struct wycheproof_case *wc);
enum verdict check_mlkem_decaps(struct wycheproof_case *wc);

/** Tests of wycheproof_pq.c and cctv_mlkem.c. */
void wycheproof_add_pq(TCase *tcase);
void cctv_add_mlkem(TCase *tcase);

#endif
