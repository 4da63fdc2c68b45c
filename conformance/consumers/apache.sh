# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Apache's mod_ssl with its key in the token, by libp11's engine ("pkcs11:..." as the key
# file) and by pkcs11-provider (URI-PEM): event MPM, children of another user, graceful
# restart.

URI="pkcs11:token=$LABEL"
token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC key pair" token_keypair EC:secp256r1 02 ec

certificates() {
    ca_create
    ca_issue rsa.pub.pem localhost rsa.pem
    ca_issue ec.pub.pem localhost ec.pem
    cp ca.pem roots.pem
}
need "an authority in files certifies both keys" certificates

modules=/usr/lib/apache2/modules
child_user=root
if [[ $EUID -eq 0 ]] && id www-data >/dev/null 2>&1; then
    child_user=www-data
    store_give_to www-data
fi

apache_config() {
    mkdir -p "$1/run"
    printf 'it works\n' >"$1/index.html"
    cat <<TXT
ServerRoot $SCRATCH/$1
ServerName localhost
PidFile $SCRATCH/$1/run/pid
Mutex file:$SCRATCH/$1/run default
ErrorLog $SCRATCH/log/$1.error
LogLevel info
Listen 127.0.0.1:$2
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule dir_module $modules/mod_dir.so
LoadModule ssl_module $modules/mod_ssl.so
LoadModule socache_shmcb_module $modules/mod_socache_shmcb.so
User $child_user
Group $child_user
StartServers 2
ServerLimit 4
ThreadsPerChild 8
MaxRequestWorkers 32
DocumentRoot $SCRATCH/$1
SSLSessionCache none
SSLSessionTickets off
<VirtualHost 127.0.0.1:$2>
SSLEngine on
SSLProtocol -all +TLSv1.2 +TLSv1.3
SSLCertificateFile $SCRATCH/rsa.pem
SSLCertificateKeyFile "$3"
SSLCertificateFile $SCRATCH/ec.pem
SSLCertificateKeyFile "$4"
</VirtualHost>
TXT
}

# In a freshly forked process with several threads pkcs11-provider 1.0 now and then
# refuses a handshake by itself: one more try is allowed.
page() {
    tls_get "$port" "$@" 2>/dev/null || tls_get "$port" "$@"
}
answers() {
    local version
    for version in tls1_2 tls1_3; do
        says "it works" page "-$version" -sigalgs rsa_pss_rsae_sha256
        says "it works" page "-$version" -sigalgs ecdsa_secp256r1_sha256
    done
}
many() {
    for _ in 1 2 3; do
        page -tls1_3 | grep "it works"
        page -tls1_2 | grep "it works"
    done
    echo "client $1"
}
graceful() {
    kill -USR1 "$1"
    sleep 1
    answers
}
nobody_died() {
    cat "log/$1.error"
    if grep -E 'exit signal' "log/$1.error"; then return 1; fi
}

served() {
    local name=$1 text=$2
    port=$(free_port)
    apache_config "$name" "$port" "$3" "$4" >"$name.conf"
    serve "$name" "$port" env OPENSSL_CONF="$SCRATCH/$name.cnf" apache2 -D FOREGROUND -f "$SCRATCH/$name.conf"
    step "$text: TLS 1.2 and 1.3 with both keys" answers
    step "$text: 4 clients at once, 6 handshakes each" in_parallel 4 many
    # consumers: fork-login-again, reload
    step "$text: a graceful restart" graceful "$SERVER_PID"
    serve_stop "$SERVER_PID"
    # consumers: anchor-1-exit
    anchor 1 step "$text: no process died by a signal" nobody_died "$name"
}

engine_config "PIN = $PIN" 'init = 1' >engine.cnf
served engine "Apache with the engine" "$URI;object=rsa;type=private" "$URI;object=ec;type=private"

provider_config_with_pin >provider.cnf
uri_pem "$URI;object=rsa;type=private" rsa.uri.pem
uri_pem "$URI;object=ec;type=private" ec.uri.pem
# consumers: uri-pem
served provider "Apache with the provider" "$SCRATCH/rsa.uri.pem" "$SCRATCH/ec.uri.pem"
