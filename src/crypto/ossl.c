/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ossl.h"

#include "base/proc.h"
#include "base/turn.h"
#include "crypto/curve_private.h"
#include "crypto/ossl_private.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <stdatomic.h>

struct cfr_ossl cfr_ossl;

static atomic_bool libcrypto_gone;
static void (*_Atomic told_of_cleanup)(void);
static struct cfr_turn bringing_up;
static bool is_up;
static uint32_t up_forks; /* the process generation that is up */
/* A parent's, which its child cannot free: any lock in it may have been held when the process was forked. */
static struct cfr_ossl inherited;

static const struct {
    const char *name;
    uint8_t len;
    uint8_t block_len;
} hash_table[CFR_HASH_ALL_COUNT] = {
    [CFR_HASH_SHA1] = {"SHA1", 20, 64},
    [CFR_HASH_SHA224] = {"SHA2-224", 28, 64},
    [CFR_HASH_SHA256] = {"SHA2-256", 32, 64},
    [CFR_HASH_SHA384] = {"SHA2-384", 48, 128},
    [CFR_HASH_SHA512] = {"SHA2-512", 64, 128},
    [CFR_HASH_SHA512_224] = {"SHA2-512/224", 28, 128},
    [CFR_HASH_SHA512_256] = {"SHA2-512/256", 32, 128},
    [CFR_HASH_SHA3_224] = {"SHA3-224", 28, 144},
    [CFR_HASH_SHA3_256] = {"SHA3-256", 32, 136},
    [CFR_HASH_SHA3_384] = {"SHA3-384", 48, 104},
    [CFR_HASH_SHA3_512] = {"SHA3-512", 64, 72},
    [CFR_HASH_SHAKE128] = {"SHAKE-128", 32, 168},
    [CFR_HASH_SHAKE256] = {"SHAKE-256", 64, 136},
};

static const char *const aes_mode_names[CFR_AES_MODE_COUNT] = {
    [CFR_AES_ECB] = "ECB",     [CFR_AES_CBC] = "CBC",           [CFR_AES_CTR] = "CTR",
    [CFR_AES_GCM] = "GCM",     [CFR_AES_CCM] = "CCM",           [CFR_AES_XTS] = "XTS",
    [CFR_AES_WRAP] = "WRAP",   [CFR_AES_WRAP_PAD] = "WRAP-PAD", [CFR_AES_OFB] = "OFB",
    [CFR_AES_CFB1] = "CFB1",   [CFR_AES_CFB8] = "CFB8",         [CFR_AES_CFB128] = "CFB",
    [CFR_AES_CTS] = "CBC-CTS",
};

const char *cfr_hash_name(enum cfr_hash hash)
{
    return hash_table[hash].name;
}

size_t cfr_hash_len(enum cfr_hash hash)
{
    return hash_table[hash].len;
}

size_t cfr_hash_block_len(enum cfr_hash hash)
{
    return hash_table[hash].block_len;
}

bool cfr_hash_is_available(enum cfr_hash hash)
{
    return cfr_ossl.digest[hash] != NULL;
}

const EVP_CIPHER *cfr_ossl_aes(enum cfr_aes_mode mode, size_t key_len)
{
    if (mode == CFR_AES_XTS) {
        return key_len == 32 ? cfr_ossl.aes[mode][0] : key_len == 64 ? cfr_ossl.aes[mode][2] : NULL;
    }
    return key_len == 16 || key_len == 24 || key_len == 32 ? cfr_ossl.aes[mode][key_len / 8 - 2] : NULL;
}

/* OPENSSL_cleanup runs this first; handlers of the host that run later may still call C_* functions. */
static void on_libcrypto_cleanup(void)
{
    void (*told)(void) = atomic_load(&told_of_cleanup);

    atomic_store(&libcrypto_gone, true);
    if (told != NULL) {
        told();
    }
}

void cfr_ossl_on_cleanup(void (*told)(void))
{
    atomic_store(&told_of_cleanup, told);
}

bool cfr_ossl_is_gone(void)
{
    return atomic_load_explicit(&libcrypto_gone, memory_order_acquire);
}

static void fetch_aes(OSSL_LIB_CTX *context)
{
    static const int bits[3] = {128, 192, 256};
    char name[32];

    for (int mode = 0; mode < CFR_AES_MODE_COUNT; mode++) {
        for (int i = 0; i < 3; i++) {
            (void)snprintf(name, sizeof(name), "AES-%d-%s", bits[i], aes_mode_names[mode]);
            cfr_ossl.aes[mode][i] = EVP_CIPHER_fetch(context, name, NULL);
        }
    }
}

/* Fetch into @p context; what this libcrypto lacks stays NULL and its mechanisms are not listed. */
static CK_RV fetch_all(OSSL_LIB_CTX *context)
{
    for (int hash = CFR_HASH_SHA1; hash < CFR_HASH_ALL_COUNT; hash++) {
        cfr_ossl.digest[hash] = EVP_MD_fetch(context, hash_table[hash].name, NULL);
    }
    cfr_ossl.xof[0] = EVP_MD_fetch(context, "SHAKE-128", NULL);
    cfr_ossl.xof[1] = EVP_MD_fetch(context, "SHAKE-256", NULL);
    fetch_aes(context);
    cfr_ossl.des3[0] = EVP_CIPHER_fetch(context, "DES-EDE3-ECB", NULL);
    cfr_ossl.des3[1] = EVP_CIPHER_fetch(context, "DES-EDE3-CBC", NULL);
    cfr_ossl.chacha20 = EVP_CIPHER_fetch(context, "ChaCha20", NULL);
    cfr_ossl.chacha20_poly1305 = EVP_CIPHER_fetch(context, "ChaCha20-Poly1305", NULL);
    cfr_ossl.hmac = EVP_MAC_fetch(context, "HMAC", NULL);
    cfr_ossl.cmac = EVP_MAC_fetch(context, "CMAC", NULL);
    cfr_ossl.gmac = EVP_MAC_fetch(context, "GMAC", NULL);
    cfr_ossl.x963kdf = EVP_KDF_fetch(context, "X963KDF", NULL);
    cfr_ossl.sskdf = EVP_KDF_fetch(context, "SSKDF", NULL);
    cfr_ossl.hkdf = EVP_KDF_fetch(context, "HKDF", NULL);
    cfr_ossl.pbkdf2 = EVP_KDF_fetch(context, "PBKDF2", NULL);
    cfr_ossl.tls1_prf = EVP_KDF_fetch(context, "TLS1-PRF", NULL);
    cfr_ossl.argon2id = EVP_KDF_fetch(context, "ARGON2ID", NULL);
    /* The store cannot be read without these. */
    FAIL_UNLESS(cfr_ossl.digest[CFR_HASH_SHA256] != NULL && cfr_ossl.hmac != NULL && cfr_ossl.hkdf != NULL &&
                    cfr_ossl_aes(CFR_AES_GCM, 32) != NULL && cfr_ossl_aes(CFR_AES_ECB, 32) != NULL,
                CKR_GENERAL_ERROR);
    return CKR_OK;
}

static CK_RV bring_up_locked(void)
{
    OSSL_LIB_CTX *context;
    OSSL_PROVIDER *provider;

    if (is_up && up_forks == cfr_proc_generation()) {
        return CKR_OK;
    }
    is_up = false;
    inherited = cfr_ossl;
    /* What needs no context comes first: once there is one, nothing is left that may fail and lose it. */
    TRY(cfr_curve_load());
    FAIL_UNLESS(OPENSSL_atexit(on_libcrypto_cleanup) == 1, CKR_HOST_MEMORY);
    context = cfr_fault_hit(CFR_FAULT_CRYPTO) ? NULL : OSSL_LIB_CTX_new();
    FAIL_UNLESS(context != NULL, CKR_HOST_MEMORY);
    provider = OSSL_PROVIDER_load(context, "default");
    if (provider == NULL || cfr_shield_raise(context, provider) != CKR_OK || fetch_all(context) != CKR_OK) {
        /* Nothing has been drawn from it yet, so this context may still be freed. */
        if (provider != NULL) {
            (void)OSSL_PROVIDER_unload(provider);
        }
        OSSL_LIB_CTX_free(context);
        return cfr_fail(CKR_GENERAL_ERROR, "libcrypto %s lacks an algorithm that the store needs",
                        cfr_ossl_version_text());
    }
    cfr_ossl.context = context;
    up_forks = cfr_proc_generation();
    is_up = true;
    return CKR_OK;
}

void cfr_ossl_load_config(void)
{
    if (cfr_ossl_is_gone()) {
        return;
    }
    /* Refused when the host has cleaned libcrypto up before we had a handler to be told by. */
    if (OPENSSL_init_crypto(0, NULL) != 1) {
        on_libcrypto_cleanup();
        return;
    }
    (void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
}

CK_RV cfr_ossl_up(void)
{
    CK_RV rv;

    if (cfr_ossl_is_gone()) {
        return cfr_fail(CKR_GENERAL_ERROR, "the process is exiting: libcrypto was cleaned up");
    }
    cfr_turn_take(&bringing_up);
    rv = bring_up_locked();
    cfr_turn_give(&bringing_up);
    return rv;
}

static _Thread_local bool keeps_errors __attribute__((tls_model("initial-exec")));

bool cfr_ossl_errors_begin(void)
{
    bool outer_keeps = keeps_errors;

    keeps_errors = false;
    return outer_keeps;
}

void cfr_ossl_errors_keep(void)
{
    if (!keeps_errors) {
        (void)ERR_set_mark();
        keeps_errors = true;
    }
}

void cfr_ossl_errors_end(bool outer_keeps)
{
    if (keeps_errors && !cfr_ossl_is_gone()) {
        (void)ERR_pop_to_mark();
    }
    keeps_errors = outer_keeps;
}

const char *cfr_ossl_version_text(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}

CK_RV cfr_ossl_fail(CK_RV rv, const char *what, const char *file, int line)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

    return cfr_note_fail(rv, file, line, "libcrypto: %.100s: %s", what, reason == NULL ? "failed" : reason);
}
