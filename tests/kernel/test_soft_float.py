"""A kernel that computes without an FPU comes to the same bits as the host with one."""

import struct
import unittest

from harness.environment import build_path
from harness.expect import expect_boot
from harness.qemu import ide_disk

STEPS = 1000
GROWTH, FLOAT_GROWTH, THIRD = 3.9, 3.75, 1.0 / 3


def single(value):
    """Rounded to a float. A float's operation done in double and rounded again is exact."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def double_bits(value):
    return struct.pack(">d", value).hex()


def float_bits(value):
    return struct.pack(">f", value).hex()


def logistic():
    x = 0.5
    for _ in range(STEPS):
        x = GROWTH * x * (1 - x)
    return x


def float_logistic():
    x = 0.5
    for _ in range(STEPS):
        x = single(single(FLOAT_GROWTH * x) * single(1 - x))
    return x


class SoftFloat(unittest.TestCase):
    def test_boot(self):
        harmonic = 0.0
        for i in range(1, STEPS + 1):
            harmonic += 1.0 / i
        expected = [
            f"logistic {double_bits(logistic())}",
            f"float logistic {float_bits(float_logistic())}",
            f"harmonic {double_bits(harmonic)}",
            f"many {double_bits(float(2**63 - 1))}",
            f"most {double_bits(float(2**32 - 1))}",
            f"float many {float_bits(float(2**63))}",
            f"widened {double_bits(single(THIRD))}",
            f"tiny {double_bits(THIRD * 2.0**-1060)}",
            f"decimal {THIRD * GROWTH:.20f}",
            "comparisons 110100", "comparisons 011010", "comparisons 000100",
            f"integers -3 {int(GROWTH * 1e9)} {int(-GROWTH * 1e18)} {int(GROWTH * 4e18)}"]
        image = build_path("tests", "kernel", "soft_float.bin")
        expect_boot(ide_disk(image), [f"^{line}$" for line in expected])


if __name__ == "__main__":
    unittest.main()
