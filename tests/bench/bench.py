"""The benchmark: Firstlight beside the floor, GRUB and SYSLINUX. Run by the targets `bench` and
`bench-check`:
    bench.py measure RESULTS [--sizes KIB,...] [--devices NAME,...] [--contents NAME,...]
                             [--runs N] [--times N]
        counts, and writes RESULTS (JSON) after each boot; what is there already of the same versions
        is kept, and not measured again
    bench.py report RESULTS FOLDER     writes bench.md and bench.svg
    bench.py check RESULTS BASELINE    fails when a count of Firstlight's grew by over 3 %
    bench.py baseline RESULTS BASELINE stores Firstlight's counts of RESULTS"""

import argparse
import hashlib
import itertools
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contenders  # noqa: E402
import contents  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
from harness.qemu import QEMU  # noqa: E402

SIZES = (64, 1024, 16 * 1024, 64 * 1024, 256 * 1024)  # KiB
DEVICES = ("IDE", "virtio-blk", "USB (xHCI)", *measure.THROTTLED)
RUNS, TIMES = 3, 3
# Payloads from this size on are booted once: that takes minutes.
ONCE_FROM = 256 * measure.MIB


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


def our_version():
    """The commit, if there is one, and a sum of the image tool, which holds the loader."""
    with open(os.environ["FIRSTLIGHT_BOOTIMAGE"], "rb") as file:
        tool = hashlib.sha256(file.read()).hexdigest()[:8]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                            text=True, check=False, cwd=os.path.dirname(os.path.abspath(__file__)))
    return f"{commit.stdout.strip()} (image tool {tool})".strip()


def made_by(all_versions):
    """What results depend on: not the commit, which may differ in documents only."""
    return {**all_versions, "Firstlight": all_versions.get("Firstlight", "").split(" (")[-1]}


def versions(found):
    return {"QEMU": qemu_version(), "Firstlight": our_version(),
            **{one.name: one.version() for one in found if one.version()}}


class Measurement:
    """Measures everything once, one boot at a time: firmware polls every disk, so that other work on the
    host would be counted. `failed` is how many boots did not reach the kernel."""

    def __init__(self, store, found, options):
        self.store, self.found, self.options = store, found, options
        self.failed, self.done, self.started = 0, 0, time.monotonic()
        self.cells = len(options.sizes) * sum(
            one.takes(content) and measure.takes(device, content) for device, content, one in
            itertools.product(options.devices, options.contents, found))

    def _say(self, place, words):
        minutes = (time.monotonic() - self.started) / 60
        print(f"[{self.done} of {self.cells}, {minutes:.1f} min] {results.key(*place)}: {words}",
              flush=True)

    def _try(self, place, step):
        """Runs one boot or some; one that fails must not cost all that comes behind it."""
        try:
            step()
        except AssertionError as error:
            self.failed += 1
            self._say(place, f"failed: {error}")
        self.store.save(self.options.results)

    def _count(self, place, contender, disks, runs):
        counts = measure.least(contender, disks.disk(contender), place[0], place[2], runs)
        self.store.add(place, counts)
        self._say(place, f"own {counts.own:,}, firmware {counts.firmware:,}, sectors "
                         f"{counts.sectors:,}")

    def _time(self, place, contender, disks):
        self.store.add_seconds(
            place, measure.seconds(contender, disks.disk(contender), place[0], place[2]))

    def _on_device(self, place, disks, runs, times, found):
        """All that were found on one device with one payload; timed in turn."""
        for contender in found:
            self.done += 1
            cell = (*place, contender.name)
            if self.store.get(*cell) is None:
                self._try(cell, lambda one=contender, at=cell: self._count(at, one, disks, runs))
        for turn, contender in itertools.product(range(times), found):
            cell = (*place, contender.name)
            entry = self.store.get(*cell)
            if entry is not None and len(entry["seconds"]) <= turn:
                self._try(cell, lambda one=contender, at=cell: self._time(at, one, disks))

    def run(self, size, content):
        """One payload on all devices."""
        runs, times = (number if size < ONCE_FROM else min(number, 1)
                       for number in (self.options.runs, self.options.times))
        places = [(device, content, size) for device in self.options.devices
                  if measure.takes(device, content)]
        found = [one for one in self.found if one.takes(content)]
        if all(self.store.complete((*place, one.name), times)
               for place in places for one in found):
            self.done += len(places) * len(found)
            return
        with measure.Disks(content, size) as disks:
            for place in places:
                self._on_device(place, disks, runs, times, found)


def run_measure(options):
    found = list(present())
    store = results.Results(options.results)
    if made_by(store.versions) != made_by(now := versions(found)):
        store = results.Results()
        store.versions = now
    measurement = Measurement(store, found, options)
    for size, content in itertools.product(options.sizes, options.contents):
        try:
            measurement.run(size * measure.KIB, content)
        except contents.TooLittle as error:
            print(f"skipped: {content}, {size} KiB: {error}")
    return 1 if measurement.failed else 0


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
    command.add_argument("--contents", type=listed(str), default=tuple(contents.CONTENTS))
    command.add_argument("--runs", type=int, default=RUNS)
    command.add_argument("--times", type=int, default=TIMES)
    add("report", run_report, "folder")
    add("check", run_check, "baseline")
    add("baseline", run_baseline, "baseline")
    return parser.parse_args()


if __name__ == "__main__":
    arguments = command_line()
    sys.exit(arguments.run(arguments))
