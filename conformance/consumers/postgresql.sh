# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# PostgreSQL: a server whose TLS key is a URI-PEM file (pkcs11-provider; each connection
# is a forked process that signs), and libpq with its client key in the token (engine).

bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | tail -n 1)
[[ -x $bin/initdb ]] || skip "no PostgreSQL server in /usr/lib/postgresql"
URI="pkcs11:token=$LABEL"
user=$(id -un)
as_server=()
if [[ $EUID -eq 0 ]]; then
    user=postgres
    as_server=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi

token_create
need "an RSA key pair for the server" token_keypair rsa:2048 01 server
need "an EC key pair for the client" token_keypair EC:secp256r1 02 client
need "an RSA key pair for the client" token_keypair rsa:2048 03 client-rsa

certificates() {
    ca_create
    ca_issue server.pub.pem localhost server.pem
    ca_issue client.pub.pem "$user" client.pem
    ca_issue client-rsa.pub.pem "$user" client-rsa.pem
    cp ca.pem roots.pem
}
need "certificates" certificates

provider_config_with_pin >provider.cnf
engine_config "PIN = $PIN" 'init = 0' >engine.cnf

# --- the server ----------------------------------------------------------------------------------

server_made() {
    mkdir data sockets
    uri_pem "$URI;object=server;type=private" server.uri.pem
    if [[ $EUID -eq 0 ]]; then
        chown postgres data sockets
        store_give_to postgres
    fi
    "${as_server[@]}" "$bin/initdb" -D data -A trust -U "$user" --no-sync
    install -m 600 server.uri.pem data/server.key
    cp server.pem data/server.crt
    cp ca.pem data/root.crt
    printf 'hostssl all all 127.0.0.1/32 cert\nlocal all all trust\n' >data/pg_hba.conf
    printf '%s\n' "listen_addresses = '127.0.0.1'" "port = $port" "unix_socket_directories = '$SCRATCH/sockets'" 'ssl = on' \
        "ssl_ca_file = 'root.crt'" 'fsync = off' 'shared_buffers = 16MB' 'max_connections = 30' >>data/postgresql.conf
    [[ $EUID -ne 0 ]] || chown -R postgres data
}
port=$(free_port)
need "a server whose ssl_key_file is a URI-PEM file" server_made
serve postgres "$port" "${as_server[@]}" env OPENSSL_CONF="$SCRATCH/provider.cnf" HOME="$SCRATCH/home" "$bin/postgres" -D "$SCRATCH/data"

# A client with its own key in the token; libpq takes "ENGINE:KEY".
export PGSSLROOTCERT=$SCRATCH/ca.pem PGHOST=127.0.0.1 PGPORT=$port PGUSER=$user PGDATABASE=postgres PGSSLMODE=verify-ca
# consumers: uri-libpq
query() {
    OPENSSL_CONF=$SCRATCH/engine.cnf PGSSLCERT=$SCRATCH/$1.pem PGSSLKEY="pkcs11:$URI;object=$1;type=private" \
        psql -X -A -t -c "select 'version ' || version || ' of ' || client_dn from pg_stat_ssl where pid = pg_backend_pid()"
}
tls_works() {
    says "version TLSv1.3 of /CN=$user" query "$1"
    PGSSLMAXPROTOCOLVERSION=TLSv1.2 says "version TLSv1.2 of /CN=$user" query "$1"
}
# Each connection is a new process of the server, in which the provider initialises the
# module anew, finds old handles stale and looks the key up again.
# consumers: fork-login-again, fork-stale-handles, tls13-ecdsa
step "the server signs with its token key, psql with its EC key: TLS 1.2 and 1.3" tls_works client
# consumers: tls13-pss
step "psql with its RSA key: TLS 1.2 and 1.3" tls_works client-rsa

connections() {
    for _ in 1 2 3 4; do
        query client | grep "of /CN=$user"
    done
    echo "client $1"
}
# consumers: anchor-9-processes
anchor 9 step "four clients at once, four connections each" in_parallel 4 connections

reloaded() {
    kill -HUP "$1"
    sleep 0.5
    query client
}
# consumers: reload
step "after a reload of the server, which reads the key again" reloaded "$SERVER_PID"

no_crash() {
    serve_stop "$SERVER_PID"
    cat log/postgres
    if grep 'terminated by signal' log/postgres; then return 1; fi
}
# consumers: anchor-1-exit
anchor 1 step "no process of the server died by a signal" no_crash
