/* SPDX-License-Identifier: Apache-2.0 */
/* Templates of objects, and what follows when a call has made one. */
#ifndef DIFF_MAKE_H
#define DIFF_MAKE_H

#include "template.h"
#include "world.h"

/** "rw user": the session's kind and who is logged in; static. */
const char *diff_where(const struct diff_world *world, const struct diff_session *session);

/** A label no object has had. */
void diff_label_new(struct diff_world *world, char label[16]);

/** Class, label and now and then the other attributes of every object. */
void diff_add_storage(struct diff_world *world, struct diff_template *to, CK_OBJECT_CLASS class);

/** Usage and, for private and secret keys, the rules about sensitivity: some of them, mostly true. */
void diff_add_usage(struct diff_world *world, struct diff_template *to, CK_OBJECT_CLASS class);

/** Numbers of an RSA key or parameters and value of another one. */
void diff_add_pair(struct diff_template *to, CK_OBJECT_CLASS class, int pair);

/** The group of Diffie-Hellman that all keys have. */
void diff_add_group(struct diff_template *to);

/** Spoil the template in one way in @p percent of all cases; what it is then: "whole", "sparse", ..., static. */
const char *diff_vary(struct diff_world *world, struct diff_template *template, unsigned percent);

/**
 * The call that makes @p object has answered: compare what was made, or undo a split.
 * @return false when there is no object.
 */
bool diff_made(struct diff_world *world, struct diff_object *object, struct diff_template *template,
               CK_RV rv);

/** Compare every attribute of an object, read one by one. */
void diff_read_all(struct diff_world *world, struct diff_object *object);

/** A public session object that may be used for everything, its value known to both. NULL: no place. */
struct diff_object *diff_import(struct diff_world *world, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type,
                                int pair);

/** A key of that kind: mostly one that is there, otherwise imported. */
struct diff_object *diff_key_for(struct diff_world *world, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type);

#endif
