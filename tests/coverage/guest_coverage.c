// A TCG plugin for QEMU: records which instructions of the loader and the kernel ran, and which way
// their conditional branches went. Loaded by tests/harness/qemu.py with
//     -plugin FILE,program=PATH,output=PATH
// program being what guest_program.py has written: the code to look for, and its branches. The
// records are 64-bit counters in the file `output`, mapped into memory and shared by all runs that
// name it: whatever ends QEMU, nothing is lost. Two runs that add at the same time may lose a
// count, but never the fact that there was one.
#include "plugin_arguments.h"
#include "qemu_plugin_api.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_OFFSET_MASK 0xFFFu
#define BOOT_PROCESSOR   0u // the loader runs on no other

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API_VERSION;

// ---- The program file: this, the regions, the branches, the code of all regions ----------

struct program {
    char magic[8];
    uint64_t regions;
    uint64_t branches;
    uint64_t code_bytes;
};
static const char program_magic[sizeof(((struct program *)0)->magic)] = "guestcov";

// Code that runs at a place that is known, or, where `linked` differs from `address`, at any page:
// a copy of what was linked at `linked`; `address` is then its offset in the page.
struct region {
    uint64_t address;
    uint64_t bytes;
    uint64_t linked;
    uint64_t code; // where in all regions' code its own is; a copy names its original's
};

// A conditional branch, a LOOP or a repeated string instruction.
struct branch {
    uint64_t address;
    uint64_t target; // its own address where it repeats itself
    uint64_t next;
};

static const struct program *program;
static const struct region *regions;
static const struct branch *branches; // by address
static const uint8_t *code;

// Regions count from the moment their first block was seen: others run code at the same addresses
// before, and single instructions can be the same by chance.
static bool *entered;

// ---- The records --------------------------------------------------------------------------

static uint64_t *executed;        // for each byte of code: how often an instruction began there
static uint64_t (*directions)[2]; // for each branch: how often not taken, taken
static const struct branch *under_way; // the last branch that ran, until its successor does

static void on_branch(unsigned cpu, void *branch)
{
    if (cpu == BOOT_PROCESSOR) {
        under_way = branch;
    }
}

// An interrupt between branch and successor runs firmware, or the loader's handler of NMIs: neither
// begins at one of the two addresses.
static void on_block(unsigned cpu, void *linked)
{
    const uint64_t address = (uintptr_t)linked;
    if (cpu != BOOT_PROCESSOR || under_way == NULL ||
        (address != under_way->target && address != under_way->next)) {
        return;
    }
    directions[under_way - branches][address == under_way->target]++;
    under_way = NULL;
}

// ---- Translation --------------------------------------------------------------------------

static int compare_branches(const void *key, const void *element)
{
    const uint64_t address = *(const uint64_t *)key;
    const struct branch *branch = element;
    return (address > branch->address) - (address < branch->address);
}

// Where the address lies in the region; the region's size or more if it does not.
static uint64_t offset_in(const struct region *region, uint64_t address)
{
    if (region->linked != region->address) {
        address &= PAGE_OFFSET_MASK;
    }
    return address - region->address;
}

static bool is_code_of(const struct region *region, uint64_t offset,
                       const struct qemu_plugin_tb *block)
{
    const size_t instructions = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < instructions; i++) {
        const struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        const size_t bytes = qemu_plugin_insn_size(instruction);
        if (offset >= region->bytes || bytes > region->bytes - offset ||
            memcmp(qemu_plugin_insn_data(instruction), code + region->code + offset, bytes) != 0) {
            return false;
        }
        offset += bytes;
    }
    return true;
}

static void watch(const struct region *region, uint64_t offset, struct qemu_plugin_tb *block)
{
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)(uintptr_t)(region->linked + offset));
    const size_t instructions = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < instructions; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                                                   &executed[region->code + offset], 1);
        const uint64_t linked = region->linked + offset;
        const struct branch *branch =
            bsearch(&linked, branches, program->branches, sizeof *branches, compare_branches);
        if (branch != NULL) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_branch, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)branch);
        }
        offset += qemu_plugin_insn_size(instruction);
    }
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (uint64_t i = 0; i < program->regions; i++) {
        const struct region *region = &regions[i];
        const uint64_t offset = offset_in(region, qemu_plugin_tb_vaddr(block));
        if (offset >= region->bytes || !is_code_of(region, offset, block)) {
            continue;
        }
        entered[i] = entered[i] || offset == 0;
        if (entered[i]) {
            watch(region, offset, block);
            return;
        }
    }
}

// ---- Set-up -------------------------------------------------------------------------------

// The file mapped into memory, made so large if it is smaller; a null pointer, and why, on failure.
static void *map_file(const char *path, int flags, int protection, size_t bytes)
{
    void *memory = MAP_FAILED;
    struct stat status;
    const int file = open(path, flags, 0666);
    if (file >= 0 && fstat(file, &status) == 0 &&
        ((size_t)status.st_size >= bytes || ftruncate(file, (off_t)bytes) == 0)) {
        memory = mmap(NULL, bytes, protection, MAP_SHARED, file, 0);
    }
    if (memory == MAP_FAILED) {
        perror(path);
        memory = NULL;
    }
    if (file >= 0) {
        close(file);
    }
    return memory;
}

static bool read_program(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0 || (size_t)status.st_size < sizeof *program) {
        fprintf(stderr, "guest_coverage: %s is no program file\n", path);
        return false;
    }
    program = map_file(path, O_RDONLY, PROT_READ, (size_t)status.st_size);
    if (program == NULL) {
        return false;
    }
    regions = (const struct region *)(program + 1);
    branches = (const struct branch *)(regions + program->regions);
    code = (const uint8_t *)(branches + program->branches);
    const size_t bytes = (size_t)(code - (const uint8_t *)program) + program->code_bytes;
    if (memcmp(program->magic, program_magic, sizeof program_magic) != 0 ||
        bytes != (size_t)status.st_size) {
        fprintf(stderr, "guest_coverage: %s is no program file\n", path);
        return false;
    }
    entered = calloc(program->regions, sizeof *entered);
    return entered != NULL;
}

static bool open_records(const char *path)
{
    const size_t words = program->code_bytes + 2 * program->branches;
    executed = map_file(path, O_RDWR | O_CREAT, PROT_READ | PROT_WRITE, words * sizeof *executed);
    directions = (uint64_t(*)[2])(executed + program->code_bytes);
    return executed != NULL;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argument_count,
                        char **arguments)
{
    (void)info;
    enum { PROGRAM, OUTPUT, COUNT };
    struct plugin_argument known[COUNT] = {
        [PROGRAM] = {.name = "program"},
        [OUTPUT] = {.name = "output"},
    };
    if (!plugin_arguments_take("guest_coverage", argument_count, arguments, known, COUNT) ||
        !read_program(known[PROGRAM].value) || !open_records(known[OUTPUT].value)) {
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    return 0;
}
