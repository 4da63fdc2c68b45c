/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP CCTV's files of ML-KEM (<COFFER_VECTORS>/cctv/mlkem): decapsulation where sampling is unlucky and where strcmp()
 * would not see a difference, and public keys with one coefficient that is not reduced. Seeds are left out: the files are
 * older than the standard, which puts the rank behind them.
 */
#include "crypto/pq.h"
#include "unit/crypto/wycheproof.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OCTETS_MAX = 4096, SETS = 3 };

struct value {
    uint8_t octets[OCTETS_MAX];
    size_t len;
};

static const struct cfr_pq_set *nth_set(int index)
{
    const struct cfr_pq_set *set = cfr_pq_set_row((size_t)index);

    ck_assert_int_eq(set->family, CFR_KEY_ML_KEM);
    return set;
}

/* Whether there is such a file; @p path has room for it. */
static bool find(const char *folder, const struct cfr_pq_set *set, const char *end, char *path, size_t room)
{
    const char *vectors = getenv("COFFER_VECTORS");

    if (vectors == NULL || !cfr_pq_is_available(CFR_KEY_ML_KEM)) {
        return false;
    }
    (void)snprintf(path, room, "%s/cctv/mlkem/%s/%s.txt%s", vectors, folder, set->name, end);
    return access(path, R_OK) == 0;
}

static void decode(const char *text, struct value *ret)
{
    ck_assert(vectors_from_hex(text, ret->octets, sizeof(ret->octets), &ret->len));
}

/* The value of "<key> = <octets>". */
static void read_value(const char *path, const char *key, struct value *ret)
{
    FILE *file = fopen(path, "r");
    size_t key_len = strlen(key);
    bool is_found = false;
    char *line = NULL;
    size_t room = 0;

    ck_assert_ptr_nonnull(file);
    while (!is_found && getline(&line, &room, file) > 0) {
        is_found = strncmp(line, key, key_len) == 0 && strncmp(line + key_len, " = ", 3) == 0;
    }
    ck_assert_msg(is_found, "%s has no %s", path, key);
    line[strcspn(line, "\n")] = '\0';
    decode(line + key_len + 3, ret);
    free(line);
    (void)fclose(file);
}

static struct cfr_span view(const struct value *value)
{
    return cfr_span_of(value->octets, value->len);
}

START_TEST(cctv_mlkem_decapsulation)
{
    static const char *const folders[] = {"intermediate", "strcmp", "unluckysample"};
    static struct value values[3];

    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        AUTO(keymat) *keymat = NULL;
        AUTO(secret) *shared = NULL;
        char path[1024];

        if (!find(folders[i], nth_set(_i), "", path, sizeof(path))) {
            continue;
        }
        read_value(path, "dk", &values[0]);
        read_value(path, "c", &values[1]);
        read_value(path, "K", &values[2]);
        ASSERT_OK(cfr_pq_import_private(nth_set(_i), cfr_span_of(NULL, 0), view(&values[0]), &keymat));
        ASSERT_OK(cfr_pq_decapsulate(keymat, view(&values[1]), &shared));
        ASSERT_SPAN(cfr_secret_view(shared), view(&values[2]));
        (void)printf("%-45s valid    1\n", path + strlen(getenv("COFFER_VECTORS")) + 1);
    }
}
END_TEST

START_TEST(cctv_mlkem_modulus)
{
    static struct value value;
    char path[1024];
    char command[1100];
    unsigned count = 0;
    char *line = NULL;
    size_t room = 0;
    FILE *keys;

    if (!find("modulus", nth_set(_i), ".gz", path, sizeof(path))) {
        return;
    }
    (void)snprintf(command, sizeof(command), "gzip -dc '%s'", path);
    keys = popen(command, "r"); /* NOLINT(cert-env33-c): the tester's own folder */
    ck_assert_ptr_nonnull(keys);
    for (; getline(&line, &room, keys) > 0; count++) {
        AUTO(keymat) *keymat = NULL;

        line[strcspn(line, "\n")] = '\0';
        decode(line, &value);
        ASSERT_RV(cfr_pq_import_public(nth_set(_i), view(&value), &keymat), CKR_ATTRIBUTE_VALUE_INVALID);
    }
    free(line);
    ck_assert_int_eq(pclose(keys), 0);
    ck_assert_uint_gt(count, 0);
    (void)printf("%-45s invalid %4u\n", path + strlen(getenv("COFFER_VECTORS")) + 1, count);
}
END_TEST

void cctv_add_mlkem(TCase *tcase)
{
    tcase_add_loop_test(tcase, cctv_mlkem_decapsulation, 0, SETS);
    tcase_add_loop_test(tcase, cctv_mlkem_modulus, 0, SETS);
}
