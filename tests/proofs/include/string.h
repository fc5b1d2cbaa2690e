// What the proofs assume of <string.h>, in the place of the C library's. Included by load's sources
// when Frama-C reads them.
//
// The memory model has cells of one type each, no bytes, so one contract of memcpy on void pointers
// would say nothing. Each pair of types that load copies between has its own contract, chosen by
// the destination's type; all others are copies of bytes.
#ifndef PROOFS_STRING_H
#define PROOFS_STRING_H

#include <stddef.h>
#include <stdint.h>

// clang-format off
/*@ requires destination: \valid((uint8_t *)destination + (0 .. bytes - 1));
    requires source: \valid_read((uint8_t *)source + (0 .. bytes - 1));
    requires apart: \separated((uint8_t *)destination + (0 .. bytes - 1),
                               (uint8_t *)source + (0 .. bytes - 1));
    assigns ((uint8_t *)destination)[0 .. bytes - 1];
    ensures \forall integer i; 0 <= i < bytes ==>
        ((uint8_t *)destination)[i] == ((uint8_t *)source)[i]; */
void copy_bytes(void *destination, const void *source, size_t bytes);

/*@ requires destination: \valid((uint8_t *)destination + (0 .. bytes - 1));
    requires value == 0;
    assigns ((uint8_t *)destination)[0 .. bytes - 1];
    ensures \forall integer i; 0 <= i < bytes ==> ((uint8_t *)destination)[i] == 0; */
void set_bytes(void *destination, int value, size_t bytes);

#define IS(type, value) __builtin_types_compatible_p(__typeof__(value), type)

#ifdef LOAD_CHECKSUM_H

/*@ requires destination: \valid(destination + (0 .. bytes / 8 - 1));
    requires source: \valid_read((uint8_t *)source + (0 .. bytes - 1));
    requires bytes % 8 == 0;
    assigns destination[0 .. bytes / 8 - 1]; */
void copy_to_words(uint64_t *destination, const void *source, size_t bytes);

/*@ requires destination: \valid(state);
    requires value == 0 && bytes == sizeof(struct checksum_state);
    assigns *state;
    ensures state->sum[0] == 0 && state->sum[1] == 0 && state->weighted[0] == 0 &&
            state->weighted[1] == 0 && state->bytes == 0; */
void clear_checksum_state(struct checksum_state *state, int value, size_t bytes);

#define memcpy(destination, source, bytes)                                                         \
    (IS(uint64_t[CHECKSUM_BLOCK_SIZE / 8], destination)                                            \
         ? copy_to_words((void *)(destination), source, bytes)                                     \
         : copy_bytes(destination, source, bytes))
#define memset(destination, value, bytes)                                                          \
    (IS(struct checksum_state *, destination)                                                      \
         ? clear_checksum_state((void *)(destination), value, bytes)                               \
         : set_bytes(destination, value, bytes))

#elif defined(LOAD_ELF_H)

// What is copied out of a kernel's file is any value at all.
/*@ requires \valid(header) && bytes == sizeof(struct elf64_program_header);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *header; */
void copy_program_header(struct elf64_program_header *header, const void *source, size_t bytes);

#define memcpy(destination, source, bytes)                                                         \
    (IS(struct elf64_program_header *, destination)                                                \
         ? copy_program_header((void *)(destination), source, bytes)                               \
         : copy_bytes(destination, source, bytes))

#endif
// clang-format on

#endif
