"""How a row's machine is run, one class for each emulator. Used by machine_test.py."""

import os

import media
from harness import bochs, dosbox, expect, v86
from harness.environment import missing
from harness.qemu import QEMU
from machine import qemu_arguments

MIB = 1 << 20
QEMU_TIMEOUT = 120.0  # seconds; KVM within KVM takes its time


class Emulator:
    needs = ()

    def __init__(self, row, cleanup):
        self.row, self._cleanup = row, cleanup

    def missing(self):
        """What is not installed; empty when everything is there."""
        return next(filter(None, map(missing, (*self.needs, *self.row.needs))), "")

    def _medium(self, image, directory):
        os.mkdir(directory)
        return media.MEDIA[self.row.disk.medium](image, directory, self._cleanup)

    def boot(self, image, serial, directory):
        """Boots the image and gives what was on serial."""
        raise NotImplementedError

    def refuse(self, image, directory):
        """Lets the boot end in the row's message and gives that."""
        raise NotImplementedError


class Qemu(Emulator):
    needs = (QEMU,)

    def _arguments(self, image, directory):
        medium = self._medium(image, directory)
        firmware = media.FIRMWARE[self.row.firmware.medium](directory)
        return qemu_arguments(self.row, medium, firmware)

    def boot(self, image, serial, directory):
        return expect.expect_boot(self._arguments(image, directory), serial,
                                  timeout=QEMU_TIMEOUT)

    def refuse(self, image, directory):
        return expect.expect_error(self._arguments(image, directory), self.row.refused,
                                   timeout=QEMU_TIMEOUT, screen=self.row.text_mode)


class Bochs(Emulator):
    needs = ("bochs",)

    def _settings(self):
        return {"cpu": self.row.cpu, "megabytes": self.row.memory_size // MIB,
                "medium": self.row.disk.options, "bios": self.row.firmware.rom or bochs.BIOS}

    def boot(self, image, serial, directory):
        return bochs.expect_boot(self._medium(image, directory), serial, **self._settings())

    def refuse(self, image, directory):
        return bochs.expect_error(self._medium(image, directory), self.row.refused,
                                  **self._settings())


class DosBox(Emulator):
    """16 MiB and a 32-bit CPU: only messages are to be had."""
    needs = (dosbox.DOSBOX,)

    def refuse(self, image, directory):
        return dosbox.expect_error(self._medium(image, directory), self.row.refused,
                                   cpu=self.row.cpu, floppy=self.row.disk.drive == 0)


class V86(Emulator):
    """A 32-bit CPU: only messages are to be had."""

    @property
    def needs(self):
        return (*v86.NEEDS, v86.library())

    def refuse(self, image, directory):
        return v86.expect_error(self._medium(image, directory), self.row.refused,
                                drive="hda" if self.row.disk.drive else "fda")


EMULATORS = {"QEMU": Qemu, "Bochs": Bochs, "DOSBox": DosBox, "v86": V86}
