// Proves page permissions by the faults they cause: what the boot contract forbids is tried, and
// each attempt must end in the page fault that forbids it.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "fault_probe.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

#define RETURN_INSTRUCTION 0xC3u // so that an execution that is allowed comes back
#define GIB                0x40000000u
#define DIRECT_MAP_MINIMUM UINT64_C(0x100000000)
#define VGA_TEXT           0xB8000u
#define VGA_TEXT_END       0xC0000u

static const uint8_t read_only = RETURN_INSTRUCTION;
static uint8_t writable = RETURN_INSTRUCTION;
static uint8_t zeroed;

__attribute__((noinline)) static void executable(void)
{
    __asm__ volatile("nop");
}

static unsigned count;

static void allowed(enum access access, uint64_t address, const char *what)
{
    const struct fault fault = fault_probe(access, address);
    if (fault.happened) {
        panic("%s: exception %llu, error code %llx", what, (unsigned long long)fault.vector,
              (unsigned long long)fault.error_code);
    }
    count++;
}

static void forbidden(enum access access, uint64_t address, uint64_t error_code, const char *what)
{
    const struct fault fault = fault_probe(access, address);
    if (!fault.happened) {
        panic("%s: no fault", what);
    }
    if (fault.vector != VECTOR_PAGE_FAULT || fault.error_code != error_code ||
        fault.address != address) {
        panic("%s: exception %llu, error code %llx instead of %llx, CR2 %llx", what,
              (unsigned long long)fault.vector, (unsigned long long)fault.error_code,
              (unsigned long long)error_code, (unsigned long long)fault.address);
    }
    count++;
}

#define FORBIDDEN_WRITE   (FAULT_PRESENT | FAULT_WRITE)
#define FORBIDDEN_EXECUTE (FAULT_PRESENT | FAULT_INSTRUCTION)

static void probe_segments(void)
{
    allowed(ACCESS_READ, (uint64_t)&read_only, "read .rodata");
    allowed(ACCESS_WRITE, (uint64_t)&zeroed, "write .bss");
    allowed(ACCESS_EXECUTE, (uint64_t)executable, "execute .text");
    allowed(ACCESS_READ, (uint64_t)executable, "read .text");
    forbidden(ACCESS_WRITE, (uint64_t)&read_only, FORBIDDEN_WRITE, "write .rodata");
    forbidden(ACCESS_WRITE, (uint64_t)executable, FORBIDDEN_WRITE, "write .text");
    forbidden(ACCESS_EXECUTE, (uint64_t)&read_only, FORBIDDEN_EXECUTE, "execute .rodata");
    forbidden(ACCESS_EXECUTE, (uint64_t)&writable, FORBIDDEN_EXECUTE, "execute .data");
    forbidden(ACCESS_EXECUTE, (uint64_t)&zeroed, FORBIDDEN_EXECUTE, "execute .bss");
}

static void probe_stack(const struct boot_info *info)
{
    allowed(ACCESS_READ, info->stack_bottom, "read the lowest byte of the stack");
    allowed(ACCESS_WRITE, info->stack_bottom, "write the lowest byte of the stack");
    allowed(ACCESS_READ, info->stack_top - 1, "read the highest byte of the stack");
    forbidden(ACCESS_READ, info->stack_bottom - 1, 0, "read the guard page");
    forbidden(ACCESS_WRITE, info->stack_bottom - PAGE_BYTES, FAULT_WRITE, "write the guard page");
    forbidden(ACCESS_READ, info->stack_top, 0, "read above the stack");
    volatile uint8_t on_stack = RETURN_INSTRUCTION;
    forbidden(ACCESS_EXECUTE, (uint64_t)&on_stack, FORBIDDEN_EXECUTE, "execute the stack");
}

static void probe_loader(const struct boot_info *info)
{
    allowed(ACCESS_READ, info->handover_page, "read the hand-over page");
    forbidden(ACCESS_WRITE, info->handover_page, FORBIDDEN_WRITE, "write the hand-over page");
    forbidden(ACCESS_READ, info->handover_page - 1, 0, "read below the hand-over page");
    allowed(ACCESS_READ, (uint64_t)info, "read boot_info");
    forbidden(ACCESS_EXECUTE, (uint64_t)info, FORBIDDEN_EXECUTE, "execute boot_info");
}

static void probe_low_addresses(const struct boot_info *info)
{
    forbidden(ACCESS_READ, 0, 0, "read page 0");
    forbidden(ACCESS_WRITE, PAGE_BYTES - 1, FAULT_WRITE, "write page 0");
    forbidden(ACCESS_EXECUTE, 8, FAULT_INSTRUCTION, "execute page 0");
    // Nothing of the loader's own identity map is left.
    forbidden(ACCESS_READ, PAGE_BYTES, 0, "read page 1");
    forbidden(ACCESS_READ, 0x8000, 0, "read where stage 2 was");
    forbidden(ACCESS_READ, 0x100000, 0, "read the second mebibyte");
    forbidden(ACCESS_READ, GIB, 0, "read the second gibibyte");
    ASSERT((info->flags & BOOT_FLAG_VGA_TEXT_MAPPED) != 0);
    allowed(ACCESS_READ, VGA_TEXT, "read the screen");
    allowed(ACCESS_WRITE, VGA_TEXT_END - 1, "write the end of the screen");
    forbidden(ACCESS_READ, VGA_TEXT - 1, 0, "read below the screen");
    forbidden(ACCESS_READ, VGA_TEXT_END, 0, "read behind the screen");
    forbidden(ACCESS_EXECUTE, VGA_TEXT, FORBIDDEN_EXECUTE, "execute the screen");
}

static void probe_around(const struct boot_info *info)
{
    const uint64_t kernel_end = info->kernel_virtual_base + info->kernel_virtual_size;
    forbidden(ACCESS_READ, info->kernel_virtual_base - 1, 0, "read below the kernel");
    forbidden(ACCESS_READ, kernel_end, 0, "read behind the kernel");
    allowed(ACCESS_READ, info->direct_map_offset, "read the direct map's first byte");
    allowed(ACCESS_READ, info->direct_map_offset + DIRECT_MAP_MINIMUM - 1,
            "read the direct map below 4 GiB");
    forbidden(ACCESS_EXECUTE, info->direct_map_offset + 0x7C00, FORBIDDEN_EXECUTE,
              "execute the direct map");
    forbidden(ACCESS_READ, info->direct_map_offset + info->direct_map_size, 0,
              "read behind the direct map");
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT((info->flags & BOOT_FLAG_NX) != 0);
    fault_probe_initialise();
    probe_segments();
    probe_stack(info);
    probe_loader(info);
    probe_low_addresses(info);
    probe_around(info);
    kprintf("%u accesses, each allowed or refused as promised\n", count);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
