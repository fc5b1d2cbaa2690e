// The secret number, and what happens when it has been overwritten.
#include "stack_protector.h"

#include "lib/string.h"
#include "panic.h"

// One byte is 0, the lowest: no string that is copied too far can leave the number as it was.
#define STRING_END_MASK (~UINT64_C(0xFF))

// Until it is made. Any number finds most overwriting, but this one can be known.
uint64_t __stack_chk_guard = UINT64_C(0x595E9FBD94FDA700);

__attribute__((no_stack_protector)) void stack_protector_initialise(const struct boot_info *info)
{
    // Only the pointer is const: the loader gives all this to the kernel (boot_info.h).
    uint8_t *secret =
        (uint8_t *)(uintptr_t)&info->entropy[BOOT_ENTROPY_SIZE - sizeof __stack_chk_guard];
    memcpy(&__stack_chk_guard, secret, sizeof __stack_chk_guard);
    __stack_chk_guard &= STRING_END_MASK;
    memset(secret, 0, sizeof __stack_chk_guard);
}

_Noreturn void __stack_chk_fail(void)
{
    panic("a function wrote beyond its array on the stack");
}
