"""What the benchmark has measured: one entry for each device, content, size and contender, kept in a JSON
file, and the comparison with a stored baseline. Used by bench.py, report.py and test_bench.py."""

import json
import os
import statistics

ALLOWED_GROWTH = 0.03
# What depends on the loader alone. Firmware's instructions do not: it polls some disks.
COMPARED = ("own", "disk_calls", "sectors")


def key(device, content, size, contender):
    return f"{device} / {content} / {size} / {contender}"


class Results:
    def __init__(self, path=None):
        self.versions, self.entries = {}, {}
        if path is not None and os.path.exists(path):
            with open(path) as file:
                stored = json.load(file)
            self.versions, self.entries = stored["versions"], stored["entries"]

    def add(self, place, counts):
        self.entries[key(*place)] = {**vars(counts), "seconds": []}

    def add_seconds(self, place, seconds):
        self.entries[key(*place)]["seconds"].append(round(seconds, 4))

    def get(self, *place):
        """An entry, or None: that was not measured."""
        return self.entries.get(key(*place))

    def complete(self, place, times):
        """Whether it was counted, and timed so often."""
        entry = self.get(*place)
        return entry is not None and len(entry["seconds"]) >= times

    def save(self, path):
        """What was there is replaced at once: a stop leaves the one or the other."""
        with open(path + ".new", "w") as file:
            json.dump({"versions": self.versions, "entries": self.entries}, file, indent=1,
                      sort_keys=True)
            file.write("\n")
        os.replace(path + ".new", path)


def total(entry):
    return entry["own"] + entry["firmware"]


def wall_seconds(entry):
    """The median of the runs; None where none was timed."""
    return statistics.median(entry["seconds"]) if entry["seconds"] else None


def growth(baseline, measured):
    """A line for each count that grew by more than is allowed, of the entries both have."""
    lines = []
    for name, before in sorted(baseline.entries.items()):
        after = measured.entries.get(name)
        for count in COMPARED if after is not None else ():
            if after[count] > before[count] * (1 + ALLOWED_GROWTH):
                lines.append(f"{name}: {count} {before[count]:,} -> {after[count]:,}")
    return lines
