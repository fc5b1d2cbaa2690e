"""Assembles the option ROM of tests/firmware/option_rom, by which firmware lies to the loader. Used by
tests under tests/firmware, tests/boot and tests/deadlines, by way of ErrorTest."""

import os
import subprocess

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                       "firmware", "option_rom")
# What the ROM tells on port E9h (framework.inc). No text has these bytes.
PLAYED, BROKEN, CALLED = b"\xf1", b"\xf2", b"\xf3"
SECTOR = 512
SECTORS_OFFSET = 2  # in the ROM's header


def assemble(path, definitions):
    """Writes the ROM to `path`. A definition is "NAME" or "NAME=value"; its prefix, up to the first
    _, says which part of the ROM it belongs to."""
    parts = sorted({definition.split("_")[0] for definition in definitions})
    options = [f"-D{definition}" for definition in definitions]
    options += [f"-DPART_{part}" for part in parts]
    subprocess.run(["nasm", "-w+all", "-w+error", "-f", "bin", "-I", SOURCES + os.sep,
                    "-o", path, *options, os.path.join(SOURCES, "option_rom.asm")], check=True)
    with open(path, "rb") as file:
        rom = bytearray(file.read())
    rom += bytes(-(len(rom) + 1) % SECTOR + 1)  # the last byte is for the sum
    rom[SECTORS_OFFSET] = len(rom) // SECTOR
    rom[-1] = -sum(rom) & 0xFF
    with open(path, "wb") as file:
        file.write(rom)
    return path


def tells(output):
    """How often a ROM told on port E9h that it played its part, and that the loader broke a rule.
    `output` may have other text around that."""
    return output.count(PLAYED), output.count(BROKEN)
