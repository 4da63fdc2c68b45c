/* SPDX-License-Identifier: Apache-2.0 */
#include "rows.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

enum { LARGE = 100000 };

const struct bench_section bench_section_table[] = {
    {"crypto", "Crypto, one thread, token keys: ratio to raw libcrypto", ""},
    {"session-key", "The same with session keys", ""},
    {"same", "Token keys against session keys: quotient of the two ratios", ""},
    {"generate", "Generate and destroy: ratio to raw (key, and for token objects one durable write)", ""},
    {"store", "Store scale: private AES keys with unique label and id", "N"},
    {"scale", "Does N matter: the figure at N over the figure with an empty token", "N"},
    {"session", "Sessions, login, memory", ""},
    {"start", "Cold starts and other processes", "N"},
    {"processes", "Several processes at once: ratio to raw at the same number", "processes"},
    {"threads", "Threads, one session each: ratio to raw at the same number", "T"},
};
const size_t bench_section_count = sizeof(bench_section_table) / sizeof(bench_section_table[0]);

/*
 * Goals come from the design's performance chapter. Columns: section, id, title, unit; sense, goal, goal with
 * OpenSSL 3.5+, goal at 100 000 objects, text; how derived, from what.
 */
/* clang-format off */
#define RATIO(section, id, title, goal, goal_35, text)                                                       \
    {section, section "." id, title, BENCH_RATIO, BENCH_AT_LEAST, goal, goal_35, 0, text, BENCH_MEASURED, "", ""}
#define SHOWN(section, id, title, unit)                                                                      \
    {section, id, title, unit, BENCH_NO_GOAL, 0, 0, 0, "", BENCH_MEASURED, "", ""}
#define LIMIT(section, id, title, unit, goal, goal_large, text)                                              \
    {section, id, title, unit, BENCH_AT_MOST, goal, 0, goal_large, text, BENCH_MEASURED, "", ""}
#define FLAT(section, id, title, sense, goal, text, a, b)                                                    \
    {section, id, title, BENCH_QUOTIENT, sense, goal, 0, 0, text, BENCH_A_OVER_B, a, b}

#define CRYPTO_ROWS(section)                                                                                     \
    RATIO(section, "rsa2048-sign",      "RSA-2048 PKCS1 SHA-256 sign",         .98, 0,   ">= .98"),              \
    RATIO(section, "rsa3072-pss",       "RSA-3072 PSS sign",                   .98, 0,   ">= .98"),              \
    RATIO(section, "ecdsa-p256",        "ECDSA P-256 sign",                    .92, 0,   ">= .92"),              \
    RATIO(section, "ed25519",           "Ed25519 sign",                        .95, 0,   ">= .95"),              \
    RATIO(section, "rsa2048-verify",    "RSA-2048 verify",                     .92, 0,   ">= .92"),              \
    RATIO(section, "rsa2048-oaep",      "RSA-2048 OAEP decrypt",               .97, 0,   ">= .97"),              \
    RATIO(section, "ecdh-p256",         "ECDH P-256 derive + destroy",         .65, .85, ">= .65 (3.5+: .85)"),  \
    RATIO(section, "ml-dsa-65-sign",    "ML-DSA-65 sign",                      .95, 0,   ">= .95"),              \
    RATIO(section, "ml-dsa-65-verify",  "ML-DSA-65 verify",                    .95, 0,   ">= .95"),              \
    RATIO(section, "ml-kem-768-encaps", "ML-KEM-768 encapsulate + destroy",    .95, 0,   ">= .95"),              \
    RATIO(section, "ml-kem-768-decaps", "ML-KEM-768 decapsulate + destroy",    .95, 0,   ">= .95"),              \
    RATIO(section, "gcm-16",            "AES-256-GCM 16 B",                    .60, .40, ">= .60 (3.5+: .40)"),  \
    RATIO(section, "gcm-4k",            "AES-256-GCM 4 KiB",                   .85, .75, ">= .85 (3.5+: .75)"),  \
    RATIO(section, "gcm-1m",            "AES-256-GCM 1 MiB",                   .97, 0,   ">= .97"),              \
    RATIO(section, "gcm-message-16",    "AES-256-GCM 16 B, C_EncryptMessage",  .80, 0,   ">= .80"),              \
    RATIO(section, "gcm-message-4k",    "AES-256-GCM 4 KiB, C_EncryptMessage", .90, 0,   ">= .90"),              \
    RATIO(section, "chacha20-64",       "ChaCha20-Poly1305 64 B",              .60, 0,   ">= .60"),              \
    RATIO(section, "chacha20-4k",       "ChaCha20-Poly1305 4 KiB",             .85, 0,   ">= .85"),              \
    RATIO(section, "cbc-4k",            "AES-256-CBC 4 KiB",                   .95, 0,   ">= .95"),              \
    RATIO(section, "hmac-64",           "HMAC-SHA256 64 B",                    .60, 0,   ">= .60")

#define SAME(case_id, title)                                                                                 \
    FLAT("same", "same." case_id, title, BENCH_AT_LEAST, .98, ">= .98", "crypto." case_id, "session-key." case_id)
#define SCALE(figure, title, goal, text)                                                                     \
    FLAT("scale", "scale." figure "@", title, BENCH_AT_MOST, goal, text, "store." figure "@", "store." figure "@0")
#define SPREAD(section, case_id, title, goal, text)                                                          \
    SHOWN(section, section "." case_id "@", title, BENCH_RATIO),                                             \
    FLAT(section, section ".flat-" case_id "@", title ": ratio over that at 1", BENCH_AT_LEAST, goal, text,  \
         section "." case_id "@", section "." case_id "@1")

const struct bench_row bench_row_table[] = {
    CRYPTO_ROWS("crypto"),
    RATIO("crypto", "sha256-64", "SHA-256 64 B",          .68, 0, ">= .68"),
    RATIO("crypto", "random-32", "C_GenerateRandom 32 B", 3,   0, ">= 3 (no buffer: .95)"),
    CRYPTO_ROWS("session-key"),

    SAME("gcm-16", "AES-256-GCM 16 B"), SAME("gcm-4k", "AES-256-GCM 4 KiB"), SAME("gcm-1m", "AES-256-GCM 1 MiB"),
    SAME("cbc-4k", "AES-256-CBC 4 KiB"), SAME("hmac-64", "HMAC-SHA256 64 B"),

    RATIO("generate", "aes-session",        "AES-256 session key",                               .50, 0, ">= .50"),
    RATIO("generate", "aes-token",          "AES-256 token key / key + 4 KiB write + fdatasync", .45, 0, ">= .45"),
    RATIO("generate", "aes-token-lmdb",     "AES-256 token key / key + bare LMDB commit",        .85, 0, ">= .85"),
    SHOWN("generate", "generate.p256-session", "P-256 session pair", BENCH_RATIO),
    RATIO("generate", "p256-token",         "P-256 token pair / pair + one durable write",       .45, 0, ">= .45"),
    RATIO("generate", "rsa2048-token",      "RSA-2048 token pair / pair + one durable write",    .95, 0, ">= .95 (over 100 keys)"),
    SHOWN("generate", "generate.destroy-session", "destroy AES session key, us", BENCH_US),
    RATIO("generate", "destroy-token",      "destroy AES token key / one durable write",         .45, 0, ">= .45"),

    SHOWN("store", "store.first-found@",       "fresh process to first key found, ms", BENCH_MS),
    LIMIT("store", "store.first-found-less-login@", "first key found, without C_Login, ms", BENCH_MS, 3, 0, "<= 3"),
    LIMIT("store", "store.find-label@",        "find by label, us", BENCH_US, 5, 7, "<= 5 (100k: 7)"),
    LIMIT("store", "store.find-id@",           "find by id, us", BENCH_US, 5, 7, "<= 5 (100k: 7)"),
    LIMIT("store", "store.find-none@",         "find none, us", BENCH_US, 4, 0, "<= 4"),
    LIMIT("store", "store.enumerate@",         "enumerate all, us an object", BENCH_US, .08, 0, "<= .08"),
    LIMIT("store", "store.get-label@",         "C_GetAttributeValue label, us", BENCH_US, .8, 0, "<= .8"),
    LIMIT("store", "store.list-labels@",       "list all labels, us an object", BENCH_US, 1, 0, "<= 1.0"),
    LIMIT("store", "store.fill@",              "C_CreateObject while filling up, ms", BENCH_MS, .5, 0, "<= .5"),
    LIMIT("store", "store.create@",            "C_CreateObject at N, ms", BENCH_MS, .5, 0, "<= .5"),
    SHOWN("store", "store.destroy@",           "C_DestroyObject at N, ms", BENCH_MS),
    SHOWN("store", "store.sign@",              "ECDSA sign, one key among N: ratio", BENCH_RATIO),
    SHOWN("store", "store.anon@",              "private memory, first key used, KiB", BENCH_KIB),
    SHOWN("store", "store.anon-listed@",       "private memory, all listed, KiB", BENCH_KIB),
    {"store", "store.memory@", "private memory, B an object", BENCH_OCTETS, BENCH_AT_MOST, 0, 0, 16,
     "<= 16 at 100k", BENCH_PER_OBJECT, "store.anon@", "store.anon@0"},
    {"store", "store.memory-listed@", "private memory after listing all, B an object", BENCH_OCTETS, BENCH_AT_MOST, 0, 0, 16,
     "<= 16 at 100k", BENCH_PER_OBJECT, "store.anon-listed@", "store.anon-listed@0"},
    SHOWN("store", "store.disk@",              "disk, KiB", BENCH_KIB),
    {"store", "store.disk-each@", "disk, B an object", BENCH_OCTETS, BENCH_AT_MOST, 640, 0, 0, "<= 640",
     BENCH_PER_OBJECT, "store.disk@", "store.disk@0"},

    SCALE("first-found-less-login", "fresh process to first key found, without C_Login", 1.2, "<= 1.2 of empty"),
    SCALE("find-label", "find by label", 1.5, "<= 1.5 of empty"),
    SCALE("find-id", "find by id", 1.5, "<= 1.5 of empty"),
    SCALE("create", "C_CreateObject", 1.2, "<= 1.2 of empty"),
    SCALE("destroy", "C_DestroyObject", 1.2, "<= 1.2 of empty"),
    FLAT("scale", "scale.sign@", "ECDSA sign, one key among N", BENCH_AT_LEAST, .98, ">= .98 of empty",
         "store.sign@", "store.sign@0"),
    FLAT("scale", "scale.start@", "cold start to first signature, without C_Login", BENCH_AT_MOST, 1.2,
         "<= 1.2 of empty", "start.one-less-login@", "start.one-less-login@0"),

    LIMIT("session", "session.open-close",     "C_OpenSession + C_CloseSession, us", BENCH_US, .17, 0, "<= .17"),
    SHOWN("session", "session.login",          "C_Login + C_Logout, ms", BENCH_MS),
    SHOWN("session", "session.kdf",            "the module's PIN derivation alone, ms", BENCH_MS),
    LIMIT("session", "session.login-less-kdf", "C_Login + C_Logout without it, ms", BENCH_MS, .3, 0, "<= .3"),
    SHOWN("session", "session.peak-base",      "peak RSS of benchmark and libcrypto alone, MiB", BENCH_MIB),
    LIMIT("session", "session.peak",           "the same with module and session, empty token, MiB", BENCH_MIB, 5.6, 0, "<= 5.6"),
    SHOWN("session", "session.peak-used",      "peak RSS after login and a signature, MiB", BENCH_MIB),

    SHOWN("start", "start.one@",               "cold start to first signature, ms", BENCH_MS),
    LIMIT("start", "start.one-less-login@",    "cold start, without C_Login, ms", BENCH_MS, 4, 0, "<= 4"),
    SHOWN("start", "start.four@",              "4 cold starts at once, ms to the last", BENCH_MS),
    LIMIT("start", "start.four-less-login@",   "4 cold starts at once, without C_Login, ms", BENCH_MS, 8, 0, "<= 8"),
    LIMIT("start", "start.failed@",            "failed starts, 4 at once", BENCH_COUNT, 0, 0, "0 in 1000"),
    LIMIT("start", "start.visible@",           "new object seen by another process, ms", BENCH_MS, .05, 0, "<= .05"),

    SPREAD("processes", "rsa2048-sign", "RSA-2048 sign", .98, ">= .98"),
    SPREAD("processes", "ecdsa-p256", "ECDSA P-256 sign", .98, ">= .98"),

    SPREAD("threads", "rsa2048-sign", "RSA-2048 sign", .95, ">= .95"),
    SPREAD("threads", "ecdsa-p256", "ECDSA P-256 sign", .95, ">= .95"),
    SPREAD("threads", "gcm-16", "AES-256-GCM 16 B", .95, ">= .95"),
    SPREAD("threads", "gcm-4k", "AES-256-GCM 4 KiB", .95, ">= .95"),
    SHOWN("threads", "threads.create@", "AES token keys made, a second", BENCH_RATE),
    FLAT("threads", "threads.create-gain", "the rate at 8 threads over that at 1", BENCH_AT_LEAST, 2.5, ">= 2.5",
         "threads.create@8", "threads.create@1"),
};
/* clang-format on */

const size_t bench_row_count = sizeof(bench_row_table) / sizeof(bench_row_table[0]);

/* Length up to and with the "@"; all of it when there is none. */
static size_t stem_len(const char *id)
{
    const char *at = strchr(id, '@');

    return at == NULL ? strlen(id) : (size_t)(at - id) + 1;
}

const struct bench_row *bench_row_find(const char *id)
{
    const size_t len = stem_len(id);

    for (size_t i = 0; i < bench_row_count; i++) {
        if (strlen(bench_row_table[i].id) == len && strncmp(bench_row_table[i].id, id, len) == 0) {
            return &bench_row_table[i];
        }
    }
    return NULL;
}

static bool row_matches(const struct bench_row *row, const char *glob)
{
    char stem[64];

    snprintf(stem, sizeof(stem), "%.*s", (int)strcspn(row->id, "@"), row->id);
    return fnmatch(glob, stem, 0) == 0 || fnmatch(glob, strchr(stem, '.') + 1, 0) == 0;
}

/* A derived row is wanted through the rows that it is made from. */
bool bench_row_wanted(const char *id, const char *glob)
{
    const struct bench_row *row = bench_row_find(id);

    if (row == NULL) {
        return false;
    }
    if (row_matches(row, glob)) {
        return true;
    }
    for (size_t i = 0; i < bench_row_count; i++) {
        const struct bench_row *other = &bench_row_table[i];
        if (other->derived != BENCH_MEASURED && row_matches(other, glob) &&
            (bench_row_find(other->a) == row || bench_row_find(other->b) == row)) {
            return true;
        }
    }
    return false;
}

void bench_rows_list(const char *glob)
{
    for (size_t i = 0; i < bench_row_count; i++) {
        if (bench_row_table[i].derived == BENCH_MEASURED && bench_row_wanted(bench_row_table[i].id, glob)) {
            printf("%s\n", bench_row_table[i].id);
        }
    }
}

double bench_row_goal(const struct bench_row *row, unsigned long size, bool is_openssl_35)
{
    if (row->goal_35 > 0 && is_openssl_35) {
        return row->goal_35;
    }
    return row->goal_large > 0 && size >= LARGE ? row->goal_large : row->goal;
}
