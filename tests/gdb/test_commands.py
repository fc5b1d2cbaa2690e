"""What the commands print, against what the kernel itself prints and what gdb reads by the kernel's own
debug information."""

import os
import re
import tempfile
import unittest

from gdb_session import GdbTest, debug
from harness.elf_file import R, W, X
from harness.environment import build_path, create_image
from harness.mapping_report import Report

KINDS = {"usable": 1, "loader reclaimable": 2, "kernel": 3, "acpi reclaimable": 4, "acpi nvs": 5,
         "reserved": 6, "bad": 7, "module": 8, "framebuffer": 9}
RIGHTS = {"R-- S": R, "RW- S": R | W, "R-X S": R | X}


def mapped_ranges(text):
    """The lines of `firstlight page-tables` as Report.runs has them: pages of every size joined."""
    runs = []
    for first, last, physical, rights, count, size, unit in re.findall(
            r"^([0-9a-f]{16})-([0-9a-f]{16}) +([0-9a-f]+)  (\S+ \S)  (\d+) x (\d+) (\wiB)", text,
            re.MULTILINE):
        virtual, bytes_, physical = int(first, 16), int(last, 16) + 1 - int(first, 16), int(physical, 16)
        scale = {"KiB": 10, "MiB": 20, "GiB": 30}[unit]
        assert int(count) * (int(size) << scale) == bytes_, f"{first}: {count} pages of {size} {unit}"
        if runs and runs[-1][0] + runs[-1][2] == virtual and \
                runs[-1][1] + runs[-1][2] == physical and runs[-1][3] == RIGHTS[rights]:
            virtual, physical, bytes_ = *runs[-1][:2], runs[-1][2] + bytes_
            runs.pop()
        runs.append((virtual, physical, bytes_, RIGHTS[rights]))
    return runs


class AgainstTheKernel(GdbTest):
    """kernels/mappings.c prints boot_info, the memory map and every mapping."""

    def check_kernel(self, name, options=()):
        probes = [0, 0xB8000, 0xFFFF800000000000, 0xFFFF800000345678]
        session = debug(
            build_path("tests", "boot", f"{name}.bin"), build_path("tests", "boot", f"boot_{name}.elf"),
            [("choose", "firstlight breakpoints none"), ("own", "break kernel_main"),
             ("main", "continue"), ("info", "firstlight boot-info"),
             ("expression", "firstlight boot-info info"),
             ("map", "firstlight memory-map"), ("tables", "firstlight page-tables"),
             *((f"walk {probe:x}", f"firstlight walk {probe:#x}") for probe in probes),
             ("walk pc", "firstlight walk $pc"), ("pc", "print/x $pc"),
             ("some", "firstlight page-tables 0xb9000 0xb9fff"),
             ("nothing", "firstlight page-tables 0 0xfff"),
             ("odd", "firstlight walk 0x0000800000000000"), ("end", "continue")], options)
        report = Report(session.serial)
        runs = list(report.runs)
        self.assertTrue(report.ranges, session.everything)
        self.check_info(session, report)
        self.check_map(session, report)
        self.assertEqual(mapped_ranges(session["tables"]), runs, session.everything)
        for probe in probes:
            self.check_walk(session, f"walk {probe:x}", probe, runs)
        self.check_walk(session, "walk pc", session.number("pc"), runs)
        self.check(session, "some", r"\A00000000000b9000-00000000000b9fff +b9000  RW- S  1 x 4 KiB\Z")
        self.check(session, "nothing", "nothing is mapped there")
        self.check(session, "odd", "error: 0x800000000000 is not canonical")

    def check_info(self, session, report):
        self.assertEqual(session["expression"], session["info"])
        guard = (f"{report.stack_guard_size // 1024} KiB")
        self.check(session, "info",
                   f"boot_info at {report.boot_info:016x}, version 3, 848 bytes",
                   rf"flags +NX, VGA text mapped, kernel contiguous\n",
                   rf"memory map +{len(report.ranges)} ranges at ",
                   rf"direct map +{report.direct_map_offset:016x}, {report.direct_map_size >> 30} GiB\n",
                   rf"kernel +[0-9a-f]{{16}}, \d+ KiB, physical {report.kernel_physical_base:x}"
                   + (f", slide {report.kernel_slide:x}\n" if report.kernel_slide else r"\n"),
                   rf"stack +{report.stack_bottom:016x} to {report.stack_top:016x}, "
                   rf"{(report.stack_top - report.stack_bottom) // 1024} KiB, {guard} of guard",
                   rf"hand-over page +{report.handover_page:016x}")

    def check_map(self, session, report):
        ranges = [(int(first, 16), int(last, 16) + 1 - int(first, 16), KINDS[kind])
                  for first, last, kind in re.findall(
                      r"^([0-9a-f]{16})-([0-9a-f]{16})  ([a-z ]+?) {2,}", session["map"], re.MULTILINE)]
        self.assertEqual(ranges, report.ranges, session.everything)
        self.check(session, "map", rf"(?m)^{len(ranges)} ranges, ")

    def check_walk(self, session, name, address, runs):
        inside = [run for run in runs if run[0] <= address < run[0] + run[2]]
        self.check(session, name, rf"\A{address:016x} through CR3 = [0-9a-f]+\n  PML4\[")
        if not inside:
            self.check(session, name, "not present\n  not mapped")
            return
        virtual, physical, _, flags = inside[0]
        rights, = [text for text, value in RIGHTS.items() if value == flags]
        self.check(session, name, rf"physical {physical + address - virtual:x}, page of \d \wiB, "
                                  rf"{re.escape(rights)}(?m:$)")

    def test_higher_half(self):
        self.check_kernel("mappings")

    def test_lower_half(self):
        self.check_kernel("mappings_low")

    def test_position_independent(self):
        self.check_kernel("mappings_pie")

    def test_pages_of_one_gibibyte(self):
        self.check_kernel("mappings", ["-cpu", "max", "-m", "3G"])


class AgainstDebugInformation(GdbTest):
    def session_of(self, name, commands, image=None, options=()):
        return debug(image or build_path("tests", "boot", f"{name}.bin"),
                     build_path("tests", "boot", f"boot_{name}.elf"),
                     [("choose", "firstlight breakpoints none"), ("own", "break kernel_main"),
                      ("main", "continue"), *commands], options)

    def test_framebuffer(self):
        names = ("width", "height", "bits_per_pixel", "pitch", "address", "physical_address",
                 "red_size", "red_shift", "blue_size", "blue_shift", "edid_size")
        session = self.session_of("framebuffer", [
            ("info", "firstlight boot-info"),
            *((name, f"print/x info->framebuffer.{name}") for name in names)])
        value = {name: session.number(name) for name in names}
        self.assertGreater(value["width"], 0)
        self.check(session, "info",
                   f"framebuffer +{value['width']} x {value['height']} x {value['bits_per_pixel']} at "
                   f"{value['address']:016x}, physical {value['physical_address']:x}, "
                   f"{value['pitch']} bytes a line",
                   f"red {value['red_size']} at {value['red_shift']}, .*"
                   f"blue {value['blue_size']} at {value['blue_shift']}",
                   "EDID +" + (f"{value['edid_size']} bytes" if value["edid_size"] else "none"))
        self.assertNotIn("text mode", session["info"])

    def test_what_hangs_on_boot_info(self):
        fields = ("timestamps[8]", "timestamps[0]", "timestamps[7]", "items[0].stored_bytes",
                  "items[0].parts[0]", "items[0].parts[1]", "item_count", "tables.rsdp_physical", "disk.signature",
                  "disk.partition_sectors", "symbols.count", "boot_drive")
        session = self.session_of("mappings", [
            ("info", "firstlight boot-info"), ("timeline", "firstlight timeline"),
            ("modules", "firstlight modules"),
            *((name, f"print/x info->{name}") for name in fields)])
        value = {name: session.number(name) for name in fields}
        self.check(session, "info", f"ACPI RSDP +physical {value['tables.rsdp_physical']:x}\n",
                   f"signature {value['disk.signature']:08x}\n",
                   f"type dah, {value['disk.partition_sectors']} sectors from LBA 1\n",
                   f"symbols +{value['symbols.count']}, names",
                   f"items +{value['item_count']}, what they took at ", r"boot drive +80h\n",
                   r'loader +"Firstlight" "\d+\.\d+\.\d+", started by BIOS')
        self.check(session, "timeline", rf"(?m)^mbr +{value['timestamps[8]']} +0$",
                   rf"(?m)^stage2 +{value['timestamps[0]']} "
                   rf"+{value['timestamps[0]'] - value['timestamps[8]']}$",
                   rf"(?m)^kernel +{value['items[0].stored_bytes']} +\d+ "
                   rf"+{value['items[0].parts[0]']} +{value['items[0].parts[1]']} +\d+$",
                   rf"(?m)^built +{value['timestamps[7]']} +\d+$",
                   rf"(?m)^in all +{value['timestamps[7]'] - value['timestamps[8]']}$")
        self.check(session, "modules", "no modules")

    def test_modules(self):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for name, size in (("first", 5000), ("second", 3 * 1024 * 1024)):
                path = os.path.join(folder, name)
                with open(path, "wb") as file:
                    file.write(bytes(size))
                files.append((name, path, f"options of {name}"))
            image = create_image(build_path("tests", "boot", "boot_modules.elf"),
                                 os.path.join(folder, "image"), modules=files)
            fields = [f"info->modules[{index}].{field}" for index in (0, 1)
                      for field in ("address", "physical_address")]
            session = self.session_of("modules", [
                ("modules", "firstlight modules"), *((name, f"print/x {name}") for name in fields)],
                image)
        first, second = [[session.number(name) for name in fields[at:at + 2]] for at in (0, 2)]
        self.assertEqual(session["modules"].splitlines(), [
            f'"first" at {first[0]:016x}, physical {first[1]:x}, 4.9 KiB, '
            'command line "options of first"',
            f'"second" at {second[0]:016x}, physical {second[1]:x}, 3 MiB, '
            'command line "options of second"'])

    def test_recursive_slot_is_not_followed(self):
        session = self.session_of("recursive_slot", [
            ("info", "firstlight boot-info"), ("slot", "print/x info->recursive_slot"),
            ("cr3", "firstlight registers"), ("tables", "firstlight page-tables")])
        slot = session.number("slot")
        self.assertNotEqual(slot, 0)
        first = slot << 39 | (0xFFFF << 48 if slot >= 256 else 0)
        root = int(re.search(r"CR3 +([0-9a-f]+)", session["cr3"]).group(1), 16)
        self.check(session, "tables", rf"(?m)^{first:016x}-{first + (1 << 39) - 1:016x} +{root:x}  "
                                      "page tables$")
        self.check(session, "info", rf"recursive slot +{slot}\n")

    def test_what_is_no_boot_info(self):
        session = self.session_of("mappings", [
            ("wrong", "firstlight boot-info $rsp"), ("unmapped", "firstlight boot-info 0"),
            ("nonsense", "firstlight boot-info no_such_name"),
            ("many", "firstlight page-tables 1 2 3")])
        self.check(session, "wrong", "error: there is no boot_info at 0xffffff")
        self.check(session, "unmapped", "error: 8 bytes at 0x0 cannot be read")
        self.check(session, "nonsense", 'No symbol "no_such_name"')
        self.check(session, "many", r"error: usage: firstlight page-tables \[FROM \[TO\]\]")

    def test_before_the_last_jump(self):
        session = debug(build_path("firstlight.bin"), build_path("kernel", "firstlight-kernel.elf"), [
            ("mbr", "continue"), ("info", "firstlight boot-info"), ("walk", "firstlight walk 0"),
            ("stage2", "continue"), ("stage 2's", "firstlight page-tables")])
        self.check(session, "info", "error: boot_info is not known before the last jump")
        self.check(session, "walk", "error: paging is off")
        self.check(session, "stage 2's",
                   r"\A0000000000000000-00000000001fffff +0  RWX S  1 x 2 MiB\Z")


if __name__ == "__main__":
    unittest.main()
