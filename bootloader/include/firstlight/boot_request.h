// What a kernel may ask of Firstlight: an ELF note, one at most. Without it the defaults hold. In
// C:
//
//     #include <firstlight/boot_request.h>
//     BOOT_REQUEST(.stack_size = 128 * 1024, .video = BOOT_VIDEO_FRAMEBUFFER);
//
// once, in any file of the kernel. A linker script that lists its own PHDRS must put the section
// .note.firstlight into a PT_NOTE segment. bootimage and stage 2 check the request by the same
// code and refuse it in the same words.
//
// How it grows: new fields come at the end only and mean the default when 0; `size` says how far
// the kernel's structure reaches. What lies beyond the fields a loader knows is ignored, unless the
// kernel names it in `required`.
#ifndef FIRSTLIGHT_BOOT_REQUEST_H
#define FIRSTLIGHT_BOOT_REQUEST_H

#include "boot_info.h"

#include <stdint.h>

#define BOOT_REQUEST_VERSION 1

// Values of the note's header (System V gABI 4.1, chapter 5, "Note Section").
#define BOOT_REQUEST_NOTE_NAME "Firstlight"
#define BOOT_REQUEST_NOTE_TYPE 1u

#define BOOT_REQUEST_SIZE_MIN 16u   // up to and with `required`
#define BOOT_REQUEST_SIZE_MAX 4096u // of any version

// Bits of boot_request.flags. An unknown bit is refused.
#define BOOT_REQUEST_NO_DIRECT_MAP    1u // boot_request.direct_map must be 0 then
#define BOOT_REQUEST_NO_RANDOMISATION 2u // a position-independent kernel lies at its default place
#define BOOT_REQUEST_AVOID_ISA_HOLE   4u // no physical page of the kernel from 15 to 16 MiB

enum boot_request_video {
    BOOT_VIDEO_TEXT = 0,                 // VGA text mode, 80 x 25
    BOOT_VIDEO_FRAMEBUFFER = 1,          // a framebuffer, or text mode where there is none
    BOOT_VIDEO_FRAMEBUFFER_REQUIRED = 2, // a framebuffer, or the boot ends with a message
};

// Limits of the fields.
#define BOOT_REQUEST_STACK_MAX              0x40000000u // 1 GiB
#define BOOT_REQUEST_PHYSICAL_ALIGNMENT_MAX 0x40000000u // 1 GiB
#define BOOT_REQUEST_RECURSIVE_SLOT_MAX     511u
#define BOOT_REQUEST_PIXELS_MAX             16384u       // of width and of height
#define BOOT_REQUEST_DIRECT_MAP_UNIT        0x8000000000 // 512 GiB

struct boot_request {
    uint32_t version; // BOOT_REQUEST_VERSION
    uint32_t size;    // bytes of this structure: BOOT_REQUEST_SIZE_MIN to BOOT_REQUEST_SIZE_MAX, a
                      // multiple of 8, and what the note's descriptor has
    // Bit n: the loader must know the n-th 8 bytes of this structure. Those it knows need no bit.
    uint64_t required;

    uint32_t minimum_version; // lowest BOOT_INFO_VERSION that will do; 0: any
    uint32_t flags;           // BOOT_REQUEST_*
    uint64_t stack_size;      // bytes, a multiple of 4096, at most 1 GiB; 0: 64 KiB

    // Virtual address of physical 0: canonical, a multiple of 512 GiB, not below that. Refused
    // when it collides with the kernel. 0: a free place in the higher half.
    uint64_t direct_map;

    // The entry of the PML4 that is to point to the PML4 itself, 1 to 511; not one the kernel's
    // segments lie in. 0: none.
    uint32_t recursive_slot;
    uint32_t video; // enum boot_request_video

    // Of a framebuffer; all four 0 with BOOT_VIDEO_TEXT. 0 for width and height, both or none: what
    // the monitor's EDID prefers, else 1024 x 768, else what comes nearest. A framebuffer of
    // another size than named is given only where the request is not
    // BOOT_VIDEO_FRAMEBUFFER_REQUIRED.
    uint32_t width;    // pixels, to 16384
    uint32_t height;   // pixels, to 16384
    uint32_t depth;    // bits per pixel: 15, 16, 24 or 32; 0: the most there is
    uint32_t reserved; // 0

    // kernel_physical_base is to be a multiple: a power of two, 4096 to 1 GiB. 0: any page.
    uint64_t physical_alignment;
};

// The note as it lies in the file.
struct boot_request_note {
    uint32_t name_size; // with the NUL
    uint32_t descriptor_size;
    uint32_t type;
    char name[12]; // padded to 4 bytes
    struct boot_request request;
};

#define BOOT_REQUEST(...)                                                                          \
    __attribute__((section(".note.firstlight"), used,                                              \
                   aligned(8))) static const struct boot_request_note boot_request_note = {        \
        .name_size = sizeof BOOT_REQUEST_NOTE_NAME,                                                \
        .descriptor_size = sizeof(struct boot_request),                                            \
        .type = BOOT_REQUEST_NOTE_TYPE,                                                            \
        .name = BOOT_REQUEST_NOTE_NAME,                                                            \
        .request = {                                                                               \
            .version = BOOT_REQUEST_VERSION, .size = sizeof(struct boot_request), __VA_ARGS__}}

BOOT_CONTRACT_ASSERT(sizeof(struct boot_request) == 72, "boot_request");
BOOT_CONTRACT_OFFSET(boot_request, version, 0);
BOOT_CONTRACT_OFFSET(boot_request, size, 4);
BOOT_CONTRACT_OFFSET(boot_request, required, 8);
BOOT_CONTRACT_OFFSET(boot_request, minimum_version, 16);
BOOT_CONTRACT_OFFSET(boot_request, flags, 20);
BOOT_CONTRACT_OFFSET(boot_request, stack_size, 24);
BOOT_CONTRACT_OFFSET(boot_request, direct_map, 32);
BOOT_CONTRACT_OFFSET(boot_request, recursive_slot, 40);
BOOT_CONTRACT_OFFSET(boot_request, video, 44);
BOOT_CONTRACT_OFFSET(boot_request, width, 48);
BOOT_CONTRACT_OFFSET(boot_request, height, 52);
BOOT_CONTRACT_OFFSET(boot_request, depth, 56);
BOOT_CONTRACT_OFFSET(boot_request, reserved, 60);
BOOT_CONTRACT_OFFSET(boot_request, physical_alignment, 64);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_request_note) == 96, "boot_request_note");
BOOT_CONTRACT_OFFSET(boot_request_note, name_size, 0);
BOOT_CONTRACT_OFFSET(boot_request_note, descriptor_size, 4);
BOOT_CONTRACT_OFFSET(boot_request_note, type, 8);
BOOT_CONTRACT_OFFSET(boot_request_note, name, 12);
BOOT_CONTRACT_OFFSET(boot_request_note, request, 24);

#endif
