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
        \valid_read((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1));
    predicate writable_request(struct boot_request *request) = \valid(request) &&
        \valid((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1)); */

// ---- Fields -------------------------------------------------------------------------------

#define DIRECT_MAP_SHIFT 39
#define ANY              0xFFFFFFFFu

_Static_assert((uint64_t)1 << DIRECT_MAP_SHIFT == BOOT_REQUEST_DIRECT_MAP_UNIT, "512 GiB");

// The fields in the order in which they are checked, and what each may be by itself: the last
// number or less, in units of 1 << the first.
#define FIELDS(X)                                                                                  \
    X(direct_map, DIRECT_MAP_SHIFT, ANY)                                                           \
    X(height, 0, BOOT_REQUEST_PIXELS_MAX)                                                          \
    X(video, 0, BOOT_VIDEO_FRAMEBUFFER_REQUIRED)                                                   \
    X(depth, 0, ANY)                                                                               \
    X(physical_alignment, PAGE_SHIFT, BOOT_REQUEST_PHYSICAL_ALIGNMENT_MAX >> PAGE_SHIFT)           \
    X(minimum_version, 0, BOOT_INFO_VERSION)                                                       \
    X(flags, 0, KNOWN_FLAGS)                                                                       \
    X(stack_size, PAGE_SHIFT, BOOT_REQUEST_STACK_MAX >> PAGE_SHIFT)                                \
    X(recursive_slot, 0, BOOT_REQUEST_RECURSIVE_SLOT_MAX)                                          \
    X(width, 0, BOOT_REQUEST_PIXELS_MAX)                                                           \
    X(reserved, 0, 0)                                                                              \
    X(required, 0, (1u << KNOWN_WORDS) - 1)

#define PLACE(field, ...)       FIELD_##field,
#define NAME_MEMBER(field, ...) char field[sizeof #field];
#define NAME(field, ...)        #field,
#define LIMIT(field, unit_shift, most_units)                                                       \
    {.offset = offsetof(struct boot_request, field),                                               \
     .bytes = sizeof(((struct boot_request *)0)->field),                                           \
     .shift = (unit_shift),                                                                        \
     .name = offsetof(struct field_names, field),                                                  \
     .most = (most_units)},

enum { FIELDS(PLACE) LIMIT_COUNT };

// One behind the other: smaller than pointers to them.
static const struct field_names {
    FIELDS(NAME_MEMBER)
} names = {FIELDS(NAME)};

static const struct field_limit {
    uint8_t offset; // in the request
    uint8_t bytes;
    uint8_t shift;
    uint8_t name; // in `names`
    uint32_t most;
} limits[] = {FIELDS(LIMIT)};

/*@ // What boot_request.h allows of the first `count` fields, each by itself.
    predicate in_range(struct boot_request *request, integer count) =
        (count > FIELD_direct_map ==> request->direct_map % BOOT_REQUEST_DIRECT_MAP_UNIT == 0) &&
        (count > FIELD_height ==> request->height <= BOOT_REQUEST_PIXELS_MAX) &&
        (count > FIELD_video ==> request->video <= BOOT_VIDEO_FRAMEBUFFER_REQUIRED) &&
        (count > FIELD_physical_alignment ==>
         request->physical_alignment <= BOOT_REQUEST_PHYSICAL_ALIGNMENT_MAX &&
         request->physical_alignment % PAGE_BYTES == 0) &&
        (count > FIELD_minimum_version ==> request->minimum_version <= BOOT_INFO_VERSION) &&
        (count > FIELD_flags ==> request->flags <= KNOWN_FLAGS) &&
        (count > FIELD_stack_size ==> request->stack_size <= BOOT_REQUEST_STACK_MAX &&
         request->stack_size % PAGE_BYTES == 0) &&
        (count > FIELD_recursive_slot ==>
         request->recursive_slot <= BOOT_REQUEST_RECURSIVE_SLOT_MAX) &&
        (count > FIELD_width ==> request->width <= BOOT_REQUEST_PIXELS_MAX) &&
        (count > FIELD_reserved ==> request->reserved == 0) &&
        (count > FIELD_required ==> request->required < (1 << KNOWN_WORDS));

    logic integer value_at(struct boot_request *request, integer field) =
        field == FIELD_direct_map ? request->direct_map :
        field == FIELD_height ? request->height :
        field == FIELD_video ? request->video :
        field == FIELD_depth ? request->depth :
        field == FIELD_physical_alignment ? request->physical_alignment :
        field == FIELD_minimum_version ? request->minimum_version :
        field == FIELD_flags ? request->flags :
        field == FIELD_stack_size ? request->stack_size :
        field == FIELD_recursive_slot ? request->recursive_slot :
        field == FIELD_width ? request->width :
        field == FIELD_reserved ? request->reserved : request->required;

    // And of fields with others, and of those that may have a few values only.
    predicate without_contradiction(struct boot_request *request) =
        (request->direct_map < LOW_HALF_END ||
         request->direct_map >= UINT64_MAX - LOW_HALF_END + 1) &&
        (request->direct_map != 0 ==> (request->flags & BOOT_REQUEST_NO_DIRECT_MAP) == 0) &&
        (request->width == 0 <==> request->height == 0) &&
        (request->video == BOOT_VIDEO_TEXT ==> request->width == 0 && request->depth == 0) &&
        (request->depth == 0 || request->depth == 15 || request->depth == 16 ||
         request->depth == 24 || request->depth == 32) &&
        (request->physical_alignment == 0 || request->physical_alignment == PAGE_BYTES ||
         (request->physical_alignment & (request->physical_alignment - 1)) == 0);

    predicate allowed(struct boot_request *request) =
        in_range(request, LIMIT_COUNT) && without_contradiction(request);
*/

// The first field that does not go with others, or is none of the few values it may have.
/*@ requires \valid_read(request);
    assigns \nothing;
    ensures \result <= LIMIT_COUNT;
    ensures \result == LIMIT_COUNT ==> without_contradiction(request); */
static unsigned find_contradiction(const struct boot_request *request)
{
    const uint64_t map = request->direct_map;
    const uint64_t alignment = request->physical_alignment;
    const uint32_t depth = request->depth;
    if ((map + LOW_HALF_END >= 2 * LOW_HALF_END) ||
        (map != 0 && (request->flags & BOOT_REQUEST_NO_DIRECT_MAP) != 0)) {
        return FIELD_direct_map;
    }
    if ((request->width == 0) != (request->height == 0)) {
        return FIELD_height;
    }
    if (request->video == BOOT_VIDEO_TEXT && (request->width | depth) != 0) {
        return FIELD_video;
    }
    if (depth != 0 && depth != 15 && depth != 16 && depth != 24 && depth != 32) {
        return FIELD_depth;
    }
    return (alignment & (alignment - 1)) != 0 ? FIELD_physical_alignment : LIMIT_COUNT;
}

// A field's value, of 4 bytes or 8.
/*@ requires readable_request(request) && made_of_bytes(request) && field < LIMIT_COUNT;
    assigns \nothing;
    ensures \result == value_at(request, field); */
static uint64_t value_of(const struct boot_request *request, unsigned field)
{
    uint64_t value = 0;
    memcpy(&value, (const uint8_t *)request + limits[field].offset, limits[field].bytes);
    return value;
}

// `most` or less in units of 1 << shift.
/*@ requires shift == 0 || shift == PAGE_SHIFT || shift == DIRECT_MAP_SHIFT;
    assigns \nothing;
    ensures shift == 0 ==> (\result <==> value <= most);
    ensures shift == PAGE_SHIFT ==>
            (\result <==> value % PAGE_BYTES == 0 && value / PAGE_BYTES <= most);
    ensures shift == DIRECT_MAP_SHIFT ==> (\result <==>
            value % BOOT_REQUEST_DIRECT_MAP_UNIT == 0 &&
            value / BOOT_REQUEST_DIRECT_MAP_UNIT <= most); */
static bool is_within(uint64_t value, unsigned shift, uint32_t most)
{
    const uint64_t unit = (uint64_t)1 << shift;
    //@ assert shift == 0 ==> unit > 0;
    //@ assert shift == PAGE_SHIFT ==> unit > 0;
    //@ assert shift == DIRECT_MAP_SHIFT ==> unit > 0;
    return value % unit == 0 && value / unit <= most;
}

/*@ requires readable_request(request) && made_of_bytes(request);
    requires \valid(why) && \separated(request, why);
    requires \separated((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1), why);
    assigns *why;
    ensures \result ==> allowed(request); */
static bool check_fields(const struct boot_request *request, struct message *why)
{
    const unsigned contradiction = find_contradiction(request);
    /*@ loop invariant 0 <= i <= LIMIT_COUNT;
        loop invariant i <= contradiction && in_range(request, i);
        loop assigns i;
        loop variant LIMIT_COUNT - i; */
    for (unsigned i = 0; i < LIMIT_COUNT; i++) {
        const uint64_t value = value_of(request, i);
        //@ assert limits[i].name < sizeof(struct field_names);
        if (i == contradiction || !is_within(value, limits[i].shift, limits[i].most)) {
            return message_refuse(why,
                                  "boot request: %s 0x%llx is not allowed, or not with the other "
                                  "fields: see boot_request.h, or use a newer Firstlight",
                                  (const char *)&names + limits[i].name, (unsigned long long)value);
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
/*@ requires \valid_read(note) && writable_request(request) && \valid(why);
    requires \valid_read(descriptor + (0 .. note->descriptor_size - 1));
    requires \separated(note, request, why);
    requires \separated((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1),
                        descriptor + (0 .. note->descriptor_size - 1), why);
    assigns *request, ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1], *why;
    ensures \result ==> allowed(request); */
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
    requires writable_request(request) && \valid(why) && \separated(request, why);
    requires \separated((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1),
                        notes + (0 .. bytes - 1), why);
    requires allowed(request);
    requires alignment == 4 || alignment == 8;
    assigns *request, ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1], *why;
    ensures \result ==> allowed(request); */
static bool read_notes(const uint8_t *notes, uint64_t bytes, uint64_t alignment,
                       struct boot_request *request, struct message *why)
{
    static const char name[] = BOOT_REQUEST_NOTE_NAME;
    struct note_header note;
    /*@ loop invariant at <= bytes && allowed(request);
        loop assigns at, note, *request,
                     ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1], *why;
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

// Looks through all PT_NOTE segments.
/*@ requires readable_file(kernel) && headers_inside(kernel);
    requires kernel->file_size <= KERNEL_FILE_MAX;
    requires writable_request(request) && \valid(why) && \separated(kernel, request, why);
    requires \separated((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1),
                        kernel->file + (0 .. kernel->file_size - 1), why);
    requires allowed(request);
    assigns *request, ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1], *why;
    ensures \result ==> allowed(request); */
static bool read_segments(const struct elf_kernel *kernel, struct boot_request *request,
                          struct message *why)
{
    /*@ loop invariant 0 <= i <= kernel->program_header_count && allowed(request);
        loop invariant kernel->program_header_count == \at(kernel->program_header_count, Pre);
        loop invariant kernel->program_header_offset == \at(kernel->program_header_offset, Pre);
        loop invariant kernel->file_size == \at(kernel->file_size, Pre);
        loop assigns i, *request, ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1], *why;
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
    return true;
}

// ---- All of it ----------------------------------------------------------------------------

/*@ requires \valid(request) && allowed(request);
    assigns request->stack_size, request->physical_alignment;
    ensures allowed(request);
    ensures request->stack_size != 0 && request->physical_alignment != 0; */
static void put_defaults(struct boot_request *request)
{
    if (request->stack_size == 0) {
        request->stack_size = DEFAULT_STACK_BYTES;
    }
    if (request->physical_alignment == 0) {
        request->physical_alignment = DEFAULT_ALIGNMENT;
    }
}

/*@ ensures \result ==> allowed(request); */
bool kernel_request_parse(const struct elf_kernel *kernel, struct boot_request *request,
                          struct message *why)
{
    memset(request, 0, sizeof *request);
    if (!read_segments(kernel, request, why)) {
        return false;
    }
    put_defaults(request);
    return true;
}

uint32_t kernel_request_item_flags(const struct boot_request *request)
{
    return (request->physical_alignment > DEFAULT_ALIGNMENT ? IMAGE_ITEM_ALIGNMENT_REQUIRED : 0) |
           ((request->flags & BOOT_REQUEST_AVOID_ISA_HOLE) != 0 ? IMAGE_ITEM_AVOID_ISA_HOLE : 0);
}
