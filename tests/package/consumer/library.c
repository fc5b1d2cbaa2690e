// Prints what the library says.
#include "com1.h"

const char *words(void);
void _start(void);

void _start(void)
{
    print(words());
    leave();
}
