"""Lets gdb disassemble and step 16- and 32-bit code. QEMU's x86-64 stub describes its registers as
64-bit ones in every mode, and gdb takes the i8086 architecture only with a description of 32-bit
registers; so there is such a description here, with the same bytes: each 64-bit register as two of 32
bits. Used by session.py."""

import contextlib
import os
import re
import tempfile

import gdb

X86_64, I386, I8086 = "i386:x86-64", "i386", "i8086"
BY_BITS = {16: I8086, 32: I386, 64: X86_64}

# The instruction pointer stays one register of 64 bits: breakpoints are recognised by it, and the next
# may be in 64-bit code.
_PARTS = {"rax": "eax", "rbx": "ebx", "rcx": "ecx", "rdx": "edx", "rsi": "esi", "rdi": "edi",
          "rbp": "ebp", "rsp": "esp"}
_POINTERS = ("ebp", "esp")


def narrow(description, architecture):
    """QEMU's description (XML, of i386:x86-64) for `architecture`, i386 or i8086."""
    text = re.sub(r"<architecture>[^<]*</architecture>",
                  f"<architecture>{architecture}</architecture>", description)
    text = re.sub(r"\s*<osabi>[^<]*</osabi>", "", text)
    text = re.sub(r' regnum="\d+"', "", text)  # in the order they stand
    for wide, half in _PARTS.items():
        kind = "data_ptr" if half in _POINTERS else "int32"
        text, count = re.subn(
            rf'<reg name="{wide}" bitsize="64" type="\w+"/>',
            f'<reg name="{half}" bitsize="32" type="{kind}"/>'
            f'<reg name="{half}_high" bitsize="32" type="int32"/>', text)
        if count != 1:
            raise ValueError(f"the target's description has no 64-bit register {wide}")
    text, count = re.subn(r'<reg name="rip" bitsize="64" type="\w+"/>',
                          '<reg name="eip" bitsize="64" type="int64"/>', text)
    if count != 1:
        raise ValueError("the target's description has no 64-bit register rip")
    return text


def _quietly(command):
    """gdb's warnings on the way from one architecture to the other are about a state that the next
    command ends."""
    try:
        gdb.execute(command, to_string=True)
    except gdb.error:
        pass


class Architecture:
    """The architecture that gdb takes the machine for; changed between stops."""

    def __init__(self):
        self._folder = None
        self._current = X86_64

    def prepare(self):
        """Before connecting. Registers are written all at once: their numbers in QEMU's protocol
        are the wide ones'. Addresses have 64 bits in every mode: breakpoints may be set in any."""
        for command in ("set osabi none", "set remote set-register-packet off",
                        "set remote fetch-register-packet off", "set remoteaddresssize 64"):
            gdb.execute(command, to_string=True)

    def connected(self):
        """Keeps the description that QEMU has just given."""
        self.close()
        self._current = X86_64
        description = gdb.execute("maintenance print xml-tdesc", to_string=True)
        try:
            texts = {X86_64: description, I386: narrow(description, I386),
                     I8086: narrow(description, I8086)}
        except ValueError as problem:
            print(f"firstlight: {problem}: 16- and 32-bit code will be shown as 64-bit code")
            return
        self._folder = tempfile.TemporaryDirectory(prefix="firstlight-gdb-")
        for name, text in texts.items():
            with open(self._path(name), "w", encoding="utf-8") as file:
                file.write(text)

    def _path(self, name):
        return os.path.join(self._folder.name, name.replace(":", "-") + ".xml")

    def choose(self, bits):
        """Has gdb read instructions as 16-, 32- or 64-bit ones."""
        wanted = BY_BITS[bits]
        if self._folder is None or wanted == self._current:
            return
        # In this order: an architecture is only taken with its description. Not by way of `auto`:
        # gdb 13 fails where its program is of another architecture.
        _quietly(f"set tdesc filename {self._path(wanted)}")
        _quietly(f"set architecture {wanted}")
        self._current = wanted

    @contextlib.contextmanager
    def wide(self):
        """For reading symbols, which gdb does by the architecture it has: 64-bit pointers would be
        cut."""
        before = self._current
        self.choose(64)
        yield
        self.choose(next(bits for bits, name in BY_BITS.items() if name == before))

    def close(self):
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
