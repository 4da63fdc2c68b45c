/* SPDX-License-Identifier: Apache-2.0 */
/* What call_args.c has of call_keys.c: the readers of kinds that know mechanisms, keys and templates. */
#ifndef CFR_TESTS_FUZZ_CALL_READERS_H
#define CFR_TESTS_FUZZ_CALL_READERS_H

#include "fuzz/call_args.h"

/** Choices of an octet from here on are unusual; below, an argument is as the call wants it. */
enum { UNUSUAL = 0xe0 };

void call_read_mechanism(struct input *input, struct call_args *args);
void call_read_object(struct input *input, struct call_args *args);
void call_read_object2(struct input *input, struct call_args *args);
void call_read_state_key(struct input *input, struct call_args *args);
void call_read_state_key2(struct input *input, struct call_args *args);
void call_read_template(struct input *input, struct call_args *args);
void call_read_template2(struct input *input, struct call_args *args);
void call_read_template_out(struct input *input, struct call_args *args);

#endif
