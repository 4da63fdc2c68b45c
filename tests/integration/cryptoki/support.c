/* SPDX-License-Identifier: Apache-2.0 */
#include "integration/cryptoki/support.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>

/* --- Templates --- */

void bag_clear(struct bag *bag)
{
    bag->count = 0;
    bag->used = 0;
}

static CK_ATTRIBUTE *find_attr(struct bag *bag, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < bag->count; i++) {
        if (bag->attrs[i].type == type) {
            return &bag->attrs[i];
        }
    }
    return NULL;
}

void bag_octets(struct bag *bag, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    CK_ATTRIBUTE *attr = find_attr(bag, type);

    if (attr == NULL) {
        ck_assert_uint_lt(bag->count, BAG_ATTRS_MAX);
        attr = &bag->attrs[bag->count++];
    }
    ck_assert_uint_le(bag->used + len + 16, BAG_MEMORY_LEN);
    *attr = (CK_ATTRIBUTE){.type = type, .pValue = bag->memory + bag->used, .ulValueLen = len};
    cfr_copy(attr->pValue, value, len);
    bag->used += (len + 15) / 16 * 16;
}

void bag_bool(struct bag *bag, CK_ATTRIBUTE_TYPE type, bool value)
{
    bag_octets(bag, type, &(CK_BBOOL){value ? CK_TRUE : CK_FALSE}, sizeof(CK_BBOOL));
}

void bag_ulong(struct bag *bag, CK_ATTRIBUTE_TYPE type, CK_ULONG value)
{
    bag_octets(bag, type, &value, sizeof(value));
}

void bag_text(struct bag *bag, CK_ATTRIBUTE_TYPE type, const char *value)
{
    bag_octets(bag, type, value, strlen(value));
}

void bag_remove(struct bag *bag, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE *attr = find_attr(bag, type);

    if (attr != NULL) {
        *attr = bag->attrs[--bag->count];
    }
}

void bag_add(struct bag *bag, const struct bag *from)
{
    for (CK_ULONG i = 0; i < from->count; i++) {
        bag_octets(bag, from->attrs[i].type, from->attrs[i].pValue, from->attrs[i].ulValueLen);
    }
}

/* --- Objects --- */

CK_RV try_object(CK_SESSION_HANDLE session, const struct bag *bag, CK_OBJECT_HANDLE *ret_object)
{
    return p11->C_CreateObject(session, (CK_ATTRIBUTE_PTR)(uintptr_t)bag->attrs, bag->count, ret_object);
}

CK_OBJECT_HANDLE object_make(CK_SESSION_HANDLE session, const struct bag *bag)
{
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;

    OK(try_object(session, bag, &object));
    ck_assert_uint_ne(object, CK_INVALID_HANDLE);
    return object;
}

CK_OBJECT_HANDLE secret_make(CK_SESSION_HANDLE session, CK_KEY_TYPE type, const void *value, size_t len)
{
    static const CK_ATTRIBUTE_TYPE uses[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN,  CKA_VERIFY,
                                             CKA_WRAP,    CKA_UNWRAP,  CKA_DERIVE};
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_SECRET_KEY);
    bag_ulong(&bag, CKA_KEY_TYPE, type);
    bag_octets(&bag, CKA_VALUE, value, len);
    bag_bool(&bag, CKA_SENSITIVE, false);
    bag_bool(&bag, CKA_EXTRACTABLE, true);
    for (size_t i = 0; i < COUNT(uses); i++) {
        bag_bool(&bag, uses[i], true);
    }
    return object_make(session, &bag);
}

CK_OBJECT_HANDLE data_make(CK_SESSION_HANDLE session, const char *label, bool is_token, bool is_private)
{
    static struct bag bag;

    bag_clear(&bag);
    bag_ulong(&bag, CKA_CLASS, CKO_DATA);
    bag_bool(&bag, CKA_TOKEN, is_token);
    bag_bool(&bag, CKA_PRIVATE, is_private);
    bag_text(&bag, CKA_LABEL, label);
    bag_text(&bag, CKA_VALUE, label);
    return object_make(session, &bag);
}

CK_RV try_read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, struct octets *ret)
{
    CK_ATTRIBUTE wanted = {type, ret->at, sizeof(ret->at)};
    CK_RV rv = p11->C_GetAttributeValue(session, object, &wanted, 1);

    ret->len = wanted.ulValueLen;
    return rv;
}

void read_octets(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                 struct octets *ret)
{
    CK_RV rv = try_read(session, object, type, ret);

    ck_assert_msg(rv == CKR_OK, "attribute 0x%lx: %s", type, rv_text(rv));
}

bool read_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    static struct octets value;

    read_octets(session, object, type, &value);
    ck_assert_uint_eq(value.len, sizeof(CK_BBOOL));
    ck_assert(value.at[0] == CK_TRUE || value.at[0] == CK_FALSE);
    return value.at[0] == CK_TRUE;
}

CK_ULONG read_ulong(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    static struct octets value;
    CK_ULONG number;

    read_octets(session, object, type, &value);
    ck_assert_uint_eq(value.len, sizeof(number));
    memcpy(&number, value.at, sizeof(number));
    return number;
}

CK_RV try_set(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, const void *value,
              size_t len)
{
    CK_ATTRIBUTE given = {type, UNCONST(value), len};

    return p11->C_SetAttributeValue(session, object, &given, 1);
}

CK_RV try_set_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool value)
{
    return try_set(session, object, type, &(CK_BBOOL){value ? CK_TRUE : CK_FALSE}, sizeof(CK_BBOOL));
}

CK_RV try_copy_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, bool value,
                    CK_OBJECT_HANDLE *ret)
{
    CK_ATTRIBUTE given = ATTR_BOOL(type, value);
    CK_OBJECT_HANDLE copy = CK_INVALID_HANDLE;
    CK_RV rv = p11->C_CopyObject(session, object, &given, 1, &copy);

    if (ret != NULL) {
        *ret = copy;
    }
    return rv;
}

size_t objects_seen(CK_SESSION_HANDLE session)
{
    return find_all(session, NULL, 0, NULL, 0);
}

bool is_found(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    static CK_OBJECT_HANDLE found[2048];
    size_t count = find_all(session, NULL, 0, found, COUNT(found));

    ck_assert_uint_le(count, COUNT(found));
    for (size_t i = 0; i < count; i++) {
        if (found[i] == object) {
            return true;
        }
    }
    return false;
}

/* --- Sessions and tokens --- */

static CK_SESSION_INFO info_of(CK_SESSION_HANDLE session)
{
    CK_SESSION_INFO info;

    OK(p11->C_GetSessionInfo(session, &info));
    return info;
}

CK_SLOT_ID slot_of(CK_SESSION_HANDLE session)
{
    return info_of(session).slotID;
}

CK_STATE state_of(CK_SESSION_HANDLE session)
{
    return info_of(session).state;
}

CK_FLAGS token_flags(CK_SLOT_ID slot)
{
    CK_TOKEN_INFO info;

    OK(p11->C_GetTokenInfo(slot, &info));
    return info.flags;
}

void login_so(CK_SESSION_HANDLE session)
{
    OK(try_login(session, CKU_SO, SO_PIN));
}

CK_RV try_object_once(CK_SESSION_HANDLE session, const struct bag *bag)
{
    CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
    CK_RV rv = try_object(session, bag, &object);

    if (rv == CKR_OK) {
        OK(p11->C_DestroyObject(session, object));
    }
    return rv;
}

/* Every record of every token as it lies there: a committed transaction shows, whatever it wrote. */
static void digest_store(uint8_t out[32])
{
    FILE *file = fopen(scratch_file("store/coffer.mdb"), "rb");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t octets[2048];
    size_t len;

    ck_assert_int_eq(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL), 1);
    while (file != NULL && (len = fread(octets, 1, sizeof(octets), file)) != 0) {
        ck_assert_int_eq(EVP_DigestUpdate(ctx, octets, len), 1);
    }
    ck_assert_int_eq(EVP_DigestFinal_ex(ctx, out, NULL), 1);
    EVP_MD_CTX_free(ctx);
    if (file != NULL) {
        (void)fclose(file);
    }
}

void picture_take(CK_SESSION_HANDLE session, struct picture *ret)
{
    memset(ret, 0, sizeof(*ret));
    ret->objects = objects_seen(session);
    ret->state = state_of(session);
    OK(p11->C_GetTokenInfo(slot_of(session), &ret->token));
    memset(ret->token.utcTime, 0, sizeof(ret->token.utcTime)); /* time may pass */
    digest_store(ret->store);
}

static void expect_session_works(CK_SESSION_HANDLE session, const char *what)
{
    static const CK_BYTE abc_sha256[] = {0xba, 0x78, 0x16, 0xbf};
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_BYTE digest[32];
    CK_ULONG len = sizeof(digest);

    /* An operation of the tested call may still be active, and rightly so. */
    OK(p11->C_SessionCancel(session, CKF_DIGEST));
    OK(p11->C_DigestInit(session, &sha256));
    OK(p11->C_Digest(session, UNCONST("abc"), 3, digest, &len));
    ck_assert_msg(memcmp(digest, abc_sha256, sizeof(abc_sha256)) == 0, "after %s: a wrong digest", what);
}

void expect_unchanged(CK_SESSION_HANDLE session, const struct picture *before, const char *what)
{
    struct picture now;

    OK(p11->C_SessionCancel(session, CKF_FIND_OBJECTS));
    picture_take(session, &now);
    ck_assert_msg(now.objects == before->objects, "after %s: %zu objects, not %zu", what, now.objects,
                  before->objects);
    ck_assert_msg(now.state == before->state, "after %s: state %lu, not %lu", what, now.state, before->state);
    ck_assert_msg(memcmp(&now.token, &before->token, sizeof(now.token)) == 0,
                  "after %s: the token's information is another", what);
    ck_assert_msg(memcmp(now.store, before->store, sizeof(now.store)) == 0, "after %s: something was stored",
                  what);
    expect_session_works(session, what);
}

/* --- Octets --- */

void random_octets(void *out, size_t len)
{
    ck_assert_int_eq(RAND_bytes(out, (int)len), 1);
}

void expect_octets(struct cfr_span got, struct cfr_span wanted, const char *format, ...)
{
    char what[256];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    ck_assert_msg(got.len == wanted.len, "%s: %zu octets, not %zu", what, got.len, wanted.len);
    ck_assert_msg(got.len == 0 || memcmp(got.ptr, wanted.ptr, got.len) == 0, "%s: other octets", what);
}
