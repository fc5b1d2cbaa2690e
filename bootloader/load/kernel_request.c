// Finds and checks the kernel's boot request. Called by stage 2 and by the host tool.
#include "kernel_request.h"

#include "image_format.h"
#include "page.h"

#include <string.h>

#define DEFAULT_ALIGNMENT PAGE_BYTES
#define KNOWN_WORDS       (sizeof(struct boot_request) / sizeof(uint64_t))
#define KNOWN_FLAGS                                                                                \
    (BOOT_REQUEST_NO_DIRECT_MAP | BOOT_REQUEST_NO_RANDOMISATION | BOOT_REQUEST_AVOID_ISA_HOLE)

// The three numbers that a note begins with; its name follows, then its descriptor.
struct note_header {
    uint32_t name_size;
    uint32_t descriptor_size;
    uint32_t type;
};

static bool refuse(struct message *why, const char *field, uint64_t value, const char *fault)
{
    return message_refuse(why, "boot request: %s 0x%llx %s: correct the kernel's BOOT_REQUEST",
                          field, (unsigned long long)value, fault);
}

// ---- Fields -------------------------------------------------------------------------------

// What a field may be by itself: a multiple of `unit`, at most `most`.
struct field_limit {
    uint8_t offset;
    uint8_t bytes;
    uint16_t unit;
    uint32_t most;
    const char *name;
};

#define FIELD(field) offsetof(struct boot_request, field), sizeof(((struct boot_request *)0)->field)

static const struct field_limit limits[] = {
    {FIELD(minimum_version), 1, BOOT_INFO_VERSION, "minimum_version"},
    {FIELD(flags), 1, KNOWN_FLAGS, "flags"},
    {FIELD(stack_size), PAGE_BYTES, BOOT_REQUEST_STACK_MAX, "stack_size"},
    {FIELD(recursive_slot), 1, BOOT_REQUEST_RECURSIVE_SLOT_MAX, "recursive_slot"},
    {FIELD(video), 1, BOOT_VIDEO_FRAMEBUFFER_REQUIRED, "video"},
    {FIELD(width), 1, BOOT_REQUEST_PIXELS_MAX, "width"},
    {FIELD(height), 1, BOOT_REQUEST_PIXELS_MAX, "height"},
    {FIELD(depth), 1, 32, "depth"},
    {FIELD(reserved), 1, 0, "reserved"},
    {FIELD(physical_alignment), PAGE_BYTES, BOOT_REQUEST_PHYSICAL_ALIGNMENT_MAX,
     "physical_alignment"},
};

static bool check_limits(const struct boot_request *request, struct message *why)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct field_limit *limit = &limits[i];
        uint64_t value = 0;
        memcpy(&value, (const uint8_t *)request + limit->offset, limit->bytes);
        if (value > limit->most || (value & (limit->unit - 1u)) != 0) {
            return message_refuse(why,
                                  "boot request: %s 0x%llx is no multiple of 0x%x up to 0x%x: "
                                  "correct it, or use a newer Firstlight",
                                  limit->name, (unsigned long long)value, (unsigned)limit->unit,
                                  (unsigned)limit->most);
        }
    }
    return true;
}

static bool is_canonical_unit(uint64_t address)
{
    return address % BOOT_REQUEST_DIRECT_MAP_UNIT == 0 &&
           (address < 0x0000800000000000 || address >= 0xFFFF800000000000);
}

static bool depth_exists(uint32_t depth)
{
    return depth == 0 || depth == 15 || depth == 16 || depth == 24 || depth == 32;
}

// What limits alone do not tell.
static bool check_values(const struct boot_request *request, struct message *why)
{
    const uint64_t alignment = request->physical_alignment;
    if ((alignment & (alignment - 1)) != 0) {
        return refuse(why, "physical_alignment", alignment, "is no power of two");
    }
    if (!is_canonical_unit(request->direct_map)) {
        return refuse(why, "direct_map", request->direct_map,
                      "is no canonical multiple of 512 GiB");
    }
    if (request->direct_map != 0 && (request->flags & BOOT_REQUEST_NO_DIRECT_MAP) != 0) {
        return refuse(why, "direct_map", request->direct_map,
                      "contradicts BOOT_REQUEST_NO_DIRECT_MAP");
    }
    if (!depth_exists(request->depth)) {
        return refuse(why, "depth", request->depth, "is not 15, 16, 24 or 32");
    }
    if ((request->width == 0) != (request->height == 0)) {
        return refuse(why, "height", request->height, "does not go with its width");
    }
    if (request->video == BOOT_VIDEO_TEXT && (request->width | request->depth) != 0) {
        return refuse(why, "video", request->video, "(text) has no width, height or depth");
    }
    return true;
}

static bool check_request(const struct boot_request *request, struct message *why)
{
    if (request->version == 0) {
        return refuse(why, "version", request->version, "is none");
    }
    if (request->required >> KNOWN_WORDS != 0) {
        return message_refuse(why,
                              "boot request: required 0x%llx names fields that this loader does "
                              "not know: use a newer Firstlight",
                              (unsigned long long)request->required);
    }
    return check_limits(request, why) && check_values(request, why);
}

// ---- Notes --------------------------------------------------------------------------------

// Reads the request from the note's descriptor.
static bool read_request(const uint8_t *descriptor, const struct note_header *note,
                         struct boot_request *request, struct message *why)
{
    if (note->type != BOOT_REQUEST_NOTE_TYPE) {
        return refuse(why, "note type", note->type, "is not known");
    }
    if (request->version != 0) {
        return refuse(why, "note", note->type, "stands there twice");
    }
    const uint32_t bytes = note->descriptor_size;
    memcpy(request, descriptor, bytes < sizeof *request ? bytes : sizeof *request);
    if (bytes < BOOT_REQUEST_SIZE_MIN || bytes > BOOT_REQUEST_SIZE_MAX || bytes % 8 != 0 ||
        request->size != bytes) {
        return refuse(why, "size", request->size, "is wrong, or not its note's");
    }
    return check_request(request, why);
}

// Looks through one PT_NOTE segment.
static bool read_notes(const uint8_t *notes, uint64_t bytes, uint64_t alignment,
                       struct boot_request *request, struct message *why)
{
    static const char name[] = BOOT_REQUEST_NOTE_NAME;
    struct note_header note;
    for (uint64_t at = 0; bytes - at >= sizeof note;) {
        memcpy(&note, notes + at, sizeof note);
        // Sums of 32-bit numbers: no overflow.
        uint64_t unaligned = at + sizeof note + note.name_size;
        uint64_t descriptor = (unaligned + alignment - 1) & ~(alignment - 1);
        uint64_t end = descriptor + note.descriptor_size;
        if (end > bytes) {
            return refuse(why, "an ELF note at byte", at, "passes its segment");
        }
        if (note.name_size == sizeof name &&
            memcmp(notes + at + sizeof note, name, sizeof name) == 0 &&
            !read_request(notes + descriptor, &note, request, why)) {
            return false;
        }
        at = (end + alignment - 1) & ~(alignment - 1);
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
    for (uint32_t i = 0; i < kernel->program_header_count; i++) {
        struct elf64_program_header header;
        elf_program_header(kernel, i, &header);
        if (header.p_type != ELF_PT_NOTE) {
            continue;
        }
        if (header.p_offset > kernel->file_size ||
            header.p_filesz > kernel->file_size - header.p_offset) {
            return refuse(why, "PT_NOTE at", header.p_offset, "passes the end of the file");
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
