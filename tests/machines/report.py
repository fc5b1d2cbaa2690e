"""Makes machines.md, a table of all rows of matrix.py and what became of each, and machines.svg, the
same as a picture, of the results in the build tree. Run by the target `machines-report`:
    report.py BUILD-FOLDER OUTPUT-FOLDER
Exit status 1 where a row failed, or has no result of this very build: it did not run. What is skipped
is no failure."""

import collections
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import matrix
import report_picture
import results
from harness.markdown import table

TITLES = {"Disks": "Disks and machines", "Machines": "Machines and screens", "Memory": "Memory",
          "Cpus": "CPUs", "Kvm": "Real CPUs (KVM)", "Firmware": "Firmware",
          "Emulators": "Other emulators"}
WORDS = {results.PASSED: "boots", results.REFUSED: "refused with the right message",
         results.SKIPPED: "skipped", results.FAILED: "failed", results.NOT_RUN: "not run"}
COLUMNS = ("Row", "Machine", "Firmware", "Disk", "CPU", "Memory", "Result", "What it said")


def machine_line(row, result, said):
    return (row.name, row.machine_words, row.firmware.words, row.disk.words, row.cpu,
            row.memory, WORDS[result], said)


def totals_table(outcome):
    """How many rows of each group ended how."""
    kinds = list(WORDS)
    counts = {group: collections.Counter(result for _, result, _ in rows)
              for group, rows in outcome.items()}
    lines = [("", *(WORDS[kind] for kind in kinds), "rows")]
    lines += [(TITLES[group], *(count[kind] for kind in kinds), sum(count.values()))
              for group, count in counts.items()]
    total = sum(counts.values(), collections.Counter())
    lines.append(("all", *(total[kind] for kind in kinds), sum(total.values())))
    return table(lines), total


def main(build, output):
    outcome = {group: [(row, *results.read(build, group, row)) for row in rows]
               for group, rows in matrix.ROWS.items()}
    totals, total = totals_table(outcome)
    text = "# Machines that the loader was booted on\n\n" + totals
    for group, rows in outcome.items():
        text += f"\n## {TITLES[group]}\n\n"
        text += table([COLUMNS, *(machine_line(*entry) for entry in rows)])
    with open(os.path.join(output, "machines.md"), "w") as file:
        file.write(text)
    with open(os.path.join(output, "machines.svg"), "w") as file:
        file.write(report_picture.draw({TITLES[group]: rows for group, rows in outcome.items()},
                                       WORDS, total))
    print(totals)
    print(f"{os.path.join(output, 'machines.md')}\n{os.path.join(output, 'machines.svg')}")
    return 1 if total[results.FAILED] or total[results.NOT_RUN] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
