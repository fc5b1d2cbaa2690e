"""Tables of Markdown. Used by the reports of tests/machines and tests/bench."""


def table(lines, numbers=()):
    """A table; the first line is its head. The columns of these indexes are set to the right."""
    def row(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"
    head, *rest = lines
    rule = "".join("|---:" if index in numbers else "|---" for index in range(len(head)))
    return row(head) + rule + "|\n" + "".join(map(row, rest))
