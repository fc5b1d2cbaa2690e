"""gdb at the four hand-overs of a boot: where it stops, what it shows there, in every CPU mode."""

import os
import re
import tempfile
import unittest

from gdb_session import (GdbTest, debug, entry_of, gdb_script, gdb_words, moved_installation, run_gdb,
                         source, start_command)
from harness.elf_file import ELF_HEADER, PROGRAM_HEADER, PT_LOAD
from harness.environment import build_path, stage2_symbol
from harness.mapping_report import Report
from harness.qemu import QEMU, Qemu, ide_disk

PAGE_TABLES = 0x30000  # IDENTITY_TABLES_ADDRESS of memory_layout.h


class Stops(GdbTest):
    def test_all_four(self):
        general = ["$" + name for name in ("rax rbx rcx rdx rsi rbp r8 r9 r10 r11 r12 r13 r14 "
                                           "r15").split()]
        session = self.session([
            ("mbr", "continue"), ("mbr registers", "firstlight registers"), ("dl", "print/x $dl"),
            ("stage2", "continue"), ("stage2 registers", "firstlight registers"),
            ("stage2 cr3", "print/x $cr3"),
            ("jump", "continue"), ("rdi", "print/x $rdi"), ("boot_info", "print/x $boot_info"),
            ("rsp", "print/x $rsp"), ("return", "print/x *(unsigned long *)$rsp"),
            ("entry", "print/x *(unsigned long *)($pc + 6 + *(int *)($pc + 2))"),
            *((name, f"print/x {name}") for name in general), ("code", "x/i $pc"),
            ("kernel", "continue"), ("pc", "print/x $pc"), ("kernel rdi", "print/x $rdi"),
            ("kernel rsp", "print/x $rsp"), ("kernel registers", "firstlight registers"),
            ("info", "firstlight boot-info"), ("loader gone", "info address stage2_main"),
            ("breakpoints", "info breakpoints")])
        self.check_stop(session, "mbr", "mbr", "bootloader/mbr/mbr.asm", "jmp short code")
        self.check(session, "mbr registers", r"mode +real mode, at 0000:7c00, linear 7c00",
                   r"(?m)^  CR0 .* ET$", r"CS +0000  base 0, ")
        self.assertEqual(session.number("dl"), 0x80)

        self.check_stop(session, "stage2", "stage2_main", "bootloader/stage2/main.c",
                        "struct boot_info facts")
        self.check(session, "stage2 registers", "mode +long mode, at ", "CR0 .* PG, ",
                   "EFER .* LMA", r"(?m)^  RFLAGS +[0-9a-f]+  (?!.*\bIF\b)")
        self.check(session, "stage2 cr3", f"PDBR=0x{PAGE_TABLES >> 12:x}|= {PAGE_TABLES:#x}")

        self.check_stop(session, "jump", "handover_code.last_jump",
                        "bootloader/stage2/enter_kernel.asm", "jmp [rel handover_entry_slot]")
        entry = entry_of(build_path("kernel", "firstlight-kernel.elf"))
        self.assertEqual(session.number("rdi"), session.number("boot_info"))
        self.assertEqual(session.number("entry"), entry)
        self.assertEqual(session.number("return"), 0)
        for name in general:
            self.assertEqual(session.number(name), 0, name)
        self.check(session, "code", r"jmp +\*0x[0-9a-f]+\(%rip\)")

        self.check_stop(session, "kernel", "_start", "kernel/arch/x86_64/start.asm",
                        "rdtsc")
        self.assertEqual(session.number("pc"), entry)
        self.assertEqual(session.number("kernel rdi"), session.number("boot_info"))
        top = int(re.search(r"stack +[0-9a-f]+ to ([0-9a-f]+)", session["info"]).group(1), 16)
        self.assertEqual(session.number("kernel rsp"), top - 8)
        self.check(session, "kernel registers", f"long mode, at {entry:016x}", "EFER .*NXE")
        self.check(session, "loader gone", "No symbol")
        # Where the machine has stopped, and where it had.
        self.check(session, "breakpoints", r"keep n .*start\.asm:", r"(?m)keep y .* mbr$",
                   r"(?m)keep y .* stage2_main$")

    def test_only_those_wanted(self):
        session = self.session([("choose", "firstlight breakpoints jump"), ("first", "continue"),
                                ("wrong", "firstlight breakpoints nowhere"),
                                ("none", "firstlight breakpoints none"), "info breakpoints"])
        self.check(session, "first", "handover_code.last_jump")
        self.check(session, "wrong", "there is no breakpoint nowhere: only mbr, stage2, jump, kernel")
        self.check(session, "info breakpoints", "No breakpoints")

    def test_from_the_beginning_again(self):
        """The slide changes from boot to boot; a breakpoint of the user's stays."""
        commands = [("choose", "firstlight breakpoints jump"), ("own", "break kernel_main")]
        for boot in "12":
            commands += [(f"jump {boot}", "continue"), (f"slide {boot}", "firstlight boot-info"),
                         (f"main {boot}", "continue"), (f"again {boot}", "firstlight restart")]
        session = self.session(commands, "tests/boot/mappings_pie.bin",
                               "tests/boot/boot_mappings_pie.elf")
        slides = []
        for boot in "12":
            self.check(session, f"jump {boot}", "handover_code.last_jump")
            self.check(session, f"main {boot}", r"kernel_main \(info=0xffff")
            slides.append(re.search("slide ([0-9a-f]+)", session[f"slide {boot}"]).group(1))
        self.assertNotEqual(*slides)

    def test_position_independent_kernel(self):
        """Its symbols, lines and arguments are right wherever it lies, and its breakpoints wait."""
        session = self.session([("own", "break kernel_main"), ("choose", "firstlight breakpoints kernel"),
                                ("entry", "continue"), ("entry pc", "print/x $pc"),
                                ("main", "continue"), ("info", "print/x info"),
                                ("slide", "print/x info->kernel_slide"),
                                ("caller", "up"), ("gone", "delete"), ("end", "continue")],
                               "tests/boot/mappings_pie.bin", "tests/boot/boot_mappings_pie.elf")
        report = Report(session.serial)
        self.assertNotEqual(report.kernel_slide, 0)
        self.check(session, "own", "pending")
        self.check(session, "entry", r", _start \(\) at \S*start.asm")
        entry = entry_of(build_path("tests", "boot", "boot_mappings_pie.elf"))
        self.assertEqual(session.number("entry pc"), (entry + report.kernel_slide) % (1 << 64))
        self.check(session, "main", r"kernel_main \(info=0x\w+\) at \S*mappings\.c:")
        self.assertEqual(session.number("info"), report.boot_info)
        self.assertEqual(session.number("slide"), report.kernel_slide)
        self.check(session, "caller", r"#1 .* _start \(\)")
        self.check(session, "end", "ended with status 33")

    def test_kernel_as_gdbs_program(self):
        """As front ends do it: gdb is started with the kernel, which `firstlight kernel` takes."""
        for kernel in ("mappings", "mappings_pie"):
            path = build_path("tests", "boot", f"boot_{kernel}.elf")
            session = debug(build_path("tests", "boot", f"{kernel}.bin"), "", [
                ("choose", "firstlight breakpoints mbr kernel"), ("mbr", "continue"),
                ("code", "x/2i 0x7c45"), ("kernel", "continue"), ("own", "break kernel_main"),
                ("main", "continue")], arguments=[path])
            self.check(session, "code", r"mov +%ax,%ss\s[^\n]*mov +\$0x7c00,%sp")
            self.check(session, "kernel", r", _start \(\) at ")
            self.check(session, "main", r"kernel_main \(info=0xffff")

    def test_kernel_in_the_lower_half(self):
        kernel = "tests/boot/boot_text_mode_covered.elf"
        session = self.session([("choose", "firstlight breakpoints kernel"), ("kernel", "continue"),
                                ("pc", "print/x $pc")], "tests/boot/text_mode_covered.bin", kernel)
        self.check(session, "kernel", r", _start \(\) at ")
        self.assertEqual(session.number("pc"), entry_of(build_path(kernel)))


class Modes(GdbTest):
    def test_real_mode_code(self):
        session = self.session([("mbr", "continue"), ("code", "x/6i 0x7c43"),
                                ("far", "x/i 0x7c3e")])
        self.check(session, "code",
                   r"xor +%ax,%ax\n.*mov +%ax,%ss\n.*mov +\$0x7c00,%sp\n.*mov +%ax,%ds\n"
                   r".*mov +%ax,%es\n.*cld")
        self.check(session, "far", r"ljmp +\$0x0,\$0x7c43")

    def test_each_mode_on_the_way(self):
        """Protected mode has code of 16 and of 32 bits; each is read as what it is."""
        commands = [("none", "firstlight breakpoints none")]
        places = {"real": "real_to_protected", "protected": "real_to_protected.protected",
                  "long": "protected_to_long.long", "compatibility": "long_to_protected.compatibility",
                  "protected16": "protected_to_real.protected16"}
        for name, symbol in places.items():
            commands += [(f"set {name}", f"thbreak *{stage2_symbol(symbol):#x}"),
                         (name, "continue"), (f"{name} registers", "firstlight registers"),
                         (f"{name} code", "firstlight disassemble 3"),
                         (f"{name} pointer", "print/x $rip" if name == "long" else "print/x $eip"),
                         (f"{name} architecture", "show architecture")]
        session = self.session(commands)
        for name, mode in {"real": "real mode", "protected": "32-bit protected mode",
                           "long": "long mode", "compatibility": "32-bit compatibility mode",
                           "protected16": "16-bit protected mode"}.items():
            self.check(session, f"{name} registers", f"mode +{mode}, at ")
            self.assertNotIn("(bad)", session[f"{name} code"])
            self.check(session, f"{name} pointer", rf"= 0x{stage2_symbol(places[name]):x}$")
        for name, architecture in {"real": "i8086", "protected": "i386", "long": "i386:x86-64",
                                   "compatibility": "i386", "protected16": "i8086"}.items():
            self.check(session, f"{name} architecture", f'set to "{architecture}"')
        self.check(session, "protected", "(?m)^firstlight: 32-bit protected mode$")

    def test_registers_can_be_written_in_real_mode(self):
        session = self.session([("mbr", "continue"), ("set", "set var $ebx = 0x12345678"),
                                ("one", "stepi"), ("ebx", "print/x $ebx"),
                                ("ip", "set var $eip = 0x7c43"), ("two", "stepi"),
                                ("at", "print/x $eip")])
        self.assertEqual(session.number("ebx"), 0x12345678)
        self.assertEqual(session.number("at"), 0x7C45)

    def test_over_an_interrupt(self):
        """INT leads into firmware, whose code segment begins elsewhere: gdb must say so."""
        session = self.session([
            ("mbr", "continue"), ("set", "thbreak disk_call"), ("call", "continue"),
            ("sti", "stepi"), ("before", "print/x $eip"), ("over", "firstlight over"),
            ("after", "print/x $eip"), ("next", "x/i $eip"),
            ("set again", "thbreak disk_call"), ("second", "continue"), ("sti 2", "stepi"),
            ("into", "stepi"), ("code", "firstlight disassemble 1")])
        self.assertEqual(session.number("after"), session.number("before") + 2)
        self.check(session, "next", "cld")
        self.check(session, "into", r"real mode, CS begins at f0000",
                   r"next instruction is at linear f[0-9a-f]{4}, not where gdb shows it")
        linear = re.search("at linear (f[0-9a-f]{4})", session["into"]).group(1)
        self.check(session, "code", f"0x{linear}:")


class OtherMachines(GdbTest):
    def test_triple_fault(self):
        """No IDT is loaded at the kernel's entry: the machine stands where the fault was."""
        session = self.session([("choose", "firstlight breakpoints kernel"), ("kernel", "continue"),
                                ("lost", "set var $rip = 0x123000"), ("fault", "continue"),
                                ("rip", "print/x $rip"), ("cr2", "print/x $cr2"),
                                ("walk", "firstlight walk $rip")], options=["-no-shutdown"])
        self.check(session, "fault", "received signal SIGQUIT")
        self.assertEqual((session.number("rip"), session.number("cr2")), (0x123000, 0x123000))
        self.check(session, "walk", "not mapped")

    def test_connect(self):
        """To a machine that something else has started; by gdb's own command, too."""
        with tempfile.TemporaryDirectory() as folder:
            for number, connect in enumerate((["firstlight connect {}"],
                                              ["target remote {}", "firstlight connect"])):
                stub = os.path.join(folder, str(number))
                options = [*ide_disk(build_path("firstlight.bin")), "-gdb",
                           f"unix:{stub},server=on,wait=off"]
                with Qemu(options, started=False) as machine:
                    session = run_gdb([
                        f"firstlight kernel {build_path('kernel', 'firstlight-kernel.elf')}",
                        *(command.format(stub) for command in connect),
                        ("mbr", "continue"), ("code", "x/i 0x7c45"), ("stage2", "continue"),
                        ("jump", "continue"), ("kernel", "continue"), ("end", "detach")])
                    self.check(session, "mbr", r"mbr \(\) at ")
                    self.check(session, "code", r"mov +%ax,%ss")
                    self.check(session, "kernel", r"_start \(\) at ")
                    self.assertTrue(machine.running())

    def test_installed_with_a_foreign_kernel(self):
        """Moved after its installation; the kernel has neither debug information nor our headers."""
        kernel = os.path.join(os.environ["FIRSTLIGHT_BUILD"], "tests", "boot", "foreign.elf")
        if not os.path.exists(kernel):
            self.skipTest("the foreign kernel is not built: package gcc")
        with moved_installation() as moved:
            session = debug(build_path("tests", "boot", "foreign.bin"), kernel, [
                ("mbr", "continue"), ("stage2", "continue"), ("jump", "continue"),
                ("kernel", "continue"), ("pc", "print/x $pc"), ("info", "firstlight boot-info"),
                ("map", "firstlight memory-map")], script=gdb_script(moved))
            left = [name for _, folders, _ in os.walk(moved) for name in folders
                    if name == "__pycache__"]
        self.check(session, "mbr", r"mbr \(\) at ")
        self.check(session, "stage2", r"stage2_main \(\) at ")
        self.check(session, "jump", r"handover_code\.last_jump \(\) at ")
        self.check(session, "kernel", r"Breakpoint 3, .*_start \(\)")
        self.assertEqual(session.number("pc"), entry_of(kernel))
        self.check(session, "info", r"kernel +0000000000200000, ")
        self.check(session, "map", r"(?m)^\d+ ranges, .* usable$")
        self.assertEqual(left, [])

    def test_mbr_with_symbols_is_the_mbr(self):
        with open(build_path("bootloader", "mbr", "mbr.bin"), "rb") as flat:
            flat = flat.read()
        with open(build_path("share", "firstlight", "loader", "mbr.elf"), "rb") as elf:
            data = elf.read()
        offset, count = ELF_HEADER.unpack_from(data)[5], ELF_HEADER.unpack_from(data)[10]
        headers = [PROGRAM_HEADER.unpack_from(data, offset + index * PROGRAM_HEADER.size)
                   for index in range(count)]
        part, = [header for header in headers if header[0] == PT_LOAD and header[3] == 0x7C00]
        self.assertEqual(data[part[2]:part[2] + part[5]], flat)


class LateStub(GdbTest):
    """On a busy host the stub's socket is there before anybody listens on it."""

    def setUp(self):
        super().setUp()
        # Seconds until it listens, and until it answers: gdb would ask again after 2.
        self.late_stub = ("python3", source("tests", "gdb", "late_stub.py"), "0.5", "2.5")

    def test_is_waited_for(self):
        image = build_path("firstlight.bin")
        session = run_gdb([("start", start_command(image, "/dev/null",
                                                   qemu=(*self.late_stub, QEMU))),
                           ("mbr", "continue")])
        self.check(session, "start", "(?m)^firstlight: real mode, ")
        self.check_stop(session, "mbr", "mbr", "bootloader/mbr/mbr.asm", "jmp short code")

    def test_that_never_listens(self):
        session = run_gdb([("start", "firstlight start " + gdb_words(self.late_stub[:-1]))])
        self.check(session, "start", "there is no QEMU to start",
                   "error: the emulator ended at once with status 1")


class WithoutMachine(GdbTest):
    def test_commands_say_what_is_missing(self):
        names = ("boot-info", "memory-map", "modules", "timeline", "registers", "disassemble",
                 "page-tables", "walk 0")
        session = run_gdb([f"firstlight {name}" for name in names]
                          + ["firstlight restart", "firstlight connect", "firstlight start",
                             "firstlight walk", "firstlight kernel", "firstlight kernel /dev/null",
                             "firstlight kernel /nowhere", "firstlight start /nowhere",
                             "firstlight start false"])
        for name in names[:4]:
            self.check(session, f"firstlight {name}", "error: not connected: use `firstlight start`")
        for name in names[4:]:
            self.check(session, f"firstlight {name}", "error: not connected to QEMU")
        for name, pattern in {
                "restart": "there is nothing to start again", "connect": "not connected to QEMU",
                "start": "usage: firstlight start COMMAND", "walk": "usage: firstlight walk ADDRESS",
                "kernel": "usage: firstlight kernel FILE",
                "kernel /dev/null": "/dev/null: not an ELF64 file",
                "kernel /nowhere": "/nowhere: No such file or directory",
                "start /nowhere": "cannot start /nowhere: No such file or directory",
                "start false": "the emulator ended at once with status 1"}.items():
            self.check(session, f"firstlight {name}", f"error: {pattern}")

    def test_every_command_has_help(self):
        names = ("boot-info memory-map modules timeline walk page-tables registers disassemble over "
                 "kernel breakpoints start restart connect own-terminal").split()
        session = run_gdb([f"help firstlight {name}" for name in names] + ["help firstlight"])
        for name in names:
            self.check(session, f"help firstlight {name}", rf"(?m)^Usage: firstlight {name}\b")
            self.check(session, "help firstlight", rf"(?m)^firstlight {name} -- \w")


if __name__ == "__main__":
    unittest.main()
