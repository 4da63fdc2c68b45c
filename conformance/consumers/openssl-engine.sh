# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSSL's commands with the key in the token, by libp11's engine: signatures,
# decryption, key agreement, certificates, CMS, S/MIME and TLS on both sides.

printf 'the quick brown fox' >message
URI="pkcs11:token=$LABEL"
RSA="$URI;object=rsa;type=private"
EC="$URI;object=ec;type=private"

engine_config "PIN = $PIN" 'init = 0' >engine.cnf
engine_config 'init = 0' >engine-nopin.cnf

engine() {
    OPENSSL_CONF=$SCRATCH/engine.cnf openssl "$@"
}
engine_nopin() {
    OPENSSL_CONF=$SCRATCH/engine-nopin.cnf openssl "$@"
}

token_create
token_create "$LABEL 2"
# consumers: init-os-locking, attributes-read
need "RSA-2048 key pair in the token" token_keypair rsa:2048 01 rsa
need "EC P-256 key pair in the token" token_keypair EC:secp256r1 02 ec
need "EC P-384 key pair in the token" token_keypair EC:secp384r1 03 ec384

# --- finding the key ------------------------------------------------------------------------

engine_public() {
    engine pkey -engine pkcs11 -inform engine -in "$1" -pubout -out found.pem
    cmp found.pem "$2.pub.pem"
}
# consumers: uri-spellings, label-padding
step "URI: token and object; a second token's label begins like this one's" engine_public "$RSA" rsa
step "URI: object only by id=%01" engine_public "$URI;id=%01;type=private" rsa
step "URI: id and object" engine_public "$URI;id=%02;object=ec;type=private" ec
anchor 1 step "an object that does not exist is refused" refuses "not found|could not|Could not" \
    engine pkey -engine pkcs11 -inform engine -in "$URI;object=absent;type=private" -pubout
anchor 1 step "a token that does not exist is refused" refuses "not found|could not|Could not" \
    engine pkey -engine pkcs11 -inform engine -in "pkcs11:token=${LABEL%?};object=rsa;type=private" -pubout

engine_signs() {
    "${@:3}" dgst -engine pkcs11 -keyform engine -sign "$1" -sha256 -out signature message
    judge dgst -sha256 -verify "$2.pub.pem" -signature signature message
}
step "PIN in the configuration" engine_signs "$RSA" rsa engine
# consumers: uri-pin-value
step "PIN in the URI: pin-value, percent-encoded" engine_signs "$RSA;pin-value=%31%32345678" rsa engine_nopin
# consumers: uri-pin-source
printf '%s' "$PIN" >pin.txt
step "PIN in a file: pin-source=file:/..." engine_signs "$RSA;pin-source=file:$SCRATCH/pin.txt" rsa engine_nopin

# consumers: anchor-1-exit
anchor 1 step "a wrong PIN: an error and exit status 1, not a crash in OPENSSL_cleanup" \
    ends_with 1 engine_nopin dgst -engine pkcs11 -keyform engine -sign "$RSA;pin-value=11111111" -sha256 message
step "the right PIN still works after it" engine_signs "$RSA" rsa engine

# --- operations ----------------------------------------------------------------------------

for hash in sha1 sha224 sha256 sha384 sha512; do
    engine_hash() {
        engine dgst -engine pkcs11 -keyform engine -sign "$1" "-$hash" -out signature message
        judge dgst "-$hash" -verify "$2.pub.pem" -signature signature message
    }
    step "RSA signature, $hash" engine_hash "$RSA" rsa
    step "ECDSA signature, $hash" engine_hash "$EC" ec
done
step "ECDSA P-384 signature" engine_signs "$URI;object=ec384;type=private" ec384 engine

engine_pss() {
    engine dgst -engine pkcs11 -keyform engine -sign "$RSA" "-$1" -sigopt rsa_padding_mode:pss \
        -sigopt "rsa_pss_saltlen:$2" -out signature message
    judge dgst "-$1" -verify rsa.pub.pem -sigopt rsa_padding_mode:pss -sigopt "rsa_pss_saltlen:$2" \
        -signature signature message
}
# consumers: tls13-pss
step "RSA-PSS sha256, salt as long as the digest" engine_pss sha256 32
step "RSA-PSS sha384" engine_pss sha384 48
step "RSA-PSS sha512, salt 0" engine_pss sha512 0

engine_decrypts() {
    judge pkeyutl -encrypt -pubin -inkey rsa.pub.pem -in message -out ciphertext "$@"
    engine pkeyutl -engine pkcs11 -keyform engine -inkey "$RSA" -decrypt -in ciphertext -out plaintext "$@"
    cmp message plaintext
}
step "RSA decryption, PKCS #1 v1.5" engine_decrypts
step "RSA-OAEP, SHA-1" engine_decrypts -pkeyopt rsa_padding_mode:oaep
# consumers: anchor-5-oaep
step "RSA-OAEP, SHA-256" engine_decrypts -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256
step "RSA-OAEP, SHA-512 with MGF1 of SHA-256" engine_decrypts -pkeyopt rsa_padding_mode:oaep \
    -pkeyopt rsa_oaep_md:sha512 -pkeyopt rsa_mgf1_md:sha256

engine_ecdh() {
    judge ecparam -name "$3" -genkey -noout -out peer.pem
    judge pkey -in peer.pem -pubout -out peer.pub.pem
    engine pkeyutl -engine pkcs11 -keyform engine -inkey "$1" -derive -peerkey peer.pub.pem -out secret.token
    judge pkeyutl -derive -inkey peer.pem -peerkey "$2.pub.pem" -out secret.judge
    cmp secret.token secret.judge
}
# consumers: ecdh-libp11
step "ECDH P-256" engine_ecdh "$EC" ec prime256v1
step "ECDH P-384" engine_ecdh "$URI;object=ec384;type=private" ec384 secp384r1

# --- certificates ------------------------------------------------------------------------------

engine_ca() {
    engine req -engine pkcs11 -keyform engine -new -x509 -key "$1" -subj "/CN=Token CA $2" -days 30 \
        -extensions ca_ext -out "ca-$2.pem"
    judge verify -CAfile "ca-$2.pem" "ca-$2.pem"
}
step "a self-signed RSA certificate" engine_ca "$RSA" rsa
step "a self-signed EC certificate" engine_ca "$EC" ec

engine_csr() {
    engine req -engine pkcs11 -keyform engine -new -key "$1" -subj "/CN=localhost" -sha256 -out "$2.csr"
    judge req -in "$2.csr" -noout -verify
}
step "a certificate request, RSA" engine_csr "$RSA" rsa
step "a certificate request, EC" engine_csr "$EC" ec

engine_issues() {
    engine x509 -engine pkcs11 -req -in "$1.csr" -CA "ca-$2.pem" -CAkey "$3" -CAkeyform engine -set_serial 1 -days 20 \
        -extfile "$PLAIN_CONFIG" -extensions leaf_ext -out "$1.pem"
    judge verify -CAfile "ca-$2.pem" "$1.pem"
}
step "the token's EC key as CA issues a certificate for the RSA key" engine_issues rsa ec "$EC"
step "the token's RSA key as CA issues a certificate for the EC key" engine_issues ec rsa "$RSA"

engine_ca_command() {
    mkdir -p ca-folder
    : >ca-folder/index
    echo 01 >ca-folder/serial
    {
        cat engine.cnf
        printf '%s\n' '[ca]' 'default_ca = token' '[token]' "database = $SCRATCH/ca-folder/index" \
            "serial = $SCRATCH/ca-folder/serial" "new_certs_dir = $SCRATCH/ca-folder" 'default_md = sha256' \
            'policy = any' '[any]' 'commonName = supplied'
    } >ca.cnf
    judge req -newkey rsa:2048 -nodes -keyout /dev/null -subj "/CN=leaf" -out leaf.csr
    OPENSSL_CONF=$SCRATCH/ca.cnf openssl ca -batch -engine pkcs11 -keyform engine -keyfile "$RSA" -cert ca-rsa.pem \
        -in leaf.csr -days 10 -out leaf.pem -notext
    judge verify -CAfile ca-rsa.pem leaf.pem
    OPENSSL_CONF=$SCRATCH/ca.cnf openssl ca -engine pkcs11 -keyform engine -keyfile "$RSA" -cert ca-rsa.pem \
        -gencrl -crldays 5 -out crl.pem
    says "verify OK" judge crl -in crl.pem -noout -CAfile ca-rsa.pem -verify
}
step "openssl ca: a certificate and a revocation list" engine_ca_command

# --- CMS and S/MIME ------------------------------------------------------------------------------

cms_signed() {
    engine cms -engine pkcs11 -sign -nodetach -binary -in message -signer "$1.pem" -inkey "$2" -keyform engine -outform DER -out signed.der
    judge cms -verify -inform DER -in signed.der -CAfile "$3" -purpose any -out verified
    cmp verified message
}
step "CMS signed data, RSA" cms_signed rsa "$RSA" ca-ec.pem
step "CMS signed data, EC" cms_signed ec "$EC" ca-rsa.pem

cms_opened() {
    judge cms -encrypt -aes-256-cbc -in message -binary -outform DER -out enveloped.der "$@"
    engine cms -engine pkcs11 -decrypt -inform DER -in enveloped.der -recip rsa.pem -inkey "$RSA" -keyform engine -out opened
    cmp opened message
}
step "CMS enveloped data is opened" cms_opened -recip rsa.pem

smime_signed() {
    engine smime -engine pkcs11 -sign -in message -text -signer rsa.pem -inkey "$RSA" -keyform engine -out signed.eml
    judge smime -verify -in signed.eml -CAfile ca-ec.pem -purpose any -out /dev/null
}
step "an S/MIME message is signed" smime_signed

smime_opened() {
    judge smime -encrypt -aes128 -binary -in message -out enveloped.eml rsa.pem
    engine smime -engine pkcs11 -decrypt -in enveloped.eml -recip rsa.pem -inkey "$RSA" -keyform engine -out opened
    cmp opened message
}
step "an S/MIME message is opened" smime_opened

# --- TLS -------------------------------------------------------------------------------------------

step "a certificate authority and a peer's certificate in files" tls_peer_create ca-rsa.pem ca-ec.pem

for kind in rsa:RSA ec:EC; do
    name=${kind%%:*}
    key=${kind##*:}
    port=$(free_port)
    serve "server-$name" "$port" env OPENSSL_CONF="$SCRATCH/engine.cnf" openssl s_server -engine pkcs11 -keyform engine \
        -accept "127.0.0.1:$port" -cert "$name.pem" -key "${!key}" -www
    step "TLS 1.2 and 1.3 server with the token's $key key" tls_server_answers "$port"
    # consumers: tls13-pss, tls13-ecdsa
    [[ $key == EC ]] || step "TLS 1.3 server: rsa_pss_rsae_sha384" tls_server_answers "$port" -sigalgs rsa_pss_rsae_sha384
    serve_stop "$SERVER_PID"
done

port=$(free_port)
serve server-file "$port" env OPENSSL_CONF="$PLAIN_CONFIG" openssl s_server -accept "127.0.0.1:$port" -cert peer.pem \
    -key peer.key -CAfile roots.pem -Verify 2 -verify_return_error -www
tls_client() {
    local version=$1 name=$2 key=$3
    says "Client certificate" tls_get_by engine "$port" "-$version" -engine pkcs11 -keyform engine -cert "$name.pem" -key "$key"
}
for version in tls1_2 tls1_3; do
    step "TLS client authentication with the token's RSA key, $version" tls_client "$version" rsa "$RSA"
    step "TLS client authentication with the token's EC key, $version" tls_client "$version" ec "$EC"
done
step "without the client's key the same server refuses" refuses "" tls_get_by judge "$port" -tls1_2

# --- what stays behind --------------------------------------------------------------------------------

# consumers: anchor-12-error-queue
step "no errors of other engines or providers in the output" silent_about "rdrand|could not load|:error:" \
    engine dgst -engine pkcs11 -keyform engine -sign "$RSA" -sha256 -out signature message

# consumers: fork-login-again
fork_workers() {
    program engine_fork -lcrypto
    OPENSSL_CONF=$SCRATCH/engine.cnf ./engine_fork "$RSA" 4
}
step "the key loaded before a fork signs in four children and in the parent" fork_workers
