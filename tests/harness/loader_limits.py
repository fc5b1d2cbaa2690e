"""How often the loader tries to read before it gives up. Used by the tests of failing disks, in tests/disk
and tests/deadlines, which see each of these figures happen."""

MBR_ATTEMPTS = 2 * 5  # two calls of load_first_block (mbr.asm), READ_ATTEMPTS each
# Of stage 2's reader (disk_reader.inc).
TRANSFER_ATTEMPTS = 3  # ATTEMPTS there: at the size that worked before, and at one sector
FAILURES_MAX = 1024    # of a boot
