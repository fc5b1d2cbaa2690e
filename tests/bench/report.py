"""Makes bench.md, tables of everything that was measured, and bench.svg, a chart of the instructions of each
boot. Used by bench.py."""

import itertools
import os

import chart
import contenders
import contents
import measure
import results
from harness.markdown import table

HEAD = ("Payload", "Loader", "own", "firmware", "all", "beside the floor", "INT 13h", "sectors",
        "seconds", "beside the floor")
NUMBERS = range(2, len(HEAD))
NAMES = [contender.name for contender in contenders.CONTENDERS]
# GRUB and SYSLINUX enter firmware without an INT instruction that could be counted.
COUNTED_CALLS = {contenders.FLOOR.name, *(contender.name for contender in contenders.OURS)}
MILLION = 1_000_000


def ratio(value, floor):
    return f"{value / floor:.2f}" if floor else ""


def millions(value):
    """To a thousand where it is less than ten millions, else whole."""
    number = value / MILLION
    return f"{number:,.3f}" if number < 10 else f"{number:,.0f}"


def line(size, name, entry, floor):
    """One contender's line; `floor` is the floor's entry or None."""
    total, seconds = results.total(entry), results.wall_seconds(entry)
    floor_seconds = floor and results.wall_seconds(floor)
    return (chart.size_words(size), name, f"{entry['own']:,}", f"{entry['firmware']:,}",
            f"{total:,}", ratio(total, floor and results.total(floor)),
            f"{entry['disk_calls']:,}" if name in COUNTED_CALLS else "", f"{entry['sectors']:,}",
            "" if seconds is None else f"{seconds:.3f}",
            "" if seconds is None else ratio(seconds, floor_seconds))


def measured(store):
    """(device, content, size) of everything, in order: a line of each may be missing."""
    places = {tuple(name.split(" / ")[:3]) for name in store.entries}
    devices, kinds = list(measure.DEVICES), list(contents.CONTENTS)
    return sorted(((device, content, int(size)) for device, content, size in places),
                  key=lambda place: (devices.index(place[0]), kinds.index(place[1]), place[2]))


def groups(store):
    """(device, content) of everything, in order."""
    return list(dict.fromkeys(place[:2] for place in measured(store)))


def overview(store, words):
    """All loaders, sizes, devices and contents at a glance: a cell is words(entry, the floor's), of which
    the floor's may be None."""
    lines = [("Payload", "Loader", *(f"{device}, {content}" for device, content in groups(store)))]
    for size in sorted({place[2] for place in measured(store)}):
        for name in NAMES:
            pairs = [[store.get(*group, size, one) for one in (name, contenders.FLOOR.name)]
                     for group in groups(store)]
            lines.append((chart.size_words(size), name,
                          *("" if entry is None else words(entry, floor)
                            for entry, floor in pairs)))
    return table(lines, range(2, len(lines[0])))


def total_words(entry, _):
    return millions(results.total(entry))


def seconds_words(entry, floor):
    seconds = results.wall_seconds(entry)
    return "" if seconds is None or floor is None else ratio(seconds, results.wall_seconds(floor))


def sections(store):
    text = ""
    for device, content in groups(store):
        lines = [HEAD]
        for size in [place[2] for place in measured(store) if place[:2] == (device, content)]:
            floor = store.get(device, content, size, contenders.FLOOR.name)
            lines += [line(size, name, entry, floor) for name in NAMES
                      if (entry := store.get(device, content, size, name)) is not None]
        text += f"\n## {device}, {content} payload\n\n" + table(lines, NUMBERS)
    return text


# Who is held against whom: what is unpacked, against what is.
RIVALS = ((contenders.UNCOMPRESSED, (contenders.GRUB, contenders.SYSLINUX)),
          (contenders.OURS[0], (contenders.GRUB_GZIP, contenders.SYSLINUX_GZIP)),
          (contenders.OURS[0], (contenders.GRUB, contenders.SYSLINUX)))


def behind(store, figure, form):
    """A line for each of RIVALS: where ours needs at least as much of `figure` as a rival does."""
    text = ""
    for ours, rivals in RIVALS:
        found, compared = [], 0
        for (*place, size), rival in itertools.product(measured(store), rivals):
            pair = [store.get(*place, size, one.name) for one in (ours, rival)]
            values = [figure(entry) for entry in pair if entry is not None]
            if len(values) < len(pair) or None in values:
                continue
            compared += 1
            if values[0] >= values[1]:
                found.append(f"{chart.size_words(size)}, {', '.join(place)} "
                             f"({form(values[0])} : {form(values[1])}, {rival.name})")
        names = " and ".join(rival.name for rival in rivals)
        text += (f"- {ours.name} beside {names}, {compared} pairs: " +
                 ("; ".join(found) or ("nowhere" if compared else "not measured")) + ".\n")
    return text


def write(store, folder):
    versions = ", ".join(f"{name} {version}" for name, version in sorted(store.versions.items()))
    text = ("# What a boot costs\n\n"
            "Made by `bench.py report`. Guest instructions, own and firmware's, between the MBR's "
            "first and the kernel's first,\nsectors read, and the seconds between the two (the "
            f"median of some runs, taken in turn). {versions}.\n\n"
            "![Lines for each loader, by device and payload](bench.svg)\n\n"
            "## Instructions in all, in millions\n\n" + overview(store, total_words) +
            "\n## Seconds, those of the floor being 1\n\n" + overview(store, seconds_words) +
            "\n## Where Firstlight is behind\n\nIn instructions, in millions:\n\n" +
            behind(store, results.total, millions) + "\nIn seconds:\n\n" +
            behind(store, results.wall_seconds, "{:.3f}".format) + sections(store))
    with open(os.path.join(folder, "bench.md"), "w") as file:
        file.write(text)
    # A slow disk costs the same instructions.
    drawn = [place for place in measured(store) if place[0] not in measure.THROTTLED]
    with open(os.path.join(folder, "bench.svg"), "w") as file:
        file.write(chart.draw(store, drawn, NAMES, versions))
    print(f"{os.path.join(folder, 'bench.md')}\n{os.path.join(folder, 'bench.svg')}")
    return 0
