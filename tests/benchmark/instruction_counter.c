// A TCG plugin for QEMU: counts the guest instructions of a boot, from the MBR's first to the
// kernel's first, or to QEMU's end where the loader does not come so far, split into the loader's
// and the firmware's. Loaded by boot_cost.py and by tests/deadlines with
//     -plugin FILE,entry=HEX,output=PATH
// entry being the kernel's first virtual address. A `rep` iteration counts as one instruction: QEMU
// runs each in a translation block of its own.
#include "qemu_plugin_api.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MBR_ADDRESS 0x7C00u

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
};

static struct counts running; // since the machine's start
static struct counts at_start;
static bool started;
static bool finished;
static uint64_t entry_address;
static const char *output_path;

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

static void write_counts(void)
{
    if (!started || finished) {
        return;
    }
    finished = true;
    FILE *output = fopen(output_path, "w");
    if (output == NULL) {
        perror(output_path);
        exit(EXIT_FAILURE);
    }
    fprintf(output, "own %llu\nfirmware %llu\ndisk_calls %llu\n",
            (unsigned long long)(running.own - at_start.own),
            (unsigned long long)(running.firmware - at_start.firmware),
            (unsigned long long)(running.disk_calls - at_start.disk_calls));
    fclose(output);
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
    if (address == MBR_ADDRESS) {
        qemu_plugin_register_vcpu_tb_exec_cb(block, on_mbr, QEMU_PLUGIN_CB_NO_REGS,
                                             (void *)(uintptr_t)instructions);
        return;
    }
    const bool firmware = is_firmware(address);
    qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                             firmware ? &running.firmware : &running.own,
                                             instructions);
    if (!firmware && ends_with_disk_call(block, instructions)) {
        qemu_plugin_register_vcpu_tb_exec_inline(block, QEMU_PLUGIN_INLINE_ADD_U64,
                                                 &running.disk_calls, 1);
    }
}

// The value behind "name=" in an argument; a null pointer for another argument.
static const char *value_of(const char *argument, const char *name)
{
    const size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1
                                                                           : NULL;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argument_count,
                        char **arguments)
{
    (void)info;
    for (int i = 0; i < argument_count; i++) {
        const char *entry = value_of(arguments[i], "entry");
        const char *output = value_of(arguments[i], "output");
        if (entry != NULL) {
            entry_address = strtoull(entry, NULL, 16);
        } else if (output != NULL) {
            output_path = strdup(output); // the arguments do not outlive this call
        } else {
            fprintf(stderr, "instruction_counter: unknown argument %s\n", arguments[i]);
            return -1;
        }
    }
    if (entry_address == 0 || output_path == NULL) {
        fputs("instruction_counter: give entry=HEX and output=PATH\n", stderr);
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
