"""Makes bench.md, a table of everything that was measured, and bench.svg, a chart of the instructions
of each boot. Used by bench.py."""

import os

import chart
import contenders
import measure
import results
from harness.markdown import table

HEAD = ("Payload", "Loader", "own", "firmware", "all", "beside the floor", "INT 13h", "sectors",
        "seconds", "beside the floor")
NUMBERS = range(2, len(HEAD))
NAMES = [contender.name for contender in contenders.CONTENDERS]
# GRUB and SYSLINUX enter firmware without an INT instruction that could be counted.
COUNTED_CALLS = {contenders.FLOOR.name, *(contender.name for contender in contenders.OURS)}


def size_words(size):
    return (f"{size // measure.MIB} MiB" if size >= measure.MIB else f"{size // measure.KIB} KiB")


def ratio(value, floor):
    return f"{value / floor:.2f}" if floor else ""


def line(size, name, entry, floor):
    """One contender's line; `floor` is the floor's entry or None."""
    total, seconds = results.total(entry), results.wall_seconds(entry)
    floor_seconds = floor and results.wall_seconds(floor)
    return (size_words(size), name, f"{entry['own']:,}", f"{entry['firmware']:,}", f"{total:,}",
            ratio(total, floor and results.total(floor)),
            f"{entry['disk_calls']:,}" if name in COUNTED_CALLS else "", f"{entry['sectors']:,}",
            "" if seconds is None else f"{seconds:.3f}",
            "" if seconds is None else ratio(seconds, floor_seconds))


def measured(store):
    """(device, content, size) of everything, in order: a line of each may be missing."""
    places = {tuple(name.split(" / ")[:3]) for name in store.entries}
    return sorted((device, content, int(size)) for device, content, size in places)


def sections(store):
    text = ""
    groups = sorted({place[:2] for place in measured(store)})
    for device, content in groups:
        lines = [HEAD]
        for size in [place[2] for place in measured(store) if place[:2] == (device, content)]:
            floor = store.get(device, content, size, contenders.FLOOR.name)
            lines += [line(size, name, entry, floor) for name in NAMES
                      if (entry := store.get(device, content, size, name)) is not None]
        text += f"\n## {device}, {content} payload\n\n" + table(lines, NUMBERS)
    return text


def write(store, folder):
    versions = ", ".join(f"{name} {version}" for name, version in sorted(store.versions.items()))
    text = ("# What a boot costs\n\n"
            "Guest instructions between the MBR's first and the kernel's first, sectors read, and "
            "the seconds between the two\n"
            f"(the median of some runs, taken in turn). {versions}.\n" + sections(store))
    with open(os.path.join(folder, "bench.md"), "w") as file:
        file.write(text)
    with open(os.path.join(folder, "bench.svg"), "w") as file:
        file.write(chart.draw(store, measured(store), NAMES, versions))
    print(f"{os.path.join(folder, 'bench.md')}\n{os.path.join(folder, 'bench.svg')}")
    return 0
