/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The diagnostic log: off by default, one line a message, never a value, a PIN or octets of a message.
 *
 * COFFER_LOG, or `log` in coffer.conf, is "<level>[:<target>]": level error, warn, info or debug; target
 * stderr (default), syslog, or the absolute path of a file that is appended to. A line is one write(2). A file
 * whose descriptor the host has closed is opened anew; what the host has opened under its number is left alone.
 */
#ifndef CFR_BASE_LOG_H
#define CFR_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

enum cfr_log_level { CFR_LOG_OFF, CFR_LOG_ERROR, CFR_LOG_WARN, CFR_LOG_INFO, CFR_LOG_DEBUG };

/** Private to log.c and the inline below. */
extern atomic_int cfr_log_threshold;

/** Whether a message of @p level would be written; test it before making an expensive one. */
static inline bool cfr_log_enabled(enum cfr_log_level level)
{
    return (int)level <= atomic_load_explicit(&cfr_log_threshold, memory_order_relaxed);
}

/**
 * Choose level and target. A second call replaces the first.
 *
 * @return false, with the log off, when @p setting has not the form above or its file cannot be opened.
 */
bool cfr_log_configure(const char *setting);

/** Close the log's file, if it has one, until the next line is written. */
void cfr_log_rest(void);

/** Write a line, cut at 1,000 octets, if its level is enabled. errno is kept. */
void cfr_log(enum cfr_log_level level, const char *format, ...) __attribute__((format(__printf__, 2, 3)));

#endif
