"""Draws the benchmark's results: a column for each device, in it one part for each content, and in that a
group of bars for each payload, one a loader: own instructions and firmware's together. The scale is
logarithmic, since loaders differ by a thousand. Used by report.py."""

import math
from html import escape

import results

BAR, GAP, COLUMN_GAP, MARGIN = 15, 4, 16, 24
LABEL_WIDTH, BAR_WIDTH, NUMBER_WIDTH = 116, 180, 92
TITLE_HEIGHT, PART_HEAD, GROUP_HEAD = 60, 40, 20
COLUMN_WIDTH = LABEL_WIDTH + BAR_WIDTH + NUMBER_WIDTH
LOWEST = 1000  # instructions at the bars' left end
OURS, OTHER, FLOOR = "#0b7285", "#868e96", "#ced4da"
MILLION = 1_000_000


def text(x, y, words, size=12, weight="normal", colour="#212529", anchor="start"):
    return (f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
            f'text-anchor="{anchor}">{escape(words)}</text>\n')


def number_words(value):
    if value >= MILLION:
        return f"{value / MILLION:,.1f} million"
    return f"{value:,}"


def bar_length(value, highest):
    span = math.log10(highest / LOWEST)
    return round(max(2.0, BAR_WIDTH * math.log10(max(value, LOWEST) / LOWEST) / span), 1)


def bar(x, y, name, entry, highest):
    colour = OURS if name.startswith("Firstlight") else FLOOR if name == "floor" else OTHER
    total = results.total(entry)
    length = bar_length(total, highest)
    return (text(x + LABEL_WIDTH - 8, y + BAR - 3, name, anchor="end",
                 weight="bold" if colour == OURS else "normal") +
            f'<rect x="{x + LABEL_WIDTH}" y="{y}" width="{length}" height="{BAR}" rx="2" '
            f'fill="{colour}"/>\n' +
            text(x + LABEL_WIDTH + length + 6, y + BAR - 3, number_words(total)))


def group(x, y, title, entries, highest):
    """The bars of one payload; gives the drawing and the y below it."""
    parts = text(x + LABEL_WIDTH, y + GROUP_HEAD - 7, title, weight="bold")
    y += GROUP_HEAD
    for name, entry in entries:
        parts += bar(x, y, name, entry, highest)
        y += BAR + GAP
    return parts, y + GROUP_HEAD - GAP


def size_title(size):
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def part(x, y, title, groups, highest):
    """All groups of one device and content; gives the drawing and the y below it."""
    y += PART_HEAD
    parts = text(x + LABEL_WIDTH, y - 10, title, 15, "bold")
    for name, entries in groups:
        drawn, y = group(x, y, name, entries, highest)
        parts += drawn
    return parts, y


def column(x, device, store, places, names, highest):
    parts, y = "", TITLE_HEIGHT
    for content in sorted({place[1] for place in places if place[0] == device}):
        groups = [(size_title(size), [(name, entry) for name in names
                                      if (entry := store.get(device, content, size, name))])
                  for _, _, size in (place for place in places if place[:2] == (device, content))]
        drawn, y = part(x, y, f"{device}, {content}", groups, highest)
        parts += drawn
    return parts, y


def draw(store, places, names, versions):
    highest = max((results.total(entry) for entry in store.entries.values()), default=LOWEST * 10)
    devices = sorted({place[0] for place in places})
    parts, bottom = "", TITLE_HEIGHT
    for index, device in enumerate(devices):
        x = MARGIN + index * (COLUMN_WIDTH + COLUMN_GAP)
        drawn, y = column(x, device, store, places, names, highest)
        parts, bottom = parts + drawn, max(bottom, y)
    width = 2 * MARGIN + len(devices) * (COLUMN_WIDTH + COLUMN_GAP)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom + MARGIN}" '
            f'font-family="sans-serif"><rect width="100%" height="100%" fill="#ffffff"/>\n' +
            text(MARGIN, 32, "Guest instructions from the MBR to the kernel, by size of payload",
                 20, "bold") +
            text(MARGIN, 52, f"Own and firmware's, logarithmic scale. {versions}", 12) +
            parts + "</svg>\n")
