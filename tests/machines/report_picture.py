"""Draws what became of each row of the matrix as one SVG: a tile for each, its colour and its mark
telling how it ended. Used by report.py."""

from xml.sax.saxutils import escape, quoteattr

import results

WIDTH, MARGIN = 1200, 28
COLUMNS = 6
TILE_HEIGHT, GAP = 24, 5
TILE_WIDTH = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS
TITLE_BASELINE, LEGEND_TOP, FIRST_GROUP_TOP = 44, 62, 104
GROUP_TITLE_HEIGHT, GROUP_GAP = 26, 16
MARK_LEFT, LABEL_LEFT = 9, 27
LABEL_CHARACTERS = 25  # that fit into a tile
FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"

# fill, edge and ink; and the mark as a path in a square of 10
STYLES = {
    results.PASSED: ("#d9f2e0", "#7cc492", "#14532d", "M1 5.5 4 8.5 9 2"),
    results.REFUSED: ("#dbe8fb", "#84aee6", "#1e3a6e", "M5 1V6M5 8.4V9"),
    results.SKIPPED: ("#eeeeee", "#c4c4c4", "#666666", "M1.5 5H8.5"),
    results.FAILED: ("#fbd9d9", "#e07b7b", "#7f1d1d", "M1.5 1.5 8.5 8.5M8.5 1.5 1.5 8.5"),
    results.NOT_RUN: ("#ffffff", "#dddddd", "#999999", "M4.5 5H5.5"),
}


def text(x, y, words, size, colour, weight="normal"):
    return (f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" '
            f'fill="{colour}">{escape(words)}</text>\n')


def mark(x, y, result):
    *_, ink, path = STYLES[result]
    return (f'<path transform="translate({x:g} {y:g})" d="{path}" fill="none" stroke="{ink}" '
            'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>\n')


def tile(x, y, width, result, label, hint):
    fill, edge, ink, _ = STYLES[result]
    return (f"<g><title>{escape(hint)}</title>"
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{TILE_HEIGHT}" rx="4" '
            f'fill="{fill}" stroke="{edge}"/>\n'
            + mark(x + MARK_LEFT, y + TILE_HEIGHT / 2 - 5, result)
            + text(x + LABEL_LEFT, y + TILE_HEIGHT / 2 + 4, label, 11, ink) + "</g>\n")


def shortened(label):
    return (label if len(label) <= LABEL_CHARACTERS
            else label[:LABEL_CHARACTERS - 1].rstrip() + "\u2026")


def legend(words, total):
    """How many ended how; what none did is left out."""
    parts, x = "", MARGIN
    for result, meaning in words.items():
        if total[result]:
            label = f"{meaning}: {total[result]}"
            width = LABEL_LEFT + 7.2 * len(label) + 8
            parts += tile(x, LEGEND_TOP, width, result, label, label)
            x += width + GAP
    return parts


def draw(groups, words, total):
    """The picture. `groups`: title and the rows as (row, result, what was said)."""
    parts, y = legend(words, total), FIRST_GROUP_TOP
    for title, rows in groups.items():
        parts += text(MARGIN, y + 16, f"{title} ({len(rows)})", 14, "#222222", "bold")
        y += GROUP_TITLE_HEIGHT
        for index, (row, result, said) in enumerate(rows):
            line, column = divmod(index, COLUMNS)
            parts += tile(MARGIN + column * (TILE_WIDTH + GAP), y + line * (TILE_HEIGHT + GAP),
                          TILE_WIDTH, result, shortened(row.name.replace("_", " ")),
                          f"{row.name}: {words[result]}. {said}")
        y += -(-len(rows) // COLUMNS) * (TILE_HEIGHT + GAP) + GROUP_GAP
    name = f"Firstlight on {sum(total.values())} machines"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
            f'viewBox="0 0 {WIDTH} {y}" font-family={quoteattr(FONT)} role="img">\n'
            f"<title>{escape(name)}</title>\n"
            f'<rect width="{WIDTH}" height="{y}" rx="10" fill="#fcfcfc"/>\n'
            + text(MARGIN, TITLE_BASELINE, name, 22, "#111111", "bold") + parts + "</svg>\n")
