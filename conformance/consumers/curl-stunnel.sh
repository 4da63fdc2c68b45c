# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# curl with its client key in the token, and stunnel on both sides, by libp11's engine.

URI="pkcs11:token=$LABEL"
token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC key pair" token_keypair EC:secp256r1 02 ec

certificates() {
    tls_peer_create
    ca_issue rsa.pub.pem localhost rsa.pem
    ca_issue ec.pub.pem localhost ec.pem
    token_certificate 01 rsa rsa.pem
}
need "certificates, one of them in the token" certificates

engine_config "PIN = $PIN" 'init = 0' >engine.cnf

# --- curl ------------------------------------------------------------------------------------------

port=$(free_port)
serve server-file "$port" env OPENSSL_CONF="$PLAIN_CONFIG" openssl s_server -accept "127.0.0.1:$port" -cert peer.pem \
    -key peer.key -CAfile roots.pem -Verify 2 -verify_return_error -www
curl_authenticates() {
    says "Client certificate" env OPENSSL_CONF="$SCRATCH/engine.cnf" curl -sS --cacert roots.pem --tlsv1.2 --tls-max "$1" \
        --engine pkcs11 --key-type ENG --key "$3" --cert-type "$4" --cert "$5" "https://localhost:$port/" --resolve "localhost:$port:127.0.0.1"
}
for version in 1.2 1.3; do
    step "curl with the token's RSA key, TLS $version" curl_authenticates "$version" "" "$URI;object=rsa;type=private" PEM rsa.pem
    step "curl with the token's EC key, TLS $version" curl_authenticates "$version" "" "$URI;object=ec;type=private" PEM ec.pem
done
# consumers: uri-spellings
step "curl with key and certificate from the token" curl_authenticates 1.3 "" "$URI;object=rsa;type=private" ENG "$URI;object=rsa;type=cert"
step "curl takes a key URI without naming the engine" says "Client certificate" env OPENSSL_CONF="$SCRATCH/engine.cnf" \
    curl -sS --cacert roots.pem --key "$URI;object=rsa;type=private" --cert rsa.pem "https://localhost:$port/" --resolve "localhost:$port:127.0.0.1"

# --- stunnel -----------------------------------------------------------------------------------------

serve_stop "$SERVER_PID"
inner=$(free_port)
mkdir page
printf 'hello through the tunnel\n' >page/index.html
serve http "$inner" /usr/bin/python3 -m http.server --bind 127.0.0.1 --directory page "$inner"

stunnel_config() {
    cat <<TXT
foreground = yes
pid =
engine = pkcs11
engineCtrl = MODULE_PATH:$MODULE
engineCtrl = PIN:$PIN
engineCtrl = INIT
[tunnel]
engineId = pkcs11
sslVersionMin = TLSv1.2
TXT
    printf '%s\n' "$@"
}
tunnel_serves() {
    local version
    for version in 1.2 1.3; do
        says "hello through" curl -sS --cacert roots.pem --tlsv1.2 --tls-max "$version" --resolve "localhost:$outer:127.0.0.1" "https://localhost:$outer/"
    done
}
for name in rsa ec; do
    outer=$(free_port)
    stunnel_config "accept = 127.0.0.1:$outer" "connect = 127.0.0.1:$inner" "cert = $SCRATCH/$name.pem" \
        "key = $URI;object=$name;type=private" >"server-$name.conf"
    serve "stunnel-$name" "$outer" stunnel4 "server-$name.conf"
    step "stunnel as a server with the token's $name key: TLS 1.2 and 1.3" tunnel_serves
    serve_stop "$SERVER_PID"
done

port=$(free_port)
serve server-file "$port" env OPENSSL_CONF="$PLAIN_CONFIG" openssl s_server -accept "127.0.0.1:$port" -cert peer.pem \
    -key peer.key -CAfile roots.pem -Verify 2 -verify_return_error -www
outer=$(free_port)
stunnel_config 'client = yes' "accept = 127.0.0.1:$outer" "connect = 127.0.0.1:$port" "CAfile = $SCRATCH/roots.pem" \
    'verifyChain = yes' "cert = $SCRATCH/rsa.pem" "key = $URI;object=rsa;type=private" >client.conf
serve stunnel-client "$outer" stunnel4 client.conf
step "stunnel as a client with the token's RSA key" says "Client certificate" curl -sS "http://127.0.0.1:$outer/"
