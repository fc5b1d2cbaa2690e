"""Measures what a boot costs on QEMU's pc with an IDE disk, 512 MiB and the default CPU: guest
instructions from the MBR's first to the kernel's first (instruction_counter.c), and every sector and
transfer of the disk (QEMU's trace). Used by costs.py, profile.py and test_budgets.py."""

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
from harness.elf_file import EXIT_CODE, PAGE, R, Segment, X, executable  # noqa: E402
from harness.environment import create_image  # noqa: E402
from harness.expect import expect_boot  # noqa: E402
from harness.qemu import QEMU, ide_disk  # noqa: E402

KIB, MIB = 1 << 10, 1 << 20
SMALL, LARGE = 64 * KIB, 64 * MIB
MACHINE = ("-machine", "pc", "-m", "512M")
KERNEL_ADDRESS = 0xFFFFFFFF80200000
TIMEOUT = 200.0
# ATA commands that read (ATA/ATAPI-8 ACS, 7.24-7.30): by PIO, by DMA, each with 28 and 48 bits.
READ_COMMANDS = {0x20, 0x24, 0x29, 0xC4, 0x25, 0xC8}
TRACE_READ, TRACE_COMMAND = "ide_sector_read", "ide_exec_cmd"


class Cost:
    def __init__(self, counts, sectors, transfers, image, profile):
        self.own = counts["own"]        # instructions of the loader's
        self.firmware = counts["firmware"]      # instructions of the firmware's
        self.disk_calls = counts["disk_calls"]  # INT 13h by the loader, reads or not
        self.high_bytes = counts["high_bytes"]  # written by the loader above 1 MiB
        self.counts = counts            # these, and those of the steps (counter.step_name)
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


def kernel_of(*segments, **more):
    """The ELF file of a kernel that ends QEMU at once, with these segments behind its code; `more` is
    for elf_file.executable."""
    return executable([Segment(KERNEL_ADDRESS, R | X, EXIT_CODE), *segments], KERNEL_ADDRESS, **more)


def payload_kernel(data):
    return kernel_of(Segment(KERNEL_ADDRESS + PAGE, R, data))


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


def boot(kernel, machine=MACHINE, profile=False, steps=(), modules=(), options=()):
    """Boots a kernel, the bytes of its file, once and counts. `machine` is QEMU's options; `modules`
    are the bytes of each; `options` are for `bootimage create`, `steps` for counter.counting."""
    with tempfile.TemporaryDirectory(prefix="firstlight-") as directory:
        def path(name, data=None):
            if data is not None:
                with open(os.path.join(directory, name), "wb") as file:
                    file.write(data)
            return os.path.join(directory, name)
        files = [(f"module{index}", path(f"module{index}", data))
                 for index, data in enumerate(modules)]
        image = create_image(path("kernel.elf", kernel), path("disk.bin"), modules=files,
                             options=options)
        expect_boot([*machine, *ide_disk(image), "-D", path("trace"), "-trace", TRACE_READ,
                     "-trace", TRACE_COMMAND,
                     *counter.counting(KERNEL_ADDRESS, path("counts"),
                                       path("addresses") if profile else None, steps)],
                    timeout=TIMEOUT)
        executed = {int(address, 16): count
                    for address, count in counter.read_counts(path("addresses")).items()
                    } if profile else {}
        return Cost(counter.read_counts(path("counts")), *read_trace(path("trace")),
                    DiskImage(image), executed)


@functools.cache
def measure(size, machine=MACHINE, profile=False):
    """Boots a kernel with so many bytes of data that cannot be compressed."""
    return boot(payload_kernel(contents.incompressible(size)), machine, profile)


def per_byte():
    """The loader's instructions for each byte of the large kernel's data beyond the small one's."""
    return (measure(LARGE).own - measure(SMALL).own) / (LARGE - SMALL)
