/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exporters of TLS with a context, an empty one, and none (RFC 5705 4). The published values of TLS 1.2 are run by
 * integration/evidence.
 */
#include "integration/cryptoki/derivation.h"
#include "integration/cryptoki/tls.h"
#include "support/main.h"

static CK_SESSION_HANDLE session;
static struct bag template;

static void set_up(void)
{
    scratch_setup();
    session = client_ready();
    tls_begin();
}

static void tear_down(void)
{
    module_stop();
    scratch_teardown();
}

static struct cfr_span export_by_libcrypto(struct cfr_span secret, bool has_context, struct cfr_span context)
{
    uint8_t len[2] = {(uint8_t)(context.len >> 8), (uint8_t)context.len};
    uint8_t seed[512];
    size_t at = 64;

    memcpy(seed, tls_call.client, 32);
    memcpy(seed + 32, tls_call.server, 32);
    if (has_context) {
        memcpy(seed + at, len, 2);
        cfr_copy(seed + at + 2, context.ptr, context.len);
        at += 2 + context.len;
    }
    return tls_prf_direct("SHA256", secret, cfr_span_of(tls_call.kdf.pLabel, tls_call.kdf.ulLabelLength),
                          cfr_span_of(seed, at), 100);
}

START_TEST(contexts)
{
    static const size_t lens[] = {1, 255, 256, 400};
    CK_MECHANISM mechanism = MECHANISM_WITH(CKM_TLS_KDF, &tls_call.kdf);
    CK_OBJECT_HANDLE base = secret_make(session, CKK_GENERIC_SECRET, pattern(48).ptr, 48);
    CK_BYTE none = 0;

    derived_template(&template, CKK_GENERIC_SECRET, 100);
    derive_expect(session, &mechanism, base, &template,
                  export_by_libcrypto(pattern(48), false, cfr_span_of(NULL, 0)), "no context");
    tls_call.kdf.pContextData = &none;
    derive_expect(session, &mechanism, base, &template,
                  export_by_libcrypto(pattern(48), true, cfr_span_of(NULL, 0)), "an empty context");
    for (size_t i = 0; i < COUNT(lens); i++) {
        tls_call.kdf.pContextData = UNCONST(pattern(lens[i]).ptr);
        tls_call.kdf.ulContextDataLength = lens[i];
        derive_expect(session, &mechanism, base, &template,
                      export_by_libcrypto(pattern(48), true, pattern(lens[i])), "a context");
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("derive_tls");
    TCase *tcase = tcase_create("values");

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, contexts);
    suite_add_tcase(s, tcase);
    return s;
}

TEST_MAIN(suite)
