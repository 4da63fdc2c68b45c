# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# git with SSH signatures by ssh-agent, and GnuPG's gpgsm by gnupg-pkcs11-scd: S/MIME
# signatures and decryption with keys in the token.

token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC key pair" token_keypair EC:secp256r1 02 ec

# --- git ---------------------------------------------------------------------------------------

printf '#!/bin/sh\necho "%s"\n' "$PIN" >askpass
chmod 755 askpass
export SSH_ASKPASS=$SCRATCH/askpass SSH_ASKPASS_REQUIRE=force DISPLAY=none
export SSH_AUTH_SOCK=$SCRATCH/agent
serve agent 0 ssh-agent -D -a "$SSH_AUTH_SOCK" -P "$MODULE"

agent_adds() {
    wait_socket "$SSH_AUTH_SOCK"
    ssh-add -s "$MODULE"
    ssh-add -L >agent.pub
    cat agent.pub
}
need "the agent holds the token's keys" agent_adds

repository() {
    git init -q repository
    git -C repository config user.name me
    git -C repository config user.email me@example.org
    git -C repository config gpg.format ssh
    git -C repository config gpg.ssh.allowedSignersFile "$SCRATCH/signers"
    sed 's/^/me@example.org /' agent.pub >signers
}
need "a repository" repository

commit_signed() {
    grep "^$1" agent.pub >"$1.pub"
    git -C repository config user.signingkey "$SCRATCH/$1.pub"
    git -C repository commit -q --allow-empty -S -m "by $1"
    says 'Good "git" signature for me@example.org' git -C repository verify-commit HEAD
    git -C repository tag -s -m "tag by $1" "tag-$1"
    says 'Good "git" signature for me@example.org' git -C repository verify-tag "tag-$1"
}
step "commit and tag signed by the RSA key" commit_signed ssh-rsa
step "commit and tag signed by the EC key" commit_signed ecdsa-sha2-nistp256

# --- gpgsm ---------------------------------------------------------------------------------------

export GNUPGHOME=$SCRATCH/gnupg
mkdir -m 700 "$GNUPGHOME"
printf 'the quick brown fox' >message

gpg_configured() {
    printf '%s\n' 'providers consumer' "provider-consumer-library $MODULE" "log-file $SCRATCH/log/scd" >"$GNUPGHOME/gnupg-pkcs11-scd.conf"
    # A pinentry that answers with the PIN.
    cat >pinentry <<TXT
#!/bin/sh
echo "OK ready"
while read -r command rest; do
    case \$command in
    GETPIN) echo "D $PIN"; echo OK ;;
    BYE) echo OK; exit 0 ;;
    *) echo OK ;;
    esac
done
TXT
    chmod 755 pinentry
    printf '%s\n' "scdaemon-program $(command -v gnupg-pkcs11-scd)" "pinentry-program $SCRATCH/pinentry" >"$GNUPGHOME/gpg-agent.conf"
    printf '%s\n' 'disable-crl-checks' 'disable-dirmngr' 'no-secmem-warning' >"$GNUPGHOME/gpgsm.conf"
    printf '%s\n' '[smime]' 'basicConstraints = CA:FALSE' 'keyUsage = digitalSignature,nonRepudiation,keyEncipherment' \
        'subjectAltName = email:me@example.org' >smime.cnf
    ca_create
    ca_issue rsa.pub.pem me rsa.pem smime.cnf smime
    token_certificate 01 rsa rsa.pem
    judge x509 -in ca.pem -noout -fingerprint -sha1 | sed 's/.*=//; s/$/ S relax/' >"$GNUPGHOME/trustlist.txt"
}
need "gnupg-pkcs11-scd and a certificate in the token" gpg_configured
serve gpg-agent 0 gpg-agent --homedir "$GNUPGHOME" --daemon --no-detach

learned() {
    wait_socket "$(gpgconf --list-dirs agent-socket)"
    gpgsm --batch --import ca.pem
    gpg-connect-agent --no-autostart 'SCD LEARN --force' /bye | tee learned
    grep -q 'KEYPAIRINFO' learned
    gpgsm --batch --learn-card
    says "CN=me" gpgsm --batch --list-secret-keys
}
step "gpgsm learns the token's certificate and key" learned

# libgcrypt judges: gpg-agent puts a zero before a signature whose first bit is set, and OpenSSL refuses its 257 octets.
gpgsm_signs() {
    gpgsm --batch --yes --local-user me@example.org --detach-sign -o detached.der message
    says 'Good signature from' gpgsm --batch --verify detached.der message
    printf 'another' >other
    ! gpgsm --batch --verify detached.der other
}
step "gpgsm signs" gpgsm_signs

gpgsm_opens() {
    judge cms -encrypt -aes-256-cbc -binary -in message -outform DER -out enveloped.der rsa.pem
    gpgsm --batch --yes --decrypt -o opened enveloped.der
    cmp opened message
}
step "gpgsm opens a message encrypted by OpenSSL" gpgsm_opens
