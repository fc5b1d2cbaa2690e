// Prints every mapping there is, neighbours of one kind as one line, and boot_info's addresses: the
// test compares them, page by page, with the kernel's file and the documents.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

static struct mapping run;

static void print_run(void)
{
    if (run.bytes != 0) {
        kprintf_on(CONSOLE_SERIAL, "map %llx %llx %llx r%c%c\n",
                   (unsigned long long)run.virtual_base, (unsigned long long)run.physical_base,
                   (unsigned long long)run.bytes, run.writable ? 'w' : '-',
                   run.executable ? 'x' : '-');
    }
}

static void add_mapping(const struct boot_info *info, const struct mapping *mapping)
{
    (void)info;
    ASSERT(!mapping->user);
    if (run.virtual_base + run.bytes == mapping->virtual_base &&
        run.physical_base + run.bytes == mapping->physical_base &&
        run.writable == mapping->writable && run.executable == mapping->executable) {
        run.bytes += mapping->bytes;
        return;
    }
    print_run();
    run = *mapping;
}

static void print_field(const char *name, uint64_t value)
{
    kprintf_on(CONSOLE_SERIAL, "%s %llx\n", name, (unsigned long long)value);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    print_field("boot_info", (uint64_t)info);
    print_field("direct_map_offset", info->direct_map_offset);
    print_field("direct_map_size", info->direct_map_size);
    print_field("kernel_physical_base", info->kernel_physical_base);
    print_field("kernel_slide", info->kernel_slide);
    print_field("stack_bottom", info->stack_bottom);
    print_field("stack_top", info->stack_top);
    print_field("stack_guard_size", info->stack_guard_size);
    print_field("handover_page", info->handover_page);
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const struct boot_memory_range *range = &info->memory_map[i];
        kprintf_on(CONSOLE_SERIAL, "range %llx %llx %x\n", (unsigned long long)range->base,
                   (unsigned long long)range->length, range->kind);
    }
    for_each_mapping(info, add_mapping);
    print_run();
    machine_exit(MACHINE_EXIT_SUCCESS);
}
