"""What became of each row, a small file for each in the build tree. Written by machine_test.py, read
by report.py. A result counts only for the images and the row that it came from: what has changed
since did not run."""

import hashlib
import json
import os

PASSED, REFUSED, SKIPPED, FAILED, NOT_RUN = "passed", "refused", "skipped", "failed", "not run"
IMAGES = ("firstlight-exit.bin", os.path.join("tests", "boot", "boot_info.bin"))


def path_of(build, group, row):
    return os.path.join(build, "tests", "machines", "results", f"{group}.{row.name}.json")


def fingerprint(build, row):
    """What a result is valid for: both kernels' images and the row as it is."""
    digest = hashlib.sha256(repr(row).encode())
    for image in IMAGES:
        with open(os.path.join(build, image), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def write(build, group, row, result, said):
    path = path_of(build, group, row)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        json.dump({"result": result, "said": said, "of": fingerprint(build, row)}, file)


def read(build, group, row):
    """(result, what was said)."""
    try:
        with open(path_of(build, group, row)) as file:
            content = json.load(file)
    except FileNotFoundError:
        return NOT_RUN, ""
    if content["of"] != fingerprint(build, row):
        return NOT_RUN, "its result is of another build"
    return content["result"], content["said"]
