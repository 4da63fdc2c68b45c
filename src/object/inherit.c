/* SPDX-License-Identifier: Apache-2.0 */
#include "object/inherit.h"

#include "object/template.h"

/* How many of the keys that a new one is derived from have a boolean. */
static size_t count_with(const struct cfr_origin *origin, enum cfr_bool bit)
{
    size_t count = 0;

    for (size_t i = 0; i < origin->input_count; i++) {
        count += cfr_object_bool(origin->inputs[i], bit) ? 1 : 0;
    }
    return count;
}

/* An attribute that the keys force; the template may agree or be silent. */
static CK_RV force(struct cfr_attrs *attrs, enum cfr_bool bit, bool value)
{
    if (cfr_attrs_has_bool(attrs, bit) && cfr_attrs_bool(attrs, bit) != value) {
        return cfr_fail(CKR_TEMPLATE_INCONSISTENT, "%s is %s in a key that the new one is made of",
                        cfr_attr_by_number(true, bit)->name, value ? "true" : "false");
    }
    cfr_attrs_set_bool(attrs, bit, value);
    return CKR_OK;
}

static CK_RV force_most_secret(const struct cfr_origin *origin, struct cfr_attrs *attrs)
{
    if (count_with(origin, CFR_B_SENSITIVE) != 0) {
        TRY(force(attrs, CFR_B_SENSITIVE, true));
    }
    if (count_with(origin, CFR_B_EXTRACTABLE) != origin->input_count) {
        TRY(force(attrs, CFR_B_EXTRACTABLE, false));
    }
    return CKR_OK;
}

/* Just as the base key: as secret, and no more so. */
static CK_RV force_same(const struct cfr_object *base, struct cfr_attrs *attrs)
{
    TRY(force(attrs, CFR_B_SENSITIVE, cfr_object_bool(base, CFR_B_SENSITIVE)));
    return force(attrs, CFR_B_EXTRACTABLE, cfr_object_bool(base, CFR_B_EXTRACTABLE));
}

static void default_to(const struct cfr_object *base, struct cfr_attrs *attrs, enum cfr_bool bit)
{
    if (!cfr_attrs_has_bool(attrs, bit)) {
        cfr_attrs_set_bool(attrs, bit, cfr_object_bool(base, bit));
    }
}

CK_RV cfr_inherit_secrecy(const struct cfr_origin *origin, struct cfr_attrs *attrs)
{
    if (origin->action != CFR_ACTION_DERIVE || origin->class->class != CKO_SECRET_KEY) {
        return CKR_OK;
    }
    if (origin->inherit == CFR_INHERIT_SAME) {
        return force_same(origin->inputs[0], attrs);
    }
    if (origin->inherit == CFR_INHERIT_SECRECY || origin->inherit == CFR_INHERIT_KEPT) {
        TRY(force_most_secret(origin, attrs));
    }
    if (origin->inherit == CFR_INHERIT_DEFAULTS || origin->inherit == CFR_INHERIT_KEPT) {
        default_to(origin->inputs[0], attrs, CFR_B_SENSITIVE);
        default_to(origin->inputs[0], attrs, CFR_B_EXTRACTABLE);
    }
    return CKR_OK;
}

/* Whether the keys behind a derived one have a history that it can go on with. */
static bool has_history(const struct cfr_origin *origin, enum cfr_bool bit)
{
    size_t count = count_with(origin, bit);

    switch (origin->inherit) {
    case CFR_INHERIT_SECRECY:
        return count == origin->input_count;
    case CFR_INHERIT_DEFAULTS:
        return count != 0;
    case CFR_INHERIT_HISTORY:
    case CFR_INHERIT_KEPT:
    case CFR_INHERIT_SAME:
        break;
    }
    return cfr_object_bool(origin->inputs[0], bit);
}

void cfr_inherit_history(const struct cfr_origin *origin, struct cfr_attrs *attrs)
{
    bool always = origin->action == CFR_ACTION_GENERATE;
    bool never = always;

    if (!cfr_attrs_has_bool(attrs, CFR_B_ALWAYS_SENSITIVE)) {
        return;
    }
    if (origin->action == CFR_ACTION_DERIVE) {
        always = has_history(origin, CFR_B_ALWAYS_SENSITIVE);
        never = has_history(origin, CFR_B_NEVER_EXTRACTABLE);
    }
    cfr_attrs_set_bool(attrs, CFR_B_ALWAYS_SENSITIVE, always && cfr_attrs_bool(attrs, CFR_B_SENSITIVE));
    cfr_attrs_set_bool(attrs, CFR_B_NEVER_EXTRACTABLE, never && !cfr_attrs_bool(attrs, CFR_B_EXTRACTABLE));
}
