# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSSL's commands with the key in the token, by pkcs11-provider and without any of
# its quirk settings. With those settings left out a module that cannot be called from
# OPENSSL_cleanup crashes in nearly every command, after its result is written: each
# command's exit status counts. PROVIDER_QUIRKS=no-deinit proves the steps on SoftHSM.

printf 'the quick brown fox' >message
head -c 200000 /dev/urandom >long-message
URI="pkcs11:token=$LABEL"
RSA="$URI;object=rsa;type=private"
EC="$URI;object=ec;type=private"
EC384="$URI;object=ec384;type=private"

provider_config_with_pin 'pkcs11-module-encode-provider-uri-to-pem = true' >provider.cnf
provider_config 'pkcs11-module-encode-provider-uri-to-pem = true' >provider-nopin.cnf

provider() {
    OPENSSL_CONF=$SCRATCH/provider.cnf openssl "$@"
}
provider_nopin() {
    OPENSSL_CONF=$SCRATCH/provider-nopin.cnf openssl "$@"
}

# The exit status of every command below is a point of anchor 1.
shown() {
    if [[ -n ${PROVIDER_QUIRKS:-} ]]; then step "$@"; else anchor 1 step "$@"; fi
}

token_create
need "RSA-2048 key pair in the token" token_keypair rsa:2048 01 rsa
need "EC P-256 key pair in the token" token_keypair EC:secp256r1 02 ec
need "EC P-384 key pair in the token" token_keypair EC:secp384r1 03 ec384
token_create "$LABEL 2"

# --- finding the key -----------------------------------------------------------------------

provider_public() {
    provider pkey -in "$1" -pubout -out found.pem
    judge pkey -pubin -in found.pem -out found.spki.pem
    cmp found.spki.pem "$2.pub.pem"
}
# consumers: get-interface, init-os-locking, anchor-1-exit
shown "URI: token, object, type=private" provider_public "$RSA" rsa
# consumers: uri-spellings, label-padding
shown "URI: object only by id=%01" provider_public "$URI;id=%01;type=private" rsa

provider_public_part() {
    provider_nopin pkey -pubin -in "$URI;object=rsa;type=public" -pubout -out found.pem
    cmp found.pem rsa.pub.pem
}
shown "URI: type=public, without a PIN" provider_public_part
shown "URI: an EC key" provider_public "$EC" ec
shown "an object that does not exist is refused" refuses "Could not" provider pkey -in "$URI;object=absent;type=private" -pubout
shown "a token that does not exist is refused" refuses "Could not" \
    provider pkey -in "pkcs11:token=${LABEL%?};object=rsa;type=private" -pubout
shown "storeutl lists what the token holds" says "Total found: [1-9]" provider storeutl -noout -text "$URI"

provider_signs() {
    "${@:3}" dgst -sign "$1" -sha256 -out signature message
    judge dgst -sha256 -verify "$2.pub.pem" -signature signature message
}
# consumers: uri-pin-source, uri-pin-value
shown "PIN in a file that the configuration names" provider_signs "$RSA" rsa provider
shown "PIN in the URI: pin-value, percent-encoded" provider_signs "$RSA;pin-value=%31%32345678" rsa provider_nopin
shown "PIN in a file: pin-source=file:/..." provider_signs "$RSA;pin-source=file:$SCRATCH/pin.txt" rsa provider_nopin
shown "a wrong PIN: an error and exit status 1" ends_with 1 provider_nopin dgst -sign "$RSA;pin-value=11111111" -sha256 message

# --- operations -------------------------------------------------------------------------------

provider_hash() {
    provider dgst -sign "$1" "-$3" "${@:5}" -out signature "$4"
    judge dgst "-$3" -verify "$2.pub.pem" "${@:5}" -signature signature "$4"
}
# consumers: sign-update-final
for hash in sha1 sha224 sha256 sha384 sha512; do
    shown "RSA signature in parts, $hash" provider_hash "$RSA" rsa "$hash" long-message
    # consumers: anchor-4-hashed-ecdsa
    shown "ECDSA signature in parts, $hash" provider_hash "$EC" ec "$hash" long-message
done
shown "ECDSA P-384 signature" provider_hash "$EC384" ec384 sha384 message
# consumers: tls13-pss
for hash in sha256 sha384 sha512; do
    shown "RSA-PSS $hash" provider_hash "$RSA" rsa "$hash" long-message -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
done
shown "RSA-PSS sha256, salt 20" provider_hash "$RSA" rsa sha256 message -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20

provider_verifies() {
    judge genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out other.key
    provider dgst -sha256 -sign "$RSA" -out signature message
    says "Verified OK" provider dgst -sha256 -verify "$URI;object=rsa;type=public" -signature signature message
}
shown "a signature verified with the token's public key" provider_verifies

provider_raw_signs() {
    judge dgst -sha256 -binary -out digest message
    provider pkeyutl -sign -inkey "$1" -in digest -out signature "${@:3}"
    judge pkeyutl -verify -pubin -inkey "$2.pub.pem" -in digest -sigfile signature "${@:3}"
}
shown "RSA on a digest" provider_raw_signs "$RSA" rsa -pkeyopt digest:sha256
shown "RSA-PSS on a digest" provider_raw_signs "$RSA" rsa -pkeyopt digest:sha256 -pkeyopt rsa_padding_mode:pss
shown "ECDSA on a digest" provider_raw_signs "$EC" ec

provider_decrypts() {
    judge pkeyutl -encrypt -pubin -inkey rsa.pub.pem -in message -out ciphertext "$@"
    provider pkeyutl -inkey "$RSA" -decrypt -in ciphertext -out plaintext "$@"
    cmp message plaintext
}
shown "RSA decryption, PKCS #1 v1.5" provider_decrypts
# Named explicitly: if left to its default, pkcs11-provider 1.0 passes no hash at all.
shown "RSA-OAEP, SHA-1" provider_decrypts -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha1 -pkeyopt rsa_mgf1_md:sha1
# consumers: anchor-5-oaep
anchor 5 step "RSA-OAEP, SHA-256" \
    provider_decrypts -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256
anchor 5 step "RSA-OAEP, SHA-256 with a label" \
    provider_decrypts -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 \
    -pkeyopt rsa_oaep_label:6c6162656c
anchor 5 step "RSA-OAEP, SHA-512 with MGF1 of SHA-1" provider_decrypts -pkeyopt rsa_padding_mode:oaep \
    -pkeyopt rsa_oaep_md:sha512 -pkeyopt rsa_mgf1_md:sha1

provider_ecdh() {
    judge ecparam -name "$3" -genkey -noout -out peer.pem
    judge pkey -in peer.pem -pubout -out peer.pub.pem
    provider pkeyutl -inkey "$1" -derive -peerkey peer.pub.pem -out secret.token
    judge pkeyutl -derive -inkey peer.pem -peerkey "$2.pub.pem" -out secret.judge
    cmp secret.token secret.judge
}
shown "ECDH P-256" provider_ecdh "$EC" ec prime256v1
shown "ECDH P-384" provider_ecdh "$EC384" ec384 secp384r1

# --- key generation -----------------------------------------------------------------------------

provider_generates() {
    provider genpkey -propquery provider=pkcs11 -algorithm "$2" "${@:3}" -pkeyopt "pkcs11_uri:$URI;object=made-$1" -out "made-$1.pem"
    grep -q 'BEGIN PKCS#11 PROVIDER URI' "made-$1.pem"
    provider pkey -in "made-$1.pem" -pubout -out "made-$1.pub.pem"
    provider pkey -in "$URI;object=made-$1;type=private" -pubout -out found.pem
    cmp found.pem "made-$1.pub.pem"
}
shown "genpkey RSA: made in the token, written as URI-PEM" provider_generates rsa RSA -pkeyopt rsa_keygen_bits:2048
shown "genpkey EC P-256" provider_generates ec EC -pkeyopt ec_paramgen_curve:P-256
shown "genpkey EC P-521" provider_generates ec521 EC -pkeyopt ec_paramgen_curve:P-521
shown "the RSA key of the URI-PEM file signs" provider_hash made-rsa.pem made-rsa sha256 message
shown "the EC key of the URI-PEM file signs" provider_hash made-ec.pem made-ec sha256 message
shown "the P-521 key of the URI-PEM file signs" provider_hash made-ec521.pem made-ec521 sha512 message
step "a URI-PEM file made without the provider" uri_pem "$RSA" rsa.uri.pem
shown "... and it signs" provider_hash rsa.uri.pem rsa sha256 message

provider_ed25519() {
    provider genpkey -propquery provider=pkcs11 -algorithm ED25519 -pkeyopt "pkcs11_uri:$URI;object=made-ed" -out made-ed.pem
    provider pkey -in made-ed.pem -pubout -out made-ed.pub.pem
    provider pkeyutl -sign -rawin -inkey made-ed.pem -in message -out signature
    judge pkeyutl -verify -rawin -pubin -inkey made-ed.pub.pem -in message -sigfile signature
}
# consumers: ed25519-ec-params
shown "genpkey ED25519, and it signs" provider_ed25519

provider_ed25519_of_opensc() {
    p11_user --keypairgen --key-type EC:edwards25519 --id 04 --label ed
    p11_token --read-object --type pubkey --id 04 -o ed.pub.pem
    provider pkeyutl -sign -rawin -inkey "$URI;object=ed;type=private" -in message -out signature
    judge pkeyutl -verify -rawin -pubin -inkey ed.pub.pem -in message -sigfile signature
}
shown "an Ed25519 key made by pkcs11-tool signs" provider_ed25519_of_opensc

# --- certificates, CMS -----------------------------------------------------------------------------

provider_ca() {
    provider req -new -x509 -key "$1" -subj "/CN=Token CA $2" -days 30 -extensions ca_ext -out "ca-$2.pem"
    judge verify -CAfile "ca-$2.pem" "ca-$2.pem"
}
shown "a self-signed RSA certificate" provider_ca "$RSA" rsa
shown "a self-signed EC certificate" provider_ca "$EC" ec

provider_csr() {
    provider req -new -key "$1" -subj "/CN=localhost" -out "$2.csr"
    judge req -in "$2.csr" -noout -verify
}
shown "a certificate request, RSA" provider_csr "$RSA" rsa
shown "a certificate request, EC" provider_csr "$EC" ec
shown "a certificate request, RSA-PSS" provider req -new -key "$RSA" -subj "/CN=pss" -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:32 -out pss.csr
step "... which OpenSSL verifies" judge req -in pss.csr -noout -verify

provider_issues() {
    provider x509 -req -in "$1.csr" -CA "ca-$2.pem" -CAkey "$3" -set_serial 1 -days 20 -extfile "$PLAIN_CONFIG" \
        -extensions leaf_ext -out "$1.pem"
    judge verify -CAfile "ca-$2.pem" "$1.pem"
}
shown "the token's EC key as CA issues a certificate for the RSA key" provider_issues rsa ec "$EC"
shown "the token's RSA key as CA issues a certificate for the EC key" provider_issues ec rsa "$RSA"

provider_ca_command() {
    mkdir -p ca-folder
    : >ca-folder/index
    echo 01 >ca-folder/serial
    {
        cat provider.cnf
        printf '%s\n' '[ca]' 'default_ca = token' '[token]' "database = $SCRATCH/ca-folder/index" \
            "serial = $SCRATCH/ca-folder/serial" "new_certs_dir = $SCRATCH/ca-folder" 'default_md = sha256' \
            'policy = any' '[any]' 'commonName = supplied'
    } >ca.cnf
    judge req -newkey rsa:2048 -nodes -keyout /dev/null -subj "/CN=leaf" -out leaf.csr
    OPENSSL_CONF=$SCRATCH/ca.cnf openssl ca -batch -keyfile "$RSA" -cert ca-rsa.pem -in leaf.csr -days 10 -out leaf.pem -notext
    judge verify -CAfile ca-rsa.pem leaf.pem
}
shown "openssl ca issues a certificate" provider_ca_command

provider_cms() {
    provider cms -sign -nodetach -binary -in message -signer "$1.pem" -inkey "$2" -outform DER -out signed.der
    judge cms -verify -inform DER -in signed.der -CAfile "$3" -purpose any -out verified
    cmp verified message
}
shown "CMS signed data, RSA" provider_cms rsa "$RSA" ca-ec.pem
shown "CMS signed data, EC" provider_cms ec "$EC" ca-rsa.pem

provider_cms_opens() {
    judge cms -encrypt -aes-256-cbc -in message -binary -outform DER -out enveloped.der -recip "$1.pem" "${@:3}"
    provider cms -decrypt -inform DER -in enveloped.der -recip "$1.pem" -inkey "$2" -out opened
    cmp opened message
}
shown "CMS enveloped data is opened, RSA" provider_cms_opens rsa "$RSA"
anchor 5 step "CMS enveloped data is opened, RSA-OAEP with SHA-256" provider_cms_opens rsa "$RSA" -keyopt rsa_padding_mode:oaep \
    -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256

certificate_in_token() {
    token_certificate 01 rsa rsa.pem
    provider x509 -in "$URI;object=rsa;type=cert" -outform DER -out found.der
    cmp found.der rsa.pem.der
}
shown "a certificate is read from the token by URI" certificate_in_token

# --- TLS -----------------------------------------------------------------------------------------------

step "a certificate authority and a peer's certificate in files" tls_peer_create ca-rsa.pem ca-ec.pem

for kind in rsa:RSA ec:EC; do
    name=${kind%%:*}
    key=${kind##*:}
    port=$(free_port)
    serve "server-$name" "$port" env OPENSSL_CONF="$SCRATCH/provider.cnf" openssl s_server \
        -accept "127.0.0.1:$port" -cert "$name.pem" -key "${!key}" -www
    step "TLS 1.2 and 1.3 server with the token's $key key" tls_server_answers "$port"
    # consumers: tls13-pss, tls13-ecdsa
    [[ $key == EC ]] || step "TLS 1.3 server: rsa_pss_rsae_sha512" tls_server_answers "$port" -sigalgs rsa_pss_rsae_sha512
    serve_stop "$SERVER_PID"
done

port=$(free_port)
serve server-file "$port" env OPENSSL_CONF="$PLAIN_CONFIG" openssl s_server -accept "127.0.0.1:$port" -cert peer.pem \
    -key peer.key -CAfile roots.pem -Verify 2 -verify_return_error -www
tls_client() {
    says "Client certificate" tls_get_by provider "$port" "-$1" -cert "$2.pem" -key "$3"
}
for version in tls1_2 tls1_3; do
    shown "TLS client authentication with the token's RSA key, $version" tls_client "$version" rsa "$RSA"
    shown "TLS client authentication with the token's EC key, $version" tls_client "$version" ec "$EC"
done

# --- what stays behind ------------------------------------------------------------------------------------

# consumers: anchor-12-error-queue
shown "no errors of other engines or providers in the output" silent_about "rdrand|could not load|:error:" \
    provider dgst -sign "$RSA" -sha256 -out signature message
