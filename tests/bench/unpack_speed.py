"""Prints how long this processor takes to unpack 64 MiB of code, and how fast a disk must be for reading them as
they are to be quicker. QEMU's processor is many times slower; its seconds do not tell. Run by the build target
`bench-unpack`; test_unpack.py uses measure()."""

import collections
import json
import os
import subprocess
import sys
import tempfile

from boot_cost import LARGE, payload_kernel
import contents
from harness.disk_image import SECTOR
from harness.environment import create_image, run_bootimage

# Bytes of a kernel, stored and unpacked; the seconds from one to the other.
Unpacked = collections.namedtuple("Unpacked", "stored unpacked seconds")


def kernel_part(image):
    parts = json.loads(run_bootimage("inspect", "--json", image).stdout)["parts"]
    return next(part for part in parts if part["kind"] == "kernel")


def measure(data):
    """Of a kernel with this data, compressed."""
    with tempfile.TemporaryDirectory(prefix="firstlight-") as folder:
        kernel = os.path.join(folder, "kernel.elf")
        with open(kernel, "wb") as file:
            file.write(payload_kernel(data))
        image = create_image(kernel, os.path.join(folder, "image"), options=("--compress", "lz4"))
        part = kernel_part(image)
        stored, unpacked = part["bytes"], part["unpacked_bytes"]
        nanoseconds = subprocess.run(
            [os.environ["FIRSTLIGHT_UNPACK_TIMER"], image, *map(str, (part["lba"], stored, unpacked))],
            stdout=subprocess.PIPE, check=True).stdout
    return Unpacked(stored, unpacked, int(nanoseconds) / 1e9)


def sectors(size):
    return -(-size // SECTOR)


def print_speed():
    stored, unpacked, seconds = measure(contents.real(LARGE))
    saved = (sectors(unpacked) - sectors(stored)) * SECTOR
    print(f"{unpacked:,} bytes of code, stored in {stored:,}: unpacked and summed in "
          f"{seconds * 1000:.1f} ms")
    print(f"{saved:,} bytes need not be read: as much as a disk of {saved / seconds / 1e6:,.0f} MB/s "
          "reads in that time")


if __name__ == "__main__":
    try:
        print_speed()
    except contents.TooLittle as problem:
        sys.exit(str(problem))
