# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSC's pkcs11-tool: everything an administrator or a script does by it, from an
# empty module to wrapped keys. Each result is checked by OpenSSL without the module.

printf 'the quick brown fox' >message
head -c 3000 /dev/urandom >long-message
judge dgst -sha256 -binary -out digest256 message

# --- tokens and PINs -------------------------------------------------------------

# consumers: init-null
step "C_Initialize(NULL): information about the library" says "Cryptoki version +[23]\." p11 --show-info
step "an empty slot offers an uninitialised token" says "uninitialized" p11 --list-slots
# consumers: get-interface
if [[ $MODULE_KIND == coffer ]]; then
    step "C_GetInterfaceList: PKCS#11 3.x and 2.40 interfaces" says "PKCS 11' *[\n\r]*.*version: 3\.|version: 3\." p11 --list-interfaces
fi
token_create

second_token() {
    local slot_before slot_after
    slot_before=$(slot_of "$LABEL")
    token_init other
    slot_after=$(slot_of "$LABEL")
    echo "slot of $LABEL: before $slot_before, after $slot_after"
    [[ $slot_before == "$slot_after" && $(slot_of other) != "$slot_after" ]]
    [[ -n $(slot_empty) ]]
}
# consumers: slot-ids-stable
step "a second token: the first keeps its slot number, and an empty slot is left" second_token

wrong_pin_shown() {
    refuses CKR_PIN_INCORRECT p11_token --login --pin 11111111 --list-objects
    says "user PIN count low" p11 --list-slots
    p11_user --list-objects
    silent_about "user PIN count low" p11 --list-slots
}
# consumers: pin-count-low
step "one wrong PIN: PIN_INCORRECT and 'user PIN count low', gone after the right one" wrong_pin_shown
step "a wrong SO PIN is refused" refuses CKR_PIN_INCORRECT \
    p11_token --login --login-type so --so-pin 11111111 --init-pin --pin 22222222

change_user_pin() {
    p11 --token-label other --login --pin "$PIN" --change-pin --new-pin 'n3w PIN: ä%#'
    refuses CKR_PIN_INCORRECT p11 --token-label other --login --pin "$PIN" --list-objects
    p11 --token-label other --login --pin 'n3w PIN: ä%#' --list-objects
}
step "C_SetPIN by the user, to a PIN with blanks, signs and UTF-8" change_user_pin

change_so_pin() {
    p11 --token-label other --login --login-type so --so-pin "$SO_PIN" --change-pin --new-pin 99999999
    refuses CKR_PIN_INCORRECT p11 --token-label other --login --login-type so --so-pin "$SO_PIN" --init-pin --pin "$PIN"
    p11 --token-label other --login --login-type so --so-pin 99999999 --init-pin --pin "$PIN"
    p11 --token-label other --login --pin "$PIN" --list-objects
}
step "C_SetPIN by the SO, who then gives the user a new PIN" change_so_pin

init_again() {
    local slot
    slot=$(slot_of other)
    p11 --slot "$slot" --login --pin "$PIN" --keygen --key-type AES:16 --label doomed
    refuses "CKR_PIN_INCORRECT" p11 --slot "$slot" --init-token --label renamed --so-pin 11111111
    p11 --slot "$slot" --init-token --label renamed --so-pin 99999999
    [[ $(slot_of renamed) == "$slot" ]]
    p11 --slot "$slot" --login --login-type so --so-pin 99999999 --init-pin --pin "$PIN"
    silent_about doomed p11 --slot "$slot" --login --pin "$PIN" --list-objects
}
step "C_InitToken on a token in use asks for its SO PIN, empties and renames it" init_again

random_differs() {
    p11 --generate-random 64 -o random.1
    p11 --generate-random 64 -o random.2
    [[ $(stat -c %s random.1) -eq 64 ]]
    differ random.1 random.2
}
step "C_GenerateRandom" random_differs

digest_matches() {
    p11_token --hash -m "$1" -i long-message -o token.digest
    judge dgst "-$2" -binary -out judge.digest long-message
    cmp token.digest judge.digest
}
for pair in SHA-1:sha1 SHA224:sha224 SHA256:sha256 SHA384:sha384 SHA512:sha512; do
    step "digest ${pair%%:*}" digest_matches "${pair%%:*}" "${pair##*:}"
done

# --- RSA ---------------------------------------------------------------------------

need "RSA-2048 key pair" token_keypair rsa:2048 01 rsa
step "RSA-3072 key pair" token_keypair rsa:3072 02 rsa3072

# sign_and_judge MECHANISM DIGEST [KEY_OPTIONS]: sign by the token, verify by OpenSSL
# and by the token, and see both refuse another message.
sign_and_judge() {
    local mechanism=$1 digest=$2 key=$3 id=$4 input=$5
    shift 5
    p11_user --sign -m "$mechanism" --id "$id" -i "$input" -o signature
    judge dgst "-$digest" -verify "$key.pub.pem" "$@" -signature signature "$input"
    p11_token --verify -m "$mechanism" --id "$id" -i "$input" --signature-file signature |
        grep "Signature is valid"
    p11_token --verify -m "$mechanism" --id "$id" -i digest256 --signature-file signature |
        grep "Invalid signature"
}
for hash in sha1 sha224 sha256 sha384 sha512; do
    step "${hash^^}-RSA-PKCS, one call" sign_and_judge "${hash^^}-RSA-PKCS" "$hash" rsa 01 message
    step "${hash^^}-RSA-PKCS, in parts" sign_and_judge "${hash^^}-RSA-PKCS" "$hash" rsa3072 02 long-message
done

rsa_pkcs_raw() {
    { printf '\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20'; cat digest256; } >digestinfo
    p11_user --sign -m RSA-PKCS --id 01 -i digestinfo -o signature
    judge pkeyutl -verify -pubin -inkey rsa.pub.pem -pkeyopt digest:sha256 -in digest256 -sigfile signature
}
step "RSA-PKCS on a DigestInfo" rsa_pkcs_raw

pss_on_digest() {
    local hash=$1 mechanism=$2 salt=$3
    judge dgst "-$hash" -binary -out digest message
    p11_user --sign -m RSA-PKCS-PSS --hash-algorithm "$mechanism" --mgf "MGF1-${mechanism/-/}" --salt-len "$salt" \
        --id 01 -i digest -o signature
    judge pkeyutl -verify -pubin -inkey rsa.pub.pem -pkeyopt rsa_padding_mode:pss -pkeyopt "digest:$hash" \
        -pkeyopt "rsa_mgf1_md:$hash" -pkeyopt "rsa_pss_saltlen:$salt" -in digest -sigfile signature
    p11_token --verify -m RSA-PKCS-PSS --hash-algorithm "$mechanism" --mgf "MGF1-${mechanism/-/}" \
        --salt-len "$salt" --id 01 -i digest --signature-file signature | grep "Signature is valid"
}
# consumers: tls13-pss
step "RSA-PKCS-PSS on a SHA-256 digest, salt 32" pss_on_digest sha256 SHA256 32
step "RSA-PKCS-PSS on a SHA-384 digest, salt 48" pss_on_digest sha384 SHA384 48
step "RSA-PKCS-PSS on a SHA-512 digest, salt 0" pss_on_digest sha512 SHA512 0
step "RSA-PKCS-PSS on a SHA-1 digest, salt 20" pss_on_digest sha1 SHA-1 20

pss_hashed() {
    p11_user --sign -m "$1-RSA-PKCS-PSS" --id 01 -i long-message -o signature
    judge dgst "-${1,,}" -verify rsa.pub.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest \
        -signature signature long-message
}
for hash in SHA1 SHA224 SHA256 SHA384 SHA512; do
    step "$hash-RSA-PKCS-PSS in parts" pss_hashed "$hash"
done

rsa_decrypts() {
    judge pkeyutl -encrypt -pubin -inkey rsa.pub.pem -in message -out ciphertext "${@:2}"
    p11_user --decrypt -m RSA-PKCS --id 01 -i ciphertext -o plaintext
    cmp message plaintext
}
step "RSA-PKCS decryption" rsa_decrypts

rsa_raw_decrypts() {
    { printf '\0'; head -c 255 /dev/urandom; } >block
    judge pkeyutl -encrypt -pubin -inkey rsa.pub.pem -pkeyopt rsa_padding_mode:none -in block -out ciphertext
    p11_user --decrypt -m RSA-X-509 --id 01 -i ciphertext -o plaintext
    cmp block plaintext
}
step "RSA-X-509 decryption, leading zero kept" rsa_raw_decrypts

oaep_decrypts() {
    judge pkeyutl -encrypt -pubin -inkey rsa.pub.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$1" \
        -pkeyopt "rsa_mgf1_md:$3" -in message -out ciphertext
    p11_user --decrypt -m RSA-PKCS-OAEP --hash-algorithm "$2" --mgf "$4" --id 01 -i ciphertext -o plaintext
    cmp message plaintext
}
step "RSA-OAEP with SHA-1" oaep_decrypts sha1 SHA-1 sha1 MGF1-SHA1
# consumers: anchor-5-oaep
anchor 5 step "RSA-OAEP with SHA-256" oaep_decrypts sha256 SHA256 sha256 MGF1-SHA256
anchor 5 step "RSA-OAEP with SHA-512" oaep_decrypts sha512 SHA512 sha512 MGF1-SHA512
anchor 5 step "RSA-OAEP with SHA-256 and MGF1 of SHA-1" oaep_decrypts sha256 SHA256 sha1 MGF1-SHA1

# --- elliptic curves -----------------------------------------------------------------

# consumers: opensc-ec-usage
step "EC P-256 key pair" token_keypair EC:secp256r1 11 p256
step "EC P-384 key pair" token_keypair EC:secp384r1 12 p384
step "EC P-521 key pair" token_keypair EC:secp521r1 13 p521

ecdsa_raw() {
    judge dgst "-$3" -binary -out digest message
    p11_user --sign -m ECDSA --id "$2" -f openssl -i digest -o signature
    judge pkeyutl -verify -pubin -inkey "$1.pub.pem" -in digest -sigfile signature
    p11_user --sign -m ECDSA --id "$2" -f rs -i digest -o signature
    [[ $(stat -c %s signature) -eq $4 ]]
    p11_token --verify -m ECDSA --id "$2" -i digest --signature-file signature |
        grep "Signature is valid"
}
# consumers: tls13-ecdsa
step "ECDSA P-256, 64 bytes as r,s and as a sequence" ecdsa_raw p256 11 sha256 64
step "ECDSA P-384, 96 bytes" ecdsa_raw p384 12 sha384 96
step "ECDSA P-521, 132 bytes" ecdsa_raw p521 13 sha512 132

ecdsa_hashed() {
    p11_user --sign -m "ECDSA-${1^^}" --id "$3" -f openssl -i "$4" -o signature
    judge dgst "-$1" -verify "$2.pub.pem" -signature signature "$4"
}
for hash in sha1 sha224 sha256 sha384 sha512; do
    # consumers: anchor-4-hashed-ecdsa
    anchor 4 step "ECDSA-${hash^^}, one call" ecdsa_hashed "$hash" p256 11 message
    anchor 4 step "ECDSA-${hash^^}, in parts, P-521" ecdsa_hashed "$hash" p521 13 long-message
done

ecdh_matches() {
    judge ecparam -name "$3" -genkey -noout -out peer.pem
    judge pkey -in peer.pem -pubout -outform DER -out peer.der
    p11_user --derive -m ECDH1-DERIVE --id "$2" -i peer.der -o secret.token "${@:4}"
    judge pkeyutl -derive -inkey peer.pem -peerkey "$1.pub.pem" -out secret.judge
    cmp secret.token secret.judge
}
# consumers: ecdh-opensc
step "ECDH P-256, peer's point raw" ecdh_matches p256 11 prime256v1
step "ECDH P-256, peer's point as a DER octet string" ecdh_matches p256 11 prime256v1 --derive-pass-der
step "ECDH P-384" ecdh_matches p384 12 secp384r1
step "ECDH P-521" ecdh_matches p521 13 secp521r1

# --- secret keys -----------------------------------------------------------------------

aes_import() {
    judge rand -out "aes$1.raw" "$1"
    p11_user --write-object "aes$1.raw" --type secrkey --key-type "AES:$1" --id "2$2" --label "aes$1" \
        --extractable --usage-decrypt --usage-wrap
}
aes_matches() {
    local size=$1 id=$2 mechanism=$3 cipher=$4 input=$5 iv=000102030405060708090a0b0c0d0e0f options=()
    [[ $mechanism == AES-ECB ]] || options=(--iv "$iv")
    p11_user --encrypt -m "$mechanism" --id "2$id" "${options[@]}" -i "$input" -o ciphertext
    options=(-iv "$iv")
    [[ $mechanism != AES-ECB ]] || options=()
    [[ $mechanism == AES-CBC-PAD ]] || options+=(-nopad)
    judge enc "-aes-$((size * 8))-$cipher" -K "$(xxd -p -c 64 "aes$size.raw")" "${options[@]}" -in "$input" -out judge.ciphertext
    cmp ciphertext judge.ciphertext
    options=()
    [[ $mechanism == AES-ECB ]] || options=(--iv "$iv")
    p11_user --decrypt -m "$mechanism" --id "2$id" "${options[@]}" -i ciphertext -o plaintext
    cmp plaintext "$input"
}
head -c 64 /dev/urandom >blocks
for size in 16 24 32; do
    step "AES-$((size * 8)) key import without CKA_VALUE_LEN" aes_import "$size" "$((size / 8))"
    step "AES-$((size * 8)) ECB" aes_matches "$size" "$((size / 8))" AES-ECB ecb blocks
    step "AES-$((size * 8)) CBC" aes_matches "$size" "$((size / 8))" AES-CBC cbc blocks
    step "AES-$((size * 8)) CBC-PAD" aes_matches "$size" "$((size / 8))" AES-CBC-PAD cbc message
done
step "AES-256 CBC-PAD of 3000 bytes, in parts" aes_matches 32 4 AES-CBC-PAD cbc long-message

aes_generate() {
    p11_user --keygen --key-type "AES:$1" --id "3$2" --label "made$1" --extractable
    p11_user --read-object --type secrkey --id "3$2" -o made.raw
    [[ $(stat -c %s made.raw) -eq $1 ]]
}
for size in 16 24 32; do
    step "AES-$((size * 8)) key generation, value readable as it is not sensitive" aes_generate "$size" "$((size / 8))"
done

sensitive_hidden() {
    p11_user --keygen --key-type AES:32 --id 3f --label hidden --sensitive --extractable --usage-decrypt
    p11_user --read-object --type secrkey --id 3f -o hidden.raw 2>&1 || true
    [[ ! -s hidden.raw ]]
}
# consumers: sensitive-value
step "the value of a sensitive key is not given out" sensitive_hidden

hmac_matches() {
    local hash=$1 length=$2 id
    id=$(printf '%04x' "$((length + 4096))")
    p11_user --keygen --key-type "GENERIC:$length" --id "$id" --label "hmac$length" --extractable --usage-sign \
        -m GENERIC-SECRET-KEY-GEN
    p11_user --read-object --type secrkey --id "$id" -o hmac.raw
    [[ $(stat -c %s hmac.raw) -eq $length ]]
    for name in $hash; do
        p11_user --sign -m "${name/SHA1/SHA-1}-HMAC" --id "$id" -i long-message -o mac
        judge mac -digest "$name" -macopt "hexkey:$(xxd -p -c 1024 hmac.raw)" -in long-message -binary -out mac.judge HMAC
        cmp mac mac.judge
    done
}
step "HMAC with a key as long as the digest: SHA-256" hmac_matches SHA256 33
# consumers: anchor-6-hmac-key
anchor 6 step "HMAC with a 1-byte key: SHA-1 to SHA-512" hmac_matches "SHA1 SHA224 SHA256 SHA384 SHA512" 1
anchor 6 step "HMAC with a 32-byte key: SHA-384, SHA-512" hmac_matches "SHA384 SHA512" 32
step "HMAC with a 200-byte key, longer than the block" hmac_matches "SHA1 SHA256 SHA512" 200

# --- wrapping ----------------------------------------------------------------------------

rsa_wraps() {
    p11_user --keygen --key-type AES:32 --id 41 --label payload --extractable --sensitive
    p11_user --keypairgen --key-type rsa:2048 --id 42 --label wrapper --usage-wrap --usage-decrypt
    p11_user --wrap -m RSA-PKCS --id 42 --application-id 41 -o wrapped
    p11_user --decrypt -m RSA-PKCS --id 42 -i wrapped -o payload.raw
    [[ $(stat -c %s payload.raw) -eq 32 ]]
    p11_user --unwrap -m RSA-PKCS --id 42 -i wrapped --key-type AES: --application-id 43 --application-label unwrapped \
        --extractable --usage-decrypt
    p11_user --read-object --type secrkey --id 43 -o unwrapped.raw
    cmp payload.raw unwrapped.raw
}
step "an AES key wrapped and unwrapped by an RSA key pair" rsa_wraps

aes_wraps() {
    local mechanism=$1 cipher=$2 options=()
    [[ $mechanism != AES-CBC* ]] || options=(--iv 000102030405060708090a0b0c0d0e0f)
    p11_user --keygen --key-type "AES:32" --id "5$3" --label "payload-$1" --extractable
    p11_user --read-object --type secrkey --id "5$3" -o payload.raw
    p11_user --wrap -m "$mechanism" --id 24 --application-id "5$3" -o wrapped "${options[@]}"
    case $cipher in
    *wrap*) judge enc -d "-$cipher" -K "$(xxd -p -c 64 aes32.raw)" -iv "$4" -nopad -in wrapped -out judge.raw ;;
    *) judge enc -d "-$cipher" -K "$(xxd -p -c 64 aes32.raw)" -iv 000102030405060708090a0b0c0d0e0f -in wrapped -out judge.raw ;;
    esac
    cmp payload.raw judge.raw
    p11_user --unwrap -m "$mechanism" --id 24 -i wrapped --key-type AES: --application-id "6$3" --extractable "${options[@]}"
    p11_user --read-object --type secrkey --id "6$3" -o unwrapped.raw
    cmp payload.raw unwrapped.raw
}
step "AES-KEY-WRAP, and OpenSSL opens the result" aes_wraps AES-KEY-WRAP id-aes256-wrap 1 a6a6a6a6a6a6a6a6
# CKM_AES_KEY_WRAP_KWP, for which SoftHSM uses the number of CKM_AES_KEY_WRAP_PAD.
kwp=0x210B
[[ $MODULE_KIND != softhsm ]] || kwp=0x210A
step "AES key wrap with padding (RFC 5649), and OpenSSL opens the result" aes_wraps "$kwp" id-aes256-wrap-pad 2 a65959a6
softhsm_lacks "this wrapping mechanism" step "AES-CBC-PAD as a wrapping mechanism" aes_wraps AES-CBC-PAD aes-256-cbc 3

unextractable_stays() {
    p11_user --keygen --key-type AES:32 --id 71 --label locked --sensitive
    refuses "CKR_KEY_(UNEXTRACTABLE|NOT_WRAPPABLE)" p11_user --wrap -m AES-KEY-WRAP --id 24 --application-id 71 -o stolen
    [[ ! -s stolen ]]
}
step "a key that is not extractable cannot be wrapped" unextractable_stays

# --- imported keys -------------------------------------------------------------------------

import_rsa() {
    judge genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out imported.pem
    judge pkey -in imported.pem -outform DER -out imported.der
    judge pkey -in imported.pem -pubout -outform DER -out imported.pub.der
    judge pkey -in imported.pem -pubout -out imported.pub.pem
    p11_user --write-object imported.der --type privkey --id 81 --label imported --usage-sign --usage-decrypt
    p11_user --write-object imported.pub.der --type pubkey --id 81 --label imported --usage-sign --usage-decrypt
    sign_and_judge SHA256-RSA-PKCS sha256 imported 81 message
    public_key 81 imported.back.pem
    cmp imported.back.pem imported.pub.pem
}
step "an RSA key pair of OpenSSL's, imported" import_rsa

import_ec() {
    judge ecparam -name "$1" -genkey -noout -outform DER -out ec.der
    judge pkey -inform DER -in ec.der -pubout -outform DER -out ec.pub.der
    judge pkey -inform DER -in ec.der -pubout -out "ec$2.pub.pem"
    p11_user --write-object ec.der --type privkey --id "8$2" --label "ec$2" --usage-sign --usage-derive
    p11_user --write-object ec.pub.der --type pubkey --id "8$2" --label "ec$2" --usage-sign --usage-derive
    ecdsa_raw "ec$2" "8$2" sha256 "$3"
}
step "an EC P-256 key pair imported" import_ec prime256v1 2 64
step "an EC P-384 key pair imported" import_ec secp384r1 3 96
step "an EC P-521 key pair imported" import_ec secp521r1 4 132

# --- certificates and data -------------------------------------------------------------------

certificate_back() {
    judge req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -out cert.pem -days 30 -subj "/C=XX/O=Coffer/CN=ä certificate"
    judge x509 -in cert.pem -outform DER -out cert.der
    p11_user --write-object cert.der --type cert --id 91 --label 'a certificate'
    p11_token --read-object --type cert --id 91 -o cert.back
    cmp cert.der cert.back
    p11_token --read-object --type cert --label 'a certificate' -o cert.back
    cmp cert.der cert.back
    says "subject: *DN: C=XX, O=Coffer" p11_token --list-objects --type cert
}
step "a certificate is written, listed, read by id and by label" certificate_back

certificate_by_subject() {
    local subject
    subject=$(judge asn1parse -inform DER -in cert.der -strparse "$(judge asn1parse -inform DER -in cert.der |
        awk -F: '/SEQUENCE/ && $2 ~ /d=2/ { print $1 }' | sed -n 4p | tr -d ' ')" -noout -out subject.der && xxd -p -c 1024 subject.der)
    p11_token --read-object --type cert --subject "$subject" -o cert.back
    cmp cert.der cert.back
}
step "a certificate is found by its subject" certificate_by_subject

data_back() {
    local size=$1
    shift
    head -c "$size" /dev/urandom >"data$size"
    p11_user --write-object "data$size" --type data --label "data$size" "$@"
    p11_user --read-object --type data --label "data$size" -o data.back
    cmp "data$size" data.back
}
step "a data object of 1 byte" data_back 1
# consumers: data-5000
step "a data object of 5000 bytes, the most that pkcs11-tool takes" data_back 5000 --application-label tests --application-id 1.2.3.4
step "an empty data object" p11_user --write-object /dev/null --type data --label nothing

private_data() {
    data_back 100 --private
    silent_about data100 p11_token --list-objects
    says data100 p11_user --list-objects
    refuses "object not found|CKR_" p11_token --read-object --type data --label data100 -o leaked
}
step "a private data object is invisible without login" private_data

data_by_application() {
    p11_token --read-object --type data --application-id 1.2.3.4 -o data.back
    cmp data5000 data.back
    p11_token --read-object --type data --application-label tests -o data.back
    cmp data5000 data.back
}
step "a data object is found by application and object id" data_by_application

change_id() {
    p11_user --set-id 1234abcd --type privkey --id 02
    p11_user --set-id 1234abcd --type pubkey --id 02
    p11_user --sign -m SHA256-RSA-PKCS --id 1234abcd -i message -o signature
    judge dgst -sha256 -verify rsa3072.pub.pem -signature signature message
}
# consumers: set-id
step "C_SetAttributeValue of CKA_ID, and the key works by its new id" change_id

delete_object() {
    p11_user --delete-object --type data --label data5000
    refuses "object not found" p11_token --read-object --type data --label data5000 -o gone
    p11_user --delete-object --type privkey --id 1234abcd
    refuses "object not found|not found" p11_user --sign -m SHA256-RSA-PKCS --id 1234abcd -i message -o gone
}
step "objects are deleted" delete_object

# --- what a key may be used for ------------------------------------------------------------

undestroyable() {
    p11_user --write-object cert.der --type cert --id 92 --label keep --undestroyable
    refuses "CKR_ACTION_PROHIBITED|0x1b" p11_user --delete-object --type cert --id 92
    p11_token --read-object --type cert --id 92 -o cert.back
    cmp cert.der cert.back
}
# consumers: anchor-7-destroyable
step "CKA_DESTROYABLE = false: the object stays" undestroyable

allowed_mechanisms() {
    token_keypair rsa:2048 a1 narrow --allowed-mechanisms SHA256-RSA-PKCS,SHA384-RSA-PKCS
    sign_and_judge SHA256-RSA-PKCS sha256 narrow a1 message
    refuses CKR_MECHANISM_INVALID p11_user --sign -m SHA512-RSA-PKCS --id a1 -i message -o refused
    says "SHA256-RSA-PKCS,SHA384-RSA-PKCS" p11_user --list-objects --type privkey
}
# consumers: allowed-mechanisms
step "CKA_ALLOWED_MECHANISMS: only these sign" allowed_mechanisms

always_authenticate() {
    token_keypair rsa:2048 a2 careful --always-auth
    sign_and_judge SHA256-RSA-PKCS sha256 careful a2 message
    judge pkeyutl -encrypt -pubin -inkey careful.pub.pem -in message -out ciphertext
    p11_user --decrypt -m RSA-PKCS --id a2 -i ciphertext -o plaintext
    cmp message plaintext
    says "always authenticate" p11_user --list-objects --type privkey
}
# consumers: always-authenticate
step "CKA_ALWAYS_AUTHENTICATE: a context-specific login for each use" always_authenticate

everything_listed() {
    p11_user --list-objects >objects 2>&1
    [[ $(grep -c "Object" objects) -gt 40 ]]
    if grep -iE 'error|failed' objects | grep -v CKR_ATTRIBUTE_SENSITIVE; then return 1; fi
}
# consumers: attributes-read
step "every object is listed with all its attributes" everything_listed
step "nothing private is listed without login" silent_about "Private Key Object" p11_token --list-objects
