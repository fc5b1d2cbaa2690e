// A TCG plugin for QEMU: counts the guest instructions of a boot, from the MBR's first to the
// kernel's first, or to QEMU's end where the loader does not come so far, split into the loader's
// and the firmware's, and the bytes that the loader writes above 1 MiB. Loaded by way of
// tests/harness/counter.py with
//     -plugin FILE,entry=HEX,output=PATH[,profile=PATH][,steps=HEX-HEX-...]
// entry being the kernel's first virtual address; `profile` gets a line for each instruction of the
// loader that ran: its address, and how often. `steps` are addresses of the loader's functions: how
// much had run when each was first called stands in the output, too. A `rep` iteration counts as
// one instruction: QEMU runs each in a translation block of its own.
#include "plugin_arguments.h"
#include "qemu_plugin_api.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define MBR_ADDRESS  0x7C00u
#define PROFILED_END 0x10000u  // MBR and stage 2 lie below
#define HIGH_MEMORY  0x100000u // where the payload goes; the disk buffer is below

// Firmware's code once it has started the MBR: its system management mode, in memory behind that of
// the screen; option ROMs and BIOS below 1 MiB; the BIOS's ROM below 4 GiB. (SeaBIOS moves its
// initialisation elsewhere, but that ends before the MBR begins.)
#define SMM_BASE      0xA0000u
#define LOW_ROM_END   0x100000u
#define HIGH_ROM_BASE 0xFFFC0000u
#define HIGH_ROM_END  0x100000000u

#define STEPS_MOST   32u
#define PREFIX_BYTES 24u // an address in hexadecimal, and an underscore

#define OPCODE_INT            0xCDu
#define VECTOR_DISK           0x13u
#define INT_INSTRUCTION_BYTES 2u

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API_VERSION;

struct counts {
    uint64_t own;
    uint64_t firmware;
    uint64_t disk_calls; // INT 13h by the loader
    uint64_t high_bytes; // written by the loader from HIGH_MEMORY on
};

// An instruction of the loader's that begins a step of the boot.
struct step {
    uint64_t address;
    uint64_t instructions; // of the block that begins there
    struct counts before;  // what had run when it was first reached
    bool reached;
};

static struct counts running; // since the machine's start
static struct step steps[STEPS_MOST] = {{.address = MBR_ADDRESS}};
static unsigned step_count = 1;
static bool finished;
static uint64_t entry_address;
static const char *output_path;
static const char *profile_path;        // or a null pointer
static uint64_t executed[PROFILED_END]; // by address

static bool is_firmware(uint64_t address)
{
    return (address >= SMM_BASE && address < LOW_ROM_END) ||
           (address >= HIGH_ROM_BASE && address < HIGH_ROM_END);
}

static struct step *step_at(uint64_t address)
{
    for (unsigned i = 0; i < step_count; i++) {
        if (steps[i].address == address) {
            return &steps[i];
        }
    }
    return NULL;
}

// The block's instructions are added here and not inline, so that they follow the snapshot.
static void on_step(unsigned cpu, void *context)
{
    (void)cpu;
    struct step *step = context;
    if (!step->reached) {
        step->reached = true;
        step->before = running;
    }
    running.own += step->instructions;
}

static void on_write(unsigned cpu, qemu_plugin_meminfo_t access, uint64_t address, void *context)
{
    (void)cpu;
    (void)context;
    if (address >= HIGH_MEMORY) {
        running.high_bytes += (uint64_t)1 << qemu_plugin_mem_size_shift(access);
    }
}

static FILE *open_output(const char *path)
{
    FILE *output = fopen(path, "w");
    if (output == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return output;
}

static void write_profile(void)
{
    FILE *output = open_output(profile_path);
    for (unsigned address = 0; address < PROFILED_END; address++) {
        if (executed[address] != 0) {
            fprintf(output, "%x %llu\n", address, (unsigned long long)executed[address]);
        }
    }
    fclose(output);
}

// What ran from the MBR's first instruction on, each count's name behind this prefix.
static void write_since_mbr(FILE *output, const char *prefix, const struct counts *counts)
{
    const struct counts *before = &steps[0].before;
    fprintf(output, "%sown %llu\n%sfirmware %llu\n%sdisk_calls %llu\n%shigh_bytes %llu\n", prefix,
            (unsigned long long)(counts->own - before->own), prefix,
            (unsigned long long)(counts->firmware - before->firmware), prefix,
            (unsigned long long)(counts->disk_calls - before->disk_calls), prefix,
            (unsigned long long)(counts->high_bytes - before->high_bytes));
}

static void write_counts(void)
{
    if (!steps[0].reached || finished) {
        return;
    }
    finished = true;
    FILE *output = open_output(output_path);
    write_since_mbr(output, "", &running);
    for (unsigned i = 1; i < step_count; i++) {
        char prefix[PREFIX_BYTES];
        snprintf(prefix, sizeof prefix, "%llx_", (unsigned long long)steps[i].address);
        if (steps[i].reached) {
            write_since_mbr(output, prefix, &steps[i].before);
        }
    }
    fclose(output);
    if (profile_path != NULL) {
        write_profile();
    }
}

static void on_kernel(unsigned cpu, void *context)
{
    (void)cpu;
    (void)context;
    write_counts();
}

static void at_exit(qemu_plugin_id_t id, void *context)
{
    (void)id;
    (void)context;
    write_counts();
}

static bool ends_with_disk_call(const struct qemu_plugin_tb *block, size_t instructions)
{
    const struct qemu_plugin_insn *last = qemu_plugin_tb_get_insn(block, instructions - 1);
    const uint8_t *bytes = qemu_plugin_insn_data(last);
    return qemu_plugin_insn_size(last) == INT_INSTRUCTION_BYTES && bytes[0] == OPCODE_INT &&
           bytes[1] == VECTOR_DISK;
}

static void watch_loader(struct qemu_plugin_tb *block, uint64_t address, size_t instructions)
{
    for (size_t i = 0; i < instructions; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        qemu_plugin_register_vcpu_mem_cb(instruction, on_write, QEMU_PLUGIN_CB_NO_REGS,
                                         QEMU_PLUGIN_MEM_W, NULL);
        if (profile_path != NULL && address < PROFILED_END) {
            qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                                                       &executed[address], 1);
        }
        address += qemu_plugin_insn_size(instruction);
    }
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    const uint64_t address = qemu_plugin_tb_vaddr(block);
    const size_t instructions = qemu_plugin_tb_n_insns(block);
    if (instructions == 0) {
        return;
    }
    if (address == entry_address) {
        qemu_plugin_register_vcpu_tb_exec_cb(block, on_kernel, QEMU_PLUGIN_CB_NO_REGS, NULL);
        return;
    }
    const bool firmware = is_firmware(address);
    if (!firmware) {
        watch_loader(block, address, instructions);
    }
    struct step *step = step_at(address);
    if (step != NULL) {
        step->instructions = instructions;
        qemu_plugin_register_vcpu_tb_exec_cb(block, on_step, QEMU_PLUGIN_CB_NO_REGS, step);
    } else {
        qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                                 firmware ? &running.firmware : &running.own,
                                                 instructions);
    }
    if (!firmware && ends_with_disk_call(block, instructions)) {
        qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                                 &running.disk_calls, 1);
    }
}

// Takes the addresses of `text`, hexadecimal with a hyphen between each two; null: none.
static bool take_steps(const char *text)
{
    while (text != NULL && *text != '\0') {
        if (step_count == STEPS_MOST) {
            fprintf(stderr, "instruction_counter: more than %u steps\n", STEPS_MOST);
            return false;
        }
        char *end;
        steps[step_count++].address = strtoull(text, &end, 16);
        text = *end == '-' ? end + 1 : end;
        if (*end != '-' && *end != '\0') {
            fprintf(stderr, "instruction_counter: no address: %s\n", end);
            return false;
        }
    }
    return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argument_count,
                        char **arguments)
{
    (void)info;
    enum { ENTRY, OUTPUT, PROFILE, STEPS, COUNT };
    struct plugin_argument known[COUNT] = {
        [ENTRY] = {.name = "entry"},
        [OUTPUT] = {.name = "output"},
        [PROFILE] = {.name = "profile", .optional = true},
        [STEPS] = {.name = "steps", .optional = true},
    };
    if (!plugin_arguments_take("instruction_counter", argument_count, arguments, known, COUNT) ||
        !take_steps(known[STEPS].value)) {
        return -1;
    }
    entry_address = strtoull(known[ENTRY].value, NULL, 16);
    output_path = known[OUTPUT].value;
    profile_path = known[PROFILE].value;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
