/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the harnesses that call C_ functions share: the module with two tokens, one for each policy profile,
 * in a store in memory; and samples, which are good values for every attribute of every class of object.
 */
#ifndef CFR_TESTS_FUZZ_WORLD_H
#define CFR_TESTS_FUZZ_WORLD_H

#include "object/class_table.h"

/** Slots of the tokens. */
enum { WORLD_STANDARD, WORLD_STRICT, WORLD_TOKENS };

enum { SAMPLES_MAX = 250, SAMPLE_VALUES_MAX = 48 };

/** An object that was made in the usual way, and what could be read of it. */
struct sample {
    const struct cfr_class *class;
    size_t count;
    struct {
        const struct cfr_attr_row *row;
        struct cfr_span value;
    } values[SAMPLE_VALUES_MAX];
};

/** Start the module and make tokens and samples; once. */
void world_up(void);

/** Start it without tokens: for a harness that writes the store itself. */
void world_up_bare(void);

/** Samples by index, any number; the same class always comes with the same curve or size. */
const struct sample *world_sample(unsigned number);
size_t world_sample_count(void);

/** The value of an attribute in a sample; empty when it has none. */
struct cfr_span sample_value(const struct sample *sample, CK_ATTRIBUTE_TYPE type);

/** Whether a caller that makes such an object may give its value @p index. */
bool sample_can_give(const struct sample *sample, size_t index);

/** A session object made of the sample's own values, with every use allowed; CK_INVALID_HANDLE if refused. */
CK_OBJECT_HANDLE world_import(CK_SESSION_HANDLE session, const struct sample *sample);

/** Objects that a session sees. */
size_t world_count_objects(CK_SESSION_HANDLE session);

/** After an input: close all sessions and take token objects away, so that the next one finds it as new. */
void world_clean(void);

/** The same after changes to what tokens remember, or to whether the module is up: everything is put back. */
void world_restore(void);

/** Fails unless @p rv is a code that a call may give when nothing in the machine is broken. */
void world_check_rv(CK_RV rv, const char *call);
#define CHECKED(call) checked((call), #call)
static inline CK_RV checked(CK_RV rv, const char *call)
{
    world_check_rv(rv, call);
    return rv;
}

#endif
