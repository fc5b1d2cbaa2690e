"""Asks the host program (verdicts.c) what stage 2 and bootimage make of many damages."""

import os
import subprocess
import tempfile

STAGE2, INSPECT = "s", "i"
PREFIX = "firstlight: "


class Verdict:
    """`line` is stage 2's error line without its prefix, or None; then it has entered the kernel at
    `entry`, with `digest`, the sum that the kernel prints, and `space`, one of its address space.
    `problems` are the lines of bootimage inspect."""

    def __init__(self):
        self.line = self.entry = self.digest = self.space = None
        self.problems = []

    @property
    def entered(self):
        return self.entry is not None

    def same_as(self, other):
        """Whether the kernel finds the same, byte for byte, and is entered at the same place."""
        return self.entered and (self.entry, self.digest, self.space) == (
            other.entry, other.digest, other.space)


def _read(text):
    verdicts, current = [], Verdict()
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "#line":
            assert rest.startswith(PREFIX), line
            current.line = rest[len(PREFIX):]
        elif word == "#entered":
            current.entry, current.digest, current.space = rest.split(" ")
        elif word == "#problem":
            current.problems.append(rest)
        elif word == "#end":
            verdicts.append(current)
            current = Verdict()
    return verdicts


def verdicts_of(image, damages, ways=STAGE2 + INSPECT):
    """A Verdict for each damage, in order. A check of the host program that fails is an error that
    names the damage."""
    damages = list(damages)
    with tempfile.TemporaryDirectory(prefix="firstlight-") as folder:
        path = image.write(os.path.join(folder, "image.bin"))
        lines = (ways + "".join(f" {offset}:{bytes(content).hex()}"
                                for offset, content in damage.pieces) + "\n"
                 for damage in damages)
        run = subprocess.run([os.environ["FIRSTLIGHT_DAMAGE_VERDICTS"], path],
                             input="".join(lines), capture_output=True, text=True, check=False)
    verdicts = _read(run.stdout)
    if run.returncode != 0 or len(verdicts) != len(damages):
        raise AssertionError(f"after {damages[len(verdicts)].what if verdicts else 'the start'}: "
                             f"status {run.returncode}\n{run.stdout[-2000:]}\n{run.stderr[-4000:]}")
    return verdicts
