// Touches an address and tells whether the CPU objected, by way of an interrupt table of its own.
// Used by the test kernels that prove page permissions.
#ifndef TEST_FAULT_PROBE_H
#define TEST_FAULT_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#define VECTOR_PAGE_FAULT 14

// Bits of a page fault's error code (Intel SDM volume 3A, section 4.7).
#define FAULT_PRESENT     1u
#define FAULT_WRITE       2u
#define FAULT_INSTRUCTION 16u

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

struct fault {
    bool happened;
    uint64_t vector;
    uint64_t error_code;
    uint64_t address; // CR2
};

// Loads the interrupt table. From here on a fault outside a probe is a panic.
void fault_probe_initialise(void);

// Reads or writes one byte at the address (a 0 is written), or calls it.
struct fault fault_probe(enum access access, uint64_t address);

#endif
