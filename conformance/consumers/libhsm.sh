# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenDNSSEC's libhsm, by ods-hsmutil: keys whose public half is a session object
# (SkipPublicKey), DNSKEY records, and its own test of key generation and signing.

token_create

cat >conf.xml <<TXT
<?xml version="1.0" encoding="UTF-8"?>
<Configuration>
  <RepositoryList>
    <Repository name="consumer">
      <Module>$MODULE</Module>
      <TokenLabel>$LABEL</TokenLabel>
      <PIN>$PIN</PIN>
      <SkipPublicKey/>
      <AllowExtraction/>
    </Repository>
  </RepositoryList>
</Configuration>
TXT
ods() {
    ods-hsmutil -c conf.xml -f "$@"
}

# consumers: init-os-locking
need "the repository is found" says "consumer" ods info

generates() {
    ods generate consumer "$@"
    ods list consumer | tee listed
    grep -qE "^consumer +[0-9a-f]{32} " listed
}
# consumers: sparse-libhsm, keys-without-label
step "an RSA-2048 key" generates rsa 2048
step "an ECDSA P-256 key" generates ecdsa 256
step "an ECDSA P-384 key" generates ecdsa 384

no_public_key() {
    silent_about "Public Key Object; RSA" p11_user --list-objects
}
step "the RSA key's public half does not stay in the token" no_public_key

dnskeys() {
    local id kind
    while read -r _ id kind; do
        case $kind in
        RSA/*) says "IN[[:space:]]+DNSKEY" ods dnskey "$id" example.test 257 8 ;;
        ECDSA/256) says "IN[[:space:]]+DNSKEY" ods dnskey "$id" example.test 257 13 ;;
        ECDSA/384) says "IN[[:space:]]+DNSKEY" ods dnskey "$id" example.test 257 14 ;;
        esac
    done < <(grep '^consumer ' listed)
}
step "DNSKEY records" dnskeys
# The test also tries RSA with 512 bits, DSA and GOST, and fails in total where a token
# rightly refuses them: what counts is what it says of the rest.
run_test() {
    captured ods test consumer
    printf '%s\n' "${OUTPUT//Generating/$'\n'Generating}" >test.out
    grep -q 'Testing repository: consumer' test.out
}
part_passes() {
    awk -v part="$1" '
        /^Generating/           { inside = index($0, part) > 0; seen = seen || inside }
        inside && /Failed|fail/ { bad = 1 }
        inside                  { print }
        END                     { exit !seen || bad }' test.out
}
step "ods-hsmutil test runs to its end" run_test
for part in "2048-bit RSA" "4096-bit RSA" "ECDSA Curve P-256" "ECDSA Curve P-384" ED25519 ED448 "random data"; do
    step "ods-hsmutil test: $part" part_passes "$part"
done

purged() {
    ods purge consumer
    silent_about "Private Key Object" p11_user --list-objects
}
step "ods-hsmutil purge removes all keys" purged
