/* SPDX-License-Identifier: Apache-2.0 */
#include "docgen.h"

#include "mech/mechanism_table.h"
#include "mech/message.h"

static const struct {
    CK_FLAGS flag;
    const char *name;
    CK_FLAGS message_flag;
} functions[] = {
    {CKF_ENCRYPT, "encrypt", CKF_MESSAGE_ENCRYPT},
    {CKF_DECRYPT, "decrypt", CKF_MESSAGE_DECRYPT},
    {CKF_DIGEST, "digest", 0},
    {CKF_SIGN, "sign", CKF_MESSAGE_SIGN},
    {CKF_SIGN_RECOVER, "sign with recovery", 0},
    {CKF_VERIFY, "verify", CKF_MESSAGE_VERIFY},
    {CKF_VERIFY_RECOVER, "verify with recovery", 0},
    {CKF_GENERATE, "generate", 0},
    {CKF_WRAP, "wrap", 0},
    {CKF_UNWRAP, "unwrap", 0},
    {CKF_DERIVE, "derive", 0},
    {CKF_GENERATE_KEY_PAIR, "generate pair", 0},
    {CKF_ENCAPSULATE, "encapsulate", 0},
    {CKF_DECAPSULATE, "decapsulate", 0},
};

/* Which of the functions are there message by message. */
static void put_messages(FILE *out, const struct cfr_mechanism *row)
{
    CK_FLAGS flags = cfr_message_flags(row, row->flags);
    const char *comma = (flags & CKF_MULTI_MESSAGE) != 0 ? "; messages: " : "; whole messages: ";

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if ((flags & functions[i].message_flag) != 0) {
            fprintf(out, "%s%s", comma, functions[i].name);
            comma = ", ";
        }
    }
}

/* The functions of @p flags; those that the strict profile takes away are in brackets. */
static void put_functions(FILE *out, const struct cfr_mechanism *row)
{
    const char *comma = "";

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if ((row->flags & functions[i].flag) != 0) {
            fprintf(out, (row->strict & functions[i].flag) != 0 ? "%s%s" : "%s[%s]", comma,
                    functions[i].name);
            comma = ", ";
        }
    }
    put_messages(out, row);
}

static void put_parameter(FILE *out, const struct cfr_mechanism *row)
{
    fprintf(out, " | %s", row->parameter);
    if (row->message != NULL) {
        fprintf(out, "; %s", row->message->parameter);
    }
}

static void put_keys(FILE *out, const struct cfr_mechanism *row)
{
    static const char *const units[] = {"", " bits", " octets"};

    if (row->key_types[0] == CK_UNAVAILABLE_INFORMATION) {
        fprintf(out, " | %s",
                (row->traits & CFR_TRAIT_ANY_PRIVATE) != 0                              ? "any private key"
                : (row->traits & (CFR_TRAIT_ANY_SECRET | CFR_TRAIT_TEMPLATE_TYPE)) != 0 ? "any secret key"
                                                                                        : "");
    } else if (row->key_types[0] == row->key_types[1]) {
        fprintf(out, " | %s", docgen_key_type(row->key_types[0]));
    } else {
        fprintf(out, " | %s", docgen_key_type(row->key_types[0]));
        fprintf(out, ", %s", docgen_key_type(row->key_types[1]));
    }
    fputs((row->traits & CFR_TRAIT_PRF_KEYS) != 0 ? ", as the PRF wants" : "", out);
    fputs((row->traits & CFR_TRAIT_DATA_BASE) != 0 ? ", a data object" : "", out);
    if (row->size.unit == CFR_SIZE_NONE) {
        fputs(" |", out);
    } else {
        fprintf(out, " | %lu–%lu%s", row->size.min, row->size.max, units[row->size.unit]);
    }
}

void docgen_mechanisms(FILE *out)
{
    fprintf(
        out,
        "# Mechanisms\n\n"
        "Made from `src/mech/mechanism_table.c` by `tools/dev/docs`: %zu mechanisms. C_GetMechanismList gives "
        "those whose algorithms libcrypto has. Functions in brackets are refused on tokens of the `strict` "
        "profile; those marked *legacy* exist on tokens of that profile alone. *Messages* are what the message-based functions do; *whole* ones do not come in parts. *Section* is the title in PKCS #11 3.2; *vectors* are the files of `tests/vectors` whose "
        "names begin so; `tests/integration/evidence` runs them through the functions, on tokens of the `standard` and "
        "of the `legacy` profile, and compares every mechanism with libcrypto besides. Where there are none, none are "
        "published: what generators make is random, or one of the known groups; nobody publishes wrappings with an "
        "AES key under RSA or ECDH, nor RSASSA-PSS with SHA3-224, -384 and -512, nor DSA with SHA-3; those of HashSLH-DSA with the "
        "remaining hashes NIST has in files of 50 MB only.\n\n"
        "| mechanism | functions | key types | sizes | parameter | section | vectors |\n"
        "|---|---|---|---|---|---|---|\n",
        cfr_mechanism_count());
    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);

        fprintf(out, "| %s%s | ", row->name, row->is_legacy ? " (legacy)" : "");
        put_functions(out, row);
        put_keys(out, row);
        put_parameter(out, row);
        fprintf(out, " | %s | %s |\n", row->section,
                row->vectors == NULL ? "cross-checked with libcrypto" : row->vectors);
    }
}
