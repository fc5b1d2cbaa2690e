"""What a row of matrix.py is made of, and QEMU's options for it. What the report shows of a row and
what is booted are the same fields, so that they can't differ. Used by all of tests/machines."""

import dataclasses
import shlex

from harness.qemu import option_value, sparse_ram

UNITS = {"M": 1 << 20, "G": 1 << 30}
LARGE = 3 << 30  # RAM that the host sets aside only as it is touched


@dataclasses.dataclass(frozen=True)
class Disk:
    """How the image gets into the machine, and what boot_info must tell of that."""
    words: str
    options: str = ""         # QEMU's; {image} is the medium. Bochs: its key in bochs.MEDIA
    medium: str = "image"     # how the image becomes it: a key of media.MEDIA
    needs: tuple = ()         # programs and files without which the row is skipped
    drive: int = 0x80
    edd: bool = True


@dataclasses.dataclass(frozen=True)
class Firmware:
    """What runs before the MBR."""
    words: str
    options: str = ""         # QEMU's; {firmware} is the medium
    medium: str = ""          # a key of media.FIRMWARE, where something has to be made
    rom: str = ""             # the BIOS itself; default: the emulator's own
    needs: tuple = ()


SEABIOS = Firmware("SeaBIOS")


@dataclasses.dataclass(frozen=True)
class Row:
    """One machine: boots both kernels, or ends with a message."""
    name: str
    disk: Disk
    machine: str = "pc"       # QEMU's -machine
    cpu: str = "qemu64"
    memory: str = "128M"
    firmware: Firmware = SEABIOS
    emulator: str = "QEMU"    # a key of emulators.EMULATORS
    kvm: bool = False
    screen: str = "-vga std"
    text_mode: bool = True    # whether that screen has one
    extra: str = ""           # more of QEMU's options
    nx: bool = True           # without, there is a warning
    refused: str = ""         # the message's pattern where the boot must end in one
    # Run by the preset `full` only; no part of what a result is valid for.
    full: bool = dataclasses.field(default=False, repr=False)

    @property
    def needs(self):
        return (*(("kvm",) if self.kvm else ()), *self.firmware.needs, *self.disk.needs,
                *((self.firmware.rom,) if self.firmware.rom else ()))

    @property
    def memory_size(self):
        return int(self.memory[:-1]) * UNITS[self.memory[-1]]

    @property
    def machine_words(self):
        name = self.emulator if self.emulator != "QEMU" else f"QEMU {self.machine}"
        return name + (" (KVM)" if self.kvm else "")


def fill(options, path):
    """Splits options. A medium that is an argument of its own is taken as it is; within one, a
    comma in its name is doubled."""
    return [path if option in ("{image}", "{firmware}")
            else option.replace("{image}", option_value(path)).replace("{firmware}",
                                                                       option_value(path))
            for option in shlex.split(options)]


def qemu_arguments(row, image, firmware):
    """QEMU's options, with `image` and `firmware` as the media."""
    memory = (sparse_ram(row.memory, row.machine) if row.memory_size >= LARGE
              else ["-machine", row.machine, "-m", row.memory])
    rom = ["-bios", row.firmware.rom] if row.firmware.rom else []
    return [*memory, "-accel", "kvm" if row.kvm else "tcg", "-cpu", row.cpu, *rom,
            *fill(row.firmware.options, firmware), *fill(row.disk.options, image),
            *shlex.split(row.screen), *shlex.split(row.extra)]
