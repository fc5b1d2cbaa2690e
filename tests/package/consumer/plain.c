// Prints the name it was built with.
#include "com1.h"

void _start(void);

void _start(void)
{
    print(GREETING "\n");
    leave();
}
