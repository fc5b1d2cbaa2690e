"""What cmake --install puts where: it is all there, can be moved, and goes without a trace."""

import os
import re
import tempfile
import unittest
from pathlib import Path

from consumer import SOURCE, PackageCase, cmake, listing, run_command
from harness.elf_sections import sections
from harness.environment import skip_without

FOLDERS = ("include/firstlight", "share/firstlight", "share/cmake/Firstlight", "share/doc/firstlight")


class Prefix(PackageCase):
    def pkg_config(self, prefix, *arguments):
        done = run_command("pkg-config", *arguments, "firstlight", environment={
            "PKG_CONFIG_PATH": str(prefix / "share/pkgconfig")})
        return self.succeed(done).strip()

    def test_has_everything(self):
        prefix = self.install()
        files = listing(prefix)
        for name in ("bin/bootimage", "include/firstlight/boot_info.h", "include/firstlight/boot_request.h",
                     "share/cmake/Firstlight/FirstlightConfig.cmake",
                     "share/cmake/Firstlight/FirstlightConfigVersion.cmake",
                     "share/cmake/Firstlight/firstlight-toolchain.cmake",
                     "share/pkgconfig/firstlight.pc", "share/doc/firstlight/LICENSE",
                     "share/firstlight/loader/mbr.bin", "share/firstlight/loader/stage2.bin",
                     "share/firstlight/kernel/kernel.ld", "share/firstlight/kernel/main.c",
                     "share/firstlight/gdb/firstlight.py",
                     "share/firstlight/source/bootloader/mbr/mbr.asm",
                     "bin/firstlight-new-kernel", "share/man/man1/firstlight-new-kernel.1"):
            self.assertIn(name, files)

    def test_names_no_place_of_the_build(self):
        prefix = self.install()
        for name in listing(prefix):
            if name.endswith((".cmake", ".pc", ".py")):
                text = (prefix / name).read_text()
                for place in (os.environ["FIRSTLIGHT_BUILD"], str(prefix)):
                    self.assertNotIn(place, text, name)

    def test_debug_information_names_no_place_of_the_build(self):
        """Tool and loader; names of a build for a debugger of this machine (Debug) may stay in the tool."""
        build = os.environ["FIRSTLIGHT_BUILD"]
        cache = (Path(build) / "CMakeCache.txt").read_text()
        debug = re.search("^CMAKE_BUILD_TYPE:[A-Z]+=Debug$", cache, re.M)
        prefix = self.install()
        looked_at = set()
        for name in listing(prefix):
            if debug and name.startswith("bin/"):
                continue
            for section, data in sections((prefix / name).read_bytes()):
                if section.startswith(".debug_"):
                    for place in (str(SOURCE), build):
                        self.assertNotIn(place.encode(), data, f"{name}: {section}")
                    looked_at.add(name)
        loader = {f"share/firstlight/loader/{name}" for name in ("mbr.elf", "stage2.elf", "handover.o")}
        self.assertLessEqual(loader, looked_at)

    def test_pkg_config(self):
        skip_without("pkg-config")
        folder = tempfile.TemporaryDirectory(prefix="firstlight-") # a space would have to be escaped
        self.addCleanup(folder.cleanup)
        prefix = self.install(Path(folder.name))
        self.assertEqual(self.pkg_config(prefix, "--modversion"), "0.2.0")
        flags = self.pkg_config(prefix, "--cflags").split()
        for variable in ("bootimage", "linkerscript", "kerneldir", "loaderdir"):
            self.assertTrue(Path(self.pkg_config(prefix, f"--variable={variable}")).exists(), variable)
        done = run_command("clang", *flags, "-fsyntax-only", "-include", "firstlight/boot_info.h", "-x", "c",
                           os.devnull)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_uninstalls_cleanly(self):
        """In a build folder of its own, whose list of installed files is looked at."""
        prefix = self.folder / "prefix"
        script = self.prepare_uninstall(prefix)
        self.succeed(script())
        self.assertEqual(listing(prefix), [])
        self.assertFalse((prefix / "share/firstlight").exists())
        self.assertFalse((prefix / "include/firstlight").exists())

    def test_uninstall_leaves_what_others_put_there(self):
        prefix = self.folder / "prefix"
        script = self.prepare_uninstall(prefix)
        mine = prefix / "share/firstlight/mine.txt"
        mine.write_text("mine\n")
        self.succeed(script())
        self.assertEqual(listing(prefix), ["share/firstlight/mine.txt"])

    def prepare_uninstall(self, prefix):
        """Installs; gives what runs the script of the target `uninstall`."""
        listed = self.succeed(cmake("--install", os.environ["FIRSTLIGHT_BUILD"], "--prefix", prefix))
        names = [line.split(": ", 1)[1] for line in listed.splitlines() if "Installing: " in line]
        manifest = self.folder / "manifest.txt"
        manifest.write_text("".join(name + "\n" for name in names if not os.path.isdir(name)))
        return lambda: cmake(f"-DMANIFEST={manifest}", "-P", os.environ["FIRSTLIGHT_UNINSTALL"], "--",
                             *(prefix / name for name in FOLDERS))

    def test_target_uninstalls_from_the_prefix(self):
        build = Path(os.environ["FIRSTLIGHT_BUILD"])
        prefix = re.search("^CMAKE_INSTALL_PREFIX:PATH=(.*)$", (build / "CMakeCache.txt").read_text(), re.M)[1]
        done = run_command("ninja", "-C", build, "-t", "commands", "uninstall")
        command = next(line for line in self.succeed(done).splitlines() if "Uninstall.cmake" in line)
        for name in FOLDERS:
            self.assertIn(f" {prefix}/{name}", command)

    def test_links_lead_somewhere(self):
        prefix = self.install()
        checked = set()
        for name in listing(prefix):
            if name.endswith(".md"):
                for link in re.findall(r"\]\(([^)#:]+)\)", (prefix / name).read_text()):
                    self.assertTrue((prefix / name).parent.joinpath(link).exists(), f"{name}: {link}")
                    checked.add(name)
        self.assertIn("share/doc/firstlight/README.md", checked)
        self.assertIn("share/firstlight/kernel/README.md", checked)


if __name__ == "__main__":
    unittest.main()
