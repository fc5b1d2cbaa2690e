// See stack_walk.h. A function compiled with frame pointers begins by pushing the caller's RBP and
// setting RBP to where it lies, below the return address.
#include "lib/stack_walk.h"

struct frame {
    uint64_t caller;
    uint64_t return_address;
};

bool stack_walk_next(struct stack_walk *walk, uint64_t *return_address)
{
    const uint64_t address = walk->frame;
    if (address % sizeof(uint64_t) != 0 || address < walk->bottom || address >= walk->top ||
        walk->top - address < sizeof(struct frame)) {
        return false;
    }
    const struct frame *frame = (const struct frame *)address;
    walk->bottom = address + sizeof *frame; // callers lie above: no circles
    walk->frame = frame->caller;
    *return_address = frame->return_address;
    return frame->return_address != 0;
}
