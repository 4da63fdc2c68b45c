/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of src/crypto share: libcrypto brought up, hashes, curves and keys by name. Names are those
 * of tests/vectors and of Wycheproof.
 */
#ifndef CFR_TESTS_UNIT_CRYPTO_FIXTURE_H
#define CFR_TESTS_UNIT_CRYPTO_FIXTURE_H

#include "crypto/curve.h"
#include "crypto/keymat.h"
#include "crypto/ossl.h"
#include "crypto/rsa.h"
#include "support/main.h"
#include "support/nth.h"
#include "support/vectors.h"
#include "unit/base/harness.h"

#include <openssl/evp.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** For tcase_add_checked_fixture(). */
void fixture_up(void);

/** The hash called "SHA256", "SHA-256", "SHA512_224", "SHA-512/224", "SHA3-256" …; CFR_HASH_NONE for others.
 */
enum cfr_hash fixture_hash(const char *name);

/** The same hash of libcrypto's default context, which src/crypto does not use. */
const EVP_MD *fixture_md(enum cfr_hash hash);

/** Digest of @p data in the default context; @p out has room for CFR_HASH_MAX_LEN octets. */
struct cfr_span fixture_digest(enum cfr_hash hash, struct cfr_span data, uint8_t *out);

/** Whether a key of libcrypto's own has the public half of @p keymat; by their encodings, as their types
 * differ. */
bool fixture_is_same_key(EVP_PKEY *direct, const struct cfr_keymat *keymat);

/** The curve with libcrypto's name or the names "ED25519", "ED448", "X25519", "X448"; fails the test. */
const struct cfr_curve *fixture_curve(const char *name);

/** The numbers of a key of tests/vectors/rsa_keys.txt; views into static storage that the next call replaces.
 */
struct cfr_rsa_numbers fixture_rsa_numbers(const char *id);

/** The key itself, private or public, made by import; the caller drops it. */
struct cfr_keymat *fixture_rsa_private(const char *id);
struct cfr_keymat *fixture_rsa_public(const char *id);

#endif
