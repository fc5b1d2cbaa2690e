"""Makes the media that machines boot from: of an image, and of the firmware that some rows start
before it. Each function gets a folder to work in and gives a path. Used by emulators.py."""

import os
import subprocess

from harness.disk_image import (DiskImage, FLOPPY_1440K, FLOPPY_2880K, SECTOR, hard_disk_iso,
                                no_emulation_iso, power_of_two_size)
from harness.http_disk import HttpDisk

CYLINDER = 16 * 63 * SECTOR
TEN_MEBIBYTES = 10 << 20
GRUB_FOLDER = "/usr/lib/grub/i386-pc"
GRUB_BOOT_SECTOR = GRUB_FOLDER + "/boot.img"
# The host's loopback, as QEMU's user network shows it to the guest.
HOST_ADDRESS = "10.0.2.2"
IPXE_SCRIPT = "boot.ipxe"


def sized(size_of):
    """A medium that is the image, cut or padded."""
    def make(image, directory, _):
        disk = DiskImage(image)
        return disk.write(os.path.join(directory, "medium"), size_of(disk))
    return make


def served(image, directory, cleanup):
    """A folder with a script for iPXE that boots the image from a server of our own."""
    server = HttpDisk(image).__enter__()
    cleanup(server.__exit__)
    with open(os.path.join(directory, IPXE_SCRIPT), "w") as script:
        script.write("#!ipxe\n" "dhcp\n"
                     f"sanboot --no-describe http://{HOST_ADDRESS}:{server.port}/\n")
    return directory


# name: function of image, folder and what registers a cleanup
MEDIA = {
    "image": sized(lambda disk: None),
    "floppy_1440k": sized(lambda disk: FLOPPY_1440K),
    "floppy_2880k": sized(lambda disk: FLOPPY_2880K),
    "one_cylinder": sized(lambda disk: CYLINDER),
    "ten_mebibytes": sized(lambda disk: TEN_MEBIBYTES),
    "eight_cylinders": sized(lambda disk: 8 * CYLINDER),
    "power_of_two": sized(lambda disk: power_of_two_size(len(disk.data))),
    "hard_disk_iso": lambda image, directory, _: hard_disk_iso(image, directory),
    "no_emulation_iso": lambda image, directory, _: no_emulation_iso(image, directory),
    "http": served,
}


def grub_disk(drive):
    """GRUB on a disk of its own, of as few parts as will do: it starts what is on `drive`."""
    def make(directory):
        script, core = os.path.join(directory, "early.cfg"), os.path.join(directory, "core.img")
        with open(script, "w") as file:
            file.write(f"set root=({drive})\n" f"chainloader ({drive})+1\n" "boot\n")
        subprocess.run(["grub-mkimage", "-O", "i386-pc", "-p", "/boot", "-c", script, "-o", core,
                        "biosdisk", "chain", "boot"], check=True, capture_output=True)
        path = os.path.join(directory, "grub.bin")
        with open(path, "wb") as disk:
            for part in (GRUB_BOOT_SECTOR, core):  # the core lies behind the boot sector
                with open(part, "rb") as file:
                    disk.write(file.read())
            disk.truncate(FLOPPY_1440K)
        return path
    return make


FIRMWARE = {
    "": lambda directory: "",
    "grub_to_first_disk": grub_disk("hd0"),
    "grub_to_second_disk": grub_disk("hd1"),
}
