# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What every consumer test shares: the scratch folder and its store, the token,
# steps with time limits, servers that are stopped whatever happens. Sourced by
# `run`, which sets NAME, MODULE and HERE; a test script only adds steps.

SO_PIN=87654321
PIN=12345678
# shellcheck disable=SC2034  # LABEL is read by the test scripts
LABEL=consumer

: "${NAME:?}" "${MODULE:?}" "${HERE:?}"

failures=0
steps=0
expected_failures=0
script_started=$SECONDS

# --- scratch folder, store and clean-up ---------------------------------------

# The folder is world-readable on purpose: servers drop their privileges, and the
# keys made here are worth nothing.
scratch_create() {
    SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/coffer-consumer.XXXXXX")
    trap 'scratch_remove' EXIT
    trap 'exit 130' INT TERM HUP
    chmod 755 "$SCRATCH"
    export HOME=$SCRATCH/home
    export TMPDIR=$SCRATCH/tmp
    export LC_ALL=C.UTF-8
    mkdir "$HOME" "$TMPDIR" "$SCRATCH/log"
    chmod 1777 "$TMPDIR"
    : >"$SCRATCH/servers"
    plain_config
    cd "$SCRATCH" || exit 1
}

# Servers run as users of their own, who may not reach the folder in which the module was built.
module_copy() {
    local copy
    copy=$SCRATCH/$(basename "$MODULE")
    install -m 755 "$MODULE" "$copy"
    MODULE=$copy
}

scratch_remove() {
    local status=$?
    trap - EXIT
    set +e
    servers_stop
    cd /
    if [[ -n ${KEEP_SCRATCH:-} ]]; then
        echo "kept: $SCRATCH"
    else
        rm -rf "$SCRATCH"
    fi
    exit "$status"
}

# Points the module at a store of this test's own. MODULE_ENV names the variables
# that have to reach it, for servers that clear their environment.
store_create() {
    case $(basename "$MODULE") in
    *softhsm*)
        MODULE_KIND=softhsm
        MODULE_ENV=(SOFTHSM2_CONF)
        mkdir "$SCRATCH/store"
        export SOFTHSM2_CONF=$SCRATCH/softhsm2.conf
        printf '%s\n' "directories.tokendir = $SCRATCH/store" 'objectstore.backend = file' \
            'log.level = ERROR' 'slots.removable = false' >"$SOFTHSM2_CONF"
        ;;
    *)
        MODULE_KIND=coffer
        # shellcheck disable=SC2034  # read by the nginx, apache and sshd tests
        MODULE_ENV=(COFFER_STORE COFFER_CONF)
        export COFFER_STORE=$SCRATCH/store
        export COFFER_CONF=$SCRATCH/coffer.conf
        # The least costly PIN derivation that is allowed: logins happen by the hundred here.
        printf '%s\n' 'pin.kdf.memory_kib = 19456' 'pin.kdf.passes = 2' >"$COFFER_CONF"
        ;;
    esac
}

# Files of the store belong to whoever runs the clients of the token.
store_give_to() {
    chown -R "$1" "$SCRATCH/store"
}

# --- steps -----------------------------------------------------------------------

# bounded SECONDS COMMAND...: run a command or a shell function in a process group of
# its own, without terminal input, and kill the group when the time is up. Leaves the
# status in STATUS, 124 if the time was up. Not to be called where bash ignores errexit
# (after `if`, `!`, before `||`), or a function would go on after its first error.
bounded() {
    local limit=$1 pid watch
    shift
    STATUS=0
    set +e -m
    (
        set +m
        set -euo pipefail
        "$@"
    ) </dev/null &
    pid=$!
    (
        set +m
        sleep "$limit"
        : >"$SCRATCH/timed-out.$pid"
        kill -KILL -- "-$pid"
    ) >/dev/null 2>&1 &
    watch=$!
    set +m
    wait "$pid" 2>/dev/null
    STATUS=$?
    { kill -KILL -- "-$watch" && wait "$watch"; } 2>/dev/null
    if [[ -e $SCRATCH/timed-out.$pid ]]; then
        rm -f "$SCRATCH/timed-out.$pid"
        echo "stopped after $limit s"
        STATUS=124
    fi
    set -e
}

# step TEXT COMMAND...: one line that says what is shown, and the whole output of the
# command if it fails. STEP_LIMIT changes the time limit.
step() {
    local text=$1 started=$EPOCHREALTIME
    shift
    steps=$((steps + 1))
    bounded "${STEP_LIMIT:-240}" "$@" >"$SCRATCH/output" 2>&1
    [[ -z ${STEP_TIMES:-} ]] || text+=" [$(((${EPOCHREALTIME/./} - ${started/./}) / 1000)) ms]"
    if [[ $STATUS -eq 0 ]]; then
        echo "ok    $text"
        return 0
    fi
    failed "$text" "status $STATUS" "$SCRATCH/output" "$@"
}

# failed TEXT REASON FILE [COMMAND...]: report what went wrong, with the output in FILE.
failed() {
    local text=$1 reason=$2 file=$3
    shift 3
    if [[ $MODULE_KIND == softhsm && -n ${EXPECTED:-} ]]; then
        expected_failures=$((expected_failures + 1))
        echo "known $text ($EXPECTED, $reason)"
        [[ -z ${VERBOSE:-} ]] || tail -n 5 "$file" | sed 's/^/        /'
        return 0
    fi
    failures=$((failures + 1))
    echo "FAIL  $text ($reason)"
    {
        if [[ $# -gt 0 ]]; then
            printf '+'
            printf ' %q' "$@"
            echo
        fi
        { grep -avE '^[.+*-]+$' "$file" || true; } | tail -c "${FAIL_BYTES:-6000}"
    } | sed 's/^/        /'
}

# anchor NUMBER step ...: the step shows one of the points at which SoftHSM is known to
# fail, so that there a failure is noted and not counted.
anchor() {
    # shellcheck disable=SC2034  # read by step
    local EXPECTED="anchor $1: SoftHSM fails here"
    shift
    "$@"
}

# softhsm_lacks WHAT step ...: the same for something that is no anchor.
softhsm_lacks() {
    # shellcheck disable=SC2034  # read by step
    local EXPECTED="SoftHSM lacks $1"
    shift
    "$@"
}

# need TEXT COMMAND...: a step without which the rest makes no sense.
need() {
    local before=$failures
    step "$@"
    [[ $failures -eq $before ]] || finish
}

# A line of its own for something that cannot be shown here; says why.
note() {
    echo "note  $1"
}

skip() {
    echo "skip  $NAME: $1"
    exit 77
}

finish() {
    local known=""
    [[ $expected_failures -eq 0 ]] || known=", $expected_failures known for SoftHSM"
    echo "$NAME: $steps steps, $failures failed$known, $((SECONDS - script_started)) s"
    [[ $failures -eq 0 ]] || exit 1
    exit 0
}

# --- what steps are made of ------------------------------------------------------

# captured COMMAND...: the command's output in OUTPUT and on standard output, its status
# in STATUS. A function stops at its first error here, too.
captured() {
    set +e
    OUTPUT=$(
        set -e
        "$@" 2>&1
    )
    STATUS=$?
    set -e
    printf '%s\n' "$OUTPUT"
}

# refuses REGEX COMMAND...: the command must fail by itself, not by a signal or a time
# limit, and say REGEX.
refuses() {
    local pattern=$1
    shift
    captured "$@"
    if [[ $STATUS -eq 0 || ($STATUS -ge 124 && $STATUS -le 192) ]]; then
        echo "expected a refusal, got status $STATUS"
        return 1
    fi
    if ! grep -Eq -- "$pattern" <<<"$OUTPUT"; then
        echo "expected the refusal to say: $pattern"
        return 1
    fi
}

# says REGEX COMMAND...: the command succeeds and its output has REGEX.
says() {
    local pattern=$1
    shift
    captured "$@"
    [[ $STATUS -eq 0 ]] || return "$STATUS"
    if ! grep -Eq -- "$pattern" <<<"$OUTPUT"; then
        echo "expected the output to say: $pattern"
        return 1
    fi
}

# silent_about REGEX COMMAND...: the command succeeds and its output lacks REGEX.
silent_about() {
    local pattern=$1
    shift
    captured "$@"
    [[ $STATUS -eq 0 ]] || return "$STATUS"
    if grep -Eq -- "$pattern" <<<"$OUTPUT"; then
        echo "expected the output not to say: $pattern"
        return 1
    fi
}

# ends_with STATUS COMMAND...: the command exits with exactly this status.
ends_with() {
    local expected=$1
    shift
    captured "$@"
    echo "status $STATUS, expected $expected"
    [[ $STATUS -eq $expected ]]
}

# differ FILE FILE: `! cmp` would not stop a function.
differ() {
    if cmp -s "$1" "$2"; then
        echo "$1 and $2 are equal"
        return 1
    fi
}

# in_parallel COUNT COMMAND...: COUNT copies at once, each with its number as last
# argument; fails if one of them does, and shows the output of those.
in_parallel() {
    local count=$1 i status pids=() bad=0
    shift
    for ((i = 1; i <= count; i++)); do
        "$@" "$i" >"$SCRATCH/log/parallel.$i" 2>&1 &
        pids+=("$!")
    done
    for ((i = 1; i <= count; i++)); do
        status=0
        wait "${pids[i - 1]}" || status=$?
        [[ $status -ne 0 ]] || continue
        bad=$((bad + 1))
        echo "copy $i: status $status"
        tail -n 15 "$SCRATCH/log/parallel.$i"
    done
    echo "$bad of $count failed"
    [[ $bad -eq 0 ]]
}

# --- OpenSSL without the module: the independent judge --------------------------

plain_config() {
    PLAIN_CONFIG=$SCRATCH/plain.cnf
    printf '%s\n' '[req]' 'distinguished_name = dn' 'prompt = no' '[dn]' '[ca_ext]' \
        'basicConstraints = critical,CA:TRUE' 'keyUsage = critical,keyCertSign,cRLSign' \
        'subjectKeyIdentifier = hash' '[leaf_ext]' 'basicConstraints = CA:FALSE' \
        'keyUsage = digitalSignature,keyEncipherment' \
        'subjectAltName = DNS:localhost,IP:127.0.0.1' >"$PLAIN_CONFIG"
}

judge() {
    OPENSSL_CONF=$PLAIN_CONFIG openssl "$@"
}

# engine_config LINE...: an openssl.cnf with libp11's engine on this module.
engine_config() {
    printf '%s\n' 'openssl_conf = init' '[init]' 'engines = engines' '[engines]' 'pkcs11 = pkcs11' '[pkcs11]' \
        'engine_id = pkcs11' "MODULE_PATH = $MODULE" "$@"
    cat "$PLAIN_CONFIG"
}

# provider_config LINE...: an openssl.cnf with pkcs11-provider on this module, no quirk set.
provider_config() {
    printf '%s\n' 'openssl_conf = init' '[init]' 'providers = providers' '[providers]' 'default = provider_default' \
        'pkcs11 = provider_pkcs11' '[provider_default]' 'activate = 1' '[provider_pkcs11]' 'activate = 1' \
        "pkcs11-module-path = $MODULE" "$@"
    [[ -z ${PROVIDER_QUIRKS:-} ]] || echo "pkcs11-module-quirks = $PROVIDER_QUIRKS"
    cat "$PLAIN_CONFIG"
}

# provider_config_with_pin: the same with the PIN in a file, pin.txt.
provider_config_with_pin() {
    printf '%s' "$PIN" >"$SCRATCH/pin.txt"
    provider_config "pkcs11-module-token-pin = file:$SCRATCH/pin.txt" "$@"
}

# A certificate authority in files (ca.key, ca.pem), for tests whose point is the
# leaf key in the token.
ca_create() {
    judge req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 \
        -subj "/CN=Consumer CA" -extensions ca_ext
}

# ca_issue PUBLIC_KEY_PEM COMMON_NAME OUT_PEM [EXTENSION_FILE SECTION]: a certificate
# for a public key whose private half only the token knows.
ca_issue() {
    judge x509 -new -force_pubkey "$1" -subj "/CN=$2" -CA ca.pem -CAkey ca.key \
        -set_serial "$((RANDOM * 32768 + RANDOM + 1))" -days 20 \
        -extfile "${4:-$PLAIN_CONFIG}" -extensions "${5:-leaf_ext}" -out "$3"
}

# --- the token --------------------------------------------------------------------

p11() {
    pkcs11-tool --module "$MODULE" "$@"
}

# The same on the token that token_create made. By slot number, as pkcs11-tool takes the
# first token whose label begins with --token-label.
p11_token() {
    p11 --slot "$SLOT" "$@"
}

# The same, logged in.
p11_user() {
    p11_token --login --pin "$PIN" "$@"
}

# Slot number of the empty token.
slot_empty() {
    p11 --list-slots | awk '
        /^Slot /          { gsub(/[():]/, " "); slot = $3 }
        /uninitialized/   { print slot; exit }'
}

# Slot number of the token with this label, compared exactly, in decimal.
slot_of() {
    printf '%d\n' "$(p11 --list-slots | awk -v label="$1" '
        /^Slot /          { line = $0; gsub(/[():]/, " ", line); split(line, word, " "); slot = word[3] }
        /^  token label / { sub(/^[^:]*: /, ""); if ($0 == label) { print slot; exit } }')"
}

token_init() {
    local slot
    slot=$(slot_empty)
    [[ -n $slot ]] || { echo "no slot with an uninitialised token"; p11 --list-slots; return 1; }
    p11 --slot "$slot" --init-token --label "$1" --so-pin "$SO_PIN"
    p11 --slot "$(slot_of "$1")" --login --login-type so --so-pin "$SO_PIN" --init-pin --pin "$PIN"
}

# token_create [LABEL]: a token by slot discovery, with SO PIN and user PIN. The first
# one is the token of p11_token and p11_user.
token_create() {
    local label=${1:-$LABEL}
    need "a token is made in the empty slot: $label" token_init "$label"
    : "${SLOT:=$(slot_of "$label")}"
}

# token_keypair TYPE ID LABEL [OPTIONS]: a key pair made in the token, and its
# public half as LABEL.pub.pem for the judge.
token_keypair() {
    p11_user --keypairgen --key-type "$1" --id "$2" --label "$3" "${@:4}"
    public_key "$2" "$3.pub.pem"
}

# public_key ID OUT_PEM: from the attributes that the token shows. pkcs11-tool writes RSA
# and P-256 itself; other curves are put together here from CKA_EC_PARAMS and CKA_EC_POINT.
public_key() {
    local point curve
    if p11_token --read-object --type pubkey --id "$1" -o "$2.der" 2>/dev/null &&
        judge pkey -pubin -inform DER -in "$2.der" -out "$2" 2>/dev/null; then
        return 0
    fi
    curve=$(public_attribute "$1" EC_PARAMS | sed 's/ .*//' | xxd -r -p | judge asn1parse -inform DER |
        sed -n 's/.*OBJECT *://p')
    point=$(public_attribute "$1" EC_POINT | tr -d ' ')
    case $point in
    04[0-7]?*) point=${point:4} ;;
    0481*) point=${point:6} ;;
    esac
    printf '%s\n' 'asn1 = SEQUENCE:spki' '[spki]' 'algorithm = SEQUENCE:algorithm' \
        "key = FORMAT:HEX,BITSTRING:$point" '[algorithm]' 'type = OID:id-ecPublicKey' \
        "curve = OID:$curve" >"$2.asn1"
    judge asn1parse -genconf "$2.asn1" -noout -out "$2.der"
    judge pkey -pubin -inform DER -in "$2.der" -out "$2"
}

# public_attribute ID NAME: one line of what pkcs11-tool lists of the public key.
public_attribute() {
    p11_token --list-objects --type pubkey | awk -v id="$1" -v name="$2:" '
        /^Public Key Object/            { found = "" }
        $1 == name                      { $1 = ""; sub(/^ +/, ""); found = $0 }
        $1 == "ID:" && $2 == id         { print found; exit }'
}

# token_certificate ID LABEL PEM
token_certificate() {
    judge x509 -in "$3" -outform DER -out "$3.der"
    p11_user --write-object "$3.der" --type cert --id "$1" --label "$2"
}

# Whether the test has a network and mounts of its own (see `run`). Servers that listen
# on every address are started only then.
own_namespaces() {
    [[ -n ${CONSUMERS_OWN_NAMESPACES:-} ]]
}

# --- servers ----------------------------------------------------------------------

# A port of the loopback interface on which nobody listens, below the range from
# which the kernel takes ports for outgoing connections.
free_port() {
    local port
    while :; do
        port=$((11000 + RANDOM % 20000))
        port_listening "$port" || { echo "$port"; return; }
    done
}

port_listening() {
    local hex
    hex=$(printf '%04X' "$1")
    grep -Eqs "^ *[0-9]+: [0-9A-F]+:$hex [0-9A-F]+:0000 0A " /proc/net/tcp /proc/net/tcp6
}

# serve NAME PORT COMMAND...: start a server in a session of its own, wait until it
# listens (PORT 0: do not wait) and remember its process id. Its output goes to
# log/NAME.
serve() {
    local name=$1 port=$2 pid i
    shift 2
    setsid "$@" </dev/null >"$SCRATCH/log/$name" 2>&1 &
    pid=$!
    disown "$pid"
    echo "$pid $name" >>"$SCRATCH/servers"
    # shellcheck disable=SC2034  # for scripts that reload a server
    SERVER_PID=$pid
    [[ $port -ne 0 ]] || return 0
    for ((i = 0; i < 200; i++)); do
        ! port_listening "$port" || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    steps=$((steps + 1))
    failed "server $name" "does not listen" "$SCRATCH/log/$name" "$@"
}

# wait_socket PATH: until a server has made its socket there.
wait_socket() {
    for _ in {1..100}; do
        [[ ! -S $1 ]] || return 0
        sleep 0.05
    done
    echo "no socket $1"
    return 1
}

# serve_stop PID: end a server and all that it started, politely first.
serve_stop() {
    local pid=$1 i
    kill -TERM -- "-$pid" 2>/dev/null || return 0
    for ((i = 0; i < 60; i++)); do
        group_alive "$pid" || return 0
        sleep 0.05
    done
    kill -KILL -- "-$pid" 2>/dev/null || true
}

group_alive() {
    pgrep -s "$1" -r D,R,S,T >/dev/null
}

servers_stop() {
    local pid rest
    while read -r pid rest; do
        serve_stop "$pid"
    done <"$SCRATCH/servers"
    : >"$SCRATCH/servers"
}

# tls_get_by OPENSSL PORT OPTIONS: the status page of `openssl s_server -www` by a client
# that trusts roots.pem; OPENSSL is the function that runs the command.
tls_get_by() {
    printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' | "$1" s_client -connect "127.0.0.1:$2" -servername localhost \
        -verify_hostname localhost -CAfile roots.pem -verify_return_error -quiet -ign_eof "${@:3}"
}

tls_get() {
    tls_get_by judge "$@"
}

# Four connections to one server: TLS 1.2 and 1.3, twice each.
tls_server_answers() {
    local version
    for version in tls1_2 tls1_3 tls1_2 tls1_3; do
        says "New, TLSv1\.${version#tls1_}" tls_get "$1" "-$version" "${@:2}"
    done
}

# tls_peer_create CERTIFICATE...: an authority in files, a peer with its key in a file
# (peer.key, peer.pem), and roots.pem with the authority and the given certificates.
tls_peer_create() {
    ca_create
    judge req -newkey rsa:2048 -nodes -keyout peer.key -subj "/CN=localhost" -out peer.csr
    judge x509 -req -in peer.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 20 -extfile "$PLAIN_CONFIG" \
        -extensions leaf_ext -out peer.pem
    cat ca.pem "$@" >roots.pem
}

# uri_pem URI OUT: a PEM file that stands for a key in the token, for applications which
# take the name of a key file; OpenSSL's pkcs11 provider reads it.
uri_pem() {
    printf '%s\n' 'asn1 = SEQUENCE:uri' '[uri]' 'version = "VISIBLESTRING:PKCS#11 Provider URI v1.0"' \
        "uri = \"FORMAT:UTF8,UTF8String:$1\"" >"$2.asn1"
    judge asn1parse -genconf "$2.asn1" -noout -out "$2.der"
    {
        echo '-----BEGIN PKCS#11 PROVIDER URI-----'
        base64 -w 64 "$2.der"
        echo '-----END PKCS#11 PROVIDER URI-----'
    } >"$2"
}

# --- programs -----------------------------------------------------------------------

# program NAME [FLAGS]: compile programs/NAME.c, with the project's own header, into the
# scratch folder.
program() {
    local name=$1
    shift
    "${CC:-cc}" -std=gnu17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -I"$HERE/../../include" -o "$SCRATCH/$name" "$HERE/programs/$name.c" \
        "$@" -ldl -lpthread
}

# --- p11-kit's list of modules -----------------------------------------------------

# p11_kit_modules LINE...: p11-kit finds one module, described by these lines. Root's
# p11-kit reads the system's folders alone, so they are overlaid for this test.
p11_kit_modules() {
    local folder modules=$SCRATCH/p11-kit-modules
    own_namespaces || skip "needs root and a mount namespace to show p11-kit a configuration"
    mkdir -p "$modules"
    printf '%s\n' "$@" >"$modules/consumer.module"
    for folder in /usr/share/p11-kit/modules /etc/pkcs11/modules; do
        if [[ -d $folder ]] && ! mountpoint -q "$folder"; then
            mount --bind "$modules" "$folder"
        fi
    done
}
