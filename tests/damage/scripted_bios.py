"""A BIOS of a few functions in Python and a CPU by Unicorn: runs the real MBR and first block, bytes as
they lie on the disk, in a fraction of a millisecond. Used by test_loader.py; importing it needs
Unicorn."""

import struct

from unicorn import UC_ARCH_X86, UC_HOOK_INSN, UC_HOOK_INTR, UC_MODE_16, UC_MODE_64, Uc
from unicorn.x86_const import (UC_X86_INS_IN, UC_X86_INS_OUT, UC_X86_REG_AX, UC_X86_REG_BX,
                               UC_X86_REG_CS, UC_X86_REG_CX, UC_X86_REG_DS, UC_X86_REG_DX,
                               UC_X86_REG_EFLAGS, UC_X86_REG_EIP, UC_X86_REG_ES, UC_X86_REG_RIP,
                               UC_X86_REG_RSP, UC_X86_REG_SI, UC_X86_REG_SP, UC_X86_REG_SS)

SECTOR = 512
MBR_ADDRESS = 0x7C00
MEMORY_BYTES = 0x100000
LOW_MEMORY_BYTES = 640 * 1024
BDA_LOW_MEMORY_KIB = 0x413
FIRST_HARD_DISK = 0x80
HEADS, SECTORS_PER_TRACK, CYLINDERS = 16, 63, 3
CARRY, ZERO_FLAG, INTERRUPT_FLAG = 1, 1 << 6, 1 << 9
COM1_DATA, COM1_LINE_STATUS, TRANSMITTER_EMPTY = 0x3F8, 0x3FD, 0x60
LINE_CONTROL, DIVISOR_LATCH = 0x3FB, 0x80
STATUS_BAD_COMMAND, STATUS_NOT_FOUND, STATUS_BOUNDARY = 0x01, 0x04, 0x09


RETURN_ADDRESS = 0x600  # where the loader has nothing


class BiosError(AssertionError):
    """The loader has asked for what no loader should."""


class ScriptedBios:
    """`data` is the disk, which the test may change between boots. Afterwards `screen` and `serial`
    are what was printed, `address` is where the CPU stands."""

    def __init__(self, data, edd=True):
        self.data, self.edd = data, edd
        self.screen, self.serial = bytearray(), bytearray()
        self._line_control = 0
        self.cpu = Uc(UC_ARCH_X86, UC_MODE_16)
        self.cpu.mem_map(0, MEMORY_BYTES)
        self.cpu.hook_add(UC_HOOK_INTR, self._interrupt)
        self.cpu.hook_add(UC_HOOK_INSN, self._port_in, None, 1, 0, UC_X86_INS_IN)
        self.cpu.hook_add(UC_HOOK_INSN, self._port_out, None, 1, 0, UC_X86_INS_OUT)
        self.cpu.mem_write(BDA_LOW_MEMORY_KIB, struct.pack("<H", LOW_MEMORY_BYTES // 1024))
        self._failure = None

    # ---- running ----

    def boot(self, until):
        """From firmware's jump to the MBR, which was read from the disk, until the CPU halts or
        comes to `until`."""
        self.cpu.mem_write(MBR_ADDRESS, bytes(self.data[:SECTOR]))
        self.cpu.reg_write(UC_X86_REG_DX, FIRST_HARD_DISK)
        self.run(MBR_ADDRESS, until)

    def run(self, start, until, stack=MBR_ADDRESS):
        del self.screen[:], self.serial[:]
        for segment in (UC_X86_REG_CS, UC_X86_REG_DS, UC_X86_REG_ES, UC_X86_REG_SS):
            self.cpu.reg_write(segment, 0)
        self.cpu.reg_write(UC_X86_REG_SP, stack)
        self.cpu.reg_write(UC_X86_REG_EFLAGS, 2)
        self.cpu.emu_start(start, until)
        if self._failure is not None:
            raise self._failure

    @property
    def address(self):
        return self.cpu.reg_read(UC_X86_REG_EIP)

    def interrupts_on(self):
        return bool(self.cpu.reg_read(UC_X86_REG_EFLAGS) & INTERRUPT_FLAG)

    def lines(self):
        """What was printed, the same on screen and COM1, in lines that are not empty."""
        if self.screen != self.serial:
            raise BiosError(f"screen {bytes(self.screen)}, COM1 {bytes(self.serial)}")
        return [line for line in self.screen.decode("ascii").split("\r\n") if line]

    # ---- ports ----

    def _port_in(self, _cpu, port, _size, _data):
        return TRANSMITTER_EMPTY if port == COM1_LINE_STATUS else 0xFF

    def _port_out(self, _cpu, port, _size, value, _data):
        if port == LINE_CONTROL:
            self._line_control = value
        elif port == COM1_DATA and not self._line_control & DIVISOR_LATCH:
            self.serial.append(value)

    # ---- interrupts ----

    def _interrupt(self, cpu, number, _data):
        try:
            ax = cpu.reg_read(UC_X86_REG_AX)
            if number == 0x10 and ax >> 8 == 0x0E:
                self.screen.append(ax & 0xFF)
            elif number == 0x13:
                self._disk(ax >> 8, ax & 0xFF)
            else:
                raise BiosError(f"INT {number:02x}h, AX={ax:04x}h at {self.address:x}h")
        except Exception as error:  # Unicorn would print it and go on
            self._failure = error
            cpu.emu_stop()

    def _answer(self, status):
        """CF and AH."""
        flags = self.cpu.reg_read(UC_X86_REG_EFLAGS)
        self.cpu.reg_write(UC_X86_REG_EFLAGS, flags | CARRY if status else flags & ~CARRY)
        ax = self.cpu.reg_read(UC_X86_REG_AX)
        self.cpu.reg_write(UC_X86_REG_AX, status << 8 | ax & 0xFF)

    def _disk(self, function, count):
        if self.cpu.reg_read(UC_X86_REG_DX) & 0xFF != FIRST_HARD_DISK:
            self._answer(STATUS_BAD_COMMAND)
        elif function == 0x00:
            self._answer(0)
        elif function == 0x02:
            self._read_chs(count)
        elif function == 0x08:
            self._answer(0)
            last = CYLINDERS - 1
            self.cpu.reg_write(UC_X86_REG_CX, last << 8 | SECTORS_PER_TRACK)
            self.cpu.reg_write(UC_X86_REG_DX, (HEADS - 1) << 8 | 1)
        elif function == 0x41 and self.edd:
            self._answer(0)
            self.cpu.reg_write(UC_X86_REG_AX, 0x3000)
            self.cpu.reg_write(UC_X86_REG_BX, 0xAA55)
            self.cpu.reg_write(UC_X86_REG_CX, 7)
        elif function == 0x42 and self.edd:
            packet = self.cpu.mem_read(self.cpu.reg_read(UC_X86_REG_SI), 16)
            _, count, offset, segment, lba = struct.unpack("<HHHHQ", packet)
            self._read(lba, count, segment * 16 + offset)
        else:
            self._answer(STATUS_BAD_COMMAND)

    def _read_chs(self, count):
        cx, dx = self.cpu.reg_read(UC_X86_REG_CX), self.cpu.reg_read(UC_X86_REG_DX)
        cylinder, sector, head = cx >> 8 | (cx & 0xC0) << 2, cx & 0x3F, dx >> 8
        if not 1 <= sector <= SECTORS_PER_TRACK or head >= HEADS or \
                sector - 1 + count > SECTORS_PER_TRACK:
            self._answer(STATUS_NOT_FOUND)
            return
        address = self.cpu.reg_read(UC_X86_REG_ES) * 16 + self.cpu.reg_read(UC_X86_REG_BX)
        self._read((cylinder * HEADS + head) * SECTORS_PER_TRACK + sector - 1, count, address)

    def _read(self, lba, count, address):
        end = (lba + count) * SECTOR
        if end > len(self.data):
            self._answer(STATUS_NOT_FOUND)
        elif count == 0 or count > 127 or address % 0x10000 + count * SECTOR > 0x10000:
            self._answer(STATUS_BOUNDARY)
        elif address + count * SECTOR > LOW_MEMORY_BYTES:
            raise BiosError(f"{count} sectors to {address:x}h")
        else:
            self.cpu.mem_write(address, bytes(self.data[lba * SECTOR:end]))
            self._answer(0)


class LongModeCheck:
    """A routine of the loader's in long mode, which Unicorn cannot enter from real mode: on memory as
    ScriptedBios has left it. The routine answers by the zero flag."""

    def __init__(self, routine):
        self.routine = routine
        self.cpu = Uc(UC_ARCH_X86, UC_MODE_64)
        self.cpu.mem_map(0, MEMORY_BYTES)

    def write(self, address, data):
        self.cpu.mem_write(address, bytes(data))

    def passes(self):
        stack = MBR_ADDRESS - 8
        self.write(stack, struct.pack("<Q", RETURN_ADDRESS))
        self.cpu.reg_write(UC_X86_REG_RSP, stack)
        self.cpu.emu_start(self.routine, RETURN_ADDRESS)
        if self.cpu.reg_read(UC_X86_REG_RIP) != RETURN_ADDRESS:
            raise BiosError(f"stopped at {self.cpu.reg_read(UC_X86_REG_RIP):x}h")
        return bool(self.cpu.reg_read(UC_X86_REG_EFLAGS) & ZERO_FLAG)
