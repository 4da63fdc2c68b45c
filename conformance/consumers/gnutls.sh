# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# GnuTLS: p11tool for tokens and objects, certtool for certificates, gnutls-serv and
# gnutls-cli for TLS. The module is loaded through p11-kit's library.

printf 'the quick brown fox' >message
URI="pkcs11:token=$LABEL"
export GNUTLS_PIN=$PIN GNUTLS_SO_PIN=$SO_PIN

tool() {
    p11tool --provider="$MODULE" --batch "$@"
}
cert() {
    certtool --provider="$MODULE" "$@"
}

# --- the token -----------------------------------------------------------------------------

initialize() {
    tool --initialize 'pkcs11:token=;serial=' --label "$LABEL" --set-so-pin "$SO_PIN"
    tool --initialize-pin "$URI" --set-so-pin "$SO_PIN" --set-pin "$PIN"
    says "token=$LABEL" tool --list-token-urls
}
# consumers: init-no-threads, anchor-10-empty-slot
need "p11tool finds the empty token, initialises it and sets the user's PIN" initialize
# shellcheck disable=SC2034  # read by p11_user
SLOT=$(slot_of "$LABEL")
token_create "$LABEL 2"
step "the tokens are listed" says "Label: $LABEL\$" tool --list-tokens
step "mechanisms are listed" says "CKM_RSA_PKCS_PSS" tool --list-mechanisms "$URI"
step "random numbers" says "." tool --generate-random=32 --outraw "$URI"

# --- keys -------------------------------------------------------------------------------------

generates() {
    tool --login --generate-privkey="$2" "${@:3}" --label "$1" --outfile "$1.pub.pem" "$URI"
    judge pkey -pubin -in "$1.pub.pem" -noout
    tool --login --export-pubkey --outfile exported.pem "$URI;object=$1;type=private"
    cmp exported.pem "$1.pub.pem"
}
# consumers: sparse-gnutls
step "an RSA-2048 key pair" generates rsa rsa --bits=2048 --id=a1
step "an EC P-256 key pair" generates ec ecdsa --curve=secp256r1 --id=a2
step "an EC P-384 key pair" generates ec384 ecdsa --curve=secp384r1 --id=a3
step "an EC P-521 key pair" generates ec521 ecdsa --curve=secp521r1 --id=a4
step "an RSA key that always asks for the PIN" generates careful rsa --bits=2048 --mark-always-authenticate --id=a5

by_id() {
    tool --login --generate-privkey=ecdsa --curve=secp256r1 --id=c0ffee --outfile nameless.pub.pem "$URI"
    tool --login --export-pubkey --outfile exported.pem "$URI;id=%c0%ff%ee;type=private"
    cmp exported.pem nameless.pub.pem
}
step "a key without label, found by CKA_ID" by_id

exact_label() {
    silent_about "token=$LABEL%202" tool --login --list-all "$URI"
    refuses "." tool --login --list-all "pkcs11:token=${LABEL%?}"
}
# consumers: label-padding
step "a token is found by its exact label" exact_label

test_sign() {
    says "ok|OK|verified" tool --login --test-sign "${@:2}" "$URI;object=$1;type=private"
}
step "--test-sign, RSA" test_sign rsa
# consumers: tls13-pss
step "--test-sign, RSA-PSS with SHA-256" test_sign rsa --sign-params=RSA-PSS --hash=SHA256
step "--test-sign, RSA-PSS with SHA-512" test_sign rsa --sign-params=RSA-PSS --hash=SHA512
# consumers: tls13-ecdsa
step "--test-sign, P-256" test_sign ec
step "--test-sign, P-384" test_sign ec384
step "--test-sign, P-521" test_sign ec521
step "--test-sign, always-authenticate" test_sign careful

# consumers: uri-spellings, uri-pin-value
step "a URI with id, type and pin-value" env -u GNUTLS_PIN p11tool --provider="$MODULE" --batch --login --test-sign \
    "$URI;id=%a1;type=private;pin-value=%31%32345678"
# GnuTLS 3.7 takes a bare path only.
# consumers: uri-pin-source
printf '%s' "$PIN" >pin.txt
step "a URI with pin-source, a bare path" env -u GNUTLS_PIN p11tool --provider="$MODULE" --batch --login --test-sign \
    "$URI;object=rsa;type=private;pin-source=$SCRATCH/pin.txt"
# consumers: pin-count-low
wrong_pin() {
    refuses "PIN|rror" env GNUTLS_PIN=11111111 p11tool --provider="$MODULE" --batch --login --list-privkeys "$URI"
    says "Label: rsa" tool --login --list-privkeys "$URI"
}
step "a wrong PIN is refused, the right one works after it" wrong_pin

# --- objects ----------------------------------------------------------------------------------

imports() {
    judge genpkey "${@:2}" -out "$1.key"
    judge pkey -in "$1.key" -pubout -out "$1.pub.pem"
    tool --login --write --load-privkey "$1.key" --label "$1" --id "$(printf '%s' "$1" | xxd -p)" "$URI"
    tool --login --write --load-pubkey "$1.pub.pem" --label "$1" --id "$(printf '%s' "$1" | xxd -p)" "$URI"
    tool --login --export-pubkey --outfile exported.pem "$URI;object=$1;type=private"
    cmp exported.pem "$1.pub.pem"
}
step "an RSA key of OpenSSL's is imported" imports rsa-in -algorithm RSA -pkeyopt rsa_keygen_bits:2048
step "an EC key of OpenSSL's is imported" imports ec-in -algorithm EC -pkeyopt ec_paramgen_curve:P-256
step "... and both sign" test_sign rsa-in
step "... the EC one, too" test_sign ec-in

secret_key() {
    tool --login --write --secret-key=000102030405060708090a0b0c0d0e0f --label secret "$URI"
    says "Label: secret" tool --login --list-all "$URI"
}
step "a secret key is written" secret_key

changes() {
    local type
    for type in private public; do
        tool --login --set-label=renamed "$URI;object=ec-in;type=$type"
        tool --login --set-id=beef "$URI;object=renamed;type=$type"
    done
    says "ID: be:ef" tool --login --list-privkeys "$URI"
    test_sign renamed
}
# consumers: set-id, set-label
step "label and id of a private key are changed" changes

step "a certificate authority in files" ca_create

certificates() {
    ca_issue rsa.pub.pem localhost rsa.pem
    ca_issue ec.pub.pem localhost ec.pem
    tool --login --write --load-certificate rsa.pem --label rsa --id=a1 "$URI"
    tool --login --write --load-certificate ec.pem --label ec --id=a2 "$URI"
    tool --export --outfile exported.pem "$URI;object=rsa;type=cert"
    cmp <(judge x509 -in exported.pem -outform DER) <(judge x509 -in rsa.pem -outform DER)
    says "Label: ec" tool --login --list-certs "$URI"
}
step "certificates of the token's keys are written and read back" certificates

authority() {
    tool --login --write --load-certificate ca.pem --label ca --mark-ca "$URI"
    says "CKA_CERTIFICATE_CATEGORY=CA" tool --list-all-certs "$URI"
}
# consumers: attributes-read
step "a certificate marked as an authority's" authority

trusted() {
    tool --so-login --write --load-certificate peer-ca.pem --label trusted-ca --mark-trusted --mark-ca "$URI"
    says "Label: trusted-ca" tool --list-all-trusted "$URI"
    refuses "rror|FAIL|read only|denied|unsupported" tool --login --write --load-certificate peer-ca.pem --label by-user --mark-trusted "$URI"
}
judge req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out peer-ca.pem -days 30 -subj "/CN=Peer CA" -extensions ca_ext 2>/dev/null
# consumers: trusted-by-so
step "CKA_TRUSTED is set by the SO and refused to the user" trusted

deleted() {
    tool --login --delete "$URI;object=secret;type=secret-key"
    silent_about "Label: secret" tool --login --list-all "$URI"
}
step "an object is deleted" deleted

# --- certtool -----------------------------------------------------------------------------------

printf '%s\n' 'cn = "Token CA"' 'ca' 'cert_signing_key' 'crl_signing_key' 'expiration_days = 30' >ca.tmpl
printf '%s\n' 'cn = "localhost"' 'dns_name = "localhost"' 'signing_key' 'encryption_key' 'tls_www_server' \
    'tls_www_client' 'expiration_days = 20' >leaf.tmpl

self_signed() {
    cert --generate-self-signed --template ca.tmpl --load-privkey "$URI;object=$1;type=private" --outfile "ca-$1.pem" "${@:2}"
    judge verify -check_ss_sig -CAfile "ca-$1.pem" "ca-$1.pem"
}
step "certtool: a self-signed RSA certificate" self_signed rsa
step "certtool: a self-signed EC certificate" self_signed ec
step "certtool: a self-signed P-521 certificate" self_signed ec521
step "certtool: a self-signed RSA-PSS certificate" self_signed rsa-in --sign-params=RSA-PSS --hash=SHA384

issues() {
    cert --generate-request --template leaf.tmpl --load-privkey "$URI;object=ec;type=private" --outfile leaf.csr
    judge req -in leaf.csr -noout -verify
    cert --generate-certificate --template leaf.tmpl --load-request leaf.csr --load-ca-certificate ca-rsa.pem \
        --load-ca-privkey "$URI;object=rsa;type=private" --outfile leaf.pem
    judge verify -CAfile ca-rsa.pem leaf.pem
}
step "certtool: a request by the EC key, a certificate by the RSA key" issues

crl() {
    printf '%s\n' 'crl_next_update = 30' 'crl_number = 1' >crl.tmpl
    cert --generate-crl --template crl.tmpl --load-certificate leaf.pem --load-ca-certificate ca-rsa.pem \
        --load-ca-privkey "$URI;object=rsa;type=private" --outfile crl.pem
    says "verify OK" judge crl -in crl.pem -noout -CAfile ca-rsa.pem -verify
}
step "certtool: a revocation list" crl

pkcs7() {
    cert --p7-sign --load-privkey "$URI;object=rsa;type=private" --load-certificate rsa.pem --infile message --outfile signed.pem
    judge smime -verify -inform PEM -in signed.pem -CAfile ca.pem -purpose any -out verified
    cmp verified message
}
step "certtool: PKCS #7 signed data" pkcs7

# --- Ed25519 -----------------------------------------------------------------------------------------

ed25519() {
    judge genpkey -algorithm ED25519 -out ed.key
    judge pkey -in ed.key -pubout -out ed.pub.pem
    tool --login --write --load-privkey ed.key --label ed --id=ed "$URI"
    tool --login --write --load-pubkey ed.pub.pem --label ed --id=ed "$URI"
    self_signed ed
    cmp <(judge x509 -in ca-ed.pem -noout -pubkey) ed.pub.pem
}
# consumers: ed25519-ec-params
step "an Ed25519 key is imported with EC_PARAMS as OID, and signs a certificate" ed25519

# --- TLS -----------------------------------------------------------------------------------------------

if ! own_namespaces; then
    note "gnutls-serv listens on every address: TLS is shown only in a network of the test's own"
    return 0
fi

cat ca.pem >roots.pem
judge req -newkey rsa:2048 -nodes -keyout peer.key -subj "/CN=localhost" -out peer.csr 2>/dev/null
judge x509 -req -in peer.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 20 -extfile "$PLAIN_CONFIG" \
    -extensions leaf_ext -out peer.pem 2>/dev/null

fetch_page() {
    printf 'GET / HTTP/1.0\r\n\r\n' | gnutls-cli --x509cafile roots.pem --port "$1" "${@:2}" localhost
}
serves() {
    local priority
    for priority in NORMAL:-VERS-ALL:+VERS-TLS1.2 NORMAL:-VERS-ALL:+VERS-TLS1.3; do
        says "Status: The certificate is trusted" fetch_page "$1" --priority "$priority"
        says "HTTP/1.0 200 OK" tls_get "$1" "-tls1_${priority##*.}"
    done
}
for name in rsa ec; do
    port=$(free_port)
    serve "serv-$name" "$port" gnutls-serv --provider="$MODULE" --http --quiet --port "$port" --disable-client-cert \
        --x509keyfile "$URI;object=$name;type=private" --x509certfile "$URI;object=$name;type=cert"
    step "gnutls-serv with the token's $name key and certificate: TLS 1.2 and 1.3" serves "$port"
    serve_stop "$SERVER_PID"
done

port=$(free_port)
serve serv-file "$port" gnutls-serv --http --quiet --port "$port" --require-client-cert --verify-client-cert \
    --x509cafile roots.pem --x509keyfile peer.key --x509certfile peer.pem
authenticates() {
    local priority
    for priority in NORMAL:-VERS-ALL:+VERS-TLS1.2 NORMAL:-VERS-ALL:+VERS-TLS1.3; do
        says "HTTP/1.0 200 OK" fetch_page "$port" --priority "$priority" --provider="$MODULE" \
            --x509keyfile "$URI;object=$1;type=private" --x509certfile "$URI;object=$1;type=cert"
    done
}
step "gnutls-cli authenticates with the token's RSA key: TLS 1.2 and 1.3" authenticates rsa
step "gnutls-cli authenticates with the token's EC key: TLS 1.2 and 1.3" authenticates ec
