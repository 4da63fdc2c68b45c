/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequences that make sense, put into inputs here and there in the place of seeds: an operation from its Init to its
 * end, and what undoes it. Their arguments are at random, with many zeros, which mean the usual.
 */
#include "fuzz/call_model.h"

enum { SEQUENCE_MAX = 8, ARGUMENT_OCTETS = 24, HEADER = 1 };

size_t LLVMFuzzerMutate(uint8_t *octets, size_t len, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *octets, size_t len, size_t room, unsigned seed);

#define CALL(name) CFR_CALL_C_##name

/* C_Initialize, which is number 0, ends a sequence. */
static const uint8_t sequences[][SEQUENCE_MAX] = {
    {CALL(EncryptInit), CALL(Encrypt), CALL(DecryptInit), CALL(Decrypt)},
    {CALL(EncryptInit), CALL(EncryptUpdate), CALL(EncryptUpdate), CALL(EncryptFinal)},
    {CALL(DecryptInit), CALL(DecryptUpdate), CALL(DecryptUpdate), CALL(DecryptFinal)},
    {CALL(DigestInit), CALL(DigestUpdate), CALL(DigestKey), CALL(DigestFinal)},
    {CALL(DigestInit), CALL(Digest), CALL(Digest)},
    {CALL(SignInit), CALL(Sign), CALL(VerifyInit), CALL(Verify)},
    {CALL(SignInit), CALL(SignUpdate), CALL(SignFinal), CALL(VerifyInit), CALL(VerifyUpdate),
     CALL(VerifyFinal)},
    {CALL(SignInit), CALL(Sign), CALL(VerifySignatureInit), CALL(VerifySignature)},
    {CALL(VerifySignatureInit), CALL(VerifySignatureUpdate), CALL(VerifySignatureFinal)},
    {CALL(SignRecoverInit), CALL(SignRecover), CALL(VerifyRecoverInit), CALL(VerifyRecover)},
    {CALL(DigestInit), CALL(EncryptInit), CALL(DigestEncryptUpdate), CALL(DigestFinal), CALL(EncryptFinal)},
    {CALL(DecryptInit), CALL(DigestInit), CALL(DecryptDigestUpdate), CALL(DecryptFinal), CALL(DigestFinal)},
    {CALL(SignInit), CALL(EncryptInit), CALL(SignEncryptUpdate), CALL(SignFinal), CALL(EncryptFinal)},
    {CALL(DecryptInit), CALL(VerifyInit), CALL(DecryptVerifyUpdate), CALL(DecryptFinal), CALL(VerifyFinal)},
    {CALL(DigestInit), CALL(DigestUpdate), CALL(GetOperationState), CALL(SetOperationState),
     CALL(DigestFinal)},
    {CALL(SignInit), CALL(SignUpdate), CALL(GetOperationState), CALL(SetOperationState), CALL(SignFinal)},
    {CALL(MessageEncryptInit), CALL(EncryptMessage), CALL(MessageDecryptInit), CALL(DecryptMessage)},
    {CALL(MessageEncryptInit), CALL(EncryptMessageBegin), CALL(EncryptMessageNext), CALL(EncryptMessageNext),
     CALL(MessageEncryptFinal)},
    {CALL(MessageDecryptInit), CALL(DecryptMessageBegin), CALL(DecryptMessageNext), CALL(DecryptMessageNext),
     CALL(MessageDecryptFinal)},
    {CALL(MessageSignInit), CALL(SignMessage), CALL(MessageVerifyInit), CALL(VerifyMessage)},
    {CALL(MessageSignInit), CALL(SignMessageBegin), CALL(SignMessageNext), CALL(SignMessageNext),
     CALL(MessageSignFinal)},
    {CALL(MessageVerifyInit), CALL(VerifyMessageBegin), CALL(VerifyMessageNext), CALL(VerifyMessageNext),
     CALL(MessageVerifyFinal)},
    {CALL(FindObjectsInit), CALL(FindObjects), CALL(FindObjectsFinal)},
    {CALL(WrapKey), CALL(UnwrapKey), CALL(GetAttributeValue)},
    {CALL(WrapKeyAuthenticated), CALL(UnwrapKeyAuthenticated), CALL(GetAttributeValue)},
    {CALL(DeriveKey), CALL(GetAttributeValue), CALL(DeriveKey)},
    {CALL(EncapsulateKey), CALL(DecapsulateKey)},
    {CALL(CreateObject), CALL(CopyObject), CALL(SetAttributeValue), CALL(GetAttributeValue)},
    {CALL(GenerateKey), CALL(EncryptInit), CALL(Encrypt)},
    {CALL(GenerateKeyPair), CALL(SignInit), CALL(Sign)},
    {CALL(GenerateKeyPair), CALL(AsyncComplete), CALL(SignInit), CALL(Sign), CALL(AsyncComplete)},
    {CALL(OpenSession), CALL(Login), CALL(SignInit), CALL(Logout), CALL(Sign), CALL(CloseSession)},
    {CALL(Logout), CALL(Login), CALL(InitPIN), CALL(SetPIN), CALL(Logout)},
};

static unsigned random_state;

static unsigned next_random(void)
{
    random_state = random_state * 1664525U + 1013904223U;
    return random_state >> 16;
}

/* Where a call begins: at or after the number @p which, counted from the first. */
static size_t call_at(const uint8_t *octets, size_t len, unsigned which)
{
    size_t at = HEADER;

    while (which-- != 0 && at + 1 < len) {
        at += 2U + octets[at + 1];
    }
    return at < len ? at : len;
}

static void fill_arguments(uint8_t arguments[ARGUMENT_OCTETS])
{
    for (size_t i = 0; i < ARGUMENT_OCTETS; i++) {
        arguments[i] = next_random() % 2 == 0 ? 0 : (uint8_t)next_random();
    }
}

/* Often with the arguments of the first call again, so that an Init has its mechanism and key. */
static size_t write_sequence(uint8_t *octets)
{
    const uint8_t *sequence = sequences[next_random() % (sizeof(sequences) / sizeof(sequences[0]))];
    uint8_t arguments[ARGUMENT_OCTETS];
    size_t len = 0;

    fill_arguments(arguments);
    for (size_t i = 0; i < SEQUENCE_MAX && sequence[i] != CALL(Initialize); i++) {
        octets[len++] = sequence[i];
        octets[len++] = ARGUMENT_OCTETS;
        if (next_random() % 2 == 0) {
            cfr_copy(octets + len, arguments, ARGUMENT_OCTETS);
        } else {
            fill_arguments(octets + len);
        }
        len += ARGUMENT_OCTETS;
    }
    return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *octets, size_t len, size_t room, unsigned seed)
{
    uint8_t sequence[SEQUENCE_MAX * (2 + ARGUMENT_OCTETS)];
    size_t sequence_len;
    size_t at;

    random_state = seed;
    if (next_random() % 4 != 0) {
        return LLVMFuzzerMutate(octets, len, room);
    }
    if (len < HEADER) {
        octets[0] = (uint8_t)next_random();
        len = HEADER;
    }
    at = call_at(octets, len, next_random() % 16);
    sequence_len = write_sequence(sequence);
    if (len + sequence_len > room) {
        return LLVMFuzzerMutate(octets, len, room);
    }
    memmove(octets + at + sequence_len, octets + at, len - at);
    cfr_copy(octets + at, sequence, sequence_len);
    return len + sequence_len;
}
