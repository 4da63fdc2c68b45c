# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The calls, templates and argument forms that were seen in traces of clients, each by a
# small C program: what a later version of a client changes is still shown here. The
# tags of what is shown stand at the cases, in programs/.

program start_calls
program object_calls
token_create
need "an RSA key pair for the cases" token_keypair rsa:2048 01 rsa

starts() {
    ./start_calls "$MODULE" "$LABEL" "$PIN" "$1"
}
object() {
    ./object_calls "$MODULE" "$LABEL" "$PIN" "$1"
}

step "C_Initialize(NULL), twice; no thread of the module's own; the slot keeps its number" starts init-null
step "C_Initialize with CKF_OS_LOCKING_OK" starts init-os-locking
step "C_Initialize with CKF_OS_LOCKING_OK and CKF_LIBRARY_CANT_CREATE_OS_THREADS" starts init-no-threads
step "C_Initialize with arguments and flags 0" starts init-flags-0
step "C_Initialize with mutex callbacks" starts init-own-mutexes
step "C_Initialize with only one of the callbacks is refused" starts init-bad-args
softhsm_lacks "it" step "C_GetInterface: default, by name, by version 3.0 and 2.40, unknown name" starts get-interface
step "C_GetFunctionList alone does" starts get-function-list
anchor 8 step "six forked children: old handles fail cleanly, C_Initialize and login, the parent goes on" starts fork-children
anchor 8 step "a child that finalises, exits or forks again harms nobody" starts fork-and-leave
softhsm_lacks "locking after that" step "eight threads after C_Initialize(NULL)" starts threads
step "3000 sessions one by one; closing the last one logs out" starts many-sessions
step "the module loaded twice is one library" starts loaded-twice
step "a process that never calls C_Finalize ends with status 0" starts never-finalize

step "C_CopyObject by pkcs11-provider: {TOKEN=False} of a sensitive private key" object copy-provider
step "C_CopyObject by Java: {TOKEN,ID} and {TOKEN,PRIVATE,LABEL} of a session key" object copy-java
step "C_CopyObject by webcrypto-p11: {TOKEN=True}" object copy-webcrypto
anchor 2 step "C_CopyObject by NSS: {TOKEN=False}, then an empty template, NULL or not" object copy-nss
step "C_SetAttributeValue of ID, LABEL and SUBJECT of a private key, also to what it is" object set-attributes
step "Java's key pair: {EC_PARAMS} and nothing else; CKA_SIGN true, CKA_DERIVE false" object sparse-java
step "GnuTLS's key pair: {SIGN,SENSITIVE,...}" object sparse-gnutls
step "libhsm's key pair: public key for the session, private key on the token" object sparse-libhsm
step "OpenSC's EC key pair: ENCRYPT, WRAP, DECRYPT and UNWRAP on an EC key" object opensc-ec-usage
anchor 7 step "CKA_DESTROYABLE = false: CKR_ACTION_PROHIBITED, and the key works on" object undestroyable
step "25 attributes at once and one by one; unknown ones marked, the rest filled in" object attributes-read
step "an NSS trust object: CKR_ATTRIBUTE_VALUE_INVALID, and nothing is stored" object nss-trust
step "ECDH as OpenSC and libp11 ask for it, peer's point raw and DER" object ecdh-opensc
step "ECDH as Java asks for it, without VALUE_LEN" object ecdh-java
step "ECDH as NSS asks for it: {CLASS,KEY_TYPE,DERIVE}" object ecdh-nss
anchor 3 step "P-521 signatures with leading zeroes of r and s left out, as Java passes them" object short-ecdsa
step "NSS servers' ticket keys: C_WrapKey and C_UnwrapKey by CKM_RSA_PKCS" object nss-ticket-wrap
softhsm_lacks "wrapping by CKM_AES_CBC_PAD" step "pk12util's import: C_UnwrapKey of a private key by CKM_AES_CBC_PAD" object nss-pkcs12-unwrap
anchor 13 step "C_GetOperationState and C_SetOperationState into another session" object operation-state
