/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little DER (X.690) that keys need, read strictly: definite and shortest lengths, shortest integers,
 * known tags, nothing left over. Reading never allocates. Writing goes backwards, so that every length is
 * known when its header is written, and into a secret, because most of what is written is one.
 */
#ifndef CFR_CRYPTO_ASN1_H
#define CFR_CRYPTO_ASN1_H

#include "base/secret.h"

#include <stdbool.h>

enum {
    CFR_DER_INTEGER = 0x02,
    CFR_DER_BIT_STRING = 0x03,
    CFR_DER_OCTET_STRING = 0x04,
    CFR_DER_NULL = 0x05,
    CFR_DER_OID = 0x06,
    CFR_DER_PRINTABLE_STRING = 0x13,
    CFR_DER_SEQUENCE = 0x30,
    CFR_DER_CONTEXT_0 = 0xa0,
    CFR_DER_CONTEXT_1 = 0xa1,
};

/** Reads a run of elements. The first thing that is not as asked makes it fail for good. */
struct cfr_der {
    struct cfr_span rest;
    bool failed;
};

static inline struct cfr_der cfr_der_of(struct cfr_span span)
{
    return (struct cfr_der){.rest = span};
}

/** Tag of the next element, or 0 at the end or after a failure. */
unsigned cfr_der_peek(const struct cfr_der *der);

/** The contents of the next element, which has @p tag; empty after a failure. */
struct cfr_span cfr_der_take(struct cfr_der *der, unsigned tag);

/** A reader of the next element's contents; failed if the outer one has failed. */
struct cfr_der cfr_der_enter(struct cfr_der *der, unsigned tag);

/** The next element whole, header included. */
struct cfr_span cfr_der_take_any(struct cfr_der *der);

/**
 * A non-negative INTEGER without its leading zero octet; zero is one octet of 0. Not negative, shortest form.
 */
struct cfr_span cfr_der_take_unsigned(struct cfr_der *der);

/** A BIT STRING of whole octets. */
struct cfr_span cfr_der_take_bits(struct cfr_der *der);

/** Whether all reads succeeded and nothing is left. */
static inline bool cfr_der_done(const struct cfr_der *der)
{
    return !der->failed && der->rest.len == 0;
}

/** Writes from the end of a secret towards its start. A write that does not fit is sticky. */
struct cfr_der_out {
    struct cfr_secret *secret;
    size_t start; /**< octets before it are free */
    bool failed;
};

/** Room for @p max_len octets. CKR_HOST_MEMORY. */
NODISCARD CK_RV cfr_der_out_begin(size_t max_len, struct cfr_der_out *ret_out);

static inline void cfr_der_out_dropp(struct cfr_der_out *out)
{
    cfr_secret_drop(out->secret);
}

/** Put octets in front of what is written. */
void cfr_der_prepend(struct cfr_der_out *out, struct cfr_span octets);

/** A place in the output, for cfr_der_wrap(): octets written so far. */
size_t cfr_der_mark(const struct cfr_der_out *out);

/** Put a header in front that makes all written since @p mark the contents of an element with @p tag. */
void cfr_der_wrap(struct cfr_der_out *out, unsigned tag, size_t mark);

/** An element with given contents. */
void cfr_der_prepend_element(struct cfr_der_out *out, unsigned tag, struct cfr_span contents);

/** A non-negative INTEGER from big-endian octets, with or without leading zeros. */
void cfr_der_prepend_unsigned(struct cfr_der_out *out, struct cfr_span magnitude);

/**
 * The finished text as a secret that the caller owns; @p out is empty then. CKR_HOST_MEMORY if it did not
 * fit.
 */
NODISCARD CK_RV cfr_der_out_finish(struct cfr_der_out *out, struct cfr_secret **ret_text);

#endif
