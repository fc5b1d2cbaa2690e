"""The sum of a module's bytes that test kernels print (tests/boot/kernels/modules.c): FNV-1a, 64 bits."""

FNV_START, FNV_PRIME, MASK_64 = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def fnv(data):
    total = FNV_START
    for byte in data:
        total = (total ^ byte) * FNV_PRIME & MASK_64
    return total
