"""What the modules of tests are made of, and the sum of it that test kernels print."""

import random

PIECE_MOST = 60
FNV_START, FNV_PRIME, MASK_64 = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def compressible(size, seed=1):
    """Bytes of chance in pieces that stand twice, each of another length: no sector is like another,
    and LZ4 saves a third or so."""
    chance = random.Random(seed)
    made = bytearray()
    while len(made) < size:
        made += 2 * chance.randbytes(chance.randrange(1, PIECE_MOST))
    return bytes(made[:size])


def fnv(data):
    """FNV-1a of 64 bits, as tests/boot/kernels/modules.c has it."""
    total = FNV_START
    for byte in data:
        total = (total ^ byte) * FNV_PRIME & MASK_64
    return total
