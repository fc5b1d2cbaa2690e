// Finds and checks the kernel's boot request. Called by stage 2 and by the host tool.
#include "kernel_request.h"

#include "image_format.h"
#include "page.h"

#include <string.h>

#define DEFAULT_ALIGNMENT PAGE_BYTES
#define LOW_HALF_END      0x0000800000000000u // of the lower canonical half
#define KNOWN_WORDS       (sizeof(struct boot_request) / sizeof(uint64_t))
#define KNOWN_FLAGS                                                                                \
    (BOOT_REQUEST_NO_DIRECT_MAP | BOOT_REQUEST_NO_RANDOMISATION | BOOT_REQUEST_AVOID_ISA_HOLE)

// The three numbers that a note begins with; its name follows, then its descriptor.
struct note_header {
    uint32_t name_size;
    uint32_t descriptor_size;
    uint32_t type;
};

/*@ predicate readable_request(struct boot_request *request) = \valid_read(request) &&
        \valid_read((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1)); */

// ---- Fields -------------------------------------------------------------------------------

// What a field may be by itself: `most` or less in units of 1 << shift.
struct field_limit {
    uint8_t offset;
    uint8_t bytes;
    uint8_t shift;
    uint32_t most;
};

#define REQUEST_FIELD(field)                                                                       \
    offsetof(struct boot_request, field), sizeof(((struct boot_request *)0)->field)
#define DIRECT_MAP_SHIFT 39
#define ANY              0xFFFFFFFFu

_Static_assert((uint64_t)1 << DIRECT_MAP_SHIFT == BOOT_REQUEST_DIRECT_MAP_UNIT, "512 GiB");

enum {
    DIRECT_MAP_ADDRESS,
    HEIGHT,
    VIDEO,
    DEPTH,
    ALIGNMENT,
    MINIMUM_VERSION,
    FLAGS,
    STACK_SIZE,
    RECURSIVE_SLOT,
    WIDTH,
    RESERVED,
    REQUIRED,
    LIMIT_COUNT,
};

static const struct field_limit limits[] = {
    [DIRECT_MAP_ADDRESS] = {REQUEST_FIELD(direct_map), DIRECT_MAP_SHIFT, ANY},
    [HEIGHT] = {REQUEST_FIELD(height), 0, BOOT_REQUEST_PIXELS_MAX},
    [VIDEO] = {REQUEST_FIELD(video), 0, BOOT_VIDEO_FRAMEBUFFER_REQUIRED},
    [DEPTH] = {REQUEST_FIELD(depth), 0, ANY},
    [ALIGNMENT] = {REQUEST_FIELD(physical_alignment), PAGE_SHIFT,
                   BOOT_REQUEST_PHYSICAL_ALIGNMENT_MAX >> PAGE_SHIFT},
    [MINIMUM_VERSION] = {REQUEST_FIELD(minimum_version), 0, BOOT_INFO_VERSION},
    [FLAGS] = {REQUEST_FIELD(flags), 0, KNOWN_FLAGS},
    [STACK_SIZE] = {REQUEST_FIELD(stack_size), PAGE_SHIFT, BOOT_REQUEST_STACK_MAX >> PAGE_SHIFT},
    [RECURSIVE_SLOT] = {REQUEST_FIELD(recursive_slot), 0, BOOT_REQUEST_RECURSIVE_SLOT_MAX},
    [WIDTH] = {REQUEST_FIELD(width), 0, BOOT_REQUEST_PIXELS_MAX},
    [RESERVED] = {REQUEST_FIELD(reserved), 0, 0},
    [REQUIRED] = {REQUEST_FIELD(required), 0, (1u << KNOWN_WORDS) - 1},
};

// The fields' names in the same order, one behind the other: smaller than pointers to them.
static const char names[] = "direct_map\0height\0video\0depth\0physical_alignment\0"
                            "minimum_version\0flags\0stack_size\0recursive_slot\0width\0"
                            "reserved\0required";

// The first field that does not go with others, or is none of the few values it may have.
/*@ requires \valid_read(request);
    assigns \nothing;
    ensures \result <= LIMIT_COUNT;
    ensures size: \result == LIMIT_COUNT ==> (request->width == 0 <==> request->height == 0);
    ensures depth: \result == LIMIT_COUNT ==> request->depth == 0 || request->depth == 15 ||
            request->depth == 16 || request->depth == 24 || request->depth == 32; */
static unsigned find_contradiction(const struct boot_request *request)
{
    const uint64_t map = request->direct_map;
    const uint64_t alignment = request->physical_alignment;
    const uint32_t depth = request->depth;
    if ((map + LOW_HALF_END >= 2 * LOW_HALF_END) ||
        (map != 0 && (request->flags & BOOT_REQUEST_NO_DIRECT_MAP) != 0)) {
        return DIRECT_MAP_ADDRESS;
    }
    if ((request->width == 0) != (request->height == 0)) {
        return HEIGHT;
    }
    if (request->video == BOOT_VIDEO_TEXT && (request->width | depth) != 0) {
        return VIDEO;
    }
    if (depth != 0 && depth != 15 && depth != 16 && depth != 24 && depth != 32) {
        return DEPTH;
    }
    return (alignment & (alignment - 1)) != 0 ? ALIGNMENT : LIMIT_COUNT;
}

/*@ requires readable_request(request) && \valid(why) && \separated(request, why);
    assigns *why; */
static bool check_fields(const struct boot_request *request, struct message *why)
{
    const unsigned contradiction = find_contradiction(request);
    const char *name = names;
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        const struct field_limit *limit = &limits[i];
        uint64_t value = 0;
        memcpy(&value, (const uint8_t *)request + limit->offset, limit->bytes);
        const uint64_t units = value >> limit->shift;
        if (units > limit->most || units << limit->shift != value || i == contradiction) {
            return message_refuse(why,
                                  "boot request: %s 0x%llx is not allowed, or not with the other "
                                  "fields: see boot_request.h, or use a newer Firstlight",
                                  name, (unsigned long long)value);
        }
        while (*name++ != '\0') {
        }
    }
    return true;
}

// ---- Notes --------------------------------------------------------------------------------

/*@ requires \valid(why);
    assigns *why;
    ensures !\result; */
static bool refuse_note(struct message *why, const char *fault)
{
    return message_refuse(why, "boot request: its ELF note %s: see boot_request.h", fault);
}

// Reads the request from the note's descriptor.
/*@ requires \valid_read(note) && \valid(request) && readable_request(request) && \valid(why);
    requires \valid_read(descriptor + (0 .. note->descriptor_size - 1));
    requires \separated(note, request, why);
    assigns *request, *why; */
static bool read_request(const uint8_t *descriptor, const struct note_header *note,
                         struct boot_request *request, struct message *why)
{
    const bool second = request->version != 0;
    const uint32_t bytes = note->descriptor_size;
    memcpy(request, descriptor, bytes < sizeof *request ? bytes : sizeof *request);
    if (second || note->type != BOOT_REQUEST_NOTE_TYPE || request->version == 0 ||
        bytes < BOOT_REQUEST_SIZE_MIN || bytes > BOOT_REQUEST_SIZE_MAX || bytes % 8 != 0 ||
        request->size != bytes) {
        return refuse_note(why, "stands there twice, or has a wrong type, version or size");
    }
    return check_fields(request, why);
}

// Rounds up to a multiple of 4 or 8.
/*@ requires value <= UINT64_MAX - 7 && (alignment == 4 || alignment == 8);
    assigns \nothing;
    ensures value <= \result <= value + 7; */
static uint64_t aligned(uint64_t value, uint64_t alignment)
{
    return alignment == 8 ? (value + 7) / 8 * 8 : (value + 3) / 4 * 4;
}

// Looks through one PT_NOTE segment.
/*@ requires \valid_read(notes + (0 .. bytes - 1)) && bytes <= KERNEL_FILE_MAX;
    requires \valid(request) && readable_request(request) && \valid(why);
    requires \separated(request, why);
    requires alignment == 4 || alignment == 8;
    assigns *request, *why; */
static bool read_notes(const uint8_t *notes, uint64_t bytes, uint64_t alignment,
                       struct boot_request *request, struct message *why)
{
    static const char name[] = BOOT_REQUEST_NOTE_NAME;
    struct note_header note;
    /*@ loop invariant at <= bytes;
        loop assigns at, note, *request, *why;
        loop variant bytes - at; */
    for (uint64_t at = 0; bytes - at >= sizeof note;) {
        memcpy(&note, notes + at, sizeof note);
        // A place in the file and two 32-bit numbers: no overflow.
        uint64_t unaligned = at + sizeof note + note.name_size;
        uint64_t descriptor = aligned(unaligned, alignment);
        uint64_t end = descriptor + note.descriptor_size;
        if (end > bytes) {
            return refuse_note(why, "passes its segment or the file");
        }
        if (note.name_size == sizeof name &&
            memcmp(notes + at + sizeof note, name, sizeof name) == 0 &&
            !read_request(notes + descriptor, &note, request, why)) {
            return false;
        }
        at = aligned(end, alignment);
        if (at > bytes) {
            break; // the last note need not be padded
        }
    }
    return true;
}

bool kernel_request_parse(const struct elf_kernel *kernel, struct boot_request *request,
                          struct message *why)
{
    memset(request, 0, sizeof *request);
    /*@ loop invariant 0 <= i <= kernel->program_header_count;
        loop assigns i, *request, *why;
        loop variant kernel->program_header_count - i; */
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf64_program_header header;
        elf_program_header(kernel, i, &header);
        if (header.p_type != ELF_PT_NOTE) {
            continue;
        }
        if (header.p_offset > kernel->file_size ||
            header.p_filesz > kernel->file_size - header.p_offset) {
            return refuse_note(why, "passes its segment or the file");
        }
        // gABI: 4; PT_NOTE segments of 64-bit objects with p_align 8 have notes aligned to 8.
        if (!read_notes(kernel->file + header.p_offset, header.p_filesz,
                        header.p_align == 8 ? 8 : 4, request, why)) {
            return false;
        }
    }
    if (request->stack_size == 0) {
        request->stack_size = DEFAULT_STACK_BYTES;
    }
    if (request->physical_alignment == 0) {
        request->physical_alignment = DEFAULT_ALIGNMENT;
    }
    return true;
}

uint32_t kernel_request_item_flags(const struct boot_request *request)
{
    return (request->physical_alignment > DEFAULT_ALIGNMENT ? IMAGE_ITEM_ALIGNMENT_REQUIRED : 0) |
           ((request->flags & BOOT_REQUEST_AVOID_ISA_HOLE) != 0 ? IMAGE_ITEM_AVOID_ISA_HOLE : 0);
}
