// What all fuzz targets share: reading numbers out of libFuzzer's bytes, and a mutator that repairs
// checksums. A target is one file with LLVMFuzzerTestOneInput; what must hold is asserted with
// cmocka's macros, as in the unit tests whose oracles it uses, and a failed one aborts.
#ifndef FUZZ_H
#define FUZZ_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// libFuzzer's interface (LLVM, "libFuzzer – a library for coverage-guided fuzz testing").
int LLVMFuzzerInitialize(const int *argument_count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);

// What is left of an input. Numbers are little-endian, and 0 behind the end.
struct fuzz_input {
    const uint8_t *bytes;
    size_t left;
};

uint64_t fuzz_number(struct fuzz_input *input, unsigned bytes);

// A number below `bound`, of one byte up to 256, else of four.
uint32_t fuzz_below(struct fuzz_input *input, uint32_t bound);

// All that is left, in a block of just its size: a byte read beside it is caught. Never null;
// freed with free.
uint8_t *fuzz_copy(const uint8_t *bytes, size_t size);

// Fails unless a refusal says something, in one line that was not cut short.
void fuzz_check_refusal(const struct message *why);

// ---- Targets with a mutator of their own (mutator.c) ----------------------------------------

// Makes checksums, and what else stands before a parser, right again. May leave input as it is;
// null where there is nothing to repair.
typedef void fuzz_repair_function(uint8_t *bytes, size_t size);
extern fuzz_repair_function *const fuzz_repair;

// Where in an input numbers lie, at multiples of their size from `start` on.
struct fuzz_area {
    size_t start;
    size_t bytes;
};

// One of the areas that are worth changing, by `choice`, any number; may be empty or too long.
struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice);

#endif
