// What verdict.c makes of the evidence: each way in which a boot can end.
#include "verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct expectation usual = {.status = EXIT_STATUS_SUCCESS, .seconds = 7};

static void check(const struct machine_evidence *evidence, const struct expectation *expected,
                  enum verdict verdict, const char *text)
{
    struct message why;

    message_format(&why, "");
    assert_int_equal(verdict_of(evidence, expected, &why), verdict);
    assert_string_equal(why.text, text);
}

static void check_fails(const struct machine_evidence *evidence, const char *text)
{
    check(evidence, &usual, VERDICT_FAILED, text);
}

static void statuses(void **state)
{
    (void)state;
    check(&(struct machine_evidence){.status = 33}, &usual, VERDICT_PASSED, "");
    check_fails(&(struct machine_evidence){.status = 35},
                "wrong exit status 35 (11h at port f4h), expected 33 (10h at port f4h)");
    check_fails(&(struct machine_evidence){.status = 1},
                "wrong exit status 1, expected 33 (10h at port f4h)");
    check_fails(&(struct machine_evidence){.status = 2},
                "wrong exit status 2, expected 33 (10h at port f4h)");
    check_fails(&(struct machine_evidence){.guest_shut_down = true},
                "the guest switched the machine off: wrong exit status 0, expected 33 (10h at "
                "port f4h)");
    check(&(struct machine_evidence){.status = 0, .guest_shut_down = true},
          &(struct expectation){.status = 0}, VERDICT_PASSED, "");
    check(&(struct machine_evidence){.status = 33}, &(struct expectation){.status = 0},
          VERDICT_FAILED, "wrong exit status 33 (10h at port f4h), expected 0");
}

static void a_status_of_0_that_no_kernel_gave(void **state)
{
    const struct expectation zero = {.status = 0};

    (void)state;
    check(&(struct machine_evidence){.ended_by_host = true}, &zero, VERDICT_FAILED,
          "QEMU was ended from outside");
    check(&(struct machine_evidence){.guest_panicked = true}, &zero, VERDICT_FAILED,
          "the guest reported a panic");
}

static void time_outs(void **state)
{
    struct machine_evidence evidence = {.end = MACHINE_TIMED_OUT, .instruction = 0x7C00};

    (void)state;
    check_fails(&evidence, "timed out after 7 s, and QEMU does not answer");
    evidence.has_registers = true;
    check_fails(&evidence, "timed out after 7 s: CPU 0 was running at RIP 0000000000007c00");
    evidence.halted = true;
    check_fails(&evidence, "timed out after 7 s: CPU 0 was halted with interrupts off at RIP "
                           "0000000000007c00");
    evidence.interrupts = true;
    check_fails(&evidence, "timed out after 7 s: CPU 0 was halted until an interrupt comes at RIP "
                           "0000000000007c00");
}

static void resets(void **state)
{
    struct machine_evidence evidence = {.end = MACHINE_RESET};

    (void)state;
    check_fails(&evidence, "the guest reset the machine, perhaps by a triple fault");
    evidence.can_tell_triple = true;
    evidence.has_registers = true;
    evidence.instruction = 0xFFFFFFFF80001234;
    check_fails(&evidence,
                "the guest reset the machine at RIP ffffffff80001234, not by a triple fault");
    evidence.triple_fault = true;
    check_fails(&evidence, "triple fault at RIP ffffffff80001234: an exception that the kernel's "
                           "IDT could not deliver; with `-- -d int` QEMU shows which");
    strcpy(evidence.function, "kernel_main+1ch");
    check_fails(&evidence, "triple fault at RIP ffffffff80001234 (kernel_main+1ch): an exception "
                           "that the kernel's IDT could not deliver; with `-- -d int` QEMU shows "
                           "which");
}

static void other_ends(void **state)
{
    struct machine_evidence evidence = {.end = MACHINE_SIGNALLED, .signal_number = 9};

    (void)state;
    check_fails(&evidence, "QEMU was ended by signal 9 (Killed)");
    evidence.end = MACHINE_STOPPED;
    check_fails(&evidence, "the loader did not boot it, and said why");
    evidence.end = MACHINE_FLOODED;
    check_fails(&evidence, "more than 64 MiB came on serial");
    evidence.end = MACHINE_NOT_STARTED;
    evidence.status = 33;
    check(&evidence, &usual, VERDICT_NOT_RUN,
          "QEMU ended with status 33 before the machine started");
}

// Whether a kernel's text has what the patterns ask for.
static void check_text(char *text, const char *const *patterns, size_t count, const char *why)
{
    struct expectation expected = usual;
    struct machine_evidence evidence = {.status = EXIT_STATUS_SUCCESS};

    evidence.log.text = text;
    evidence.log.length = text != NULL ? strlen(text) : 0;
    expected.patterns = patterns;
    expected.pattern_count = count;
    check(&evidence, &expected, why[0] == '\0' ? VERDICT_PASSED : VERDICT_FAILED, why);
}

static void texts(void **state)
{
    char text[] = "one\ntwo two\n";

    (void)state;
    check_text(text, (const char *[]){"^one$", "^two"}, 2, "");
    check_text(text, (const char *[]){"two", "two"}, 2, "");
    check_text(text, (const char *[]){"(two|three)+ .*$"}, 1, "");
    check_text(text, (const char *[]){"two two\n$"}, 1, "");
    check_text(text, (const char *[]){"one", "^two"}, 2, "");
    check_text(text, (const char *[]){"three"}, 1,
               "text missing: nothing on serial matches 'three'");
    check_text(text, (const char *[]){"one.two"}, 1,
               "text missing: nothing on serial matches 'one.two'");
    check_text(text, (const char *[]){"two", "^ two"}, 2,
               "text missing: nothing on serial matches '^ two' behind what the pattern before it "
               "matched");
    check_text(text, (const char *[]){"two", "one"}, 2,
               "text missing: nothing on serial matches 'one' behind what the pattern before it "
               "matched");
    check_text(NULL, (const char *[]){"^$"}, 1, "");
    check_text(NULL, (const char *[]){"x"}, 1, "text missing: nothing on serial matches 'x'");
}

static void a_wrong_status_comes_before_a_missing_text(void **state)
{
    struct expectation expected = usual;

    (void)state;
    expected.patterns = (const char *[]){"x"};
    expected.pattern_count = 1;
    check(&(struct machine_evidence){.status = 0}, &expected, VERDICT_FAILED,
          "wrong exit status 0, expected 33 (10h at port f4h)");
}

static void patterns(void **state)
{
    struct message why;

    (void)state;
    assert_true(verdict_check_pattern("^a(b|c)+[0-9]{2,3}$", &why));
    assert_false(verdict_check_pattern("(", &why));
    assert_non_null(strstr(why.text, "'(' is no POSIX extended regular expression: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses),
        cmocka_unit_test(a_status_of_0_that_no_kernel_gave),
        cmocka_unit_test(time_outs),
        cmocka_unit_test(resets),
        cmocka_unit_test(other_ends),
        cmocka_unit_test(texts),
        cmocka_unit_test(a_wrong_status_comes_before_a_missing_text),
        cmocka_unit_test(patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
