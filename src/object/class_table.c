/* SPDX-License-Identifier: Apache-2.0 */
#include "object/class_table.h"

#include "mech/mechanism_table.h"
#include "object/compute.h"

#include <pthread.h>

/* clang-format off */
#define PLUS(type_, notes_, otherwise_, ...)                                                                    \
    {.type = CKA_##type_, .notes = (notes_), .otherwise = CFR_DEFAULT_##otherwise_, __VA_ARGS__}
#define RULE(type_, notes_, otherwise_) PLUS(type_, notes_, otherwise_, .use = 0)

#define BAR_ALL (F2_BAR_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP)
#define MODULE_SETS (BAR_ALL | L_TOKEN_SETS)
#define PRIVATE_NUMBER (F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP | F7_HIDE_IF_SENSITIVE)

/* Common Object Attributes */
static const struct cfr_rule common[] = {
    RULE(CLASS,                 F1_NEED_ON_CREATE,                          NONE),
    RULE(UNIQUE_ID,             MODULE_SETS,                                NONE),
};

/* Common Storage Object Attributes */
static const struct cfr_rule storage[] = {
    RULE(TOKEN,                 L_COPY_CHANGES,                             OFF),
    RULE(PRIVATE,               L_COPY_CHANGES | F9_TOKEN_DEFAULT,          PRIVATE),
    RULE(MODIFIABLE,            L_COPY_CHANGES,                             ON),
    RULE(LABEL,                 F8_MODIFIABLE,                              EMPTY),
    RULE(COPYABLE,              F8_MODIFIABLE | F12_LATCH_FALSE,            ON),
    RULE(DESTROYABLE,           L_COPY_CHANGES,                             ON),
};

/* Data Object Attributes; the specification does not say that they are fixed, and callers replace secrets. */
static const struct cfr_rule data[] = {
    RULE(APPLICATION,           F8_MODIFIABLE,                              EMPTY),
    RULE(OBJECT_ID,             F8_MODIFIABLE,                              EMPTY),
    RULE(VALUE,                 F8_MODIFIABLE,                              EMPTY),
};

/* Common Certificate Object Attributes */
static const struct cfr_rule certificate[] = {
    RULE(CERTIFICATE_TYPE,      F1_NEED_ON_CREATE,                          NONE),
    RULE(TRUSTED,               F8_MODIFIABLE | F10_SO_SETS_TRUE,           OFF),
    PLUS(CERTIFICATE_CATEGORY,  0,                                          ZERO,   .check = cfr_check_category),
    PLUS(CHECK_VALUE,           L_CAN_CLEAR | F8_MODIFIABLE,                NONE,   .compute = cfr_compute_certificate_check),
    PLUS(START_DATE,            0,                                          EMPTY,  .check = cfr_check_date),
    PLUS(END_DATE,              0,                                          EMPTY,  .check = cfr_check_date),
    RULE(PUBLIC_KEY_INFO,       0,                                          EMPTY),
};

/* X.509 Certificate Object Attributes; ID, ISSUER and SERIAL_NUMBER may be modified (4.6.3). */
static const struct cfr_rule x509[] = {
    RULE(SUBJECT,               F1_NEED_ON_CREATE,                          NONE),
    RULE(ID,                    F8_MODIFIABLE,                              EMPTY),
    RULE(ISSUER,                F8_MODIFIABLE,                              EMPTY),
    RULE(SERIAL_NUMBER,         F8_MODIFIABLE,                              EMPTY),
    RULE(VALUE,                 F1_NEED_ON_CREATE,                          NONE),
    RULE(URL,                   0,                                          EMPTY),
    RULE(HASH_OF_SUBJECT_PUBLIC_KEY, 0,                                     EMPTY),
    RULE(HASH_OF_ISSUER_PUBLIC_KEY, 0,                                      EMPTY),
    PLUS(JAVA_MIDP_SECURITY_DOMAIN, 0,                                      ZERO,   .check = cfr_check_category),
    RULE(NAME_HASH_ALGORITHM,   0,                                          NONE),
};

/* X.509 Attribute Certificate Object Attributes */
static const struct cfr_rule x509_attribute[] = {
    RULE(OWNER,                 F1_NEED_ON_CREATE,                          NONE),
    RULE(AC_ISSUER,             F8_MODIFIABLE,                              EMPTY),
    RULE(SERIAL_NUMBER,         F8_MODIFIABLE,                              EMPTY),
    RULE(ATTR_TYPES,            F8_MODIFIABLE,                              EMPTY),
    RULE(VALUE,                 F1_NEED_ON_CREATE,                          NONE),
};

/*
 * Trust Object Attributes; CKT_TRUST_UNKNOWN is 0. What names the certificate is fixed, and its hash with it; when
 * hash and algorithm must be given is in policy.c.
 */
static const struct cfr_rule trust[] = {
    RULE(ISSUER,                F1_NEED_ON_CREATE,                          NONE),
    RULE(SERIAL_NUMBER,         F1_NEED_ON_CREATE,                          NONE),
    RULE(HASH_OF_CERTIFICATE,   F8_MODIFIABLE,                              EMPTY),
    RULE(NAME_HASH_ALGORITHM,   F8_MODIFIABLE,                              NONE),
    PLUS(TRUST_SERVER_AUTH,     F8_MODIFIABLE,                              ZERO,   .check = cfr_check_trust),
    PLUS(TRUST_CLIENT_AUTH,     F8_MODIFIABLE,                              ZERO,   .check = cfr_check_trust),
    PLUS(TRUST_CODE_SIGNING,    F8_MODIFIABLE,                              ZERO,   .check = cfr_check_trust),
    PLUS(TRUST_EMAIL_PROTECTION, F8_MODIFIABLE,                             ZERO,   .check = cfr_check_trust),
    PLUS(TRUST_IPSEC_IKE,       F8_MODIFIABLE,                              ZERO,   .check = cfr_check_trust),
    PLUS(TRUST_TIME_STAMPING,   F8_MODIFIABLE,                              ZERO,   .check = cfr_check_trust),
    PLUS(TRUST_OCSP_SIGNING,    F8_MODIFIABLE,                              ZERO,   .check = cfr_check_trust),
};

/* Common Key Attributes */
static const struct cfr_rule key[] = {
    RULE(KEY_TYPE,              F1_NEED_ON_CREATE | F5_NEED_ON_UNWRAP,      NONE),
    RULE(ID,                    F8_MODIFIABLE,                              EMPTY),
    PLUS(START_DATE,            F8_MODIFIABLE,                              EMPTY,  .check = cfr_check_date),
    PLUS(END_DATE,              F8_MODIFIABLE,                              EMPTY,  .check = cfr_check_date),
    RULE(DERIVE,                F8_MODIFIABLE,                              OFF),
    RULE(LOCAL,                 MODULE_SETS,                                OFF),
    RULE(KEY_GEN_MECHANISM,     MODULE_SETS,                                NONE),
    RULE(ALLOWED_MECHANISMS,    0,                                          NONE),
};

/* Common Public Key Attributes */
static const struct cfr_rule public_key[] = {
    RULE(SUBJECT,               F8_MODIFIABLE,                              EMPTY),
    PLUS(ENCRYPT,               F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_ENCRYPT),
    PLUS(VERIFY,                F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_VERIFY),
    PLUS(VERIFY_RECOVER,        F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_VERIFY_RECOVER),
    RULE(WRAP,                  F8_MODIFIABLE | F9_TOKEN_DEFAULT,           OFF),
    PLUS(ENCAPSULATE,           F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_ENCAPSULATE),
    RULE(TRUSTED,               F8_MODIFIABLE | F10_SO_SETS_TRUE,           OFF),
    RULE(WRAP_TEMPLATE,         0,                                          NONE),
    RULE(ENCAPSULATE_TEMPLATE,  0,                                          NONE),
    PLUS(PUBLIC_KEY_INFO,       0,                                          NONE,   .compute = cfr_compute_public_key_info),
    PLUS(PUBLIC_CRC64_VALUE,    F4_BAR_ON_GENERATE,                         NONE,   .compute = cfr_compute_public_crc64),
};

/* Common Private Key Attributes */
static const struct cfr_rule private_key[] = {
    RULE(SUBJECT,               F8_MODIFIABLE,                              EMPTY),
    RULE(SENSITIVE,             F8_MODIFIABLE | F9_TOKEN_DEFAULT | F11_LATCH_TRUE, ON),
    PLUS(DECRYPT,               F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_DECRYPT),
    PLUS(SIGN,                  F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_SIGN),
    PLUS(SIGN_RECOVER,          F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_SIGN_RECOVER),
    RULE(UNWRAP,                F8_MODIFIABLE | F9_TOKEN_DEFAULT,           OFF),
    PLUS(DECAPSULATE,           F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_DECAPSULATE),
    RULE(EXTRACTABLE,           F8_MODIFIABLE | F9_TOKEN_DEFAULT | F12_LATCH_FALSE, EXTRACTABLE),
    RULE(ALWAYS_SENSITIVE,      MODULE_SETS,                                OFF),
    RULE(NEVER_EXTRACTABLE,     MODULE_SETS,                                OFF),
    RULE(WRAP_WITH_TRUSTED,     F8_MODIFIABLE | F11_LATCH_TRUE,             OFF),
    RULE(UNWRAP_TEMPLATE,       0,                                          NONE),
    RULE(DECAPSULATE_TEMPLATE,  0,                                          NONE),
    RULE(DERIVE_TEMPLATE,       0,                                          NONE),
    RULE(ALWAYS_AUTHENTICATE,   0,                                          OFF),
    PLUS(PUBLIC_KEY_INFO,       F8_MODIFIABLE,                              NONE,   .compute = cfr_compute_public_key_info),
    PLUS(PUBLIC_CRC64_VALUE,    F4_BAR_ON_GENERATE,                         NONE,   .compute = cfr_compute_public_crc64),
};

/* Common Secret Key Attributes */
static const struct cfr_rule secret_key[] = {
    RULE(SENSITIVE,             F8_MODIFIABLE | F11_LATCH_TRUE,             OFF),
    PLUS(ENCRYPT,               F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_ENCRYPT),
    PLUS(DECRYPT,               F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_DECRYPT),
    PLUS(SIGN,                  F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_SIGN),
    PLUS(VERIFY,                F8_MODIFIABLE | F9_TOKEN_DEFAULT,           USE,    .use = CKF_VERIFY),
    RULE(WRAP,                  F8_MODIFIABLE | F9_TOKEN_DEFAULT,           OFF),
    RULE(UNWRAP,                F8_MODIFIABLE | F9_TOKEN_DEFAULT,           OFF),
    RULE(EXTRACTABLE,           F8_MODIFIABLE | F9_TOKEN_DEFAULT | F12_LATCH_FALSE, EXTRACTABLE),
    RULE(ALWAYS_SENSITIVE,      MODULE_SETS,                                OFF),
    RULE(NEVER_EXTRACTABLE,     MODULE_SETS,                                OFF),
    PLUS(CHECK_VALUE,           L_CAN_CLEAR | F8_MODIFIABLE,                NONE,   .compute = cfr_compute_key_check),
    RULE(WRAP_WITH_TRUSTED,     F8_MODIFIABLE | F11_LATCH_TRUE,             OFF),
    RULE(TRUSTED,               F8_MODIFIABLE | F10_SO_SETS_TRUE,           OFF),
    RULE(WRAP_TEMPLATE,         0,                                          NONE),
    RULE(UNWRAP_TEMPLATE,       0,                                          NONE),
    RULE(DERIVE_TEMPLATE,       0,                                          NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | PRIVATE_NUMBER,         NONE),
    /* Footnote 2 bars it on creation; clients give it all the same, so it is borne where it is right. */
    PLUS(VALUE_LEN,             F3_NEED_ON_GENERATE,                        NONE,   .compute = cfr_compute_value_len),
};

/* RSA Public Key Object Attributes */
static const struct cfr_rule rsa_public[] = {
    RULE(MODULUS,               F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
    PLUS(MODULUS_BITS,          F2_BAR_ON_CREATE | F3_NEED_ON_GENERATE,     NONE,   .compute = cfr_compute_modulus_bits),
    RULE(PUBLIC_EXPONENT,       F1_NEED_ON_CREATE,                          NONE),
};

/* RSA Private Key Object Attributes; e may be missing on creation when p and q are there to compute it from. */
static const struct cfr_rule rsa_private[] = {
    RULE(MODULUS,               F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(PUBLIC_EXPONENT,       F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP,      NONE),
    RULE(PRIVATE_EXPONENT,      F1_NEED_ON_CREATE | PRIVATE_NUMBER,         NONE),
    RULE(PRIME_1,               PRIVATE_NUMBER,                             NONE),
    RULE(PRIME_2,               PRIVATE_NUMBER,                             NONE),
    RULE(EXPONENT_1,            PRIVATE_NUMBER,                             NONE),
    RULE(EXPONENT_2,            PRIVATE_NUMBER,                             NONE),
    RULE(COEFFICIENT,           PRIVATE_NUMBER,                             NONE),
};

/* Short Weierstrass, Edwards and Montgomery Elliptic Curve Public Key Object Attributes */
static const struct cfr_rule curve_public[] = {
    RULE(EC_PARAMS,             F1_NEED_ON_CREATE | F3_NEED_ON_GENERATE,    NONE),
    RULE(EC_POINT,              F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
};

/* … Private Key Object Attributes */
static const struct cfr_rule curve_private[] = {
    RULE(EC_PARAMS,             F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | PRIVATE_NUMBER,         NONE),
};

/* ML-KEM, ML-DSA and SLH-DSA Public Key Object Attributes; the generator contributes the value. */
static const struct cfr_rule pq_public[] = {
    RULE(PARAMETER_SET,         F1_NEED_ON_CREATE | F3_NEED_ON_GENERATE,    NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
};

/* ML-KEM and ML-DSA Private Key Object Attributes; on creation the value may be missing when the seed is there. */
static const struct cfr_rule lattice_private[] = {
    RULE(PARAMETER_SET,         F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(SEED,                  PRIVATE_NUMBER,                             NONE),
    RULE(VALUE,                 PRIVATE_NUMBER,                             NONE),
};

/* SLH-DSA Private Key Object Attributes */
static const struct cfr_rule slh_dsa_private[] = {
    RULE(PARAMETER_SET,         F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | PRIVATE_NUMBER,         NONE),
};

/* Diffie-Hellman Public Key Object Attributes */
static const struct cfr_rule dh_public[] = {
    RULE(PRIME,                 F1_NEED_ON_CREATE | F3_NEED_ON_GENERATE,    NONE),
    RULE(BASE,                  F1_NEED_ON_CREATE | F3_NEED_ON_GENERATE,    NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
};

/* X9.42 Diffie-Hellman and DSA Public Key Object Attributes */
static const struct cfr_rule subgroup_public[] = {
    RULE(PRIME,                 F1_NEED_ON_CREATE | F3_NEED_ON_GENERATE,    NONE),
    RULE(BASE,                  F1_NEED_ON_CREATE | F3_NEED_ON_GENERATE,    NONE),
    RULE(SUBPRIME,              F1_NEED_ON_CREATE | F3_NEED_ON_GENERATE,    NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
};

/* Diffie-Hellman Private Key Object Attributes */
static const struct cfr_rule dh_private[] = {
    RULE(PRIME,                 F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(BASE,                  F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | PRIVATE_NUMBER,         NONE),
    PLUS(VALUE_BITS,            F2_BAR_ON_CREATE,                           NONE,   .compute = cfr_compute_value_bits),
};

/* X9.42 Diffie-Hellman Private Key Object Attributes */
static const struct cfr_rule x942_dh_private[] = {
    RULE(PRIME,                 F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(BASE,                  F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(SUBPRIME,              F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE | F6_BAR_ON_UNWRAP, NONE),
    RULE(VALUE,                 F1_NEED_ON_CREATE | PRIVATE_NUMBER,         NONE),
};

/* Common Domain Parameter Attributes */
static const struct cfr_rule domain[] = {
    RULE(KEY_TYPE,              F1_NEED_ON_CREATE,                          NONE),
    RULE(LOCAL,                 MODULE_SETS,                                OFF),
};

/* Diffie-Hellman Domain Parameter Object Attributes */
static const struct cfr_rule dh_domain[] = {
    RULE(PRIME,                 F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
    RULE(BASE,                  F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
    PLUS(PRIME_BITS,            F2_BAR_ON_CREATE | F3_NEED_ON_GENERATE,     NONE,   .compute = cfr_compute_prime_bits),
};

/* X9.42 Diffie-Hellman and DSA Domain Parameter Object Attributes; the table of DSA forgets the subprime's length. */
static const struct cfr_rule subgroup_domain[] = {
    RULE(PRIME,                 F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
    RULE(BASE,                  F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
    RULE(SUBPRIME,              F1_NEED_ON_CREATE | F4_BAR_ON_GENERATE,     NONE),
    PLUS(PRIME_BITS,            F2_BAR_ON_CREATE | F3_NEED_ON_GENERATE,     NONE,   .compute = cfr_compute_prime_bits),
    PLUS(SUBPRIME_BITS,         F2_BAR_ON_CREATE | F3_NEED_ON_GENERATE,     NONE,   .compute = cfr_compute_subprime_bits),
};

/* Hardware Feature Common Attributes; Clock Object Attributes */
static const struct cfr_rule clock_feature[] = {
    RULE(HW_FEATURE_TYPE,       MODULE_SETS,                                NONE),
    PLUS(VALUE,                 MODULE_SETS,                                NONE,   .compute = cfr_compute_time),
};

/* Monotonic Counter Attributes; the value is put in when it is asked for (session/built_in.c). */
static const struct cfr_rule counter_feature[] = {
    RULE(HW_FEATURE_TYPE,       MODULE_SETS,                                NONE),
    RULE(RESET_ON_INIT,         MODULE_SETS,                                OFF),
    RULE(HAS_RESET,             MODULE_SETS,                                OFF),
    RULE(VALUE,                 MODULE_SETS,                                NONE),
};

/* Profile Object Attributes; Common Mechanism Attributes */
static const struct cfr_rule profile[] = {
    RULE(PROFILE_ID,            MODULE_SETS,                                NONE),
};
static const struct cfr_rule mechanism[] = {
    RULE(MECHANISM_TYPE,        MODULE_SETS,                                NONE),
};

#define RULES(name, title) static const struct cfr_rules name##_rules = {title, name, sizeof(name) / sizeof(name[0])}
RULES(common, "Common Object Attributes");
RULES(storage, "Common Storage Object Attributes");
RULES(data, "Data Object Attributes");
RULES(certificate, "Common Certificate Object Attributes");
RULES(x509, "X.509 Certificate Object Attributes");
RULES(x509_attribute, "X.509 Attribute Certificate Object Attributes");
RULES(trust, "Trust Object Attributes");
RULES(key, "Common Key Attributes");
RULES(public_key, "Common Public Key Attributes");
RULES(private_key, "Common Private Key Attributes");
RULES(secret_key, "Common Secret Key Attributes");
RULES(rsa_public, "RSA Public Key Object Attributes");
RULES(rsa_private, "RSA Private Key Object Attributes");
RULES(curve_public, "Elliptic Curve, Edwards and Montgomery Public Key Object Attributes");
RULES(curve_private, "Elliptic Curve, Edwards and Montgomery Private Key Object Attributes");
RULES(pq_public, "ML-KEM, ML-DSA and SLH-DSA Public Key Object Attributes");
RULES(lattice_private, "ML-KEM and ML-DSA Private Key Object Attributes");
RULES(slh_dsa_private, "SLH-DSA Private Key Object Attributes");
RULES(dh_public, "Diffie-Hellman Public Key Object Attributes");
RULES(subgroup_public, "X9.42 Diffie-Hellman and DSA Public Key Object Attributes");
RULES(dh_private, "Diffie-Hellman Private Key Object Attributes");
RULES(x942_dh_private, "X9.42 Diffie-Hellman Private Key Object Attributes");
RULES(domain, "Common Domain Parameter Attributes");
RULES(dh_domain, "Diffie-Hellman Domain Parameter Object Attributes");
RULES(subgroup_domain, "X9.42 Diffie-Hellman and DSA Domain Parameter Object Attributes");
RULES(clock_feature, "Clock Object Attributes");
RULES(counter_feature, "Monotonic Counter Attributes");
RULES(profile, "Profile Object Attributes");
RULES(mechanism, "Common Mechanism Attributes");

#define ANY CK_UNAVAILABLE_INFORMATION
#define PUBLIC(type_, rules_, material_)                                                                        \
    {.class = CKO_PUBLIC_KEY, .subtype = CKK_##type_, .name = #type_ " public key", .material = &material_,     \
     .parts = {&common_rules, &storage_rules, &key_rules, &public_key_rules, &rules_##_rules}}
#define PRIVATE(type_, rules_, material_)                                                                       \
    {.class = CKO_PRIVATE_KEY, .subtype = CKK_##type_, .name = #type_ " private key", .material = &material_,   \
     .parts = {&common_rules, &storage_rules, &key_rules, &private_key_rules, &rules_##_rules}}
#define DOMAIN_PARAMS(type_, rules_, material_)                                                                 \
    {.class = CKO_DOMAIN_PARAMETERS, .subtype = CKK_##type_, .name = #type_ " domain parameters",               \
     .material = &material_, .parts = {&common_rules, &storage_rules, &domain_rules, &rules_##_rules}}
#define SECRET(type_, min_, max_, step_)                                                                        \
    {.class = CKO_SECRET_KEY, .subtype = CKK_##type_, .name = #type_ " secret key",                             \
     .material = &cfr_material_secret, .value_len = {min_, max_, step_},                                        \
     .parts = {&common_rules, &storage_rules, &key_rules, &secret_key_rules}}
#define HMAC_KEY(type_) SECRET(type_, 1, CFR_SECRET_KEY_MAX_LEN, 1)

static const struct cfr_class classes[] = {
    {.class = CKO_DATA, .subtype = ANY, .name = "data", .parts = {&common_rules, &storage_rules, &data_rules}},
    {.class = CKO_CERTIFICATE, .subtype = CKC_X_509, .name = "X.509 certificate",
     .parts = {&common_rules, &storage_rules, &certificate_rules, &x509_rules}},
    {.class = CKO_CERTIFICATE, .subtype = CKC_X_509_ATTR_CERT, .name = "X.509 attribute certificate",
     .parts = {&common_rules, &storage_rules, &certificate_rules, &x509_attribute_rules}},
    {.class = CKO_TRUST, .subtype = ANY, .name = "trust", .parts = {&common_rules, &storage_rules, &trust_rules}},
    PUBLIC(RSA, rsa_public, cfr_material_rsa_public),
    PUBLIC(EC, curve_public, cfr_material_ec_public),
    PUBLIC(EC_EDWARDS, curve_public, cfr_material_edwards_public),
    PUBLIC(EC_MONTGOMERY, curve_public, cfr_material_montgomery_public),
    PUBLIC(ML_KEM, pq_public, cfr_material_ml_kem_public),
    PUBLIC(ML_DSA, pq_public, cfr_material_ml_dsa_public),
    PUBLIC(SLH_DSA, pq_public, cfr_material_slh_dsa_public),
    PUBLIC(DH, dh_public, cfr_material_dh_public),
    PUBLIC(X9_42_DH, subgroup_public, cfr_material_x942_dh_public),
    PUBLIC(DSA, subgroup_public, cfr_material_dsa_public),
    PRIVATE(RSA, rsa_private, cfr_material_rsa_private),
    PRIVATE(EC, curve_private, cfr_material_ec_private),
    PRIVATE(EC_EDWARDS, curve_private, cfr_material_edwards_private),
    PRIVATE(EC_MONTGOMERY, curve_private, cfr_material_montgomery_private),
    PRIVATE(ML_KEM, lattice_private, cfr_material_ml_kem_private),
    PRIVATE(ML_DSA, lattice_private, cfr_material_ml_dsa_private),
    PRIVATE(SLH_DSA, slh_dsa_private, cfr_material_slh_dsa_private),
    PRIVATE(DH, dh_private, cfr_material_dh_private),
    PRIVATE(X9_42_DH, x942_dh_private, cfr_material_x942_dh_private),
    DOMAIN_PARAMS(DH, dh_domain, cfr_material_dh_domain),
    DOMAIN_PARAMS(X9_42_DH, subgroup_domain, cfr_material_x942_dh_domain),
    DOMAIN_PARAMS(DSA, subgroup_domain, cfr_material_dsa_domain),
    SECRET(AES, 16, 32, 8),
    SECRET(AES_XTS, 32, 64, 32),
    {.class = CKO_SECRET_KEY, .subtype = CKK_DES3, .name = "DES3 secret key", .is_legacy = true, .has_parity = true,
     .material = &cfr_material_secret, .value_len = {24, 24, 1},
     .parts = {&common_rules, &storage_rules, &key_rules, &secret_key_rules}},
    SECRET(CHACHA20, 32, 32, 1),
    HMAC_KEY(GENERIC_SECRET),
    HMAC_KEY(HKDF),
    HMAC_KEY(SHA_1_HMAC),
    HMAC_KEY(SHA224_HMAC),
    HMAC_KEY(SHA256_HMAC),
    HMAC_KEY(SHA384_HMAC),
    HMAC_KEY(SHA512_HMAC),
    HMAC_KEY(SHA512_224_HMAC),
    HMAC_KEY(SHA512_256_HMAC),
    HMAC_KEY(SHA3_224_HMAC),
    HMAC_KEY(SHA3_256_HMAC),
    HMAC_KEY(SHA3_384_HMAC),
    HMAC_KEY(SHA3_512_HMAC),
    {.class = CKO_HW_FEATURE, .subtype = CKH_CLOCK, .name = "clock", .is_built_in = true,
     .parts = {&common_rules, &clock_feature_rules}},
    {.class = CKO_HW_FEATURE, .subtype = CKH_MONOTONIC_COUNTER, .name = "monotonic counter", .is_built_in = true,
     .parts = {&common_rules, &counter_feature_rules}},
    {.class = CKO_PROFILE, .subtype = ANY, .name = "profile", .is_built_in = true,
     .parts = {&common_rules, &profile_rules}},
    {.class = CKO_MECHANISM, .subtype = ANY, .name = "mechanism", .is_built_in = true,
     .parts = {&common_rules, &mechanism_rules}},
};
/* clang-format on */

enum {
    CLASS_COUNT = sizeof(classes) / sizeof(classes[0]),
    CURSOR_PART = 256 /* a cursor is the part times that, and the rules of the part that were given */
};

const struct cfr_class *cfr_class_find(CK_OBJECT_CLASS class, CK_ULONG subtype)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (classes[i].class == class && classes[i].subtype == subtype) {
            return &classes[i];
        }
    }
    return NULL;
}

bool cfr_class_takes_len(const struct cfr_class *class, size_t len)
{
    return len >= class->value_len.min && len <= class->value_len.max &&
           (len - class->value_len.min) % class->value_len.step == 0;
}

size_t cfr_class_fixed_len(const struct cfr_class *class)
{
    return class->value_len.min == class->value_len.max ? class->value_len.min : 0;
}

bool cfr_class_is_known(CK_OBJECT_CLASS class)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        if (classes[i].class == class) {
            return true;
        }
    }
    return false;
}

bool cfr_class_is_key(const struct cfr_class *class)
{
    return class->class == CKO_PUBLIC_KEY || class->class == CKO_PRIVATE_KEY ||
           class->class == CKO_SECRET_KEY;
}

CK_ATTRIBUTE_TYPE cfr_class_subtype_attr(CK_OBJECT_CLASS class)
{
    switch (class) {
    case CKO_CERTIFICATE:
        return CKA_CERTIFICATE_TYPE;
    case CKO_PUBLIC_KEY:
    case CKO_PRIVATE_KEY:
    case CKO_SECRET_KEY:
    case CKO_DOMAIN_PARAMETERS:
        return CKA_KEY_TYPE;
    default:
        return 0;
    }
}

const struct cfr_rule *cfr_class_next_rule(const struct cfr_class *class, size_t *cursor)
{
    size_t part = *cursor / CURSOR_PART;
    size_t index = *cursor % CURSOR_PART;

    for (; part < CFR_CLASS_PARTS_MAX && class->parts[part] != NULL; part++, index = 0) {
        if (index < class->parts[part]->count) {
            *cursor = part * CURSOR_PART + index + 1;
            return &class->parts[part]->rules[index];
        }
    }
    return NULL;
}

/*
 * Where each class has its rule for each attribute: what a cursor is behind that rule, 0 for none. Made at the first
 * use, because what is asked most often should not be a search.
 */
static uint16_t places[CLASS_COUNT][CFR_ATTR_ROWS_MAX];
static pthread_once_t places_once = PTHREAD_ONCE_INIT;

static void make_places(void)
{
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        size_t cursor = 0;
        const struct cfr_rule *rule;

        while ((rule = cfr_class_next_rule(&classes[i], &cursor)) != NULL) {
            places[i][cfr_attr_index(cfr_attr_find(rule->type))] = (uint16_t)cursor;
        }
    }
}

const struct cfr_rule *cfr_class_rule(const struct cfr_class *class, CK_ATTRIBUTE_TYPE type)
{
    const struct cfr_attr_row *row = cfr_attr_find(type);
    size_t cursor;

    if (row == NULL) {
        return NULL;
    }
    pthread_once(&places_once, make_places);
    cursor = places[class - classes][cfr_attr_index(row)];
    return cursor == 0 ? NULL : &class->parts[cursor / CURSOR_PART]->rules[cursor % CURSOR_PART - 1];
}

const struct cfr_class *cfr_class_row(size_t index)
{
    return index < CLASS_COUNT ? &classes[index] : NULL;
}
