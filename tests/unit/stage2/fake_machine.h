// A machine for stage 2's C to run on: implements what bootloader/bios and the assembler files
// offer it, keeps a record, and catches how the boot ends.
#ifndef FAKE_MACHINE_H
#define FAKE_MACHINE_H

#include "fake_disk.h"
#include "machine.h"
#include "memory_map.h"
#include "message.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

// What firmware may report, and its three ranges of the first mebibyte.
#define FAKE_RANGES (MEMORY_MAP_RAW_MAX + 3)
#define FAKE_BLOCKS 8

enum boot_ending {
    BOOT_RUNNING,
    BOOT_STOPPED, // by a message
    BOOT_ENTERED, // the kernel
};

// What the machine's disk, firmware and CPU say.
#define FAKE_DISK_SIGNATURE   0x1234ABCDu
#define FAKE_RSDP             0xF5AD0u
#define FAKE_FREQUENCY        3000000000u
#define FAKE_FIRST_BLOCK_TIME 1u

// A piece of RAM that the loader has asked for: host memory of just that size, so that a byte read
// or written beside it is caught.
struct fake_block {
    uint64_t physical;
    uint64_t bytes;
    uint8_t *host;
};

struct fake_machine {
    // How the machine is.
    bool nx;
    bool gigabyte_pages;
    uint32_t range_count;
    struct boot_memory_range ranges[FAKE_RANGES]; // what firmware reports
    struct fake_disk disk;
    struct boot_text_mode text_mode;
    struct boot_framebuffer framebuffer; // what VBE offers; size 0: nothing
    bool framebuffer_refused;            // setting its mode fails
    bool framebuffer_set;                // tried, and text mode not set again
    uint64_t random;                     // what the CPU's generator says
    uint16_t ticks_between;              // ticks of BIOS's clock from one look at it to the next

    // What has become of it.
    bool text_mode_set;
    bool a20_on;
    uint64_t clock; // time stamps taken
    uint16_t ticks;
    uint32_t shown; // texts that were no error
    struct message last_shown;
    uint32_t block_count;
    struct fake_block blocks[FAKE_BLOCKS];
    enum boot_ending ending;
    struct message line; // when stopped
    struct kernel_entry entry;
    jmp_buf end;
};

// A machine with that disk and no memory but what firmware keeps of the first mebibyte; the CPU has
// NX but no 1 GiB pages.
void fake_machine_begin(struct fake_machine *machine, uint8_t drive,
                        const struct boot_image *image);
void fake_machine_end(struct fake_machine *machine);

void fake_machine_add_range(struct fake_machine *machine, uint64_t base, uint64_t length,
                            uint32_t kind);

// Runs stage 2 until it enters the kernel or stops with a message.
void fake_machine_boot(struct fake_machine *machine);

// The machine that is booting.
struct fake_machine *fake_machine_now(void);

// Whether all of [base, base + bytes) is usable by what firmware reports.
bool fake_machine_is_usable(const struct fake_machine *machine, uint64_t base, uint64_t bytes);

// The block that holds the byte at a physical address; null when none does.
const struct fake_block *fake_machine_block(const struct fake_machine *machine, uint64_t physical);

#endif
