// Randomness from the machine.
#ifndef ENTROPY_SOURCE_H
#define ENTROPY_SOURCE_H

#include "entropy.h"

// Fills the pool from the best source there is, and says which: enum boot_entropy_source.
uint32_t entropy_gather(struct entropy_pool *pool);

#endif
