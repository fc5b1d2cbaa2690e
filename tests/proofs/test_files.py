"""Each of load's files that is proved: all goals of all its functions, and no fewer than goals.txt
counts."""

import unittest

import prove


class Files(unittest.TestCase):
    def check(self, name):
        prove.skip_without_provers()
        goals, printed = prove.prove(name)
        self.assertEqual(prove.differences(name, goals), [], printed)

    def test_decompress(self):
        self.check("decompress.c")

    def test_elf(self):
        self.check("elf.c")

    def test_elf_segments(self):
        self.check("elf_segments.c")

    def test_firmware_tables(self):
        self.check("firmware_tables.c")

    def test_image_header(self):
        self.check("image_header.c")

    def test_kernel_request(self):
        self.check("kernel_request.c")

    def test_lz4_decode(self):
        self.check("lz4_decode.c")

    def test_memory_map(self):
        self.check("memory_map.c")

    def test_memory_map_append(self):
        self.check("memory_map_append.c")

    def test_memory_map_append_header(self):
        self.check("memory_map_append.h")

    def test_memory_map_claim(self):
        self.check("memory_map_claim.c")

    def test_memory_map_normalise(self):
        self.check("memory_map_normalise.c")

    def test_page_header(self):
        self.check("page.h")

    def test_slide(self):
        self.check("slide.c")

    def test_symbols(self):
        self.check("symbols.c")

    def test_relocate(self):
        self.check("relocate.c")

    def test_video_mode(self):
        self.check("video_mode.c")


if __name__ == "__main__":
    unittest.main()
