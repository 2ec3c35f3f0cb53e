# shellcheck shell=bash
# What the load scripts share: their options, the requests, and the tables. A script sources it, sets its own options, and
# calls `parse "$@"` and then `prepare`.
#
# Exit codes: 0 fine, 1 errors or lost writes, 2 wrong usage, 3 a program is missing or too old.

set -u -o pipefail
# Numbers have points, in bash and in awk.
export LC_ALL=C

script=${0##*/}

# The options of the script with their defaults; `parse` puts the values of the command line here.
declare -A option=([url]=${LOAD_URL:-http://127.0.0.1:8080})
# Those that are numbers: from … to. --connections ends where curl's --parallel-max does.
declare -A bounds=(
    [keys]='1 10000000' [size]='0 67108864' [connections]='1 300' [seconds]='1 86400' [requests]='1 100000000'
    [reads]='0 100' [rate]='0 100000' [interval]='1 3600' [max-time]='1 300' [seed]='0 2147483645' [growth]='1 1048576'
)

usage_error() {
    printf '%s: %s\n%s --help says what there is\n' "$script" "$1" "$script" >&2
    exit 2
}

missing() {
    printf '%s: %s\n' "$script" "$1" >&2
    exit 3
}

# MARK: Options

# Takes the command line: `--name value`, `--name=value`, and the URL where the script has one.
parse() {
    local name value
    while (($# > 0)); do
        case $1 in
        -h | --help)
            usage
            exit 0
            ;;
        --*=*)
            name=${1%%=*} value=${1#*=}
            ;;
        --first-byte)
            [[ -v option[first-byte] ]] || usage_error "$1: is not an option"
            name=$1 value=yes
            ;;
        --*)
            name=$1
            (($# > 1)) || usage_error "$1: needs a value"
            value=$2
            shift
            ;;
        *)
            [[ -v option[url] ]] || usage_error "$1: is not an option"
            name=--url value=$1
            ;;
        esac
        shift
        name=${name#--}
        [[ $name =~ ^[a-z-]+$ && -v option[$name] ]] || usage_error "--$name: is not an option"
        option[$name]=$value
    done
    for name in "${!option[@]}"; do check "$name" "${option[$name]}"; done
}

# Refuses a value that would mean something else in a file for curl, or nothing.
check() {
    local name=$1 value=$2 least most
    if [[ -v bounds[$name] ]]; then
        read -r least most <<<"${bounds[$name]}"
        if [[ ! $value =~ ^(0|[1-9][0-9]{0,9})$ ]] || ((value < least || value > most)); then
            usage_error "--$name $value: must be a whole number, $least to $most"
        fi
        return
    fi
    case $name in
    url)
        option[url]=${value%/}
        [[ ${option[url]} =~ ^https?://[][A-Za-z0-9.:_~%/-]+$ ]] ||
            usage_error "$value: must be the URL of a service, such as http://127.0.0.1:8080"
        ;;
    prefix)
        [[ $value =~ ^[A-Za-z0-9_~/-]{1,200}$ ]] ||
            usage_error "--prefix $value: must be letters, digits and _~/-, at most 200"
        ;;
    accept)
        [[ $value =~ ^([1-5][0-9][0-9](,[1-5][0-9][0-9])*)?$ ]] ||
            usage_error "--accept $value: must be statuses with commas between them, such as 202,404"
        ;;
    first-byte)
        [[ $value == yes || $value == no ]] || usage_error "--first-byte: takes no value"
        ;;
    token-file)
        [[ -z $value || -r $value ]] || usage_error "--token-file $value: cannot be read"
        ;;
    esac
}

# Makes the folder for what curl reads and writes, and goes there. It is removed at the end, and what `end_with` names is
# ended, however the script ends.
prepare() {
    local version
    version=$(curl -q --version 2>/dev/null | awk 'NR == 1 { print $2 }')
    [[ -n $version ]] || missing 'curl is missing: apt-get install curl'
    # The first one with %header{…} in its --write-out.
    awk -v version="$version" 'BEGIN { split(version, n, "."); exit !(n[1] * 1000 + n[2] < 7084) }' &&
        missing "curl is $version, and has to be 7.84 or newer"

    local token=${LOAD_TOKEN:-}
    unset LOAD_TOKEN
    if [[ -n ${option[token-file]:-} ]]; then
        read -r token <"${option[token-file]}" || [[ -n $token ]] || usage_error "--token-file: is empty"
    fi
    [[ $token =~ ^[A-Za-z0-9._~+/-]*=*$ ]] || usage_error 'the token has characters that no token has'

    umask 077
    work=$(mktemp -d) || exit 1
    trap clean_up EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    cd "$work" || exit 1
    # In a file that only this user can read: command lines are seen by everyone.
    has_token=0
    if [[ -n $token ]]; then
        printf 'Authorization: Bearer %s\n' "$token" >header
        has_token=1
    fi
    head -c "${option[size]:-0}" /dev/zero | tr '\0' x >value
    # The generator is of Lehmer: the same numbers in every awk.
    echo $((${option[seed]:-1} % 2147483646 + 1)) >state
}

# The processes that this script has started and that have not ended by themselves.
declare -A running=()

end_with() { running[$1]=1; }

clean_up() {
    local pid
    trap '' INT TERM HUP
    for pid in "${!running[@]}"; do
        kill -TERM "$pid" 2>/dev/null
    done
    for pid in "${!running[@]}"; do
        # It gets two seconds to end in order.
        for _ in {1..40}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.05
        done
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    cd / && rm -rf -- "$work"
}

# MARK: Requests

# Prints a configuration for curl with requests number $2 … $2 + $3 - 1 of a kind: `put` and `get` take the keys in their
# order, `mix` draws keys and methods from the generator, and goes on where it stopped, and `load` reads the keys and writes as
# many new ones. Further arguments are variables of the awk program: with `word`, each key gets a value of its own that has
# this word, a line; with `shows`, bodies are printed among the lines of the answers.
requests() {
    local kind=$1 first=$2 count=$3
    shift 3
    awk -v kind="$kind" -v first="$first" -v count="$count" -v url="${option[url]}" \
        -v prefix="${option[prefix]:-load/}" -v keys="${option[keys]}" -v reads="${option[reads]:-100}" \
        -v max_time="${option[max-time]}" -v has_token="$has_token" \
        -v time="$([[ ${option[first-byte]:-no} == yes ]] && echo time_starttransfer || echo time_total)" \
        "$@" '
        function random() {
            state = 16807 * state % 2147483647
            return state / 2147483647
        }
        function request(method, key) {
            if (printed++) print "next"
            printf "url = \"%s/keys/%s%d\"\n", url, prefix, key
            if (method == "PUT" && word) printf "request = PUT\ndata-binary = \"the %s value of key %d\\n\"\n", word, key
            else if (method == "PUT") print "upload-file = value"
            printf "output = \"%s\"\n", shows ? "-" : "/dev/null"
            printf "write-out = \"%s%s %%{exitcode} %%{http_code} %%{%s} %%{num_connects} %%{size_download}", shows ? "\\n" : "",
                method, time
            printf " %d source=%%header{cache-source} retry=%%header{retry-after}\\n\"\n", key
            if (has_token) print "header = \"@header\""
            printf "max-time = %d\ngloboff\nnoproxy = \"*\"\n", max_time
        }
        BEGIN {
            getline state < "state"
            close("state")
            for (n = first; n < first + count; n++) {
                if (kind == "put") request("PUT", n)
                else if (kind == "get") request("GET", n)
                else if (kind == "load") {
                    # One in ten writes a key that is not there yet.
                    if (n % 10) request("GET", 1 + n % keys)
                    else request("PUT", keys + n / 10)
                }
                else {
                    # The high bits are the good ones, and the first numbers of small seeds are small: two are thrown away.
                    if (n == 1) { random(); random() }
                    key = 1 + int(random() * keys)
                    request(random() * 100 < reads ? "GET" : "PUT", key)
                }
            }
            print state > "state"
        }'
}

# Sends what `requests` has printed into the file `plan`, in $1 seconds at most, and appends a line for each answer to
# the file $2: method, exit code of curl, status, seconds, connections opened for it, bytes of the body, number of the key.
# Those that were not answered in time are added to `unanswered`.
unanswered=0
answered() { grep -c -E '^(GET|PUT) ' "$1"; }
send() {
    local limit=$1 file=$2 before sent pid
    : >>"$file"
    before=$(answered "$file")
    sent=$(grep -c '^url' plan)
    # In the background, so that a signal to this script counts at once; a line at a time, so that none is lost when the
    # time is over.
    stdbuf -oL timeout -k 2 "$limit" curl -q --silent --show-error --parallel --parallel-immediate \
        --parallel-max "${option[connections]}" --config - <plan >>"$file" 2>>complaints &
    pid=$!
    end_with "$pid"
    wait "$pid"
    unset "running[$pid]"
    ((unanswered += before + sent - $(answered "$file")))
}

# Sends up to $2 requests of a kind within $3 seconds, in batches of about a second: `sent` becomes how many there were,
# `microseconds` how long it took.
run() {
    local kind=$1 count=$2 seconds=$3 file=$4 batch=$((option[connections] * 10)) begin left start took
    begin=${EPOCHREALTIME/./}
    sent=0
    while ((sent < count)); do
        start=${EPOCHREALTIME/./}
        left=$((seconds * 1000000 - (start - begin)))
        ((left > 0)) || break
        ((batch <= count - sent)) || batch=$((count - sent))
        requests "$kind" $((sent + 1)) "$batch" >plan
        send $((left / 1000000 + 1 + ${option[max-time]})) "$file"
        ((sent += batch))
        took=$((${EPOCHREALTIME/./} - start + 1))
        # As many as would have taken a second, or what is left of the time.
        ((left > took + 1000000)) && left=1000000
        batch=$((batch * left / took))
        ((batch >= option[connections])) || batch=${option[connections]}
        ((batch <= 10000)) || batch=10000
    done
    # shellcheck disable=SC2034 # The scripts use it.
    microseconds=$((${EPOCHREALTIME/./} - begin))
}

# MARK: Tables

# How an answer is counted: `label()` is its status, or what went wrong, and `isFine` has the labels that are no errors.
# A GET with 200 whose body is not `bytes` long, where that is said, went wrong.
# shellcheck disable=SC2016 # It is awk.
counting='
    BEGIN { split(statuses, list, ","); for (i in list) isFine[list[i]] = 1 }
    function label() {
        if ($2 != 0) return "curl " $2
        return $1 == "GET" && $3 == 200 && bytes != "" && $6 != bytes ? "length" : $3
    }'

table_head() {
    printf '%-18s %9s %7s %7s %8s %8s %8s %8s  %s\n' "$1" requests errors 'per s' 'p50 ms' p90 p99 max answers
}

# Prints what came of the requests in the lines of a file, and fails when there were errors among them.
#
# Percentiles are by the nearest rank, of the times of all requests that were answered, with whatever status, and of those
# that curl had given up waiting for. Requests that met no service have no time.
#
#   row NAME FILE MICROSECONDS STATUSES [METHOD [BYTES]]
#
# STATUSES are those that are no errors. With METHOD only its requests count.
row() {
    sort -n -k 4,4 "$2" | awk -v name="$1" -v microseconds="$3" -v statuses="$4" -v method="${5:-}" -v bytes="${6:-}" \
        "$counting"'
        function percentile(p,   rank) {
            if (times == 0) return "-"
            rank = int(p * times / 100)
            if (rank < p * times / 100) rank++
            return sprintf("%.2f", time[rank] * 1000)
        }
        function add(name, text) {
            if (name in count) answers = answers (answers == "" ? "" : ", ") count[name] " × " text
        }
        BEGIN {
            reason[6] = "unknown host"; reason[7] = "no connection"; reason[18] = "body cut short"
            reason[28] = "timeout"; reason[35] = "no TLS"; reason[52] = "no answer"; reason[55] = "connection lost"
            reason[56] = "connection lost"; reason[60] = "unknown certificate"
        }
        method != "" && $1 != method { next }
        {
            count[label()]++
            requests++
            if (!(label() in isFine)) errors++
            if ($3 + 0 > 0 || $2 == 28) time[++times] = $4
        }
        END {
            for (status = 100; status < 600; status++) add(status, status)
            add("length", "200 of a wrong length")
            for (code = 1; code < 128; code++)
                add("curl " code, "curl " code (code in reason ? " (" reason[code] ")" : ""))
            printf("%-18s %9d %7d %7.0f %8s %8s %8s %8s  %s\n", name, requests, errors,
                microseconds > 0 ? requests * 1000000 / microseconds : 0,
                percentile(50), percentile(90), percentile(99), percentile(100), answers)
            exit errors > 0
        }'
}

# Counts what came of the requests in the lines of a file, as `row` does, for the verdict: tally FILE STATUSES [BYTES].
tally() {
    awk -v statuses="$2" -v bytes="${3:-}" "$counting"'
        {
            requests++
            connections += $5
            if (!(label() in isFine)) errors++
            if (label() == 404 && !(404 in isFine)) unknown++
        }
        END { print requests + 0, errors + 0, connections + 0, unknown + 0 }' "$1" >>tallies
}

# Says in a line what has been counted, and fails when there were errors.
verdict() {
    # What curl says may tell why.
    ((unanswered == 0)) || tail -n 1 complaints >&2
    awk -v unanswered="$unanswered" '
        { requests += $1; errors += $2; connections += $3; unknown += $4 }
        END {
            requests += unanswered
            errors += unanswered
            printf "%d requests over %d connections: %s\n", requests, connections, errors ? errors " errors" : "no errors"
            if (unanswered) print unanswered " of them were not answered before the time was over"
            if (unknown) print "404 is a key that is not there: warm-up with the same --keys and --prefix writes it"
            exit errors > 0
        }' tallies
}

# MARK: Statistics

# The answer of /stats; nothing when there is none.
statistics() {
    local arguments=(-q --silent --fail --noproxy '*' --globoff --max-time "${option[max-time]}")
    ((has_token)) && arguments+=(--header @header)
    curl "${arguments[@]}" "${option[url]}/stats"
}

# Reads the answer of /stats, and prints the number that is called $1 there, in the object $2 where that is given.
number() { sed -n "s/.*${2:+\"$2\":{[^\}]*}\"$1\":\([0-9]*\).*/\1/p"; }
