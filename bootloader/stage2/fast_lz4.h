// The fast decoder of stage2/lz4_decode_wide.asm; on the host, tests put the plain one in its
// place.
#ifndef FAST_LZ4_H
#define FAST_LZ4_H

#include "lz4_decode.h"

lz4_decode_function lz4_decode_wide;

#endif
