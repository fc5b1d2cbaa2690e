// Prints its name from a constructor that it calls itself.
#include "com1.h"

extern "C" {
extern void (*__init_array_start[])();
extern void (*__init_array_end[])();
[[noreturn]] void _start();
}

namespace
{
struct Greeter {
    Greeter()
    {
        print("in_cpp\n");
    }
} greeter;
} // namespace

void _start()
{
    for (auto constructor = __init_array_start; constructor < __init_array_end; constructor++) {
        (*constructor)();
    }
    leave();
    __builtin_unreachable();
}
