"""Shows that the fuzz targets find faults: `faults.py BUILD NAME` builds the target NAME with a
fault seeded in a copy of the source it tests, and passes when fuzzing, from the committed corpus,
finds it within RUNS executions. Found means that libFuzzer has a crash to show: a program that does
not start, runs out of memory or hangs has found nothing. Without NAME: all, as the table of
README.md."""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

import fuzz

RUNS = 1000000
CRASH_STATUS = 77  # libFuzzer's; the sanitizers are told to end with the same
FIRST_LINE = re.compile(r"^.*(?:runtime error:|ERROR\b).*$", re.MULTILINE)
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LOAD = "bootloader/load/"

# Target: file, text, what stands there instead, what that means.
FAULTS = {
    "image_header": (
        LOAD + "image_header.c",
        "item->lba > image_sectors || sectors > image_sectors - item->lba",
        "item->lba + sectors > image_sectors",
        "the end of an item may overflow"),
    "kernel": (
        LOAD + "elf_segments.c",
        "flags |= walk->last_page_flags;",
        "",
        "a page that two segments share may be writable and executable"),
    "relocate": (
        LOAD + "relocate.c",
        "undefined && symbol.st_info >> 4 == ELF_STB_WEAK",
        "undefined",
        "an undefined symbol is taken for 0"),
    "memory_map": (
        LOAD + "memory_map_normalise.c",
        "~PAGE_MASK : page_round_up(base);",
        "~PAGE_MASK : page_round_down(base);",
        "usable memory is rounded outwards"),
    "memory_claims": (
        LOAD + "memory_map_claim.c",
        "map->ranges[behind].base <= address",
        "map->ranges[behind].base < address",
        "what is claimed does not become one with the range behind it"),
    "firmware_memory": (
        "bootloader/bios/firmware_memory.c",
        "usable = false; // cannot be trusted",
        "// cannot be trusted",
        "a list that loses its signature midway is believed"),
    "boot_request": (
        LOAD + "kernel_request.c",
        "if (end > bytes)",
        "if (descriptor > bytes)",
        "a note's descriptor may pass the file"),
    "handover": (
        LOAD + "address_space.c",
        "slot_of(last_byte) - first + 1",
        "slot_of(last_byte) - first",
        "the kernel's last 512 GiB count as free"),
    "symbols": (
        LOAD + "symbols.c",
        "symbol->name >= header->names_bytes",
        "symbol->name > header->names_bytes",
        "a name may begin behind the item"),
    "firmware_tables": (
        LOAD + "firmware_tables.c",
        "lesser(left, RSDP_LENGTH_MAX)",
        "RSDP_LENGTH_MAX",
        "an RSDP may pass the area it is in"),
    "video_mode": (
        LOAD + "video_mode.c",
        "mode->pitch >= mode->width * pixel_bytes",
        "mode->pitch >= mode->width",
        "lines may be longer than the pitch"),
    "lz4": (
        LOAD + "lz4_decode.c",
        "offset > at ||",
        "",
        "a match may begin in front of the output"),
    "message": (
        LOAD + "message.c",
        "message->length < MESSAGE_CAPACITY - 1",
        "message->length < MESSAGE_CAPACITY",
        "the NUL of a message that is cut is written behind it"),
    "command_line": (
        LOAD + "slide.c",
        "valid = digit < base && value <= (UINT64_MAX - digit) / base",
        "valid = digit < base && value <= UINT64_MAX / base",
        "a seed may overflow"),
    "timeline": (
        "tools/bootimage/timeline_log.c",
        "row->took > UINT64_MAX - row->from",
        "false",
        "a row may end beyond 64 bits"),
    "create": (
        "image/symbol_table.c",
        "!elf_section_in_file(&sections, &section)",
        "false",
        "the symbol table may pass the end of the file"),
    "inspect": (
        "image/image_read.c",
        "lba > file_sectors || sectors > file_sectors - lba",
        "lba > file_sectors",
        "an item may pass the end of the file"),
    "stage2": (
        "bootloader/stage2/kernel.c",
        "kernel->layout.memory_bytes > item->memory_bytes ||",
        "",
        "a kernel may take more memory than was claimed for it"),
}


def commands(build):
    """What is compiled for the fuzz targets: source, command, object."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        for entry in json.load(file):
            if "fuzzer-no-link" in entry["command"]:
                words = shlex.split(entry["command"])
                place = words.index("-o") + 1
                yield entry["file"], words[:place - 1], os.path.join(build, words[place])


def build_faulty(build, name, scratch):
    file, text, instead, _ = FAULTS[name]
    source = os.path.join(SOURCE, file)
    with open(source, encoding="utf-8") as original:
        content = original.read()
    if content.count(text) != 1:
        sys.exit(f"faults.py: {file} has {content.count(text)} times {text!r}")
    faulty = os.path.join(scratch, os.path.basename(file))
    with open(faulty, "w", encoding="utf-8") as copy:
        copy.write(content.replace(text, instead))
    compiler = next(words for path, words, _ in commands(build) if path == source)
    # Headers beside the source are found there; a function may have become unused. What the build
    # knows of the good source's headers stays as it is.
    if "-MF" in compiler:
        compiler[compiler.index("-MF") + 1] = faulty + ".d"
    subprocess.run([*compiler, "-Wno-unused", f"-I{os.path.dirname(source)}", "-c", faulty, "-o",
                    faulty + ".o"], cwd=build, check=True)
    own = [made for path, _, made in commands(build)
           if os.sep + f"fuzz_{name}.dir" + os.sep in made and path != source]
    wide_decoder = os.path.join(build, "tests", "fuzz", "wide_on_host.o")
    if name == "lz4" and os.path.exists(wide_decoder):
        own.append(wide_decoder)
    libraries = [os.path.join(build, "tests", "fuzz", f"lib{library}.a")
                 for library in ("fuzzed_tool", "fuzzed_code")]
    # The faulty object comes first: nothing takes the good one out of the archive.
    subprocess.run([compiler[0], "-fsanitize=fuzzer,address,undefined", "-o",
                    os.path.join(scratch, "fuzz_" + name), faulty + ".o", *own, *libraries,
                    "-lcmocka", "-llz4"], check=True)


def find(build, name):
    """After how many executions the fault was found, 0 when it was not; and how the run ended."""
    folder = os.path.join(build, "tests", "fuzz")
    target = fuzz.targets(folder, [name])[0]
    with tempfile.TemporaryDirectory() as scratch:
        build_faulty(build, name, scratch)
        target.folder = scratch
        new = os.path.join(scratch, "new")
        os.mkdir(new)
        status, text = fuzz.run(
            target.command(f"-runs={RUNS}", "-seed=1", f"-error_exitcode={CRASH_STATUS}",
                           f"-artifact_prefix={scratch}/", new, target.corpus),
            ASAN_OPTIONS=f"exitcode={CRASH_STATUS}", UBSAN_OPTIONS=f"exitcode={CRASH_STATUS}")
        crashed = any(file.startswith("crash-") for file in os.listdir(scratch))
    if status != CRASH_STATUS or not crashed:
        return 0, f"exit status {status}\n{text[-2000:]}"
    report = FIRST_LINE.search(text)
    return fuzz.executions(text), report.group() if report else text[-2000:]


def main(build, names):
    missed = 0
    for name in names or FAULTS:
        executions, ending = find(build, name)
        missed += executions == 0
        print(f"| {name} | {os.path.basename(FAULTS[name][0])} | {FAULTS[name][3]} | "
              f"{executions or 'not found'} |\n{ending}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(os.path.abspath(sys.argv[1]), sys.argv[2:]))
