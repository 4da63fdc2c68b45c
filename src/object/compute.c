/* SPDX-License-Identifier: Apache-2.0 */
#include "object/compute.h"

#include "base/clock.h"
#include "base/crc.h"
#include "crypto/cipher.h"
#include "crypto/des.h"
#include "crypto/digest.h"
#include "object/material.h"
#include "object/object.h"

enum { CHECK_LEN = 3 };

static CK_RV put_ulong(struct cfr_buf *out, CK_ULONG number)
{
    cfr_buf_put(out, cfr_span_of(&number, sizeof(number)));
    return cfr_buf_check(out);
}

static CK_RV put_bits(struct cfr_object *object, CK_ATTRIBUTE_TYPE type, struct cfr_buf *out)
{
    struct cfr_span number = cfr_attrs_value(&object->attrs, type);
    CK_ULONG bits;

    while (number.len != 0 && number.ptr[0] == 0) {
        number = cfr_span_after(number, 1);
    }
    bits = 8 * number.len;
    for (uint8_t top = number.len == 0 ? 0x80 : number.ptr[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1)) {
        bits--;
    }
    return put_ulong(out, bits);
}

CK_RV cfr_compute_modulus_bits(struct cfr_object *object, struct cfr_buf *out)
{
    return put_bits(object, CKA_MODULUS, out);
}

CK_RV cfr_compute_prime_bits(struct cfr_object *object, struct cfr_buf *out)
{
    return put_bits(object, CKA_PRIME, out);
}

CK_RV cfr_compute_subprime_bits(struct cfr_object *object, struct cfr_buf *out)
{
    return put_bits(object, CKA_SUBPRIME, out);
}

CK_RV cfr_compute_value_bits(struct cfr_object *object, struct cfr_buf *out)
{
    return put_bits(object, CKA_VALUE, out);
}

CK_RV cfr_compute_value_len(struct cfr_object *object, struct cfr_buf *out)
{
    return put_ulong(out, cfr_attrs_value(&object->attrs, CKA_VALUE).len);
}

CK_RV cfr_compute_public_key_info(struct cfr_object *object, struct cfr_buf *out)
{
    AUTO(keymat) *keymat = NULL;
    AUTO(secret) *spki = NULL;

    TRY(cfr_object_keymat(object, &keymat));
    TRY(cfr_keymat_spki(keymat, &spki));
    cfr_buf_put(out, cfr_secret_view(spki));
    return cfr_buf_check(out);
}

CK_RV cfr_compute_public_crc64(struct cfr_object *object, struct cfr_buf *out)
{
    static const CK_ATTRIBUTE_TYPE types[] = {CKA_MODULUS, CKA_EC_POINT, CKA_VALUE};
    const struct cfr_class *class = cfr_class_find(CKO_PUBLIC_KEY, object->class->subtype);
    AUTO(keymat) *keymat = NULL;
    AUTO(attrs) attrs = CFR_ATTRS;
    struct cfr_span value = {0};

    TRY(cfr_object_keymat(object, &keymat));
    TRY(class->material->store(keymat, &attrs));
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && value.len == 0; i++) {
        value = cfr_attrs_value(&attrs, types[i]);
    }
    cfr_buf_put_be64(out, cfr_crc64_ecma(value));
    return cfr_buf_check(out);
}

static CK_RV put_sha1_check(struct cfr_span value, struct cfr_buf *out)
{
    AUTO(digest) *digest = NULL;
    uint8_t hash[CFR_HASH_MAX_LEN];

    TRY(cfr_digest_new(CFR_HASH_SHA1, &digest));
    TRY(cfr_digest_once(digest, value, hash));
    cfr_buf_put(out, cfr_span_of(hash, CHECK_LEN));
    return cfr_buf_check(out);
}

static CK_RV put_block_check(enum cfr_cipher_mode mode, size_t block_len, struct cfr_span key,
                             struct cfr_buf *out)
{
    AUTO(cipher) *cipher = NULL;
    uint8_t block[2 * CFR_AES_BLOCK_LEN] = {0};
    size_t len = 0;

    TRY(cfr_cipher_new(mode, true, key, &cipher));
    TRY(cfr_cipher_start(cipher, cfr_span_of(NULL, 0)));
    TRY(cfr_cipher_update(cipher, cfr_span_of(block, block_len), block, &len));
    cfr_buf_put(out, cfr_span_of(block, CHECK_LEN));
    return cfr_buf_check(out);
}

CK_RV cfr_compute_key_check(struct cfr_object *object, struct cfr_buf *out)
{
    struct cfr_span value = cfr_attrs_value(&object->attrs, CKA_VALUE);

    switch (object->class->subtype) {
    case CKK_AES:
        return put_block_check(CFR_CIPHER_ECB, CFR_AES_BLOCK_LEN, value, out);
    case CKK_DES3:
        return put_block_check(CFR_CIPHER_DES3_ECB, CFR_DES_BLOCK_LEN, value, out);
    case CKK_AES_XTS:
        return CKR_ATTRIBUTE_TYPE_INVALID; /* two keys; the specification gives no check value for them */
    default:
        return put_sha1_check(value, out);
    }
}

CK_RV cfr_compute_certificate_check(struct cfr_object *object, struct cfr_buf *out)
{
    return put_sha1_check(cfr_attrs_value(&object->attrs, CKA_VALUE), out);
}

CK_RV cfr_compute_time(struct cfr_object *object, struct cfr_buf *out)
{
    char text[CFR_CLOCK_UTC_LEN];

    (void)object;
    cfr_clock_utc_text(text);
    cfr_buf_put(out, cfr_span_of(text, sizeof(text)));
    return cfr_buf_check(out);
}

/* Decimal number of @p len digits; -1 when one is no digit. */
static int digits(const uint8_t *text, size_t len)
{
    int number = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        number = 10 * number + (text[i] - '0');
    }
    return number;
}

CK_RV cfr_check_date(struct cfr_span value)
{
    int month;
    int day;

    if (value.len == 0) {
        return CKR_OK;
    }
    FAIL_UNLESS(value.len == sizeof(CK_DATE) && digits(value.ptr, 4) >= 0, CKR_ATTRIBUTE_VALUE_INVALID);
    month = digits(value.ptr + 4, 2);
    day = digits(value.ptr + 6, 2);
    FAIL_UNLESS(month >= 1 && month <= 12 && day >= 1 && day <= 31, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

static CK_RV check_highest(struct cfr_span value, CK_ULONG highest)
{
    CK_ULONG number = 0;

    cfr_copy(&number, value.ptr, value.len == sizeof(number) ? value.len : 0);
    FAIL_UNLESS(number <= highest, CKR_ATTRIBUTE_VALUE_INVALID);
    return CKR_OK;
}

CK_RV cfr_check_category(struct cfr_span value)
{
    return check_highest(value, CK_CERTIFICATE_CATEGORY_OTHER_ENTITY);
}

CK_RV cfr_check_trust(struct cfr_span value)
{
    return check_highest(value, CKT_TRUST_MUST_VERIFY_TRUST);
}
