"""Draws the benchmark's results: a panel for each device and content, in it a line for each loader, from the
smallest payload to the largest. The scale is logarithmic, since loaders differ by a thousand. Used by
report.py."""

import math
from html import escape

import results

PANEL_WIDTH, PANEL_HEIGHT, PANEL_GAP, MARGIN = 290, 230, 34, 24
AXIS_WIDTH, HEAD_HEIGHT, PANEL_HEAD, PANEL_FOOT = 56, 106, 30, 34
LEGEND_GAP, LEGEND_LINE, POINT = 144, 22, 3.5
TITLE_Y, SUBTITLE_Y, VERSIONS_Y, LEGEND_Y = 32, 52, 70, 96
LOWEST_DECADE = 3  # a floor of less is drawn at the bottom
DECADES = {3: "1,000", 4: "10,000", 5: "100,000", 6: "1 million", 7: "10 million",
           8: "100 million", 9: "1 billion", 10: "10 billion", 11: "100 billion", 12: "1,000 billion"}
INK, PALE, GRID = "#212529", "#868e96", "#e9ecef"
# (colour, width, dashes) by loader
LINES = {"floor": ("#adb5bd", 2, "2 3"), "Firstlight": ("#0b7285", 3, ""),
         "Firstlight, plain": ("#22b8cf", 2.5, "7 4"), "GRUB": ("#d9480f", 2, ""),
         "GRUB, gzip": ("#fd7e14", 2, "7 4"), "SYSLINUX": ("#862e9c", 2, ""),
         "SYSLINUX, gzip": ("#cc5de8", 2, "7 4")}


def text(x, y, words, size=12, weight="normal", colour=INK, anchor="start"):
    return (f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
            f'text-anchor="{anchor}">{escape(words)}</text>\n')


def line(points, name):
    """A line of one loader's through these points, each with a dot."""
    colour, width, dashes = LINES[name]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{POINT}" fill="{colour}"/>\n'
                   for x, y in points)
    return (f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
            f'stroke-dasharray="{dashes}"/>\n' + dots)


def size_words(size):
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


class Panel:
    """One device and content; `sizes` are those of all panels, `highest` the decade at the top."""

    def __init__(self, x, y, sizes, highest):
        self.x, self.y, self.sizes, self.highest = x, y + PANEL_HEAD, sizes, highest

    def _across(self, size):
        return self.x + PANEL_WIDTH * (self.sizes.index(size) + 0.5) / len(self.sizes)

    def _height(self, decades):
        share = (max(decades, LOWEST_DECADE) - LOWEST_DECADE) / (self.highest - LOWEST_DECADE)
        return self.y + PANEL_HEIGHT * (1 - share)

    def frame(self, title, labelled):
        parts = text(self.x, self.y - 10, title, 15, "bold")
        for decade in range(LOWEST_DECADE, self.highest + 1):
            height = self._height(decade)
            parts += (f'<path d="M{self.x} {height:.1f}h{PANEL_WIDTH}" stroke="{GRID}"/>\n')
            if labelled:
                parts += text(self.x - 6, height + 4, DECADES[decade], 11, "normal", PALE, "end")
        return parts + "".join(text(self._across(size), self.y + PANEL_HEIGHT + 18,
                                    size_words(size), 11, "normal", PALE, "middle")
                               for size in self.sizes)

    def loader(self, name, entries):
        """`entries` are pairs (size, what was measured)."""
        return line([(self._across(size), self._height(math.log10(max(results.total(entry), 1))))
                     for size, entry in entries], name)


def legend(names, y):
    parts = ""
    for index, name in enumerate(names):
        x = MARGIN + index * LEGEND_GAP
        parts += line([(x, y - 4), (x + LEGEND_LINE, y - 4)], name)
        parts += text(x + LEGEND_LINE + 6, y, name, 12,
                      "bold" if name.startswith("Firstlight") else "normal")
    return parts


def panel(place, store, names, frame):
    device, content, labelled = place
    drawn = frame.frame(f"{device}, {content}", labelled)
    for name in names:
        entries = [(size, entry) for size in frame.sizes
                   if (entry := store.get(device, content, size, name)) is not None]
        drawn += frame.loader(name, entries) if entries else ""
    return drawn


def draw(store, places, names, versions):
    """The SVG. `places` are (device, content, size) of all that was measured, in order."""
    devices, contents, sizes = (list(dict.fromkeys(parts)) for parts in zip(*places))
    highest = math.ceil(math.log10(max(map(results.total, store.entries.values()))))
    parts = ""
    for row, content in enumerate(contents):
        for column, device in enumerate(devices):
            x = MARGIN + AXIS_WIDTH + column * (PANEL_WIDTH + PANEL_GAP)
            y = HEAD_HEIGHT + row * (PANEL_HEAD + PANEL_HEIGHT + PANEL_FOOT)
            parts += panel((device, content, column == 0), store, names,
                           Panel(x, y, sizes, highest))
    width = max(2 * MARGIN + AXIS_WIDTH + len(devices) * (PANEL_WIDTH + PANEL_GAP) - PANEL_GAP,
                MARGIN + len(names) * LEGEND_GAP)
    height = HEAD_HEIGHT + len(contents) * (PANEL_HEAD + PANEL_HEIGHT + PANEL_FOOT) + MARGIN
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'font-family="sans-serif"><rect width="100%" height="100%" fill="#ffffff"/>\n' +
            text(MARGIN, TITLE_Y, "Guest instructions from the MBR to the kernel, by size of payload",
                 20, "bold") +
            text(MARGIN, SUBTITLE_Y, "The loader's own and firmware's together; logarithmic scale") +
            text(MARGIN, VERSIONS_Y, versions, 11, "normal", PALE) +
            legend(names, LEGEND_Y) + parts + "</svg>\n")
