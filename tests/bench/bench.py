"""The benchmark: Firstlight beside the floor, GRUB and SYSLINUX. Run by the targets `bench` and
`bench-check`:
    bench.py measure RESULTS [--sizes KIB,...] [--devices NAME,...] [--contents NAME,...]
                             [--runs N] [--times N]
        counts, and writes RESULTS (JSON; what is there already is kept, and not measured again)
    bench.py report RESULTS FOLDER     writes bench.md and bench.svg
    bench.py check RESULTS BASELINE    fails when a count of Firstlight's grew by over 3 %
    bench.py baseline RESULTS BASELINE stores Firstlight's counts of RESULTS"""

import argparse
import itertools
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contenders  # noqa: E402
import measure  # noqa: E402
import payload  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
from harness.qemu import QEMU  # noqa: E402

SIZES = (64, 1024, 16 * 1024, 64 * 1024, 256 * 1024)  # KiB
DEVICES = ("IDE", "virtio-blk", "USB (xHCI)")
RUNS, TIMES = 3, 3


def present():
    """The contenders that can be made here; says what the others lack."""
    for contender in contenders.CONTENDERS:
        if lacks := contender.missing():
            print(f"skipped: {contender.name}: {lacks}")
        else:
            yield contender


def qemu_version():
    first_line = subprocess.run([QEMU, "--version"], capture_output=True, text=True,
                                check=True).stdout.splitlines()[0]
    return first_line.removeprefix("QEMU emulator version ")


def measure_case(found, store, disks, place, options):
    """All contenders on one device with one payload, in turn."""
    device, content, size = place
    todo = [contender for contender in found if store.get(*place, contender.name) is None]
    for contender in todo:
        counts = measure.least(contender, disks.disk(contender), device, size, options.runs)
        store.add((*place, contender.name), counts)
        print(f"{results.key(*place, contender.name)}: own {counts.own:,}, firmware "
              f"{counts.firmware:,}, sectors {counts.sectors:,}", flush=True)
    for _, contender in itertools.product(range(options.times), todo):
        store.add_seconds((*place, contender.name),
                          measure.seconds(contender, disks.disk(contender), device, size))


def run_measure(options):
    store, found = results.Results(options.results), list(present())
    store.versions = {"QEMU": qemu_version(),
                      **{one.name: one.version() for one in found if one.version()}}
    for size, content in itertools.product(options.sizes, options.contents):
        with measure.Disks(content, size * measure.KIB) as disks:
            for device in options.devices:
                measure_case(found, store, disks, (device, content, size * measure.KIB), options)
                store.save(options.results)
    return 0


def run_report(options):
    return report.write(results.Results(options.results), options.folder)


def run_check(options):
    lines = results.growth(results.Results(options.baseline), results.Results(options.results))
    print("\n".join(lines) or f"no count grew by more than {results.ALLOWED_GROWTH:.0%}")
    return 1 if lines else 0


def run_baseline(options):
    store = results.Results(options.results)
    ours = {one.name for one in contenders.OURS}
    store.entries = {name: {count: entry[count] for count in results.COMPARED}
                     for name, entry in store.entries.items() if name.split(" / ")[-1] in ours}
    store.save(options.baseline)
    return 0


def command_line():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def add(name, run, *positional):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        for argument in ("results", *positional):
            command.add_argument(argument)
        return command

    def listed(kind):
        return lambda text: [kind(part) for part in text.split(",")]
    command = add("measure", run_measure)
    command.add_argument("--sizes", type=listed(int), default=SIZES)
    command.add_argument("--devices", type=listed(str), default=DEVICES)
    command.add_argument("--contents", type=listed(str), default=tuple(payload.CONTENTS))
    command.add_argument("--runs", type=int, default=RUNS)
    command.add_argument("--times", type=int, default=TIMES)
    add("report", run_report, "folder")
    add("check", run_check, "baseline")
    add("baseline", run_baseline, "baseline")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = command_line()
    sys.exit(arguments.run(arguments))
