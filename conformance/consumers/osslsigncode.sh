# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# osslsigncode: Authenticode signatures by a key in the token, by libp11's engine.

token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC key pair" token_keypair EC:secp256r1 02 ec

# The smallest file that counts as a Windows program: MZ and PE headers, one section.
program_made() {
    {
        printf 'MZ'
        head -c 58 /dev/zero
        printf '\x40\0\0\0PE\0\0\x64\x86\1\0'
        head -c 12 /dev/zero
        printf '\xf0\0\x22\0\x0b\2\0\0'
        head -c 52 /dev/zero
        printf '\0\2\0\0'
        head -c 48 /dev/zero
        printf '\x10\0\0\0'
        head -c 128 /dev/zero
    } >headers
    { cat headers; head -c $((1024 - $(stat -c %s headers))) /dev/zero; } >program.exe
}
need "a program to sign" program_made

certificates() {
    printf '%s\n' '[code]' 'basicConstraints = CA:FALSE' 'keyUsage = digitalSignature' 'extendedKeyUsage = codeSigning' >code.cnf
    ca_create
    ca_issue rsa.pub.pem signer rsa.pem code.cnf code
    ca_issue ec.pub.pem signer ec.pem code.cnf code
}
need "certificates" certificates

signs() {
    rm -f signed.exe
    osslsigncode sign -pkcs11module "$MODULE" \
        -certs "$1.pem" -key "pkcs11:token=$LABEL;object=$1;type=private;pin-value=$PIN" -h "$2" -in program.exe -out signed.exe
    says "Signature verification: ok" osslsigncode verify -CAfile ca.pem -in signed.exe
}
step "a program signed by the RSA key, SHA-256" signs rsa sha256
step "a program signed by the RSA key, SHA-512" signs rsa sha512
step "a program signed by the EC key" signs ec sha256

extracted() {
    osslsigncode extract-signature -in signed.exe -out signature.p7 -pem
    says "CN=signer|CN = signer" judge pkcs7 -in signature.p7 -print_certs -noout
}
step "OpenSSL reads the signature" extracted
