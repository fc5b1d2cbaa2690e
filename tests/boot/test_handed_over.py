"""What comes along with a kernel and what the loader found out: modules, symbols, the template of
thread-local storage, chance, time, the disk, firmware's tables. Each kernel checks what boot_info
promises on every machine (kernels/check_info.c); here is what only the test can know."""

import re
import struct
import unittest

from contract_test import ContractTest, VGA, image
from harness.content import compressible, fnv
from harness.disk_image import (DiskImage, FLOPPY_1440K, ITEM_KERNEL, ITEM_LZ4, ITEM_MODULE, SECTOR,
                                STAGE2_LBA)
from harness.expect import expect_boot, expect_error, fail
from harness.qemu import Qemu, ide_disk, option_value

MIB = 1 << 20
ODD_SIZES = [1, 511, 512, 513, 4095, 4096, 4097, 65537, MIB - 1, 2 * MIB + 1]
MBR_DISK_SIGNATURE_OFFSET, MBR_PARTITION_OFFSET = 0x1B8, 0x1BE
JITTER, RDRAND, RDSEED = 1, 2, 3
# RDRAND of a low 64-bit register, which the ModR/M byte names (Intel SDM volume 2).
RDRAND_INSTRUCTION = rb"\x48\x0f\xc7([\xf0-\xf7])"
EDD_3_0 = 0x30
EDD_3_0_PARAMETERS = 66
BOOTS = 4
CHUNK_SECTORS = 127  # of a compressed item


def content(index, size):
    """Bytes that are different in each module and nowhere regular."""
    unit = bytes((index * 31 + step * step + (step >> 3)) & 0xFF for step in range(251))
    return (unit * (size // len(unit) + 1))[:size]


class Modules(ContractTest):
    def check(self, sizes, *options, compress="auto"):
        modules, lines = [], []
        for index, size in enumerate(sizes):
            data = content(index, size)
            name, words = f"part {index}/x", f"index={index} size={size}" if index % 3 else ""
            path = self.write(f"module{index}", data)
            modules.append((name, path, words) if words else (name, path))
            lines.append(f"module [{name}] [{words}] {size} {fnv(data):016x}")
        made = self.remade("modules", "quiet", modules=modules, options=["--compress", compress])
        text = self.boot_image(made, *options, serial=[f"^{len(sizes)} modules$"])
        self.assertEqual(re.findall("^module .*$", text, re.MULTILINE), lines)
        return DiskImage(made).items

    def test_none(self):
        self.check([])

    def test_ten_of_odd_sizes(self):
        self.check(ODD_SIZES)

    def test_ten_in_little_memory(self):
        self.check(ODD_SIZES, "-m", "16M")

    def test_ten_above_4_gib(self):
        self.check(ODD_SIZES, "-machine", "pc,max-ram-below-4g=1M", "-m", "128M")

    def test_200_small_ones(self):
        self.check([1 + index * 37 % 700 for index in range(200)])

    def test_32_mib(self):
        self.check([32 * MIB])

    def test_compressed(self):
        """The kernel too; what does not become smaller by a sector stays as it is."""
        items = self.check(ODD_SIZES, compress="lz4")
        flagged = [(item.kind, item.flags & ITEM_LZ4 != 0) for item in items]
        self.assertIn((ITEM_KERNEL, True), flagged)
        self.assertEqual([compressed for kind, compressed in flagged if kind == ITEM_MODULE],
                         [size > 2 * SECTOR for size in ODD_SIZES])

    def test_compressed_where_it_pays(self):
        items = self.check([65537, 2 * MIB + 1])
        self.assertEqual([item.flags & ITEM_LZ4 for item in items[-2:]], [0, ITEM_LZ4])

    def test_not_compressed(self):
        for item in self.check([2 * MIB + 1], compress="none"):
            self.assertEqual(item.flags & ITEM_LZ4, 0)

    def check_of_several_chunks(self, change, pattern):
        """A module that is compressed by less than half, with `change` made to it on the disk."""
        data = compressible(700000)
        module = self.write("module", data)
        disk = DiskImage(self.remade("modules", "quiet", modules=[("packed", module)]))
        item, = disk.modules
        self.assertNotEqual(item.flags & ITEM_LZ4, 0)
        self.assertGreater(item.sectors, 4 * CHUNK_SECTORS)
        change(disk, item)
        made = disk.write(self.path("changed.bin"))
        if pattern is None:
            self.boot_image(made, serial=[rf"^module \[packed\] \[\] {len(data)} {fnv(data):016x}$"])
        else:
            expect_error([*ide_disk(made), *VGA], pattern)

    def test_compressed_in_chunks(self):
        self.check_of_several_chunks(lambda disk, item: None, None)

    def test_compressed_and_damaged(self):
        self.check_of_several_chunks(lambda disk, item: disk.flip(item.lba + 200, 40),
                                     r"^firstlight: packed is damaged \(checksum\)")

    def test_compressed_into_a_block_longer_than_its_chunk(self):
        """With the checksum of what is stored made right again, here and in the next."""
        self.check_of_several_chunks(
            lambda disk, item: disk.patch_item(item, CHUNK_SECTORS * SECTOR + 2, b"\1"),
            r"^firstlight: packed is damaged \(LZ4\)")

    def test_compressed_with_a_length_without_end(self):
        """From some place in the second chunk on there is nothing but bytes that make a length longer."""
        start, end = CHUNK_SECTORS * SECTOR + 100, 2 * CHUNK_SECTORS * SECTOR
        self.check_of_several_chunks(
            lambda disk, item: disk.patch_item(item, start, b"\xff" * (end - start)),
            r"^firstlight: packed is damaged \(LZ4\)")

    def test_compressed_from_something_else(self):
        """Its checksum, in the first chunk, is another."""
        self.check_of_several_chunks(
            lambda disk, item: disk.patch_item(item, 8, b"12345678"),
            r"^firstlight: packed is damaged \(checksum of what it unpacks to\)")

    def test_more_than_memory(self):
        modules = [("large", self.write("large", bytes(24 * MIB)))]
        made = self.remade("modules", modules=modules)
        expect_error([*ide_disk(made), *VGA, "-m", "16M"], "not enough memory for (module )?.?large")

    def test_damaged(self):
        modules = [("broken one", self.write("module", content(1, 5000)))]
        disk = DiskImage(self.remade("modules", modules=modules))
        disk.flip(disk.modules[0].lba + 3, 17)
        expect_error([*ide_disk(disk.write(self.path("damaged.bin"))), *VGA],
                     "broken one.*checksum|checksum.*broken one|damaged")

    def test_damaged_and_not_to_be_named(self):
        """A name that would fill the line, or that no text screen can show."""
        for name in ("n" * 100, "na\u00efve"):
            modules = [(name, self.write("module", content(1, 5000)))]
            disk = DiskImage(self.remade("modules", modules=modules))
            disk.flip(disk.modules[0].lba + 3, 17)
            expect_error([*ide_disk(disk.write(self.path("damaged.bin"))), *VGA],
                         r"^firstlight: module is damaged \(checksum\)")


class Symbols(ContractTest):
    def check_chain(self, text):
        names = re.findall(r"^at (\S+)\+[0-9a-f]+$", text, re.MULTILINE)
        self.assertEqual(names, ["outer_function", "inner_function", "outer_function",
                                 "kernel_main", "_start"])
        self.assertRegex(text, r"(?m)^at outer_function\+0$")

    def test_call_chain_by_name(self):
        self.check_chain(self.boot("symbols", serial=[r"^\d+ symbols$"]))

    def test_bochs(self):
        self.boot_bochs("symbols", ["^at outer_function", "^at inner_function", "^at _start",
                                    r"^\d+ symbols$"])

    def test_left_out(self):
        made = self.remade("boot_info", options=["--no-symbols"])
        self.boot_image(made, serial=["^symbols 0$"])


class ThreadLocal(ContractTest):
    LINE = r"^thread-local storage: \d+ of \d+ bytes in the file$"

    def test_two_threads(self):
        self.boot("thread_local", serial=[self.LINE])

    def test_bochs(self):
        self.boot_bochs("thread_local", [self.LINE])


class Report:
    """What kernels/boot_info.c printed: numbers by name, byte strings by name."""

    def __init__(self, text):
        self.words = dict(re.findall(r"^(\w+) ([0-9a-f]*)$", text, re.MULTILINE))

    def __getattr__(self, name):
        return int(self.words[name], 16)

    def bytes(self, name):
        return bytes.fromhex(self.words[name])


class MachineTest(ContractTest):
    def report(self, *options, disk=None):
        return Report(expect_boot([*(disk or ide_disk(image("boot_info"))), *options],
                                  ["^boot_info: as promised$"]))


class Entropy(MachineTest):
    def check(self, source, *options):
        reports = [self.report(*options) for _ in range(BOOTS)]
        self.assertEqual({report.entropy_source for report in reports}, {source})
        words = [word for report in reports
                 for word in struct.unpack("<4Q", report.bytes("entropy"))]
        self.assertEqual(len(set(words)), len(words))
        # Of 1024 bits about half are set: seven standard deviations are 112.
        self.assertLess(abs(sum(bin(word).count("1") for word in words) - 32 * len(words)), 112)

    def test_jitter(self):
        self.check(JITTER, "-cpu", "qemu64")

    def test_rdrand(self):
        self.check(RDRAND, "-cpu", "qemu64,+rdrand")

    def test_max_cpu(self):
        """Newer versions of QEMU give it RDSEED."""
        self.assertIn(self.report("-cpu", "max").entropy_source, (RDRAND, RDSEED))

    def check_without_rdrand(self, instructions):
        """The CPU has RDRAND, but it is of no use: in its place stand `instructions`, a function of
        the register it would fill."""
        disk = DiskImage(image("boot_info"))
        stage2 = disk.data[STAGE2_LBA * SECTOR:disk.header_lba * SECTOR]
        place, = re.finditer(RDRAND_INSTRUCTION, stage2, re.DOTALL)
        disk.patch_stage2(place.start(), instructions(place[1][0] & 7))
        report = self.report("-cpu", "qemu64,+rdrand", disk=ide_disk(disk.write(self.path("disk"))))
        self.assertEqual(report.entropy_source, JITTER)

    def test_rdrand_that_has_nothing(self):
        """CF = 0, and again, for ever."""
        self.check_without_rdrand(lambda register: bytes.fromhex("f8909090"))  # clc; nop ...

    def test_rdrand_that_repeats_itself(self):
        """CF = 1, and the same word each time: xor register, register; stc."""
        self.check_without_rdrand(
            lambda register: bytes([0x48, 0x31, 0xC0 | register << 3 | register, 0xF9]))

    def check_bochs(self, cpu, source):
        self.boot_bochs("boot_info", [f"^entropy_source {source}$", "^boot_info: as promised$"],
                        cpu=cpu)

    def test_rdseed_bochs(self):
        self.check_bochs("broadwell_ult", RDSEED)

    def test_rdrand_bochs(self):
        self.check_bochs("corei7_ivy_bridge_3770k", RDRAND)

    def test_jitter_bochs(self):
        self.check_bochs("core2_penryn_t9600", JITTER)


class Clock(MachineTest):
    def test_leaf_that_says_nothing(self):
        """CPUID leaf 15h is there, and 0: the frequency of the time stamp counter is unknown."""
        self.assertEqual(self.report("-cpu", "qemu64,level=0x16").tsc_frequency, 0)


class Disk(MachineTest):
    DRIVE = "if=none,id=disk,format=raw,snapshot=on,file="

    def check(self, report, drive, edd):
        with open(image("boot_info"), "rb") as file:
            mbr = file.read(SECTOR)
        signature, = struct.unpack_from("<I", mbr, MBR_DISK_SIGNATURE_OFFSET)
        lba, sectors = struct.unpack_from("<2I", mbr, MBR_PARTITION_OFFSET + 8)
        self.assertEqual((report.drive, report.signature), (drive, signature))
        self.assertEqual((lba, report.partition_sectors), (1, sectors))
        self.assertEqual(report.edd_version >= EDD_3_0, edd)
        self.assertEqual(bool(report.edd_interfaces & 1), edd)

    def check_parameters(self, report, interface):
        """INT 13h AH=48h's buffer: size, sectors and their size, and for EDD 3.0 the interface."""
        parameters = report.bytes("edd_parameters")
        with open(image("boot_info"), "rb") as file:
            sectors = file.seek(0, 2) // SECTOR
        size, = struct.unpack_from("<H", parameters)
        # SeaBIOS before 1.17 does not count the device path that it appends.
        self.assertLessEqual(size, len(parameters))
        self.assertEqual(struct.unpack_from("<QH", parameters, 16), (sectors, SECTOR))
        if interface:
            self.assertGreaterEqual(len(parameters), EDD_3_0_PARAMETERS)
            self.assertEqual(parameters[40:48].rstrip(b" \0"), interface)

    def device(self, device):
        return ["-drive", self.DRIVE + option_value(image("boot_info")), *device.split()]

    def test_ide(self):
        report = self.report()
        self.check(report, 0x80, True)
        self.check_parameters(report, b"ATA")

    def test_virtio(self):
        report = self.report(disk=self.device("-device virtio-blk-pci,drive=disk"))
        self.check(report, 0x80, True)
        self.check_parameters(report, b"SCSI")

    def test_usb(self):
        report = self.report(disk=self.device("-device qemu-xhci -device usb-storage,drive=disk"))
        self.check(report, 0x80, True)
        self.check_parameters(report, None)

    def test_floppy(self):
        disk = DiskImage(image("boot_info"))
        medium = option_value(disk.write(self.path("floppy"), FLOPPY_1440K))
        report = self.report(disk=["-drive", f"if=floppy,format=raw,file={medium}", "-boot", "a"])
        self.check(report, 0, False)
        self.assertEqual(report.words["edd_parameters"], "")

    def test_odd_signature(self):
        disk = DiskImage(image("boot_info"))
        struct.pack_into("<I", disk.data, MBR_DISK_SIGNATURE_OFFSET, 0xA1B2C3D4)
        report = self.report(disk=ide_disk(disk.write(self.path("signed.bin"))))
        self.assertEqual(report.signature, 0xA1B2C3D4)


class Tables(MachineTest):
    def check(self, rsdp, smbios, smbios3, *options):
        report = self.report(*options)
        self.assertEqual((report.rsdp != 0, report.smbios != 0, report.smbios3 != 0),
                         (rsdp, smbios, smbios3))

    def test_pc(self):
        self.check(True, True, False)

    def test_q35(self):
        self.check(True, True, False, "-machine", "q35")

    def test_64_bit_smbios(self):
        self.check(True, False, True, "-machine", "q35,smbios-entry-point-type=64")

    def test_isapc(self):
        self.check(False, True, False, "-machine", "isapc", "-cpu", "qemu64")

    def test_without_acpi(self):
        self.check(False, True, False, "-no-acpi")


class TextMode(ContractTest):
    def test_drawn_on(self):
        self.check("text_mode")

    def test_covered_by_the_kernel(self):
        """Its own segments lie where the screen would be mapped: the direct map has it."""
        self.check("text_mode_covered")

    def check(self, name):
        with Qemu([*ide_disk(image(name)), *VGA]) as run:
            if not run.wait_until(lambda: "text mode: 80 x 25" in run.serial()):
                fail(run, "the kernel did not draw")
            screen = run.text_screen()
            self.assertTrue(screen.row(1).startswith("text mode is intact"), screen.show())
            self.assertEqual(set(screen.attributes(1, 0, 19)), {0x1F})
            self.assertEqual(screen.row(24)[79], "#")


if __name__ == "__main__":
    unittest.main()
