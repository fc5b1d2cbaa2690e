// Lays the kernel item out: trims and fills what is zero, gives every segment its place, writes the
// file, and has it checked by the loader's own code. Called by bootimage and by the unit tests.
#include "kernel_pack.h"

#include "geometry.h"
#include "image_format.h"
#include "kernel_check.h"
#include "kernel_extras.h"
#include "kernel_notes.h"
#include "kernel_request.h"
#include "page.h"

#include <stdlib.h>
#include <string.h>

#define KERNEL_MAX_BYTES ((uint64_t)IMAGE_MAX_SECTORS * SECTOR_SIZE)

// A segment and what becomes of it.
struct packed_segment {
    struct elf_segment source;
    uint64_t copied; // bytes taken from the source file: source.file_size without zeros at the end
    uint64_t file_size; // p_filesz: copied, and .bss that is written out
    uint64_t offset;    // p_offset
};

struct packing {
    const struct elf_kernel *kernel;
    struct packed_segment *segments;
    uint32_t count;
    struct kernel_extras extras; // the other program headers that are kept
    uint64_t note_offset;        // of the boot request, in the source file
    uint64_t note_bytes;         // 0: none
    uint64_t size;               // of the packed file
};

static uint64_t page_of(uint64_t address)
{
    return address / PAGE_BYTES;
}

static uint64_t last_page(const struct packed_segment *segment)
{
    return page_of(elf_segment_last_byte(&segment->source));
}

static bool shares_page_with_next(const struct packing *packing, uint32_t index)
{
    return index + 1 < packing->count &&
           last_page(&packing->segments[index]) ==
               page_of(packing->segments[index + 1].source.virtual_address);
}

static bool collect_segments(struct packing *packing, struct message *why)
{
    const struct elf_kernel *kernel = packing->kernel;
    uint32_t cursor = 0;
    struct elf_segment segment;

    packing->segments = calloc(kernel->segment_count, sizeof(*packing->segments));
    if (packing->segments == NULL) {
        return message_refuse(why, "not enough memory to pack %u segments", kernel->segment_count);
    }
    while (packing->count < kernel->segment_count && elf_next_segment(kernel, &cursor, &segment)) {
        struct packed_segment *packed = &packing->segments[packing->count++];
        packed->source = segment;
        packed->copied = segment.file_size;
        packed->file_size = segment.file_size;
    }
    return true;
}

// Bytes up to the last one that is not zero.
static uint64_t without_trailing_zeros(const uint8_t *bytes, uint64_t size)
{
    while (size != 0 && bytes[size - 1] == 0) {
        size--;
    }
    return size;
}

// Zeros at the end of the last segments need not be read from disk: they become .bss. Not in an
// executable segment, whose entry point must lie in its file part, not in a segment that shares
// its last page with the next one, because it could not be mapped in place any more, and not what
// stage 2 looks up in the file (kernel_extras_kept).
static void trim_trailing_zeros(struct packing *packing)
{
    for (uint32_t i = packing->count; i-- != 0;) {
        struct packed_segment *segment = &packing->segments[i];

        if ((segment->source.flags & ELF_PF_X) != 0 || shares_page_with_next(packing, i)) {
            return;
        }
        if (segment->copied != 0) { // else its offset means nothing
            const uint64_t kept =
                kernel_extras_kept(&packing->extras, packing->kernel, &segment->source);
            segment->copied = kept + without_trailing_zeros(packing->kernel->file +
                                                                segment->source.file_offset + kept,
                                                            segment->copied - kept);
            segment->file_size = segment->copied;
        }
        if (segment->copied != 0) {
            return;
        }
    }
}

// Writes .bss out as zeros where it is small and something of the file follows it: the pages behind
// it stay contiguous, and a page shared with the next segment can be mapped in place.
static void fill_interior_bss(struct packing *packing)
{
    uint64_t allowance = INTERIOR_ZEROS_MAX;
    uint32_t end = packing->count; // of the segments with bytes in the file
    bool run_in_file = false;      // the segments that share pages up to here have some

    while (end != 0 && packing->segments[end - 1].file_size == 0) {
        end--;
    }
    for (uint32_t i = 0; i < packing->count; i++) {
        struct packed_segment *segment = &packing->segments[i];
        const uint64_t bss = segment->source.memory_size - segment->file_size;

        run_in_file = segment->file_size != 0 ||
                      (run_in_file && i != 0 && shares_page_with_next(packing, i - 1));
        if ((i + 1 < end || (run_in_file && shares_page_with_next(packing, i))) &&
            bss <= allowance) {
            segment->file_size += bss;
            allowance -= bss;
        }
    }
}

// ELF header and program headers; the note lies behind them, 8-byte aligned as they are.
static uint64_t headers_bytes(const struct packing *packing)
{
    const uint64_t count =
        (uint64_t)packing->count + packing->extras.count + (packing->note_bytes != 0);

    return sizeof(struct elf64_header) + count * sizeof(struct elf64_program_header);
}

// Gives every segment its offset: in the page after all bytes before it, at p_vaddr mod 4096; a
// segment that shares a page with the one before it follows that one at the same distance as in
// memory, if that one's bytes reach so far.
static bool place_segments(struct packing *packing, struct message *why)
{
    uint64_t end = headers_bytes(packing) + packing->note_bytes;

    for (uint32_t i = 0; i < packing->count; i++) {
        struct packed_segment *segment = &packing->segments[i];
        const struct packed_segment *previous = segment - 1;
        const uint64_t address = segment->source.virtual_address;

        if (i != 0 && shares_page_with_next(packing, i - 1) &&
            previous->file_size == previous->source.memory_size) {
            segment->offset = previous->offset + (address - previous->source.virtual_address);
        } else if (segment->file_size == 0) {
            segment->offset = address % PAGE_BYTES; // no bytes: any offset of its phase will do
            continue;
        } else {
            segment->offset = page_round_up(end) + address % PAGE_BYTES;
        }
        if (segment->file_size > KERNEL_MAX_BYTES || segment->offset > KERNEL_MAX_BYTES) {
            message_format(why,
                           "the kernel's segments need more than the %llu GiB that a disk image "
                           "can have: make it smaller",
                           (unsigned long long)(KERNEL_MAX_BYTES >> 30));
            return false;
        }
        end = segment->offset + segment->file_size;
    }
    packing->size = end;
    return true;
}

// Program headers of what lies inside a segment: at the offset that follows from that.
static void place_extras(struct packing *packing)
{
    for (uint32_t i = 0; i < packing->extras.count; i++) {
        struct elf64_program_header *extra = &packing->extras.headers[i];
        const struct packed_segment *segment = packing->segments;
        if (kernel_extra_takes_no_memory(extra)) {
            continue; // nor a place in the file
        }
        while (!kernel_extra_inside(extra, &segment->source)) {
            segment++; // kernel_extras_collect has seen that there is one
        }
        const uint64_t distance = extra->p_vaddr - segment->source.virtual_address;
        const uint64_t in_file = distance < segment->file_size ? segment->file_size - distance : 0;
        extra->p_offset = segment->offset + distance;
        extra->p_filesz = extra->p_filesz < in_file ? extra->p_filesz : in_file;
    }
}

static uint8_t *write_program_header(uint8_t *place, const struct elf64_program_header *header)
{
    memcpy(place, header, sizeof(*header));
    return place + sizeof(*header);
}

static void write_headers(const struct packing *packing, uint8_t *bytes)
{
    const uint64_t table = headers_bytes(packing);
    uint8_t *next = bytes + sizeof(struct elf64_header);
    struct elf64_header header;

    memcpy(&header, packing->kernel->file, sizeof(header));
    header.e_phoff = sizeof(header);
    header.e_phnum = (uint16_t)((table - sizeof(header)) / sizeof(struct elf64_program_header));
    header.e_shoff = 0; // sections are for linkers and debuggers
    header.e_shentsize = 0;
    header.e_shnum = 0;
    header.e_shstrndx = 0;
    memcpy(bytes, &header, sizeof(header));

    for (uint32_t i = 0; i < packing->count; i++) {
        const struct packed_segment *segment = &packing->segments[i];
        struct elf64_program_header entry;
        elf_program_header(packing->kernel, segment->source.header_index, &entry);
        entry.p_offset = segment->offset;
        entry.p_filesz = segment->file_size;
        entry.p_align = PAGE_BYTES;
        next = write_program_header(next, &entry);
    }
    for (uint32_t i = 0; i < packing->extras.count; i++) {
        next = write_program_header(next, &packing->extras.headers[i]);
    }
    if (packing->note_bytes != 0) {
        const struct elf64_program_header note = {
            .p_type = ELF_PT_NOTE,
            .p_flags = ELF_PF_R,
            .p_offset = table,
            .p_filesz = packing->note_bytes,
            .p_memsz = packing->note_bytes,
            .p_align = NOTE_ALIGNMENT,
        };
        next = write_program_header(next, &note);
        memcpy(next, packing->kernel->file + packing->note_offset, (size_t)packing->note_bytes);
    }
}

static bool write_file(const struct packing *packing, struct packed_kernel *packed,
                       struct message *why)
{
    const uint64_t capacity = (packing->size + SECTOR_SIZE - 1) / SECTOR_SIZE * SECTOR_SIZE;

    packed->size = packing->size;
    packed->bytes = capacity <= SIZE_MAX ? calloc(1, (size_t)capacity) : NULL;
    if (packed->bytes == NULL) {
        return message_refuse(why, "not enough memory to pack a kernel of %llu bytes",
                              (unsigned long long)packing->size);
    }
    write_headers(packing, packed->bytes);
    for (uint32_t i = 0; i < packing->count; i++) {
        const struct packed_segment *segment = &packing->segments[i];
        if (segment->copied != 0) {
            memcpy(packed->bytes + segment->offset,
                   packing->kernel->file + segment->source.file_offset, (size_t)segment->copied);
        }
    }
    return true;
}

// What stage 2 will say of the item: it must accept it, or the image is not made.
static bool check_packed(const struct elf_kernel *source, struct packed_kernel *packed,
                         struct message *why)
{
    struct checked_kernel checked;

    if (!kernel_check(packed->bytes, packed->size, source->alignment, &checked, why)) {
        return false;
    }
    packed->item_flags = checked.item_flags;
    packed->memory_bytes = checked.layout.memory_bytes;
    packed->memory_alignment = checked.memory_alignment;
    packed->memory_phase = checked.memory_phase;
    return true;
}

// What of the source goes into the packed file. Its request is looked at first: what is wrong with
// it is not to be left out with the other notes.
static bool collect(struct packing *packing, struct message *why)
{
    struct boot_request request;

    if (!kernel_notes_covered(packing->kernel, why) ||
        !kernel_request_parse(packing->kernel, &request, why) || !collect_segments(packing, why) ||
        !kernel_extras_collect(packing->kernel, &packing->extras, why)) {
        return false;
    }
    if (!kernel_note_find(packing->kernel, &packing->note_offset, &packing->note_bytes)) {
        packing->note_bytes = 0;
    }
    return true;
}

static bool lay_out(struct packing *packing, struct packed_kernel *packed, struct message *why)
{
    trim_trailing_zeros(packing);
    fill_interior_bss(packing);
    if (!place_segments(packing, why)) {
        return false;
    }
    place_extras(packing);
    return write_file(packing, packed, why);
}

bool kernel_pack(const struct elf_kernel *kernel, struct packed_kernel *packed, struct message *why)
{
    struct packing packing = {.kernel = kernel};
    bool done;

    memset(packed, 0, sizeof(*packed));
    done = collect(&packing, why) && lay_out(&packing, packed, why) &&
           check_packed(kernel, packed, why);
    free(packing.segments);
    kernel_extras_free(&packing.extras);
    if (!done) {
        packed_kernel_free(packed);
    }
    return done;
}

void packed_kernel_free(struct packed_kernel *packed)
{
    free(packed->bytes);
    memset(packed, 0, sizeof(*packed));
}
