// kernel/lib/soft_float against the FPU of the machine that runs the test.
#ifndef TESTS_SOFT_FLOAT_CHECK_H
#define TESTS_SOFT_FLOAT_CHECK_H

#include "lib/soft_float/soft_float.h"

#include <stdbool.h>
#include <stdint.h>

// Put one pair of operands through every function of the format, and compare each result with the
// FPU's, bit by bit; any NaN equals any other. Return false, and print the first difference.
// Conversions of what the integer cannot hold are passed over: there C defines no result.
bool soft_float_check_double(double_bits a, double_bits b);
bool soft_float_check_float(float_bits a, float_bits b);

// The conversions from integers, both formats.
bool soft_float_check_integer(uint64_t value);

// The next of a sequence of operands, made to meet what random bits alone never would: equal and
// near exponents, results near the formats' ends, exact ties, few bits set.
struct soft_float_generator {
    uint64_t state; // any but 0
};
void soft_float_generate_doubles(struct soft_float_generator *generator, double_bits pair[2]);
void soft_float_generate_floats(struct soft_float_generator *generator, float_bits pair[2]);
uint64_t soft_float_generate_integer(struct soft_float_generator *generator);

#endif
