// The fast routine of stage2/checksum_copy.asm; on the host, tests put the portable one in its
// place.
#ifndef FAST_CHECKSUM_H
#define FAST_CHECKSUM_H

#include "checksum.h"

checksum_copy_function checksum_copy;

#endif
