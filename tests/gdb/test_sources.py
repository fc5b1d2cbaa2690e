"""The loader's source lines in gdb: in the build tree from the tree's own sources, installed from those
that were installed along, wherever the whole has been moved."""

import os
import re
import unittest

from gdb_session import GdbTest, gdb_script, moved_installation, source, source_line

# A file of each kind: a place in its code, and the line that gdb must show for it.
LISTED = {
    "bootloader/mbr/mbr.asm": ("0x7c00", "jmp short code"),
    "bootloader/stage2/check_cpu.asm": ("check_cpu", "xor bp, bp"),
    "bootloader/bios/a20.c": ("a20_enable", "void a20_enable(void)"),
    "bootloader/load/checksum.c": ("checksum_begin", "void checksum_begin("),
}
STOPS = {
    "stage2": "bootloader/stage2/main.c",
    "jump": "bootloader/stage2/enter_kernel.asm",
}


class Sources(GdbTest):
    def check_sources(self, root, script):
        """`root`: the folder that has the sources."""
        commands = [("breakpoints", "firstlight breakpoints stage2 jump")]
        for stop in STOPS:
            commands += [(stop, "continue"), (f"{stop} file", "info source")]
            if stop == "stage2":
                for name, (place, _) in LISTED.items():
                    commands += [(name, f"list *{place}"), (f"{name} file", "info source")]
        session = self.session(commands, script=script)
        for name, (_, text) in LISTED.items():
            line = source_line(source(name), text)
            self.check(session, name, rf"(?m)^{line}\t\s*{re.escape(text)}")
            self.check_file(session, f"{name} file", os.path.join(root, name))
        for stop, name in STOPS.items():
            self.check(session, stop, rf"{re.escape(name)}:\d+\n\d+\t")
            self.check_file(session, f"{stop} file", os.path.join(root, name))

    def check_file(self, session, command, path):
        self.check(session, command, rf"(?m)^Located in {re.escape(os.path.realpath(path))}$")

    def test_build_tree(self):
        self.check_sources(source(), gdb_script())

    def test_installed_and_moved(self):
        with moved_installation() as prefix:
            self.check_sources(os.path.join(prefix, "share", "firstlight", "source"),
                               gdb_script(prefix))


if __name__ == "__main__":
    unittest.main()
