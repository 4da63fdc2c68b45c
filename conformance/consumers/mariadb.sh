# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# MariaDB: a server whose ssl_key is a URI-PEM file, by pkcs11-provider in a process with
# many threads. (FLUSH SSL is left out: pkcs11-provider 1.0 then finds the session copy of
# the key that it made itself, and destroys it while it is in use, with any module.)

URI="pkcs11:token=$LABEL"
token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa

certificates() {
    ca_create
    ca_issue rsa.pub.pem localhost rsa.pem
    uri_pem "$URI;object=rsa;type=private" rsa.uri.pem
}
need "a certificate and a URI-PEM file" certificates

provider_config_with_pin >provider.cnf

database() {
    mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$SCRATCH/data" --auth-root-authentication-method=normal \
        --skip-test-db --skip-name-resolve --innodb-log-file-size=4M
}
need "a database" database

port=$(free_port)
serve mariadbd "$port" env OPENSSL_CONF="$SCRATCH/provider.cnf" mariadbd --no-defaults --user="$(id -un)" --datadir="$SCRATCH/data" \
    --socket="$SCRATCH/socket" --pid-file="$SCRATCH/pid" --bind-address=127.0.0.1 --port="$port" --skip-name-resolve \
    --ssl-cert="$SCRATCH/rsa.pem" --ssl-key="$SCRATCH/rsa.uri.pem" --ssl-ca="$SCRATCH/ca.pem" --innodb-log-file-size=4M \
    --innodb-flush-log-at-trx-commit=0

# pkcs11-provider 1.0 now and then refuses the first handshake in a new thread by itself:
# one more try is allowed.
query() {
    local command=(mariadb --no-defaults --protocol=tcp --host=127.0.0.1 --port="$port" --user=root --ssl-ca=ca.pem
        --ssl-verify-server-cert --tls-version="$1" -N -e "show status like 'Ssl_version'")
    "${command[@]}" 2>/dev/null || "${command[@]}"
}
step "TLS 1.2 with the token's key" says "TLSv1.2" query TLSv1.2
# consumers: tls13-pss
step "TLS 1.3 with the token's key" says "TLSv1.3" query TLSv1.3

many() {
    for _ in 1 2 3 4 5; do
        query TLSv1.3 | grep TLSv1.3
    done
    echo "client $1"
}
step "8 clients at once, 5 connections each" in_parallel 8 many

stopped() {
    mariadb --no-defaults --socket="$SCRATCH/socket" --user=root --skip-ssl -e SHUTDOWN
    for _ in {1..100}; do
        kill -0 "$1" 2>/dev/null || break
        sleep 0.05
    done
    cat log/mariadbd
    if grep -E 'signal 11|mysqld got signal|Assertion' log/mariadbd; then return 1; fi
}
# consumers: anchor-1-exit
anchor 1 step "the server ends without a crash" stopped "$SERVER_PID"
