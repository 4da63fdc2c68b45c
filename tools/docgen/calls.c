/* SPDX-License-Identifier: Apache-2.0 */
#include "docgen.h"

#include "call/call_table.h"

#include <string.h>

void docgen_calls(FILE *out)
{
    const char *section = "";
    unsigned supported = 0;

    for (int id = 0; id < CFR_CALL_COUNT; id++) {
        supported += cfr_call_row((enum cfr_call_id)id)->is_supported;
    }
    fprintf(
        out,
        "# Functions\n\n"
        "Made from `src/call/call_table.def` by `tools/dev/docs`. %u of %d functions work; the others return "
        "CKR_FUNCTION_NOT_SUPPORTED, whatever their arguments. *Since* is the function list that has the "
        "function first. *Session*: the first argument is a session.\n",
        supported, CFR_CALL_COUNT);
    for (int id = 0; id < CFR_CALL_COUNT; id++) {
        const struct cfr_call_row *row = cfr_call_row((enum cfr_call_id)id);

        if (strcmp(section, row->section) != 0) {
            section = row->section;
            fprintf(out, "\n## %s\n\n| function | since | session | works |\n|---|---|---|---|\n", section);
        }
        fprintf(out, "| %s | %u.%u | %s | %s |\n", row->name, row->since >> 8, row->since & 0xff,
                row->needs_session ? "yes" : "", row->is_supported ? "yes" : "no");
    }
}
