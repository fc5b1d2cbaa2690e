"""Runs the fuzz targets for ctest and for the build targets fuzz-long and fuzz-corpus:

    fuzz.py FOLDER corpus NAME          every input of the committed corpus once
    fuzz.py FOLDER short NAME RUNS      so many executions from there, the same each time
    fuzz.py FOLDER long SECONDS [NAME]  that long, all targets in turn; writes FOLDER/long/report.md
    fuzz.py FOLDER merge [NAME]         what `long` has found, minimised into the committed corpora

FOLDER is where CMake built the targets; targets.txt there has one a line: name, bytes of an input
at most, folder of its corpus, archive of that, dictionary (`-`: none), separated by tabs."""

import os
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
import time

INPUT_SECONDS = 60  # more for one input is a hang
MEMORY_MB = 2048
ARCHIVE_DAY = 0  # of all files in an archive: the same content makes the same archive


class Target:
    def __init__(self, folder, line):
        self.folder = folder
        self.name, self.bytes, self.corpus, self.archive, self.dictionary = line.split("\t")

    def command(self, *options):
        # What bootimage prints is no one's to read; libFuzzer keeps a standard error of its own.
        quiet = 3 if self.name == "inspect" else 1
        command = [os.path.join(self.folder, "fuzz_" + self.name), f"-max_len={self.bytes}",
                   f"-timeout={INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MB}",
                   f"-close_fd_mask={quiet}", "-print_final_stats=1", *options]
        if self.dictionary != "-":
            command.append(f"-dict={self.dictionary}")
        return command


def targets(folder, wanted):
    with open(os.path.join(folder, "targets.txt"), encoding="utf-8") as file:
        every = [Target(folder, line.rstrip("\n")) for line in file]
    chosen = [target for target in every if not wanted or target.name in wanted]
    if len(chosen) < max(1, len(wanted)):
        sys.exit(f"fuzz.py: no such target among {wanted}")
    return chosen


def run(command, **environment):
    """Exit status and what libFuzzer wrote."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, env={**os.environ, **environment}, check=False)
    return done.returncode, done.stderr.decode("utf-8", "replace")


def number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def executions(text):
    return number(r"stat::number_of_executed_units: +(\d+)", text)


def edges(text):
    return number(r"cov: (\d+)", text)


def check(target, command, least):
    """For ctest: every execution went well, and there were at least so many."""
    status, text = run(command)
    if status != 0 or executions(text) < least:
        print(text[-20000:])
        print(f"{target.name}: exit status {status}, {executions(text)} executions of {least}")
        return 1
    print(f"{target.name}: {executions(text)} executions, {edges(text)} edges")
    return 0


def corpus(target):
    return check(target, target.command("-runs=0", target.corpus), len(os.listdir(target.corpus)))


def short(target, runs):
    with tempfile.TemporaryDirectory() as new:
        return check(target, target.command(f"-runs={runs}", "-seed=1", f"-artifact_prefix={new}/",
                                            new, target.corpus), int(runs))


# CPU seconds beside the clock's: a long run is a guest on a machine that has other work.
HEAD = """| Target | Executions | Seconds | CPU seconds | Edges | Features | Inputs | Found |
|---|---|---|---|---|---|---|---|
"""


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_report(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write(HEAD)
        for row in rows:
            file.write("| " + " | ".join(str(field) for field in row) + " |\n")
        file.write(f"| all | {sum(row[1] for row in rows)} | {sum(row[2] for row in rows)} "
                   f"| {sum(row[3] for row in rows)} | | | | {sum(row[7] for row in rows)} |\n")


def long(folder, seconds, chosen):
    found_folder = os.path.join(folder, "long", "found")
    os.makedirs(found_folder, exist_ok=True)
    rows = []
    for target in chosen:
        work = os.path.join(folder, "long", target.name)
        os.makedirs(work, exist_ok=True)
        start = time.monotonic()
        cpu_start = cpu_seconds()
        status, text = run(target.command(
            f"-max_total_time={max(1, seconds // len(chosen))}",
            f"-artifact_prefix={found_folder}/{target.name}-", "-use_value_profile=1", work,
            target.corpus))
        took = round(time.monotonic() - start)
        cpu = round(cpu_seconds() - cpu_start)
        with open(os.path.join(folder, "long", target.name + ".log"), "w", encoding="utf-8") as file:
            file.write(text)
        rows.append((target.name, executions(text), took, cpu, edges(text),
                     number(r"ft: (\d+)", text), len(os.listdir(work)), int(status != 0)))
        write_report(os.path.join(folder, "long", "report.md"), rows)
        print(f"{target.name}: {rows[-1][1]} executions in {took} s, {cpu} s of CPU time"
              + (f", FOUND something: see {found_folder}" if status != 0 else ""), flush=True)
    return 1 if any(row[7] for row in rows) else 0


def pack(target, folder):
    def plain(member):
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = ARCHIVE_DAY
        member.mode = 0o644
        return member

    os.makedirs(os.path.dirname(target.archive), exist_ok=True)
    with tarfile.open(target.archive, "w:xz", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(os.listdir(folder)):
            archive.add(os.path.join(folder, name), name, filter=plain)


def merge(folder, chosen):
    for target in chosen:
        with tempfile.TemporaryDirectory() as least:
            sources = [target.corpus, os.path.join(folder, "long", target.name)]
            status, text = run(target.command(
                "-set_cover_merge=1", least, *filter(os.path.isdir, sources)))
            if status != 0:
                print(text[-20000:])
                return 1
            pack(target, least)
            print(f"{target.name}: {len(os.listdir(least))} inputs, "
                  f"{os.path.getsize(target.archive)} bytes")
    return 0


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    folder, what, *rest = arguments
    if what == "corpus":
        return corpus(targets(folder, rest)[0])
    if what == "short":
        return short(targets(folder, rest[:1])[0], rest[1])
    if what == "long":
        return long(folder, int(rest[0]), targets(folder, rest[1:]))
    if what == "merge":
        return merge(folder, targets(folder, rest))
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
