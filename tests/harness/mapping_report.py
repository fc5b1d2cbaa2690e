"""What the kernel tests/boot/kernels/mappings.c prints: boot_info's addresses, the memory map, every
mapping. Used by tests/boot and tests/gdb."""

import re

from harness.elf_file import R, W, X


class Report:
    """What kernels/mappings.c printed."""

    def __init__(self, text):
        self.fields = {name: int(value, 16)
                       for name, value in re.findall(r"^(\w+) ([0-9a-f]+)$", text, re.MULTILINE)}
        self.ranges = [tuple(int(word, 16) for word in words) for words in
                       re.findall(r"^range (\w+) (\w+) (\w+)$", text, re.MULTILINE)]
        self.runs = [(*(int(word, 16) for word in words), R | (W if write == "w" else 0) |
                      (X if execute == "x" else 0))
                     for *words, write, execute in
                     re.findall(r"^map (\w+) (\w+) (\w+) r(.)(.)$", text, re.MULTILINE)]

    def __getattr__(self, name):
        return self.fields[name]

    def take(self, first, end):
        """The runs' parts inside [first, end), removed from the runs."""
        taken, left = [], []
        for virtual, physical, size, flags in self.runs:
            low, high = max(virtual, first), min(virtual + size, end)
            if low >= high:
                left.append((virtual, physical, size, flags))
                continue
            taken.append((low, physical + low - virtual, high - low, flags))
            if virtual < low:
                left.append((virtual, physical, low - virtual, flags))
            if high < virtual + size:
                left.append((high, physical + high - virtual, virtual + size - high, flags))
        self.runs = left
        return taken

    def kind(self, physical):
        for base, length, kind in self.ranges:
            if base <= physical < base + length:
                return kind
        return None
