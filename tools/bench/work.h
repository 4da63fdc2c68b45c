/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crypto cases, and the working set in which one thread runs one of them: a session and an object on the
 * module's side; contexts that are made, keyed and initialised on the raw side, so that an operation there
 * only resets what it must.
 */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "bench.h"

struct bench_work;

/* One case. input_len: octets signed, encrypted, digested or drawn. Functions get the working set. */
struct bench_case {
    const char *id;
    enum bench_key_kind key;
    CK_MECHANISM_TYPE mechanism;
    size_t input_len;
    void (*prepare)(struct bench_work *work); /* mechanism parameters and the raw contexts */
    bool (*module_op)(void *work);
    bool (*raw_op)(void *work);
    bool (*check)(struct bench_work *work); /* after one module_op: is its result what libcrypto says? */
};

struct bench_work {
    const struct bench *b;
    const struct bench_case *c;

    CK_FUNCTION_LIST *f;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_MECHANISM mechanism;
    union {
        CK_RSA_PKCS_PSS_PARAMS pss;
        CK_RSA_PKCS_OAEP_PARAMS oaep;
        CK_ECDH1_DERIVE_PARAMS ecdh;
        CK_SIGN_ADDITIONAL_CONTEXT sign;
        CK_GCM_PARAMS gcm;
        CK_GCM_MESSAGE_PARAMS gcm_message;
        CK_SALSA20_CHACHA20_POLY1305_PARAMS chacha20;
    } params;
    CK_RV rv;       /* of the last call that failed */
    CK_RV rv_begin; /* of C_MessageEncryptInit, which prepare calls once */

    uint64_t iv[2]; /* 12 or 16 octets of it; the first word counts up: no IV is used twice */
    unsigned char *in;
    size_t in_len;
    unsigned char *out; /* room for the input and a signature more */
    size_t out_room;
    CK_ULONG out_len;
    unsigned char point[BENCH_POINT_LEN];
    unsigned char shared[BENCH_SECRET_LEN]; /* what the raw side of a key encapsulation agrees on */

    EVP_PKEY_CTX *pkey_ctx;
    EVP_MD_CTX *md_ctx;
    EVP_CIPHER_CTX *cipher_ctx;
    EVP_MAC_CTX *mac_ctx;
    unsigned char *raw_out;
    size_t raw_out_len;
};

/** The case with this id; NULL when there is none. */
const struct bench_case *bench_case_find(const char *id);

/** All cases, in the order of the report. */
extern const struct bench_case bench_case_table[];
extern const size_t bench_case_count;

/**
 * Make a working set; @p key may be CK_INVALID_HANDLE for cases without a key. Ends the process on failure.
 */
struct bench_work *bench_work_open(const struct bench *b, const struct bench_case *c,
                                   CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);
void bench_work_close(struct bench_work *work);

/**
 * Run the case once on the module's side and check the result.
 *
 * @return the module's code when it refuses; a wrong result ends the process
 */
CK_RV bench_work_try(struct bench_work *work);

/* The families: prepare, module_op, raw_op and check functions that the case table names. */
void bench_prepare_rsa_sign(struct bench_work *work);
void bench_prepare_pss(struct bench_work *work);
void bench_prepare_ecdsa(struct bench_work *work);
void bench_prepare_ed25519(struct bench_work *work);
void bench_prepare_verify(struct bench_work *work);
void bench_prepare_oaep(struct bench_work *work);
void bench_prepare_ecdh(struct bench_work *work);
bool bench_raw_sign_message(void *work);
bool bench_raw_sign_digest(void *work);
bool bench_raw_sign_pure(void *work);
bool bench_raw_verify(void *work);
bool bench_raw_decrypt(void *work);
bool bench_raw_derive(void *work);
bool bench_check_signature(struct bench_work *work);
bool bench_check_ecdsa(struct bench_work *work);
bool bench_check_pure(struct bench_work *work);
bool bench_check_verify(struct bench_work *work);
bool bench_check_decrypt(struct bench_work *work);
bool bench_check_derive(struct bench_work *work);

void bench_prepare_ml_dsa_sign(struct bench_work *work);
void bench_prepare_ml_dsa_verify(struct bench_work *work);
void bench_prepare_encapsulate(struct bench_work *work);
void bench_prepare_decapsulate(struct bench_work *work);
bool bench_raw_verify_pure(void *work);
bool bench_raw_encapsulate(void *work);
bool bench_raw_decapsulate(void *work);
bool bench_check_encapsulate(struct bench_work *work);
bool bench_check_decapsulate(struct bench_work *work);
bool bench_module_encapsulate(void *work);
bool bench_module_decapsulate(void *work);

void bench_prepare_gcm(struct bench_work *work);
void bench_prepare_message(struct bench_work *work);
void bench_prepare_chacha20(struct bench_work *work);
void bench_prepare_cbc(struct bench_work *work);
void bench_prepare_hmac(struct bench_work *work);
void bench_prepare_digest(struct bench_work *work);
void bench_prepare_random(struct bench_work *work);
bool bench_raw_gcm(void *work);
bool bench_raw_cbc(void *work);
bool bench_raw_hmac(void *work);
bool bench_raw_digest(void *work);
bool bench_raw_random(void *work);
bool bench_check_same(struct bench_work *work);
bool bench_check_message(struct bench_work *work);
bool bench_check_random(struct bench_work *work);

bool bench_module_sign(void *work);
bool bench_module_verify(void *work);
bool bench_module_decrypt(void *work);
bool bench_module_derive(void *work);
bool bench_module_encrypt(void *work);
bool bench_module_message(void *work);
bool bench_module_digest(void *work);
bool bench_module_random(void *work);

#endif
