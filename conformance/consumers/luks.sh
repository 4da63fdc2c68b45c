# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# systemd-cryptenroll and LUKS2: the list of tokens, enrolment of an RSA key by URI and
# by `auto`, and unlocking by libcryptsetup's token plugin, on an image file.

p11_kit_modules "module: $MODULE"
command -v systemd-cryptenroll >/dev/null || skip "this systemd has no systemd-cryptenroll"
token_create

# --- the list -----------------------------------------------------------------------------------

# The empty slot must not stop the search: systemd opens a session on every slot that it finds. It prints
# hardware tokens only, and finds the token by `auto` below.
# consumers: anchor-10-empty-slot, init-no-threads
anchor 10 step "--pkcs11-token-uri=list looks at the token and at the empty slot" \
    says "Found matching token .*token=$LABEL" env SYSTEMD_LOG_LEVEL=debug systemd-cryptenroll --pkcs11-token-uri=list

# --- enrolment and unlocking ---------------------------------------------------------------------

key_and_certificate() {
    token_keypair rsa:2048 01 disk --usage-decrypt
    ca_create
    ca_issue disk.pub.pem disk disk.pem
    token_certificate 01 disk disk.pem
}
need "an RSA key for decryption, with a certificate" key_and_certificate

image() {
    truncate -s 20M "$1"
    printf 'passphrase' | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 "$1" -
}
need "a LUKS2 image" image disk.img

# systemd takes the PIN and the old passphrase from these variables.
enrol() {
    PIN=$PIN PASSWORD=passphrase systemd-cryptenroll "--pkcs11-token-uri=$1" "$2"
    says "systemd-pkcs11" cryptsetup luksDump "$2"
}
unlock() {
    printf '%s' "$PIN" | PIN=$PIN cryptsetup open --test-passphrase --token-only --token-type systemd-pkcs11 "$1"
}
step "enrolment by URI" enrol "pkcs11:token=$LABEL;object=disk" disk.img
step "unlocking by the token plugin" unlock disk.img

wrong_pin() {
    refuses "." env PIN=11111111 cryptsetup open --test-passphrase --token-only --token-type systemd-pkcs11 disk.img
    unlock disk.img
}
step "a wrong PIN does not unlock, the right one does after it" wrong_pin

automatic() {
    image auto.img
    enrol auto auto.img
    unlock auto.img
}
anchor 10 step "enrolment by auto: the one token with a fitting key is found" automatic

wiped() {
    PASSWORD=passphrase systemd-cryptenroll --wipe-slot=pkcs11 disk.img
    silent_about "systemd-pkcs11" cryptsetup luksDump disk.img
}
step "the key slot is wiped" wiped
