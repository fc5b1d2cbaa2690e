"""Runs the tutorial of tools/template as printed: each command, each new content of a file, each line of
output that it shows. Used by test_new_kernel.py and test_new_kernel_sources.py.

Blocks of the README and what becomes of them:
    sh         the commands run, and succeed; `sh fails`: the last one fails
    text       each line stands in the output of the commands before, in this order
    c          after a paragraph that is a file's name and a colon: the file's new content
    cmake      is added to CMakeLists.txt
    gdb        lines behind `(gdb) ` are typed to the command before, the others are expected"""

import os
import re

from consumer import SOURCE, PackageCase, run_command
from harness.environment import skip_without
from harness.qemu import QEMU

NEW_KERNEL = SOURCE / "tools" / "new-kernel"
NEEDS = (QEMU, "clang", "ld.lld", "nasm", "cmake", "ninja")
BLOCK = re.compile(r"(?:^`(?P<file>[\w./]+)`:\n\n)?^```(?P<kind>[a-z]+)(?P<fails> fails)?\n"
                   r"(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT = "(gdb) "


class NewKernelTest(PackageCase):
    def setUp(self):
        super().setUp()
        for need in NEEDS:
            skip_without(need)

    def new_kernel(self, program, *arguments):
        return run_command(program, *arguments, cwd=self.folder)

    def make_project(self, program, name="my-kernel"):
        made = self.new_kernel(program, name)
        self.assertEqual(made.returncode, 0, made.stdout)
        return os.path.join(self.folder, name)

    def check_shown(self, shown, output):
        """Lines may be broken elsewhere: gdb does so where it thinks that a terminal ends."""
        position, flat = 0, " ".join(output.split())
        for line in filter(None, map(str.strip, shown)):
            pattern = re.escape(" ".join(line.split())).replace(re.escape("..."), ".*?")
            found = re.compile(pattern).search(flat, position)
            self.assertIsNotNone(found, f"{line!r} is not shown, here:\n{output}")
            position = found.end()

    def run_commands(self, block, project, typed=""):
        done = run_command("sh", "-e", "-c", block["content"], cwd=project, typed=typed)
        ended_well = done.returncode == 0
        self.assertEqual(ended_well, not block["fails"], f"{block['content']}\n{done.stdout}")
        return done.stdout

    def follow(self, project):
        """Does what README.md says; gives how many blocks there were."""
        with open(os.path.join(project, "README.md"), encoding="utf-8") as file:
            blocks = [found.groupdict() for found in BLOCK.finditer(file.read())]
        output = ""
        for index, block in enumerate(blocks):
            kind, content = block["kind"], block["content"]
            before_gdb = index + 1 < len(blocks) and blocks[index + 1]["kind"] == "gdb"
            if kind == "sh" and not before_gdb:
                output = self.run_commands(block, project)
            elif kind == "text":
                self.check_shown(content.splitlines(), output)
            elif kind == "gdb":
                self.follow_gdb(blocks[index - 1], content.splitlines(), project)
            elif kind in ("c", "cmake"):
                name = block["file"] or "CMakeLists.txt"
                with open(os.path.join(project, name), "w" if kind == "c" else "a",
                          encoding="utf-8") as file:
                    file.write(content)
            elif kind != "sh":
                self.fail(f"a block of an unknown kind: {kind}")
        return len(blocks)

    def follow_gdb(self, command, lines, project):
        skip_without("gdb")
        typed = [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]
        shown = [line for line in lines if not line.startswith(PROMPT)]
        output = self.run_commands(command, project, "".join(line + "\n" for line in typed))
        self.check_shown(shown, output)
