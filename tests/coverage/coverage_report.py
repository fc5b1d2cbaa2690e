"""Reads the records that the plugin guest_coverage.c has made and tells how much of the loader and
the kernel ran: lines and branches for each file, and what did not run. Run by the build target
`coverage`; fails under a threshold, and where a line of the loader that never ran has no reason in
the list, or a reason no such line."""

import argparse
import array
import collections
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from harness.coverage import records_path  # noqa: E402
from reasons import check_reasons, read_reasons  # noqa: E402

LOADER = "bootloader" + os.sep
NO_RECORDS = 2  # exit status


class FileCoverage:
    """What ran of one source file. `lines` tells for each line with code whether it ran; `branches`
    has (line, times not taken, times taken) for each conditional branch in the machine code."""

    def __init__(self, name):
        self.name, self.lines, self.branches = name, {}, []

    def missed_lines(self):
        return sorted(line for line, ran in self.lines.items() if not ran)

    def missed_directions(self):
        """(line, "never taken" or "always taken"); a branch that never ran is both."""
        return sorted((line, what) for line, *times in self.branches
                      for what, count in zip(("always taken", "never taken"), times) if not count)


class Figures:
    """Sums over files; each branch has two directions."""

    def __init__(self, files):
        self.lines = sum(len(file.lines) for file in files)
        self.lines_run = self.lines - sum(len(file.missed_lines()) for file in files)
        self.branches = sum(2 * len(file.branches) for file in files)
        self.branches_run = self.branches - sum(len(file.missed_directions()) for file in files)

    @staticmethod
    def percent(part, whole):
        return 100 * part / whole if whole else 100.0

    def line_percent(self):
        return self.percent(self.lines_run, self.lines)

    def branch_percent(self):
        return self.percent(self.branches_run, self.branches)

    def row(self, name):
        return (name, str(self.lines), str(self.lines_run), f"{self.line_percent():.1f}",
                str(self.branches), str(self.branches_run), f"{self.branch_percent():.1f}")


HEADINGS = ("file", "lines", "run", "%", "branch directions", "run", "%")


def read_coverage(program, records):
    """FileCoverage by name, from the program's description (guest_program.py) and a records file."""
    with open(program + ".json", encoding="utf-8") as file:
        description = json.load(file)
    counts = array.array("Q")
    with open(records, "rb") as file:
        counts.frombytes(file.read())
    code_bytes, branches = description["code_bytes"], description["branches"]
    if len(counts) != code_bytes + 2 * len(branches):
        raise SystemExit(f"{records} is not of this program")
    files = collections.defaultdict(lambda: None)
    for start, end, name, line in description["lines"]:
        found = files[name] = files[name] or FileCoverage(name)
        found.lines[line] = found.lines.get(line, False) or any(counts[start:end])
    for i, (name, line) in enumerate(branches):
        at = code_bytes + 2 * i
        files[name].branches.append((line, counts[at], counts[at + 1]))
    return dict(sorted(files.items()))


def rows(files):
    """The table: each file, its folder's sum behind it, in the end the loader's and the kernel's."""
    folders = collections.defaultdict(list)
    for name, file in files.items():
        folders[os.path.dirname(name)].append(file)
    found = []
    for folder, members in sorted(folders.items()):
        found += [Figures([file]).row(file.name) for file in members]
        found.append(Figures(members).row(folder + os.sep))
    loader = [file for file in files.values() if file.name.startswith(LOADER)]
    others = [file for file in files.values() if not file.name.startswith(LOADER)]
    found.append(Figures(loader).row("the loader"))
    if others:
        found.append(Figures(others).row("the kernel"))
    return found


def text_table(table):
    widths = [max(map(len, column)) for column in zip(*table)]
    return "\n".join("  ".join([row[0].ljust(widths[0]),
                                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
                     for row in table)


def markdown(table, files, missed):
    """The report as a file: the table, the lines that never ran, the branches that went one way."""
    def table_row(cells):
        return "| " + " | ".join(cells) + " |"
    out = ["# What ran of the loader and the kernel", "", table_row(table[0]),
           table_row(["---"] + ["---:"] * (len(HEADINGS) - 1)), *map(table_row, table[1:]),
           "", "## Lines that never ran", ""]
    out += [f"- {line}" for line in missed] + ["", "## Branches that went one way only", ""]
    for name, file in files.items():
        out += [f"- {name}:{line}: {what}" for line, what in file.missed_directions()]
    return "\n".join(out) + "\n"


def missed_lines(files, source, reasons):
    """All lines that never ran, as text, with their reasons."""
    found = []
    for name, file in files.items():
        with open(os.path.join(source, name), encoding="utf-8") as text:
            lines = text.read().split("\n")
        found += [f"{name}:{line}: {lines[line - 1].strip()}"
                  + (f"   [{reasons[name, line]}]" if (name, line) in reasons else "")
                  for line in file.missed_lines()]
    return found


def failures(files, reasons, least_lines, least_branches):
    """What keeps the coverage from being enough, in words."""
    loader = [file for file in files.values() if file.name.startswith(LOADER)]
    figures = Figures(loader)
    found = [f"{file.name}:{line} never ran, and has no reason in the list"
             for file in loader for line in file.missed_lines() if (file.name, line) not in reasons]
    for what, percent, least in (("lines", figures.line_percent(), least_lines),
                                 ("branch directions", figures.branch_percent(), least_branches)):
        if percent < least:
            found.append(f"{percent:.2f} % of the loader's {what} ran, less than {least:g} %")
    return found


def report(options):
    """Prints everything; gives what is wrong, in words."""
    files = read_coverage(options.program, options.records)
    entries = read_reasons(options.reasons)
    reasons, wrong = check_reasons(entries, files, options.source)
    table = [HEADINGS, *rows(files)]
    missed = missed_lines(files, options.source, reasons)
    with open(options.markdown, "w", encoding="utf-8") as file:
        file.write(markdown(table, files, missed))
    print(text_table(table))
    print(f"\n{len(missed)} lines never ran:", *missed, sep="\n  ")
    print(f"\nThis, and the branches that went one way only: {options.markdown}")
    return wrong + failures(files, reasons, options.lines, options.branches)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", required=True, help="written by guest_program.py")
    parser.add_argument("--directory", required=True, help="of the records, and for the report")
    parser.add_argument("--source", required=True, help="the source tree")
    parser.add_argument("--reasons", required=True, help="why some lines cannot run")
    parser.add_argument("--lines", type=float, required=True, help="per cent of the loader's")
    parser.add_argument("--branches", type=float, required=True, help="per cent of the loader's")
    options = parser.parse_args()
    options.records = records_path(options.directory, options.program)
    options.markdown = os.path.join(options.directory, "coverage.md")
    if not os.path.exists(options.records):
        print(f"There are no records of this build in {options.directory}. First run\n"
              "    ctest --preset full\n"
              "or some of its tests (-L boot, -R name); it sets FIRSTLIGHT_COVERAGE.")
        return NO_RECORDS
    wrong = report(options)
    print(*(f"coverage: {what}" for what in wrong), sep="\n", end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
