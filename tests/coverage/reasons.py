"""The list of the loader's lines that no boot test can run, each with its reason. An entry names
file, function and text of its lines, so that it stays true when lines move:

    FILE, FUNCTION
    | text of a line
    | text of another
    the reason, in one or more lines

Entries end with an empty line; lines that begin with # are for the reader. Used by
coverage_report.py."""

import os
import re

C_FUNCTION = re.compile(r"[A-Za-z_][^;=]*?\b(\w+)\(")  # its name is at the line's very start
ASSEMBLY_FUNCTION = re.compile(r"(\w+):")


class Entry:
    """Lines of one function, by their text."""

    def __init__(self, file, function, lines, reason):
        self.file, self.function, self.lines, self.reason = file, function, lines, reason


def read_reasons(path):
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"(?m)^#.*\n?", "", file.read())
    entries = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if not paragraph:
            continue
        head, *rest = paragraph.split("\n")
        lines = [line[1:].strip() for line in rest if line.startswith("|")]
        reason = " ".join(line.strip() for line in rest if not line.startswith("|"))
        if head.count(",") != 1 or not lines or not reason:
            raise SystemExit(f"{path}: not file, function, lines and reason:\n{paragraph}")
        entries.append(Entry(*(part.strip() for part in head.split(",")), lines, reason))
    return entries


def functions(file, lines):
    """For each line the function it is in: C's begin in the first column, as assembly's labels."""
    begins = C_FUNCTION if file.endswith((".c", ".h")) else ASSEMBLY_FUNCTION
    name, found = "", []
    for line in lines:
        match = begins.match(line)
        name = match[1] if match else name
        found.append(name)
    return found


def check_reasons(entries, files, source):
    """({(file, line): reason}, what is wrong with the entries). `files` are FileCoverage by name."""
    reasons, wrong = {}, []
    for entry in entries:
        path = os.path.join(source, entry.file)
        if entry.file not in files or not os.path.exists(path):
            wrong.append(f"the list of reasons names {entry.file}, which has no code")
            continue
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        within = functions(entry.file, lines)
        for text in entry.lines:
            place = f"{entry.file}, {entry.function}: {text}"
            numbers = [number for number, line in enumerate(lines, 1)
                       if line.strip() == text and within[number - 1] == entry.function]
            missed = [number for number in numbers if files[entry.file].lines.get(number) is False]
            if not missed:
                wrong.append(f"the list of reasons has a line that "
                             f"{'ran' if numbers else 'is not there'}: {place}")
            reasons.update(((entry.file, number), entry.reason) for number in missed)
    return reasons, wrong
