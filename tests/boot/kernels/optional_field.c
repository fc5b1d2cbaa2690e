// A request of a later version: a field behind those this loader knows, not required. It is
// ignored; the fields before it hold. (The test sets the field's bit in `required` and sees it
// refused.)
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

#include <firstlight/boot_request.h>

#define STACK_BYTES 0x30000u

struct later_request {
    struct boot_request known;
    uint64_t wish;
};

struct later_note {
    uint32_t name_size, descriptor_size, type;
    char name[12];
    struct later_request request;
};

__attribute__((section(".note.firstlight"), used,
               aligned(8))) static const struct later_note note = {
    .name_size = sizeof BOOT_REQUEST_NOTE_NAME,
    .descriptor_size = sizeof(struct later_request),
    .type = BOOT_REQUEST_NOTE_TYPE,
    .name = BOOT_REQUEST_NOTE_NAME,
    .request =
        {
            .known =
                {
                    .version = BOOT_REQUEST_VERSION,
                    .size = sizeof(struct later_request),
                    .stack_size = STACK_BYTES,
                },
            .wish = 0x1234567890ABCDEF,
        },
};

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    ASSERT(info->stack_top - info->stack_bottom == STACK_BYTES);
    check_boot_info(info);
    kprintf("optional field: ignored\n");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
