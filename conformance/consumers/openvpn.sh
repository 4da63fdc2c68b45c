# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenVPN: pkcs11-helper finds certificate and key by its own identifiers; the PIN comes
# by the management socket. The tunnel has no device: what is shown is the handshake.

token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC key pair" token_keypair EC:secp256r1 02 ec

certificates() {
    tls_peer_create
    ca_issue rsa.pub.pem client-rsa rsa.pem
    ca_issue ec.pub.pem client-ec ec.pem
    token_certificate 01 rsa rsa.pem
    token_certificate 02 ec ec.pem
}
need "certificates in the token" certificates

identifiers() {
    openvpn --show-pkcs11-ids "$MODULE" >ids
    cat ids
    grep -q 'CN=client-rsa' ids
    grep -q 'CN=client-ec' ids
}
# consumers: init-os-locking
need "--show-pkcs11-ids lists both certificates" identifiers
identifier() {
    awk -v name="CN=$1" '$1 == "DN:" { found = $2 == name } $1 == "Serialized" && found { print $3; exit }' ids
}

# give_pin PORT PIN...: answer the management interface until the process ends, with one
# PIN after the other and then with the last one.
give_pin() {
    local line port=$1
    shift
    for _ in {1..100}; do
        ! port_listening "$port" || break
        sleep 0.05
    done
    exec 9<>"/dev/tcp/127.0.0.1/$port"
    while read -r line <&9; do
        case $line in
        *"Need '"*"password"*)
            line=${line#*\'}
            printf 'password "%s" "%s"\r\n' "${line%%\'*}" "$1" >&9
            [[ $# -eq 1 ]] || shift
            ;;
        esac
    done
}

# connects NAME VERSION PIN...: a server with its key in a file, a client with a key of the
# token; both say when the handshake is done.
connects() {
    local port management server client manager status=1
    port=$(free_port)
    management=$(free_port)
    openvpn --dev null --ifconfig-noexec --tls-server --dh none --proto tcp-server --local 127.0.0.1 --lport "$port" \
        --ca ca.pem --cert peer.pem --key peer.key --tls-version-min "$2" --tls-version-max "$2" >server.log 2>&1 &
    server=$!
    openvpn --dev null --ifconfig-noexec --tls-client --proto tcp-client --remote 127.0.0.1 "$port" --nobind --ca ca.pem \
        --tls-version-min "$2" --tls-version-max "$2" --connect-retry 1 1 --connect-retry-max 5 --verb 4 \
        --pkcs11-providers "$MODULE" --pkcs11-id "$(identifier "client-$1")" \
        --management 127.0.0.1 "$management" --management-query-passwords >client.log 2>&1 &
    client=$!
    give_pin "$management" "${@:3}" >/dev/null 2>&1 &
    manager=$!
    for _ in {1..200}; do
        if grep -q 'Peer Connection Initiated' server.log; then
            status=0
            break
        fi
        kill -0 "$client" 2>/dev/null || break
        sleep 0.05
    done
    kill "$client" "$server" "$manager" 2>/dev/null || true
    wait || true
    cat client.log server.log
    return "$status"
}
# consumers: tls13-pss
step "a client with the token's RSA key, TLS 1.2" connects rsa 1.2 "$PIN"
step "a client with the token's RSA key, TLS 1.3" connects rsa 1.3 "$PIN"
# consumers: tls13-ecdsa
step "a client with the token's EC key, TLS 1.2" connects ec 1.2 "$PIN"
step "a client with the token's EC key, TLS 1.3" connects ec 1.3 "$PIN"
step "a wrong PIN is asked for again, and the right one connects" connects rsa 1.3 11111111 "$PIN"
