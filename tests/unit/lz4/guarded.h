// Memory between pages that cannot be touched: assembly is not seen by the sanitizers. Used by
// decoders.c and memory_test.c.
#ifndef GUARDED_H
#define GUARDED_H

#include <stddef.h>
#include <stdint.h>

#define GUARDED_FILLING 0xA5 // nobody relies on zeros

enum guarded_side { GUARD_BEHIND, GUARD_IN_FRONT, GUARDED_SIDES };

struct guarded {
    uint8_t *pages; // a guard, `bytes` rounded up to pages, a guard
    size_t pages_bytes;
    uint8_t *bytes; // up against the guard on one side
};

struct guarded guarded_allocate(size_t bytes, enum guarded_side side);
void guarded_release(struct guarded *memory);

#endif
