# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# dlopen with RTLD_DEEPBIND under jemalloc, as pkcs11-provider does it inside BIND.

program deepbind
token_create
need "an RSA key pair for the cases" token_keypair rsa:2048 01 rsa

jemalloc=$(ldconfig -p | awk '/libjemalloc\.so\.2/ { print $NF; exit }')
deep() {
    LD_PRELOAD=$1 ./deepbind "$MODULE" "$LABEL" "$PIN" "$2"
}
step "RTLD_DEEPBIND alone" deep "" work
# consumers: anchor-11-deepbind
anchor 11 step "RTLD_DEEPBIND under jemalloc: C_Initialize, login, sign, keys, C_Finalize" deep "$jemalloc" work
anchor 11 step "the same twice in one process" deep "$jemalloc" twice

provider_under_jemalloc() {
    provider_config_with_pin >provider.cnf
    LD_PRELOAD=$jemalloc OPENSSL_CONF=$SCRATCH/provider.cnf openssl dgst -sha256 \
        -sign "pkcs11:token=$LABEL;object=rsa;type=private" -out signature provider.cnf
    judge dgst -sha256 -verify rsa.pub.pem -signature signature provider.cnf
}
anchor 11 step "openssl with pkcs11-provider under jemalloc" provider_under_jemalloc
