/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/kbkdf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

enum { INPUT_MAX = 1024, OUTPUT_MAX = 8192 };

const CK_MECHANISM_TYPE kbkdf_modes[KBKDF_MODES] = {CKM_SP800_108_COUNTER_KDF, CKM_SP800_108_FEEDBACK_KDF,
                                                    CKM_SP800_108_DOUBLE_PIPELINE_KDF};

/* --- A call in the making --- */

struct kbkdf_call kbkdf_call;

void kbkdf_field(CK_PRF_DATA_TYPE type, void *value, CK_ULONG len)
{
    ck_assert_uint_le(kbkdf_call.field_count, KBKDF_FIELDS_MAX);
    kbkdf_call.fields[kbkdf_call.field_count++] = (CK_PRF_DATA_PARAM){type, value, len};
}

void kbkdf_octets(struct cfr_span octets)
{
    kbkdf_field(CK_SP800_108_BYTE_ARRAY, UNCONST(octets.ptr), octets.len);
}

void kbkdf_counter(void)
{
    kbkdf_field(kbkdf_call.mode == CKM_SP800_108_COUNTER_KDF ? CK_SP800_108_ITERATION_VARIABLE
                                                             : CK_SP800_108_COUNTER,
                &kbkdf_call.counter, sizeof(kbkdf_call.counter));
}

void kbkdf_iteration(void)
{
    if (kbkdf_call.mode != CKM_SP800_108_COUNTER_KDF) {
        kbkdf_field(CK_SP800_108_ITERATION_VARIABLE, NULL, 0);
    }
}

void kbkdf_begin(CK_MECHANISM_TYPE mode, CK_MECHANISM_TYPE prf, CK_ULONG counter_bits)
{
    kbkdf_call = (struct kbkdf_call){.mode = mode, .prf = prf, .counter = {CK_FALSE, counter_bits}};
}

void kbkdf_simple(CK_MECHANISM_TYPE mode, CK_MECHANISM_TYPE prf, CK_ULONG counter_bits)
{
    kbkdf_begin(mode, prf, counter_bits);
    kbkdf_iteration();
    kbkdf_counter();
    kbkdf_octets(pattern(20));
}

const CK_MECHANISM *kbkdf_end(void)
{
    CK_DERIVED_KEY *more = kbkdf_call.more_count == 0 ? NULL : kbkdf_call.more;

    kbkdf_call.plain = (CK_SP800_108_KDF_PARAMS){kbkdf_call.prf, kbkdf_call.field_count, kbkdf_call.fields,
                                                 kbkdf_call.more_count, more};
    kbkdf_call.feedback = (CK_SP800_108_FEEDBACK_KDF_PARAMS){kbkdf_call.prf,
                                                             kbkdf_call.field_count,
                                                             kbkdf_call.fields,
                                                             kbkdf_call.iv.len,
                                                             UNCONST(kbkdf_call.iv.ptr),
                                                             kbkdf_call.more_count,
                                                             more};
    kbkdf_call.mechanism = kbkdf_call.mode == CKM_SP800_108_FEEDBACK_KDF
                               ? MECHANISM_WITH(kbkdf_call.mode, &kbkdf_call.feedback)
                               : MECHANISM_WITH(kbkdf_call.mode, &kbkdf_call.plain);
    return &kbkdf_call.mechanism;
}

/* --- The definition --- */

/* PRFs: the HMAC of a hash, or CMAC. */
static size_t prf_once(const struct hash_row *hash, struct cfr_span key, struct cfr_span data,
                       uint8_t out[64])
{
    EVP_MAC *algorithm = EVP_MAC_fetch(NULL, hash == NULL ? "CMAC" : "HMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(algorithm);
    const char *cipher = key.len == 16 ? "AES-128-CBC" : key.len == 24 ? "AES-192-CBC" : "AES-256-CBC";
    OSSL_PARAM params[] = {
        hash == NULL
            ? OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, (char *)(uintptr_t)cipher, 0)
            : OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)hash->md, 0),
        OSSL_PARAM_END,
    };
    size_t len = 0;

    ck_assert_int_eq(EVP_MAC_init(ctx, key.ptr, key.len, params), 1);
    ck_assert_int_eq(EVP_MAC_update(ctx, data.ptr, data.len), 1);
    ck_assert_int_eq(EVP_MAC_final(ctx, out, &len, 64), 1);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(algorithm);
    return len;
}

struct input {
    uint8_t at[INPUT_MAX];
    size_t len;
};

static void put(struct input *input, const void *octets, size_t len)
{
    ck_assert_uint_le(input->len + len, sizeof(input->at));
    if (len != 0) {
        memcpy(input->at + input->len, octets, len);
    }
    input->len += len;
}

static void put_number(struct input *input, uint64_t value, bool little_endian, CK_ULONG bits)
{
    for (CK_ULONG i = 0; i < bits / 8; i++) {
        uint8_t octet = (uint8_t)(value >> 8 * (little_endian ? i : bits / 8 - 1 - i));

        put(input, &octet, 1);
    }
}

/* The input of the PRF, or with no counter (0) the part of it that never changes. Keys have pattern(11). */
static void input_of(uint64_t counter, struct cfr_span iteration, uint64_t keys, uint64_t segments,
                     struct input *ret)
{
    ret->len = 0;
    for (CK_ULONG i = 0; i < kbkdf_call.field_count; i++) {
        const CK_PRF_DATA_PARAM *field = &kbkdf_call.fields[i];

        if (field->type == CK_SP800_108_BYTE_ARRAY) {
            put(ret, field->pValue, field->ulValueLen);
        } else if (field->type == CK_SP800_108_KEY_HANDLE) {
            put(ret, pattern(11).ptr, 11);
        } else if (field->type == CK_SP800_108_DKM_LENGTH) {
            put_number(ret,
                       kbkdf_call.length.dkmLengthMethod == CK_SP800_108_DKM_LENGTH_SUM_OF_KEYS ? keys
                                                                                                : segments,
                       kbkdf_call.length.bLittleEndian, kbkdf_call.length.ulWidthInBits);
        } else if (counter != 0 && field->ulValueLen == 0) {
            put(ret, iteration.ptr, iteration.len);
        } else if (counter != 0) {
            put_number(ret, counter, kbkdf_call.counter.bLittleEndian, kbkdf_call.counter.ulWidthInBits);
        }
    }
}

struct cfr_span kbkdf_by_definition(const struct hash_row *hash, struct cfr_span key, const size_t *lens,
                                    size_t count)
{
    static uint8_t out[OUTPUT_MAX];
    static struct input input;
    uint8_t segment[64];
    uint8_t pipeline[64];
    size_t h = hash == NULL ? 16 : hash->len;
    struct cfr_span iteration = kbkdf_call.iv;
    uint64_t keys = 0;
    uint64_t segments = 0;
    uint64_t counter = 0;
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        keys += 8 * lens[i];
        segments += 8 * h * ((lens[i] + h - 1) / h);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t done = 0; done < lens[i]; done += h) {
            size_t step = lens[i] - done < h ? lens[i] - done : h;

            counter++;
            if (kbkdf_call.mode == CKM_SP800_108_DOUBLE_PIPELINE_KDF) {
                input_of(0, iteration, keys, segments, &input);
                prf_once(hash, key,
                         counter == 1 ? cfr_span_of(input.at, input.len) : cfr_span_of(pipeline, h),
                         pipeline);
                iteration = cfr_span_of(pipeline, h);
            }
            input_of(counter, iteration, keys, segments, &input);
            ck_assert_uint_eq(prf_once(hash, key, cfr_span_of(input.at, input.len), segment), h);
            if (kbkdf_call.mode == CKM_SP800_108_FEEDBACK_KDF) {
                iteration = cfr_span_of(segment, h);
            }
            ck_assert_uint_le(at + step, sizeof(out));
            memcpy(out + at, segment, step);
            at += step;
        }
    }
    return cfr_span_of(out, at);
}
