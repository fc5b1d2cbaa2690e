// A TCG plugin for QEMU: the host's time between the MBR's first instruction and the kernel's
// first, with nothing counted on the way. Loaded by measure.py with
//     -plugin FILE,entry=HEX,output=PATH
// entry being the kernel's first virtual address.
#include "plugin_arguments.h"
#include "qemu_plugin_api.h"
#include "steady_clock.h"

#include <stdio.h>
#include <stdlib.h>

#define MBR_ADDRESS 0x7C00u

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_API_VERSION;

static uint64_t started; // by steady_clock; 0: not yet
static uint64_t entry_address;
static const char *output_path;

static void on_mbr(unsigned cpu, void *context)
{
    (void)cpu;
    (void)context;
    if (started == 0) {
        started = steady_clock();
    }
}

static void on_kernel(unsigned cpu, void *context)
{
    (void)cpu;
    (void)context;
    const uint64_t nanoseconds = steady_clock() - started;
    FILE *output = started == 0 ? NULL : fopen(output_path, "w");
    if (output == NULL) {
        perror(output_path);
        exit(EXIT_FAILURE);
    }
    fprintf(output, "nanoseconds %llu\n", (unsigned long long)nanoseconds);
    fclose(output);
}

static void on_translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    const uint64_t address = qemu_plugin_tb_vaddr(block);
    if (address == MBR_ADDRESS || address == entry_address) {
        qemu_plugin_register_vcpu_tb_exec_cb(block, address == MBR_ADDRESS ? on_mbr : on_kernel,
                                             QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argument_count,
                        char **arguments)
{
    (void)info;
    struct plugin_argument known[] = {{.name = "entry"}, {.name = "output"}};
    if (!plugin_arguments_take("boot_timer", argument_count, arguments, known, 2)) {
        return -1;
    }
    entry_address = strtoull(known[0].value, NULL, 16);
    output_path = known[1].value;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
    return 0;
}
