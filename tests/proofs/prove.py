#!/usr/bin/env python3
"""Proves one of load's files with Frama-C's WP and counts the goals of each function. Called by the
tests beside it; by hand `prove.py FILE...` prints the counts, and with --record notes them in
goals.txt."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import namedtuple
from contextlib import contextmanager

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

from harness.environment import skip_without

ROOT = os.path.dirname(os.path.dirname(HERE))
LOAD = os.path.join(ROOT, "bootloader", "load")
GOALS = os.path.join(HERE, "goals.txt")
PROGRAMS = ("frama-c", "why3", "cvc4")

# The prover's own steps end an attempt, not the clock, so that a busy machine loses no goal; the
# seconds are for a prover that hangs without taking steps.
PROVER = "cvc4"
STEPS = 500_000
SECONDS = 600
MACHINE = "gcc_x86_64"

# Goals are split by branches, which makes them easy; not where that makes a thousand of them.
UNSPLIT = {"elf_segments.c", "relocate.c"}

LOST_GOAL = r"\[wp\] .*Goal \S+ : (?!Valid)"
PROVER_FAILED = r"\[wp\] .*Goal \S+ : Failed"

Goals = namedtuple("Goals", "total proved run_time")


def skip_without_provers():
    """Ends the calling test as skipped where a program is missing, with its package's name."""
    for program in PROGRAMS:
        skip_without(program)


def why3_configuration(directory):
    """Which provers there are, in a file of our own and not in the user's home; temporary files, which
    a prover that is ended leaves behind, beside it."""
    path = os.path.join(directory, "why3.conf")
    environment = {**os.environ, "WHY3CONFIG": path, "HOME": directory, "TMPDIR": directory}
    subprocess.run(["why3", "config", "detect"], env=environment, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return environment


def command(source, report, share, load, functions):
    """Headers come from the file's own folder, so that a changed copy of load is proved as such."""
    folders = [os.path.join(HERE, "include"), os.path.join(share, "libc"), load,
               os.path.join(ROOT, "image"), os.path.join(ROOT, "bootloader", "include")]
    preprocessor = " ".join(["-nostdinc", *(f"-I{folder}" for folder in folders)])
    split = [] if os.path.basename(source) in UNSPLIT else ["-wp-split"]
    return ["frama-c", "-machdep", MACHINE, "-c11", "-no-frama-c-stdlib",
            f"-cpp-extra-args={preprocessor}",
            # A pointer to functions is in order when it is one that `calls` names, which is a goal.
            "-wp", "-wp-rte", "-rte-no-pointer-call", *split,
            "-wp-model", "Typed+Cast", "-wp-no-filter", "-wp-cache", "none",
            "-wp-prover", PROVER, "-wp-steps", str(STEPS), "-wp-timeout", str(SECONDS),
            "-wp-par", "1", "-wp-report-json", report,
            "-wp-fct", ",".join(functions), source]


@contextmanager
def frama_c(name, load, functions):
    """Frama-C as it proves functions of load's file `name`, its output to be read, and where its
    report will be. Ends it, and the prover it has started, when it is still at work."""
    with tempfile.TemporaryDirectory(prefix="firstlight-") as directory:
        environment = why3_configuration(directory)
        share = subprocess.run(["frama-c", "-print-share-path"], env=environment, check=True,
                               capture_output=True, text=True).stdout.strip()
        report = os.path.join(directory, "report.json")
        with subprocess.Popen(
                command(os.path.join(load, name), report, share, load, functions), env=environment,
                cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                start_new_session=True) as process:
            try:
                yield process, report
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


def prove(name, load=LOAD, functions=None):
    """{function: Goals} of load's file `name`, of the functions given or all that are proved; and
    what Frama-C printed."""
    with frama_c(name, load, functions or proved_functions(name)) as (process, report):
        printed = process.stdout.read()
        if process.wait() != 0 or not os.path.exists(report):
            raise AssertionError(f"Frama-C failed on {name}:\n{printed}")
        with open(report, encoding="utf-8") as file:
            return count(json.load(file)), printed


def first_lost_goal(name, load, function):
    """What Frama-C says of the first goal of a function that is not proved, None when all are. The
    goals behind that are not tried: one that is lost takes all the steps there are."""
    printed = []
    with frama_c(name, load, [function]) as (process, _):
        for line in process.stdout:
            if re.match(PROVER_FAILED, line):
                raise AssertionError(f"{PROVER} failed on {name}: {line.strip()}")
            if re.match(LOST_GOAL, line):
                return line.strip()
            printed.append(line)
        if process.wait() != 0:
            raise AssertionError(f"Frama-C failed on {name}:\n{''.join(printed)}")
    return None


def count(report):
    """The goals per function in WP's report. Goals of run-time errors have `_rte_` in their name."""
    counted = {}
    for function, goals in report["wp:functions"].items():
        whole = goals["wp:section"]["wp:main"]
        run_time = sum(parts["wp:main"]["total"] for goal, parts in goals.items()
                       if "_assert_rte_" in goal)
        counted[function] = Goals(whole["total"], whole.get("valid", 0), run_time)
    return counted


def read_expected():
    """{file: {function: (goals, of them run-time errors)}} from goals.txt; None for a function that
    is not proved."""
    expected = {}
    with open(GOALS, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, function, *numbers = line.split()
                expected.setdefault(name, {})[function] = (
                    None if numbers == ["unproved"] else tuple(map(int, numbers)))
    return expected


def defined_functions(name):
    """The functions that a file of load, or a header, defines, in the project's style of writing."""
    with open(os.path.join(LOAD, name), encoding="utf-8") as file:
        return re.findall(r"^[a-z][\w *]*?\b(\w+)\([^;{}]*\)\n\{", file.read(), re.MULTILINE)


def proved_functions(name):
    """Those of them that goals.txt does not call unproved."""
    expected = read_expected().get(name, {})
    return [function for function in defined_functions(name)
            if expected.get(function, ()) is not None]


def differences(name, goals):
    """What is worse than goals.txt says: a goal not proved, a function whose goals became fewer (it
    lost its contract, say), one that is not listed, one that is gone."""
    expected = {function: numbers for function, numbers in read_expected().get(name, {}).items()
                if numbers is not None}
    wrong = [f"{function} is in goals.txt, but WP has no goals of it" for function in expected
             if function not in goals]
    for function, (total, proved, run_time) in goals.items():
        if proved != total:
            wrong.append(f"{function}: {proved} of {total} goals proved")
        if function not in expected:
            wrong.append(f"{function} is not in goals.txt")
        elif total < expected[function][0] or run_time < expected[function][1]:
            wrong.append(f"{function}: {total} goals, {run_time} of run-time errors; goals.txt has "
                         "{} and {}".format(*expected[function]))
    return wrong


def record(name, goals):
    """Puts the file's goals into goals.txt in the place of what was there."""
    expected = read_expected()
    unproved = [function for function, numbers in expected.get(name, {}).items() if numbers is None]
    expected[name] = {function: (numbers.total, numbers.run_time)
                      for function, numbers in goals.items()}
    expected[name].update({function: ["unproved"] for function in unproved})
    with open(GOALS, encoding="utf-8") as file:
        heading = [line for line in file if line.startswith("#")]
    with open(GOALS, "w", encoding="utf-8") as file:
        file.writelines(heading)
        for name_of_file in sorted(expected):
            for function, numbers in sorted(expected[name_of_file].items()):
                print(name_of_file, function, *(numbers or ["unproved"]), file=file)


def main(arguments):
    for name in (argument for argument in arguments if argument != "--record"):
        goals, printed = prove(name)
        if "--record" in arguments:
            record(name, goals)
        print(*(line for line in printed.splitlines() if re.match(LOST_GOAL, line)), sep="\n")
        for function, numbers in sorted(goals.items()):
            print(f"{name} {function}: {numbers.proved} of {numbers.total} proved, "
                  f"{numbers.run_time} of run-time errors")
        print(*differences(name, goals), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
