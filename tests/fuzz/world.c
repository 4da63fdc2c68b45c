/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/world.h"

#include "call/call_table.h"
#include "crypto/curve.h"
#include "crypto/ffc.h"
#include "fuzz/input.h"
#include "mech/registry.h"
#include "session/module.h"
#include "support/module_fixture.h"
#include "support/store_stand_in.h"

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static unsigned inputs;

enum { RESTART_AFTER = 1 << 20 /* logins that a process may have are numbered with 22 bits */ };

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
static CK_ULONG rsa_bits = 1024;

const struct sample *world_sample(unsigned number)
{
    return &samples[number % sample_count];
}

size_t world_sample_count(void)
{
    return sample_count;
}

struct cfr_span sample_value(const struct sample *sample, CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->values[i].row->type == type) {
            return sample->values[i].value;
        }
    }
    return cfr_span_of(NULL, 0);
}

/* Read everything that can be read of an object. Its memory lives as long as the process. */
static void add_sample(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle, const struct cfr_class *class)
{
    struct sample *sample = &samples[sample_count];
    const struct cfr_rule *rule;
    size_t cursor = 0;

    ORACLE(sample_count < SAMPLES_MAX);
    sample->class = class;
    while ((rule = cfr_class_next_rule(class, &cursor)) != NULL) {
        CK_ATTRIBUTE wanted = {.type = rule->type};

        if (C_GetAttributeValue(session, handle, &wanted, 1) != CKR_OK || wanted.ulValueLen == 0) {
            continue;
        }
        wanted.pValue = malloc(wanted.ulValueLen);
        MUST(C_GetAttributeValue(session, handle, &wanted, 1));
        ORACLE(sample->count < SAMPLE_VALUES_MAX);
        sample->values[sample->count].row = cfr_attr_find(rule->type);
        sample->values[sample->count++].value = cfr_span_of(wanted.pValue, wanted.ulValueLen);
    }
    sample_count++;
}

static void sample_pair(CK_SESSION_HANDLE session, const struct cfr_mechanism *row, struct cfr_span ec_params)
{
    CK_MECHANISM mechanism = {.mechanism = row->type};
    CK_ATTRIBUTE public_template[] = {
        {ec_params.len == 0 ? CKA_MODULUS_BITS : CKA_EC_PARAMS,
         ec_params.len == 0 ? (CK_VOID_PTR)&rsa_bits : (CK_VOID_PTR)(uintptr_t)ec_params.ptr,
         ec_params.len == 0 ? sizeof(rsa_bits) : ec_params.len},
    };
    CK_ATTRIBUTE private_template[] = {{CKA_SENSITIVE, &no, sizeof(no)},
                                       {CKA_EXTRACTABLE, &yes, sizeof(yes)}};
    CK_OBJECT_HANDLE public_key = 0;
    CK_OBJECT_HANDLE private_key = 0;

    MUST(C_GenerateKeyPair(session, &mechanism, public_template, 1, private_template, 2, &public_key,
                           &private_key));
    add_sample(session, public_key, cfr_class_find(CKO_PUBLIC_KEY, row->key_types[0]));
    add_sample(session, private_key, cfr_class_find(CKO_PRIVATE_KEY, row->key_types[0]));
}

struct pairs {
    CK_SESSION_HANDLE session;
    const struct cfr_mechanism *row;
};

static void sample_curve(const struct cfr_curve *curve, void *arg)
{
    const struct pairs *pairs = arg;

    sample_pair(pairs->session, pairs->row, cfr_curve_params(curve));
}

/* In the group of RFC 7919; X9.42 takes it with its subprime. */
static void sample_field(CK_SESSION_HANDLE session, const struct cfr_mechanism *row)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_PRIME, CKA_SUBPRIME, CKA_BASE};
    enum cfr_key_family family = (enum cfr_key_family)row->variant;
    CK_MECHANISM mechanism = {.mechanism = row->type};
    CK_ATTRIBUTE readable[] = {{CKA_SENSITIVE, &no, sizeof(no)}, {CKA_EXTRACTABLE, &yes, sizeof(yes)}};
    CK_ATTRIBUTE template[3];
    CK_ULONG count = 0;
    AUTO(keymat) *group = NULL;
    struct cfr_secret *numbers[3] = {NULL};
    CK_OBJECT_HANDLE public_key = 0;
    CK_OBJECT_HANDLE private_key = 0;

    MUST(cfr_ffc_generate_domain(family, 2048, family == CFR_KEY_DH ? 0 : 2047, &group));
    for (int part = CFR_FFC_PRIME; part <= CFR_FFC_BASE; part++) {
        if (part != CFR_FFC_SUBPRIME || family != CFR_KEY_DH) {
            MUST(cfr_ffc_number(group, (enum cfr_ffc_part)part, &numbers[part]));
            template[count++] = (CK_ATTRIBUTE){types[part], cfr_secret_edit(numbers[part]),
                                               cfr_secret_view(numbers[part]).len};
        }
    }
    MUST(C_GenerateKeyPair(session, &mechanism, template, count, readable, 2, &public_key, &private_key));
    add_sample(session, public_key, cfr_class_find(CKO_PUBLIC_KEY, row->key_types[0]));
    add_sample(session, private_key, cfr_class_find(CKO_PRIVATE_KEY, row->key_types[0]));
    for (int part = CFR_FFC_PRIME; part <= CFR_FFC_BASE; part++) {
        cfr_secret_drop(numbers[part]);
    }
}

static void sample_domain(CK_SESSION_HANDLE session, const struct cfr_mechanism *row)
{
    CK_MECHANISM mechanism = {.mechanism = row->type};
    CK_ULONG bits = 2048;
    CK_ULONG subprime_bits = 2047;
    CK_ATTRIBUTE template[] = {{CKA_PRIME_BITS, &bits, sizeof(bits)},
                               {CKA_SUBPRIME_BITS, &subprime_bits, sizeof(subprime_bits)}};
    CK_OBJECT_HANDLE object = 0;

    MUST(C_GenerateKey(session, &mechanism, template, row->key_types[0] == CKK_DH ? 1 : 2, &object));
    add_sample(session, object, cfr_class_find(CKO_DOMAIN_PARAMETERS, row->key_types[0]));
}

static void sample_secrets(CK_SESSION_HANDLE session, const struct cfr_mechanism *row)
{
    const struct cfr_class *class = cfr_class_find(CKO_SECRET_KEY, row->key_types[0]);
    CK_MECHANISM mechanism = {.mechanism = row->type};
    size_t last = class->value_len.step == 1 ? 33 : class->value_len.max;

    for (CK_ULONG len = class->value_len.min; len <= last;
         len += class->value_len.step == 1 ? 32 : class->value_len.step) {
        CK_ATTRIBUTE template[] = {{CKA_VALUE_LEN, &len, sizeof(len)},
                                   {CKA_SENSITIVE, &no, sizeof(no)},
                                   {CKA_EXTRACTABLE, &yes, sizeof(yes)}};
        CK_OBJECT_HANDLE key = 0;

        MUST(C_GenerateKey(session, &mechanism, template, 3, &key));
        add_sample(session, key, class);
    }
}

/* Objects that are no keys: every attribute that anybody may give, with some octets or a zero; no hash of nothing. */
static void sample_plain(CK_SESSION_HANDLE session, const struct cfr_class *class)
{
    static CK_ULONG zero;
    static CK_ULONG hash = CKM_SHA_1;
    static CK_ULONG class_of;
    static CK_ULONG subtype;
    static char text[] = "20240229";
    CK_ATTRIBUTE template[SAMPLE_VALUES_MAX];
    CK_OBJECT_HANDLE object = 0;
    const struct cfr_rule *rule;
    size_t cursor = 0;
    CK_ULONG count = 0;

    class_of = class->class;
    subtype = class->subtype;
    while ((rule = cfr_class_next_rule(class, &cursor)) != NULL) {
        const struct cfr_attr_row *row = cfr_attr_find(rule->type);
        void *value = rule->type == CKA_CLASS                              ? &class_of
                      : rule->type == cfr_class_subtype_attr(class->class) ? &subtype
                      : rule->type == CKA_NAME_HASH_ALGORITHM              ? &hash
                      : row->kind == CFR_ATTR_ULONG                        ? &zero
                                                                           : (void *)text;

        if ((rule->notes & (F2_BAR_ON_CREATE | F10_SO_SETS_TRUE)) == 0 && row->kind != CFR_ATTR_BOOL &&
            rule->compute == NULL && rule->type != CKA_HASH_OF_CERTIFICATE) {
            template[count++] = (CK_ATTRIBUTE){rule->type, value,
                                               row->kind == CFR_ATTR_ULONG ? sizeof(zero) : sizeof(text) - 1};
        }
    }
    MUST(C_CreateObject(session, template, count, &object));
    add_sample(session, object, class);
}

static void make_samples(CK_SLOT_ID slot)
{
    CK_SESSION_HANDLE session = module_open(slot, CKF_RW_SESSION);
    const struct cfr_mechanism *row;
    const struct cfr_class *class;
    size_t index = 0;

    module_login(session, CKU_USER);
    while ((row = cfr_registry_next(&index)) != NULL) {
        struct pairs pairs = {session, row};

        if (row->is_legacy) {
            continue; /* the token has it not */
        }
        if ((row->traits & CFR_TRAIT_MAKES_DOMAIN) != 0) {
            sample_domain(session, row);
        } else if ((row->flags & CKF_GENERATE_KEY_PAIR) != 0 &&
                   (row->key_types[0] == CKK_DH || row->key_types[0] == CKK_X9_42_DH)) {
            sample_field(session, row);
        } else if ((row->flags & CKF_GENERATE) != 0 &&
                   (row->traits & (CFR_TRAIT_TEMPLATE_TYPE | CFR_TRAIT_MAKES_PREMASTER)) == 0) {
            sample_secrets(session, row);
        } else if ((row->flags & CKF_GENERATE_KEY_PAIR) != 0 && row->key_types[0] == CKK_RSA) {
            sample_pair(session, row, cfr_span_of(NULL, 0));
        } else if ((row->flags & CKF_GENERATE_KEY_PAIR) != 0) {
            (void)cfr_curve_each((enum cfr_key_family)row->variant, sample_curve, &pairs);
        }
    }
    for (index = 0; (class = cfr_class_row(index)) != NULL; index++) {
        if (class->material == NULL && !class->is_built_in) {
            sample_plain(session, class);
        }
    }
    MUST(C_CloseSession(session));
}

/* The scratch folder goes when the process ends, in whatever way libFuzzer ends it. */
static void at_end(void)
{
    module_fixture_down();
}

void world_up_bare(void)
{
    module_fixture_up();
    (void)atexit(at_end);
    module_up();
}

void world_up(void)
{
    world_up_bare();
    ORACLE(module_new_token("standard") == WORLD_STANDARD);
    module_down();
    module_fixture_configure("token.profile = strict\n");
    module_up();
    ORACLE(module_new_token("strict") == WORLD_STRICT);
    make_samples(WORLD_STANDARD);
    module_down();
    stand_in_save();
    module_up();
}

bool sample_can_give(const struct sample *sample, size_t index)
{
    const struct cfr_rule *rule = cfr_class_rule(sample->class, sample->values[index].row->type);

    return (rule->notes & (F2_BAR_ON_CREATE | F10_SO_SETS_TRUE)) == 0 && rule->compute == NULL;
}

/* Attributes that stand in a key's way, or ask for a login. */
static bool is_restriction(CK_ATTRIBUTE_TYPE type)
{
    return type == CKA_TOKEN || type == CKA_PRIVATE || type == CKA_ALWAYS_AUTHENTICATE ||
           type == CKA_WRAP_WITH_TRUSTED || type == CKA_SENSITIVE;
}

CK_OBJECT_HANDLE world_import(CK_SESSION_HANDLE session, const struct sample *sample)
{
    CK_ATTRIBUTE template[SAMPLE_VALUES_MAX];
    CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
    CK_ULONG count = 0;

    for (size_t i = 0; i < sample->count; i++) {
        const struct cfr_attr_row *row = sample->values[i].row;
        struct cfr_span value = sample->values[i].value;

        if (sample_can_give(sample, i) && row->kind != CFR_ATTR_BOOL) {
            template[count++] = (CK_ATTRIBUTE){row->type, (CK_VOID_PTR)(uintptr_t)value.ptr, value.len};
        } else if (sample_can_give(sample, i)) {
            template[count++] = (CK_ATTRIBUTE){row->type, is_restriction(row->type) ? &no : &yes, 1};
        }
    }
    return C_CreateObject(session, template, count, &handle) == CKR_OK ? handle : CK_INVALID_HANDLE;
}

size_t world_count_objects(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE found[32];
    CK_ULONG count = 0;
    size_t objects = 0;

    ORACLE(C_FindObjectsInit(session, NULL, 0) == CKR_OK);
    do {
        ORACLE(C_FindObjects(session, found, 32, &count) == CKR_OK && count <= 32);
        objects += count;
    } while (count != 0);
    ORACLE(C_FindObjectsFinal(session) == CKR_OK);
    return objects;
}

static bool note_object(void *arg, struct cfr_span key, struct cfr_span value)
{
    (void)key;
    (void)value;
    *(bool *)arg = true;
    return false;
}

static bool has_token_objects(void)
{
    struct cfr_store *store = stand_in_inner();
    struct cfr_store_txn *txn = NULL;
    bool found = false;

    ORACLE(store->ops->begin(store, CFR_STORE_READ, &txn) == CFR_STORE_OK);
    ORACLE(store->ops->range(txn, cfr_span_text("O"), cfr_span_text("P"), note_object, &found) ==
           CFR_STORE_OK);
    store->ops->abort(txn);
    return found;
}

void world_restore(void)
{
    module_down();
    stand_in_restore();
    module_up();
}

void world_clean(void)
{
    for (CK_SLOT_ID slot = 0; slot < WORLD_TOKENS; slot++) {
        MUST(C_CloseAllSessions(slot));
    }
    if (++inputs % RESTART_AFTER == 0 || has_token_objects()) {
        world_restore();
    }
}

void world_check_rv(CK_RV rv, const char *call)
{
    if (cfr_rv_name(rv) == NULL || rv == CKR_GENERAL_ERROR || rv == CKR_DEVICE_ERROR ||
        rv == CKR_FUNCTION_FAILED || rv == CKR_CANT_LOCK) {
        (void)fprintf(stderr, "%s gave 0x%lx\n", call, rv);
        abort();
    }
}
