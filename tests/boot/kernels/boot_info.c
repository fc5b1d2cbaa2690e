// Checks every promise of boot_info on the machine it runs on, and prints what differs from one
// machine to the next. The one self-checking kernel for all of tests/machines.
#include "arch/x86_64/machine_exit.h"
#include "check_info.h"
#include "check_memory.h"
#include "console/console.h"
#include "kernel.h"
#include "panic.h"

static void print_bytes(const char *name, const uint8_t *bytes, uint64_t count)
{
    kprintf_on(CONSOLE_SERIAL, "%s ", name);
    for (uint64_t i = 0; i < count; i++) {
        kprintf_on(CONSOLE_SERIAL, "%02x", bytes[i]);
    }
    kprintf_on(CONSOLE_SERIAL, "\n");
}

static void print_field(const char *name, uint64_t value)
{
    kprintf_on(CONSOLE_SERIAL, "%s %llx\n", name, (unsigned long long)value);
}

static void print_disk(const struct boot_disk *disk)
{
    print_field("drive", disk->drive);
    print_field("signature", disk->signature);
    print_field("partition_sectors", disk->partition_sectors);
    print_field("edd_version", disk->edd_version);
    print_field("edd_interfaces", disk->edd_interfaces);
    print_bytes("edd_parameters", disk->edd_parameters, disk->edd_parameters_size);
}

static void print_memory(const struct boot_info *info)
{
    uint64_t ram = 0;
    for (uint64_t i = 0; i < info->memory_map_count; i++) {
        const uint32_t kind = info->memory_map[i].kind;
        if (kind < BOOT_MEMORY_ACPI_RECLAIMABLE || kind == BOOT_MEMORY_MODULE) {
            ram += info->memory_map[i].length;
        }
    }
    print_field("memory", ram);
}

_Noreturn void kernel_main(const struct boot_info *info)
{
    console_initialise(info);
    check_boot_info(info);
    print_field("flags", info->flags);
    print_memory(info);
    print_memory_map(info);
    print_field("columns", info->text_mode.columns);
    print_field("symbols", info->symbols.count);
    print_field("rsdp", info->tables.rsdp_physical);
    print_field("smbios", info->tables.smbios_physical);
    print_field("smbios3", info->tables.smbios3_physical);
    print_disk(&info->disk);
    print_field("entropy_source", info->entropy_source);
    print_bytes("entropy", info->entropy, BOOT_ENTROPY_SIZE);
    print_field("tsc_frequency", info->tsc_frequency);
    kprintf("boot_info: as promised\n");
    machine_exit(MACHINE_EXIT_SUCCESS);
}
