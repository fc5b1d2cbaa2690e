// Prints a digest of all that came from the disk and may not change: the kernel's constants and
// code, command line, modules, symbols. verdicts.c computes the same on the host, from what stage
// 2's C leaves in a machine of memory.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/string.h"
#include "page_walk.h"
#include "panic.h"

#include "digest.h"
#include <firstlight/boot_request.h>

BOOT_REQUEST(.stack_size = 0x20000, .flags = BOOT_REQUEST_NO_RANDOMISATION,
             .physical_alignment = 0x10000);

#ifdef WITH_THREAD_LOCAL
// Never read: only here for its program header.
static _Thread_local volatile uint64_t thread_local_value = 1;
#endif

// By the linker: where the code ends, behind which there is nothing that is not writable.
extern const char etext[];

// Its relocation is all that is in it.
static const void *const volatile itself = (const void *)&itself;

static uint64_t add_kernel(uint64_t digest, const struct boot_info *info)
{
    const uint64_t end = (uint64_t)etext;
    for (uint64_t at = info->kernel_virtual_base; at < end; at += PAGE_BYTES) {
        struct mapping mapping;
        if (page_walk(info, at, &mapping)) {
            const uint64_t left = end - at;
            digest = digest_add(digest, (const void *)at, left < PAGE_BYTES ? left : PAGE_BYTES);
        }
    }
    return digest;
}

static uint64_t add_text(uint64_t digest, const char *text)
{
    return digest_add(digest, text, strlen(text) + 1);
}

static uint64_t add_modules(uint64_t digest, const struct boot_info *info)
{
    for (uint64_t i = 0; i < info->module_count; i++) {
        const struct boot_module *module = &info->modules[i];
        digest = add_text(digest, module->name);
        digest = add_text(digest, module->command_line);
        digest = digest_add(digest, module->address, module->size);
    }
    return digest;
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(itself == (const void *)&itself);
#ifdef WITH_THREAD_LOCAL
    ASSERT(info->version != 0 || thread_local_value != 0);
    ASSERT(info->tls.memory_size == sizeof thread_local_value);
#endif
    uint64_t digest = add_kernel(DIGEST_START, info);
    digest = digest_add(digest, info->command_line, info->command_line_length);
    digest = add_modules(digest, info);
    digest =
        digest_add(digest, info->symbols.table, info->symbols.count * sizeof(struct boot_symbol));
    digest = digest_add(digest, info->symbols.names, info->symbols.names_size);
    kprintf("digest %016llx\n", (unsigned long long)digest);
    machine_exit(MACHINE_EXIT_SUCCESS);
}
