// Makes thread-local storage from the template in boot_info, for two threads, and uses it as the
// compiler does: by FS (AMD64 supplement 3.4.6, variant II: the block ends where FS points).
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/string.h"
#include "panic.h"

#define MSR_FS_BASE 0xC0000100u
#define BLOCK_BYTES 4096u
#define ALIGNMENT   128u

static _Thread_local uint64_t counted = 0x1122334455667788;
static _Thread_local _Alignas(ALIGNMENT) uint8_t aligned[3] = {7, 8, 9};
static _Thread_local uint32_t zero[50];
static _Thread_local void *self;

_Alignas(4096) static uint8_t blocks[2][BLOCK_BYTES];

static void switch_to(const struct boot_tls *tls, uint8_t *block)
{
    const uint64_t size = (tls->memory_size + tls->alignment - 1) & ~(tls->alignment - 1);
    uint64_t *pointer = (uint64_t *)(block + size);
    *pointer = (uint64_t)pointer; // FS:0 holds its own address
    __asm__ volatile("wrmsr"
                     :
                     : "c"(MSR_FS_BASE), "a"((uint32_t)(uint64_t)pointer),
                       "d"((uint32_t)((uint64_t)pointer >> 32))
                     : "memory");
}

static void prepare(const struct boot_tls *tls, uint8_t *block)
{
    memset(block, 0xEE, BLOCK_BYTES);
    memcpy(block, tls->address, tls->file_size);
    memset(block + tls->file_size, 0, tls->memory_size - tls->file_size);
}

__attribute__((noinline)) static void check_fresh(void)
{
    ASSERT(counted == 0x1122334455667788);
    ASSERT(aligned[0] == 7 && aligned[1] == 8 && aligned[2] == 9);
    ASSERT((uint64_t)aligned % ALIGNMENT == 0);
    for (unsigned i = 0; i < sizeof zero / sizeof *zero; i++) {
        ASSERT(zero[i] == 0);
    }
    ASSERT(self == (void *)0);
    counted++;
    self = &counted;
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    const struct boot_tls *tls = &info->tls;
    console_initialise(info);
    check_boot_info(info);
    ASSERT(tls->address != (void *)0 && tls->alignment == ALIGNMENT);
    ASSERT(tls->file_size < tls->memory_size && tls->memory_size < BLOCK_BYTES / 2);
    for (unsigned thread = 0; thread < 2; thread++) {
        prepare(tls, blocks[thread]);
        switch_to(tls, blocks[thread]);
        check_fresh();
    }
    switch_to(tls, blocks[0]);
    ASSERT(counted == 0x1122334455667789 && self == &counted);
    kprintf("thread-local storage: %llu of %llu bytes in the file\n",
            (unsigned long long)tls->file_size, (unsigned long long)tls->memory_size);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
