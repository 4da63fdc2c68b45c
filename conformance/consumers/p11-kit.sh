# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# p11-kit: its list of modules, the proxy module, `remote:`, and a server whose client
# module passes the calls on. What p11-kit 0.24 does not pass on is left out.

p11_kit_modules "module: $MODULE"
libdir=$(dirname "$(ldconfig -p | awk '/libp11-kit\.so\.0/ { print $NF; exit }')")

printf 'the quick brown fox' >message
token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC key pair" token_keypair EC:secp256r1 02 ec
judge dgst -sha256 -binary -out digest message

# --- steps that go through another module ----------------------------------------------------

via() {
    pkcs11-tool --module "$THROUGH" --token-label "$LABEL" --login --pin "$PIN" "$@"
}
signs() {
    via --sign -m SHA256-RSA-PKCS --id 01 -i message -o "signature$1"
    judge dgst -sha256 -verify rsa.pub.pem -signature "signature$1" message
    via --sign -m RSA-PKCS-PSS --hash-algorithm SHA256 --id 01 -i digest -o "signature$1"
    judge pkeyutl -verify -pubin -inkey rsa.pub.pem -pkeyopt rsa_padding_mode:pss -pkeyopt digest:sha256 \
        -pkeyopt rsa_pss_saltlen:32 -in digest -sigfile "signature$1"
    via --sign -m ECDSA --id 02 -f openssl -i digest -o "signature$1"
    judge pkeyutl -verify -pubin -inkey ec.pub.pem -in digest -sigfile "signature$1"
}
manages() {
    via --keypairgen --key-type rsa:2048 --id 31 --label through
    via --keygen --key-type AES:32 --id 32 --label through-aes -m AES-KEY-GEN
    via --write-object message --type data --label through-data
    via --read-object --type data --label through-data -o back
    cmp message back
    p11_user --list-objects >listed
    [[ $(grep -c "label:.*through" listed) -eq 4 ]]
    via --delete-object --type data --label through-data
    via --delete-object --type privkey --id 31
    via --delete-object --type pubkey --id 31
    via --delete-object --type secrkey --id 32
    silent_about "label:.*through" p11_user --list-objects
}
decrypts() {
    judge pkeyutl -encrypt -pubin -inkey rsa.pub.pem -in message -out ciphertext -pkeyopt rsa_padding_mode:oaep \
        -pkeyopt "rsa_oaep_md:$1" -pkeyopt "rsa_mgf1_md:$1"
    via --decrypt -m RSA-PKCS-OAEP --hash-algorithm "$2" --id 01 -i ciphertext -o plaintext
    cmp message plaintext
}
works_through() {
    THROUGH=$2
    step "$1: RSA, RSA-PSS and ECDSA signatures" signs ""
    step "$1: keys and data are made and deleted" manages
    step "$1: RSA-OAEP with SHA-1" decrypts sha1 SHA-1
    # consumers: anchor-5-oaep
    anchor 5 step "$1: RSA-OAEP with SHA-256" decrypts sha256 SHA256
    # consumers: anchor-9-processes
    anchor 9 step "$1: six clients at once" in_parallel 6 signs
}

# --- list and proxy ----------------------------------------------------------------------------

# consumers: init-no-threads
step "p11-kit list-modules shows the token" says "token: $LABEL" p11-kit list-modules

pin_count_shown() {
    refuses "CKR_PIN_INCORRECT" p11_token --login --pin 11111111 --list-objects
    says "user-pin-count-low" p11-kit list-modules
    p11_user --list-objects
    silent_about "user-pin-count-low" p11-kit list-modules
}
# consumers: pin-count-low
step "p11-kit shows user-pin-count-low after a wrong PIN, not after the right one" pin_count_shown
works_through "p11-kit-proxy.so" "$libdir/p11-kit-proxy.so"

# --- remote: and server --------------------------------------------------------------------------

p11_kit_modules "remote: |p11-kit remote $MODULE"
step "remote: p11-kit list-modules shows the token" says "token: $LABEL" p11-kit list-modules
works_through "remote" "$libdir/p11-kit-proxy.so"

p11_kit_modules "module: $MODULE"
serve server 0 p11-kit server --foreground --name "$SCRATCH/server" --provider "$MODULE" "pkcs11:token=$LABEL"
export P11_KIT_SERVER_ADDRESS=unix:path=$SCRATCH/server
step "p11-kit server listens" wait_socket "$SCRATCH/server"
works_through "p11-kit server and p11-kit-client.so" "$libdir/pkcs11/p11-kit-client.so"
