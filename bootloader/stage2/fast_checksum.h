// The fast routines of stage2/checksum_copy.asm; on the host, tests put the portable ones in their
// place.
#ifndef FAST_CHECKSUM_H
#define FAST_CHECKSUM_H

#include "checksum.h"

checksum_copy_function checksum_copy;
checksum_add_function checksum_add_fast;

#endif
