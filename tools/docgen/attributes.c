/* SPDX-License-Identifier: Apache-2.0 */
#include "docgen.h"

#include "object/attr_table.h"
#include "object/class_table.h"

#include <stdlib.h>
#include <string.h>

enum { TABLES_MAX = 64 };

const char *docgen_key_type(CK_ULONG key_type)
{
    static char name[64];
    const struct cfr_class *class;

    for (size_t i = 0; (class = cfr_class_row(i)) != NULL; i++) {
        if (class->material != NULL && class->subtype == key_type) {
            snprintf(name, sizeof(name), "%.*s", (int)strcspn(class->name, " "), class->name);
            return name;
        }
    }
    fprintf(stderr, "coffer-docgen: no class has key type %#lx\n", key_type);
    exit(1);
}

static const char *const kinds[] = {
    [CFR_ATTR_BOOL] = "CK_BBOOL",         [CFR_ATTR_ULONG] = "CK_ULONG",    [CFR_ATTR_BYTES] = "octets",
    [CFR_ATTR_BIGINT] = "big integer",    [CFR_ATTR_TEXT] = "UTF-8",        [CFR_ATTR_DATE] = "CK_DATE",
    [CFR_ATTR_MECHANISMS] = "mechanisms", [CFR_ATTR_TEMPLATE] = "template",
};

static const char *const defaults[] = {
    [CFR_DEFAULT_NONE] = "",
    [CFR_DEFAULT_EMPTY] = "empty",
    [CFR_DEFAULT_ZERO] = "0",
    [CFR_DEFAULT_OFF] = "false",
    [CFR_DEFAULT_ON] = "true",
    [CFR_DEFAULT_PRIVATE] = "true for private and secret keys of a user who is logged in",
    [CFR_DEFAULT_USE] = "true where a mechanism of the key type does it",
    [CFR_DEFAULT_EXTRACTABLE] = "true when unwrapped, else false",
};

static const struct {
    unsigned bit;
    const char *mark;
} footnotes[] = {
    {F1_NEED_ON_CREATE, "1"},    {F2_BAR_ON_CREATE, "2"},  {F3_NEED_ON_GENERATE, "3"},
    {F4_BAR_ON_GENERATE, "4"},   {F5_NEED_ON_UNWRAP, "5"}, {F6_BAR_ON_UNWRAP, "6"},
    {F7_HIDE_IF_SENSITIVE, "7"}, {F8_MODIFIABLE, "8"},     {F9_TOKEN_DEFAULT, "9"},
    {F10_SO_SETS_TRUE, "10"},    {F11_LATCH_TRUE, "11"},   {F12_LATCH_FALSE, "12"},
    {L_TOKEN_SETS, "T"},         {L_COPY_CHANGES, "C"},    {L_CAN_CLEAR, "E"},
};

static void put_rule(FILE *out, const struct cfr_rule *rule)
{
    const struct cfr_attr_row *row = cfr_attr_find(rule->type);
    const char *blank = "";

    fprintf(out, "| %s | %s | ", row->name, kinds[row->kind]);
    for (size_t i = 0; i < sizeof(footnotes) / sizeof(footnotes[0]); i++) {
        if ((rule->notes & footnotes[i].bit) != 0) {
            fprintf(out, "%s%s", blank, footnotes[i].mark);
            blank = " ";
        }
    }
    fprintf(out, " | %s |\n", rule->compute != NULL ? "computed" : defaults[rule->otherwise]);
}

static void put_table(FILE *out, const struct cfr_rules *table)
{
    fprintf(out, "\n## %s\n\n| attribute | type | notes | default |\n|---|---|---|---|\n", table->title);
    for (size_t i = 0; i < table->count; i++) {
        put_rule(out, &table->rules[i]);
    }
}

static void put_tables(FILE *out)
{
    const struct cfr_rules *done[TABLES_MAX];
    const struct cfr_class *class;
    size_t count = 0;

    for (size_t i = 0; (class = cfr_class_row(i)) != NULL; i++) {
        for (size_t j = 0; j < CFR_CLASS_PARTS_MAX && class->parts[j] != NULL; j++) {
            size_t k = 0;

            for (; k < count && done[k] != class->parts[j]; k++) {
            }
            if (k == count && count < TABLES_MAX) {
                done[count++] = class->parts[j];
                put_table(out, class->parts[j]);
            }
        }
    }
}

static void put_classes(FILE *out)
{
    const struct cfr_class *class;

    fputs("\n## Classes\n\n| class | tables | value, octets |\n|---|---|---|\n", out);
    for (size_t i = 0; (class = cfr_class_row(i)) != NULL; i++) {
        const char *comma = "";

        fprintf(out, "| %s%s | ", class->name, class->is_legacy ? " (legacy)" : "");
        for (size_t j = 0; j < CFR_CLASS_PARTS_MAX && class->parts[j] != NULL; j++) {
            fprintf(out, "%s%s", comma, class->parts[j]->title);
            comma = "; ";
        }
        if (class->value_len.max == 0) {
            fputs(" | |\n", out);
        } else {
            fprintf(out, " | %zu–%zu by %zu |\n", class->value_len.min, class->value_len.max,
                    class->value_len.step);
        }
    }
}

void docgen_attributes(FILE *out)
{
    fputs(
        "# Attributes\n\n"
        "Made from `src/object/class_table.c` by `tools/dev/docs`. Notes 1 to 12 are the specification's common "
        "footnotes; T: the module's alone, no template may give it; C: C_CopyObject may change it, "
        "C_SetAttributeValue not; E: may be given or set empty, and is then not computed. *Computed* attributes "
        "follow from the key or certificate: a template may give them only as they are. An attribute that is "
        "in none of an object's tables is refused: CKR_TEMPLATE_INCONSISTENT if other objects have it, else "
        "CKR_ATTRIBUTE_TYPE_INVALID.\n",
        out);
    put_classes(out);
    put_tables(out);
}
