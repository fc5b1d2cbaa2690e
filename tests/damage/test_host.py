"""What stage 2's C and bootimage inspect make of every flipped bit of the headers, and of sampled bits
of the payload, on the host under ASan and UBSan: the right message, or a boot that is harmless."""

import collections
import random
import re
import unittest

from damage import (Damage, disk_signature, flip, flip_in_header, flip_in_item,
                    flip_in_stage2_header, item_name, make_image, stored_disk_signature)
from fields import (HEADER_CHECKSUM, IN_HEADER, NOT_WHAT_IT_WAS, SAME, damaged, elf_fields,
                    header_fields, header_refusal, program_headers, stage2_header_fields)
from harness.disk_image import SECTOR
from harness.elf_file import PROGRAM_HEADER, PT_LOAD
from segments import FAULTS, segment_fault
from verdicts import STAGE2, verdicts_of

PAYLOAD_SAMPLES = 800  # of each item
SEED = 20
SIGNATURE = "disk signature|whole cylinders"
# What stage 2 alone says, and what inspect says then: it has no machine, and compares more.
INSPECT_INSTEAD = (
    (r"is damaged \(checksum\)", "is damaged: the checksum of"),
    (r"is damaged \(LZ4\)", r"is damaged \(LZ4\)"),
    (NOT_WHAT_IT_WAS, NOT_WHAT_IT_WAS),
    ("^the image header gives the kernel other flags",
     "^the image header asks for|^the kernel's DT_RELA|^kernel relocation R_X86_64_"),
    ("^not enough memory for", f"^the image header asks for|{SIGNATURE}"),
    ("passes the end of the file|^symbols: wrong sizes",
     "passes the end of the file|symbols: wrong sizes|is followed by bytes that are not zero"),
)


def damage_of_item(item):
    """What inspect says of an item whose checksum is wrong."""
    return rf"{re.escape(item_name(item))}.* is damaged: the checksum of {item.sectors} sectors " \
           f"from LBA {item.lba} is wrong"


class HostCase(unittest.TestCase):
    """Both kernels: what holds of one image, and how a verdict is checked."""

    def setUp(self):
        self.image = make_image(self.kernel)
        self.good, = verdicts_of(self.image, [Damage("nothing", [])])
        self.assertTrue(self.good.entered, self.good.line)
        self.assertEqual(self.good.problems, [])
        self.counts = collections.Counter()

    def tearDown(self):
        print(dict(self.counts))

    def check_refused(self, damage, verdict, pattern):
        self.counts["refused"] += 1
        self.assertFalse(verdict.entered, f"{damage.what}: booted, not {pattern!r}")
        self.assertRegex(verdict.line, pattern, damage.what)

    def check_told(self, damage, verdict, pattern):
        """bootimage inspect names it."""
        self.counts["told"] += 1
        self.assertTrue(any(re.search(pattern, problem) for problem in verdict.problems),
                        f"{damage.what}: {verdict.problems} lacks {pattern!r}")

    def check_boot(self, field, damage, verdict):
        """What becomes of a flip with checksums repaired."""
        if not verdict.entered:
            self.assertIsNotNone(field.refusal, f"{field}: {damage.what}: {verdict.line}")
            self.check_refused(damage, verdict, field.refusal)
        else:
            self.assertIsNotNone(field.boots, f"{field}: {damage.what}: booted")
            same = verdict.same_as(self.good)
            self.assertTrue(same or field.boots != SAME,
                            f"{field}: {damage.what}: boots, but not as without the damage")
            self.counts["boots the same" if same else "boots another image"] += 1

    def check_field(self, field, damage, verdict):
        self.check_boot(field, damage, verdict)
        problem = self.expected_problem(damage, verdict)
        if problem is not None:
            self.check_told(damage, verdict, problem)

    def expected_problem(self, damage, verdict):
        """What stage 2 refuses by the code of `load`, inspect refuses in the same words. What it
        boots is sound in itself: told by the disk signature, unless that happens to be the same."""
        if not verdict.entered:
            for pattern, problem in INSPECT_INSTEAD:
                if re.search(pattern, verdict.line):
                    return problem
            return f"^{re.escape(verdict.line)}$"
        data = damage.applied(self.image)
        return None if disk_signature(data) == stored_disk_signature(data) else SIGNATURE

    def check_fields(self, fields, repair):
        cases = [(field, repair(offset, bit)) for field in fields for offset, bit in field.bits()]
        verdicts = verdicts_of(self.image, [damage for _, damage in cases])
        for (field, damage), verdict in zip(cases, verdicts):
            self.check_field(field, damage, verdict)

    def check_header_fields(self):
        """Every bit of the image header but its checksum, which is repaired."""
        fields = [field for field in header_fields(self.image) if field.name != HEADER_CHECKSUM
                  or field.region != "image header"]
        covered = sum(field.size for field in header_fields(self.image))
        self.assertEqual(covered, self.image.header_bytes)
        self.check_fields(fields, lambda offset, bit: flip_in_header(self.image, offset, bit))

    def check_damaged(self, items, samples):
        """Bits of these items, so many of each."""
        numbers = random.Random(SEED)
        cases = []
        for item in items:
            for _ in range(samples):
                offset = item.lba * SECTOR + numbers.randrange(item.sectors * SECTOR)
                cases.append((item, flip(self.image, offset, numbers.randrange(8))))
        verdicts = verdicts_of(self.image, [damage for _, damage in cases])
        for (item, damage), verdict in zip(cases, verdicts):
            self.check_refused(damage, verdict, damaged(item))
            self.check_told(damage, verdict, damage_of_item(item))


class Header(HostCase):
    kernel = "static"

    def test_every_bit(self):
        start = self.image.header_lba * SECTOR
        damages = [flip(self.image, offset, bit)
                   for offset in range(start, start + self.image.header_bytes) for bit in range(8)]
        for damage, verdict in zip(damages, verdicts_of(self.image, damages)):
            expected = header_refusal(self.image, damage)
            self.check_refused(damage, verdict, expected)
            self.check_told(damage, verdict, expected)

    def test_every_bit_repaired(self):
        self.check_header_fields()

    def test_stage2_header_repaired(self):
        """Where the image header is: bits that the MBR does not see any more."""
        cases = [(field, flip_in_stage2_header(self.image, offset, bit))
                 for field in stage2_header_fields() if field.is_for_c()
                 for offset, bit in field.bits()]
        verdicts = verdicts_of(self.image, [damage for _, damage in cases])
        for (field, damage), verdict in zip(cases, verdicts):
            self.check_boot(field, damage, verdict)
            self.check_told(damage, verdict, "stage 2's header says [0-9]+ sectors|"
                            f"the image header takes|{IN_HEADER}no magic number")


class Kernel(HostCase):
    kernel, moves = "static", False

    def test_every_header_bit(self):
        damages = [flip(self.image, offset, bit) for field in elf_fields(self.image)
                   for offset, bit in field.bits()]
        item = self.image.kernel
        for damage, verdict in zip(damages, verdicts_of(self.image, damages)):
            self.check_refused(damage, verdict, damaged(item))
            self.check_told(damage, verdict, damage_of_item(item))

    def test_every_header_bit_repaired(self):
        self.check_fields(elf_fields(self.image), lambda offset, bit: flip_in_item(
            self.image, self.image.kernel, offset, bit))

    def test_segments_by_themselves(self):
        """Which of the messages it is, when a flip makes a segment wrong without its neighbours."""
        kernel = self.image.kernel
        headers = [header for header in program_headers(self.image) if header[2][0] == PT_LOAD]
        cases = [(index, start, flip_in_item(self.image, kernel, start + byte, bit))
                 for index, start, _ in headers
                 for byte in range(PROGRAM_HEADER.size) for bit in range(8)]
        for (index, start, damage), verdict in zip(cases, verdicts_of(
                self.image, [damage for *_, damage in cases], STAGE2)):
            flipped = PROGRAM_HEADER.unpack_from(damage.applied(self.image), start)
            fault = segment_fault(flipped, kernel.bytes, self.moves)
            if fault is not None:
                self.check_refused(damage, verdict, f"^kernel segment {index} {fault}")
            elif not verdict.entered:
                self.assertNotRegex(verdict.line, f"kernel segment {index} ({'|'.join(FAULTS)})",
                                    damage.what)


class PositionIndependentKernel(Kernel):
    kernel, moves = "pie", True


class Payload(HostCase):
    kernel = "pie"

    def test_sampled_bits(self):
        self.check_damaged(self.image.items, PAYLOAD_SAMPLES)

    def test_padding(self):
        numbers = random.Random(SEED)
        used, end = self.image.used_sectors() * SECTOR, len(self.image.data)
        damages = [flip(self.image, numbers.randrange(used, end), numbers.randrange(8))
                   for _ in range(PAYLOAD_SAMPLES)]
        for damage, verdict in zip(damages, verdicts_of(self.image, damages)):
            self.assertTrue(verdict.entered, f"{damage.what}: {verdict.line}")
            self.assertEqual(verdict.digest, self.good.digest)
            self.check_told(damage, verdict, "the padding is damaged")


class KernelAfterAFault(unittest.TestCase):
    """The checks above can fail: a kernel whose damage no checksum sees is another kernel."""

    def test_digest_differs(self):
        image = make_image("static")
        numbers = random.Random(SEED)
        code = image.kernel.lba * SECTOR + 2 * 4096
        damages = [Damage("nothing", [])] + [
            flip_in_item(image, image.kernel, code + numbers.randrange(1 << 12), 0)
            for _ in range(20)]
        good, *others = verdicts_of(image, damages, STAGE2)
        for verdict in others:
            self.assertEqual(verdict.entry, good.entry)
            self.assertNotEqual(verdict.digest, good.digest)


if __name__ == "__main__":
    unittest.main()
