"""NMIs at any point of the loader but inside its mode switches, and that these mask them: QEMU does not
model the mask at port 70h, so that there it is shown by the order of what the loader executes."""

import re
import time
import unittest

from harness.elf_file import EXIT_CODE, PAGE, R, Segment, W, X, write_executable
from harness.environment import UNCOMPRESSED, create_image, stage2_symbol
from harness.error_test import ErrorTest
from harness.expect import check_ended, expect_boot, fail
from harness.gdb_stub import GdbStub
from harness.option_rom import tells
from harness.qemu import Qemu, STATUS_SUCCESS, ide_disk
from harness.qmp import QmpClosed

MBR, FIRST_BLOCK, STAGE2_END = 0x7C00, 0x8028, 0x10000
OUT_CMOS_INDEX = b"\xe6\x70"  # out 70h, al
NMI_MASKED = 0x80
CODE_64 = 0x18
LOADERS = (0, 0x08, CODE_64, 0x20)  # what CS may be in the loader: gdt.asm's selectors
MIB = 1 << 20


class Injected(ErrorTest):
    """At each instruction of the loader's that is walked over, and that its mask does not cover."""

    def setUp(self):
        super().setUp()
        path = self.path("gdb")
        run = Qemu([*ide_disk(self.written()), *self.option_rom("NMI_TOLD"), *self.told_to(),
                    "-gdb", f"unix:{path},server=on,wait=off", "-d", "int", "-D",
                    self.path("interrupts")], started=False)
        run.__enter__()
        self.addCleanup(run.__exit__)
        self.qemu = run
        self.gdb = GdbStub(path, run.timeout)
        self.addCleanup(self.gdb.close)
        self.masked, self.seen, self.sent = False, set(), {"real": 0, "long": 0}

    def inject(self, mode, address):
        """An NMI here: its handler runs, and comes back."""
        self.qemu.qmp.execute("inject-nmi")
        self.gdb.run_to(address)
        self.sent[mode] += 1

    def skip_firmware(self, registers):
        """From the first instruction of an interrupt's handler to where it returns."""
        stack = registers.ss * 16 + (registers.rsp & 0xFFFF)
        address = int.from_bytes(self.gdb.memory(stack, 2), "little")
        self.gdb.run_to(address)

    def walk(self, done):
        """Instruction by instruction, until done(address, bytes) says so."""
        while True:
            registers = self.gdb.registers()
            if registers.cs not in LOADERS:
                self.skip_firmware(registers)
                continue
            address, long_mode = registers.rip, registers.cs == CODE_64
            code = self.gdb.memory(address, 2)
            mode = "long" if long_mode else "real"
            if not self.masked and (address, mode) not in self.seen:
                self.seen.add((address, mode))
                self.inject(mode, address)
            if done(address, code, mode):
                return
            if code == OUT_CMOS_INDEX:
                self.masked = registers.rax & NMI_MASKED != 0
            self.gdb.step()

    def check(self, least_real, least_long):
        """All have arrived, and the boot goes on as if nothing had been."""
        self.gdb.detach()
        self.qemu.wait()
        check_ended(self.qemu, STATUS_SUCCESS)
        if "Hello World!" not in self.qemu.serial():
            fail(self.qemu, "no kernel")
        self.assertEqual(tells(self.told())[0], self.sent["real"])
        with open(self.path("interrupts"), encoding="ascii") as file:
            arrived = re.findall(rf"v=02 .* IP={CODE_64:04x}:", file.read())
        self.assertEqual(len(arrived), self.sent["long"])
        print(self.sent)
        self.assertGreaterEqual(self.sent["real"], least_real)
        self.assertGreaterEqual(self.sent["long"], least_long)

    def test_mbr(self):
        self.gdb.run_to(MBR)
        self.walk(lambda address, code, mode: address >= FIRST_BLOCK)
        self.check(60, 0)

    def test_real_mode(self):
        """From the first block to the check of the rest, but for a loop that is long, and all the
        same."""
        for first, last in ((FIRST_BLOCK, "build_identity_map"), ("build_idt", "check_rest")):
            self.gdb.run_to(first if first == FIRST_BLOCK else stage2_symbol(first))
            end = stage2_symbol(last)
            self.walk(lambda address, code, mode, end=end: address == end)
        self.check(200, 1)

    def test_firmware_calls(self):
        """Of C: from long mode to real mode and back."""
        thunk = stage2_symbol("real_mode_call")
        for _ in range(4):
            self.gdb.run_to(thunk)
            self.walk(lambda address, code, mode: mode == "long" and code[:1] == b"\xc3")
        self.check(40, 20)


class Sampled(ErrorTest):
    """While C runs and loads a kernel, wherever it is when the machine is stopped in long mode."""

    STAGE2_CODE64 = f"{CODE_64:04x}"
    KERNEL_BYTES, KERNEL_MEMORY = 2 * MIB, 256 * MIB
    PAUSE_SECONDS = 0.003
    ENOUGH, MOST_BOOTS = 10, 20  # how many arrive in one boot depends on what else the host does

    def large_kernel(self):
        address = 0xFFFFFFFF80000000
        segments = [Segment(address, R | X, EXIT_CODE),
                    Segment(address + PAGE, R | W, b"data" * (self.KERNEL_BYTES // 4),
                            self.KERNEL_MEMORY)]
        kernel = write_executable(self.path("kernel.elf"), segments, address)
        return create_image(kernel, self.path("large.bin"), options=UNCOMPRESSED)

    def in_stage2(self, registers):
        """Whether the stopped machine is in stage 2's 64-bit code and has its IDT."""
        where = re.search(r"RIP=([0-9a-f]+)", registers)
        table = re.search(r"IDT=\s+([0-9a-f]+) ", registers).group(1)
        return (where is not None and int(where.group(1), 16) < STAGE2_END
                and f"CS ={self.STAGE2_CODE64} " in registers and int(table, 16) == stage2_symbol("idt"))

    def send_nmis(self, run):
        """Until QEMU ends, be it in the middle of a command, or time is up."""
        try:
            while run.running() and time.monotonic() < run.deadline:
                time.sleep(self.PAUSE_SECONDS)
                run.qmp.execute("stop")
                if self.in_stage2(run.registers()):
                    run.qmp.execute("inject-nmi")
                run.qmp.execute("cont")
        except QmpClosed:
            pass

    def arrived(self, image):
        """How many did in one boot, which must end as if there had been none."""
        log = self.path("interrupts")
        with Qemu([*ide_disk(image), "-m", "512M", "-d", "int", "-D", log]) as run:
            self.send_nmis(run)
            run.wait()
            check_ended(run, STATUS_SUCCESS)
        with open(log, encoding="ascii") as file:
            return len(re.findall(f"v=02 .* IP={self.STAGE2_CODE64}:", file.read()))

    def test_while_loading(self):
        image, arrived, boots = self.large_kernel(), 0, 0
        while arrived < self.ENOUGH and boots < self.MOST_BOOTS:
            arrived += self.arrived(image)
            boots += 1
        print(f"{arrived} in {boots} boots")
        self.assertGreaterEqual(arrived, self.ENOUGH)


class Masked(ErrorTest):
    """The order of mode switches and of writes to port 70h, of one boot with every instruction of the
    loader's traced."""

    WRITE = re.compile(r"^memory_region_ops_write .* addr 0x70 value 0x([0-9a-f]+) ", re.ASCII)
    EXECUTED = re.compile(r"^Trace 0: \S+ \[[0-9a-f]+/([0-9a-f]+)/([0-9a-f]+)/")
    TRANSLATED = re.compile(r"^0x([0-9a-f]+):  ((?:[0-9a-f]{2} )+)")
    PROTECTED, CODE_IS_64 = 1 << 7, 1 << 15  # of QEMU's flags of a translated block
    LIDT = re.compile(r"^(?:2e |66 |67 )*0f 01 [19d][8-f] ")
    SETTLED = 12  # instructions from the end of a switch to the write that unmasks

    def traced(self):
        log = self.path("log")
        expect_boot([*ide_disk(self.written()), "-accel", "tcg", "-singlestep", "-d",
                     "in_asm,exec,nochain,trace:memory_region_ops_write", "-dfilter",
                     f"{MBR:#x}..{STAGE2_END - 1:#x}", "-D", log], ["^Hello World!$"])
        with open(log, encoding="ascii", errors="replace") as file:
            yield from file

    def mode(self, flags):
        if flags & self.CODE_IS_64:
            return "long"
        return "switching" if flags & self.PROTECTED else "real"

    def test_every_switch(self):
        masked, before, windows, lidts, bytes_at, unsettled = False, None, 0, 0, {}, 0
        for line in self.traced():
            if (write := self.WRITE.match(line)):
                masked = bool(int(write.group(1), 16) & NMI_MASKED)
            elif (translated := self.TRANSLATED.match(line)):
                bytes_at[int(translated.group(1), 16)] = translated.group(2)
            elif (executed := self.EXECUTED.match(line)):
                address, flags = (int(word, 16) for word in executed.groups())
                mode = self.mode(flags)
                where = f"at {address:x}, {before} -> {mode}"
                if mode == "switching" or before == "switching":
                    self.assertTrue(masked, f"a switch without the mask {where}")
                    windows += mode != before and mode == "switching"
                    unsettled = 0 if mode == "switching" else 1
                elif unsettled:
                    unsettled = unsettled + 1 if masked else 0
                    self.assertLess(unsettled, self.SETTLED, f"nothing unmasks {where}")
                if mode == "long" and self.LIDT.match(bytes_at.get(address, "")):
                    self.assertTrue(masked, f"another IDT without the mask {where}")
                    lidts += 1
                before = mode
        print(f"{windows} switches, {lidts} times LIDT in long mode")
        self.assertGreater(windows, 20)
        self.assertGreater(lidts, 10)


if __name__ == "__main__":
    unittest.main()
