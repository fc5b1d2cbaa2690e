"""Other forms of an image: what emulators read in them is the image, the same input gives the same
bytes, and they boot. Programs that are missing or fail leave nothing behind."""

import os
import re
import shutil
import signal
import struct
import subprocess
import time
import unittest

from harness.environment import build_path, create_image, run_bootimage, skip_without
from harness.expect import expect_boot
from harness.qemu import option_value
from support import OLD_CONTENT, REFUSED, SYSTEM, USAGE, ImageCase, simple_kernel

NEEDS = {"vhd": "qemu-img", "vmdk": "qemu-img", "iso": "xorriso"}
SECTOR = 512
VHD_TIME, VHD_CHECKSUM, VHD_UUID = slice(24, 28), slice(64, 68), slice(68, 84)
VMDK_DESCRIPTOR = slice(SECTOR, 21 * SECTOR)
ISO_SECTOR, ISO_VOLUME, ISO_BOOT_RECORD = 2048, 16, 17


class VariantCase(ImageCase):
    def setUp(self):
        super().setUp()
        self.image("quiet")
        self.raw = self.read("image.bin")

    def convert(self, variant, name, source="image.bin"):
        skip_without(NEEDS[variant])
        finished = run_bootimage("convert", self.path(source), "--format", variant, "--output",
                                 self.path(name))
        self.assertEqual((finished.returncode, finished.stdout, finished.stderr), (0, "", ""))
        return self.read(name)

    def programs(self, **programs):
        """A folder for PATH: names and what is in them, a path to link to or a script."""
        os.makedirs(self.path("programs"), exist_ok=True)
        for name, content in programs.items():
            path = self.path(f"programs/{name.replace('_', '-')}")
            if content.startswith("#!"):
                with open(path, "w") as file:
                    file.write(content)
                os.chmod(path, 0o755)
            else:
                os.symlink(content, path)
        return self.path("programs")

    def run_with_path(self, path, *arguments):
        return subprocess.run([os.environ["FIRSTLIGHT_BOOTIMAGE"], *arguments],
                              env={**os.environ, "PATH": path}, capture_output=True, text=True,
                              check=False)


class Content(VariantCase):
    def check_with_qemu_img(self, variant, driver):
        self.convert(variant, f"made.{variant}")
        compared = subprocess.run(
            ["qemu-img", "compare", "-f", "raw", "-F", driver, self.path("image.bin"),
             self.path(f"made.{variant}")], capture_output=True, text=True, check=False)
        self.assertEqual(compared.returncode, 0, compared.stdout + compared.stderr)

    def test_vhd(self):
        self.check_with_qemu_img("vhd", "vpc")
        made = self.read("made.vhd")
        self.assertEqual(made[:-SECTOR], self.raw)
        footer = bytearray(made[-SECTOR:])
        checksum, = struct.unpack(">I", footer[VHD_CHECKSUM])
        footer[VHD_CHECKSUM] = bytes(4)
        self.assertEqual(checksum, ~sum(footer) & 0xFFFFFFFF)
        self.assertEqual(footer[VHD_TIME], bytes(4))
        self.assertEqual((footer[VHD_UUID][6] >> 4, footer[VHD_UUID][8] >> 6), (8, 2))
        # It is the raw image with something behind, also for this tool.
        self.assertEqual(run_bootimage("verify", self.path("made.vhd")).returncode, 0)

    def test_vmdk(self):
        self.check_with_qemu_img("vmdk", "vmdk")
        checked = subprocess.run(["qemu-img", "check", self.path("made.vmdk")], check=False,
                                 capture_output=True)
        self.assertEqual(checked.returncode, 0)
        descriptor = self.read("made.vmdk")[VMDK_DESCRIPTOR].rstrip(b"\0").decode()
        signature, = struct.unpack_from("<I", self.raw, 0x1B8)
        self.assertIn(f"\nCID={signature:08x}\n", descriptor)
        self.assertIn('SPARSE "made.vmdk"\n', descriptor)
        self.assertTrue(descriptor.endswith("\n"))

    def test_iso(self):
        made = self.convert("iso", "made.iso")
        record = made[ISO_BOOT_RECORD * ISO_SECTOR:]
        self.assertEqual(record[7:30], b"EL TORITO SPECIFICATION")
        catalog = made[struct.unpack_from("<I", record, 0x47)[0] * ISO_SECTOR:]
        bootable, media, _, _, _, _, start = struct.unpack_from("<BBHBBHI", catalog, 32)
        self.assertEqual((bootable, media), (0x88, 4))  # 4: a hard disk
        self.assertEqual(made[start * ISO_SECTOR:][:len(self.raw)], self.raw)

    def test_raw(self):
        with open(self.path("image.bin"), "ab") as file:
            file.write(b"x" * 700)
        finished = run_bootimage("convert", self.path("image.bin"), "--format=raw", "--output",
                                 self.path("made.bin"))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertEqual(self.read("made.bin"), self.raw)

    def test_what_lies_behind_the_image_stays_out(self):
        with open(self.path("longer.bin"), "wb") as file:
            file.write(self.raw + b"x" * 700)
        self.assertEqual(self.convert("vhd", "a.vhd"), self.convert("vhd", "b.vhd", "longer.bin"))

    def test_other_forms_are_called_by_their_names(self):
        """Where the raw image is needed, instead of all that is missing in them."""
        for variant, name in (("vmdk", "a VMDK"), ("iso", "an ISO image")):
            self.convert(variant, f"made.{variant}")
            path = self.path(f"made.{variant}")
            for command in (["verify", path], ["inspect", path], ["extract", path, "--cmdline"],
                            ["convert", path, "--format=raw", "--output", self.path("out")]):
                finished = run_bootimage(*command)
                self.assertEqual((finished.returncode, finished.stderr),
                                 (REFUSED, f"bootimage: {path}: is {name}: give the raw image, from "
                                           "which it was made\n"), command)
        self.assertFalse(os.path.exists(self.path("out")))

    def test_create_makes_the_same(self):
        for variant, need in NEEDS.items():
            skip_without(need)
            create_image(self.path("kernel.elf"), self.path(f"made.{variant}"), "quiet",
                         options=["--format", variant])
            created = self.read(f"made.{variant}")
            self.assertEqual(created, self.convert(variant, f"made.{variant}"))
        self.assertEqual(sorted(os.listdir(self.folder)),
                         ["image.bin", "kernel.elf", "made.iso", "made.vhd", "made.vmdk"])

    def test_same_bytes_at_another_time(self):
        first = {variant: self.convert(variant, f"made.{variant}") for variant in NEEDS}
        time.sleep(2.1)  # two seconds are what some of these forms count in
        os.utime(self.path("image.bin"))
        for variant, content in first.items():
            self.assertEqual(self.convert(variant, f"made.{variant}"), content, variant)

    def test_other_image_other_identity(self):
        ours = self.convert("vhd", "a.vhd"), self.convert("vmdk", "a.vmdk")
        self.image("other")
        theirs = self.convert("vhd", "b.vhd"), self.convert("vmdk", "b.vmdk")
        self.assertNotEqual(ours[0][-SECTOR:][VHD_UUID], theirs[0][-SECTOR:][VHD_UUID])
        self.assertNotEqual(*(re.search(rb"CID=(\w+)", made[VMDK_DESCRIPTOR]).group(1)
                              for made in (ours[1], theirs[1])))

    def test_strange_names(self):
        os.mkdir(self.path("a=b,c:d\\=e"))
        for variant in NEEDS:
            plain = self.convert(variant, f"x.{variant}")
            strange = self.convert(variant, f"a=b,c:d\\=e/x.{variant}")
            self.assertEqual(strange, plain)
        strange = self.convert("vmdk", 'say "x"\n.vmdk')
        self.assertIn(b'SPARSE "say _x__.vmdk"\n', strange)

    def test_relative_names(self):
        skip_without("qemu-img")
        tool = os.path.abspath(os.environ["FIRSTLIGHT_BOOTIMAGE"])
        for name in ("nbd:x.vhd", "-x.vhd"):
            subprocess.run([tool, "convert", "image.bin", "--format=vhd", f"--output={name}"],
                           cwd=self.folder, check=True)
            self.assertEqual(self.read(name)[:-SECTOR], self.raw)


class Date(VariantCase):
    def volume_date(self, name):
        """When the volume says that it was made."""
        return self.read(name)[ISO_VOLUME * ISO_SECTOR + 813:][:16]

    def convert_at(self, date, name):
        return subprocess.run(
            [os.environ["FIRSTLIGHT_BOOTIMAGE"], "convert", self.path("image.bin"),
             "--format=iso", "--output", self.path(name)],
            env={**os.environ, "SOURCE_DATE_EPOCH": date}, capture_output=True, text=True,
            check=False)

    def test_date(self):
        self.convert("iso", "default.iso")
        self.assertEqual(self.volume_date("default.iso"), b"2000010100000000")
        self.assertEqual(self.convert_at("1000000000", "given.iso").returncode, 0)
        self.assertEqual(self.volume_date("given.iso"), b"2001090901464000")

    def test_no_date(self):
        for date in ("", "x", "-1", "1 ", "1" * 19):
            finished = self.convert_at(date, "made.iso")
            self.check_one_line(finished, SYSTEM, "SOURCE_DATE_EPOCH is no number of seconds")
        self.assertEqual(sorted(os.listdir(self.folder)), ["image.bin", "kernel.elf"])


class Programs(VariantCase):
    def check_failed(self, path, variant, *texts):
        """Both commands leave the old file and nothing else."""
        output = self.write("made", OLD_CONTENT)
        before = sorted(os.listdir(self.folder))
        for arguments in (["convert", self.path("image.bin")],
                          ["create", "--kernel", self.path("kernel.elf")]):
            finished = self.run_with_path(path, *arguments, "--format", variant, "--output", output)
            self.check_one_line(finished, SYSTEM, f"bootimage: {output}: ", *texts)
            self.assertEqual(sorted(os.listdir(self.folder)), before)
            self.assertEqual(self.read("made"), OLD_CONTENT)

    def test_missing(self):
        path = self.programs()
        for variant in ("vhd", "vmdk"):
            self.check_failed(path, variant, "qemu-img was not found", "qemu-utils")
        self.check_failed(path, "iso", "xorriso (or genisoimage) was not found", "package xorriso")

    def test_genisoimage_alone(self):
        skip_without("genisoimage")
        path = self.programs(genisoimage=shutil.which("genisoimage"))
        os.mkdir(self.path("a=b\\=c d"))
        for name in ("made.iso", "a=b\\=c d/made.iso"):
            finished = self.run_with_path(path, "convert", self.path("image.bin"), "--format=iso",
                                          "--output", self.path(name))
            self.assertEqual((finished.returncode, finished.stderr), (0, ""))
            self.assertIn(self.raw, self.read(name))

    def test_failing(self):
        script = "#!/bin/sh\necho first >&2\nprintf 'the\\tlast line\\n' >&2\nexit 3\n"
        path = self.programs(qemu_img=script, xorriso=script)
        self.check_failed(path, "vhd", r"qemu-img failed: the\x09last line")
        self.check_failed(path, "iso", r"xorriso failed: the\x09last line")

    def test_killed_and_silent(self):
        path = self.programs(qemu_img="#!/bin/sh\nkill -9 $$\n")
        self.check_failed(path, "vmdk", "qemu-img failed and does not say why")

    def test_no_program(self):
        os.mkdir(self.path("programs"))
        self.write("programs/qemu-img", b"text")
        self.check_failed(self.path("programs"), "vhd", "qemu-img cannot be started: Permission denied")
        os.chmod(self.path("programs/qemu-img"), 0o755)
        self.write("programs/qemu-img", b"\x7fELF\0\0\0\0")
        self.check_failed(self.path("programs"), "vhd", "qemu-img")

    def test_parent_that_ignores_its_children(self):
        """Such a parent has the program's status thrown away, unless the tool sees to it."""
        skip_without("qemu-img")
        finished = subprocess.run(
            [os.environ["FIRSTLIGHT_BOOTIMAGE"], "convert", self.path("image.bin"), "--format=vhd",
             "--output", self.path("made.vhd")], capture_output=True, text=True, check=False,
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertEqual((finished.returncode, finished.stderr), (0, ""))
        self.assertEqual(self.read("made.vhd")[:-SECTOR], self.raw)

    def test_unexpected_result(self):
        path = self.programs(qemu_img="#!/bin/sh\nexit 0\n")
        for variant in ("vhd", "vmdk"):
            self.check_failed(path, variant, "has not made the")

    def test_signal_removes_both_temporaries(self):
        path = self.programs(qemu_img=f"#!{shutil.which('python3')}\nimport time\ntime.sleep(60)\n")
        before = sorted(os.listdir(self.folder))
        process = subprocess.Popen(
            [os.environ["FIRSTLIGHT_BOOTIMAGE"], "convert", self.path("image.bin"), "--format=vhd",
             "--output", self.path("made.vhd")], env={**os.environ, "PATH": path},
            start_new_session=True)
        while len(os.listdir(self.folder)) != len(before) + 2:
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        process.terminate()
        self.assertEqual(process.wait(), -signal.SIGTERM)
        with self.assertRaises(ProcessLookupError, msg="the program that slept is still there"):
            os.killpg(process.pid, signal.SIGKILL)
        self.assertEqual(sorted(os.listdir(self.folder)), before)


class Refusals(VariantCase):
    def test_usage(self):
        image, output = self.path("image.bin"), ["--output", self.path("x")]
        self.check_one_line(run_bootimage("convert", image, "--format", "qcow2", *output), USAGE,
                            "not raw, vhd, vmdk or iso: 'qcow2'", "bootimage convert --help")
        self.check_one_line(run_bootimage("create", "--kernel", self.path("kernel.elf"),
                                          "--format=", *output), USAGE, "bootimage create --help")
        for arguments in ([image, *output], [image, "--format=iso"], ["--format=iso", *output]):
            self.check_one_line(run_bootimage("convert", *arguments), USAGE, "is missing")

    def test_damaged_image(self):
        image = self.disk_image()
        image.flip(image.kernel.lba)
        image.write(self.path("damaged.bin"))
        before = sorted(os.listdir(self.folder))
        for variant in ("raw", *NEEDS):
            finished = run_bootimage("convert", self.path("damaged.bin"), "--format", variant,
                                     "--output", self.path("x"))
            self.check_one_line(finished, REFUSED, "the kernel is damaged")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_image_itself(self):
        os.symlink("image.bin", self.path("link"))
        for name in ("image.bin", "link"):
            finished = run_bootimage("convert", self.path("image.bin"), "--format=raw", "--output",
                                     self.path(name))
            self.check_one_line(finished, REFUSED, f"{name}: is the image itself")
        self.assertEqual(self.read("image.bin"), self.raw)

    def test_bad_kernel(self):
        finished = run_bootimage("create", "--kernel", self.write("bad", simple_kernel()[:100]),
                                 "--format=iso", "--output", self.path("x.iso"))
        self.assertEqual(finished.returncode, REFUSED)
        self.assertFalse(os.path.exists(self.path("x.iso")))


class Boot(VariantCase):
    """The project's own kernel, from each form."""

    def boot(self, variant, options):
        skip_without(NEEDS[variant])
        output = self.path(f"made.{variant}")
        create_image(build_path("kernel", "firstlight-kernel.elf"), output, "exit",
                     options=["--format", variant])
        expect_boot([option.format(option_value(output)) for option in options],
                    serial=["^Hello World!$"])

    def test_vhd(self):
        self.boot("vhd", ["-drive", "if=ide,format=vpc,snapshot=on,file={}"])

    def test_vmdk(self):
        self.boot("vmdk", ["-drive", "if=ide,format=vmdk,snapshot=on,file={}"])

    def test_iso(self):
        self.boot("iso", ["-cdrom", "{}", "-boot", "d"])


if __name__ == "__main__":
    unittest.main()
