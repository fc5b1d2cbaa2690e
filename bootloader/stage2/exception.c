// What becomes of an exception in the loader: one line that tells where, and the end. Called by
// exceptions.asm, in long mode.
#include "console.h"

_Noreturn void stage2_exception(uint64_t vector, uint64_t error, uint64_t rip, uint64_t cr2);

_Noreturn void stage2_exception(uint64_t vector, uint64_t error, uint64_t rip, uint64_t cr2)
{
    fatal("exception %llu in the loader, error code %llxh, RIP %llxh, CR2 %llxh: please report it",
          (unsigned long long)vector, (unsigned long long)error, (unsigned long long)rip,
          (unsigned long long)cr2);
}
