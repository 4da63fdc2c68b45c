# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# nginx with its keys in the token, by libp11's engine and by pkcs11-provider: the master
# loads the keys as root, forked workers of another user sign, the server is reloaded
# under load, and no worker may die by a signal, not even while it exits.

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

worker_user=root
if [[ $EUID -eq 0 ]] && id www-data >/dev/null 2>&1; then
    worker_user=www-data
    store_give_to www-data
fi

# nginx clears its environment but for what `env` names.
# consumers: server-environment
nginx_config() {
    local variable
    echo "worker_processes 2; daemon off; user $worker_user; pid $SCRATCH/$1.pid; error_log $SCRATCH/log/$1.error info;"
    for variable in OPENSSL_CONF "${MODULE_ENV[@]}"; do
        echo "env $variable;"
    done
    cat <<TXT
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $SCRATCH/tmp; proxy_temp_path $SCRATCH/tmp; fastcgi_temp_path $SCRATCH/tmp;
    uwsgi_temp_path $SCRATCH/tmp; scgi_temp_path $SCRATCH/tmp;
    ssl_session_cache off; ssl_session_tickets off; ssl_protocols TLSv1.2 TLSv1.3;
    server {
        listen 127.0.0.1:$2 ssl;
        ssl_certificate $SCRATCH/rsa.pem; ssl_certificate_key "$3";
        ssl_certificate $SCRATCH/ec.pem; ssl_certificate_key "$4";
        return 200 "New, \$ssl_protocol, \$ssl_cipher, by \$pid\n";
    }
}
TXT
}

answers() {
    local version
    for version in 2 3; do
        says "New, TLSv1.$version, .*RSA|New, TLSv1.3" tls_get "$port" "-tls1_$version" -sigalgs rsa_pss_rsae_sha256
        says "New, TLSv1.$version, .*ECDSA|New, TLSv1.3" tls_get "$port" "-tls1_$version" -sigalgs ecdsa_secp256r1_sha256
    done
}
many() {
    for _ in 1 2 3 4 5; do
        tls_get "$port" -tls1_3 | grep "New, TLSv1.3"
        tls_get "$port" -tls1_2 | grep "New, TLSv1.2"
    done
    echo "client $1"
}
reload_under_load() {
    local pids=() pid
    for ((i = 1; i <= 4; i++)); do
        many "$i" &
        pids+=("$!")
    done
    for _ in 1 2 3; do
        sleep 0.2
        kill -HUP "$1"
    done
    for pid in "${pids[@]}"; do
        wait "$pid"
    done
    sleep 0.5
    answers
}
nobody_died() {
    cat "log/$1.error" >&2
    if grep -E 'exited on signal|exited with (fatal )?code [1-9]' "log/$1.error"; then return 1; fi
}

served() {
    local name=$1 text=$2 number=$3
    port=$(free_port)
    nginx_config "$name" "$port" "$4" "$5" >"$name.conf"
    serve "$name" "$port" env OPENSSL_CONF="$SCRATCH/$name.cnf" nginx -p "$SCRATCH" -c "$SCRATCH/$name.conf" -e "$SCRATCH/log/$name.error"
    step "$text: TLS 1.2 and 1.3 with both keys" answers
    step "$text: 4 clients at once, 10 handshakes each" in_parallel 4 many
    # consumers: fork-login-again, reload
    step "$text: three reloads under load" reload_under_load "$SERVER_PID"
    serve_stop "$SERVER_PID"
    # consumers: anchor-1-exit
    anchor "$number" step "$text: no worker died by a signal" nobody_died "$name"
}

# --- engine -------------------------------------------------------------------------------------

engine_config "PIN = $PIN" 'init = 1' >engine.cnf
# consumers: uri-engine-prefix
served engine "nginx with the engine" 1 "engine:pkcs11:$URI;object=rsa;type=private" "engine:pkcs11:$URI;object=ec;type=private"

# --- provider -----------------------------------------------------------------------------------

provider_config_with_pin >provider.cnf
uri_pem "$URI;object=rsa;type=private" rsa.uri.pem
uri_pem "$URI;object=ec;type=private" ec.uri.pem
# consumers: uri-pem
served provider "nginx with the provider" 1 "$SCRATCH/rsa.uri.pem" "$SCRATCH/ec.uri.pem"
