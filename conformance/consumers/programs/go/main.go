// SPDX-License-Identifier: Apache-2.0
//
// A Go application on crypto11 (and, through it, miekg/pkcs11): main MODULE TOKEN PIN CASE
// [ARGUMENT...]. What the token computes is checked by Go's own packages. Like most Go
// programs it never calls C_Finalize in some of the cases.
package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/ThalesIgnite/crypto11"
	"github.com/miekg/pkcs11"
)

var message = []byte("the quick brown fox")

func must(err error) {
	if err != nil {
		log.Output(2, err.Error())
		os.Exit(1)
	}
}

func show(condition bool, what string) {
	if !condition {
		log.Output(2, "not so: "+what)
		os.Exit(1)
	}
}

func configure(arguments []string) *crypto11.Context {
	context, err := crypto11.Configure(&crypto11.Config{Path: arguments[0], TokenLabel: arguments[1], Pin: arguments[2]})
	must(err)
	return context
}

func rsaCase(context *crypto11.Context) {
	key, err := context.GenerateRSAKeyPairWithLabel([]byte("go rsa"), []byte("go rsa"), 2048)
	must(err)
	found, err := context.FindKeyPair([]byte("go rsa"), nil)
	must(err)
	public := found.Public().(*rsa.PublicKey)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		h := hash.New()
		h.Write(message)
		digest := h.Sum(nil)
		signature, err := found.Sign(rand.Reader, digest, hash)
		must(err)
		must(rsa.VerifyPKCS1v15(public, hash, digest, signature))
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
		signature, err = found.Sign(rand.Reader, digest, options)
		must(err)
		must(rsa.VerifyPSS(public, hash, digest, signature, options))
	}
	ciphertext, err := rsa.EncryptPKCS1v15(rand.Reader, public, message)
	must(err)
	plaintext, err := key.Decrypt(rand.Reader, ciphertext, nil)
	must(err)
	show(bytes.Equal(plaintext, message), "RSA decryption")
	must(key.Delete())
}

func oaepCase(context *crypto11.Context) {
	key, err := context.GenerateRSAKeyPair([]byte("go oaep"), 2048)
	must(err)
	public := key.Public().(*rsa.PublicKey)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA512} {
		for _, label := range [][]byte{nil, []byte("a label")} {
			ciphertext, err := rsa.EncryptOAEP(hash.New(), rand.Reader, public, message, label)
			must(err)
			plaintext, err := key.Decrypt(rand.Reader, ciphertext, &rsa.OAEPOptions{Hash: hash, Label: label})
			must(err)
			show(bytes.Equal(plaintext, message), fmt.Sprintf("OAEP %v %q", hash, label))
		}
	}
	must(key.Delete())
}

func ecdsaCase(context *crypto11.Context) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		key, err := context.GenerateECDSAKeyPair([]byte("go "+curve.Params().Name), curve)
		must(err)
		digest := sha512.Sum512(message)
		signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA512)
		must(err)
		show(ecdsa.VerifyASN1(key.Public().(*ecdsa.PublicKey), digest[:], signature), curve.Params().Name)
		must(key.Delete())
	}
}

func symmetricCase(context *crypto11.Context) {
	for _, bits := range []int{128, 192, 256} {
		key, err := context.GenerateSecretKeyWithLabel([]byte("go aes"), []byte("go aes"), bits, crypto11.CipherAES)
		must(err)
		aead, err := key.NewGCM()
		must(err)
		nonce := make([]byte, aead.NonceSize())
		_, err = rand.Read(nonce)
		must(err)
		sealed := aead.Seal(nil, nonce, message, []byte("header"))
		opened, err := aead.Open(nil, nonce, sealed, []byte("header"))
		must(err)
		show(bytes.Equal(opened, message), "GCM")
		sealed[0] ^= 1
		_, err = aead.Open(nil, nonce, sealed, []byte("header"))
		show(err != nil, "a changed ciphertext is refused")

		iv := make([]byte, 16)
		encrypter, err := key.NewCBCEncrypterCloser(iv)
		must(err)
		blocks := bytes.Repeat([]byte("0123456789abcdef"), 20)
		ciphertext := make([]byte, len(blocks))
		encrypter.CryptBlocks(ciphertext, blocks)
		encrypter.Close()
		decrypter, err := key.NewCBCDecrypterCloser(iv)
		must(err)
		back := make([]byte, len(blocks))
		decrypter.CryptBlocks(back, ciphertext)
		decrypter.Close()
		show(bytes.Equal(back, blocks), "CBC")
		must(key.Delete())
	}
}

func hmacCase(context *crypto11.Context) {
	key, err := context.GenerateSecretKeyWithAttributes(extractable(), 256, crypto11.CipherGeneric)
	must(err)
	value, err := context.GetAttribute(key, crypto11.CkaValue)
	must(err)
	mac, err := key.NewHMAC(pkcs11.CKM_SHA256_HMAC, 0)
	must(err)
	_, err = mac.Write(message)
	must(err)
	judge := hmac.New(sha256.New, value.Value)
	judge.Write(message)
	show(hmac.Equal(mac.Sum(nil), judge.Sum(nil)), "HMAC")
	must(key.Delete())
}

func extractable() crypto11.AttributeSet {
	set, err := crypto11.NewAttributeSetWithIDAndLabel([]byte("go hmac"), []byte("go hmac"))
	must(err)
	must(set.Set(crypto11.CkaExtractable, true))
	must(set.Set(crypto11.CkaSensitive, false))
	must(set.Set(crypto11.CkaSign, true))
	must(set.Set(crypto11.CkaVerify, true))
	return set
}

func goroutinesCase(context *crypto11.Context) {
	key, err := context.GenerateRSAKeyPair([]byte("go many"), 2048)
	must(err)
	public := key.Public().(*rsa.PublicKey)
	var group sync.WaitGroup
	for i := 0; i < 50; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for round := 0; round < 4; round++ {
				digest := sha256.Sum256([]byte(fmt.Sprint(i, round)))
				signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
				must(err)
				must(rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature))
			}
		}(i)
	}
	group.Wait()
	must(key.Delete())
}

func certificateCase(context *crypto11.Context) {
	key, err := context.GenerateECDSAKeyPair([]byte("go tls"), elliptic.P256())
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	certificate, err := x509.ParseCertificate(der)
	must(err)
	must(context.ImportCertificate([]byte("go tls"), certificate))
	pairs, err := context.FindAllPairedCertificates()
	must(err)
	show(len(pairs) == 1 && bytes.Equal(pairs[0].Certificate[0], der), "the pair of certificate and key")
	must(os.WriteFile("go.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
}

func tlsCase(context *crypto11.Context, port string) {
	pairs, err := context.FindAllPairedCertificates()
	must(err)
	server := http.Server{
		Addr: "127.0.0.1:" + port, TLSConfig: &tls.Config{Certificates: pairs, MinVersion: tls.VersionTLS12},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "New, TLSv1.%d\n", r.TLS.Version-tls.VersionTLS10)
		}),
	}
	must(server.ListenAndServeTLS("", ""))
}

// Bare miekg/pkcs11: a hundred sessions, searches, and no C_Finalize at the end.
func miekgCase(arguments []string) {
	p := pkcs11.New(arguments[0])
	must(p.Initialize())
	slots, err := p.GetSlotList(true)
	must(err)
	for _, slot := range slots {
		info, err := p.GetTokenInfo(slot)
		must(err)
		if info.Label != arguments[1] {
			continue
		}
		first, err := p.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
		must(err)
		must(p.Login(first, pkcs11.CKU_USER, arguments[2]))
		for i := 0; i < 100; i++ {
			session, err := p.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
			must(err)
			must(p.FindObjectsInit(session, nil))
			_, _, err = p.FindObjects(session, 100)
			must(err)
			must(p.FindObjectsFinal(session))
		}
		return
	}
	show(false, "the token is found")
}

func main() {
	log.SetFlags(log.Lshortfile)
	arguments := os.Args[1:]
	if arguments[3] == "miekg" {
		miekgCase(arguments)
		return
	}
	context := configure(arguments)
	cases := map[string]func(*crypto11.Context){
		"rsa": rsaCase, "oaep": oaepCase, "ecdsa": ecdsaCase, "symmetric": symmetricCase, "hmac": hmacCase,
		"goroutines": goroutinesCase, "certificate": certificateCase,
		"tls": func(c *crypto11.Context) { tlsCase(c, arguments[4]) },
	}
	cases[arguments[3]](context)
	must(context.Close())
	fmt.Println("ok")
}
