"""Writes small ELF64 executables byte by byte, for what no linker would make: kernels at any
address, of any size, with any flaw. Used by tests/boot and tests/benchmark."""

import struct

ELF_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
ET_EXEC, EM_X86_64, PT_LOAD = 2, 62, 1
X, W, R = 1, 2, 4
PAGE = 4096

# mov al, 10h; out 0F4h, al; cli; hlt; jmp -4: ends QEMU with the status for success.
EXIT_CODE = bytes.fromhex("b010 e6f4 fa f4 ebfc")


class Segment:
    """`memory` is the size in memory, at least that of `data`."""

    def __init__(self, address, flags, data, memory=None):
        self.address, self.flags, self.data = address, flags, data
        self.memory = len(data) if memory is None else memory


def executable(segments, entry):
    """The file: headers, then each segment at an offset congruent to its address."""
    count = len(segments)
    image = bytearray(ELF_HEADER.size + count * PROGRAM_HEADER.size)
    identification = b"\x7fELF" + bytes([2, 1, 1, 0]) + bytes(8)
    image[:ELF_HEADER.size] = ELF_HEADER.pack(
        identification, ET_EXEC, EM_X86_64, 1, entry, ELF_HEADER.size, 0, 0, ELF_HEADER.size,
        PROGRAM_HEADER.size, count, 0, 0, 0)
    for index, segment in enumerate(segments):
        padding = (segment.address - len(image)) % PAGE
        offset = len(image) + padding
        PROGRAM_HEADER.pack_into(
            image, ELF_HEADER.size + index * PROGRAM_HEADER.size, PT_LOAD, segment.flags,
            offset, segment.address, segment.address, len(segment.data), segment.memory, PAGE)
        image += bytes(padding) + segment.data
    return bytes(image)


def program_header_offset(index):
    return ELF_HEADER.size + index * PROGRAM_HEADER.size


def write_executable(path, segments, entry):
    with open(path, "wb") as file:
        file.write(executable(segments, entry))
    return path
