"""What the benchmark's payloads are made of: random bytes, and machine code with its read-only data out
of large programs that the project needs anyway. Used by measure.py, bench.py and boot_cost.py."""

import functools
import os
import random
import shutil
import struct
import subprocess

from harness.elf_file import ELF_HEADER, PAGE

SEED, RANDOM_BYTES = 1, 64 << 20  # at once: randbytes gives less than 256 MiB
CODE_QUARTERS = 3  # of four; the rest is read-only data: about what a kernel has

# All come with tools/setup.sh --full, most without it, and none contains another. QEMU first, since
# nothing is measured without it: small payloads are made of it alone.
PROGRAMS = ("qemu-system-x86_64", "clang", "gdb", "cmake", "cvc4", "frama-c")
COMPILERS = (("gcc", "cc1"), ("g++", "cc1plus"))

# System V ABI (gABI) 4.1, chapter 4, sections.
SECTION_HEADER = struct.Struct("<IIQQQQIIQQ")
SHT_PROGBITS, SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 1, 1, 2, 4


class TooLittle(Exception):
    """The programs that are here are too small for a payload."""


def incompressible(size):
    numbers = random.Random(SEED)
    return b"".join(numbers.randbytes(min(RANDOM_BYTES, size - start))
                    for start in range(0, size, RANDOM_BYTES))


def _code_and_data(path):
    """The machine code and the read-only data of an ELF file for 64 bits, no symbols or relocations
    among them."""
    with open(path, "rb") as file:
        file_bytes = file.read()
    if file_bytes[:5] != b"\x7fELF\x02":
        return b"", b""
    header = ELF_HEADER.unpack_from(file_bytes)
    table, entry_bytes, count = header[6], header[11], header[12]
    parts = {SHF_ALLOC | SHF_EXECINSTR: b"", SHF_ALLOC: b""}
    for index in range(count):
        _, kind, flags, _, offset, size, *_ = SECTION_HEADER.unpack_from(
            file_bytes, table + index * entry_bytes)
        access = flags & (SHF_WRITE | SHF_ALLOC | SHF_EXECINSTR)
        if kind == SHT_PROGBITS and access in parts:
            parts[access] += file_bytes[offset:offset + size]
    return tuple(parts.values())


def _output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _libraries(path):
    """The shared libraries that a program needs: ldd's lines are `name => path (address)`."""
    words = [line.split() for line in _output("ldd", path).splitlines()]
    return [line[2] for line in words if len(line) > 2 and line[1] == "=>"]


@functools.cache
def sources():
    """The programs that are here, each with its libraries behind it, none twice."""
    programs = [shutil.which(name) for name in PROGRAMS]
    programs += [_output(driver, f"-print-prog-name={name}").strip()
                 for driver, name in COMPILERS if shutil.which(driver)]
    paths = [path for program in filter(None, programs) for path in (program, *_libraries(program))]
    return list(dict.fromkeys(path for path in map(os.path.realpath, paths) if os.path.isfile(path)))


def _without_zeros(data):
    """Pages of nothing but zeros left out: QEMU's data has many, where a kernel has .bss."""
    pages = (data[start:start + PAGE] for start in range(0, len(data), PAGE))
    return b"".join(page for page in pages if page.strip(b"\0"))


@functools.cache
def _code_and_text():
    return tuple(_without_zeros(b"".join(parts)) for parts in zip(*map(_code_and_data, sources())))


def real(size):
    """Nothing is repeated: where too little is found, TooLittle says so."""
    code, data = _code_and_text()
    code_bytes = size * CODE_QUARTERS // 4
    if len(code) < code_bytes or len(data) < size - code_bytes:
        raise TooLittle(f"a real payload of {size:,} bytes needs {code_bytes:,} bytes of machine "
                        f"code and {size - code_bytes:,} of data, but there are {len(code):,} and "
                        f"{len(data):,}: `sh tools/setup.sh --full` brings more")
    # The code last: data may end with zeros, which no loader needs to read.
    return data[:size - code_bytes] + code[:code_bytes]


CONTENTS = {"incompressible": incompressible, "real": real}
