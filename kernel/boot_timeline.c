// Formats the boot timeline; called by main.c. Rows come in the order of time, an item's parts
// behind the step that reads it: in truth they take turns.
#include "boot_timeline.h"

#include "lib/format.h"

#include <stdbool.h>

#define MICROSECONDS  1000000u
#define FREQUENCY_MAX (UINT64_MAX / MICROSECONDS)

// Columns: when it began, how long it took, bytes, bytes a second, what it was, and of what.
#define ROW_FORMAT "%11llu %11llu %11s %11s  %-10s  %s"
#define HEADING    "       from        took       bytes     bytes/s  part        of"

// A number of 64 bits, or the dash for none, and NUL.
#define NUMBER_TEXT 21

struct timeline {
    const struct boot_info *info;
    uint64_t frequency; // 0: not known, the unit is the counter's
    boot_timeline_sink *sink;
    void *context;
    uint64_t next_item;
    uint64_t next_module;
};

static uint64_t to_unit(const struct timeline *timeline, uint64_t stamp)
{
    const uint64_t frequency = timeline->frequency;
    return frequency == 0
               ? stamp
               : stamp / frequency * MICROSECONDS + stamp % frequency * MICROSECONDS / frequency;
}

static void write_number(char text[NUMBER_TEXT], bool known, uint64_t number)
{
    (void)format_buffer(text, NUMBER_TEXT, known ? "%llu" : "-", (unsigned long long)number);
}

// A row about the time between two stamps. `bytes`: 0 for none.
static void write_row(const struct timeline *timeline, uint64_t begin, uint64_t end, uint64_t bytes,
                      const char *part, const char *of)
{
    const uint64_t from = to_unit(timeline, begin);
    const uint64_t took = to_unit(timeline, end) - from;
    char amount[NUMBER_TEXT];
    char rate[NUMBER_TEXT];
    write_number(amount, bytes != 0, bytes);
    const bool rate_known = bytes != 0 && timeline->frequency != 0 && took != 0;
    write_number(rate, rate_known,
                 rate_known ? bytes / took * MICROSECONDS + bytes % took * MICROSECONDS / took : 0);
    char line[BOOT_TIMELINE_LINE];
    (void)format_buffer(line, sizeof line, ROW_FORMAT, (unsigned long long)from,
                        (unsigned long long)took, amount, rate, part, of);
    timeline->sink(timeline->context, line);
}

static const char *step_name(uint32_t step)
{
    switch (step) {
    case BOOT_STEP_MBR:
        return "firmware and MBR";
    case BOOT_STEP_STAGE2:
        return "reading stage 2";
    case BOOT_STEP_A20:
        return "screen and A20";
    case BOOT_STEP_MEMORY_MAP:
        return "memory map";
    case BOOT_STEP_HEADER:
        return "image header";
    case BOOT_STEP_KERNEL:
        return "kernel";
    case BOOT_STEP_RELOCATED:
        return "relocation";
    case BOOT_STEP_MODULES:
        return "modules";
    case BOOT_STEP_FIRMWARE:
        return "tables, screen";
    case BOOT_STEP_PLANNED:
        return "plan";
    case BOOT_STEP_BUILT:
        return "page tables";
    default:
        return "another step";
    }
}

// What the item is called. A module's name keeps to its line and to ASCII.
static void name_item(struct timeline *timeline, const struct boot_item *item,
                      char name[BOOT_TIMELINE_LINE])
{
    const struct boot_info *info = timeline->info;
    const char *text = item->kind == BOOT_ITEM_KERNEL         ? "kernel"
                       : item->kind == BOOT_ITEM_COMMAND_LINE ? "command line"
                       : item->kind == BOOT_ITEM_SYMBOLS      ? "symbols"
                                                              : "item";
    if (item->kind == BOOT_ITEM_MODULE && timeline->next_module < info->module_count) {
        text = info->modules[timeline->next_module++].name;
    }
    size_t length = 0;
    for (; text[length] != '\0' && length < BOOT_TIMELINE_LINE - 1; length++) {
        const bool printable = text[length] >= ' ' && text[length] <= '~';
        name[length] = '?';
        if (printable) {
            name[length] = text[length];
        }
    }
    name[length] = '\0';
}

static void write_item(struct timeline *timeline, const struct boot_item *item)
{
    static const char *const parts[BOOT_ITEM_PARTS] = {"read", "verify", "decompress"};
    char name[BOOT_TIMELINE_LINE];
    name_item(timeline, item, name);
    uint64_t begin = item->begin;
    for (unsigned part = 0; part < BOOT_ITEM_PARTS; part++) {
        const uint64_t end = begin + item->parts[part];
        if (end != begin) {
            const uint64_t bytes = part == BOOT_ITEM_READ ? item->stored_bytes : item->bytes;
            write_row(timeline, begin, end, bytes, parts[part], name);
        }
        begin = end;
    }
}

// A step, and the items that were read in it.
static void write_step(struct timeline *timeline, uint64_t begin, uint64_t end, const char *name)
{
    write_row(timeline, begin, end, 0, "step", name);
    const struct boot_info *info = timeline->info;
    while (timeline->next_item < info->item_count && info->items[timeline->next_item].begin < end) {
        write_item(timeline, &info->items[timeline->next_item++]);
    }
}

// The step that ends next after `time`; timestamp_count when there is none.
static uint32_t next_step(const struct boot_info *info, uint64_t time)
{
    uint32_t next = info->timestamp_count;
    for (uint32_t step = 0; step < info->timestamp_count && step < BOOT_TIMESTAMPS_MAX; step++) {
        const uint64_t stamp = info->timestamps[step];
        if (stamp > time && (next == info->timestamp_count || stamp < info->timestamps[next])) {
            next = step;
        }
    }
    return next;
}

void boot_timeline_write(const struct boot_info *info, uint64_t kernel_start,
                         boot_timeline_sink *sink, void *context)
{
    const uint64_t frequency = info->tsc_frequency;
    struct timeline timeline = {.info = info,
                                .frequency = frequency <= FREQUENCY_MAX ? frequency : 0,
                                .sink = sink,
                                .context = context};
    char line[BOOT_TIMELINE_LINE];
    (void)format_buffer(line, sizeof line,
                        timeline.frequency != 0
                            ? "boot timeline in microseconds, time-stamp counter at %llu Hz"
                            : "boot timeline in cycles of the time-stamp counter",
                        (unsigned long long)frequency);
    sink(context, line);
    sink(context, HEADING);
    uint64_t time = 0;
    for (uint32_t step; (step = next_step(info, time)) < info->timestamp_count;) {
        write_step(&timeline, time, info->timestamps[step], step_name(step));
        time = info->timestamps[step];
    }
    write_step(&timeline, time, kernel_start, "entering the kernel");
    write_row(&timeline, 0, kernel_start, 0, "total", "to the kernel's first instruction");
}
