"""Prints how long this processor takes to unpack 64 MiB of code, and below what speed of a disk a compressed kernel
therefore starts before the floor has read the uncompressed one. QEMU's processor is many times slower; its seconds
do not tell. Run by the build target `bench-unpack`."""

import json
import os
import subprocess
import tempfile

from boot_cost import LARGE, payload_kernel
import contents
from harness.disk_image import SECTOR
from harness.environment import create_image, run_bootimage


def kernel_part(image):
    parts = json.loads(run_bootimage("inspect", "--json", image).stdout)["parts"]
    return next(part for part in parts if part["kind"] == "kernel")


def sectors(size):
    return -(-size // SECTOR)


def main():
    with tempfile.TemporaryDirectory(prefix="firstlight-") as folder:
        kernel = os.path.join(folder, "kernel.elf")
        with open(kernel, "wb") as file:
            file.write(payload_kernel(contents.real(LARGE)))
        image = create_image(kernel, os.path.join(folder, "image"), options=("--compress", "lz4"))
        part = kernel_part(image)
        stored, unpacked = part["bytes"], part["unpacked_bytes"]
        seconds = int(subprocess.run(
            [os.environ["FIRSTLIGHT_UNPACK_TIMER"], image, *map(str, (part["lba"], stored, unpacked))],
            stdout=subprocess.PIPE, check=True).stdout) / 1e9
    saved = (sectors(unpacked) - sectors(stored)) * SECTOR
    print(f"{unpacked:,} bytes of code, stored in {stored:,}: unpacked and summed in {seconds * 1000:.1f} ms\n"
          f"{saved:,} bytes need not be read: ahead of the floor by disks below "
          f"{saved / seconds / 1e6:,.0f} MB/s")


if __name__ == "__main__":
    main()
