/* SPDX-License-Identifier: Apache-2.0 */
#include "object/attr_table.h"

/*
 * By rising type. Numbers are on disk (FORMAT.md): a new attribute takes the next one, whatever its place
 * here.
 */
/* clang-format off */
/*       attribute                    kind        number  secret */
#define ATTRIBUTES(ATTR, FLAG) \
    ATTR(CLASS,                       ULONG,      1,      false)       \
    FLAG(TOKEN)                                                        \
    FLAG(PRIVATE)                                                      \
    ATTR(LABEL,                       TEXT,       3,      false)       \
    ATTR(UNIQUE_ID,                   TEXT,       2,      false)       \
    ATTR(APPLICATION,                 TEXT,       14,     false)       \
    ATTR(VALUE,                       BYTES,      16,     true)        \
    ATTR(OBJECT_ID,                   BYTES,      15,     false)       \
    ATTR(CERTIFICATE_TYPE,            ULONG,      31,     false)       \
    ATTR(ISSUER,                      BYTES,      33,     false)       \
    ATTR(SERIAL_NUMBER,               BYTES,      34,     false)       \
    ATTR(AC_ISSUER,                   BYTES,      50,     false)       \
    ATTR(OWNER,                       BYTES,      51,     false)       \
    ATTR(ATTR_TYPES,                  BYTES,      52,     false)       \
    FLAG(TRUSTED)                                                      \
    ATTR(CERTIFICATE_CATEGORY,        ULONG,      32,     false)       \
    ATTR(JAVA_MIDP_SECURITY_DOMAIN,   ULONG,      38,     false)       \
    ATTR(URL,                         TEXT,       35,     false)       \
    ATTR(HASH_OF_SUBJECT_PUBLIC_KEY,  BYTES,      36,     false)       \
    ATTR(HASH_OF_ISSUER_PUBLIC_KEY,   BYTES,      37,     false)       \
    ATTR(NAME_HASH_ALGORITHM,         ULONG,      39,     false)       \
    ATTR(CHECK_VALUE,                 BYTES,      18,     false)       \
    ATTR(KEY_TYPE,                    ULONG,      4,      false)       \
    ATTR(SUBJECT,                     BYTES,      10,     false)       \
    ATTR(ID,                          BYTES,      5,      false)       \
    FLAG(SENSITIVE)                                                    \
    FLAG(ENCRYPT)                                                      \
    FLAG(DECRYPT)                                                      \
    FLAG(WRAP)                                                         \
    FLAG(UNWRAP)                                                       \
    FLAG(SIGN)                                                         \
    FLAG(SIGN_RECOVER)                                                 \
    FLAG(VERIFY)                                                       \
    FLAG(VERIFY_RECOVER)                                               \
    FLAG(DERIVE)                                                       \
    ATTR(START_DATE,                  DATE,       6,      false)       \
    ATTR(END_DATE,                    DATE,       7,      false)       \
    ATTR(MODULUS,                     BIGINT,     20,     false)       \
    ATTR(MODULUS_BITS,                ULONG,      21,     false)       \
    ATTR(PUBLIC_EXPONENT,             BIGINT,     22,     false)       \
    ATTR(PRIVATE_EXPONENT,            BIGINT,     23,     true)        \
    ATTR(PRIME_1,                     BIGINT,     24,     true)        \
    ATTR(PRIME_2,                     BIGINT,     25,     true)        \
    ATTR(EXPONENT_1,                  BIGINT,     26,     true)        \
    ATTR(EXPONENT_2,                  BIGINT,     27,     true)        \
    ATTR(COEFFICIENT,                 BIGINT,     28,     true)        \
    ATTR(PUBLIC_KEY_INFO,             BYTES,      19,     false)       \
    ATTR(PRIME,                       BIGINT,     63,     false)     \
    ATTR(SUBPRIME,                    BIGINT,     64,     false)     \
    ATTR(BASE,                        BIGINT,     65,     false)     \
    ATTR(PRIME_BITS,                  ULONG,      66,     false)     \
    ATTR(SUBPRIME_BITS,               ULONG,      67,     false)     \
    ATTR(VALUE_BITS,                  ULONG,      68,     false)     \
    ATTR(VALUE_LEN,                   ULONG,      17,     false)       \
    FLAG(EXTRACTABLE)                                                  \
    FLAG(LOCAL)                                                        \
    FLAG(NEVER_EXTRACTABLE)                                            \
    FLAG(ALWAYS_SENSITIVE)                                             \
    ATTR(KEY_GEN_MECHANISM,           ULONG,      8,      false)       \
    FLAG(MODIFIABLE)                                                   \
    FLAG(COPYABLE)                                                     \
    FLAG(DESTROYABLE)                                                  \
    ATTR(EC_PARAMS,                   BYTES,      29,     false)       \
    ATTR(EC_POINT,                    BYTES,      30,     false)       \
    FLAG(ALWAYS_AUTHENTICATE)                                          \
    FLAG(WRAP_WITH_TRUSTED)                                            \
    ATTR(HW_FEATURE_TYPE,             ULONG,      53,     false)       \
    FLAG(RESET_ON_INIT)                                                \
    FLAG(HAS_RESET)                                                    \
    ATTR(MECHANISM_TYPE,              ULONG,      41,     false)       \
    ATTR(PROFILE_ID,                  ULONG,      40,     false)       \
    ATTR(PARAMETER_SET,               ULONG,      42,     false)       \
    ATTR(ENCAPSULATE_TEMPLATE,        TEMPLATE,   44,     false)       \
    ATTR(DECAPSULATE_TEMPLATE,        TEMPLATE,   45,     false)       \
    ATTR(TRUST_SERVER_AUTH,           ULONG,      54,     false)       \
    ATTR(TRUST_CLIENT_AUTH,           ULONG,      55,     false)       \
    ATTR(TRUST_CODE_SIGNING,          ULONG,      56,     false)       \
    ATTR(TRUST_EMAIL_PROTECTION,      ULONG,      57,     false)       \
    ATTR(TRUST_IPSEC_IKE,             ULONG,      58,     false)       \
    ATTR(TRUST_TIME_STAMPING,         ULONG,      59,     false)       \
    ATTR(TRUST_OCSP_SIGNING,          ULONG,      60,     false)       \
    FLAG(ENCAPSULATE)                                                  \
    FLAG(DECAPSULATE)                                                  \
    ATTR(HASH_OF_CERTIFICATE,         BYTES,      61,     false)       \
    ATTR(PUBLIC_CRC64_VALUE,          BYTES,      62,     false)       \
    ATTR(SEED,                        BYTES,      43,     true)        \
    ATTR(WRAP_TEMPLATE,               TEMPLATE,   11,     false)       \
    ATTR(UNWRAP_TEMPLATE,             TEMPLATE,   12,     false)       \
    ATTR(DERIVE_TEMPLATE,             TEMPLATE,   13,     false)       \
    ATTR(ALLOWED_MECHANISMS,          MECHANISMS, 9,      false)

#define VALUE_ROW(type_, kind_, number_, secret_)                                                               \
    {.type = CKA_##type_, .name = "CKA_" #type_, .kind = CFR_ATTR_##kind_, .number = (number_), .is_secret = (secret_)},
#define FLAG_ROW(type_)                                                                                         \
    {.type = CKA_##type_, .name = "CKA_" #type_, .kind = CFR_ATTR_BOOL, .number = CFR_B_##type_},
#define VALUE_INDEX(type_, kind_, number_, secret_) ROW_##type_,
#define FLAG_INDEX(type_) ROW_##type_,
#define VALUE_BY_NUMBER(type_, kind_, number_, secret_) [number_] = ROW_##type_ + 1,
#define FLAG_BY_NUMBER(type_) [CFR_B_##type_] = ROW_##type_ + 1,
#define VALUE_BY_TYPE(type_, kind_, number_, secret_) FLAG_BY_TYPE(type_)
#define FLAG_BY_TYPE(type_) [CKA_##type_ & TYPE_FOLD] = ROW_##type_ + 1,
#define NOTHING(...)

static const struct cfr_attr_row rows[] = {ATTRIBUTES(VALUE_ROW, FLAG_ROW)};

enum { ATTRIBUTES(VALUE_INDEX, FLAG_INDEX) ROW_COUNT };

/*
 * 1 + the row of a type, by the type's low octets; 0: none. Types of the specification differ in them, and a pair
 * that did not would not compile.
 */
enum { TYPE_FOLD = 0x7ff };

static const uint8_t type_rows[TYPE_FOLD + 1] = {ATTRIBUTES(VALUE_BY_TYPE, FLAG_BY_TYPE)};

/* 1 + the row with a number on disk; 0: none. */
static const uint8_t value_rows[] = {ATTRIBUTES(VALUE_BY_NUMBER, NOTHING)};
static const uint8_t flag_rows[CFR_B_COUNT] = {ATTRIBUTES(NOTHING, FLAG_BY_NUMBER)};
/* clang-format on */

const struct cfr_attr_row *cfr_attr_find(CK_ATTRIBUTE_TYPE type)
{
    size_t row = type_rows[type & TYPE_FOLD];

    return row != 0 && rows[row - 1].type == type ? &rows[row - 1] : NULL;
}

const struct cfr_attr_row *cfr_attr_by_number(bool is_bool, uint64_t number)
{
    const uint8_t *index = is_bool ? flag_rows : value_rows;
    size_t count = is_bool ? sizeof(flag_rows) : sizeof(value_rows);

    return number < count && index[number] != 0 ? &rows[index[number] - 1] : NULL;
}

const struct cfr_attr_row *cfr_attr_row(size_t index)
{
    return index < ROW_COUNT ? &rows[index] : NULL;
}

_Static_assert((size_t)ROW_COUNT <= (size_t)CFR_ATTR_ROWS_MAX, "more attributes than tables have room for");

size_t cfr_attr_index(const struct cfr_attr_row *row)
{
    return (size_t)(row - rows);
}
