/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of crypto/pkcs8.h share: one key of each kind, encoded and decoded. */
#ifndef CFR_TESTS_UNIT_CRYPTO_PKCS8_SAMPLES_H
#define CFR_TESTS_UNIT_CRYPTO_PKCS8_SAMPLES_H

#include "crypto/ec.h"
#include "crypto/pkcs8.h"
#include "unit/crypto/fixture.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX_LEN = 2048 };

static const char *const key_names[] = {"RSA",     "prime256v1", "secp521r1", "sect283k1",
                                        "ED25519", "ED448",      "X25519",    "X448"};
enum { KEY_NAMES = sizeof(key_names) / sizeof(key_names[0]) };

static inline struct cfr_keymat *new_key(const char *name)
{
    struct cfr_keymat *keymat = NULL;

    if (strcmp(name, "RSA") == 0) {
        return fixture_rsa_private("rsa2048_1");
    }
    ASSERT_OK(cfr_ec_generate(fixture_curve(name), &keymat));
    return keymat;
}

static inline struct cfr_secret *encode(const struct cfr_keymat *keymat)
{
    struct cfr_secret *text = NULL;

    ASSERT_OK(cfr_pkcs8_encode(keymat, &text));
    return text;
}

/* Decoding from the heap and of the exact length, so that AddressSanitizer sees every octet too many. */
static inline CK_RV decode(struct cfr_span text, struct cfr_keymat **ret_keymat)
{
    uint8_t *copy = malloc(text.len + (text.len == 0));
    CK_RV rv;

    cfr_copy(copy, text.ptr, text.len);
    rv = cfr_pkcs8_decode(cfr_span_of(copy, text.len), ret_keymat);
    free(copy);
    return rv;
}

static inline CK_RV try_decode(struct cfr_span text)
{
    AUTO(keymat) *keymat = NULL;
    CK_RV rv = decode(text, &keymat);

    ck_assert_int_eq(rv == CKR_OK, keymat != NULL);
    return rv;
}

#endif
