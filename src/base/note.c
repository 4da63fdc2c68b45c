/* SPDX-License-Identifier: Apache-2.0 */
#include "base/note.h"

#include <stdarg.h>
#include <stdio.h>

/* Initial-exec: no allocation on first use in a thread, which a host under memory pressure could not give. */
static _Thread_local struct cfr_note note __attribute__((tls_model("initial-exec")));

CK_RV cfr_note_here(CK_RV rv, const char *file, int line, const char *words)
{
    note.rv = rv;
    note.file = file;
    note.line = line;
    note.words = words;
    return rv;
}

CK_RV cfr_note_fail(CK_RV rv, const char *file, int line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(note.text, sizeof(note.text), format, args);
    va_end(args);
    return cfr_note_here(rv, file, line, note.text);
}

const struct cfr_note *cfr_note_last(void)
{
    return &note;
}

void cfr_note_clear(void)
{
    note.file = NULL;
}
