// Echoes what is typed, by interrupts of the keyboard. Escape ends it.
#include "arch/x86_64/descriptor_table.h"
#include "arch/x86_64/exceptions.h"
#include "arch/x86_64/machine_exit.h"
#include "arch/x86_64/ports.h"
#include "arch/x86_64/segments.h"
#include "console/console.h"
#include "kernel.h"

// The interrupt controllers (Intel 8259A), IBM PC/AT's pair.
#define PIC1_COMMAND     0x20
#define PIC1_DATA        0x21
#define PIC2_COMMAND     0xA0
#define PIC2_DATA        0xA1
#define PIC_INITIALISE   0x11 // ICW1: four words follow
#define PIC_8086_MODE    0x01 // ICW4
#define PIC2_AT_LINE_2   0x04 // ICW3 of the first
#define PIC2_IDENTITY    0x02 // ICW3 of the second
#define PIC_MASK_ALL     0xFF
#define PIC_ALL_BUT_KEYS 0xFD // line 1 is the keyboard's
#define PIC_END          0x20

// The keyboard controller (Intel 8042).
#define KEYBOARD_DATA   0x60
#define KEYBOARD_STATUS 0x64
#define KEYBOARD_FULL   0x01
#define SCAN_RELEASED   0x80u // the bit of a key that is let go
#define SCAN_ESCAPE     0x01
#define DRAIN_MAX       32

#define VECTORS         256
#define FIRST_VECTOR    EXCEPTION_COUNT // of the controllers' lines, behind the CPU's exceptions
#define KEYBOARD_VECTOR (FIRST_VECTOR + 1)
#define INTERRUPT_GATE  0x8E // present, for the kernel, 64-bit (Intel SDM volume 3A, 6.14.1)

struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct interrupt_frame; // what the CPU leaves on the stack; not looked at

static struct gate gates[VECTORS];

// What the interrupt has seen and nobody has taken yet, as a ring. A full one loses what comes.
#define KEYS_MAX 64u
static volatile uint8_t keys[KEYS_MAX];
static volatile unsigned keys_come, keys_taken; // counts; only the interrupt writes the first

// Scan code set 1, which the controller translates to, without Shift.
static const char characters[] =
    "\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";

__attribute__((interrupt)) static void on_key(struct interrupt_frame *frame)
{
    (void)frame;
    const uint8_t key = port_read8(KEYBOARD_DATA);
    if ((key & SCAN_RELEASED) == 0 && keys_come - keys_taken < KEYS_MAX) {
        keys[keys_come % KEYS_MAX] = key;
        keys_come = keys_come + 1;
    }
    port_write8(PIC1_COMMAND, PIC_END);
}

// A larger table than the starter kernel's, with its exceptions and the keyboard.
static void set_up_gates(void)
{
    struct descriptor_table table;
    __asm__ volatile("sidt %0" : "=m"(table));
    for (unsigned vector = 0; vector < EXCEPTION_COUNT; vector++) {
        gates[vector] = ((const struct gate *)table.base)[vector];
    }
    const uint64_t address = (uint64_t)on_key;
    gates[KEYBOARD_VECTOR] = (struct gate){
        .offset_low = (uint16_t)address,
        .selector = SEGMENT_CODE,
        .type = INTERRUPT_GATE,
        .offset_middle = (uint16_t)(address >> 16),
        .offset_high = (uint32_t)(address >> 32),
    };
    table = (struct descriptor_table){.limit = sizeof gates - 1, .base = gates};
    __asm__ volatile("lidt %0" : : "m"(table));
}

static void set_up_controllers(void)
{
    port_write8(PIC1_COMMAND, PIC_INITIALISE);
    port_write8(PIC2_COMMAND, PIC_INITIALISE);
    port_write8(PIC1_DATA, FIRST_VECTOR);
    port_write8(PIC2_DATA, FIRST_VECTOR + 8);
    port_write8(PIC1_DATA, PIC2_AT_LINE_2);
    port_write8(PIC2_DATA, PIC2_IDENTITY);
    port_write8(PIC1_DATA, PIC_8086_MODE);
    port_write8(PIC2_DATA, PIC_8086_MODE);
    port_write8(PIC1_DATA, PIC_ALL_BUT_KEYS);
    port_write8(PIC2_DATA, PIC_MASK_ALL);
    // What was typed before would keep the controller from interrupting.
    for (int i = 0; i < DRAIN_MAX && (port_read8(KEYBOARD_STATUS) & KEYBOARD_FULL) != 0; i++) {
        (void)port_read8(KEYBOARD_DATA);
    }
}

// Sleeps until a key goes down. STI lets no interrupt in before HLT has begun, so none is missed.
static uint8_t wait_for_key(void)
{
    for (;;) {
        __asm__ volatile("cli");
        if (keys_taken != keys_come) {
            const uint8_t key = keys[keys_taken % KEYS_MAX];
            keys_taken = keys_taken + 1;
            return key;
        }
        __asm__ volatile("sti; hlt" : : : "memory");
    }
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    exceptions_initialise(info);
    set_up_gates();
    set_up_controllers();
    kprintf("Type; Escape ends.\n");
    for (uint8_t key = wait_for_key(); key != SCAN_ESCAPE; key = wait_for_key()) {
        if (key < sizeof characters && characters[key] != '\0') {
            kprintf("%c", characters[key]);
        }
    }
    kprintf("\nEscape\n");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
