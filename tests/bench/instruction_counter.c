// A TCG plugin for QEMU: counts the guest instructions of a boot, from the MBR's first to the
// kernel's first, or to QEMU's end where the loader does not come so far, split into the loader's
// and the firmware's, and the bytes that the loader writes above 1 MiB. Loaded by boot_cost.py and
// by tests/deadlines with
//     -plugin FILE,entry=HEX,output=PATH[,profile=PATH]
// entry being the kernel's first virtual address; `profile` gets a line for each instruction of the
// loader that ran: its address, and how often. A `rep` iteration counts as one instruction: QEMU
// runs each in a translation block of its own.
#include "plugin_arguments.h"
#include "qemu_plugin_api.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define MBR_ADDRESS  0x7C00u
#define PROFILED_END 0x10000u  // MBR and stage 2 lie below
#define HIGH_MEMORY  0x100000u // where the payload goes; the disk buffer is below

// Firmware's code once it has started the MBR: option ROMs and BIOS below 1 MiB, the BIOS's ROM
// below 4 GiB. (SeaBIOS moves its initialisation elsewhere, but that ends before the MBR begins.)
#define LOW_ROM_BASE  0xC0000u
#define LOW_ROM_END   0x100000u
#define HIGH_ROM_BASE 0xFFFC0000u
#define HIGH_ROM_END  0x100000000u

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

static struct counts running; // since the machine's start
static struct counts at_start;
static bool started;
static bool finished;
static uint64_t entry_address;
static const char *output_path;
static const char *profile_path;        // or a null pointer
static uint64_t executed[PROFILED_END]; // by address

static bool is_firmware(uint64_t address)
{
    return (address >= LOW_ROM_BASE && address < LOW_ROM_END) ||
           (address >= HIGH_ROM_BASE && address < HIGH_ROM_END);
}

// The block's instructions are added here and not inline, so that they follow the snapshot.
static void on_mbr(unsigned cpu, void *instructions)
{
    (void)cpu;
    if (!started) {
        started = true;
        at_start = running;
    }
    running.own += (uintptr_t)instructions;
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

static void write_counts(void)
{
    if (!started || finished) {
        return;
    }
    finished = true;
    FILE *output = open_output(output_path);
    fprintf(output, "own %llu\nfirmware %llu\ndisk_calls %llu\nhigh_bytes %llu\n",
            (unsigned long long)(running.own - at_start.own),
            (unsigned long long)(running.firmware - at_start.firmware),
            (unsigned long long)(running.disk_calls - at_start.disk_calls),
            (unsigned long long)(running.high_bytes - at_start.high_bytes));
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
    if (address == MBR_ADDRESS) {
        qemu_plugin_register_vcpu_tb_exec_cb(block, on_mbr, QEMU_PLUGIN_CB_NO_REGS,
                                             (void *)(uintptr_t)instructions);
        return;
    }
    qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                             firmware ? &running.firmware : &running.own,
                                             instructions);
    if (!firmware && ends_with_disk_call(block, instructions)) {
        qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                                 &running.disk_calls, 1);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argument_count,
                        char **arguments)
{
    (void)info;
    enum { ENTRY, OUTPUT, PROFILE, COUNT };
    struct plugin_argument known[COUNT] = {
        [ENTRY] = {.name = "entry"},
        [OUTPUT] = {.name = "output"},
        [PROFILE] = {.name = "profile", .optional = true},
    };
    if (!plugin_arguments_take("instruction_counter", argument_count, arguments, known, COUNT)) {
        return -1;
    }
    entry_address = strtoull(known[ENTRY].value, NULL, 16);
    output_path = known[OUTPUT].value;
    profile_path = known[PROFILE].value;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
