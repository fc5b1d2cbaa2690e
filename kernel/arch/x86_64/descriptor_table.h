// What LGDT and LIDT read (Intel SDM volume 3A, 2.4).
#ifndef KERNEL_ARCH_X86_64_DESCRIPTOR_TABLE_H
#define KERNEL_ARCH_X86_64_DESCRIPTOR_TABLE_H

#include <stdint.h>

struct __attribute__((packed)) descriptor_table {
    uint16_t limit; // the last byte
    const void *base;
};

#endif
