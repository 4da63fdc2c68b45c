# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# pkcs11-tool's own test modes, Ed25519, forked children, and eight processes at once
# on one token.

printf 'the quick brown fox' >message
token_create

# --- the tool's test modes --------------------------------------------------------------

self_test() {
    token_keypair rsa:2048 01 rsa
    p11_user --keypairgen --key-type EC:secp256r1 --id 02 --label ec
    says "No errors" p11_user --test
}
# consumers: anchor-5-oaep
# --test decrypts with RSA-OAEP, SHA-256 and a label, and counts what goes wrong.
anchor 5 step "--test: digests, signatures, unwrapping, decryption, random: no errors" self_test

test_ec() {
    says "==> OK" p11_user --session-rw --test-ec --id "$1" --key-type "$2"
}
# consumers: anchor-4-hashed-ecdsa
anchor 4 step "--test-ec P-256: CKM_ECDSA_SHA1, buffer too small, set and delete" test_ec 11 EC:secp256r1
anchor 4 step "--test-ec P-384" test_ec 12 EC:secp384r1
anchor 4 step "--test-ec P-521" test_ec 13 EC:secp521r1

moz_cert() {
    judge req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out moz.pem -days 30 -subj "/CN=moz"
    judge x509 -in moz.pem -outform DER -out moz.der
    says "successful" p11_user --session-rw --moz-cert moz.der --id 21 --key-type rsa:2048
}
# consumers: set-id, set-label, set-subject, reload
step "--moz-cert: NSS's sequence, with the module unloaded and loaded again" moz_cert

# The tool waits 30 s if a thread is not ready when it has done its own work: the login
# keeps it busy for long enough, as a rule.
# consumers: two-initialize
softhsm_lacks "this (it crashes)" step "--test-threads: four threads and the program call C_Initialize at once" \
    says "all threads have ended with CKR_OK" p11_user --list-objects \
    --test-threads INGISLT0 --test-threads ILSLT0 --test-threads INSLT0GI --test-threads ILGISLT0
softhsm_lacks "this (it crashes)" step "--test-threads with --use-locking" \
    says "all threads have ended with CKR_OK" p11_user --use-locking --list-objects \
    --test-threads ILSLT0 --test-threads ILSLT0GI

fork_test() {
    silent_about "failed|Aborting" p11_user "$@" --test-fork
}
# consumers: anchor-8-fork
anchor 8 step "--test-fork: C_Initialize(NULL) in a forked child" fork_test
anchor 8 step "--test-fork with --use-locking" fork_test --use-locking

hotplug() {
    printf '\nx\nx\n' | p11 --test-hotplug
}
step "--test-hotplug: the slots are listed anew in one process" says "token label *: $LABEL" hotplug

# --- Ed25519 -----------------------------------------------------------------------------

ed25519_pair() {
    p11_user --keypairgen --key-type EC:edwards25519 --id 31 --label ed
    p11_token --read-object --type pubkey --id 31 -o ed.pub.pem
    judge pkey -pubin -in ed.pub.pem -noout -text | grep -i ed25519
}
ed25519_signs() {
    p11_user --sign -m EDDSA --id 31 -i message -o signature
    [[ $(stat -c %s signature) -eq 64 ]]
    judge pkeyutl -verify -pubin -inkey ed.pub.pem -rawin -in message -sigfile signature
    p11_token --verify -m EDDSA --id 31 -i message --signature-file signature |
        grep "Signature is valid"
    printf 'another message' >other
    p11_token --verify -m EDDSA --id 31 -i other --signature-file signature |
        grep "Invalid signature"
}
# consumers: ed25519-printable-string
step "CKM_EC_EDWARDS_KEY_PAIR_GEN, curve as PrintableString edwards25519" ed25519_pair
step "EDDSA verified by OpenSSL and by the token" ed25519_signs

ed25519_deterministic() {
    p11_user --sign -m EDDSA --id 31 -i message -o signature.1
    p11_user --sign -m EDDSA --id 31 -i message -o signature.2
    cmp signature.1 signature.2
}
step "EDDSA is deterministic" ed25519_deterministic

# --- processes ------------------------------------------------------------------------------

# One process of eight: login, sign, make a key, write data, delete it, five times over.
worker() {
    local n=$1 round
    for round in 1 2 3 4 5; do
        p11_user --sign -m SHA256-RSA-PKCS --id 01 -i message -o "signature.$n"
        judge dgst -sha256 -verify rsa.pub.pem -signature "signature.$n" message
        p11_user --keygen --key-type AES:16 --id "$(printf '%02x%02x' "$n" "$round")" --label "p$n-$round" --extractable
        printf 'worker %s round %s' "$n" "$round" >"data.$n"
        p11_user --write-object "data.$n" --type data --label "data-$n"
        p11_user --read-object --type data --label "data-$n" -o "back.$n"
        cmp "data.$n" "back.$n"
        p11_user --delete-object --type data --label "data-$n"
    done
}
# consumers: anchor-9-processes
anchor 9 step "8 processes at once, 5 rounds: login, sign, keygen, write, read, delete" in_parallel 8 worker

nothing_lost() {
    p11_user --list-objects --type secrkey >listed
    [[ $(grep -c "label: *p[1-8]-[1-5]\$" listed) -eq 40 ]]
    p11_user --list-objects --type data >listed
    [[ $(grep -c "data-" listed) -eq 0 ]]
}
anchor 9 step "afterwards: 40 keys, none lost, none twice, no deleted object left" nothing_lost

many_logins() {
    for _ in 1 2 3 4 5 6; do
        p11_user --list-objects --type privkey | grep -q "label: *rsa"
    done
    echo "$1 done"
}
anchor 9 step "8 processes at once log in six times each and see the key each time" in_parallel 8 many_logins
