"""Measures what a boot costs on QEMU's pc with an IDE disk, 512 MiB and the default CPU: guest
instructions from the MBR's first to the kernel's first (the plugin instruction_counter.c counts),
and every sector and transfer of the disk (QEMU's trace). Run by itself it prints a table; used by
test_budgets.py."""

import functools
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contents  # noqa: E402
from harness import counter  # noqa: E402
from harness.disk_image import DiskImage  # noqa: E402
from harness.elf_file import EXIT_CODE, PAGE, R, Segment, X, write_executable  # noqa: E402
from harness.environment import create_image  # noqa: E402
from harness.expect import expect_boot  # noqa: E402
from harness.qemu import QEMU, ide_disk  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
SMALL, LARGE = 64 * KIB, 64 * MIB
MACHINE = ("-machine", "pc", "-m", "512M")
KERNEL_ADDRESS = 0xFFFFFFFF80200000
# ATA commands that read (ATA/ATAPI-8 ACS, 7.24-7.30): by PIO, by DMA, each with 28 and 48 bits.
READ_COMMANDS = {0x20, 0x24, 0x29, 0xC4, 0x25, 0xC8}
TRACE_READ, TRACE_COMMAND = "ide_sector_read", "ide_exec_cmd"


class Cost:
    def __init__(self, payload, counts, sectors, transfers, image, profile):
        self.payload = payload          # bytes of data in the kernel
        self.own = counts["own"]        # instructions of the loader's
        self.firmware = counts["firmware"]      # instructions of the firmware's
        self.disk_calls = counts["disk_calls"]  # INT 13h by the loader, reads or not
        self.high_bytes = counts["high_bytes"]  # written by the loader above 1 MiB
        self.sectors = sectors          # LBAs in the order they were read, firmware's LBA 0 too
        self.transfers = transfers      # read commands the disk got, without firmware's own
        self.image = image              # DiskImage
        self.profile = profile          # {address: how often the loader's instruction ran}, if wanted


@functools.cache
def missing():
    """What keeps this QEMU from measuring; empty when nothing does."""
    if counter.missing():
        return counter.missing()
    events = subprocess.run([QEMU, "-trace", "help"], capture_output=True, text=True,
                            check=True).stdout.split()
    if TRACE_READ not in events or TRACE_COMMAND not in events:
        return f"{QEMU} is built without the trace events {TRACE_READ} and {TRACE_COMMAND}"
    return ""


def payload_kernel(path, size):
    """A kernel with so many bytes of incompressible data, which ends QEMU at once."""
    data = contents.incompressible(size)
    return write_executable(path, [Segment(KERNEL_ADDRESS, R | X, EXIT_CODE),
                                   Segment(KERNEL_ADDRESS + PAGE, R, data)], KERNEL_ADDRESS)


def read_trace(path):
    """(sectors, transfers) of a trace log."""
    sectors, transfers = [], 0
    with open(path) as file:
        for line in file:
            if read := re.search(TRACE_READ + r" sector=(\d+) nsectors=(\d+)", line):
                first, count = map(int, read.groups())
                sectors.extend(range(first, first + count))
            elif command := re.search(TRACE_COMMAND + r" .* cmd 0x([0-9a-f]+)", line):
                transfers += int(command.group(1), 16) in READ_COMMANDS
    return sectors, transfers - 1  # firmware has read LBA 0 by one of its own


@functools.cache
def measure(size, machine=MACHINE, profile=False):
    """Boots a kernel of this payload once, on a machine by QEMU's options, and counts."""
    with tempfile.TemporaryDirectory(prefix="firstlight-") as directory:
        kernel = payload_kernel(os.path.join(directory, "kernel.elf"), size)
        image = create_image(kernel, os.path.join(directory, "disk.bin"))
        counts, addresses, trace = (os.path.join(directory, name)
                                    for name in ("counts", "addresses", "trace"))
        expect_boot([*machine, *ide_disk(image), "-D", trace, "-trace", TRACE_READ,
                     "-trace", TRACE_COMMAND,
                     *counter.counting(KERNEL_ADDRESS, counts, addresses if profile else None)],
                    timeout=200.0)
        executed = {int(address, 16): count
                    for address, count in counter.read_counts(addresses).items()
                    } if profile else {}
        return Cost(size, counter.read_counts(counts), *read_trace(trace), DiskImage(image),
                    executed)


def per_byte(small, large):
    """The loader's instructions for each byte of payload beyond the small kernel's."""
    return (large.own - small.own) / (large.payload - small.payload)


def print_table():
    small, large = measure(SMALL), measure(LARGE)
    print(f"{'payload':>10} {'own':>12} {'firmware':>12} {'INT 13h':>8} {'sectors':>8}"
          f" {'transfers':>9}")
    for cost in (small, large):
        print(f"{cost.payload // KIB:>6} KiB {cost.own:>12,} {cost.firmware:>12,}"
              f" {cost.disk_calls:>8} {len(cost.sectors):>8} {cost.transfers:>9}")
    print(f"own instructions per further byte: {per_byte(small, large):.3f}")
    print(f"stage 2: {small.image.stage2_sectors * 512} bytes")


if __name__ == "__main__":
    if missing():
        sys.exit(missing())
    print_table()
