// Switches address line 20 on: the firmware's own call, the keyboard controller, port 92h, with a
// test after each. Called by main before anything above 1 MiB is touched, and by bios_call after
// every call of firmware.
#include "a20.h"

#include "bios_call.h"
#include "console.h"
#include "port.h"

#include <stdbool.h>

#define A20_ALIAS_DISTANCE 0x100000u

#define BIOS_A20_ON 0x2401 // INT 15h AX (RBIL)

// Keyboard controller (Intel 8042).
#define KEYBOARD_DATA       0x60
#define KEYBOARD_STATUS     0x64
#define KEYBOARD_INPUT_FULL 0x02
#define KEYBOARD_ABSENT     0xFF
#define KEYBOARD_WRITE_PORT 0xD1 // the next data byte goes to the output port
#define KEYBOARD_A20_ON     0xDF // output port: A20 on, no reset
#define KEYBOARD_NO_PULSE   0xFF // waits until the one before has been carried out

#define SYSTEM_CONTROL_A     0x92
#define SYSTEM_CONTROL_A20   0x02
#define SYSTEM_CONTROL_RESET 0x01
#define SYSTEM_CONTROL_NONE  0xFF

// An I/O read takes about a microsecond: waits of a tenth of a second at most.
#define KEYBOARD_WAIT_READS 100000u
#define A20_SETTLE_TESTS    20000u

#define A20_WAYS 3u

static bool a20_wanted;

// Writes two values below 1 MiB and looks whether the alias above follows.
static bool a20_is_on(void)
{
    static volatile uint32_t below;
    uintptr_t address = (uintptr_t)&below + A20_ALIAS_DISTANCE;
    __asm__("" : "+r"(address)); // not derived from `below`, for all the compiler knows
    const volatile uint32_t *above = (const volatile uint32_t *)address;

    const uint32_t first = *above;
    below = ~first;
    if (*above == first) {
        return true; // it did not follow
    }
    return false;
}

// The controllers take their time: tests until it is on, in bounded time.
static bool a20_comes_on(void)
{
    for (uint32_t test = 0; test < A20_SETTLE_TESTS; test++) {
        if (a20_is_on()) {
            return true;
        }
        (void)port_in(KEYBOARD_STATUS); // about a microsecond
    }
    return false;
}

static bool a20_by_firmware(void)
{
    struct bios_registers registers = {.eax = BIOS_A20_ON};
    bios_call(BIOS_SYSTEM_SERVICES, &registers);
    return a20_is_on();
}

static bool keyboard_ready(void)
{
    for (uint32_t read = 0; read < KEYBOARD_WAIT_READS; read++) {
        const uint8_t status = port_in(KEYBOARD_STATUS);
        if (status == KEYBOARD_ABSENT) {
            return false;
        }
        if ((status & KEYBOARD_INPUT_FULL) == 0) {
            return true;
        }
    }
    return false;
}

static bool a20_by_keyboard_controller(void)
{
    if (!keyboard_ready()) {
        return false;
    }
    port_out(KEYBOARD_STATUS, KEYBOARD_WRITE_PORT);
    if (!keyboard_ready()) {
        return false;
    }
    port_out(KEYBOARD_DATA, KEYBOARD_A20_ON);
    if (!keyboard_ready()) {
        return false;
    }
    port_out(KEYBOARD_STATUS, KEYBOARD_NO_PULSE);
    (void)keyboard_ready();
    return a20_comes_on();
}

static bool a20_by_port_92(void)
{
    const uint8_t value = port_in(SYSTEM_CONTROL_A);
    if (value == SYSTEM_CONTROL_NONE) {
        return false;
    }
    port_out(SYSTEM_CONTROL_A, (uint8_t)((value | SYSTEM_CONTROL_A20) & ~SYSTEM_CONTROL_RESET));
    return a20_comes_on();
}

// Some firmware switches it off in every call. What has worked is tried first from then on, so that
// the waits for what has not come once only.
static void a20_switch_on(void)
{
    static bool (*const ways[A20_WAYS])(void) = {
        a20_by_firmware,
        a20_by_keyboard_controller,
        a20_by_port_92,
    };
    static unsigned way;
    for (unsigned tried = 0; tried < A20_WAYS; tried++) {
        if (ways[way]()) {
            return;
        }
        way = (way + 1) % A20_WAYS;
    }
    fatal("address line 20 stays off: tried INT 15h AX=2401h, the keyboard controller and "
          "port 92h; look for an A20 setting in the firmware's setup");
}

void a20_enable(void)
{
    a20_wanted = false; // the firmware's own call must not come back here
    if (!a20_is_on()) {
        a20_switch_on();
    }
    a20_wanted = true;
}

void a20_keep(void)
{
    if (a20_wanted && !a20_is_on()) {
        a20_enable();
    }
}
