// The interrupt descriptor table, for test kernels that catch exceptions (Intel SDM volume 3A,
// section 6.14.1).
#ifndef TESTS_IDT_H
#define TESTS_IDT_H

#include <stdint.h>

#define INTERRUPT_GATE 0x8Eu // present, ring 0, 64-bit interrupt gate

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
_Static_assert(sizeof(struct gate) == 16, "a gate of the 64-bit IDT is 16 bytes");

struct __attribute__((packed)) descriptor_table {
    uint16_t limit;
    const void *base;
};

#endif
