#!/bin/sh
# Installs what Firstlight is built, run and tested with, and nothing that is there already. The one
# place that names packages.
#
#   sh tools/setup.sh           building, running, testing
#   sh tools/setup.sh --build   building and running only
#   sh tools/setup.sh --full    the rest, too, that the preset `full` tests with
#   sh tools/setup.sh --list    prints the packages (with --build or --full: theirs), installs nothing
#   sh tools/setup.sh --brings PROGRAM   prints which package brings a program or file (Debian's names)
#   sh tools/setup.sh --where v86        prints the folder in which --full puts npm's package v86
set -eu

usage() {
    echo "usage: sh tools/setup.sh [--build | --full] [--list] | --brings PROGRAM | --where v86" >&2
    exit 2
}

# npm's one package: an emulator. Its place is the user's own, and changes with the version.
v86=v86@0.5.462
v86_home=${XDG_DATA_HOME:-${HOME:-/tmp}/.local/share}/firstlight/$v86
v86_folder=$v86_home/node_modules/v86

# What a test that is skipped says is missing.
package_that_brings() {
    case $1 in
    "$v86_folder") echo "$v86 (npm)" ;;
    qemu-img) echo qemu-utils ;;
    qemu-system-*) echo qemu-system-x86 ;;
    */bochs/*) echo bochsbios ;;
    */seabios/*) echo seabios ;;
    */vgabios/*) echo vgabios ;;
    */syslinux/*) echo syslinux-common ;;
    */grub/i386-pc/*) echo grub-pc-bin ;;
    */ipxe/qemu/*) echo ipxe-qemu ;;
    frama-c) echo frama-c-base ;;
    grub-mkimage) echo grub-common ;;
    mformat) echo mtools ;;
    node) echo nodejs ;;
    sfdisk) echo fdisk ;;
    addpart | blkid | setpriv | unshare) echo util-linux ;;
    losetup) echo mount ;;
    mkfs.ext2) echo e2fsprogs ;;
    nm) echo binutils ;;
    dpkg-shlibdeps) echo dpkg-dev ;;
    x86_64-w64-mingw32-gcc) echo gcc-mingw-w64-x86-64-win32 ;;
    *) echo "$1" ;; # the package is called as its program
    esac
}

case ${1:-} in
--brings)
    [ $# -eq 2 ] || usage
    package_that_brings "$2"
    exit
    ;;
--where)
    [ "${2:-}" = v86 ] || usage
    echo "$v86_folder"
    exit
    ;;
esac

scope=test
list_only=no
for argument; do
    case $argument in
    --build) scope=build ;;
    --full) scope=full ;;
    --list) list_only=yes ;;
    *) usage ;;
    esac
done

# Building: Clang and lld (target and host), NASM, CMake, Ninja, the C library's headers, liblz4.
# Running: QEMU; its windows where there is a display.
# Testing: Python drives; cmocka and the sanitizers' runtime for unit tests; Bochs, the second
# emulator; sfdisk, parted, El Torito and memdisk for images; gcc and mingw, the host tool's other
# compilers; llvm-readelf and -objdump; the formatter and the linter, and git, which lists what to
# lint; gdb; make and pkg-config, as users have them; Unicorn, a CPU for boot sectors; losetup and mkfs
# for disks to write.
# The laboratory (full; apt only, elsewhere its tests are skipped where something is missing).
choose_packages() {
    case $1 in
    apt)
        build="clang lld nasm cmake ninja-build libc6-dev liblz4-dev qemu-system-x86"
        gui="qemu-system-gui"
        test="python3 gcc g++ gcc-mingw-w64-x86-64-win32 libcmocka-dev libclang-rt-dev llvm
              bochs bochsbios bochs-term vgabios fdisk parted genisoimage syslinux-common
              clang-format clang-tidy git gdb python3-unicorn python3-distutils e2fsprogs mount
              qemu-utils xorriso make pkg-config mandoc"
        full="dpkg-dev lintian frama-c-base why3 cvc4 dosbox grub-common grub-pc-bin ipxe-qemu
              syslinux mtools wine64 zsh fish rustc rust-src"
        command -v npm >/dev/null 2>&1 || full="$full nodejs npm"
        ;;
    dnf)
        build="clang lld nasm cmake ninja-build glibc-devel lz4-devel qemu-system-x86-core"
        gui="qemu-ui-gtk"
        test="python3 gcc gcc-c++ mingw64-gcc libcmocka-devel compiler-rt llvm bochs util-linux parted
              genisoimage qemu-img syslinux-nonlinux xorriso clang-tools-extra git gdb"
        ;;
    pacman)
        build="clang lld nasm cmake ninja lz4 qemu-system-x86"
        gui="qemu-ui-gtk"
        test="python gcc mingw-w64-gcc cmocka compiler-rt llvm bochs util-linux parted cdrtools
              syslinux git gdb"
        ;;
    brew)
        build="llvm lld nasm cmake ninja lz4 qemu"
        gui=""
        test="python3 cmocka mingw-w64 bochs cdrtools git"
        ;;
    esac
    packages=$build
    [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || packages="$packages $gui"
    [ "$scope" = build ] || packages="$packages $test"
    [ "$scope" != full ] || packages="$packages ${full:-}"
}

# Prints those of the packages given that are not installed.
missing_packages() {
    for package; do
        case $manager in
        apt)
            dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
                grep -q '^install ok installed$' || printf '%s ' "$package"
            ;;
        dnf) rpm -q --quiet "$package" || printf '%s ' "$package" ;;
        pacman) pacman -Q "$package" >/dev/null 2>&1 || printf '%s ' "$package" ;;
        brew) brew list "$package" >/dev/null 2>&1 || printf '%s ' "$package" ;;
        esac
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        echo "setup.sh: run it as root, or install sudo, to install: $missing" >&2
        exit 1
    fi
}

install_packages() {
    case $manager in
    apt)
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@"
        ;;
    dnf) as_root dnf install -y "$@" ;;
    pacman) as_root pacman -S --needed --noconfirm "$@" ;;
    brew) brew install "$@" ;;
    esac
}

do_without_v86() {
    echo "setup.sh: $1 there is no $v86: the tests that use it will be skipped" >&2
}

# A single package, no scripts of its own run.
install_v86() {
    [ ! -e "$v86_folder/package.json" ] || return 0
    if ! command -v npm >/dev/null 2>&1; then
        do_without_v86 "without npm"
        return 0
    fi
    echo "setup.sh: installing $v86 in $v86_home"
    mkdir -p "$v86_home"
    npm install --prefix "$v86_home" --no-save --no-audit --no-fund --ignore-scripts "$v86" ||
        do_without_v86 "npm install failed,"
}

manager=
for candidate in apt-get dnf pacman brew; do
    if command -v $candidate >/dev/null 2>&1; then
        manager=${candidate%-get}
        break
    fi
done
if [ -z "$manager" ]; then
    echo "setup.sh: found none of apt, dnf, pacman, brew: install Clang, lld, NASM, CMake 3.25," \
        "Ninja and QEMU by hand" >&2
    exit 1
fi

choose_packages "$manager"
# shellcheck disable=SC2086 # the lists are meant to be split
set -- $packages
if [ "$list_only" = yes ]; then
    printf '%s\n' "$@"
    exit 0
fi
missing=$(missing_packages "$@")
if [ -n "$missing" ]; then
    echo "setup.sh: installing $missing"
    # shellcheck disable=SC2086
    install_packages $missing
fi
[ "$scope" != full ] || install_v86
echo "setup.sh: everything is installed"
