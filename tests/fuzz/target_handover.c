// Fuzzes the plan of the kernel's address space and the page tables and boot_info that are built by
// it: either it is refused, or all of the boot contract holds (tests/unit/load/handover_check.c).
// Input: see read_... below.
#include "built_handover.h"
#include "elf.h"
#include "fuzz.h"
#include "kernel_layout.h"
#include "unit.h"

#define PAGE            4096ull
#define MIB             0x100000ull
#define GIB             0x40000000ull
#define SEGMENTS_MOST   8u
#define MODULES_MOST    4u
#define STACK_PAGES     64u
#define SEGMENT_PAGES   64u
#define MEMORY_STEPS    8u
#define ITEMS_PHYSICAL  (256 * MIB)
#define MODULE_STEP     (8 * MIB)
#define LEAST_MEMORY    (512 * MIB)
#define TEXT_MOST       16u
#define SCREEN_PHYSICAL 0xE0000000u
#define SCREEN_MOST     0x10000u // pixels
#define TEXT_SCREEN     0xB8000u

// Places from which segments are counted: where something else wants to be.
static const uint64_t bases[] = {
    0x1000,
    0xB0000,
    0x100000,
    GIB,
    0x7FFFFFF00000u,
    0xFFFF800000000000u,
    0xFFFFFF0000000000u,
    0xFFFFFEFFFFFF0000u,
    0xFFFFFFFF80000000u,
    0xFFFFFFFFFFE00000u,
};

static uint32_t read_segments(struct fuzz_input *input, struct elf64_program_header *segments)
{
    static const uint32_t flags[] = {ELF_PF_R, ELF_PF_R | ELF_PF_W, ELF_PF_R | ELF_PF_X};
    const uint32_t count = 1 + fuzz_below(input, SEGMENTS_MOST);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t base = bases[fuzz_below(input, sizeof bases / sizeof bases[0])];
        const uint64_t slot = fuzz_number(input, 1) << 39;
        const uint64_t address = base + slot + fuzz_number(input, 2) * PAGE;
        const uint64_t bytes = (1 + fuzz_below(input, SEGMENT_PAGES)) * PAGE;
        // The first holds the entry point, so it has bytes in the file; the others need none.
        segments[i] = (struct elf64_program_header){
            .p_type = ELF_PT_LOAD,
            .p_flags = i == 0 ? ELF_PF_R | ELF_PF_X : flags[fuzz_below(input, 3)],
            .p_vaddr = address,
            .p_filesz = i == 0 ? PAGE : 0,
            .p_memsz = i == 0 ? PAGE : bytes,
        };
    }
    return count;
}

static void read_request(struct fuzz_input *input, struct boot_request *request)
{
    const unsigned form = (unsigned)fuzz_number(input, 1);
    const uint64_t slot = fuzz_below(input, 512);
    request->stack_size = (1 + fuzz_below(input, STACK_PAGES)) * PAGE;
    request->flags = (form & 1) != 0 ? BOOT_REQUEST_NO_DIRECT_MAP : 0;
    if ((form & 2) != 0) {
        request->recursive_slot = fuzz_below(input, BOOT_REQUEST_RECURSIVE_SLOT_MAX + 1);
    }
    if ((form & 7) == 4) {
        request->direct_map = slot << 39 | (slot >= 256 ? 0xFFFF000000000000u : 0);
    }
    request->physical_alignment = PAGE;
}

static void read_items(struct fuzz_input *input, struct built_handover *built)
{
    char name[TEXT_MOST];
    uint64_t physical = ITEMS_PHYSICAL;
    for (uint32_t count = fuzz_below(input, MODULES_MOST + 1); count > 0; count--) {
        const uint64_t bytes = 1 + fuzz_number(input, 3) % MODULE_STEP;
        memset(name, 0, sizeof name);
        memset(name, 'm', fuzz_below(input, TEXT_MOST));
        handover_add_module(built, name, name, physical + fuzz_below(input, 256) * PAGE, bytes);
        physical += 2 * MODULE_STEP;
    }
    if (fuzz_below(input, 2) != 0) {
        handover_add_symbols(built, physical, 40 + fuzz_number(input, 2));
    }
}

static void read_screen(struct fuzz_input *input, struct boot_info *facts)
{
    if (fuzz_below(input, 2) != 0) {
        facts->framebuffer.physical_address = SCREEN_PHYSICAL + fuzz_number(input, 2);
        facts->framebuffer.size = 4ull * (1 + fuzz_below(input, SCREEN_MOST));
    } else {
        facts->text_mode.physical_address = TEXT_SCREEN;
    }
}

static bool elf_accepts(const struct elf64_program_header *segments, uint32_t count)
{
    struct elf_file file =
        elf_file_make(segments, count, PAGE, PAGE + count * sizeof *segments, segments[0].p_vaddr);
    struct elf_kernel elf;
    struct kernel_layout layout;
    struct message why;
    const bool accepts =
        elf_parse(file.bytes, file.size, &elf, &why) && kernel_layout_plan(&elf, &layout, &why);
    elf_file_free(&file);
    return accepts;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz_input input = {bytes, size};
    static struct built_handover built;
    struct elf64_program_header segments[SEGMENTS_MOST] = {{.p_type = 0}};
    struct message why;
    memset(&built, 0, sizeof built);
    const uint32_t count = read_segments(&input, segments);
    if (!elf_accepts(segments, count)) {
        return 0;
    }
    built.nx = fuzz_below(&input, 2) != 0;
    built.gigabyte_pages = fuzz_below(&input, 2) != 0;
    machine_map(&built.map,
                LEAST_MEMORY + (fuzz_number(&input, 2) * PAGE << fuzz_below(&input, MEMORY_STEPS)));
    read_request(&input, &built.request);
    read_items(&input, &built);
    read_screen(&input, &built.facts);
    if (handover_try(&built, segments, count, "a b", &why)) {
        handover_build_planned(&built);
        handover_check(&built, "a b");
    } else {
        fuzz_check_refusal(&why);
    }
    handover_free(&built);
    return 0;
}
