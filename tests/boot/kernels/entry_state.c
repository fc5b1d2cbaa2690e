// Checks the registers a kernel is entered with. Linked with entry_probe as its entry point, which
// saves them before anything can change and goes on to the usual _start.
// What they must be: bootloader/README.md, "The kernel's entry".
#include "arch/x86_64/machine_exit.h"
#include "arch/x86_64/ports.h"
#include "console/console.h"
#include "kernel.h"
#include "page_walk.h"
#include "panic.h"

#include <stddef.h>

#define CR0_PE         (1u << 0)
#define CR0_MP         (1u << 1)
#define CR0_EM         (1u << 2)
#define CR0_TS         (1u << 3)
#define CR0_NE         (1u << 5)
#define CR0_WP         (1u << 16)
#define CR0_PG         (1u << 31)
#define CR4_PAE        (1u << 5)
#define CR4_OSFXSR     (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_LA57       (1u << 12)
#define CR4_OSXSAVE    (1u << 18)
#define EFER_LME       (1u << 8)
#define EFER_LMA       (1u << 10)
#define EFER_NXE       (1u << 11)
#define FLAGS_TF       (1u << 8)
#define FLAGS_IF       (1u << 9)
#define FLAGS_DF       (1u << 10)
#define FLAGS_IOPL     (3u << 12)
#define FLAGS_NT       (1u << 14)
#define FLAGS_AC       (1u << 18)

#define MSR_EFER    0xC0000080u
#define MSR_FS_BASE 0xC0000100u
#define MSR_GS_BASE 0xC0000101u

#define CODE_SELECTOR 0x08u
#define DATA_SELECTOR 0x10u

#define DEFAULT_MXCSR       0x1F80u // Intel SDM volume 1, section 11.6.4
#define DEFAULT_X87_CONTROL 0x037Fu // System V AMD64 ABI, section 3.2.1
#define OTHER_REGISTERS     14u
#define FX_X87_CONTROL      0u   // offsets in entry_fx
#define FX_XMM              160u // 16 registers of 16 bytes
#define FX_XMM_END          416u
#define FX_MXCSR            24u
#define BIOS_VIDEO_MODE     0x449u // in the BIOS data area
#define TEXT_MODE           3u
#define COM1_DIVISOR        0x3F8u
#define COM1_DIVISOR_HIGH   0x3F9u
#define COM1_LINE_CONTROL   0x3FBu
#define LINE_8N1            0x03u
#define DIVISOR_LATCH       0x80u
#define DIVISOR_115200      1u

struct __attribute__((packed)) descriptor_table {
    uint16_t limit;
    uint64_t base;
};

// Filled by entry_probe; not static, so that the assembly below finds them.
uint64_t entry_rsp, entry_return_slot, entry_rdi, entry_flags, entry_cr0, entry_cr3, entry_cr4;
uint64_t entry_others[OTHER_REGISTERS]; // all general registers but RSP and RDI
uint16_t entry_cs, entry_ds, entry_es, entry_ss, entry_fs, entry_gs, entry_tr, entry_ldt;
struct descriptor_table entry_gdt, entry_idt;
_Alignas(16) uint8_t entry_fx[512]; // as FXSAVE writes it (Intel SDM volume 1, section 10.5.1)

// RAX is the only register changed; pushfq writes below RSP only.
__asm__(".pushsection .text.entry_probe, \"ax\"\n"
        ".globl entry_probe\n"
        "entry_probe:\n"
        "    movq %rax, entry_others(%rip)\n"
        "    movq %rbx, entry_others + 8(%rip)\n"
        "    movq %rcx, entry_others + 16(%rip)\n"
        "    movq %rdx, entry_others + 24(%rip)\n"
        "    movq %rsi, entry_others + 32(%rip)\n"
        "    movq %rbp, entry_others + 40(%rip)\n"
        "    movq %r8, entry_others + 48(%rip)\n"
        "    movq %r9, entry_others + 56(%rip)\n"
        "    movq %r10, entry_others + 64(%rip)\n"
        "    movq %r11, entry_others + 72(%rip)\n"
        "    movq %r12, entry_others + 80(%rip)\n"
        "    movq %r13, entry_others + 88(%rip)\n"
        "    movq %r14, entry_others + 96(%rip)\n"
        "    movq %r15, entry_others + 104(%rip)\n"
        "    movq %rsp, entry_rsp(%rip)\n"
        "    movq %rdi, entry_rdi(%rip)\n"
        "    movq (%rsp), %rax\n"
        "    movq %rax, entry_return_slot(%rip)\n"
        "    pushfq\n"
        "    popq entry_flags(%rip)\n"
        "    movq %cr0, %rax\n"
        "    movq %rax, entry_cr0(%rip)\n"
        "    movq %cr3, %rax\n"
        "    movq %rax, entry_cr3(%rip)\n"
        "    movq %cr4, %rax\n"
        "    movq %rax, entry_cr4(%rip)\n"
        "    movw %cs, entry_cs(%rip)\n"
        "    movw %ds, entry_ds(%rip)\n"
        "    movw %es, entry_es(%rip)\n"
        "    movw %ss, entry_ss(%rip)\n"
        "    movw %fs, entry_fs(%rip)\n"
        "    movw %gs, entry_gs(%rip)\n"
        "    sgdt entry_gdt(%rip)\n"
        "    sidt entry_idt(%rip)\n"
        "    str entry_tr(%rip)\n"
        "    sldt entry_ldt(%rip)\n"
        "    fxsave entry_fx(%rip)\n"
        "    jmp _start\n"
        ".popsection\n");

static uint64_t read_msr(uint32_t number)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static void check_control_registers(const struct boot_info *info)
{
    const uint32_t on = CR0_PE | CR0_MP | CR0_NE | CR0_WP | CR0_PG;
    ASSERT((entry_cr0 & on) == on);
    ASSERT((entry_cr0 & (CR0_EM | CR0_TS)) == 0);
    const uint32_t features = CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    ASSERT((entry_cr4 & features) == features);
    ASSERT((entry_cr4 & (CR4_LA57 | CR4_OSXSAVE)) == 0);
    ASSERT(entry_cr3 % PAGE_BYTES == 0);
    const uint64_t efer = read_msr(MSR_EFER);
    ASSERT((efer & EFER_LME) != 0 && (efer & EFER_LMA) != 0);
    ASSERT(((efer & EFER_NXE) != 0) == ((info->flags & BOOT_FLAG_NX) != 0));
}

static void check_stack(const struct boot_info *info)
{
    ASSERT((uint64_t)info == entry_rdi);
    ASSERT((entry_rsp + 8) % 16 == 0);
    ASSERT(entry_rsp == info->stack_top - 8);
    ASSERT(entry_return_slot == 0);
    ASSERT(info->stack_top % PAGE_BYTES == 0 && info->stack_bottom % PAGE_BYTES == 0);
    ASSERT(info->stack_top - info->stack_bottom >= 0x10000);
    const uint32_t off = FLAGS_TF | FLAGS_IF | FLAGS_DF | FLAGS_IOPL | FLAGS_NT | FLAGS_AC;
    ASSERT((entry_flags & off) == 0);
}

static void check_tables(const struct boot_info *info)
{
    ASSERT(entry_cs == CODE_SELECTOR);
    ASSERT(entry_ss == DATA_SELECTOR && entry_ds == DATA_SELECTOR && entry_es == DATA_SELECTOR);
    ASSERT(entry_fs == DATA_SELECTOR && entry_gs == DATA_SELECTOR);
    ASSERT(entry_tr == 0 && entry_ldt == 0);
    ASSERT(entry_idt.limit == 0);
    // Segment registers can be loaded anew: the table is mapped, in the region that stays.
    ASSERT(entry_gdt.limit == 3 * 8 - 1);
    struct mapping mapping;
    ASSERT(page_walk(info, entry_gdt.base, &mapping) && mapping.writable);
    __asm__ volatile("movw %0, %%ds\n\tmovw %0, %%es\n\tmovw %0, %%ss" : : "r"(entry_ds));
    ASSERT(read_msr(MSR_FS_BASE) == 0 && read_msr(MSR_GS_BASE) == 0);
}

// Before console_initialise, which sets COM1 up itself.
static void read_com1(uint8_t *line, uint32_t *divisor)
{
    *line = port_read8(COM1_LINE_CONTROL);
    port_write8(COM1_LINE_CONTROL, *line | DIVISOR_LATCH);
    *divisor = port_read8(COM1_DIVISOR) | (uint32_t)port_read8(COM1_DIVISOR_HIGH) << 8;
    port_write8(COM1_LINE_CONTROL, *line);
}

static void check_other_registers(void)
{
    for (unsigned i = 0; i < OTHER_REGISTERS; i++) {
        ASSERT(entry_others[i] == 0);
    }
    for (unsigned i = FX_XMM; i < FX_XMM_END; i++) {
        ASSERT(entry_fx[i] == 0);
    }
}

static void check_devices(const struct boot_info *info, uint8_t line, uint32_t divisor)
{
    ASSERT(*(const uint32_t *)(entry_fx + FX_MXCSR) == DEFAULT_MXCSR);
    ASSERT(*(const uint16_t *)(entry_fx + FX_X87_CONTROL) == DEFAULT_X87_CONTROL);
    ASSERT(line == LINE_8N1 && divisor == DIVISOR_115200);
    ASSERT(*(volatile uint8_t *)direct(info, BIOS_VIDEO_MODE) == TEXT_MODE);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    uint8_t line;
    uint32_t divisor;
    read_com1(&line, &divisor);
    console_initialise(info);
    check_stack(info);
    check_control_registers(info);
    check_tables(info);
    check_other_registers();
    check_devices(info, line, divisor);
    kprintf("entry state: as promised\n");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
