# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# NSS: modutil, certutil, cmsutil, signtool, pk12util, symkeyutil on the token, and TLS
# by selfserv and tstclnt.

printf 'the quick brown fox' >message
DB=sql:$SCRATCH/nss
printf '%s\n' "$PIN" >pin.txt
printf '%s:%s\nNSS Certificate DB:\n' "$LABEL" "$PIN" >passwords
head -c 4096 /dev/urandom >noise
mkdir nss

token_create

# --- the module in NSS's database --------------------------------------------------------

database() {
    certutil -d "$DB" -N --empty-password
    modutil -force -dbdir "$DB" -add consumer -libfile "$MODULE" -mechanisms FRIENDLY
    says "token: $LABEL" modutil -dbdir "$DB" -list
}
# consumers: init-no-threads, get-interface
need "modutil adds the module and lists its token" database
step "modutil shows the slots" says "Token Name: *$LABEL" modutil -dbdir "$DB" -list consumer

change_pin() {
    printf '13572468\n' >new-pin.txt
    modutil -force -dbdir "$DB" -changepw "$LABEL" -pwfile pin.txt -newpwfile new-pin.txt
    p11_token --login --pin 13572468 --list-objects
    modutil -force -dbdir "$DB" -changepw "$LABEL" -pwfile new-pin.txt -newpwfile pin.txt
    p11_user --list-objects
}
step "modutil changes the user's PIN and back" change_pin

cu() {
    certutil -d "$DB" -f pin.txt "$@"
}

# --- keys and certificates ---------------------------------------------------------------

keys() {
    cu -G -h "$LABEL" -k rsa -g 2048 -z noise
    cu -G -h "$LABEL" -k ec -q nistp256 -z noise
    cu -K -h "$LABEL" >listed
    cat listed
    [[ $(grep -c -E '^< *[0-9]+> (rsa|ec)' listed) -eq 2 ]]
}
# consumers: set-id, set-label
step "certutil -G: an RSA and an EC key pair; -K lists them" keys

# self_signed NICKNAME SUBJECT OPTIONS: key pair and CA certificate in the token.
self_signed() {
    printf 'y\n-1\nn\n' | certutil -d "$DB" -f pin.txt -S -h "$LABEL" -n "$1" -s "$2" -x -t ,, -z noise -m "$RANDOM" \
        -v 2 -2 --keyUsage certSigning,crlSigning "${@:3}"
    certutil -d "$DB" -L -n "$LABEL:$1" -a >"$1.pem"
    judge verify -check_ss_sig -CAfile "$1.pem" "$1.pem"
}
step "certutil -S: a self-signed RSA authority" self_signed ca-rsa "CN=NSS RSA CA" -k rsa -g 2048
step "certutil -S: a self-signed EC authority" self_signed ca-ec "CN=NSS EC CA" -k ec -q nistp384
step "certutil -S: RSA-PSS with SHA-384" self_signed ca-pss "CN=NSS PSS CA" -k rsa -g 2048 --pss-sign -Z SHA384

# issued NICKNAME CA OPTIONS: request by a new key, certificate by the token's CA.
issued() {
    cu -R -h "$LABEL" -s "CN=localhost,O=$1" -z noise -a -o "$1.csr" "${@:3}"
    judge req -in <(sed -n '/BEGIN/,/END/p' "$1.csr") -noout -verify
    cu -C -c "$LABEL:$2" -i "$1.csr" -a -o "$1.pem" -m "$RANDOM" -v 1 --extSAN dns:localhost
    judge verify -CAfile "$2.pem" "$1.pem"
    cu -A -h "$LABEL" -n "$1" -t ,, -a -i "$1.pem"
    says "$LABEL:$1 .*u,u,u" certutil -d "$DB" -f pin.txt -L -h "$LABEL"
}
step "certutil -R, -C, -A: an RSA certificate, signed by the token's EC authority" issued server-rsa ca-ec -k rsa -g 2048
step "certutil -R, -C, -A: an EC certificate, signed by the token's RSA authority" issued server-ec ca-rsa -k ec -q nistp256

trust() {
    local name
    for name in ca-rsa ca-ec; do
        certutil -d "$DB" -A -n "$name-trusted" -t CT,C,C -a -i "$name.pem"
    done
    says "certificate is valid" cu -V -n "$LABEL:server-rsa" -u V
    says "certificate is valid" cu -V -n "$LABEL:server-ec" -u V
}
step "certutil -V: the certificates are valid, trust being NSS's own" trust

trust_on_token() {
    judge req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out other-ca.pem -days 30 -subj "/CN=Other CA" -extensions ca_ext
    printf '%s\n' "$PIN" | cu -A -h "$LABEL" -n other-ca -t CT,C,C -a -i other-ca.pem || echo "status $?"
    certutil -d "$DB" -L -h "$LABEL" -n "$LABEL:other-ca" -a >found.pem
    cmp <(judge x509 -in found.pem -outform DER) <(judge x509 -in other-ca.pem -outform DER)
    silent_about "[Tt]rust" p11_user --list-objects
}
# consumers: nss-trust
step "trust for a token certificate: the trust object is refused, the certificate is stored" trust_on_token

# --- signatures and messages ---------------------------------------------------------------

cms_signs() {
    cmsutil -S -d "$DB" -f pin.txt -N "$LABEL:$1" -G -i message -o signed.der
    judge cms -verify -inform DER -in signed.der -CAfile "$2.pem" -purpose any -out verified
    cmp verified message
    says "signerCount=1|numSigners=1|quick" cmsutil -D -d "$DB" -f pin.txt -i signed.der
}
step "cmsutil signs with the RSA key" cms_signs server-rsa ca-ec
step "cmsutil signs with the EC key" cms_signs server-ec ca-rsa

cms_opens() {
    judge cms -encrypt -aes-256-cbc -binary -in message -outform DER -out enveloped.der server-rsa.pem
    cmsutil -D -d "$DB" -f pin.txt -i enveloped.der -o opened
    cmp opened message
}
step "cmsutil opens a message encrypted by OpenSSL" cms_opens

p7_signs() {
    p7sign -d "$DB" -f pin.txt -k "$LABEL:server-rsa" -i message -o detached.der
    judge smime -verify -inform DER -in detached.der -content message -CAfile ca-ec.pem -purpose any -out verified
}
step "p7sign: a detached signature" p7_signs

jar_signed() {
    cu -R -h "$LABEL" -s "CN=signer" -k rsa -g 2048 -z noise -a -o signer.csr
    cu -C -c "$LABEL:ca-ec" -i signer.csr -a -o signer.pem -m 77 -v 1 --nsCertType objectSigning --extKeyUsage codeSigning
    cu -A -h "$LABEL" -n signer -t ,, -a -i signer.pem
    mkdir -p classes
    cp message classes/message.txt
    signtool -d "$DB" -p "$PIN" -k "$LABEL:signer" -Z signed.jar classes
    says "message.txt" unzip -l signed.jar
    mkdir -p unpacked
    unzip -q -o signed.jar -d unpacked
    judge smime -verify -inform DER -in unpacked/META-INF/zigbert.rsa -content unpacked/META-INF/zigbert.sf -CAfile ca-ec.pem \
        -purpose any -out /dev/null
}
step "signtool signs an archive" jar_signed

# --- PKCS #12 ------------------------------------------------------------------------------------

step "an authority and a peer with keys in files" tls_peer_create ca-rsa.pem ca-ec.pem
certutil -d "$DB" -A -n peer-ca -t CT,C,C -a -i ca.pem

pkcs12() {
    judge genpkey -algorithm "${@:2}" -out "$1.key"
    judge pkey -in "$1.key" -pubout -out "$1.pub.pem"
    ca_issue "$1.pub.pem" "$1" "$1.pem"
    judge pkcs12 -export -inkey "$1.key" -in "$1.pem" -name "$1" -passout pass:secret -out "$1.p12"
    pk12util -d "$DB" -h "$LABEL" -k pin.txt -W secret -i "$1.p12"
    cmsutil -S -d "$DB" -f pin.txt -N "$LABEL:$1" -G -i message -o signed.der
    judge cms -verify -inform DER -in signed.der -CAfile ca.pem -purpose any -out verified
    cmp verified message
}
# consumers: nss-pkcs12-unwrap
step "pk12util imports an RSA key, which then signs" pkcs12 p12-rsa RSA -pkeyopt rsa_keygen_bits:2048
step "pk12util imports an EC key, which then signs" pkcs12 p12-ec EC -pkeyopt ec_paramgen_curve:P-256

symmetric() {
    symkeyutil -d "$DB" -f pin.txt -h "$LABEL" -K -n aes -t aes -s 32
    says "aes" symkeyutil -d "$DB" -f pin.txt -h "$LABEL" -L
}
step "symkeyutil makes and lists an AES key" symmetric

deletes() {
    cu -D -h "$LABEL" -n "$LABEL:p12-ec"
    silent_about "p12-ec" cu -L -h "$LABEL"
    cu -F -n "$LABEL:p12-rsa"
    silent_about "p12-rsa" cu -K -h "$LABEL"
}
step "certutil -D and -F delete certificate and key" deletes

wrong_pin() {
    printf '11111111\n' >wrong.txt
    refuses "incorrect|SEC_ERROR_BAD_PASSWORD" certutil -d "$DB" -f wrong.txt -K -h "$LABEL"
    says "rsa" cu -K -h "$LABEL"
}
step "a wrong PIN is refused, the right one works after it" wrong_pin

# --- TLS ---------------------------------------------------------------------------------------------

if ! own_namespaces; then
    note "selfserv listens on every address: TLS is shown only in a network of the test's own"
    return 0
fi
selfserv_answers() {
    local version
    for version in 1_2 1_3 1_2 1_3; do
        says "Protocol *: TLSv1.${version#1_}|HTTP/1.0 200 OK" tls_get "$1" "-tls$version"
    done
}
port=$(free_port)
anchor 2 serve selfserv-rsa "$port" selfserv -d "$DB" -n "$LABEL:server-rsa" -f passwords -p "$port" -V tls1.2:tls1.3 -u
# An RSA server copies its key with {TOKEN=False} and then with an empty template, and
# wraps its ticket keys.
# consumers: anchor-2-copy-empty, copy-nss, nss-ticket-wrap, tls13-pss
anchor 2 step "selfserv with the token's RSA key, with session tickets: TLS 1.2 and 1.3" selfserv_answers "$port"
serve_stop "$SERVER_PID"
# The pre-master secret comes under the token's key; who goes on from it is NSS's choice.
transport_answers() {
    says "Cipher *: AES128-GCM-SHA256|HTTP/1.0 200 OK" tls_get "$1" -tls1_2 -cipher AES128-GCM-SHA256
    says "Cipher *: AES256-SHA256|HTTP/1.0 200 OK" tls_get "$1" -tls1_2 -cipher AES256-SHA256
}
port=$(free_port)
anchor 2 serve selfserv-transport "$port" selfserv -d "$DB" -n "$LABEL:server-rsa" -f passwords -p "$port" \
    -V tls1.2:tls1.2 -c :009C:003D
anchor 2 step "selfserv with RSA key transport: TLS 1.2" transport_answers "$port"
serve_stop "$SERVER_PID"
port=$(free_port)
serve selfserv-ec "$port" selfserv -d "$DB" -n "$LABEL:server-ec" -f passwords -p "$port" -V tls1.2:tls1.3
# consumers: tls13-ecdsa
step "selfserv with the token's EC key: TLS 1.2 and 1.3" selfserv_answers "$port"
serve_stop "$SERVER_PID"

port=$(free_port)
serve server-file "$port" env OPENSSL_CONF="$PLAIN_CONFIG" openssl s_server -accept "127.0.0.1:$port" -cert peer.pem \
    -key peer.key -CAfile roots.pem -Verify 2 -verify_return_error -www
tstclnt_authenticates() {
    printf 'GET / HTTP/1.0\r\n\r\n' >request
    says "Client certificate" tstclnt -d "$DB" -W passwords -h localhost -4 -p "$port" -n "$LABEL:$1" -V "$2:$2" -A request
}
for version in tls1.2 tls1.3; do
    step "tstclnt authenticates with the token's RSA key, $version" tstclnt_authenticates server-rsa "$version"
    step "tstclnt authenticates with the token's EC key, $version" tstclnt_authenticates server-ec "$version"
done
