/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every option: name, type, default, range, environment variable and text. The man page is made from the
 * rows.
 */
#ifndef CFR_CONFIG_OPTION_TABLE_H
#define CFR_CONFIG_OPTION_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum cfr_option_kind {
    CFR_OPTION_PATH,   /**< absolute path */
    CFR_OPTION_TEXT,   /**< anything */
    CFR_OPTION_NUMBER, /**< decimal, from min to max */
    CFR_OPTION_CHOICE, /**< one of choices; its value is the index */
};

struct cfr_option {
    const char *name;
    enum cfr_option_kind kind;
    const char *environment; /**< variable that overrides the file, or NULL */
    uint32_t otherwise;      /**< default of numbers and choices; paths and texts have none */
    uint32_t min;
    uint32_t max;
    const char *choices; /**< words separated by blanks */
    const char *text;    /**< for the man page */
};

/** Octets of the longest PIN that any configuration allows. */
enum { CFR_PIN_MAX_LEN = 255 };

/** Options, by index into the table and into struct cfr_config. */
enum cfr_option_id {
    CFR_OPT_STORE,
    CFR_OPT_ANCHOR,
    CFR_OPT_LOG,
    CFR_OPT_PROFILE,
    CFR_OPT_PIN_MIN_LEN,
    CFR_OPT_PIN_MAX_LEN,
    CFR_OPT_PIN_ATTEMPTS,
    CFR_OPT_KDF_MEMORY,
    CFR_OPT_KDF_PASSES,
    CFR_OPT_REMOTE_FS,
    CFR_OPT_FORK,
    CFR_OPT_COUNT
};

/** The row of an option. */
const struct cfr_option *cfr_option(enum cfr_option_id id);

#endif
