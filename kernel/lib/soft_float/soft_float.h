// Floating point without an FPU: the functions that Clang calls for `double` and `float` under
// -mgeneral-regs-only. Nothing else calls them. The compiler passes both types in general
// registers then, as the bits they are in memory; so they are declared here.
//
// Results are those of IEEE 754 (binary64 and binary32), rounded to nearest even, with subnormals,
// infinities and NaN; there are no flags and no traps, and every NaN made here is the same quiet
// one. An integer that cannot hold a converted number becomes the nearest one it can hold, 0 for
// NaN. `long double` is not supported, and no double can go through `...`: Clang 14 stores it
// where va_arg does not look (lib/format_double.h prints one).
//
// To leave it out, delete this directory and its lines in kernel/CMakeLists.txt. A kernel without
// floating point has nothing of it in any case: the linker keeps only what is called.
#ifndef KERNEL_LIB_SOFT_FLOAT_SOFT_FLOAT_H
#define KERNEL_LIB_SOFT_FLOAT_SOFT_FLOAT_H

#include <stdint.h>

typedef uint64_t double_bits;
typedef uint32_t float_bits;

double_bits __adddf3(double_bits a, double_bits b);
double_bits __subdf3(double_bits a, double_bits b);
double_bits __muldf3(double_bits a, double_bits b);
double_bits __divdf3(double_bits a, double_bits b);
float_bits __addsf3(float_bits a, float_bits b);
float_bits __subsf3(float_bits a, float_bits b);
float_bits __mulsf3(float_bits a, float_bits b);
float_bits __divsf3(float_bits a, float_bits b);

// The comparison in the name holds when the result compares with 0 in the same way: a < b when
// __ltdf2(a, b) < 0. With a NaN none holds but !=. __unord: not 0 when one is a NaN.
int __eqdf2(double_bits a, double_bits b);
int __nedf2(double_bits a, double_bits b);
int __ltdf2(double_bits a, double_bits b);
int __ledf2(double_bits a, double_bits b);
int __gtdf2(double_bits a, double_bits b);
int __gedf2(double_bits a, double_bits b);
int __unorddf2(double_bits a, double_bits b);
int __eqsf2(float_bits a, float_bits b);
int __nesf2(float_bits a, float_bits b);
int __ltsf2(float_bits a, float_bits b);
int __lesf2(float_bits a, float_bits b);
int __gtsf2(float_bits a, float_bits b);
int __gesf2(float_bits a, float_bits b);
int __unordsf2(float_bits a, float_bits b);

double_bits __extendsfdf2(float_bits a);
float_bits __truncdfsf2(double_bits a);

// To integers, towards 0; si: 32 bits, di: 64 bits.
int32_t __fixdfsi(double_bits a);
int64_t __fixdfdi(double_bits a);
uint32_t __fixunsdfsi(double_bits a);
uint64_t __fixunsdfdi(double_bits a);
int32_t __fixsfsi(float_bits a);
int64_t __fixsfdi(float_bits a);
uint32_t __fixunssfsi(float_bits a);
uint64_t __fixunssfdi(float_bits a);

double_bits __floatsidf(int32_t value);
double_bits __floatdidf(int64_t value);
double_bits __floatunsidf(uint32_t value);
double_bits __floatundidf(uint64_t value);
float_bits __floatsisf(int32_t value);
float_bits __floatdisf(int64_t value);
float_bits __floatunsisf(uint32_t value);
float_bits __floatundisf(uint64_t value);

#endif
