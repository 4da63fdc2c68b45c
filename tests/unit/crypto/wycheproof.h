/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of Project Wycheproof as the checks of wycheproof_symmetric.c and wycheproof_asymmetric.c see them. A
 * check says what src/crypto does with a case; wycheproof_test.c compares that with what the case expects.
 */
#ifndef CFR_TESTS_UNIT_CRYPTO_WYCHEPROOF_H
#define CFR_TESTS_UNIT_CRYPTO_WYCHEPROOF_H

#include "unit/crypto/fixture.h"

#include <jansson.h>

enum { WYCHEPROOF_OCTETS_MAX = 32 };

/** What src/crypto makes of a case. */
enum verdict {
    ACCEPTED, /**< works, with the very result that is stated */
    REJECTED, /**< an error, or another result */
    BY_DESIGN /**< decided otherwise than Wycheproof, for a reason that stands beside the line that says so */
};

/** A case, with its group and file. */
struct wycheproof_case {
    const json_t *file;
    const json_t *group;
    const json_t *test;
    uint8_t *octets[WYCHEPROOF_OCTETS_MAX]; /* decoded so far; freed by wycheproof_forget() */
    size_t count;
};

typedef enum verdict (*wycheproof_check_fn)(struct wycheproof_case *wc);

/** Octets of a hexadecimal member; the test, the group, or a member of the group's object @p object. */
struct cfr_span wycheproof_octets(struct wycheproof_case *wc, const char *key);
struct cfr_span wycheproof_group_octets(struct wycheproof_case *wc, const char *object, const char *key);

/** A text member of the group, and a number. */
const char *wycheproof_group_word(const struct wycheproof_case *wc, const char *object, const char *key);
size_t wycheproof_group_number(const struct wycheproof_case *wc, const char *key);

/** Whether the test's result is "valid". */
bool wycheproof_is_valid(const struct wycheproof_case *wc);

/** Free what was decoded. */
void wycheproof_forget(struct wycheproof_case *wc);

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

#endif
