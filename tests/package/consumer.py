"""What the tests of the package share: Firstlight installed in a scratch folder, and projects of
users outside the tree. Paths have a space and a comma in them, as a user's may have."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from harness.elf_file import EXIT_CODE, R, X, Segment, write_executable

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
CLANG = ("-DCMAKE_C_COMPILER=clang", "-DCMAKE_CXX_COMPILER=clang++")
BASE = 0xFFFFFFFF80000000
SECONDS = 900  # more than the longest of these steps takes on a busy machine


# Settings of the user's or of this machine that would change what a test sees.
DROPPED = ("CC", "CXX", "CFLAGS", "LDFLAGS", "CMAKE_PREFIX_PATH", "DISPLAY", "WAYLAND_DISPLAY",
           "DEBUGINFOD_URLS")


def run_command(*command, cwd=None, environment=None, typed=""):
    """Runs it to its end, `typed` on its standard input; gives status and output, which is both of its
    streams."""
    inherited = {name: value for name, value in os.environ.items() if name not in DROPPED}
    return subprocess.run(list(map(str, command)), cwd=cwd, env={**inherited, **(environment or {})},
                          text=True, errors="backslashreplace", input=typed,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
                          check=False)


def cmake(*arguments, **options):
    return run_command(os.environ["FIRSTLIGHT_CMAKE"], *arguments, **options)


def listing(folder):
    """The files below a folder, as paths relative to it."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*")
                  if not path.is_dir() or path.is_symlink())


class PackageCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="firstlight, package ")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def succeed(self, done):
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def install(self, prefix=None):
        """Installs what the tests' build has made; gives the prefix."""
        prefix = prefix or self.folder / "installed here"
        self.succeed(cmake("--install", os.environ["FIRSTLIGHT_BUILD"], "--prefix", prefix))
        return prefix

    def copy_project(self, name="consumer"):
        return Path(shutil.copytree(HERE / name, self.folder / name, dirs_exist_ok=True))

    def configure(self, project, *options, generator="Ninja", environment=None):
        """Configures a project in the folder `build` beside it."""
        return cmake("-S", project, "-B", self.folder / "build", "-G", generator, *options,
                     environment=environment)

    def build(self, *arguments):
        return self.succeed(cmake("--build", self.folder / "build", "--parallel", "2", *arguments))

    def run_tests(self, *arguments):
        """Runs the project's own tests."""
        return self.succeed(run_command(os.environ["FIRSTLIGHT_CTEST"], "--test-dir",
                                        self.folder / "build", "--output-on-failure", *arguments))

    def boot_with(self, tool):
        """Makes an image with the tool at that place, and boots it."""
        kernel, image = self.folder / "kernel.elf", self.folder / "image.bin"
        write_executable(kernel, [Segment(BASE, R | X, EXIT_CODE)], BASE)
        self.succeed(run_command(tool, "create", "--kernel", kernel, "--output", image))
        self.succeed(run_command(tool, "test", image))
