# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Python's PyKCS11: large objects, many objects, many sessions, and the usual operations
# compared with the cryptography package.

token_create
client() {
    /usr/bin/python3 "$HERE/programs/pykcs11_client.py" "$MODULE" "$LABEL" "$PIN" "$SO_PIN" "$1"
}
# consumers: init-null
step "slots, tokens and mechanisms are listed" client slots-and-mechanisms
step "data objects of 5000 bytes to 1 MB, public and private" client big-objects
step "1000 session objects, gone with their session" client session-objects
step "100 sessions; read-only, logged in already, closed all at once" client sessions
step "RSA signatures, PSS with a salt of 17, decryption" client rsa-operations
anchor 5 step "RSA-OAEP with pairs of hash and MGF" client oaep
step "ECDSA and ECDH on three curves" client ec-operations
step "AES-CBC and AES-GCM, a wrong tag" client aes-operations
step "keys wrapped by RSA and AES" client wrapping
step "digests of 1 MB, at once and in parts" client digests
step "C_SetPIN, C_InitPIN" client pins
step "every attribute that PyKCS11 knows, of every object, one by one" client all-attributes
step "eight threads" client threads
