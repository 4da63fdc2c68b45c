# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The host application's OpenSSL error queue, and its configuration, are not the module's.

program error_queue -lcrypto
token_create
need "an RSA key pair for the cases" token_keypair rsa:2048 01 rsa

queue() {
    ./error_queue "$MODULE" "$LABEL" "$PIN" "$1"
}
# consumers: anchor-12-error-queue
anchor 12 step "an empty queue stays empty: good calls, refused calls, bad keys" queue empty-stays-empty
anchor 12 step "what the host had in its queue stays, and nothing is added" queue content-stays

# The host's openssl.cnf names the very provider or engine that loads the module, or is
# broken: the module must not read it.
printf 'openssl_conf = init\n[init]\nproviders = providers\n[providers]\nabsent = absent\n[absent]\nmodule = /absent.so\nactivate = 1\n' >absent.cnf
printf 'this is [ no configuration\n' >broken.cnf
configured() {
    OPENSSL_CONF=$SCRATCH/$1 p11_user --sign -m SHA256-RSA-PKCS --id 01 -i "$PLAIN_CONFIG" -o signature
    judge dgst -sha256 -verify rsa.pub.pem -signature signature "$PLAIN_CONFIG"
}
softhsm_lacks "this" step "an openssl.cnf whose provider does not exist is not read" configured absent.cnf
softhsm_lacks "this" step "an openssl.cnf that cannot be parsed is not read" configured broken.cnf
