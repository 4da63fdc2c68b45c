# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# MIT Kerberos: kinit by PKINIT with certificate and key in the token, against a KDC of
# the test's own on the loopback interface.

token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa

port=$(free_port)
mkdir kdc
export KRB5_CONFIG=$SCRATCH/krb5.conf KRB5_KDC_PROFILE=$SCRATCH/kdc.conf KRB5CCNAME=FILE:$SCRATCH/ccache
cat >krb5.conf <<TXT
[libdefaults]
    default_realm = CONSUMER.TEST
    dns_lookup_kdc = false
    dns_lookup_realm = false
    rdns = false
[realms]
    CONSUMER.TEST = {
        kdc = 127.0.0.1:$port
        pkinit_anchors = FILE:$SCRATCH/ca.pem
        pkinit_eku_checking = kpKDC
        pkinit_kdc_hostname = localhost
    }
TXT
cat >kdc.conf <<TXT
[kdcdefaults]
    kdc_listen = 127.0.0.1:$port
    kdc_tcp_listen = 127.0.0.1:$port
[realms]
    CONSUMER.TEST = {
        database_name = $SCRATCH/kdc/principal
        key_stash_file = $SCRATCH/kdc/stash
        acl_file = $SCRATCH/kdc/acl
        pkinit_identity = FILE:$SCRATCH/kdc.pem,$SCRATCH/kdc.key
        pkinit_anchors = FILE:$SCRATCH/ca.pem
        pkinit_eku_checking = none
    }
[logging]
    kdc = STDERR
TXT

# A certificate with a Kerberos principal as subjectAltName.
principal_extension() {
    printf '%s\n' "[$1]" 'basicConstraints = CA:FALSE' 'keyUsage = digitalSignature,keyEncipherment' "extendedKeyUsage = $2" \
        "subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:principal,DNS:localhost" '[principal]' \
        'realm = EXP:0,GeneralString:CONSUMER.TEST' 'name = EXP:1,SEQUENCE:name' '[name]' "type = EXP:0,INTEGER:$3" \
        'parts = EXP:1,SEQUENCE:parts' '[parts]'
    shift 3
    local n=0 part
    for part in "$@"; do
        n=$((n + 1))
        echo "part$n = GeneralString:$part"
    done
}
realm() {
    ca_create
    principal_extension kdc 1.3.6.1.5.2.3.5 2 krbtgt CONSUMER.TEST >kdc.ext
    judge genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out kdc.key
    judge pkey -in kdc.key -pubout -out kdc.pub.pem
    ca_issue kdc.pub.pem kdc kdc.pem kdc.ext kdc
    principal_extension client 1.3.6.1.5.2.3.4 1 alice >client.ext
    ca_issue rsa.pub.pem alice client.pem client.ext client
    token_certificate 01 alice client.pem
    kdb5_util create -s -r CONSUMER.TEST -P master
    kadmin.local -q 'addprinc -randkey +requires_preauth alice'
}
need "a realm, and a certificate for alice in the token" realm
serve krb5kdc "$port" krb5kdc -n

ticket() {
    kdestroy -q 2>/dev/null || true
    printf '%s\n' "$2" | setsid -w kinit -X "X509_user_identity=PKCS11:module_name=$MODULE:$1" alice
    says "Default principal: alice@CONSUMER.TEST" klist
    says "krbtgt/CONSUMER.TEST" klist
}
# consumers: init-os-locking
step "kinit: token and certid" ticket "token=$LABEL:certid=01" "$PIN"
step "kinit: token and certlabel" ticket "token=$LABEL:certlabel=alice" "$PIN"
step "kinit: token alone" ticket "token=$LABEL" "$PIN"

# kinit shows the token's PIN flags in its prompt.
wrong_pin() {
    refuses "PIN|fail" ticket "token=$LABEL:certid=01" 11111111
    says "user PIN|PIN count|low|LOW" ticket "token=$LABEL:certid=01" "$PIN"
    ticket "token=$LABEL:certid=01" "$PIN"
}
# consumers: pin-count-low
step "a wrong PIN gives no ticket, the next prompt warns, the right PIN works" wrong_pin
# consumers: anchor-12-error-queue
step "no message of other OpenSSL engines" silent_about "rdrand|could not load" ticket "token=$LABEL:certid=01" "$PIN"
