"""The public headers compile without a warning in every language they promise, alone and together,
and hold to what importers of other languages understand; every field's place is asserted."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.environment import skip_without

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
INCLUDE = os.path.join(ROOT, "bootloader", "include")
INFO, REQUEST = "firstlight/boot_info.h", "firstlight/boot_request.h"
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Werror"]
NO_UNUSED = ["-Wno-unused-const-variable", "-Wno-unused-variable"]
CONSUMER = """
uint64_t usable(const struct boot_info *info);
uint64_t usable(const struct boot_info *info)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        if (info->memory_map[i].kind == BOOT_MEMORY_USABLE) {
            bytes += info->memory_map[i].length;
        }
    }
    return BOOT_INFO_HAS(info, tsc_frequency) ? bytes : 0;
}
"""
REQUESTS = ["BOOT_REQUEST(.stack_size = 128 * 1024);",
            "BOOT_REQUEST(.minimum_version = 2, .flags = BOOT_REQUEST_NO_DIRECT_MAP,\n"
            "             .video = BOOT_VIDEO_FRAMEBUFFER, .width = 800, .height = 600);"]

# What a field of a public structure may be: these types, pointers to them, other public structures,
# and arrays of known size.
FIELD_TYPE = r"(?:(?:const )?(?:uint8_t|uint32_t|uint64_t|char|void|struct \w+))"
FIELD = re.compile(rf"{FIELD_TYPE} (\*?\w+(?:\[\w+\])?(?:, \w+)*)")
POINTER_ONLY = re.compile(r"(?:const )?void (?!\*)")


def text_of(header):
    with open(os.path.join(INCLUDE, header), encoding="utf-8") as file:
        return re.sub(r"//[^\n]*", "", file.read())


def structures(text):
    """{name: [field, ...]}; a declaration that the pattern does not know fails."""
    found = {}
    for name, body in re.findall(r"^struct (\w+) \{(.*?)^\};", text, re.MULTILINE | re.DOTALL):
        fields = []
        for declaration in filter(None, (" ".join(part.split()) for part in body.split(";"))):
            match = FIELD.fullmatch(declaration)
            assert match and not POINTER_ONLY.match(declaration), f"{name}: {declaration!r}"
            fields += [re.match(r"\*?(\w+)", part.strip()).group(1)
                       for part in match.group(1).split(",")]
        found[name] = fields
    return found


class Headers(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="firstlight-")
        self.addCleanup(shutil.rmtree, self.directory)

    def compile(self, compiler, standard, source, include=INCLUDE, options=()):
        """The finished compiler; an object file comes of it when all is well."""
        plus = standard.startswith("c++")
        path = os.path.join(self.directory, "source.cpp" if plus else "source.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        return subprocess.run(
            [compiler, f"-std={standard}", "-ffreestanding", *WARNINGS, *options, "-I", include,
             "-c", "-o", os.path.join(self.directory, "object.o"), path],
            capture_output=True, text=True, check=False)

    def check(self, compiler, standards, sources, options=()):
        skip_without(compiler)
        for standard in standards:
            for source in sources:
                with self.subTest(standard=standard, source=source):
                    finished = self.compile(compiler, standard, source, options=options)
                    self.assertEqual((finished.returncode, finished.stderr), (0, ""))

    def includes(self):
        info, request = f"#include <{INFO}>\n", f"#include <{REQUEST}>\n"
        return [info, request, info + request, request + info + info + request,
                info + CONSUMER, request + CONSUMER]

    def requests(self):
        return [f"#include <{REQUEST}>\n{request}\n" for request in REQUESTS]

    def test_c_clang(self):
        self.check("clang", ["c11", "c17"], self.includes())

    def test_c_gcc(self):
        self.check("gcc", ["c11", "c17"], self.includes())

    def test_cpp_clang(self):
        self.check("clang++", ["c++17", "c++20"], self.includes())

    def test_cpp_gcc(self):
        self.check("g++", ["c++17", "c++20"], self.includes())

    def test_target(self):
        self.check("clang", ["c11", "c17"], [*self.includes(), *self.requests()],
                   ["--target=x86_64-unknown-none-elf", *NO_UNUSED])

    def test_request_clang(self):
        self.check("clang", ["c11", "c17"], self.requests(), NO_UNUSED)

    def test_request_gcc(self):
        self.check("gcc", ["c11", "c17"], self.requests(), NO_UNUSED)

    def test_request_cpp_clang(self):
        self.check("clang++", ["c++20"], self.requests(), NO_UNUSED)

    def test_request_cpp_gcc(self):
        # G++ takes designators for an attempt at all fields.
        self.check("g++", ["c++20"], self.requests(),
                   [*NO_UNUSED, "-Wno-missing-field-initializers"])

    def test_note_in_the_object(self):
        """The request becomes a section of notes that a linker puts into PT_NOTE by itself."""
        finished = self.compile("clang", "c17", self.requests()[0])
        self.assertEqual(finished.returncode, 0, finished.stderr)
        listing = subprocess.run(["readelf", "-SW", os.path.join(self.directory, "object.o")],
                                 capture_output=True, text=True, check=True).stdout
        self.assertRegex(listing, r"\.note\.firstlight +NOTE .* A ")

    # ---- other languages' importers ----

    def test_structures_are_plain(self):
        text = text_of(INFO) + text_of(REQUEST)
        self.assertNotRegex(text, r"\bunion\b|\[\]|\bpacked\b|#pragma|\benum \w+ \w+;|typedef")
        found = structures(text)
        self.assertIn("boot_info", found)
        self.assertIn("boot_request", found)
        # No structure is declared inside another, or left without a name.
        self.assertEqual(len(re.findall(r"\bstruct(?: \w+)?\s*\{", text)), len(found))

    def test_every_field_has_its_place_asserted(self):
        text = text_of(INFO) + text_of(REQUEST)
        asserted = re.findall(r"^BOOT_CONTRACT_OFFSET\((\w+), (\w+), (\d+)\);", text, re.MULTILINE)
        for name, fields in structures(text).items():
            self.assertEqual([field for structure, field, _ in asserted if structure == name],
                             fields, name)
            self.assertRegex(text, rf"BOOT_CONTRACT_ASSERT\(sizeof\(struct {name}\) == \d+,")

    def check_change_is_refused(self, old, new):
        """A header changed in this way must not compile: its assertions are alive."""
        changed = os.path.join(self.directory, "include")
        shutil.copytree(INCLUDE, changed)
        path = os.path.join(changed, INFO)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertEqual(text.count(old), 1)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
        for compiler, standard in (("clang", "c11"), ("clang++", "c++17")):
            refused = self.compile(compiler, standard, f"#include <{INFO}>\n", changed)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("assert", refused.stderr)

    def test_field_that_moves_is_refused(self):
        self.check_change_is_refused("    uint32_t boot_drive;", "    uint64_t boot_drive;")

    def test_field_in_between_is_refused(self):
        self.check_change_is_refused("    struct boot_tls tls;\n\n",
                                     "    struct boot_tls tls;\n    uint64_t more;\n\n")


if __name__ == "__main__":
    unittest.main()
