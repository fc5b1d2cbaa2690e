"""QEMU's gdb stub, as far as the tests need it: breakpoints, single steps, registers, memory. The
protocol is GDB's remote serial protocol (GDB manual, appendix E)."""

import socket
import struct
from collections import namedtuple

# All registers as the stub sends them for x86-64: 16 general ones, RIP, EFLAGS, segments.
REGISTERS = struct.Struct("<17QI6I")
Registers = namedtuple("Registers", "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 "
                                    "rip flags cs ss ds es fs gs")


class GdbStub:
    """Connected to QEMU's `-gdb unix:PATH,server=on,wait=off`: the machine stops."""

    def __init__(self, path, timeout):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        self._socket.connect(path)
        self._buffer = b""
        self._ask("?")

    def close(self):
        self._socket.close()

    def _receive(self):
        """The next packet, `$data#sum`, acknowledged."""
        while True:
            start = self._buffer.find(b"$")
            end = self._buffer.find(b"#", start)
            if 0 <= start < end and len(self._buffer) >= end + 3:
                break
            received = self._socket.recv(65536)
            if not received:
                raise EOFError("QEMU has gone away")
            self._buffer += received
        data, self._buffer = self._buffer[start + 1:end], self._buffer[end + 3:]
        self._socket.sendall(b"+")
        return data.decode("ascii")

    def _ask(self, data):
        self._socket.sendall(f"${data}#{sum(data.encode()) & 0xFF:02x}".encode())
        return self._receive()

    def _command(self, data):
        answer = self._ask(data)
        if answer != "OK":
            raise AssertionError(f"the gdb stub answers {answer!r} to {data!r}")

    def registers(self):
        return Registers(*REGISTERS.unpack_from(bytes.fromhex(self._ask("g"))))

    def memory(self, address, size):
        return bytes.fromhex(self._ask(f"m{address:x},{size:x}"))

    def step(self):
        """One instruction; interrupts wait."""
        self._ask("s")

    def run_to(self, address):
        """Until an instruction at this linear address is next; at once where it is already, but for
        interrupts that are pending."""
        self._command(f"Z1,{address:x},1")
        self._ask("c")
        self._command(f"z1,{address:x},1")

    def run_on(self):
        """Until the machine stops by itself."""
        self._ask("c")

    def detach(self):
        """The machine runs on."""
        self._command("D")
