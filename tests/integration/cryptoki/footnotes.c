/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/footnotes.h"

/* clang-format off */
#define ROW(type, kind, notes, otherwise) {CKA_##type, "CKA_" #type, AS_##kind, notes, IS_##otherwise}
#define N1 NOTE(1)
#define N3 NOTE(3)
#define N4 NOTE(4)
#define N6 NOTE(6)
#define N7 NOTE(7)
#define N8 NOTE(8)
#define N246 (NOTE(2) | NOTE(4) | NOTE(6))
#define N1467 (NOTE(1) | NOTE(4) | NOTE(6) | NOTE(7))
#define N467 (NOTE(4) | NOTE(6) | NOTE(7))

static const struct note_row common[] = { /* Common Object Attributes */
    ROW(CLASS,                      ULONG,      N1,                     ANY),
    ROW(UNIQUE_ID,                  OCTETS,     N246,                   ANY),
};
static const struct note_row storage[] = { /* Common Storage Object Attributes, and the text */
    ROW(TOKEN,                      BOOL,       NOTE_COPY,              FALSE),
    ROW(PRIVATE,                    BOOL,       NOTE_COPY,              ANY),
    ROW(MODIFIABLE,                 BOOL,       NOTE_COPY,              TRUE),
    ROW(LABEL,                      OCTETS,     N8,                     EMPTY),
    ROW(COPYABLE,                   BOOL,       NOTE_FREE | NOTE(12),   TRUE),
    ROW(DESTROYABLE,                BOOL,       NOTE_COPY,              TRUE),
};
static const struct note_row data[] = { /* Data Object Attributes */
    ROW(APPLICATION,                OCTETS,     NOTE_FREE,              EMPTY),
    ROW(OBJECT_ID,                  OCTETS,     NOTE_FREE,              EMPTY),
    ROW(VALUE,                      OCTETS,     NOTE_FREE,              EMPTY),
};
static const struct note_row certificate[] = { /* Common Certificate Object Attributes */
    ROW(CERTIFICATE_TYPE,           ULONG,      N1,                     ANY),
    ROW(TRUSTED,                    BOOL,       NOTE(10),               FALSE),
    ROW(CERTIFICATE_CATEGORY,       ULONG,      0,                      ZERO),
    ROW(CHECK_VALUE,                OCTETS,     NOTE_FITS,              ANY),
    ROW(START_DATE,                 DATE,       0,                      EMPTY),
    ROW(END_DATE,                   DATE,       0,                      EMPTY),
    ROW(PUBLIC_KEY_INFO,            OCTETS,     0,                      EMPTY),
};
static const struct note_row x509[] = { /* X.509 Certificate Object Attributes, and the text */
    ROW(SUBJECT,                    OCTETS,     N1,                     ANY),
    ROW(ID,                         OCTETS,     N8,                     EMPTY),
    ROW(ISSUER,                     OCTETS,     N8,                     EMPTY),
    ROW(SERIAL_NUMBER,              OCTETS,     N8,                     EMPTY),
    ROW(VALUE,                      OCTETS,     N1,                     ANY),
    ROW(URL,                        OCTETS,     0,                      EMPTY),
    ROW(HASH_OF_SUBJECT_PUBLIC_KEY, OCTETS,     0,                      EMPTY),
    ROW(HASH_OF_ISSUER_PUBLIC_KEY,  OCTETS,     0,                      EMPTY),
    ROW(JAVA_MIDP_SECURITY_DOMAIN,  ULONG,      0,                      ZERO),
    ROW(NAME_HASH_ALGORITHM,        ULONG,      0,                      ABSENT),
};
static const struct note_row key[] = { /* Common Key Attributes */
    ROW(KEY_TYPE,                   ULONG,      N1 | NOTE(5),           ANY),
    ROW(ID,                         OCTETS,     N8,                     EMPTY),
    ROW(START_DATE,                 DATE,       N8,                     EMPTY),
    ROW(END_DATE,                   DATE,       N8,                     EMPTY),
    ROW(DERIVE,                     BOOL,       N8,                     FALSE),
    ROW(LOCAL,                      BOOL,       N246,                   FALSE),
    ROW(KEY_GEN_MECHANISM,          ULONG,      N246,                   UNAVAILABLE),
    ROW(ALLOWED_MECHANISMS,         MECHANISMS, 0,                      ANY),
};
static const struct note_row public_key[] = { /* Common Public Key Attributes */
    ROW(SUBJECT,                    OCTETS,     N8,                     EMPTY),
    ROW(ENCRYPT,                    BOOL,       N8,                     ANY),
    ROW(VERIFY,                     BOOL,       N8,                     ANY),
    ROW(VERIFY_RECOVER,             BOOL,       N8,                     ANY),
    ROW(WRAP,                       BOOL,       N8,                     ANY),
    ROW(TRUSTED,                    BOOL,       NOTE(10),               FALSE),
    ROW(WRAP_TEMPLATE,              TEMPLATE,   0,                      ANY),
    ROW(PUBLIC_KEY_INFO,            OCTETS,     NOTE_FITS,              ANY),
    ROW(PUBLIC_CRC64_VALUE,         OCTETS,     NOTE_FITS | N4,         ANY),
};
static const struct note_row private_key[] = { /* Common Private Key Attributes */
    ROW(SUBJECT,                    OCTETS,     N8,                     EMPTY),
    ROW(SENSITIVE,                  BOOL,       N8 | NOTE(11),          ANY),
    ROW(DECRYPT,                    BOOL,       N8,                     ANY),
    ROW(SIGN,                       BOOL,       N8,                     ANY),
    ROW(SIGN_RECOVER,               BOOL,       N8,                     ANY),
    ROW(UNWRAP,                     BOOL,       N8,                     ANY),
    ROW(EXTRACTABLE,                BOOL,       N8 | NOTE(12),          ANY),
    ROW(ALWAYS_SENSITIVE,           BOOL,       N246,                   FALSE),
    ROW(NEVER_EXTRACTABLE,          BOOL,       N246,                   FALSE),
    ROW(WRAP_WITH_TRUSTED,          BOOL,       NOTE_FREE | NOTE(11),   FALSE),
    ROW(UNWRAP_TEMPLATE,            TEMPLATE,   0,                      ANY),
    ROW(DERIVE_TEMPLATE,            TEMPLATE,   0,                      ANY),
    ROW(ALWAYS_AUTHENTICATE,        BOOL,       0,                      FALSE),
    ROW(PUBLIC_KEY_INFO,            OCTETS,     NOTE_FITS,              ANY),
    ROW(PUBLIC_CRC64_VALUE,         OCTETS,     NOTE_FITS | N4,         ANY),
};
static const struct note_row secret_key[] = { /* Common Secret Key Attributes */
    ROW(SENSITIVE,                  BOOL,       N8 | NOTE(11),          FALSE),
    ROW(ENCRYPT,                    BOOL,       N8,                     ANY),
    ROW(DECRYPT,                    BOOL,       N8,                     ANY),
    ROW(SIGN,                       BOOL,       N8,                     ANY),
    ROW(VERIFY,                     BOOL,       N8,                     ANY),
    ROW(WRAP,                       BOOL,       N8,                     ANY),
    ROW(UNWRAP,                     BOOL,       N8,                     ANY),
    ROW(EXTRACTABLE,                BOOL,       N8 | NOTE(12),          ANY),
    ROW(ALWAYS_SENSITIVE,           BOOL,       N246,                   FALSE),
    ROW(NEVER_EXTRACTABLE,          BOOL,       N246,                   FALSE),
    ROW(CHECK_VALUE,                OCTETS,     NOTE_FITS,              ANY),
    ROW(WRAP_WITH_TRUSTED,          BOOL,       NOTE_FREE | NOTE(11),   FALSE),
    ROW(TRUSTED,                    BOOL,       NOTE(10),               FALSE),
    ROW(WRAP_TEMPLATE,              TEMPLATE,   0,                      ANY),
    ROW(UNWRAP_TEMPLATE,            TEMPLATE,   0,                      ANY),
    ROW(DERIVE_TEMPLATE,            TEMPLATE,   0,                      ANY),
};
static const struct note_row rsa_public[] = { /* RSA Public Key Object Attributes */
    ROW(MODULUS,                    OCTETS,     N1 | N4,                ANY),
    ROW(MODULUS_BITS,               ULONG,      NOTE(2) | N3,           ANY),
    ROW(PUBLIC_EXPONENT,            OCTETS,     N1,                     ANY),
};
static const struct note_row rsa_private[] = { /* RSA Private Key Object Attributes; e may be computed */
    ROW(MODULUS,                    OCTETS,     N1 | N4 | N6,           ANY),
    ROW(PUBLIC_EXPONENT,            OCTETS,     N4 | N6,                ANY),
    ROW(PRIVATE_EXPONENT,           OCTETS,     N1467,                  ANY),
    ROW(PRIME_1,                    OCTETS,     N467,                   ANY),
    ROW(PRIME_2,                    OCTETS,     N467,                   ANY),
    ROW(EXPONENT_1,                 OCTETS,     N467,                   ANY),
    ROW(EXPONENT_2,                 OCTETS,     N467,                   ANY),
    ROW(COEFFICIENT,                OCTETS,     N467,                   ANY),
};
static const struct note_row curve_public[] = { /* Elliptic Curve Public Key Object Attributes */
    ROW(EC_PARAMS,                  OCTETS,     N1 | N3,                ANY),
    ROW(EC_POINT,                   OCTETS,     N1 | N4,                ANY),
};
static const struct note_row curve_private[] = { /* … Private Key Object Attributes */
    ROW(EC_PARAMS,                  OCTETS,     N1 | N4 | N6,           ANY),
    ROW(VALUE,                      OCTETS,     N1467,                  ANY),
};
/*
 * AES, AES-XTS and Generic Secret Key Object Attributes. Clients give the length in spite of
 * footnote 2, and where it is right it is borne.
 */
static const struct note_row value_and_len[] = {
    ROW(VALUE,                      OCTETS,     N1467,                  ANY),
    ROW(VALUE_LEN,                  ULONG,      N3 | NOTE_FITS,         ANY),
};

#define TABLE(name) static const struct note_table name##_table = {name, COUNT(name)}
TABLE(common);
TABLE(storage);
TABLE(data);
TABLE(certificate);
TABLE(x509);
TABLE(key);
TABLE(public_key);
TABLE(private_key);
TABLE(secret_key);
TABLE(rsa_public);
TABLE(rsa_private);
TABLE(curve_public);
TABLE(curve_private);
TABLE(value_and_len);

#define NONE CK_UNAVAILABLE_INFORMATION
#define PUBLIC(type, pkey, keygen, table) \
    {#type " public key", CKO_PUBLIC_KEY, CKK_##type, pkey, 0, keygen, \
     {&common_table, &storage_table, &key_table, &public_key_table, &table##_table}}
#define PRIVATE(type, pkey, keygen, table) \
    {#type " private key", CKO_PRIVATE_KEY, CKK_##type, pkey, 0, keygen, \
     {&common_table, &storage_table, &key_table, &private_key_table, &table##_table}}
#define SECRET(type, len, keygen) \
    {#type " secret key", CKO_SECRET_KEY, CKK_##type, NULL, len, keygen, \
     {&common_table, &storage_table, &key_table, &secret_key_table, &value_and_len_table}}

const struct note_class note_classes[NOTE_CLASS_COUNT] = {
    {"data", CKO_DATA, NONE, NULL, 0, NONE, {&common_table, &storage_table, &data_table}},
    {"certificate", CKO_CERTIFICATE, NONE, NULL, 0, NONE,
     {&common_table, &storage_table, &certificate_table, &x509_table}},
    PUBLIC(RSA, "RSA", CKM_RSA_PKCS_KEY_PAIR_GEN, rsa_public),
    PUBLIC(EC, "P-256", CKM_EC_KEY_PAIR_GEN, curve_public),
    PUBLIC(EC_EDWARDS, "ED25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, curve_public),
    PUBLIC(EC_MONTGOMERY, "X25519", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, curve_public),
    PRIVATE(RSA, "RSA", CKM_RSA_PKCS_KEY_PAIR_GEN, rsa_private),
    PRIVATE(EC, "P-256", CKM_EC_KEY_PAIR_GEN, curve_private),
    PRIVATE(EC_EDWARDS, "ED25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, curve_private),
    PRIVATE(EC_MONTGOMERY, "X25519", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, curve_private),
    SECRET(AES, 16, CKM_AES_KEY_GEN),
    SECRET(AES_XTS, 32, CKM_AES_XTS_KEY_GEN),
    SECRET(CHACHA20, 32, CKM_CHACHA20_KEY_GEN),
    SECRET(GENERIC_SECRET, 24, CKM_GENERIC_SECRET_KEY_GEN),
    SECRET(SHA_1_HMAC, 24, CKM_SHA_1_KEY_GEN),
    SECRET(SHA256_HMAC, 32, CKM_SHA256_KEY_GEN),
    SECRET(SHA3_512_HMAC, 64, CKM_SHA3_512_KEY_GEN),
};
/* clang-format on */

const struct note_row *note_next(const struct note_class *class, size_t *cursor)
{
    size_t index = (*cursor)++;

    for (size_t i = 0; i < NOTE_TABLES_MAX && class->tables[i] != NULL; i++) {
        if (index < class->tables[i]->count) {
            return &class->tables[i]->rows[index];
        }
        index -= class->tables[i]->count;
    }
    return NULL;
}
