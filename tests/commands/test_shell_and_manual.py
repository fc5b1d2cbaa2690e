"""The manual page and the completions of three shells say what --help says, and the page is well
formed."""

import functools
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import tempfile
import unittest

from harness.environment import build_path, create_image, run_bootimage, skip_without
from harness.process import die_with_parent

HERE = os.path.dirname(os.path.abspath(__file__))
SHARE = os.path.join(HERE, "../../tools/bootimage/share")
MANUAL = os.path.join(SHARE, "bootimage.1")
BASH, FISH = (os.path.join(SHARE, name) for name in ("bootimage.bash", "bootimage.fish"))
ASK_ZSH = os.path.join(HERE, "ask.zsh")
SECONDS = 60  # more than zsh takes to say anything
PASSED_ON = "--"  # an option of its own in the help: what follows is another program's


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def commands():
    """The commands that the help lists, without help itself."""
    listed = run_bootimage("--help").stdout.split("\nCommands:\n")[1].split("\nOptions:\n")[0]
    found = re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE)
    found.remove("help")
    return found


def help_options(command):
    """Option -> what it takes, as --help has them, those of every command too."""
    text = run_bootimage(command, "--help").stdout
    rows = re.findall(r"^  (?:-h, )?(--[a-z-]*)(?: ([A-Z][A-Z=.]*))?(?:  |$)", text, re.MULTILINE)
    return dict(rows)


def manual_sections():
    """Command -> the page's subsection about it."""
    parts = re.split(r"^\.Ss ([a-z]+)$", read(MANUAL), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (re.split(r"^\.Sh ", part, flags=re.MULTILINE)[0]
                                  for part in parts[2::2])))


def manual_options(text):
    """Option -> what it takes, of a part of the page."""
    return {name: value.replace(" Ns = Ns Ar ", "=").upper().replace(" ...", "...")
            for name, value in
            ((f"-{name}", value) for name, value in
             re.findall(r"^\.It (?:Fl h , )?Fl (-[a-z-]*)(?: Ar (.*))?$", text, re.MULTILINE))}


class Manual(unittest.TestCase):
    def test_lint(self):
        skip_without("mandoc")
        checked = subprocess.run(["mandoc", "-Tlint", "-Wwarning", MANUAL], capture_output=True,
                                 text=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    def test_commands(self):
        self.assertEqual(list(manual_sections()), commands())
        synopsis = read(MANUAL).split(".Sh SYNOPSIS")[1].split(".Sh DESCRIPTION")[0]
        self.assertEqual(re.findall(r"^\.Cm (.*)$", synopsis, re.MULTILINE), [*commands(), "help"])

    def test_options(self):
        common = manual_options(read(MANUAL).split(".Ss ")[0].split(".Sh DESCRIPTION")[1])
        self.assertEqual(common, {"--color": "WHEN", "--help": ""})
        for command, section in manual_sections().items():
            self.assertEqual({**manual_options(section), **common}, help_options(command), command)

    def test_limits(self):
        """A number in an option's help is in the page."""
        for command, section in manual_sections().items():
            text = run_bootimage(command, "--help").stdout.split("\nOptions of every")[0]
            text = text.replace("bootimage(1)", "").partition("\nOptions:\n")[2]
            numbers = re.findall(r"\b\d+\b", text)
            self.assertEqual([number for number in numbers
                              if not re.search(rf"\b{number}\b", section)], [], command)

    def test_exit_statuses(self):
        text = run_bootimage("--help").stdout.split("Exit status:")[1]
        section = read(MANUAL).split(".Sh EXIT STATUS")[1].split(".Sh ")[0]
        self.assertEqual(re.findall(r"^  (\d+) ", text, re.MULTILINE),
                         re.findall(r"^\.It (\d+)$", section, re.MULTILINE))

    def test_json_members(self):
        """Those of a real report are all in the page, and no others."""
        with tempfile.TemporaryDirectory() as folder:
            module = os.path.join(folder, "module")
            with open(module, "w") as file:
                file.write("x")
            image = create_image(build_path("kernel", "firstlight-kernel.elf"),
                                 os.path.join(folder, "image"), "quiet", [("m", module, "x")],
                                 ["--compress", "lz4"])
            images = [image, *(build_path("tests", "boot", f"{name}.bin") for name in
                               ("mappings_pie", "thread_local", "symbols", "stack_size"))]
            members = set()

            def collect(pairs):
                members.update(name for name, _ in pairs)
                return dict(pairs)
            for path in images:
                json.loads(run_bootimage("inspect", "--json", path).stdout,
                           object_pairs_hook=collect)
        section = read(MANUAL).split(".Sh JSON")[1].split(".Sh ")[0]
        documented = set(re.findall(r"Va ([a-z_0-9]+)", section)) - {"_hex"}
        self.assertEqual(members, documented)


class Bash(unittest.TestCase):
    def complete(self, *words):
        """What the function offers for the last word, in an empty folder with two files."""
        script = ('source "$1"; shift\nCOMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n_bootimage\n'
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        with tempfile.TemporaryDirectory() as folder:
            for name in ("image.bin", "two words"):
                with open(os.path.join(folder, name), "w"):
                    pass
            os.mkdir(os.path.join(folder, "folder"))
            finished = subprocess.run(
                ["bash", "-c", script, "bash", os.path.abspath(BASH), "bootimage", *words],
                cwd=folder, capture_output=True, text=True, check=True)
        self.assertEqual(finished.stderr, "")
        return set(finished.stdout.split("\n")) - {""}

    def setUp(self):
        skip_without("bash")

    def test_commands(self):
        self.assertEqual(self.complete(""),
                         {*commands(), "help", "--help", "-h", "--version"})
        self.assertEqual(self.complete("ver"), {"verify"})
        self.assertEqual(self.complete("help", ""), {*commands(), "help"})

    def test_options(self):
        for command in commands():
            self.assertEqual(self.complete(command, "-"), {*help_options(command), "-h"}, command)
            self.assertEqual(self.complete(command, "image.bin", "--col"), {"--color"})

    def test_values(self):
        files = {"image.bin", "two words", "folder"}
        for command in commands():
            self.assertEqual(self.complete(command, "--color", ""), {"auto", "always", "never"})
            self.assertEqual(self.complete(command, "--color", "=", "a"), {"auto", "always"})
            self.assertEqual(self.complete(command, "--color", "="), {"auto", "always", "never"})
            self.assertEqual(self.complete(command, ""), files)
        for command in ("create", "convert"):
            self.assertEqual(self.complete(command, "--format", "v"), {"vhd", "vmdk"})
            self.assertEqual(self.complete(command, "--output", "i"), {"image.bin"})
        self.assertEqual(self.complete("create", "--compress", ""), {"auto", "none", "lz4"})
        self.assertEqual(self.complete("extract", "image.bin", "--all", ""), {"folder"})
        self.assertEqual(self.complete("create", "--module", "name", "=", "t"), {"two words"})
        self.assertEqual(self.complete("create", "--module", "name", "="), files)
        self.assertEqual(self.complete("create", "--cmdline", ""), set())
        self.assertEqual(self.complete("extract", "--cmdline", "--for"), {"--force"})
        self.assertEqual(self.complete("run", "image.bin", "--", "-hda", "im"), {"image.bin"})

    def test_formats(self):
        offered = self.complete("create", "--format", "")
        shown = re.findall(r"^ {28}([a-z]+)  ", run_bootimage("create", "--help").stdout,
                           re.MULTILINE)
        self.assertEqual(offered, set(shown))


class Zsh(unittest.TestCase):
    """Asked on a terminal, as a person does."""

    def setUp(self):
        skip_without("zsh")
        folder = tempfile.TemporaryDirectory(prefix="firstlight-")
        self.addCleanup(folder.cleanup)
        self.path = functools.partial(os.path.join, folder.name)

    def complete(self, *lines):
        """For each line, what is offered for its last word, an option that takes a value with its "=";
        in an empty folder with two files."""
        os.mkdir(self.path("here"))
        for name in ("image.bin", "two words"):
            with open(self.path("here", name), "w"):
                pass
        os.mkdir(self.path("here", "folder"))
        with open(self.path("lines"), "w") as file:
            file.writelines(line + "\n" for line in lines)
        self.run_zsh(f"cd {shlex.quote(self.path('here'))}; source {shlex.quote(ASK_ZSH)}\n",
                     ASK_FOLDER=os.path.abspath(SHARE), ASK_LINES=self.path("lines"),
                     ASK_ANSWERS=self.path("answers"))
        offers = {line: set() for line in lines}
        for answer in read(self.path("answers")).splitlines():
            line, word = answer.split("\t")
            offers[line].add(word)
        return offers

    def run_zsh(self, typed, **environment):
        process, terminal = pty.fork()
        if process == 0:
            die_with_parent()
            os.execvpe("zsh", ["zsh", "-f", "-i"],
                       {**os.environ, "TERM": "vt100", "HOME": self.path(), **environment})
        shown = b""
        try:
            os.write(terminal, typed.encode())
            while select.select([terminal], [], [], SECONDS)[0]:
                shown += os.read(terminal, 4096)
            os.kill(process, signal.SIGKILL)
            self.fail(f"zsh does not end: {shown!r}")
        except OSError:  # it has ended
            pass
        finally:
            os.close(terminal)
            os.waitpid(process, 0)

    def test_commands(self):
        offers = self.complete("bootimage ", "bootimage -", "bootimage ver", "bootimage help ")
        self.assertEqual(offers, {"bootimage ": {*commands(), "help"},
                                  "bootimage -": {"--help", "-h", "--version"},
                                  "bootimage ver": {"verify"},
                                  "bootimage help ": {*commands(), "help"}})

    def test_options(self):
        lines = {command: f"bootimage {command} --" for command in commands()}
        offers = self.complete(*lines.values())
        for command, line in lines.items():
            self.assertEqual(offers[line], {name + ("=" if value else "") for name, value
                                            in help_options(command).items() if name != PASSED_ON},
                             command)

    def test_values(self):
        files, formats = {"image.bin", "two\\ words", "folder"}, {"raw", "vhd", "vmdk", "iso"}
        expected = {
            "bootimage create --format ": formats, "bootimage convert --format=": formats,
            "bootimage create --compress ": {"auto", "none", "lz4"},
            "bootimage verify --color ": {"auto", "always", "never"},
            "bootimage create --output i": {"image.bin"}, "bootimage create --cmdline ": set(),
            "bootimage extract image.bin --all ": {"folder"}, "bootimage verify ": files,
            "bootimage run --without-display ": files, "bootimage run image.bin -- -hda ": files,
            "bootimage create --module ": files, "bootimage test --timeout ": set(),
        }
        self.assertEqual(self.complete(*expected), expected)


class Fish(unittest.TestCase):
    def complete(self, line):
        with tempfile.TemporaryDirectory() as home:
            finished = subprocess.run(
                ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
                 os.path.abspath(FISH), line], cwd=home, capture_output=True, text=True, check=True,
                env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home})
        self.assertEqual(finished.stderr, "")
        return {offer.split("\t")[0] for offer in finished.stdout.splitlines()}

    def setUp(self):
        skip_without("fish")

    def test_commands(self):
        self.assertEqual(self.complete("bootimage "), {*commands(), "help"})

    def test_options(self):
        for command in commands():
            offers = {offer.rstrip("=") for offer in self.complete(f"bootimage {command} --")}
            self.assertEqual(offers, set(help_options(command)) - {PASSED_ON}, command)

    def test_values(self):
        self.assertEqual(self.complete("bootimage create --format "), {"raw", "vhd", "vmdk", "iso"})
        self.assertEqual(self.complete("bootimage verify --color "), {"auto", "always", "never"})


if __name__ == "__main__":
    unittest.main()
