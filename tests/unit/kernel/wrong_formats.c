// Calls that the compiler must refuse, by the attribute `format` of each function; never linked.
#include "console/console.h"
#include "lib/format.h"
#include "panic.h"

void wrong_formats(char buffer[16]);

void wrong_formats(char buffer[16])
{
    kprintf("%s\n", 5);
    kprintf("%d\n", 5LL);
    kprintf_on(CONSOLE_SERIAL, "%d %d\n", 5);
    (void)format_buffer(buffer, 16, "%x", "five");
    panic("%lu", 5);
}
