/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcrypto, as this process may use it: one private library context that is made once and never freed, with
 * every algorithm fetched in advance; no configuration file of its own; nothing implicit.
 *
 * Freeing the context would crash hosts whose threads have drawn randomness from it and end later. A forked
 * child makes its own: a thread of the parent may have held any lock of the inherited one.
 */
#ifndef CFR_CRYPTO_OSSL_H
#define CFR_CRYPTO_OSSL_H

#include "base/bytes.h"
#include "base/rv.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * Hash functions, FIPS 180-4 and FIPS 202. The last two have no length of their own; here it is the one that makes them
 * as strong as their names say against collisions (FIPS 204, 5.4.1), and they are for pre-hashed signatures alone.
 */
enum cfr_hash {
    CFR_HASH_NONE,
    CFR_HASH_SHA1,
    CFR_HASH_SHA224,
    CFR_HASH_SHA256,
    CFR_HASH_SHA384,
    CFR_HASH_SHA512,
    CFR_HASH_SHA512_224,
    CFR_HASH_SHA512_256,
    CFR_HASH_SHA3_224,
    CFR_HASH_SHA3_256,
    CFR_HASH_SHA3_384,
    CFR_HASH_SHA3_512,
    CFR_HASH_COUNT,
    CFR_HASH_SHAKE128 = CFR_HASH_COUNT,
    CFR_HASH_SHAKE256,
    CFR_HASH_ALL_COUNT
};

enum { CFR_HASH_MAX_LEN = 64 /* octets of the longest digest */ };

/**
 * Let libcrypto load the host's openssl.cnf into the host's own default context, if it is going to at all:
 * engines that it makes default are then seen by cfr_ossl_check_engines(). That may load a provider or an
 * engine which calls C_Initialize on this thread: call it without a lock held.
 */
void cfr_ossl_load_config(void);

/**
 * Make the context and fetch the algorithms, unless that was done in this process. In a forked child whatever
 * was made with the parent's context is not to be used any more.
 *
 * @retval CKR_OK
 * @retval CKR_HOST_MEMORY    out of memory
 * @retval CKR_GENERAL_ERROR  libcrypto lacks an algorithm that Coffer cannot do without
 */
NODISCARD CK_RV cfr_ossl_up(void);

/**
 * Whether the host has made an ENGINE the default for something we use: a private context does not protect
 * from engines. One that stands before RSA, EC, DH, DSA or the random generator is borne if it passes a trial with a
 * known answer, and logged; one that would be given symmetric keys is not. Call after cfr_ossl_up().
 *
 * @retval CKR_OK
 * @retval CKR_GENERAL_ERROR  captured; the note names the engine and the way out
 */
NODISCARD CK_RV cfr_ossl_check_engines(void);

/** True once libcrypto has been cleaned up (at process exit); nothing in crypto/ may be called any more. */
bool cfr_ossl_is_gone(void);

/** Who is called when that begins, after cfr_ossl_is_gone() has become true and before libcrypto frees anything. */
void cfr_ossl_on_cleanup(void (*told)(void));

/**
 * The host never sees our errors in this thread's libcrypto queue: a call begins, errors are kept apart from the
 * first cfr_ossl_errors_keep() on, and taken out when it ends. Only keep() costs something (25 ns, end() then as
 * much again), so it is called as late as libcrypto may have something to refuse, and again does nothing.
 *
 * @return of begin(), what end() wants: calls may be made within calls
 */
bool cfr_ossl_errors_begin(void);
void cfr_ossl_errors_keep(void);
void cfr_ossl_errors_end(bool outer_keeps);

/** "OpenSSL 3.0.22 …", as libcrypto states it at run time. */
const char *cfr_ossl_version_text(void);

/** Octets of a digest of @p hash. */
size_t cfr_hash_len(enum cfr_hash hash);

/** Octets of the block that HMAC pads a key to. */
size_t cfr_hash_block_len(enum cfr_hash hash);

/** Whether libcrypto has the hash. */
bool cfr_hash_is_available(enum cfr_hash hash);

#endif
