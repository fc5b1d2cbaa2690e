// The table of the kernel's functions that the image carries (image_format.h).
#ifndef LOAD_SYMBOLS_H
#define LOAD_SYMBOLS_H

#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// Checks counts and sizes of an item as it was read, so that table and names lie in it and the last
// name ends; offsets of names are below names_bytes. False, with a message.
bool symbols_check(const void *item, uint64_t bytes, struct message *why);

#endif
