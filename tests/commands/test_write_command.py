"""bootimage write: a round trip on loop devices, the questions it asks, and all it refuses. Only loop
devices that the tests have set up are ever named to be written."""

import os
import pty
import select
import shutil
import subprocess
import time
import unittest

from harness.environment import run_bootimage, skip_without
from machines import SECONDS, MachineCase, leave

MEBIBYTE = 1 << 20
OLD = b"what was there "
SECTOR = 512
NOBODY = 65534


class LoopDevice:
    """A file of `size` bytes full of OLD, as a disk."""

    def __init__(self, case, name, size=8 * MEBIBYTE, options=()):
        self.path = case.write(name, (OLD * (size // len(OLD) + 1))[:size])
        made = subprocess.run(["losetup", "--show", "--find", *options, self.path],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise unittest.SkipTest(f"no loop devices here: {made.stderr.strip()}")
        self.device = made.stdout.strip()
        self.name = os.path.basename(self.device)
        case.addCleanup(subprocess.run, ["losetup", "--detach", self.device], check=True)
        with open(f"/sys/block/{self.name}/loop/backing_file", encoding="utf-8") as file:
            assert file.read().strip() == self.path, "not the test's own device"

    def add_partition(self):
        """Partition 1 at LBA 2048; gives the file that tells where it starts."""
        skip_without("addpart")
        subprocess.run(["addpart", self.device, "1", "2048", "4096"], check=True)
        start = f"/sys/block/{self.name}/{self.name}p1/start"
        with open(start, encoding="utf-8") as file:
            assert file.read() == "2048\n"
        return start

    def content(self):
        with open(self.path, "rb") as file:
            return file.read()


class WriteCase(MachineCase):
    def setUp(self):
        super().setUp()
        if not os.path.isdir("/sys/block"):
            self.skipTest("bootimage writes disks on Linux only")

    def loop(self, name="disk", **more):
        skip_without("losetup")
        if os.geteuid() != 0:
            self.skipTest("only root can set up loop devices")
        return LoopDevice(self, name, **more)

    def small_image(self):
        return self.boot_image(leave(0x10))

    def check_refused(self, *arguments, text, status=1, old=None):
        """One line; `old` is the loop device that must be as it was."""
        before = old.content() if old else None
        self.check_one_line(run_bootimage("write", *arguments), status, text)
        if old:
            self.assertEqual(old.content(), before)


class RoundTrip(WriteCase):
    def check_written(self, loop, image):
        content, expected = loop.content(), self.read(image)
        self.assertEqual(content[:len(expected)], expected)
        old = (OLD * (len(content) // len(OLD) + 1))[:len(content)]
        self.assertEqual(content[len(expected):], old[len(expected):])

    def test_writes_and_leaves_the_rest(self):
        loop, image = self.loop(), self.small_image()
        done = run_bootimage("write", image, loop.device, "--any-disk", "--yes")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, f"{loop.device}: written, read back and compared: "
                         f"{os.path.getsize(image)} bytes\n")
        self.check_written(loop, image)

    def test_written_disk_is_an_image(self):
        loop = self.loop()
        image = self.small_image()
        self.assertEqual(run_bootimage("write", image, loop.device, "--any-disk",
                                       "--yes").returncode, 0)
        done = run_bootimage("verify", loop.device)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_fills_the_disk_to_its_end(self):
        image = self.small_image()
        loop = self.loop(size=os.path.getsize(image))
        done = run_bootimage("write", image, loop.device, "--any-disk", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_written(loop, image)

    def test_by_another_name(self):
        loop, image = self.loop(), self.small_image()
        os.symlink(loop.device, self.path("lasting-name"))
        done = run_bootimage("write", image, self.path("lasting-name"), "--any-disk", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_written(loop, image)

    def test_kernel_forgets_the_old_partitions(self):
        """It reads the partition table again: an image's one partition starts at LBA 1. A kernel
        without support for such tables knows of none then."""
        loop, image = self.loop(options=["--partscan"]), self.small_image()
        start = loop.add_partition()
        done = run_bootimage("write", image, loop.device, "--any-disk", "--yes")
        self.assertEqual(done.returncode, 0, done.stderr)
        if os.path.exists(start):
            with open(start, encoding="utf-8") as file:
                self.assertEqual(file.read(), "1\n")


class Asks(WriteCase):
    def converse(self, answer, *arguments, meanwhile=lambda: None):
        """With a terminal on which `answer` is typed when the question comes, after a call of
        meanwhile(). Gives exit status and all that the terminal showed."""
        ours, theirs = pty.openpty()
        tool = subprocess.Popen([os.environ["FIRSTLIGHT_BOOTIMAGE"], "write", *arguments],
                                stdin=theirs, stdout=theirs, stderr=theirs,
                                env={**os.environ, "NO_COLOR": "1"})
        os.close(theirs)
        shown, end = b"", time.monotonic() + SECONDS
        try:
            while time.monotonic() < end:
                if not select.select([ours], [], [], 0.1)[0]:
                    continue
                try:
                    piece = os.read(ours, 4096)
                except OSError:  # the terminal's other end is closed
                    break
                if not piece:
                    break
                shown += piece
                if shown.endswith(b": ") and b"type its name" in shown and answer is not None:
                    meanwhile()
                    os.write(ours, answer)
                    answer = None
            status = tool.wait(SECONDS)
        finally:
            tool.kill()
            tool.wait()
            os.close(ours)
        return status, shown.decode()

    def test_name_is_a_yes(self):
        loop, image = self.loop(), self.small_image()
        status, shown = self.converse(f"{loop.name}\n".encode(), image, loop.device, "--any-disk")
        self.assertEqual(status, 0, shown)
        self.assertIn(f"{loop.device}: virtual, no model named, 8.3 MB, serial number unknown\r\n",
                      shown)
        self.assertIn("All that is on it will be lost.", shown)
        self.assertIn("\rwriting      100 %\r\n", shown)
        self.assertIn("\rreading back 100 %\r\n", shown)
        self.assertEqual(loop.content()[:os.path.getsize(image)], self.read(image))

    def test_anything_else_is_a_no(self):
        loop, image = self.loop(), self.small_image()
        before = loop.content()
        for answer in (b"\n", b"yes\n", b"y\n", loop.name.encode() + b"x\n", b"\x04",
                       b" " + loop.name.encode() + b"\n"):
            status, shown = self.converse(answer, image, loop.device, "--any-disk")
            self.assertEqual(status, 1, shown)
            self.assertIn(f"bootimage: {loop.device}: nothing was written\r\n", shown)
            self.assertEqual(loop.content(), before)

    def check_swapped(self, size):
        """While the question stands, another disk gets the number of the one that was shown."""
        loop, image = self.loop(), self.small_image()
        other = self.write("other disk", b"\0" * size)

        def swap():
            subprocess.run(["losetup", "--detach", loop.device], check=True)
            subprocess.run(["losetup", loop.device, other], check=True)

        status, shown = self.converse(f"{loop.name}\n".encode(), image, loop.device, "--any-disk",
                                      meanwhile=swap)
        self.assertEqual(status, 1, shown)
        self.assertIn(f"bootimage: {loop.device}: is another disk than a moment ago: nothing was "
                      "written: look again\r\n", shown)
        self.assertEqual(self.read("other disk"), b"\0" * size)
        self.assertTrue(loop.content().startswith(OLD))

    def test_other_disk_while_asked(self):
        self.check_swapped(16 * MEBIBYTE)

    def test_other_disk_of_the_same_size_while_asked(self):
        loop = self.loop("probe")
        if not os.path.exists(f"/sys/block/{loop.name}/diskseq"):
            self.skipTest("this kernel does not count its disks: Linux 5.15 does")
        self.check_swapped(8 * MEBIBYTE)

    def test_nobody_to_ask(self):
        loop = self.loop()
        done = subprocess.run([os.environ["FIRSTLIGHT_BOOTIMAGE"], "write", self.small_image(),
                               loop.device, "--any-disk"], input=loop.name + "\n",
                              capture_output=True, text=True, check=False)
        self.check_one_line(done, 1, "no terminal to ask at")
        self.assertTrue(loop.content().startswith(OLD))


class Refuses(WriteCase):
    def test_disk_that_is_not_removable(self):
        loop = self.loop()
        self.check_refused(self.small_image(), loop.device, "--yes", old=loop,
                           text=f"{loop.device}: is no removable disk: if it is the right one all "
                                "the same, add --any-disk")

    def test_partition(self):
        loop = self.loop(options=["--partscan"])
        loop.add_partition()
        partition = f"{loop.device}p1"
        if not os.path.exists(partition):
            self.skipTest("no device nodes appear here")
        self.check_refused(self.small_image(), partition, "--any-disk", "--yes", old=loop,
                           text="is a partition: an image goes on the whole disk, " + loop.device)

    def in_namespace(self, prepare, *arguments):
        """Runs the tool behind a shell command in a mount namespace that ends with it."""
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", f'{prepare} && exec "$0" write "$@"',
             os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments], capture_output=True, text=True,
            check=False)
        if "mount:" in done.stderr or "unshare:" in done.stderr:
            self.skipTest(f"nothing can be mounted here: {done.stderr}")
        return done

    def file_system(self):
        skip_without("mkfs.ext2")
        loop = self.loop()
        subprocess.run(["mkfs.ext2", "-q", "-F", loop.device], check=True, capture_output=True)
        return loop

    def test_mounted_disk(self):
        loop, image = self.file_system(), self.small_image()
        os.mkdir(self.path("mount point"))
        done = self.in_namespace(f'mount {loop.device} "{self.path("mount point")}"', image,
                                 loop.device, "--any-disk", "--yes")
        self.check_one_line(done, 1, f"{loop.device}: is in use: {loop.name} is mounted at "
                            f"{self.path('mount point')}: unmount it")

    def test_disk_mounted_where_nobody_sees(self):
        """In another mount namespace: the kernel itself says no."""
        loop, image = self.file_system(), self.small_image()
        os.mkdir(self.path("there"))
        other = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", f'mount {loop.device} "{self.path("there")}" && '
             'echo mounted && cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        with other:
            if other.stdout.readline() != "mounted\n":
                other.communicate()
                self.skipTest("nothing can be mounted here")
            self.check_refused(image, loop.device, "--any-disk", "--yes", status=3,
                               text=f"{loop.device}: is in use by another program or by the kernel")
            other.communicate()

    def test_disk_that_a_program_holds(self):
        loop = self.loop()
        held = os.open(loop.device, os.O_RDONLY | os.O_EXCL)
        try:
            self.check_refused(self.small_image(), loop.device, "--any-disk", "--yes", status=3,
                               old=loop, text="is in use by another program")
        finally:
            os.close(held)

    def test_disk_of_the_running_system(self):
        """Asked without --yes: if the refusal failed, nobody would answer."""
        with open("/proc/mounts", encoding="utf-8") as file:
            if "/" not in [line.split()[1] for line in file]:
                self.skipTest("the root directory is no mount of its own: a change of root")
        number = os.stat("/").st_dev
        path = f"/sys/dev/block/{os.major(number)}:{os.minor(number)}"
        if not os.path.exists(path):
            self.skipTest("the root file system is on no disk")
        place = os.path.realpath(path)
        partition = os.path.exists(os.path.join(place, "partition"))
        name = os.path.basename(os.path.dirname(place) if partition else place)
        if not os.path.exists(f"/dev/{name}"):
            self.skipTest(f"there is no /dev/{name}")
        self.check_refused(self.small_image(), f"/dev/{name}", "--any-disk",
                           text=f"/dev/{name}: belongs to the running system: ")

    def test_read_only_disk(self):
        loop = self.loop(options=["--read-only"])
        self.check_refused(self.small_image(), loop.device, "--any-disk", "--yes", old=loop,
                           text="is read-only")

    def test_disk_that_is_too_small(self):
        image = self.small_image()
        size = os.path.getsize(image) - SECTOR
        loop = self.loop(size=size)
        self.check_refused(image, loop.device, "--any-disk", "--yes", old=loop,
                           text=f"has {size} bytes, and the image {size + SECTOR}")

    def test_what_is_no_disk(self):
        image = self.small_image()
        os.mkfifo(self.path("pipe"))
        for path, text in ((self.write("file", OLD), "is a regular file and no disk"),
                           (self.folder, "is a directory and no disk"),
                           ("/dev/null", "is a character device and no disk"),
                           (self.path("pipe"), "is no disk")):
            self.check_refused(image, path, "--any-disk", "--yes", text=f"{path}: {text}")
        self.assertEqual(self.read("file"), OLD)
        self.check_refused(image, self.path("none"), "--any-disk", "--yes",
                           text="is no disk: No such file or directory")

    def test_user_without_rights(self):
        skip_without("setpriv")
        loop = self.loop()
        image = self.small_image()
        tool = shutil.copy(os.environ["FIRSTLIGHT_BOOTIMAGE"], self.path("bootimage"))
        os.chmod(self.folder, 0o755)
        done = subprocess.run(["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                               "--clear-groups", tool, "write", image, loop.device, "--any-disk",
                               "--yes"], capture_output=True, text=True, check=False)
        self.check_one_line(done, 3, "may not be written by you: run bootimage with sudo")
        self.assertTrue(loop.content().startswith(OLD))

    def test_image(self):
        loop = self.loop()
        options = loop.device, "--any-disk", "--yes"
        damaged = bytearray(self.read(self.small_image()))
        damaged[SECTOR + 100] ^= 1
        self.check_refused(self.path("none"), *options, old=loop, status=3, text="none: cannot be")
        self.check_refused(self.write("damaged", damaged), *options, old=loop, text="damaged: ")
        done = run_bootimage("write", self.write("other", OLD * 1000), *options)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.check_refused(loop.device, *options, text="is not a regular file", old=loop)
        footer = b"conectix".ljust(SECTOR, b"\0")
        vhd = self.write("made.vhd", self.read(self.small_image()) + footer)
        self.check_refused(vhd, *options, old=loop,
                           text="made.vhd: is a VHD: give the raw image, from which it was made")
        self.assertTrue(loop.content().startswith(OLD))


class Lists(WriteCase):
    def check_nothing_written(self, done):
        """A script whose variable is empty must notice."""
        self.assertEqual((done.returncode, done.stderr), (2, "bootimage: nothing was written: no "
                         "DEVICE is named behind the image\n"))

    def test_disks(self):
        loop, image = self.loop(), self.small_image()
        done = run_bootimage("write", image, "--any-disk")
        self.check_nothing_written(done)
        self.assertRegex(done.stdout, rf"(?m)^{loop.device}: virtual, no model named, 8\.3 MB, "
                                      r"serial number unknown$")
        self.assertTrue(loop.content().startswith(OLD))

    def test_only_removable_ones(self):
        loop, image = self.loop(), self.small_image()
        done = run_bootimage("write", image)
        self.check_nothing_written(done)
        self.assertNotIn(loop.device, done.stdout)

    def test_says_why_one_cannot_be_written(self):
        loop = self.loop(options=["--read-only"])
        done = run_bootimage("write", self.small_image(), "--any-disk")
        self.assertIn(f"{loop.device}: virtual, no model named, 8.3 MB, serial number unknown\n"
                      "  cannot be written: it is read-only", done.stdout)


class WrongUsage(WriteCase):
    def test_arguments(self):
        for arguments, text in (([], "'IMAGE' is missing"),
                                (["i", "d", "e"], "second time"),
                                (["i", "--yes"], "no DEVICE goes with '--yes'"),
                                (["i", "d", "--force"], "unknown option '--force'")):
            self.check_one_line(run_bootimage("write", *arguments), 2, text)

    def test_help(self):
        done = run_bootimage("write", "--help")
        for text in ("IMAGE", "DEVICE", "--any-disk", "--yes", "read back|reads it back",
                     "partitions"):
            self.assertRegex(done.stdout, text)


if __name__ == "__main__":
    unittest.main()
