// What the tests of the hand-over are written with. Included by handover_test.c and
// handover_request_test.c.
#ifndef HANDOVER_CASES_H
#define HANDOVER_CASES_H

#include "built_handover.h"

#define R  ELF_PF_R
#define RX (ELF_PF_R | ELF_PF_X)
#define RW (ELF_PF_R | ELF_PF_W)

#define BASE 0xFFFFFFFF80000000u
#define MIB  0x100000ull
#define GIB  0x40000000ull
#define TIB  0x10000000000ull

// The first address of an entry of the PML4.
#define SLOT(n) (((n) >= 256 ? 0xFFFF000000000000u : 0) | (uint64_t)(n) << 39)

#endif
