// kernel/lib/stack_walk.c and symbol_lookup.c: the pure halves of a backtrace.
#include "lib/stack_walk.h"
#include "lib/symbol_lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

// ---- Frames ----

#define STACK_WORDS 16u
#define BASE        UINT64_C(0xFFFFFFFF80200000)

static uint64_t stack[STACK_WORDS];

static uint64_t address_of(size_t word)
{
    return (uint64_t)&stack[word];
}

// A frame at this word of the stack, and where its caller's is.
static void put_frame(size_t word, uint64_t caller, uint64_t return_address)
{
    stack[word] = caller;
    stack[word + 1] = return_address;
}

static struct stack_walk start_at(uint64_t frame)
{
    return (struct stack_walk){
        .bottom = address_of(0), .top = address_of(STACK_WORDS), .frame = frame};
}

static void walks_to_the_last(void **state)
{
    (void)state;
    put_frame(0, address_of(4), 0xA);
    put_frame(4, address_of(14), 0xB); // the last two words of the stack
    put_frame(14, 0, 0xC);
    struct stack_walk walk = start_at(address_of(0));
    uint64_t address;
    for (uint64_t expected = 0xA; expected <= 0xC; expected++) {
        assert_true(stack_walk_next(&walk, &address));
        assert_int_equal(address, expected);
    }
    assert_false(stack_walk_next(&walk, &address));
}

static void ends_at_no_return_address(void **state)
{
    (void)state;
    put_frame(0, address_of(4), 0);
    put_frame(4, 0, 0xB);
    struct stack_walk walk = start_at(address_of(0));
    uint64_t address;
    assert_false(stack_walk_next(&walk, &address));
}

// Words outside the stack are not read: the sanitizer would object to these addresses.
static void ends_outside(void **state)
{
    (void)state;
    const uint64_t frames[] = {0,
                               1,
                               8,
                               UINT64_MAX,
                               UINT64_MAX - 7,
                               UINT64_C(0x8000000000000000),
                               address_of(0) - 8,
                               address_of(0) + 4,
                               address_of(1) - 1,
                               address_of(STACK_WORDS - 1),
                               address_of(STACK_WORDS)};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct stack_walk walk = start_at(frames[i]);
        uint64_t address;
        assert_false(stack_walk_next(&walk, &address));
    }
}

static void goes_up_only(void **state)
{
    (void)state;
    const uint64_t callers[] = {address_of(4), address_of(5), address_of(0)};
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        put_frame(0, 0, 0xE);
        put_frame(4, callers[i], 0xA);
        struct stack_walk walk = start_at(address_of(4));
        uint64_t address;
        assert_true(stack_walk_next(&walk, &address));
        assert_false(stack_walk_next(&walk, &address));
    }
}

// ---- Names ----

static const char names[] = "first\0second\0third";
static const struct boot_symbol table[] = {{0x10, 0}, {0x30, 6}, {0x34, 13}};
static const struct boot_symbols symbols = {table, 3, names, sizeof names};

static void check_symbol(uint64_t offset_of_address, const char *name, uint64_t expected)
{
    uint64_t offset = UINT64_MAX;
    const char *found = symbol_lookup(&symbols, BASE, BASE + offset_of_address, &offset);
    assert_non_null(found);
    assert_string_equal(found, name);
    assert_int_equal(offset, expected);
}

static void finds_the_function(void **state)
{
    (void)state;
    check_symbol(0x10, "first", 0);
    check_symbol(0x2F, "first", 0x1F);
    check_symbol(0x30, "second", 0);
    check_symbol(0x33, "second", 3);
    check_symbol(0x34, "third", 0);
    check_symbol(0x10000000, "third", 0xFFFFFCC);
}

static void finds_none(void **state)
{
    (void)state;
    const struct boot_symbols none = {NULL, 0, NULL, 0};
    uint64_t offset;
    assert_null(symbol_lookup(&symbols, BASE, BASE + 0xF, &offset));
    assert_null(symbol_lookup(&symbols, BASE, BASE - 1, &offset));
    assert_null(symbol_lookup(&symbols, BASE, 0, &offset));
    assert_null(symbol_lookup(&none, BASE, BASE + 0x10, &offset));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_to_the_last),  cmocka_unit_test(ends_at_no_return_address),
        cmocka_unit_test(ends_outside),       cmocka_unit_test(goes_up_only),
        cmocka_unit_test(finds_the_function), cmocka_unit_test(finds_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
