"""The two ways a boot may end: the guest reports success, or the loader says why not and halts.
Used by the tests under tests/boot and tests/machines. A failure prints all the run has left."""

import re
import time

from harness.qemu import Qemu, DEFAULT_TIMEOUT, STATUS_SUCCESS

ERROR_PREFIX = "firstlight: "
WARNING_PREFIX = ERROR_PREFIX + "warning: "  # says what is amiss, and boots on
HALT_SECONDS = 10.0    # from the line on serial to the halt: it is still to be drawn on screen
SETTLE_SECONDS = 0.3   # a machine that has halted for ever stays so


class BootFailure(AssertionError):
    pass


def fail(run, what):
    raise BootFailure(f"{what}\n{run.report()}")


def check_serial(run, patterns):
    """Every pattern matches somewhere on serial, each behind the one before."""
    position = 0
    text = run.serial()
    for pattern in patterns:
        match = re.compile(pattern, re.MULTILINE).search(text, position)
        if match is None:
            fail(run, f"serial lacks {pattern!r}" + (" in this order" if position else ""))
        position = match.end()


def check_ended(run, status):
    """QEMU ended by the guest's own word: this exit status, and no reset on the way."""
    if run.timed_out or run.process.returncode != status:
        fail(run, f"expected exit status {status}")
    if any(event.startswith("RESET") for event in run.resets()):
        fail(run, "the machine was reset on the way")


def expect_boot(arguments, serial=(), status=STATUS_SUCCESS, timeout=DEFAULT_TIMEOUT,
                absent=()):
    """The guest boots, writes what `serial` says and ends QEMU with `status`. Gives the text."""
    with Qemu(arguments, timeout) as run:
        run.wait()
        check_ended(run, status)
        check_serial(run, serial)
        for pattern in absent:
            if re.search(pattern, run.serial(), re.MULTILINE):
                fail(run, f"serial has {pattern!r}")
        return run.serial()


def check_halted(run):
    """The CPU sits in HLT with interrupts off, and stays there."""
    if not run.wait_until(run.halted_for_ever, HALT_SECONDS):
        detail = run.registers() if run.running() else run.ending()
        fail(run, f"not halted with interrupts off:\n{detail}")
    before = run.instruction_pointer(), run.serial()
    time.sleep(SETTLE_SECONDS)
    if not run.running() or (run.instruction_pointer(), run.serial()) != before \
            or not run.halted_for_ever():
        fail(run, "did not stay halted")
    if run.resets():
        fail(run, f"reset instead of halting: {run.resets()}")


def error_lines(serial):
    """The lines of serial that tell an error; the last line may lack its end."""
    return [line for line in serial.split("\n")
            if line.startswith(ERROR_PREFIX) and not line.startswith(WARNING_PREFIX)]


def check_error_line(run, pattern):
    """One error line, the last thing said, that matches. Gives it."""
    lines = error_lines(run.serial())
    if not lines:
        fail(run, "no error line")
    if len(lines) != 1 or not run.serial().rstrip("\n").endswith(lines[0]):
        fail(run, "expected one error line, and that the last")
    if re.search(pattern, lines[0]) is None:
        fail(run, f"the error line lacks {pattern!r}")
    return lines[0]


def expect_error(arguments, pattern, timeout=DEFAULT_TIMEOUT, screen=True):
    """One line that starts with `firstlight: ` and matches `pattern` on COM1 and on screen, the
    last thing said; then the machine halts for ever. Gives the line."""
    with Qemu(arguments, timeout) as run:
        if not run.wait_until(lambda: error_lines(run.serial())):
            run.timed_out = run.running()
            fail(run, "no error line")
        check_halted(run)
        line = check_error_line(run, pattern)
        if screen and line not in run.text_screen().text():
            fail(run, f"the screen lacks the line:\n{run.text_screen().show()}")
        run.quit()
        return line
