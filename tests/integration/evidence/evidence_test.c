/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That each mechanism which tokens of the standard and the legacy profile list was run, with what and how often. Published vectors, Project
 * Wycheproof and random data go through the C_* functions; at the end the list and the ledger must be the same, and
 * vectors.md in the build folder has the counts.
 */
#include "integration/cryptoki/support.h"
#include "integration/evidence/evidence.h"
#include "mech/mechanism_table.h"
#include "support/main.h"

#include <openssl/crypto.h>
#include <stdio.h>

enum { LIST_MAX = 512 };

CK_SESSION_HANDLE evidence_session;

void evidence_setup(void)
{
    scratch_setup();
    ledger_watch();
    evidence_session = client_ready();
}

void evidence_setup_legacy(void)
{
    scratch_setup();
    scratch_configure("token.profile = legacy\n");
    ledger_watch();
    evidence_session = client_ready();
}

void evidence_teardown(void)
{
    module_stop();
    scratch_teardown();
}

CK_SESSION_HANDLE case_begin(void)
{
    CK_SESSION_HANDLE session = session_open(slot_of(evidence_session));

    ledger_begin();
    return session;
}

void case_end(CK_SESSION_HANDLE session, enum evidence kind, size_t source)
{
    ledger_end(kind, source);
    OK(p11->C_CloseSession(session));
}

/* --- The list and the ledger --- */

static CK_MECHANISM_TYPE list[LIST_MAX];
static CK_ULONG list_count;

static void read_list(void)
{
    list_count = COUNT(list);
    OK(p11->C_GetMechanismList(slot_of(evidence_session), list, &list_count));
}

static bool is_in_list(CK_MECHANISM_TYPE type)
{
    for (CK_ULONG i = 0; i < list_count; i++) {
        if (list[i] == type) {
            return true;
        }
    }
    return false;
}

static const struct cfr_mechanism *row_of(CK_MECHANISM_TYPE type)
{
    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        if (cfr_mechanism_row(i)->type == type) {
            return cfr_mechanism_row(i);
        }
    }
    ck_abort_msg("mechanism 0x%lx is no row", type);
}

bool is_legacy(CK_MECHANISM_TYPE type)
{
    return row_of(type)->is_legacy;
}

/* Whether a case of the files that the row names went through its mechanism. */
static bool has_its_vectors(const struct cfr_mechanism *row)
{
    for (size_t source = 0; (source = published_source(row->vectors, source)) != LEDGER_SOURCES_MAX;
         source++) {
        if (ledger_has_source(row->type, source)) {
            return true;
        }
    }
    return false;
}

/* 0: a token of the standard profile; 1: of the legacy profile, which has all that was run. */
START_TEST(list_is_what_was_run)
{
    CK_MECHANISM_TYPE type;

    read_list();
    for (CK_ULONG i = 0; i < list_count; i++) {
        const struct cfr_mechanism *row = row_of(list[i]);

        ck_assert_msg(row->vectors == NULL || has_its_vectors(row), "no case of %s*.txt ran through %s",
                      row->vectors, row->name);
        ck_assert_msg(row->vectors != NULL || ledger_cases(row->type, EVIDENCE_PUBLISHED) == 0,
                      "%s has published vectors, and its row does not name them", row->name);
        ck_assert_msg(ledger_cases(row->type, EVIDENCE_RANDOM) != 0, "%s was not compared with libcrypto",
                      row->name);
    }
    for (size_t i = 0; ledger_mechanism(i, &type); i++) {
        ck_assert_msg(is_in_list(type) || (_i == 0 && is_legacy(type)), "0x%lx was run, and is not listed",
                      type);
    }
}
END_TEST

static void write_row(FILE *file, const struct cfr_mechanism *row)
{
    (void)fprintf(file, "| %s |", row->name);
    for (int kind = 0; kind < EVIDENCE_KINDS; kind++) {
        (void)fprintf(file, " %zu |", ledger_cases(row->type, (enum evidence)kind));
    }
    (void)fprintf(file, "\n");
}

/* The first line is the one that tools/test repeats. */
START_TEST(counts_are_written_down)
{
    FILE *file = fopen(CFR_EVIDENCE_FILE, "w");

    ck_assert_ptr_nonnull(file);
    read_list();
    (void)fprintf(
        file,
        "%s: %lu mechanisms, %zu published cases, %zu of Project Wycheproof, %zu of NIST's CAVP, %zu "
        "compared with libcrypto\n\n",
        OpenSSL_version(OPENSSL_VERSION), list_count, ledger_total(EVIDENCE_PUBLISHED),
        ledger_total(EVIDENCE_WYCHEPROOF), ledger_total(EVIDENCE_CAVP), ledger_total(EVIDENCE_RANDOM));
    (void)fprintf(file, "| mechanism | published | Wycheproof | CAVP | libcrypto |\n|---|---|---|---|---|\n");
    for (CK_ULONG i = 0; i < list_count; i++) {
        write_row(file, row_of(list[i]));
    }
    ck_assert_int_eq(fclose(file), 0);
}
END_TEST

static TCase *list_tcase(void)
{
    TCase *tcase = tcase_create("list");

    tcase_add_checked_fixture(tcase, evidence_setup, evidence_teardown);
    tcase_add_loop_test(tcase, list_is_what_was_run, 0, 1);
    return tcase;
}

static TCase *list_legacy_tcase(void)
{
    TCase *tcase = tcase_create("list, legacy");

    tcase_add_checked_fixture(tcase, evidence_setup_legacy, evidence_teardown);
    tcase_add_test(tcase, counts_are_written_down);
    tcase_add_loop_test(tcase, list_is_what_was_run, 1, 2);
    return tcase;
}

static Suite *suite(void)
{
    Suite *s = suite_create("evidence");

    ledger_open();
    suite_add_tcase(s, published_tcase());
    suite_add_tcase(s, published_legacy_tcase());
    suite_add_tcase(s, cavp_tcase());
#ifdef CFR_HAVE_JANSSON
    suite_add_tcase(s, wycheproof_tcase());
#endif
    suite_add_tcase(s, random_tcase());
    suite_add_tcase(s, random_legacy_tcase());
    suite_add_tcase(s, list_tcase());
    suite_add_tcase(s, list_legacy_tcase());
    return s;
}

TEST_MAIN(suite)
