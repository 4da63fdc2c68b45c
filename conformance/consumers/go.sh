# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Go: crypto11 and miekg/pkcs11, from Debian's packages, so that nothing is downloaded.

token_create
build() {
    cp "$HERE/programs/go/main.go" .
    GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=$SCRATCH/go-cache GOFLAGS=-p=2 go build -o client main.go
}
need "the program is built" build
client() {
    ./client "$MODULE" "$LABEL" "$PIN" "$@"
}
# consumers: init-os-locking
step "RSA signatures, PSS, decryption" client rsa
# consumers: anchor-5-oaep
anchor 5 step "RSA-OAEP with SHA-1, SHA-256, SHA-512, with and without a label" client oaep
step "ECDSA P-256 to P-521" client ecdsa
step "AES-GCM and AES-CBC, a changed ciphertext" client symmetric
step "HMAC" client hmac
step "50 goroutines sign" client goroutines
step "100 sessions, searches, and no C_Finalize" client miekg

step "a certificate made by x509.CreateCertificate, stored and paired with its key" client certificate
cp go.pem roots.pem
port=$(free_port)
serve server "$port" ./client "$MODULE" "$LABEL" "$PIN" tls "$port"
# consumers: tls13-ecdsa
step "net/http's TLS server with the token's key: TLS 1.2 and 1.3" tls_server_answers "$port"
