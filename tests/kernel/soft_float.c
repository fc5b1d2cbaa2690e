// Computes in double and float without an FPU and prints the results as bits; test_soft_float.py
// computes the same with the host's.
#include "arch/x86_64/machine_exit.h"
#include "console/console.h"
#include "kernel.h"
#include "lib/format_double.h"
#include "lib/string.h"

#include <stdbool.h>
#include <stdint.h>

#define STEPS 1000

// Not known to the compiler, which would compute with them itself.
static volatile double growth = 3.9;
static volatile float float_growth = 3.75f;
static volatile double third = 1.0 / 3;
static volatile int64_t many = INT64_MAX;
static volatile uint32_t most = UINT32_MAX;

static void print_double(const char *name, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    kprintf("%s %016llx\n", name, (unsigned long long)bits);
}

static void print_float(const char *name, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    kprintf("%s %08x\n", name, bits);
}

static void print_decimal(double value)
{
    char text[40];
    (void)format_double(text, sizeof text, DOUBLE_BITS(value), 'f', 20);
    kprintf("decimal %s\n", text);
}

// The logistic map is chaotic: one wrong bit anywhere changes all that follows.
static double logistic(void)
{
    double x = 0.5;
    for (int i = 0; i < STEPS; i++) {
        x = growth * x * (1 - x);
    }
    return x;
}

static float float_logistic(void)
{
    float x = 0.5f;
    for (int i = 0; i < STEPS; i++) {
        x = float_growth * x * (1 - x);
    }
    return x;
}

static double harmonic(void)
{
    double sum = 0;
    for (int i = 1; i <= STEPS; i++) {
        sum += 1.0 / i;
    }
    return sum;
}

static void print_comparisons(double a, double b)
{
    kprintf("comparisons %d%d%d%d%d%d\n", a<b, a <= b, a == b, a != b, a >= b, a> b);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    print_double("logistic", logistic());
    print_float("float logistic", float_logistic());
    print_double("harmonic", harmonic());
    print_double("many", (double)many);
    print_double("most", most);
    print_float("float many", (float)many);
    print_double("widened", (double)(float)third);
    print_double("tiny", third * 0x1p-1060);
    print_decimal(third * growth);
    print_comparisons(third, growth);
    print_comparisons(growth, growth);
    print_comparisons(growth / 0 - growth / 0, growth); // NaN
    kprintf("integers %d %u %lld %llu\n", (int)-growth, (unsigned)(growth * 1e9),
            (long long)(-growth * 1e18), (unsigned long long)(growth * 4e18));
    machine_exit(MACHINE_EXIT_SUCCESS);
}
