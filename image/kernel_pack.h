// Makes the kernel item of an image: an ELF64 file with nothing in it but what boot needs, laid out
// so that stage 2 maps every page where it was read to. Called by bootimage and by the unit tests.
#ifndef IMAGE_KERNEL_PACK_H
#define IMAGE_KERNEL_PACK_H

#include "elf.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// How many bytes of .bss that lie between file bytes are written out as zeros, at most, in all. A
// segment beyond that keeps its .bss, which costs the kernel its physical contiguity, or where it
// shares a page with the next one a copy at boot.
#define INTERIOR_ZEROS_MAX 0x10000ull

struct packed_kernel {
    uint8_t *bytes;        // from malloc; zeros from `size` up to the end of its last sector
    uint64_t size;         // of the ELF file
    uint32_t item_flags;   // what the kernel's image_item says: flags,
    uint64_t memory_bytes; // memory size and wish
    uint64_t memory_alignment;
    uint64_t memory_phase;
};

// Packs a kernel that elf_parse accepted: file header and program headers first (of the loadable
// segments, then PT_DYNAMIC of a position-independent kernel, PT_TLS, PT_GNU_RELRO and the note
// with the boot request), that note, then the segments' bytes, the pages of each run after those of
// the run before. The result has been checked by all that stage 2 will do with it (kernel_check.h).
// False, with a message.
bool kernel_pack(const struct elf_kernel *kernel, struct packed_kernel *packed,
                 struct message *why);

void packed_kernel_free(struct packed_kernel *packed);

#endif
