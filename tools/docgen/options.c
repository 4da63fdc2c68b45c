/* SPDX-License-Identifier: Apache-2.0 */
#include "docgen.h"

#include "config/option_table.h"

#include <string.h>

/* A hyphen or apostrophe that is to be itself, and a dot that begins a line. */
static void put_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '-') {
            fputs("\\-", out);
        } else if (*text == '\'') {
            fputs("\\(aq", out);
        } else if (*text == '\\') {
            fputs("\\e", out);
        } else {
            fputc(*text, out);
        }
    }
}

/* The word with number @p index of a list separated by blanks. */
static void put_word(FILE *out, const char *words, unsigned index)
{
    for (; index > 0; index--) {
        words += strcspn(words, " ") + 1;
    }
    fprintf(out, "%.*s", (int)strcspn(words, " "), words);
}

static void put_option(FILE *out, const struct cfr_option *option)
{
    fputs(".TP\n.B ", out);
    put_text(out, option->name);
    fputs(" =", out);
    switch (option->kind) {
    case CFR_OPTION_PATH:
        fputs(" \\fIpath\\fR\n", out);
        break;
    case CFR_OPTION_TEXT:
        fputs(" \\fItext\\fR\n", out);
        break;
    case CFR_OPTION_NUMBER:
        fprintf(out, " \\fInumber\\fR\n%u to %u; default %u.\n", option->min, option->max, option->otherwise);
        break;
    case CFR_OPTION_CHOICE:
        fputs(" \\fIword\\fR\nOne of: ", out);
        fputs(option->choices, out);
        fputs("; default ", out);
        put_word(out, option->choices, option->otherwise);
        fputs(".\n", out);
        break;
    }
    put_text(out, option->text);
    if (option->environment != NULL) {
        fprintf(out, "\nThe environment variable \\fB%s\\fR overrides it.", option->environment);
    }
    fputc('\n', out);
}

void docgen_options(FILE *out)
{
    fputs(
        ".\\\" SPDX-License-Identifier: Apache-2.0\n"
        ".\\\" Made from src/config/option_table.c by tools/dev/docs.\n"
        ".TH COFFER.CONF 5 \"\" \"Coffer\" \"File formats\"\n"
        ".SH NAME\ncoffer.conf \\- configuration of the Coffer PKCS #11 module\n"
        ".SH DESCRIPTION\n"
        "The module needs no configuration. If there is a file it is read at C_Initialize: the one that\n"
        ".B COFFER_CONF\n"
        "names, else\n"
        ".I $XDG_CONFIG_HOME/coffer/coffer.conf\n"
        "or\n"
        ".I ~/.config/coffer/coffer.conf\n"
        "(not for root), else\n"
        ".IR /etc/coffer/coffer.conf .\n"
        "It must be a regular file that belongs to root or to the user, and that nobody else may write.\n"
        ".PP\n"
        "A line is\n"
        ".IR \"key \" = \" value\" ,\n"
        "blank, or a comment that begins with #. A line that is not understood and a value out of range make\n"
        "C_Initialize fail with CKR_GENERAL_ERROR, and the log names file, line and key.\n"
        "Environment variables are not heeded in set-user-ID programs.\n"
        ".SH OPTIONS\n",
        out);
    for (int id = 0; id < CFR_OPT_COUNT; id++) {
        put_option(out, cfr_option((enum cfr_option_id)id));
    }
    fputs(".SH EXAMPLE\n.nf\n"
          "store = /srv/keys/coffer\n"
          "log = info:syslog\n"
          "token.profile = strict\n"
          "pin.min_len = 8\n"
          ".fi\n"
          ".SH SEE ALSO\n.BR coffer\\-pkcs11 (7)\n",
          out);
}
