// A walk along the frame pointers of a stack that may be damaged: nothing outside it is read, and
// it always ends. Pure; used by backtrace.c.
#ifndef KERNEL_LIB_STACK_WALK_H
#define KERNEL_LIB_STACK_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct stack_walk {
    uint64_t bottom; // lowest byte of the stack
    uint64_t top;    // one past the highest
    uint64_t frame;  // the frame pointer to go on from
};

// Gives the return address of the frame and goes to the caller's. False at the end: at a return
// address of 0, or at a frame pointer that does not lie in the stack above the one before.
bool stack_walk_next(struct stack_walk *walk, uint64_t *return_address);

#endif
