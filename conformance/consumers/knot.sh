# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Knot DNS: keymgr and kzonesign with keys in the token, by GnuTLS; the keys have no
# CKA_LABEL and are found by CKA_ID. ldns verifies the zones.

token_create

for zone in rsa ec256 ec384; do
    printf '%s.test. 3600 IN SOA ns.%s.test. admin.%s.test. 1 3600 600 86400 3600\n' "$zone" "$zone" "$zone"
    printf '%s.test. 3600 IN NS ns.%s.test.\nns.%s.test. 3600 IN A 192.0.2.1\nwww.%s.test. 3600 IN A 192.0.2.2\n' \
        "$zone" "$zone" "$zone" "$zone"
done >zones
for zone in rsa ec256 ec384; do grep "$zone" zones >"$zone.test.zone"; done

knot_config() {
    printf '%s\n' 'database:' "    storage: $SCRATCH/knot" 'server:' "    rundir: $SCRATCH/knot" 'keystore:' '  - id: token' \
        '    backend: pkcs11' "    config: \"pkcs11:token=$LABEL;pin-value=$1 $MODULE\"" 'policy:'
    printf '  - id: %s\n    keystore: token\n    algorithm: %s\n    manual: on\n' \
        rsa rsasha256 ec256 ecdsap256sha256 ec384 ecdsap384sha384
    echo 'zone:'
    for zone in rsa ec256 ec384; do
        printf '  - domain: %s.test\n    storage: %s\n    file: %s.test.zone\n    dnssec-signing: on\n    dnssec-policy: %s\n' \
            "$zone" "$SCRATCH" "$zone" "$zone"
    done
}
mkdir knot
knot_config "$PIN" >knot.conf

generate() {
    keymgr -c knot.conf "$1.test" generate "algorithm=$2" ksk=yes zsk=no "${@:3}"
    keymgr -c knot.conf "$1.test" generate "algorithm=$2" ksk=no zsk=yes "${@:3}"
    keymgr -c knot.conf "$1.test" list
}
# consumers: init-no-threads, keys-without-label
step "keymgr makes RSA keys" generate rsa RSASHA256 size=2048
step "keymgr makes P-256 keys" generate ec256 ECDSAP256SHA256
step "keymgr makes P-384 keys" generate ec384 ECDSAP384SHA384
six_keys() {
    p11_user --list-objects --type privkey >listed
    [[ $(grep -c 'Private Key Object' listed) -eq 6 ]]
}
step "the keys are in the token" six_keys

signed() {
    kzonesign -c knot.conf -o "$SCRATCH" "$1.test"
    grep -q RRSIG "$1.test.zone"
    keymgr -c knot.conf "$1.test" dnskey >"$1.dnskey"
    says "is verified and complete|Zone is verified" ldns-verify-zone "$1.test.zone"
}
for zone in rsa ec256 ec384; do
    step "kzonesign signs by $zone, ldns verifies the zone" signed "$zone"
done

wrong_pin() {
    knot_config 11111111 >wrong.conf
    refuses "." keymgr -c wrong.conf rsa.test generate algorithm=RSASHA256 ksk=yes
    keymgr -c knot.conf rsa.test generate algorithm=RSASHA256 size=2048 ksk=no zsk=yes
}
step "a wrong PIN is refused, the right one works after it" wrong_pin
