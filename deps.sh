#!/bin/sh
# deps.sh build|check: installs the packages that are missing, and nothing if none is.
# Debian and Ubuntu are tested; Fedora and Arch are given by name.
set -eu

debian_build="gcc make libc6-dev libpcap-dev libcjson-dev zlib1g-dev libssl-dev libc-ares-dev libnghttp2-dev
    libnl-3-dev libnl-genl-3-dev gnuplot-nox"
debian_check="$debian_build libcmocka-dev clang llvm libclang-rt-dev clang-format clang-tidy cppcheck mandoc libxml2-utils
    tshark tcpdump sip-tester baresip-core iproute2 python3 openssl chromium procps bash-completion
    kamailio kamailio-tls-modules haproxy dnsmasq-base nginx-light nftables nmap conntrack
    qemu-system-x86 busybox-static cpio kmod hostapd wpasupplicant iw wireless-regdb"
fedora_build="gcc make libpcap-devel cjson-devel zlib-devel openssl-devel c-ares-devel libnghttp2-devel libnl3-devel gnuplot-minimal"
fedora_check="$fedora_build libcmocka-devel clang llvm compiler-rt clang-tools-extra cppcheck mandoc libxml2 wireshark-cli
    tcpdump sipp baresip iproute python3 openssl chromium-headless procps-ng bash-completion
    kamailio kamailio-tls haproxy dnsmasq nginx nftables nmap conntrack-tools
    qemu-system-x86-core busybox cpio kmod hostapd wpa_supplicant iw wireless-regdb"
arch_build="gcc make libpcap cjson zlib openssl c-ares libnghttp2 libnl gnuplot"
arch_check="$arch_build cmocka clang llvm compiler-rt cppcheck mandoc libxml2 wireshark-cli tcpdump baresip
    iproute2 python chromium procps-ng bash-completion haproxy dnsmasq nginx nftables nmap conntrack-tools
    qemu-system-x86 busybox cpio kmod hostapd wpa_supplicant iw wireless-regdb"

what=${1:-build}
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo

is_installed() { # a virtual package counts when something that provides it is installed
    dpkg-query -W -f '${db:Status-Status} ${Package} ${Provides}\n' 2>/dev/null |
        awk -v name="$1" '$1 == "installed" { for (i = 2; i <= NF; i++) { gsub(/,/, "", $i); if ($i == name) found = 1 } } END { exit !found }'
}

if command -v apt-get >/dev/null; then
    [ "$what" = check ] && list=$debian_check || list=$debian_build
    missing=""
    for package in $list; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed' || is_installed "$package" ||
            missing="$missing $package"
    done
    [ -z "$missing" ] && exit 0
    echo "installing:$missing"
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -q
    # shellcheck disable=SC2086
    $as_root apt-get install -q -y --no-install-recommends $missing
elif command -v dnf >/dev/null; then
    [ "$what" = check ] && list=$fedora_check || list=$fedora_build
    # shellcheck disable=SC2086
    rpm -q $list >/dev/null 2>&1 || $as_root dnf install -y $list
elif command -v pacman >/dev/null; then
    [ "$what" = check ] && list=$arch_check || list=$arch_build
    # shellcheck disable=SC2086
    pacman -Q $list >/dev/null 2>&1 || $as_root pacman -S --needed --noconfirm $list
else
    echo "deps.sh: no apt-get, dnf or pacman here. Install the equivalents of: $debian_build" >&2
    exit 1
fi
