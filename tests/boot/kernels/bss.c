// Checks that a large .bss is zero, that .data beside it is as linked, and that both can be
// written: the loader zeroes fresh pages and the tail of .data's last page, and nothing else.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

#include <stdint.h>

#define BSS_BYTES  (64u << 20)
#define DATA_WORDS 5000u // ends in the middle of a page

#define PATTERN 0x5A5AA5A5DEADBEEFu

static uint64_t zeroes[BSS_BYTES / sizeof(uint64_t)];
static uint64_t data[DATA_WORDS] = {[0 ... DATA_WORDS - 1] = PATTERN};
static uint8_t last_of_data = 0x77;
static uint8_t first_of_bss;

static void check_zero(void)
{
    volatile uint64_t *words = zeroes;
    for (uint64_t i = 0; i < BSS_BYTES / sizeof(uint64_t); i++) {
        if (words[i] != 0) {
            panic(".bss holds %llx at offset %llx", (unsigned long long)words[i],
                  (unsigned long long)(i * sizeof(uint64_t)));
        }
    }
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(*(volatile uint8_t *)&first_of_bss == 0);
    check_zero();
    for (uint64_t i = 0; i < DATA_WORDS; i++) {
        ASSERT(((volatile uint64_t *)data)[i] == PATTERN);
    }
    ASSERT(*(volatile uint8_t *)&last_of_data == 0x77);

    volatile uint64_t *words = zeroes;
    words[0] = PATTERN;
    words[BSS_BYTES / sizeof(uint64_t) - 1] = ~PATTERN;
    ASSERT(words[0] == PATTERN && words[BSS_BYTES / sizeof(uint64_t) - 1] == ~PATTERN);
    ((volatile uint64_t *)data)[0] = 1;
    ASSERT(((volatile uint64_t *)data)[1] == PATTERN);
    kprintf("64 MiB of .bss are zero, .data is whole\n");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
