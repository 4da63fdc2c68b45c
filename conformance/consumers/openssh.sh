# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# OpenSSH: keys listed, logins to a server on the loopback interface directly and by the
# agent, certificates signed by a CA key in the token, file signatures.

own_namespaces || skip "sshd needs root and a mount namespace for a /run of its own"
token_create
need "an RSA key pair" token_keypair rsa:2048 01 rsa
need "an EC P-256 key pair" token_keypair EC:secp256r1 02 ec
need "an EC P-384 key pair" token_keypair EC:secp384r1 03 ca

# ssh asks for the PIN by a program; which PIN it gets is in a file.
printf '#!/bin/sh\ncat "%s"\n' "$SCRATCH/pin.txt" >askpass
chmod 755 askpass
printf '%s\n' "$PIN" >pin.txt
export SSH_ASKPASS=$SCRATCH/askpass SSH_ASKPASS_REQUIRE=force DISPLAY=none

public_keys() {
    local name
    ssh-keygen -D "$MODULE" >listed
    cat listed
    for name in rsa ec ca; do
        ssh-keygen -i -m PKCS8 -f "$name.pub.pem" >"$name.pub"
        grep -qF "$(cut -d' ' -f2 "$name.pub")" listed
        echo "$(cat "$name.pub") $name" >"$name.pub"
    done
}
# consumers: init-null, attributes-read
need "ssh-keygen -D: the same public keys as OpenSSL has" public_keys

# --- a server --------------------------------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -f host_key
user=$(id -un)
port=$(free_port)
printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $SCRATCH/host_key" 'UsePAM no' 'StrictModes no' \
    'PermitRootLogin yes' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' \
    "AuthorizedKeysFile $SCRATCH/authorized_keys" "TrustedUserCAKeys $SCRATCH/ca.pub" 'MaxStartups 100' \
    'PidFile none' 'LogLevel VERBOSE' >sshd_config
cat rsa.pub ec.pub >authorized_keys
echo "[127.0.0.1]:$port $(cat host_key.pub)" >known_hosts
printf '%s\n' "Host server" 'HostName 127.0.0.1' "Port $port" "User $user" "UserKnownHostsFile $SCRATCH/known_hosts" \
    'GlobalKnownHostsFile none' 'StrictHostKeyChecking yes' 'IdentitiesOnly no' 'IdentityFile none' \
    'NumberOfPasswordPrompts 1' 'PreferredAuthentications publickey' >ssh_config

# sshd wants a folder of its own in /run: it gets a /run of its own.
# shellcheck disable=SC2016  # the inner shell expands these
serve sshd "$port" unshare --mount --propagation private bash -c 'mount -t tmpfs run /run; mkdir /run/sshd; exec /usr/sbin/sshd -D -e -f "$1"' \
    sshd "$SCRATCH/sshd_config"

login() {
    says "^hello" ssh -F ssh_config "${@:2}" server echo hello
    echo "$1"
}
direct=(-o "PKCS11Provider=$MODULE" -o IdentityAgent=none)
step "a login with the token's keys (PKCS11Provider)" login "" "${direct[@]}"
echo "$(cut -d' ' -f1,2 ec.pub) only" >authorized_keys
step "a login with the EC key alone" login "" "${direct[@]}"
echo "$(cut -d' ' -f1,2 rsa.pub) only" >authorized_keys
step "a login with the RSA key alone, rsa-sha2-512" login "" "${direct[@]}" -o PubkeyAcceptedAlgorithms=rsa-sha2-512

parallel_login() {
    login "$1" "${direct[@]}"
}
# consumers: anchor-9-processes
anchor 9 step "4 logins at a time" in_parallel 4 parallel_login
anchor 9 step "... and once more" in_parallel 4 parallel_login

wrong_pin() {
    printf '11111111\n' >pin.txt
    refuses "Permission denied|PIN" ssh -F ssh_config "${direct[@]}" server echo hello
    printf '%s\n' "$PIN" >pin.txt
    login "" "${direct[@]}"
}
step "a wrong PIN: no login; the right one works after it" wrong_pin

# --- the agent ----------------------------------------------------------------------------------

export SSH_AUTH_SOCK=$SCRATCH/agent
serve agent 0 ssh-agent -D -a "$SSH_AUTH_SOCK" -P "$MODULE"

agent_adds() {
    wait_socket "$SSH_AUTH_SOCK"
    ssh-add -s "$MODULE"
    ssh-add -L >agent.pub
    [[ $(wc -l <agent.pub) -eq 3 ]]
    ssh-add -T rsa.pub ec.pub ca.pub
}
step "ssh-add -s: the agent holds the token's keys and signs with each" agent_adds
step "a login by the agent, RSA" login "" -o IdentitiesOnly=yes -o "IdentityFile=$SCRATCH/rsa.pub"
echo "$(cut -d' ' -f1,2 ec.pub) only" >authorized_keys
step "a login by the agent, EC" login "" -o IdentitiesOnly=yes -o "IdentityFile=$SCRATCH/ec.pub"

file_signed() {
    printf 'the quick brown fox' >message
    ssh-keygen -Y sign -n file -f "$1.pub" -U message
    echo "me@example.org namespaces=\"file\" $(cat "$1.pub")" >signers
    ssh-keygen -Y verify -n file -f signers -I me@example.org -s message.sig <message
    rm message.sig
}
step "ssh-keygen -Y: a file signed by the agent's RSA key" file_signed rsa
step "ssh-keygen -Y: a file signed by the agent's EC key" file_signed ec

user_certificate() {
    ssh-keygen -q -t ed25519 -N '' -f user
    ssh-keygen "$@" -s ca.pub -I consumer -n "$user" -V +1h user.pub
    ssh-keygen -L -f user-cert.pub
    login "" -o IdentitiesOnly=yes -o "IdentityFile=$SCRATCH/user" -o "CertificateFile=$SCRATCH/user-cert.pub" -o IdentityAgent=none
    rm user user.pub user-cert.pub
}
step "ssh-keygen -s: a user certificate by the token's CA key, through the agent" user_certificate -U
step "ssh-keygen -s: a user certificate by the token's CA key, directly" user_certificate -D "$MODULE"

agent_removes() {
    ssh-add -e "$MODULE"
    refuses "no identities" ssh-add -l
    ssh-add -s "$MODULE"
    ssh-add -T rsa.pub
    ssh-add -e "$MODULE"
}
# consumers: reload
step "ssh-add -e and -s again: the module is left and loaded anew" agent_removes
