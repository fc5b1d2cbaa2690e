// What qmp.c takes from QEMU's own words, however they are cut.
#include "qmp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

// As QEMU 7.2 sends them.
#define GREETING                                                                                   \
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "             \
    "\"package\": \"Debian\"}, \"capabilities\": [\"oob\"]}}\r\n"
#define RETURN "{\"return\": {}}\r\n"
#define STAMP  "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": "
#define RESUME STAMP "\"RESUME\"}\r\n"
#define SHUTDOWN(reason)                                                                           \
    STAMP "\"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"" reason "\"}}\r\n"
#define REGISTERS(flags, halted)                                                                   \
    "{\"return\": \"\\r\\nCPU#0\\r\\nRAX=0000000000000001 RBX=0000000000000002\\r\\n"              \
    "RIP=ffffffff80000123 RFL=" flags " [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=" halted              \
    "\\r\\nES =0010 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]\\r\\n\"}\r\n"

struct heard {
    struct qmp qmp;
    struct machine_evidence evidence;
};

static struct heard heard;

// In pieces of `piece` bytes.
static void hear(const char *text, size_t piece)
{
    const size_t length = strlen(text);

    memset(&heard, 0, sizeof(heard));
    heard.evidence.can_tell_triple = true;
    for (size_t i = 0; i < length; i += piece) {
        qmp_take(&heard.qmp, text + i, piece < length - i ? piece : length - i, &heard.evidence);
    }
}

static void starts(void **state)
{
    (void)state;
    hear(GREETING RETURN, 1000);
    assert_false(heard.qmp.started);
    hear(GREETING RETURN RESUME, 1);
    assert_true(heard.qmp.started);
    assert_false(heard.qmp.guest_end);
    assert_true(heard.evidence.can_tell_triple);
}

static void ends(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 40; piece += 13) {
        hear(RESUME SHUTDOWN("guest-reset"), piece);
        assert_true(heard.qmp.guest_end);
        assert_int_equal(heard.evidence.end, MACHINE_RESET);
        hear(RESUME SHUTDOWN("guest-shutdown"), piece);
        assert_true(heard.qmp.guest_end && heard.evidence.guest_shut_down);
        assert_int_equal(heard.evidence.end, MACHINE_EXITED);
        hear(RESUME SHUTDOWN("guest-panic"), piece);
        assert_true(heard.qmp.guest_end && heard.evidence.guest_panicked);
        hear(RESUME SHUTDOWN("host-signal"), piece);
        assert_true(!heard.qmp.guest_end && heard.evidence.ended_by_host);
        hear(RESUME SHUTDOWN("host-qmp-quit"), piece);
        assert_true(!heard.qmp.guest_end && !heard.evidence.ended_by_host);
    }
}

static void our_own_quit_hides_nothing(void **state)
{
    (void)state;
    hear(SHUTDOWN("guest-reset") SHUTDOWN("host-qmp-quit"), 7);
    assert_int_equal(heard.evidence.end, MACHINE_RESET);
    assert_false(heard.evidence.ended_by_host);
    hear(SHUTDOWN("host-signal") SHUTDOWN("host-qmp-quit"), 7);
    assert_true(heard.evidence.ended_by_host);
}

static void registers(void **state)
{
    (void)state;
    hear(RETURN REGISTERS("00000046", "0"), 100);
    assert_true(heard.evidence.has_registers);
    assert_true(heard.evidence.instruction == 0xFFFFFFFF80000123);
    assert_false(heard.evidence.halted);
    assert_false(heard.evidence.interrupts);
    assert_int_equal(heard.qmp.registers_seen, 1);
    hear(REGISTERS("00000046", "0") REGISTERS("00000246", "1"), 3);
    assert_true(heard.evidence.halted && heard.evidence.interrupts);
    assert_int_equal(heard.qmp.registers_seen, 2);
    hear("{\"return\": \"EIP=00007c00 EFL=00000202 [-------] CPL=0 HLT=0\"}\n", 100);
    assert_true(heard.evidence.instruction == 0x7C00);
    hear("{\"return\": \"PC=0000 no x86\"}\n", 100);
    assert_false(heard.evidence.has_registers);
}

static void kvm(void **state)
{
    (void)state;
    hear("{\"return\": {\"enabled\": true, \"present\": true}}\r\n", 100);
    assert_false(heard.evidence.can_tell_triple);
    hear("{\"return\": {\"enabled\": false, \"present\": true}}\r\n", 100);
    assert_true(heard.evidence.can_tell_triple);
}

static void nonsense(void **state)
{
    static char much[3 * QMP_LINE_MOST];

    (void)state;
    hear("\n\n\"event\"\n\"event\":\n\"event\": \"\n\"event\": \"SHUTDOWN\"\n", 1);
    assert_false(heard.qmp.guest_end);
    memset(much, 'x', sizeof(much) - 1);
    hear(much, 4096);
    qmp_take(&heard.qmp, "\n" RESUME, strlen("\n" RESUME), &heard.evidence);
    assert_true(heard.qmp.started);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts),    cmocka_unit_test(ends),
        cmocka_unit_test(registers), cmocka_unit_test(kvm),
        cmocka_unit_test(nonsense),  cmocka_unit_test(our_own_quit_hides_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
