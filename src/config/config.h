/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration: defaults, then the first file found, then the environment. Lines of a file are
 * "name = value"; "#" begins a comment. A name that is no option, or a value out of range, is an error.
 */
#ifndef CFR_CONFIG_CONFIG_H
#define CFR_CONFIG_CONFIG_H

#include "base/rv.h"
#include "config/option_table.h"

/** Values of all options; texts are owned. */
struct cfr_config {
    uint32_t number[CFR_OPT_COUNT]; /**< numbers, and indexes of choices */
    char *text[CFR_OPT_COUNT];      /**< paths and texts; NULL: not given */
    char *file;                     /**< the file that was read, or NULL */
};

/**
 * Read it: $COFFER_CONF, else $XDG_CONFIG_HOME/coffer/coffer.conf (~/.config), else /etc/coffer/coffer.conf,
 * and fill in the paths that are not given. Needs no file at all.
 *
 * @retval CKR_GENERAL_ERROR  a file that cannot be read or is wrong; the note names file, line and reason
 * @retval CKR_HOST_MEMORY
 */
NODISCARD CK_RV cfr_config_read(struct cfr_config *ret_config);

void cfr_config_clear(struct cfr_config *config);

static inline void cfr_config_dropp(struct cfr_config *config)
{
    cfr_config_clear(config);
}

/** Apply one line of a file, NUL-terminated; it is changed. CKR_GENERAL_ERROR, CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_config_apply_line(struct cfr_config *config, char *line);

#endif
