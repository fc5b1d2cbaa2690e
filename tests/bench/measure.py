"""Boots one contender on one machine and counts: guest instructions between the MBR's first and the
kernel's first, own and firmware's (instruction_counter.c), INT 13h calls, sectors read (QEMU's
trace of the drive, whatever its controller), and the seconds between the two, by a run that counts
nothing (boot_timer.c). Used by bench.py and test_bench.py."""

import functools
import os
import re
import tempfile

from harness.counter import counting, read_counts
from harness.expect import expect_boot
from harness.process import option_value

import contents
import payload

KIB, MIB = 1 << 10, 1 << 20
MEMORY = 512 * MIB
# A loader may hold the file and the kernel at once; what is larger gets more memory.
MEMORY_PER_BYTE = 4
TIMEOUT = 600.0
TRACE_READ = "blk_co_preadv"
SECTOR = 512

DRIVE = "if=none,id=disk,format=raw,snapshot=on,file="
XHCI = ("-device", "qemu-xhci", "-device", "usb-storage,drive=disk")
# Bytes a second: as quick as a USB 2.0 stick; else QEMU reads what the host has in memory.
THROTTLED = {"USB at 30 MB/s": 30_000_000}
DEVICES = {
    "IDE": ("-device", "ide-hd,drive=disk"),
    "virtio-blk": ("-device", "virtio-blk-pci,drive=disk"),
    "USB (EHCI)": ("-device", "usb-ehci", "-device", "usb-storage,drive=disk"),
    "USB (xHCI)": XHCI,
    **dict.fromkeys(THROTTLED, XHCI),
}


def takes(device, content):
    """What a slow disk is for is to show what unpacking saves."""
    return device not in THROTTLED or content == "real"


class Counts:
    def __init__(self, own, firmware, disk_calls, high_bytes, reads, sectors):
        self.own, self.firmware = own, firmware  # guest instructions
        self.disk_calls = disk_calls             # INT 13h by the loader, reads or not
        self.high_bytes = high_bytes             # that the loader wrote above 1 MiB
        self.reads = reads                       # requests that the drive got
        self.sectors = sectors                   # that the drive was read, some perhaps twice

    @property
    def total(self):
        return self.own + self.firmware


def machine(path, device, size):
    megabytes = max(MEMORY, MEMORY_PER_BYTE * size) // MIB
    drive = DRIVE + option_value(path)
    if device in THROTTLED:
        drive += f",throttling.bps-read={THROTTLED[device]}"
    return ["-machine", "pc", "-m", f"{megabytes}M", "-drive", drive, *DEVICES[device]]


def _read_trace(path):
    reads = sectors = 0
    with open(path) as file:
        for line in file:
            if found := re.search(TRACE_READ + r" .* bytes (\d+)", line):
                reads, sectors = reads + 1, sectors + int(found.group(1)) // SECTOR
    return reads, sectors


def count(contender, disk, device, size):
    with tempfile.TemporaryDirectory(prefix="firstlight-") as directory:
        counts_path, trace = (os.path.join(directory, name) for name in ("counts", "trace"))
        expect_boot([*machine(disk, device, size), "-D", trace, "-trace", TRACE_READ,
                     *counting(contender.entry, counts_path)], timeout=TIMEOUT)
        return Counts(**read_counts(counts_path), **dict(zip(("reads", "sectors"),
                                                             _read_trace(trace))))


def least(contender, disk, device, size, runs):
    """Of several runs the counts of the one with the fewest instructions: firmware polls some disks,
    and how often is chance."""
    return min((count(contender, disk, device, size) for _ in range(runs)),
               key=lambda counts: counts.total)


def seconds(contender, disk, device, size):
    with tempfile.TemporaryDirectory(prefix="firstlight-") as directory:
        path = os.path.join(directory, "seconds")
        plugin = os.environ["FIRSTLIGHT_TIMER"]
        expect_boot([*machine(disk, device, size), "-plugin",
                     f"{option_value(plugin)},entry={contender.entry:x},"
                     f"output={option_value(path)}"], timeout=TIMEOUT)
        return read_counts(path)["nanoseconds"] / 1e9


class Disks:
    """The contenders' disks for one payload, in a folder that is gone afterwards."""

    def __init__(self, content, size):
        self._content, self._size = content, size
        self._directory = tempfile.TemporaryDirectory(prefix="firstlight-")
        self._kernel = os.path.join(self._directory.name, "kernel.elf")

    def __enter__(self):
        with open(self._kernel, "wb") as file:
            file.write(payload.kernel(contents.CONTENTS[self._content](self._size)))
        return self

    def __exit__(self, *_):
        self._directory.cleanup()

    @functools.cache
    def disk(self, contender):
        path = os.path.join(self._directory.name, re.sub(r"\W", "-", contender.name) + ".bin")
        contender.make(self._kernel, path)
        return path
