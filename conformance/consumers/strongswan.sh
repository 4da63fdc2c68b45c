# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# strongSwan's pki. It passes mutex callbacks with flags 0, and finalises the module from
# an exit handler: where that crashes, standard output with the certificate is lost, too.

token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC key pair" token_keypair EC:secp256r1 02 ec
need "an EC P-384 key pair" token_keypair EC:secp384r1 03 ec384

export STRONGSWAN_CONF=$SCRATCH/strongswan.conf
strongswan_config() {
    cat <<TXT
pki {
    load = pkcs11 random nonce x509 revocation constraints pubkey pkcs1 pkcs7 pkcs8 pkcs12 pem gmp sha1 sha2 md5 mgf1 hmac drbg
}
libstrongswan {
    plugins {
        pkcs11 {
            use_ecc = yes
            modules {
                consumer {
                    path = $MODULE
                    os_locking = $1
                }
            }
        }
    }
}
TXT
}
strongswan_config no >strongswan.conf

# Without a terminal pki reads the PIN from standard input.
pki_pin() {
    printf '%s\n' "$PIN" | setsid -w pki "$@"
}
shown() {
    anchor 1 step "$@"
}

self_signed() {
    pki_pin --self --keyid "$1" --type priv --dn "CN=$2" --ca --digest "$3" --outform pem "${@:4}" >"ca-$2.pem"
    judge verify -check_ss_sig -CAfile "ca-$2.pem" "ca-$2.pem"
    cmp <(judge x509 -in "ca-$2.pem" -noout -pubkey) "$2.pub.pem"
}
# consumers: init-own-mutexes, anchor-1-exit
shown "a self-signed RSA certificate" self_signed 01 rsa sha256
shown "a self-signed RSA certificate, SHA-512" self_signed 01 rsa sha512
shown "a self-signed P-256 certificate" self_signed 02 ec sha256
shown "a self-signed P-384 certificate" self_signed 03 ec384 sha384

request() {
    pki_pin --req --keyid "$1" --type priv --dn "CN=request-$2" --outform pem >"$2.csr"
    judge req -in "$2.csr" -noout -verify
}
shown "a certificate request, RSA" request 01 rsa
shown "a certificate request, EC" request 02 ec

issue() {
    judge genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out leaf.key
    judge pkey -in leaf.key -pubout -outform DER -out leaf.pub.der
    pki_pin --issue --in leaf.pub.der --type pub --cacert ca-rsa.pem --cakeyid 01 --dn "CN=leaf" --outform pem >leaf.pem
    judge verify -CAfile ca-rsa.pem leaf.pem
}
shown "the token's RSA key issues a certificate" issue

revoke() {
    pki_pin --signcrl --cacert ca-rsa.pem --cakeyid 01 --serial 01ab --outform pem >crl.pem
    says "verify OK" judge crl -in crl.pem -noout -CAfile ca-rsa.pem -verify
}
shown "the token's RSA key signs a revocation list" revoke

identifier() {
    says "[0-9a-f:]{40}" pki_pin --keyid --keyid 01 --type priv
    pki_pin --pub --keyid 01 --type priv --outform pem >found.pem
    cmp found.pem rsa.pub.pem
}
shown "the public key of a key by --keyid" identifier

strongswan_config yes >strongswan.conf
# consumers: init-os-locking
shown "os_locking = yes: a self-signed certificate" self_signed 01 rsa sha256

wrong_pin() {
    refuses "." env PIN=11111111 bash -c 'printf "11111111\n" | setsid -w pki --self --keyid 01 --dn CN=x --outform pem'
    self_signed 01 rsa sha256
}
shown "a wrong PIN: an error, no crash; the right one works after it" wrong_pin
