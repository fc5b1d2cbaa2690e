// Lays the kernel item out: trims and fills what is zero, gives every segment its place, writes the
// file, and has it checked by the loader's own code. Called by bootimage and by the unit tests.
#include "kernel_pack.h"

#include "geometry.h"
#include "handover.h"
#include "image_format.h"
#include "kernel_layout.h"
#include "kernel_request.h"

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
    uint64_t size; // of the packed file
};

static uint64_t page_of(uint64_t address)
{
    return address / PAGE_BYTES;
}

static uint64_t last_page(const struct packed_segment *segment)
{
    return page_of(segment->source.virtual_address + (segment->source.memory_size - 1));
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
// executable segment, whose entry point must lie in its file part, and not in a segment that shares
// its last page with the next one, because it could not be mapped in place any more.
static void trim_trailing_zeros(struct packing *packing)
{
    for (uint32_t i = packing->count; i-- != 0;) {
        struct packed_segment *segment = &packing->segments[i];

        if ((segment->source.flags & ELF_PF_X) != 0 || shares_page_with_next(packing, i)) {
            return;
        }
        if (segment->copied != 0) { // else its offset means nothing
            segment->copied = without_trailing_zeros(
                packing->kernel->file + segment->source.file_offset, segment->copied);
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

// Gives every segment its offset: in the page after all bytes before it, at p_vaddr mod 4096; a
// segment that shares a page with the one before it follows that one at the same distance as in
// memory, if that one's bytes reach so far.
static bool place_segments(struct packing *packing, struct message *why)
{
    uint64_t end = sizeof(struct elf64_header) +
                   (uint64_t)packing->count * sizeof(struct elf64_program_header);

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

static void write_headers(const struct packing *packing, uint8_t *bytes)
{
    const uint8_t *source = packing->kernel->file;
    struct elf64_header header;

    memcpy(&header, source, sizeof(header));
    header.e_phoff = sizeof(header);
    header.e_phnum = (uint16_t)packing->count;
    header.e_shoff = 0; // sections are for linkers and debuggers
    header.e_shentsize = 0;
    header.e_shnum = 0;
    header.e_shstrndx = 0;
    memcpy(bytes, &header, sizeof(header));

    for (uint32_t i = 0; i < packing->count; i++) {
        const struct packed_segment *segment = &packing->segments[i];
        struct elf64_program_header entry;
        memcpy(&entry,
               source + packing->kernel->program_header_offset +
                   (uint64_t)segment->source.header_index * sizeof(entry),
               sizeof(entry));
        entry.p_offset = segment->offset;
        entry.p_filesz = segment->file_size;
        entry.p_align = PAGE_BYTES;
        memcpy(bytes + sizeof(header) + i * sizeof(entry), &entry, sizeof(entry));
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
static bool check_packed(struct packed_kernel *packed, struct message *why)
{
    struct elf_kernel kernel;
    struct kernel_layout layout;
    const struct boot_request request = {.stack_size = DEFAULT_STACK_BYTES};

    if (!elf_parse(packed->bytes, packed->size, &kernel, why) ||
        !kernel_layout_plan(&kernel, &layout, why) ||
        !handover_addresses_fit(&kernel, &request, why)) {
        return false;
    }
    packed->memory_bytes = layout.memory_bytes;
    kernel_layout_wish(&layout, &packed->memory_alignment, &packed->memory_phase);
    return true;
}

bool kernel_pack(const struct elf_kernel *kernel, struct packed_kernel *packed, struct message *why)
{
    struct packing packing = {.kernel = kernel};
    bool done;

    memset(packed, 0, sizeof(*packed));
    if (kernel->position_independent) {
        return message_refuse(why, "position-independent kernels are not supported yet: link with "
                                   "-no-pie -static");
    }
    done = collect_segments(&packing, why);
    if (done) {
        trim_trailing_zeros(&packing);
        fill_interior_bss(&packing);
        done = place_segments(&packing, why) && write_file(&packing, packed, why) &&
               check_packed(packed, why);
    }
    free(packing.segments);
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
