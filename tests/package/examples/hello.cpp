// A kernel in C++. Constructors of global objects are the kernel's own to call.
#include "machine.h"

#include <firstlight/boot_info.h>

using Constructor = void (*)();

extern "C" {
// By the linker script.
extern Constructor __init_array_start[];
extern Constructor __init_array_end[];

void _start(const boot_info *info);
}

namespace
{
class Greeting
{
public:
    Greeting() : text("Hello from C++\n") {}
    void say() const { print(text); }

private:
    const char *text;
};

const Greeting greeting;
} // namespace

void _start(const boot_info *)
{
    for (Constructor *next = __init_array_start; next != __init_array_end; next++) {
        (*next)();
    }
    greeting.say();
    finish();
}
