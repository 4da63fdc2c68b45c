# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Java's SunPKCS11: keytool, jarsigner and a program that compares what the token
# computes with the JDK's own providers, TLS included.

printf 'the quick brown fox' >message
token_create

# The attribute lines are what SunPKCS11 needs for ECDH and DH with any module that follows
# the specification's defaults.
# consumers: java-config
java_config() {
    printf '%s\n' 'name = consumer' "library = $MODULE" "$@" \
        'attributes(generate,CKO_PRIVATE_KEY,CKK_EC) = {' '  CKA_DERIVE = true' '}' \
        'attributes(generate,CKO_PRIVATE_KEY,CKK_DH) = {' '  CKA_DERIVE = true' '}' \
        'attributes(*,CKO_SECRET_KEY,CKK_GENERIC_SECRET) = {' '  CKA_SENSITIVE = false' '  CKA_EXTRACTABLE = true' '}'
}
java_config "slot = $SLOT" >java.cfg

export JAVA_TOOL_OPTIONS="-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -XX:-UsePerfData"
kt() {
    keytool -storetype PKCS11 -keystore NONE -storepass "$PIN" -addprovider SunPKCS11 -providerarg "$SCRATCH/java.cfg" "$@"
}

# --- keytool ---------------------------------------------------------------------------------

made() {
    kt -genkeypair -alias "$1" -dname "CN=localhost, O=$1" -ext san=dns:localhost,ip:127.0.0.1 -validity 20 "${@:2}"
    kt -exportcert -rfc -alias "$1" -file "$1.pem"
    judge verify -check_ss_sig -CAfile "$1.pem" "$1.pem"
}
# consumers: init-os-locking, copy-java, set-id, sparse-java
need "keytool makes an RSA key pair with certificate" made rsa -keyalg RSA -keysize 2048
need "keytool makes a P-256 key pair" made ec -keyalg EC -groupname secp256r1 -ext bc:c
need "keytool makes a P-521 key pair" made ec521 -keyalg EC -groupname secp521r1
step "keytool makes an RSASSA-PSS signed certificate" made pss -keyalg RSA -keysize 2048 -sigalg RSASSA-PSS
step "keytool makes an AES key" kt -genseckey -alias aes -keyalg AES -keysize 256
step "keytool lists the entries" says "ec521, .*PrivateKeyEntry" kt -list

by_index() {
    local index
    index=$(p11 --list-slots | awk -v label="$LABEL" '
        /^Slot /          { n++ }
        /^  token label / { sub(/^[^:]*: /, ""); if ($0 == label) print n - 1 }')
    java_config "slotListIndex = $index" >index.cfg
    says "rsa, .*PrivateKeyEntry" keytool -storetype PKCS11 -keystore NONE -storepass "$PIN" -addprovider SunPKCS11 \
        -providerarg "$SCRATCH/index.cfg" -list -alias rsa
}
step "the slot by slotListIndex" by_index

request_and_reply() {
    ca_create
    kt -certreq -alias pss -file pss.csr
    judge req -in pss.csr -noout -verify
    judge x509 -req -in pss.csr -CA ca.pem -CAkey ca.key -set_serial 5 -days 20 -extfile "$PLAIN_CONFIG" \
        -extensions leaf_ext -out reply.pem
    cat reply.pem ca.pem >chain.pem
    kt -importcert -noprompt -alias pss -file chain.pem
    kt -exportcert -rfc -alias pss -file pss.pem
    judge verify -CAfile ca.pem pss.pem
}
step "keytool: request, a reply by another authority is imported" request_and_reply

issues() {
    judge req -newkey rsa:2048 -nodes -keyout /dev/null -subj "/CN=leaf" -out leaf.csr
    kt -gencert -alias ec -infile leaf.csr -outfile leaf.pem -rfc
    judge verify -CAfile ec.pem leaf.pem
}
step "keytool -gencert: the token's key signs a certificate" issues

deletes() {
    kt -delete -alias pss
    kt -delete -alias aes
    silent_about "pss, |aes, " kt -list
}
step "keytool deletes entries" deletes
step "keytool with a wrong PIN is refused" refuses "load failed" keytool -storetype PKCS11 -keystore NONE \
    -storepass 11111111 -addprovider SunPKCS11 -providerarg "$SCRATCH/java.cfg" -list

jar_signed() {
    mkdir -p classes
    cp message classes
    jar -cf "$1.jar" -C classes .
    jarsigner -keystore NONE -storetype PKCS11 -storepass "$PIN" -addprovider SunPKCS11 -providerArg "$SCRATCH/java.cfg" "$1.jar" "$1"
    says "jar verified" jarsigner -verify "$1.jar"
}
step "jarsigner with the RSA key" jar_signed rsa
step "jarsigner with the EC key" jar_signed ec

# --- a program ---------------------------------------------------------------------------------

compile() {
    javac -d "$SCRATCH" "$HERE/programs/Consumer.java"
}
need "the program compiles" compile
consumer() {
    java -cp "$SCRATCH" Consumer java.cfg "$PIN" "$@"
}
step "Signature: SHA1 to SHA512 with RSA, in parts" consumer rsa-signatures
# consumers: tls13-pss
step "Signature: RSASSA-PSS with SHA-256, SHA-384, SHA-512" consumer pss-signatures
step "Signature: SHA1 to SHA512 with ECDSA" consumer ecdsa-signatures
# consumers: anchor-3-short-ecdsa
anchor 3 step "Signature: 60 P-521 signatures, verified by the token and by SunEC" consumer many-p521
step "Cipher: AES CBC, CTR, ECB, three key lengths, in parts" consumer ciphers
step "Cipher: AES-GCM with AAD; a wrong tag is refused" consumer gcm
step "Cipher: RSA decryption; an AES key unwrapped into the token" consumer rsa-cipher
step "Mac: HmacSHA1 to HmacSHA512" consumer macs
# consumers: anchor-6-hmac-key
anchor 6 step "Mac: keys of 1, 20 and 200 bytes" consumer macs-short
step "MessageDigest: SHA-1 to SHA-512" consumer digests
# consumers: anchor-13-operation-state
anchor 13 step "MessageDigest.clone" consumer digests-cloned
# consumers: ecdh-java
step "KeyAgreement: ECDH on three curves with SunEC as the other side" consumer agreement
step "KeyAgreement: DH in three groups with SunJCE as the other side" consumer field-agreement
step "KeyStore: session keys stored, found again, deleted" consumer key-store
step "40 threads sign at once" consumer threads
step "logout, a wrong PIN, login, and the keys work" consumer logout-login
step "SecureRandom" consumer random

# --- TLS -----------------------------------------------------------------------------------------

# consumers: tls13-pss, tls13-ecdsa
step "a peer with its key in a file" tls_peer_create rsa.pem ec.pem
for name in rsa ec; do
    port=$(free_port)
    serve "java-$name" "$port" java -cp "$SCRATCH" Consumer java.cfg "$PIN" tls-server "$name" ca.pem "$port"
    step "TLS 1.2 and 1.3 server with the token's $name key" tls_server_answers "$port"
    serve_stop "$SERVER_PID"
done
port=$(free_port)
serve server-file "$port" env OPENSSL_CONF="$PLAIN_CONFIG" openssl s_server -accept "127.0.0.1:$port" -cert peer.pem \
    -key peer.key -CAfile roots.pem -Verify 2 -verify_return_error -www
for version in TLSv1.2 TLSv1.3; do
    step "$version client authentication with the token's RSA key" consumer tls-client rsa ca.pem "$port" "$version"
    step "$version client authentication with the token's EC key" consumer tls-client ec ca.pem "$port" "$version"
done

# --- TLS inside ------------------------------------------------------------------------------------

# All secret keys in the token. Beyond the lines above: secrets that others come from, and RSA keys that carry a
# pre-master secret to the server.
inside_config() {
    java_config "slot = $SLOT" | sed 's/^  CKA_EXTRACTABLE = true/&\n  CKA_DERIVE = true/'
    printf '%s\n' 'attributes(*,CKO_PUBLIC_KEY,CKK_RSA) = {' '  CKA_WRAP = true' '}' \
        'attributes(generate,CKO_PRIVATE_KEY,CKK_RSA) = {' '  CKA_UNWRAP = true' '}'
}
inside_config >inside.cfg

inside_key() {
    keytool -storetype PKCS11 -keystore NONE -storepass "$PIN" -addprovider SunPKCS11 -providerarg "$SCRATCH/inside.cfg" \
        -genkeypair -alias "inside-$1" -dname "CN=inside-$1" -ext bc:c -validity 20 "${@:2}"
}
compile_inside() {
    javac --release 17 -d "$SCRATCH" "$HERE/programs/TlsInside.java"
}
# A token without these mechanisms has nothing to run here.
# consumers: tls-inside-java
if p11 --list-mechanisms 2>/dev/null | grep -qi 'mechtype-0x3E1\|TLS12-KEY-AND-MAC-DERIVE'; then
    need "the program for TLS inside compiles" compile_inside
    need "an RSA key that unwraps" inside_key rsa -keyalg RSA -keysize 2048
    need "an EC key for TLS inside" inside_key ec -keyalg EC -groupname secp256r1
    for java in java /usr/lib/jvm/temurin-25-jdk-*/bin/java; do
        [[ $java == java || -x $java ]] || continue
        inside() {
            says "$1 $2" "$java" -cp "$SCRATCH" TlsInside inside.cfg "$PIN" "$1" "$2" "inside-$3"
        }
        release=$("$java" -version 2>&1 | sed -n 's/^openjdk version "\([0-9]*\).*/\1/p')
        step "JDK $release: TLS 1.2 inside, RSA key transport, GCM" inside TLSv1.2 TLS_RSA_WITH_AES_128_GCM_SHA256 rsa
        step "JDK $release: TLS 1.2 inside, RSA key transport, CBC" inside TLSv1.2 TLS_RSA_WITH_AES_256_CBC_SHA256 rsa
        step "JDK $release: TLS 1.2 inside, ECDHE and RSA" inside TLSv1.2 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 rsa
        step "JDK $release: TLS 1.2 inside, ECDHE and ECDSA, SHA-384" inside TLSv1.2 \
            TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 ec
        step "JDK $release: TLS 1.3 inside, RSA" inside TLSv1.3 TLS_AES_256_GCM_SHA384 rsa
        step "JDK $release: TLS 1.3 inside, ECDSA" inside TLSv1.3 TLS_AES_128_GCM_SHA256 ec
    done
fi
