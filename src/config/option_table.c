/* SPDX-License-Identifier: Apache-2.0 */
#include "config/option_table.h"

static const struct cfr_option options[CFR_OPT_COUNT] = {
    [CFR_OPT_STORE] =
        {
            .name = "store",
            .kind = CFR_OPTION_PATH,
            .environment = "COFFER_STORE",
            .text = "Folder of the store. Default: /var/lib/coffer for root, else $XDG_DATA_HOME/coffer or "
                    "~/.local/share/coffer. It is made when the first token is.",
        },
    [CFR_OPT_ANCHOR] =
        {
            .name = "anchor",
            .kind = CFR_OPTION_PATH,
            .text = "File with the key under which the store's master key is wrapped. Default: \"anchor\" in "
                    "the store's folder. Kept elsewhere, a stolen store alone allows no search for PINs.",
        },
    [CFR_OPT_LOG] =
        {
            .name = "log",
            .kind = CFR_OPTION_TEXT,
            .environment = "COFFER_LOG",
            .text = "What is logged, and where: <level>[:<target>]. Levels: off, error, warn, info, debug. "
                    "Targets: stderr, syslog, or the absolute path of a file. Default: off. Values are "
                    "never logged.",
        },
    [CFR_OPT_PROFILE] =
        {
            .name = "token.profile",
            .kind = CFR_OPTION_CHOICE,
            .otherwise = 0,
            .choices = "standard strict legacy",
            .text = "Policy profile of tokens made from now on. standard: the rules of PKCS #11, exactly. "
                    "strict: besides, no conflicting key uses, no weak mechanisms, keys leave only under "
                    "trusted keys. legacy: as standard, and Triple-DES for what is that old.",
        },
    [CFR_OPT_PIN_MIN_LEN] =
        {
            .name = "pin.min_len",
            .kind = CFR_OPTION_NUMBER,
            .otherwise = 4,
            .min = 1,
            .max = CFR_PIN_MAX_LEN,
            .text = "Shortest PIN that may be set, in octets, for tokens made from now on.",
        },
    [CFR_OPT_PIN_MAX_LEN] =
        {
            .name = "pin.max_len",
            .kind = CFR_OPTION_NUMBER,
            .otherwise = CFR_PIN_MAX_LEN,
            .min = 4,
            .max = CFR_PIN_MAX_LEN,
            .text = "Longest PIN that may be set, in octets, for tokens made from now on.",
        },
    [CFR_OPT_PIN_ATTEMPTS] =
        {
            .name = "pin.attempts",
            .kind = CFR_OPTION_NUMBER,
            .otherwise = 10,
            .min = 1,
            .max = 1000,
            .text = "Wrong PINs in a row after which a PIN is locked, for tokens made from now on.",
        },
    [CFR_OPT_KDF_MEMORY] =
        {
            .name = "pin.kdf.memory_kib",
            .kind = CFR_OPTION_NUMBER,
            .otherwise = 65536,
            .min = 19456,
            .max = 4194304,
            .text = "Memory that Argon2id takes for a PIN that is set from now on, in KiB.",
        },
    [CFR_OPT_KDF_PASSES] =
        {
            .name = "pin.kdf.passes",
            .kind = CFR_OPTION_NUMBER,
            .otherwise = 3,
            .min = 1,
            .max = 64,
            .text = "Passes that Argon2id makes over that memory.",
        },
    [CFR_OPT_REMOTE_FS] =
        {
            .name = "store.remote_fs",
            .kind = CFR_OPTION_CHOICE,
            .otherwise = 0,
            .choices = "refuse allow",
            .text = "Whether the store may lie on a file system that is not known to be local. Locks and "
                    "memory maps of such file systems have lost data; allow it only where you know better.",
        },
    [CFR_OPT_FORK] =
        {
            .name = "fork",
            .kind = CFR_OPTION_CHOICE,
            .otherwise = 0,
            .choices = "forget keep",
            .text =
                "What the child of a fork has of its parent's sessions, logins and session objects. forget: "
                "nothing; it calls C_Initialize and begins anew. keep: a copy of everything, with the same "
                "handles, as with the interface CKF_INTERFACE_FORK_SAFE, for applications that cannot ask "
                "for that; keys and PINs in memory are then copied into every child.",
        },
};

const struct cfr_option *cfr_option(enum cfr_option_id id)
{
    return &options[id];
}
