"""The bootimage command line: help, version, wrong usage."""

import os
import re
import unittest

from harness.environment import run_bootimage
from support import ImageCase, simple_kernel


class Help(ImageCase):
    def check(self, arguments, *texts):
        finished = run_bootimage(*arguments)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertTrue(finished.stdout.endswith("\n"))
        self.assertLessEqual(max(map(len, finished.stdout.splitlines())), 80)
        for text in texts:
            self.assertIn(text, finished.stdout)

    def test_general(self):
        for arguments in (["--help"], ["-h"], ["help"]):
            self.check(arguments, "Usage: bootimage COMMAND", "\n  create ", "\n  inspect ",
                       "--version", "Exit status")

    def test_every_command_is_listed_with_its_help(self):
        commands = re.findall(r"^  ([a-z]+) +\S",
                              run_bootimage("--help").stdout.split("Options:")[0], re.MULTILINE)
        self.assertGreaterEqual(len(commands), 2)
        for command in commands:
            if command != "help":
                self.check([command, "--help"], f"Usage: bootimage {command} ", "-h, --help")

    def test_create(self):
        texts = ("Usage: bootimage create", "--kernel FILE", "--output FILE", "--cmdline TEXT",
                 "4095", "--module NAME=FILE", "--module-cmdline TEXT", "--no-symbols",
                 "position-independent")
        for arguments in (["create", "--help"], ["create", "-h"], ["help", "create"],
                          ["--help", "create"]):
            self.check(arguments, *texts)

    def test_anywhere_in_the_line(self):
        for arguments in (["--kernel", "k", "--help"], ["--help", "--unknown"],
                          ["--unknown", "--help"], ["operand", "--help"], ["--kernel=", "--help"],
                          ["--no-symbols", "--no-symbols", "-h"], ["--module", "m", "-h"],
                          ["--no-symbols=yes", "--help", "--kernel"]):
            self.check(["create", *arguments], "Usage: bootimage create")

    def test_inspect(self):
        self.check(["inspect", "--help"], "Usage: bootimage inspect IMAGE [--json]", "in place", "damaged")
        self.check(["inspect", "image", "--help"], "Usage: bootimage inspect IMAGE [--json]")

    def test_version(self):
        finished = run_bootimage("--version")
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertRegex(finished.stdout, r"\Abootimage \(Firstlight\) \d+\.\d+\.\d+\n\Z")


class WrongUsage(ImageCase):
    def check(self, arguments, *texts):
        before = os.listdir(self.folder)
        self.check_one_line(run_bootimage(*arguments), 2, *texts)
        self.assertEqual(os.listdir(self.folder), before)

    def test_command(self):
        self.check([], "no command given", "--help")
        self.check(["made-up"], "unknown command 'made-up'")
        self.check(["--made-up"], "unknown command '--made-up'")
        self.check(["made-up", "--help"], "unknown command 'made-up'")
        self.check(["help", "made-up"], "unknown command 'made-up'")

    def test_create(self):
        kernel, output = ["--kernel", "k"], ["--output", self.path("o")]
        self.check(["create"], "'--kernel FILE' is missing", "bootimage create --help")
        self.check(["create", *kernel], "'--output FILE' is missing")
        self.check(["create", *output], "'--kernel FILE' is missing")
        self.check(["create", *output, "--kernel="], "'--kernel FILE' is missing")
        self.check(["create", *output, "--kernel"], "nothing follows option '--kernel'")
        self.check(["create", *kernel, *output, "--quick"], "unknown option '--quick'")
        self.check(["create", *kernel, *output, "-o"], "unknown option '-o'")
        self.check(["create", *kernel, *output, "--kern", "k"], "unknown option '--kern'")
        self.check(["create", *kernel, *output, "file"], "unexpected argument 'file'")
        self.check(["create", *kernel, *output, *kernel], "second time", "--kernel")

    def test_help_that_is_a_value(self):
        self.check(["create", "--kernel", "k", "--cmdline", "--help"], "'--output FILE' is missing")
        self.check(["create", "--kernel", "--help"], "'--output FILE' is missing")
        self.check(["create", "--kernel", "k", "--", "--help"], "unexpected argument '--help'")

    def test_modules(self):
        options = ["create", "--kernel", "k", "--output", self.path("o")]
        for value in ("name", "=file", "name=", "=", ""):
            self.check([*options, "--module", value], "a module must be NAME=FILE", f"'{value}'")
        self.check([*options, "--module"], "nothing follows option '--module'")
        text = ["--module-cmdline", "text"]
        self.check([*options, *text], "no --module directly before command line 'text'")
        self.check([*options, "--module", "a=b", *text, *text],
                   "no --module directly before command line 'text'")
        self.check([*options, "--module", "a\nb"], r"'a\x0ab'")

    def test_flags(self):
        options = ["create", "--kernel", "k", "--output", self.path("o")]
        self.check([*options, "--no-symbols=yes"], "no value belongs to option", "--no-symbols=yes")
        self.check([*options, "--no-symbols", "--no-symbols"], "second time", "--no-symbols")
        self.check([*options, "--no-symbols", "yes"], "unexpected argument 'yes'")

    def test_colour(self):
        for command in ("create", "inspect", "verify"):
            self.check([command, "--color", "blue"], "not auto, always or never: 'blue'",
                       f"bootimage {command} --help")
            self.check([command, "--color="], "not auto, always or never: ''")
            self.check([command, "--color"], "nothing follows option '--color'")

    def test_inspect(self):
        self.check(["inspect"], "argument 'IMAGE' is missing", "bootimage inspect --help")
        self.check(["inspect", "a", "b"], "second time", "'b'")
        self.check(["inspect", "--all", "a"], "unknown option '--all'")

    def test_spellings_that_are_right(self):
        kernel = self.write("-kernel.elf", simple_kernel())
        output = self.path("o")
        finished = run_bootimage("create", f"--output={output}", f"--kernel={kernel}",
                                 "--cmdline=--quiet a=b")
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        finished = run_bootimage("inspect", "--", output)
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertIn('"--quiet a=b"', finished.stdout)


if __name__ == "__main__":
    unittest.main()
