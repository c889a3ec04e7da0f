#!/bin/sh
# Holds the running kernel's image against the contract of EL2 and HYP, and says so in KTAP.
#
# usage: hypabi.sh [IMAGE]      default: the image of the running kernel
KSFT_SKIP=4

skip() {
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit $KSFT_SKIP
}

image=${1:-/boot/vmlinuz-$(uname -r)}
command -v hypabi >/dev/null || skip "hypabi is not installed"
[ -r "$image" ] || skip "no image $image"
hypabi check --format ktap "$image"
status=$?
[ $status = 0 ] || exit 1
