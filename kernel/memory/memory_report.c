// Formats the rows of the memory map's table; called by main.c.
#include "memory/memory_report.h"

#include "lib/format.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static const char *kind_name(uint32_t kind)
{
    switch (kind) {
    case BOOT_MEMORY_USABLE:
        return "usable";
    case BOOT_MEMORY_LOADER_RECLAIMABLE:
        return "loader";
    case BOOT_MEMORY_KERNEL:
        return "kernel";
    case BOOT_MEMORY_ACPI_RECLAIMABLE:
        return "ACPI tables";
    case BOOT_MEMORY_ACPI_NVS:
        return "ACPI NVS";
    case BOOT_MEMORY_RESERVED:
        return "reserved";
    case BOOT_MEMORY_BAD:
        return "bad";
    case BOOT_MEMORY_MODULE:
        return "module";
    case BOOT_MEMORY_FRAMEBUFFER:
        return "framebuffer";
    default:
        return "unknown";
    }
}

size_t memory_report_heading(char line[MEMORY_REPORT_LINE])
{
    return format_buffer(line, MEMORY_REPORT_LINE, "%-16s  %-16s  %10s  %s", "first byte",
                         "last byte", "size", "kind");
}

size_t memory_report_row(char line[MEMORY_REPORT_LINE], const struct boot_memory_range *range)
{
    // The largest unit that leaves no fraction, or of which there are at least ten.
    static const struct {
        uint64_t bytes;
        const char *name;
    } units[] = {{GIB, "GiB"}, {MIB, "MiB"}, {KIB, "KiB"}, {1, "B"}};
    size_t unit = 0;
    while (units[unit].bytes > 1 && range->length % units[unit].bytes != 0 &&
           range->length / units[unit].bytes < 10) {
        unit++;
    }
    return format_buffer(line, MEMORY_REPORT_LINE, "%016llx  %016llx  %6llu %-3s  %s",
                         (unsigned long long)range->base,
                         (unsigned long long)(range->base + range->length - 1),
                         (unsigned long long)(range->length / units[unit].bytes), units[unit].name,
                         kind_name(range->kind));
}

uint64_t memory_report_usable(const struct boot_memory_range *map, uint64_t count)
{
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < count; i++) {
        bytes += map[i].kind == BOOT_MEMORY_USABLE ? map[i].length : 0;
    }
    return bytes;
}
