// kernel/console/serial.c against UARTs that work, are absent, or die.
#include "console/serial.h"
#include "mock_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// More reads than this would be felt at boot: at a microsecond each, a third of a second.
#define READS_THAT_ARE_FELT 300000u

static void write_text(const char *text)
{
    serial_write(text, strlen(text));
}

static void sets_up_115200_8n1(void **state)
{
    (void)state;
    mock_machine_reset(UART_WORKS);
    assert_true(serial_initialise());
    assert_int_equal(machine.divisor[0], 1);
    assert_int_equal(machine.divisor[1], 0);
    assert_int_equal(machine.uart_registers[3], 0x03); // 8N1, divisor latch closed
    assert_int_equal(machine.uart_registers[1], 0x00); // no interrupts
    assert_int_equal(machine.uart_registers[4], 0x03); // DTR and RTS
    assert_int_equal(machine.sent_length, 0);
    assert_int_equal(machine.other_ports, 0);
}

static void sends_with_carriage_returns(void **state)
{
    (void)state;
    mock_machine_reset(UART_WORKS);
    serial_initialise();
    write_text("one\ntwo\n\n");
    serial_write("cut here", 3);
    assert_string_equal(machine.sent, "one\r\ntwo\r\n\r\ncut");
}

static void absent_is_left_alone(void **state)
{
    (void)state;
    const enum mock_uart absent[] = {UART_ABSENT, UART_ABSENT_ECHO};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        mock_machine_reset(absent[i]);
        assert_false(serial_initialise());
        const unsigned reads = machine.uart_reads;
        assert_in_range(reads, 1, 10);
        write_text("nobody hears this\n");
        serial_drain();
        assert_int_equal(machine.uart_reads, reads);
        assert_int_equal(machine.sent_length, 0);
    }
}

static void stuck_is_waited_for_once(void **state)
{
    (void)state;
    mock_machine_reset(UART_STUCK);
    assert_false(serial_initialise());
    for (int line = 0; line < 100; line++) {
        write_text("a whole line of text that cannot be sent\n");
    }
    serial_drain();
    assert_int_equal(machine.sent_length, 0);
    assert_in_range(machine.uart_reads, 1000, READS_THAT_ARE_FELT);
}

static void dying_is_waited_for_once(void **state)
{
    (void)state;
    mock_machine_reset(UART_DIES);
    assert_true(serial_initialise());
    for (int line = 0; line < 100; line++) {
        write_text("famous last words\n");
    }
    serial_drain();
    assert_string_equal(machine.sent, "fam");
    assert_in_range(machine.uart_reads, 1000, READS_THAT_ARE_FELT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_up_115200_8n1),       cmocka_unit_test(sends_with_carriage_returns),
        cmocka_unit_test(absent_is_left_alone),     cmocka_unit_test(stuck_is_waited_for_once),
        cmocka_unit_test(dying_is_waited_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
