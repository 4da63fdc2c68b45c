/* SPDX-License-Identifier: Apache-2.0 */
#include "docgen.h"

#include "mech/mechanism_table.h"

static const struct {
    CK_FLAGS flag;
    const char *name;
} functions[] = {
    {CKF_ENCRYPT, "encrypt"}, {CKF_DECRYPT, "decrypt"},
    {CKF_DIGEST, "digest"},   {CKF_SIGN, "sign"},
    {CKF_VERIFY, "verify"},   {CKF_GENERATE, "generate"},
    {CKF_WRAP, "wrap"},       {CKF_UNWRAP, "unwrap"},
    {CKF_DERIVE, "derive"},   {CKF_GENERATE_KEY_PAIR, "generate pair"},
};

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
        "profile. *Section* is the title in PKCS #11 3.2; *vectors* are the files of `tests/vectors` whose "
        "names begin so.\n\n"
        "| mechanism | functions | key types | sizes | parameter | section | vectors |\n"
        "|---|---|---|---|---|---|---|\n",
        cfr_mechanism_count());
    for (size_t i = 0; i < cfr_mechanism_count(); i++) {
        const struct cfr_mechanism *row = cfr_mechanism_row(i);

        fprintf(out, "| %s | ", row->name);
        put_functions(out, row);
        put_keys(out, row);
        fprintf(out, " | %s | %s | %s |\n", row->parameter, row->section,
                row->vectors == NULL ? "pairwise tests" : row->vectors);
    }
}
