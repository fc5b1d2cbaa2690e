"""The disks that the benchmark boots: Firstlight's own, GRUB's and SYSLINUX's with the same kernel, and
the floor, which only reads. GRUB and SYSLINUX get their best case: no menu, no wait, no more modules
than the kernel needs. Used by measure.py."""

import os
import re
import shutil
import struct
import subprocess
import zlib

from harness.disk_image import DiskImage, SECTOR
from harness.environment import create_image, missing

import payload

MIB = 1 << 20
PARTITION_LBA = 2048
PARTITION_TABLE, PARTITION_ENTRY = 446, struct.Struct("<B3sB3sII")
ACTIVE, FAT32_LBA = 0x80, 0x0C
NO_CHS = b"\xFE\xFF\xFF"  # past what CHS can say
# RFC 1952, 2.3.1
GZIP_HEADER, GZIP_TRAILER = struct.Struct("<2sBBIBB"), struct.Struct("<II")
GZIP_MAGIC, GZIP_DEFLATE, GZIP_COMMENT, GZIP_BEST, GZIP_UNKNOWN_SYSTEM = b"\x1F\x8B", 8, 16, 2, 255
BOOT_SIGNATURE = b"\x55\xAA"
GRUB_FOLDER = "/usr/lib/grub/i386-pc"
GRUB_MODULES = ("biosdisk", "multiboot2", "boot")
GRUB_UNPACKS = "gzio"
SYSLINUX_FOLDER = "/usr/lib/syslinux"
SYSLINUX_MODULES = ("libcom32.c32", "mboot.c32")
SYSLINUX_CODE_BYTES = 440  # mbr.bin ends where the partition table's disk signature begins
FAT_ROOM = 48 * MIB        # FAT32 needs 65525 clusters at least, and SYSLINUX's files some
FLOOR_FINISHED = 0x7D00    # floor.asm's FINISHED
PLAIN = ("--compress", "none")


class Contender:
    """One way to start the kernel. make(kernel, path) writes the disk; `entry` is the address where
    the count ends, `needs` are programs and files. `content`: the only one it is for."""

    def __init__(self, name, make, needs=(), entry=payload.KERNEL_ENTRY, version=None,
                 content=None):
        self.name, self.make, self.needs, self.entry = name, make, needs, entry
        self._version, self._content = version, content

    def takes(self, content):
        return self._content in (None, content)

    def missing(self):
        return next(filter(None, map(missing, self.needs)), "")

    def version(self):
        """As the program itself says it; empty for what has none."""
        if self._version is None:
            return ""
        said = subprocess.run(self._version, capture_output=True, text=True, check=False)
        found = re.search(r"\d+(\.\d+)+\S*", said.stdout + said.stderr)
        return found.group() if found else "unknown"


# ---- Firstlight ---------------------------------------------------------------------------------

def firstlight(*options):
    def make(kernel, path):
        create_image(kernel, path, options=options)
    return make


# ---- What GRUB and SYSLINUX unpack --------------------------------------------------------------

def gzip_bytes(data):
    """A gzip file (RFC 1952) of whole sectors: GRUB, which knows no file but sectors here, looks for the
    size at the end of the last. A comment fills it up."""
    deflate = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(data) + deflate.flush()
    body += GZIP_TRAILER.pack(zlib.crc32(data), len(data))
    comment = b" " * (-(GZIP_HEADER.size + 1 + len(body)) % SECTOR) + b"\0"
    return GZIP_HEADER.pack(GZIP_MAGIC, GZIP_DEFLATE, GZIP_COMMENT, 0, GZIP_BEST,
                            GZIP_UNKNOWN_SYSTEM) + comment + body


def gzipped(make):
    """The same with a kernel that is compressed as both know it, as small as it gets."""
    def make_gzipped(kernel, path):
        packed = kernel + ".gz"
        if not os.path.exists(packed):  # two loaders get the same
            with open(kernel, "rb") as source, open(packed, "wb") as target:
                target.write(gzip_bytes(source.read()))
        make(packed, path)
    return make_gzipped


# ---- GRUB ---------------------------------------------------------------------------------------

def _is_gzip(path):
    with open(path, "rb") as file:
        return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def grub(kernel, path):
    """Boot sector, core image, and the kernel as it is, which GRUB is told the sectors of: it needs
    no module for partitions or a file system."""
    size = os.path.getsize(kernel)
    sectors = -(-size // SECTOR)
    script, core = path + ".cfg", path + ".core"
    with open(script, "w") as file:
        file.write(f"multiboot2 (hd0){PARTITION_LBA}+{sectors}\n" "boot\n")
    modules = (*GRUB_MODULES, *([GRUB_UNPACKS] if _is_gzip(kernel) else []))
    subprocess.run(["grub-mkimage", "-O", "i386-pc", "-p", "/boot", "-c", script, "-o", core,
                    *modules], check=True, capture_output=True)
    with open(path, "wb") as disk:
        for part in (GRUB_FOLDER + "/boot.img", core):
            with open(part, "rb") as file:
                disk.write(file.read())
        assert disk.tell() <= PARTITION_LBA * SECTOR, "the core image does not fit"
        disk.seek(PARTITION_LBA * SECTOR)
        with open(kernel, "rb") as file:
            shutil.copyfileobj(file, disk)
        disk.truncate(-(-(disk.tell() + SECTOR) // MIB) * MIB)


# ---- SYSLINUX -----------------------------------------------------------------------------------

def _partitioned(path, size):
    """An empty disk with SYSLINUX's MBR and one active FAT32 partition."""
    with open(f"{SYSLINUX_FOLDER}/mbr/mbr.bin", "rb") as file:
        sector = file.read()[:SYSLINUX_CODE_BYTES].ljust(PARTITION_TABLE, b"\0")
    sectors = size // SECTOR - PARTITION_LBA
    sector += PARTITION_ENTRY.pack(ACTIVE, NO_CHS, FAT32_LBA, NO_CHS, PARTITION_LBA, sectors)
    with open(path, "wb") as disk:
        disk.write(sector.ljust(SECTOR - len(BOOT_SIGNATURE), b"\0") + BOOT_SIGNATURE)
        disk.truncate(size)
    partition = f"{path}@@{PARTITION_LBA * SECTOR}"
    # 255 heads, 63 sectors: what every BIOS answers for a disk of this size.
    subprocess.run(["mformat", "-i", partition, "-F", "-T", str(sectors), "-h", "255", "-s", "63",
                    "-H", str(PARTITION_LBA), "::"], check=True, capture_output=True)
    return partition


def syslinux(kernel, path):
    """A disk as SYSLINUX's installer makes it; mboot.c32 starts the kernel."""
    size = -(-(os.path.getsize(kernel) + FAT_ROOM) // MIB) * MIB
    partition = _partitioned(path, size)
    subprocess.run(["syslinux", "--offset", str(PARTITION_LBA * SECTOR), "--install", path],
                   check=True, capture_output=True)
    script = path + ".cfg"
    with open(script, "w") as file:
        file.write("PROMPT 0\nDEFAULT kernel\nLABEL kernel\nKERNEL mboot.c32\n"
                   "APPEND kernel.elf\n")
    files = [(f"{SYSLINUX_FOLDER}/modules/bios/{name}", name) for name in SYSLINUX_MODULES]
    for source, name in (*files, (script, "syslinux.cfg"), (kernel, "kernel.elf")):
        subprocess.run(["mcopy", "-i", partition, source, f"::{name}"], check=True,
                       capture_output=True)


# ---- The floor ----------------------------------------------------------------------------------

def floor(kernel, path):
    """A boot sector that reads as many sectors as Firstlight needs of an uncompressed image."""
    image = path + ".firstlight"
    create_image(kernel, image, options=PLAIN)
    # Firmware has read the first already.
    sectors = len(DiskImage(image).needed_sectors()) - 1
    os.remove(image)
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "floor.asm")
    subprocess.run(["nasm", "-f", "bin", f"-DSECTORS={sectors}", "-o", path, source], check=True)
    with open(path, "ab") as disk:
        disk.truncate(-(-(sectors + 1) * SECTOR // MIB) * MIB)


FLOOR = Contender("floor", floor, ("nasm",), FLOOR_FINISHED)
UNCOMPRESSED = Contender("Firstlight, plain", firstlight(*PLAIN))
OURS = (Contender("Firstlight", firstlight()), UNCOMPRESSED)
GRUB_NEEDS = ("grub-mkimage", GRUB_FOLDER + "/boot.img")
SYSLINUX_NEEDS = ("syslinux", "mformat", f"{SYSLINUX_FOLDER}/modules/bios/mboot.c32",
                  f"{SYSLINUX_FOLDER}/mbr/mbr.bin")
GRUB = Contender("GRUB", grub, GRUB_NEEDS, version=("grub-mkimage", "--version"))
SYSLINUX = Contender("SYSLINUX", syslinux, SYSLINUX_NEEDS, version=("syslinux", "--version"))
# Random bytes would only become more.
GRUB_GZIP = Contender("GRUB, gzip", gzipped(grub), GRUB_NEEDS, content="real")
SYSLINUX_GZIP = Contender("SYSLINUX, gzip", gzipped(syslinux), SYSLINUX_NEEDS, content="real")
OTHERS = (GRUB, GRUB_GZIP, SYSLINUX, SYSLINUX_GZIP)
CONTENDERS = (FLOOR, *OURS, *OTHERS)
