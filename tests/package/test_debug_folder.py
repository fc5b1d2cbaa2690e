"""tools/debug_folder.c: the folder in the debug information of NASM's objects becomes another one, and
nothing else changes; what it cannot read it refuses."""

import os
import tempfile
import unittest
from pathlib import Path

from consumer import run_command
from harness.elf_sections import sections
from harness.environment import skip_without

SOURCE_TEXT = """
        bits 64
        section .text
first:  nop
        section .other progbits alloc exec
second: nop
"""
NEW = "/elsewhere"
RELOCATIONS = ".rela.debug_info"


class DebugFolder(unittest.TestCase):
    def setUp(self):
        skip_without("nasm")
        folder = tempfile.TemporaryDirectory(prefix="firstlight, folder ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        (self.folder / "source.asm").write_text(SOURCE_TEXT)
        self.object = self.folder / "object.o"

    def assemble(self, *options):
        done = run_command("nasm", "-f", "elf64", *options, "-o", self.object, "source.asm", cwd=self.folder)
        self.assertEqual(done.returncode, 0, done.stdout)
        return self.object.read_bytes()

    def change(self, name=NEW):
        return run_command(os.environ["FIRSTLIGHT_DEBUG_FOLDER"], self.object, name)

    def check_refused(self, why, name=NEW):
        before = self.object.read_bytes()
        done = self.change(name)
        self.assertEqual((done.returncode, done.stdout),
                         (1, f"debug_folder: {self.object}: {why}\n"))
        self.assertEqual(self.object.read_bytes(), before)

    def test_only_the_folder_changes(self):
        before = dict(sections(self.assemble("-g", "-F", "dwarf")))
        self.assertEqual(self.change().returncode, 0)
        after = dict(sections(self.object.read_bytes()))
        old = f"\0{self.folder}/\0".encode()
        info = before[".debug_info"]
        self.assertEqual(info.count(old), 1)
        shift = len(old) - len(f"\0{NEW}\0")
        expected = info.replace(old, f"\0{NEW}\0".encode())
        length = int.from_bytes(info[:4], "little") - shift
        self.assertEqual(after[".debug_info"], length.to_bytes(4, "little") + expected[4:])
        for name, data in before.items():
            if name not in (".debug_info", RELOCATIONS):
                self.assertEqual(after[name], data, name)

    def test_relocations_follow(self):
        """Those of what stands behind the folder's name; there is one at least."""
        before = dict(sections(self.assemble("-g", "-F", "dwarf")))
        self.assertEqual(self.change().returncode, 0)
        after = dict(sections(self.object.read_bytes()))
        shift = len(f"{self.folder}/") - len(NEW)
        place = before[".debug_info"].index(f"{self.folder}/".encode())
        offsets = [[int.from_bytes(part[RELOCATIONS][at:at + 8], "little")
                    for at in range(0, len(part[RELOCATIONS]), 24)] for part in (before, after)]
        self.assertTrue(any(offset > place for offset in offsets[0]))
        self.assertEqual([offset - shift if offset > place else offset for offset in offsets[0]],
                         offsets[1])

    def test_refusals(self):
        self.assemble("-g", "-F", "dwarf")
        self.check_refused("the new folder's name is longer than the one there", "/long" * 100)
        whole = self.object.read_bytes()
        self.object.write_bytes(whole[:100])
        self.check_refused("its section headers are damaged")
        self.object.write_bytes(b"")
        self.check_refused("not an ELF64 object")
        self.assemble()
        self.check_refused("no debug information as NASM writes it")

    def test_damaged_information(self):
        """Each byte of .debug_abbrev and of the first of .debug_info: never a crash, never a half-written
        object."""
        whole = self.assemble("-g", "-F", "dwarf")
        parts = dict(sections(whole))
        for name in (".debug_abbrev", ".debug_info"):
            start = whole.index(parts[name])
            for at in range(start, start + min(len(parts[name]), 48)):
                self.object.write_bytes(whole[:at] + b"\xff" + whole[at + 1:])
                done = self.change()
                self.assertIn(done.returncode, (0, 1), f"{name}: {at - start}")
                self.assertEqual(len(self.object.read_bytes()), len(whole))


if __name__ == "__main__":
    unittest.main()
