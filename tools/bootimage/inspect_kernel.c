// bootimage inspect: the kernel's segments, and what it asks of the loader. Called by inspect.c.
#include "firstlight/boot_request.h"
#include "inspect.h"
#include "kernel_notes.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

// ---- Segments -----------------------------------------------------------------------------

const char *segment_placement(const struct kernel_run *run, const struct elf_segment *segment)
{
    if (!run->in_place) {
        return "copied";
    }
    return segment->file_size != 0 ? "in place" : "zeros";
}

static void print_run(const struct image_report *report, const struct kernel_run *run)
{
    uint32_t cursor = run->first_cursor;
    struct elf_segment segment;

    for (uint32_t i = 0; i < run->segment_count; i++) {
        if (!elf_next_segment(&report->kernel.elf, &cursor, &segment)) {
            return;
        }
        (void)printf("%8" PRIu32 "  0x%016" PRIx64 " %14" PRIu64 " %14" PRIu64 " %14" PRIu64
                     "  %c%c%c     %s\n",
                     segment.header_index, segment.virtual_address, segment.memory_size,
                     segment.file_size, segment.file_offset,
                     (segment.flags & ELF_PF_R) != 0 ? 'r' : '-',
                     (segment.flags & ELF_PF_W) != 0 ? 'w' : '-',
                     (segment.flags & ELF_PF_X) != 0 ? 'x' : '-', segment_placement(run, &segment));
    }
}

// ---- The boot request ---------------------------------------------------------------------

bool read_request(const struct elf_kernel *elf, struct boot_request *asked)
{
    const uint64_t start = offsetof(struct boot_request_note, request);
    uint64_t offset;
    uint64_t bytes;

    memset(asked, 0, sizeof(*asked));
    if (!kernel_note_find(elf, &offset, &bytes)) {
        return false;
    }
    bytes = bytes > start ? bytes - start : 0;
    memcpy(asked, elf->file + offset + start,
           bytes < sizeof(*asked) ? (size_t)bytes : sizeof(*asked));
    return true;
}

static void print_field(const char *name, bool is_default)
{
    (void)printf("  %-18s %s", name, is_default ? "(default) " : "");
}

static void print_video(const struct boot_request *asked)
{
    static const char *const modes[] = {
        [BOOT_VIDEO_TEXT] = "text mode",
        [BOOT_VIDEO_FRAMEBUFFER] = "a framebuffer, else text mode",
        [BOOT_VIDEO_FRAMEBUFFER_REQUIRED] = "a framebuffer, else no boot",
    };

    print_field("screen", asked->video == BOOT_VIDEO_TEXT);
    (void)printf("%s\n", modes[asked->video]); // kernel_request_parse lets no other through
    if (asked->video == BOOT_VIDEO_TEXT) {
        return;
    }
    print_field("size", asked->width == 0);
    if (asked->width != 0) {
        (void)printf("%" PRIu32 " x %" PRIu32 " pixels\n", asked->width, asked->height);
    } else {
        (void)printf("what the monitor prefers\n");
    }
    print_field("depth", asked->depth == 0);
    if (asked->depth != 0) {
        (void)printf("%" PRIu32 " bits a pixel\n", asked->depth);
    } else {
        (void)printf("the most there is\n");
    }
}

static void print_addresses(const struct boot_request *asked)
{
    const bool none = (asked->flags & BOOT_REQUEST_NO_DIRECT_MAP) != 0;

    print_field("direct map", !none && asked->direct_map == 0);
    if (none) {
        (void)printf("none\n");
    } else if (asked->direct_map == 0) {
        (void)printf("in the higher half\n");
    } else {
        (void)printf("at 0x%016" PRIx64 "\n", asked->direct_map);
    }
    print_field("recursive slot", asked->recursive_slot == 0);
    if (asked->recursive_slot == 0) {
        (void)printf("none\n");
    } else {
        (void)printf("%" PRIu32 "\n", asked->recursive_slot);
    }
    print_field("randomisation", (asked->flags & BOOT_REQUEST_NO_RANDOMISATION) == 0);
    (void)printf("%s\n", (asked->flags & BOOT_REQUEST_NO_RANDOMISATION) != 0
                             ? "no"
                             : "if position-independent");
}

static void print_memory(const struct boot_request *asked, const struct boot_request *effective)
{
    const bool avoids_hole = (asked->flags & BOOT_REQUEST_AVOID_ISA_HOLE) != 0;

    print_field("stack", asked->stack_size == 0);
    (void)printf("%" PRIu64 " bytes\n", effective->stack_size);
    print_field("physical alignment", asked->physical_alignment == 0);
    (void)printf("%" PRIu64 " bytes\n", effective->physical_alignment);
    print_field("15 to 16 MiB", !avoids_hole);
    (void)printf("%s\n", avoids_hole ? "avoided" : "not avoided");
}

static void print_request(const struct checked_kernel *kernel)
{
    struct boot_request asked;

    if (read_request(&kernel->elf, &asked)) {
        (void)printf("\nboot request, version %" PRIu32 ", %" PRIu32 " bytes:\n\n", asked.version,
                     asked.size);
    } else {
        (void)printf("\nboot request: none, so all is default:\n\n");
    }
    if (asked.required != 0) {
        print_field("must be known", false);
        (void)printf("0x%" PRIx64 "\n", asked.required);
    }
    print_field("contract", asked.minimum_version == 0);
    if (asked.minimum_version == 0) {
        (void)printf("any version\n");
    } else {
        (void)printf("version %" PRIu32 " or later\n", asked.minimum_version);
    }
    print_memory(&asked, &kernel->request);
    print_addresses(&asked);
    print_video(&asked);
}

void print_kernel(const struct image_report *report)
{
    struct kernel_run_cursor cursor = {0};
    struct kernel_run run;

    (void)printf("\nkernel: entry 0x%016" PRIx64 ", %" PRIu64 " bytes of memory%s, wished at a "
                 "multiple of %" PRIu64 " plus %" PRIu64 "\n\n",
                 report->kernel.elf.entry, report->kernel.layout.memory_bytes,
                 report->kernel.layout.contiguous ? ", contiguous" : "",
                 report->items.kernel->memory_alignment, report->items.kernel->memory_phase);
    (void)printf("%8s  %-18s %14s %14s %14s  %-6s  %s\n", "segment", "address", "memory", "file",
                 "file offset", "rights", "pages");
    while (kernel_layout_next_run(&report->kernel.layout, &cursor, &run)) {
        print_run(report, &run);
    }
    print_request(&report->kernel);
}
