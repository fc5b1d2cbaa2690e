"""What the tests of whole images share: kernels, the tool, and how a refusal must look."""

import os
import shutil
import subprocess
import tempfile
import unittest

from harness.disk_image import DiskImage
from harness.elf_file import EXIT_CODE, PAGE, R, W, X, Segment, executable
from harness.environment import create_image, run_bootimage

BASE = 0xFFFFFFFF80000000
REFUSED, USAGE, SYSTEM = 1, 2, 3  # exit statuses
OLD_CONTENT = b"the image of the last build"
LARGEST_IMAGE = 1 << 41


def simple_kernel(data=3000, memory=20000):
    """Code and data with .bss, both different in every sector."""
    code = EXIT_CODE + bytes(1 + i * 7 % 251 for i in range(5000 - len(EXIT_CODE)))
    return executable([Segment(BASE, R | X, code),
                       Segment(BASE + 2 * PAGE, R | W, bytes(1 + i % 253 for i in range(data)),
                               memory)], BASE)


def run_unprivileged(*arguments):
    """Runs the tool; as root, without the right to pass over access modes."""
    command = [os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class ImageCase(unittest.TestCase):
    """Each test has a folder of its own."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def image(self, command_line=None, kernel=None):
        """Makes image.bin and reads it back."""
        source = self.write("kernel.elf", simple_kernel() if kernel is None else kernel)
        return DiskImage(create_image(source, self.path("image.bin"), command_line))

    def disk_image(self):
        """Reads image.bin."""
        return DiskImage(self.path("image.bin"))

    def check_one_line(self, finished, status, *texts):
        """`texts` must all be in the one line on standard error."""
        self.assertEqual(finished.returncode, status, finished.stderr)
        self.assertEqual(finished.stdout, "")
        self.assertRegex(finished.stderr, r"\Abootimage: [^\n]+\n\Z")
        for text in texts:
            self.assertIn(text, finished.stderr)

    def check_refused(self, arguments, *texts, run=run_bootimage, status=REFUSED):
        """`create` with these arguments is refused and leaves the folder as it was, with the old
        output in it."""
        output = self.write("image.bin", OLD_CONTENT)
        before = sorted(os.listdir(self.folder))
        self.check_one_line(run("create", "--output", output, *arguments), status, *texts)
        self.assertEqual(self.read("image.bin"), OLD_CONTENT)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def check_kernel_refused(self, kernel, *texts):
        source = self.write("kernel.elf", kernel)
        self.check_refused(["--kernel", source], f"bootimage: {source}: ", *texts)
