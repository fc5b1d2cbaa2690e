"""Whole images: what other tools say of them, and every field read without the project's code."""

import os
import re
import resource
import struct
import subprocess
import unittest

from elf_symbols import LOCAL, NOTYPE, OBJECT, kernel_with_symbols, symbol
from harness.disk_image import AVOID_ISA_HOLE as ITEM_AVOID_ISA_HOLE
from harness.disk_image import (ALIGNMENT_REQUIRED, ITEM_COMMAND_LINE, ITEM_KERNEL, ITEM_MODULE,
                                ITEM_SYMBOLS, SECTOR, STAGE2_HEADER, STAGE2_LBA, DiskImage,
                                checksum, word_sums)
from harness.elf_file import (AVOID_ISA_HOLE, ELF_HEADER, ET_DYN, PAGE, PROGRAM_HEADER, PT_DYNAMIC,
                              PT_GNU_RELRO, PT_LOAD, PT_NOTE, PT_TLS, R, W, X, DynamicData,
                              Segment, executable, note, relocation, request_note)
from harness.environment import build_path, create_image, run_bootimage, skip_without
from support import BASE, ImageCase, simple_kernel

DISK_SIGNATURE = 0x1B8
PARTITIONS = 0x1BE
STAGE2_SUMMED_FROM = 16
LARGE_KERNEL = 520 << 20  # more than 1024 cylinders of 16 heads


def rest_sum(data):
    """From the last 64-bit word to the first, each times its two weights."""
    words = struct.unpack(f"<{len(data) // 8}Q", data)
    fibonacci = [0, 1, 1, 2]  # for a third pair and the others, in both lanes
    total = weighted = 0
    for index in reversed(range(len(words))):
        at = (index % 8 // 2 != 2) + index % 2
        total += words[index] * fibonacci[at + 1]
        weighted += words[index] * fibonacci[at]
        if index % 8 == 0:
            fibonacci = fibonacci[1:] + [fibonacci[2] + fibonacci[3]]
    weighted %= 2**64
    return (total + (weighted << 32 | weighted >> 32)) % 2**64


def large_kernel(path):
    """An ELF file whose one segment is executable, so that its zeros stay in the image."""
    small = bytearray(executable([Segment(BASE, R | X, b"\xf4")], BASE))
    sizes = ELF_HEADER.size + struct.calcsize("<IIQQQ")
    struct.pack_into("<QQ", small, sizes, LARGE_KERNEL, LARGE_KERNEL)
    with open(path, "wb") as file:
        file.write(small)
        file.truncate(PAGE + LARGE_KERNEL)
    return path


class PartitionTable(ImageCase):
    def check_sfdisk(self):
        verified = subprocess.run(["sfdisk", "--verify", self.path("image.bin")],
                                  capture_output=True, text=True, check=False)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("No errors detected", verified.stdout + verified.stderr)
        self.assertNotIn("arning", verified.stdout + verified.stderr)
        dump = subprocess.run(["sfdisk", "--dump", self.path("image.bin")], capture_output=True,
                              text=True, check=True).stdout
        entries = [line for line in dump.splitlines() if "start=" in line]
        sectors = os.path.getsize(self.path("image.bin")) // SECTOR
        self.assertEqual(len(entries), 1)
        self.assertRegex(entries[0],
                         rf"start= +1, size= +{sectors - 1}, type=da, bootable$")
        self.assertIn("label: dos", dump)

    def check_parted(self):
        printed = subprocess.run(
            ["parted", "--script", "--machine", self.path("image.bin"), "unit", "s", "print"],
            capture_output=True, text=True, check=False)
        self.assertEqual((printed.returncode, printed.stderr), (0, ""))
        sectors = os.path.getsize(self.path("image.bin")) // SECTOR
        disk, *partitions = printed.stdout.splitlines()[1:]
        self.assertIn(f":{sectors}s:", disk)
        self.assertIn(":msdos:", disk)
        self.assertEqual(partitions, [f"1:1s:{sectors - 1}s:{sectors - 1}s:::boot;"])

    def test_accepted_by_sfdisk(self):
        skip_without("sfdisk")
        self.image()
        self.check_sfdisk()

    def test_accepted_by_parted(self):
        skip_without("parted")
        self.image()
        self.check_parted()

    def test_taken_for_no_file_system(self):
        """A disk whose MBR passes for a FAT boot sector is offered for mounting, and its partition
        table is not looked at. Some tools take small disks for FAT, some large ones."""
        skip_without("blkid")
        skip_without("parted")
        for size in (100, 4 << 20, 40 << 20):
            self.image(kernel=executable([Segment(BASE, R | X, b"\xf4" * size)], BASE))
            self.check_parted()
            probed = subprocess.run(["blkid", "--probe", self.path("image.bin")],
                                    capture_output=True, text=True, check=False)
            self.assertIn('PTTYPE="dos"', probed.stdout)
            self.assertNotIn(" TYPE=", probed.stdout)

    def test_large_disk(self):
        skip_without("sfdisk")
        skip_without("parted")
        create_image(large_kernel(self.path("kernel.elf")), self.path("image.bin"),
                     options=["--compress", "none"])
        self.check_sfdisk()
        self.check_parted()
        size = os.path.getsize(self.path("image.bin"))
        self.assertEqual(size % (255 * 63 * SECTOR), 0)
        with open(self.path("image.bin"), "rb") as file:
            entry = file.read(SECTOR)[PARTITIONS:PARTITIONS + 16]
        # 67 cylinders: the last sector is head 254, sector 63, cylinder 66.
        self.assertEqual(size, 67 * 255 * 63 * SECTOR)
        self.assertEqual(entry[:8], bytes([0x80, 0, 2, 0, 0xDA, 254, 63, 66]))
        inspected = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual(inspected.returncode, 0, inspected.stderr)

    def test_fields(self):
        image = self.image()
        sectors = len(image.data) // SECTOR
        self.assertEqual(sectors, 3 * 16 * 63)
        self.assertNotEqual(image.data[DISK_SIGNATURE:DISK_SIGNATURE + 4], bytes(4))
        self.assertEqual(image.data[510:512], b"\x55\xaa")
        status, *first_chs, kind, head, sector, cylinder, first, count = struct.unpack_from(
            "<8B2I", image.data, PARTITIONS)
        self.assertEqual((status, first_chs, kind), (0x80, [0, 2, 0], 0xDA))
        self.assertEqual((head, sector, cylinder), (15, 63, 2))
        self.assertEqual((first, count), (1, sectors - 1))
        self.assertEqual(image.data[PARTITIONS + 16:510], bytes(48))


class Layout(ImageCase):
    def test_parts_follow_each_other(self):
        image = self.image("quiet")
        self.assertEqual([item.kind for item in image.items], [ITEM_COMMAND_LINE, ITEM_KERNEL])
        self.assertEqual(image.header_lba, STAGE2_LBA + image.stage2_sectors)
        self.assertEqual(image.items[0].lba, image.header_lba + image.header_sectors)
        self.assertEqual(image.items[1].lba, image.items[0].lba + 1)
        self.assertEqual(set(image.data[image.used_sectors() * SECTOR:]), {0})

    def test_no_empty_command_line(self):
        for command_line in (None, ""):
            image = self.image(command_line)
            self.assertEqual([item.kind for item in image.items], [ITEM_KERNEL])
            self.assertEqual(image.items[0].lba, image.header_lba + 1)

    def test_longest_command_line(self):
        for length in (1, 511, 512, 513, 4095):
            text = "".join(chr(33 + i % 90) for i in range(length))
            image = self.image(text)
            item = image.items[0]
            start = item.lba * SECTOR
            self.assertEqual((item.bytes, item.sectors), (length, -(-length // SECTOR)))
            self.assertEqual(image.data[start:start + item.sectors * SECTOR],
                             text.encode().ljust(item.sectors * SECTOR, b"\0"))
            self.assertEqual((item.memory_bytes, item.memory_alignment, item.memory_phase),
                             (PAGE, PAGE, 0))

    def test_stage2_sums(self):
        image = self.image("quiet")
        start = STAGE2_LBA * SECTOR
        block = start + image.first_block_sectors * SECTOR
        end = start + image.stage2_sectors * SECTOR
        _, first, first_weighted, rest, *_ = STAGE2_HEADER.unpack_from(image.data, start)
        self.assertEqual(word_sums(image.data[start + STAGE2_SUMMED_FROM:block]),
                         (first, first_weighted))
        self.assertEqual(rest_sum(image.data[block:end]), rest)

    def test_item_checksums(self):
        image = self.image("quiet")
        for item in image.items:
            start = item.lba * SECTOR
            self.assertEqual(checksum(bytes(image.data[start:start + item.sectors * SECTOR])),
                             (item.sum, item.weighted_sum))
        before = bytes(image.data)
        image.repair_header()  # computes the header's checksum anew
        self.assertEqual(bytes(image.data), before)


class KernelItem(ImageCase):
    def segments(self, image):
        """The program headers of the kernel item, and the memory image by them."""
        kernel = bytes(image.kernel_bytes())
        header = ELF_HEADER.unpack_from(kernel)
        offset, count = header[5], header[10]
        self.assertEqual(header[6], 0)  # e_shoff
        self.assertEqual(header[11:], (0, 0, 0))
        self.assertEqual(offset, ELF_HEADER.size)
        return kernel, [PROGRAM_HEADER.unpack_from(kernel, offset + i * PROGRAM_HEADER.size)
                        for i in range(count)]

    def check_rules(self, image):
        """What image/README.md promises of the kernel item."""
        kernel, segments = self.segments(image)
        pages = set(range(-(-(ELF_HEADER.size + len(segments) * PROGRAM_HEADER.size) // PAGE)))
        for kind, flags, offset, address, _, file_size, memory, alignment in segments:
            self.assertEqual((kind, alignment), (1, PAGE))
            self.assertEqual(offset % PAGE, address % PAGE)
            self.assertLessEqual(offset + file_size, len(kernel))
            self.assertLessEqual(file_size, memory)
            if file_size:
                own = set(range(offset // PAGE, (offset + file_size - 1) // PAGE + 1))
                self.assertFalse(own & pages, f"segment with flags {flags} shares a file page")
                pages |= own
        return segments

    def test_segments_have_pages_of_their_own(self):
        # Linked without page alignment in the file, as lld does by default.
        kernel = executable([Segment(BASE + 0x40, R, b"r" * 5000),
                             Segment(BASE + 0x2400, R | X, b"\xf4" * 5000),
                             Segment(BASE + 0x4800, R | W, b"d" * 100, 70000)], BASE + 0x2400)
        segments = self.check_rules(self.image(kernel=kernel))
        self.assertEqual([segment[2] for segment in segments], [0x1040, 0x3400, 0x5800])
        self.assertEqual([segment[5] for segment in segments], [5000, 5000, 100])

    def test_memory_covers_bss(self):
        image = self.image(kernel=simple_kernel(data=3000, memory=20000))
        # Headers, two pages of code, five of data and .bss.
        self.assertEqual(image.kernel.memory_bytes, 8 * PAGE)
        self.assertEqual(image.kernel.bytes, 3 * PAGE + 3000)

    def test_large_kernel_wishes_large_pages(self):
        code = b"\xf4" * (3 << 20)
        image = self.image(kernel=executable([Segment(BASE, R | X, code)], BASE))
        self.assertEqual(image.kernel.memory_alignment, 2 << 20)
        self.assertEqual(image.kernel.memory_phase, (2 << 20) - PAGE)

    def test_debug_information_stays_out(self):
        kernel = bytearray(simple_kernel())
        plain = self.image(kernel=bytes(kernel)).data
        table = len(kernel) + 100000
        kernel += b"DEBUG" * 20000
        kernel += struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, len(kernel) - 100000, 100000, 0, 0, 1, 0)
        header = list(ELF_HEADER.unpack_from(kernel))
        header[6], header[11:14] = table, (64, 1, 0)
        kernel[:ELF_HEADER.size] = ELF_HEADER.pack(*header)
        image = self.image(kernel=bytes(kernel))
        self.assertNotIn(b"DEBUG", image.data)
        self.assertEqual(image.data, plain)


    def test_symbols_and_names_of_sections_stay_out(self):
        kernel = kernel_with_symbols([("a_function", BASE)])
        image = self.image(kernel=kernel)
        self.assertNotIn(b"a_function", image.kernel_bytes())
        self.assertNotIn(b".strtab", image.data)

    def test_request_and_other_headers(self):
        """Note behind the program headers; the rest at the offsets of the segment they lie in."""
        data = DynamicData(BASE + PAGE, [relocation(BASE + PAGE + 0x800, BASE)])
        kernel = executable(
            [Segment(BASE, R | X, b"\xf4" * 100),
             Segment(BASE + PAGE, R | W, data.data.ljust(2 * PAGE, b"d"))], BASE, kind=ET_DYN,
            request={"stack_size": 0x4000}, notes=[note(b"other", b"GNU\0", 3)],
            dynamic=data.place, relro=(BASE + PAGE, PAGE), tls=(BASE + 2 * PAGE, 8, 16, 8))
        image = self.image(kernel=kernel)
        packed, headers = self.segments(image)
        self.assertEqual([header[0] for header in headers],
                         [PT_LOAD, PT_LOAD, PT_DYNAMIC, PT_GNU_RELRO, PT_TLS, PT_NOTE])
        dynamic, relro, tls, request = [header[2:6] for header in headers[2:]]
        place = data.place[0]
        self.assertEqual(dynamic, (2 * PAGE + place % PAGE, place, place, data.place[1]))
        self.assertEqual(relro[:2], (2 * PAGE, BASE + PAGE))
        self.assertEqual(tls[:2], (3 * PAGE, BASE + 2 * PAGE))
        behind = ELF_HEADER.size + 6 * PROGRAM_HEADER.size
        content = request_note(stack_size=0x4000)
        self.assertEqual(request, (behind, 0, 0, len(content)))
        self.assertEqual(packed[behind:behind + len(content)], content)
        self.assertNotIn(b"other", packed)

    def test_flags(self):
        for fields, flags in (({}, 0), ({"physical_alignment": 0x10000}, ALIGNMENT_REQUIRED),
                              ({"flags": AVOID_ISA_HOLE}, ITEM_AVOID_ISA_HOLE)):
            kernel = executable([Segment(BASE, R | X, b"\xf4")], BASE, request=fields)
            self.assertEqual(self.image(kernel=kernel).kernel.flags, flags)


class Symbols(ImageCase):
    def test_table(self):
        symbols = [symbol("later", BASE + 0x800), symbol("_start", BASE),
                   symbol("start_label", BASE, NOTYPE), symbol("data", BASE + 9, OBJECT),
                   symbol("local", BASE + 0x10, binding=LOCAL)]
        image = self.image(kernel=kernel_with_symbols(symbols))
        self.assertEqual(image.symbols(), [(0, "_start"), (0x10, "local"), (0x800, "later")])
        self.assertEqual([item.kind for item in image.items], [ITEM_KERNEL, ITEM_SYMBOLS])

    def test_left_out(self):
        source = self.write("kernel.elf", kernel_with_symbols([("f", BASE)]))
        create_image(source, self.path("image.bin"), options=["--no-symbols"])
        self.assertEqual([item.kind for item in self.disk_image().items], [ITEM_KERNEL])

    def test_of_the_projects_kernel(self):
        skip_without("nm")
        kernel = build_path("kernel", "firstlight-kernel.elf")
        listed = subprocess.run(["nm", kernel], capture_output=True, text=True, check=True).stdout
        functions = {name: int(address, 16) for address, kind, name in
                     re.findall(r"^([0-9a-f]+) ([Tt]) (\S+)$", listed, re.M)}
        image = DiskImage(create_image(kernel, self.path("image.bin")))
        table = image.symbols()
        base = functions["_start"] - dict((name, offset) for offset, name in table)["_start"]
        self.assertEqual(table, sorted(table))
        self.assertTrue({"_start", "kernel_main"} <= {name for _, name in table})
        for offset, name in table:
            self.assertEqual(base + offset, functions[name])


class Modules(ImageCase):
    def test_content(self):
        contents = [b"x", os.urandom(511), os.urandom(512), os.urandom(513), os.urandom(1 << 21)]
        modules = [(f"module {index}", self.write(f"m{index}", content), f"text {index}")
                   for index, content in enumerate(contents)]
        modules[0] = modules[0][:2]  # without a command line
        source = self.write("kernel.elf", simple_kernel())
        image = DiskImage(create_image(source, self.path("image.bin"), "quiet", modules))
        self.assertEqual([item.kind for item in image.items],
                         [ITEM_COMMAND_LINE, ITEM_KERNEL] + [ITEM_MODULE] * 5)
        lba = image.kernel.lba + image.kernel.sectors
        for index, (item, content) in enumerate(zip(image.modules, contents)):
            self.assertEqual(item.lba, lba)
            self.assertEqual(item.name, f"module {index}".encode())
            self.assertEqual(item.command_line, f"text {index}".encode() if index else b"")
            self.assertEqual(image.content(item), content)
            end = item.lba * SECTOR + item.sectors * SECTOR
            self.assertFalse(any(image.data[item.lba * SECTOR + item.bytes:end]))
            self.assertEqual(item.memory_bytes, -(-item.bytes // PAGE) * PAGE)
            self.assertEqual((item.memory_alignment, item.memory_phase),
                             (1 << 21 if index == 4 else PAGE, 0))
            lba += item.sectors

    def test_many(self):
        """The header grows to all the sectors it may have."""
        module = self.write("module", b"content")
        source = self.write("kernel.elf", simple_kernel())
        image = DiskImage(create_image(source, self.path("image.bin"),
                                       modules=[("n", module)] * 780))
        self.assertEqual(image.header_sectors, 127)
        self.assertEqual(len(image.modules), 780)
        finished = run_bootimage("inspect", self.path("image.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertEqual(finished.stdout.count('good      module "n"'), 780)

    def test_not_held_in_memory(self):
        module = self.path("large")
        with open(module, "wb") as file:
            file.truncate(256 << 20)
        source = self.write("kernel.elf", simple_kernel())
        create_image(source, self.path("image.bin"), modules=[("large", module)],
                     options=["--compress", "none"])
        self.assertEqual(run_bootimage("inspect", self.path("image.bin")).returncode, 0)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 100 << 10)

    def test_from_cmake(self):
        """What tests/image/CMakeLists.txt asks firstlight_add_image for."""
        image = DiskImage(build_path("tests", "image", "with_modules.bin"))
        self.assertEqual([item.kind for item in image.items],
                         [ITEM_COMMAND_LINE, ITEM_KERNEL, ITEM_MODULE, ITEM_MODULE])
        folder = os.path.dirname(os.path.abspath(__file__))
        for item, name, file in zip(image.modules, (b"one", b"two words"),
                                    ("support.py", "elf_symbols.py")):
            self.assertEqual(item.name, name)
            with open(os.path.join(folder, file), "rb") as content:
                self.assertEqual(image.content(item), content.read())


class Determinism(ImageCase):
    def test_same_input_gives_same_bytes(self):
        first = self.image("a b").data
        os.mkdir(self.path("elsewhere"))
        source = self.write("elsewhere/other-name.elf", simple_kernel())
        os.utime(source, (1, 1))
        second = DiskImage(create_image(source, self.path("elsewhere/other.bin"), "a b")).data
        self.assertEqual(first, second)

    def test_same_modules_give_same_bytes(self):
        modules = [("a", self.write("a", b"a" * 600), "text"), ("b", self.write("b", b"b"))]
        source = self.write("kernel.elf", kernel_with_symbols([("f", BASE), ("g", BASE + 1)]))
        first = DiskImage(create_image(source, self.path("1.bin"), "line", modules)).data
        os.utime(self.path("a"), (1, 1))
        self.assertEqual(first, DiskImage(create_image(source, self.path("2.bin"), "line",
                                                       modules)).data)
        for changed in ([modules[1], modules[0]], modules[:1], [modules[0][:2], modules[1]]):
            self.assertNotEqual(
                first, DiskImage(create_image(source, self.path("3.bin"), "line", changed)).data)

    def test_other_input_has_another_disk_signature(self):
        signatures = {bytes(self.image(text).data[DISK_SIGNATURE:DISK_SIGNATURE + 4])
                      for text in (None, "a", "b")}
        signatures.add(bytes(self.image(kernel=simple_kernel(2999)).data[
            DISK_SIGNATURE:DISK_SIGNATURE + 4]))
        self.assertEqual(len(signatures), 4)


if __name__ == "__main__":
    unittest.main()
