// The kernel to start from: says hello, shows what memory there is, stops. Make it your own: what
// follows kernel_main's first lines is free to go.
//
// It runs on what the loader left: interrupts off, the loader's stack and page tables
// (bootloader/include/firstlight/boot_info.h).
#include "arch/x86_64/exceptions.h"
#include "arch/x86_64/halt.h"
#include "arch/x86_64/machine_exit.h"
#include "backtrace.h"
#include "boot_timeline.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/command_line.h"
#include "memory/frame_allocator.h"
#include "memory/memory_report.h"
#include "panic.h"
#include "stack_protector.h"

#include <stdbool.h>
#include <stddef.h>

// Words for the command line. To end the emulator instead of halting, with a status that tells
// whether all went well; and to show how long the boot took.
#define EXIT_WORD     "exit"
#define TIMELINE_WORD "timeline"

#define MIB 0x100000u

// Lines of the screen to keep free below the memory map: one that says how many rows are missing,
// the usable memory, and the one the cursor ends in.
#define ROWS_BELOW_MEMORY_MAP 3u

// Physical memory to give out.
static struct frame_allocator frames;

static void check_boot_info(const struct boot_info *info)
{
    if (info == NULL) {
        panic("no boot_info: start this kernel with Firstlight's loader");
    }
    if (info->version < BOOT_INFO_VERSION || info->size < sizeof *info) {
        panic("boot_info is version %u, %u bytes; this kernel needs version %u, %zu bytes: "
              "rebuild the image with the loader this kernel was built with",
              info->version, info->size, BOOT_INFO_VERSION, sizeof *info);
    }
    ASSERT(info->memory_map != NULL && info->memory_map_count > 0);
    ASSERT(info->command_line != NULL);
}

static bool requested(const struct boot_info *info, const char *word)
{
    return command_line_has_word(info->command_line, (size_t)info->command_line_length, word);
}

static void say_hello(void)
{
    console_set_colours(TEXT_LIGHT_CYAN, TEXT_BLACK);
    kprintf("Hello World!\n");
    console_set_colours(TEXT_LIGHT_GREY, TEXT_BLACK);
}

// On COM1 the whole table, on the screen as much as leaves the greeting at the top.
static void print_memory_map(const struct boot_info *info)
{
    char line[MEMORY_REPORT_LINE];
    (void)memory_report_heading(line);
    kprintf("\n%s\n", line);
    uint64_t hidden = 0;
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        (void)memory_report_row(line, &info->memory_map[i]);
        kprintf_on(CONSOLE_SERIAL, "%s\n", line);
        if (console_rows_left() >= ROWS_BELOW_MEMORY_MAP) {
            kprintf_on(CONSOLE_SCREEN, "%s\n", line);
        } else {
            hidden++;
        }
    }
    if (hidden > 0) {
        kprintf_on(CONSOLE_SCREEN, "(%llu more on COM1)\n", (unsigned long long)hidden);
    }
}

static void print_usable_memory(const struct boot_info *info)
{
    const uint64_t bytes = memory_report_usable(info->memory_map, info->memory_map_count);
    kprintf("usable memory: %llu MiB (%llu bytes)\n", (unsigned long long)(bytes / MIB),
            (unsigned long long)bytes);
}

static void print_line(void *context, const char *line)
{
    (void)context;
    kprintf("%s\n", line);
}

// Everything a kernel wants before anything else, in the order that lets each report on the next.
static void initialise(const struct boot_info *info)
{
    console_initialise(info);
    check_boot_info(info);
    if (requested(info, EXIT_WORD)) {
        panic_exits_machine();
    }
    backtrace_initialise(info);
    exceptions_initialise(info);
    frames_initialise(&frames, info);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    initialise(info);
    stack_protector_initialise(info);

    say_hello();
    print_memory_map(info);
    print_usable_memory(info);
    if (requested(info, TIMELINE_WORD)) {
        kprintf("\n");
        boot_timeline_write(info, kernel_start_time, print_line, NULL);
    }

    if (requested(info, EXIT_WORD)) {
        machine_exit(MACHINE_EXIT_SUCCESS);
    }
    halt_for_ever();
}
