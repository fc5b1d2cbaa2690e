// Which function of an image's kernel an address lies in. Used by run.c and test.c.
#ifndef BOOTIMAGE_FUNCTION_NAME_H
#define BOOTIMAGE_FUNCTION_NAME_H

#include <stdbool.h>
#include <stdint.h>

#define FUNCTION_NAME_MOST 80 // bytes with the NUL; longer names are cut

// Puts `kernel_main+1ch` into `text`, by the symbols that the image carries. False, and "", where
// the image has none, the address is none of the kernel's, or nobody knows where in the address
// space the kernel was (a position-independent one).
bool function_name_at(const char *image, uint64_t address, char text[FUNCTION_NAME_MOST]);

#endif
