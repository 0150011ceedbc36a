#!/usr/bin/env bash
# Shows that sts-generator cannot speak to a network: its dependencies hold nothing that does, and the
# program imports no function that opens a socket. PROFILE says which build is looked at (dev).
set -euo pipefail
cd "$(dirname "$0")/../.."

tree=$(cargo tree --locked --package sts-generator --edges normal --prefix none --format '{p}')
network='^(tokio|mio|socket2|hyper|h2|http|reqwest|ureq|curl|curl-sys|rustls|native-tls|openssl|quinn|aws-.*|hickory-.*) '
if grep -E "$network" <<<"$tree"; then
    echo "check-offline: sts-generator depends on the network crates above" >&2
    exit 1
fi

profile=${PROFILE:-dev}
cargo build --quiet --locked --package sts-generator --profile "$profile"
folder=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")
imports=$(nm -D --undefined-only "$folder/sts-generator" | awk '{ sub(/@.*/, "", $2); print $2 }')
if [ "$(wc -l <<<"$imports")" -lt 20 ]; then
    echo "check-offline: nm found hardly any import in $folder/sts-generator; the check would prove nothing" >&2
    exit 1
fi
sockets='^(socket|socketpair|connect|getaddrinfo|gethostbyname|bind|listen|accept|accept4|sendto|sendmsg|recvfrom|recvmsg)$'
if grep -E "$sockets" <<<"$imports"; then
    echo "check-offline: sts-generator imports the functions above" >&2
    exit 1
fi
echo "check-offline: $(sort -u <<<"$tree" | wc -l) crates, $(wc -l <<<"$imports") imported functions, none for a network"
