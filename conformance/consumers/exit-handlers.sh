# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# C_* functions called from atexit and OPENSSL_atexit handlers, registered before and
# after the module, and after OPENSSL_cleanup: the exit status is 0 each time.

program late_calls -lcrypto
token_create
need "an RSA key pair for the cases" token_keypair rsa:2048 01 rsa

late() {
    ./late_calls "$MODULE" "$LABEL" "$PIN" "$1"
}
# consumers: anchor-1-exit
anchor 1 step "atexit handler registered before the module was loaded: runs after the module's own" late atexit-before
anchor 1 step "atexit handler registered after the last use" late atexit-after
anchor 1 step "OPENSSL_atexit handler registered before the module was loaded" late openssl-atexit-before
anchor 1 step "OPENSSL_atexit handler registered after the last use" late openssl-atexit-after
anchor 1 step "every kind of call after OPENSSL_cleanup" late openssl-cleanup-first
anchor 1 step "every kind of call from an atexit handler" late uses-in-atexit
anchor 1 step "C_Finalize in time, and the handlers call again" late finalized-then-late
anchor 1 step "handlers call though C_Initialize was never called" late never-initialized
