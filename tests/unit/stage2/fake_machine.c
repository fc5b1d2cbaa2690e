// A machine for stage 2's C to run on.
#include "fake_machine.h"

#include "a20.h"
#include "clock.h"
#include "console.h"
#include "disk.h"
#include "entropy_source.h"
#include "fast_lz4.h"
#include "firmware_memory.h"
#include "place.h"
#include "tables.h"
#include "unit.h"
#include "video.h"

#define MIB         0x100000u
#define LOW_RAM_END 0x9FC00u // where the extended BIOS data area begins

_Noreturn void stage2_main(void);

static struct fake_machine *booting;

void fake_machine_begin(struct fake_machine *machine, uint8_t drive, const struct boot_image *image)
{
    *machine = (struct fake_machine){.nx = true};
    fake_disk_begin(&machine->disk, drive, image);
    fake_machine_add_range(machine, 0, LOW_RAM_END, BOOT_MEMORY_USABLE);
    fake_machine_add_range(machine, 0, PAGE_SIZE, BOOT_MEMORY_RESERVED);
    fake_machine_add_range(machine, LOW_RAM_END, MIB - LOW_RAM_END, BOOT_MEMORY_RESERVED);
}

void fake_machine_end(struct fake_machine *machine)
{
    fake_disk_end(&machine->disk);
    for (uint32_t i = 0; i < machine->block_count; i++) {
        free_pages(machine->blocks[i].host);
    }
    machine->block_count = 0;
}

void fake_machine_add_range(struct fake_machine *machine, uint64_t base, uint64_t length,
                            uint32_t kind)
{
    assert_true(machine->range_count < FAKE_RANGES);
    machine->ranges[machine->range_count++] =
        (struct boot_memory_range){.base = base, .length = length, .kind = kind};
}

void *machine_image_header(void)
{
    static _Alignas(16) uint8_t header[IMAGE_HEADER_MAX_SECTORS * SECTOR_SIZE];
    return header;
}

struct boot_item *machine_item_times(void)
{
    static struct boot_item times[IMAGE_ITEMS_MAX];
    return times;
}

void fake_machine_boot(struct fake_machine *machine)
{
    booting = machine;
    machine->ending = BOOT_RUNNING;
    if (setjmp(machine->end) == 0) {
        stage2_main();
    }
    booting = NULL;
    assert_true(machine->text_mode_set);
    assert_int_not_equal(machine->ending, BOOT_RUNNING);
}

struct fake_machine *fake_machine_now(void)
{
    assert_non_null(booting);
    return booting;
}

// ---- Memory -------------------------------------------------------------------------------

// How far from `address` on the ranges say usable, and none says otherwise; at most `end`.
static uint64_t usable_until(const struct fake_machine *machine, uint64_t address, uint64_t end)
{
    uint64_t until = address;
    for (uint32_t i = 0; i < machine->range_count; i++) {
        const struct boot_memory_range *range = &machine->ranges[i];
        const uint64_t range_end = range->base + range->length;
        if (range->kind == BOOT_MEMORY_USABLE && range->base <= address && range_end > until) {
            until = range_end;
        }
    }
    until = until < end ? until : end;
    for (uint32_t i = 0; i < machine->range_count; i++) {
        const struct boot_memory_range *range = &machine->ranges[i];
        if (range->kind != BOOT_MEMORY_USABLE && range->base < until &&
            range->base + range->length > address) {
            return address;
        }
    }
    return until;
}

bool fake_machine_is_usable(const struct fake_machine *machine, uint64_t base, uint64_t bytes)
{
    const uint64_t end = base + bytes;
    while (base < end) {
        const uint64_t until = usable_until(machine, base, end);
        if (until == base) {
            return false;
        }
        base = until;
    }
    return true;
}

const struct fake_block *fake_machine_block(const struct fake_machine *machine, uint64_t physical)
{
    for (uint32_t i = 0; i < machine->block_count; i++) {
        const struct fake_block *block = &machine->blocks[i];
        if (physical >= block->physical && physical - block->physical < block->bytes) {
            return block;
        }
    }
    return NULL;
}

void *machine_memory(uint64_t address, uint64_t bytes)
{
    struct fake_machine *machine = fake_machine_now();
    assert_true(machine->a20_on);
    assert_true(bytes > 0 && address >= PLACE_MINIMUM && bytes <= UINT64_MAX - address);
    assert_true(fake_machine_is_usable(machine, address, bytes));
    const struct fake_block *known = fake_machine_block(machine, address);
    if (known != NULL) {
        assert_true(bytes <= known->bytes - (address - known->physical));
        return known->host + (address - known->physical);
    }
    for (uint32_t i = 0; i < machine->block_count; i++) {
        assert_false(machine->blocks[i].physical - address < bytes); // begins inside
    }
    assert_true(machine->block_count < FAKE_BLOCKS);
    uint8_t *host = allocate_pages((size_t)bytes);
    machine->blocks[machine->block_count++] =
        (struct fake_block){.physical = address, .bytes = bytes, .host = host};
    return host;
}

void firmware_memory_map(struct memory_map *raw)
{
    const struct fake_machine *machine = fake_machine_now();
    for (uint32_t i = 0; i < machine->range_count; i++) {
        const struct boot_memory_range *range = &machine->ranges[i];
        struct message why;
        if (!memory_map_add(raw, range->base, range->length, range->kind, &why)) {
            fatal_message(&why);
        }
    }
}

// ---- The rest of the machine --------------------------------------------------------------

void video_set_text_mode(void)
{
    fake_machine_now()->text_mode_set = true;
}

void video_describe_text(struct boot_text_mode *text)
{
    assert_true(fake_machine_now()->text_mode_set);
    *text = fake_machine_now()->text_mode;
}

bool video_find_framebuffer(const struct boot_request *request,
                            struct boot_framebuffer *framebuffer)
{
    *framebuffer = fake_machine_now()->framebuffer;
    return request->video != BOOT_VIDEO_TEXT && framebuffer->size != 0;
}

bool video_set_framebuffer(const struct boot_request *request)
{
    assert_int_not_equal(request->video, BOOT_VIDEO_TEXT);
    fake_machine_now()->framebuffer_set = true;
    return !fake_machine_now()->framebuffer_refused;
}

void video_back_to_text(void)
{
    fake_machine_now()->framebuffer_set = false;
}

void disk_describe(struct boot_disk *disk)
{
    disk->drive = disk_drive();
    disk->signature = FAKE_DISK_SIGNATURE;
}

void tables_gather(struct boot_tables *tables)
{
    tables->rsdp_physical = FAKE_RSDP;
}

uint64_t clock_at_first_block(void)
{
    return FAKE_FIRST_BLOCK_TIME;
}

uint64_t clock_now(void)
{
    return FAKE_FIRST_BLOCK_TIME + ++fake_machine_now()->clock;
}

uint16_t clock_ticks(void)
{
    struct fake_machine *machine = fake_machine_now();
    return machine->ticks = (uint16_t)(machine->ticks + machine->ticks_between);
}

uint64_t clock_frequency(void)
{
    return FAKE_FREQUENCY;
}

uint32_t entropy_gather(struct entropy_pool *pool)
{
    entropy_add(pool, fake_machine_now()->random);
    return BOOT_ENTROPY_JITTER;
}

void a20_enable(void)
{
    fake_machine_now()->a20_on = true;
}

bool machine_has_nx(void)
{
    return fake_machine_now()->nx;
}

bool machine_has_gigabyte_pages(void)
{
    return fake_machine_now()->gigabyte_pages;
}

uint64_t machine_image_header_lba(void)
{
    return boot_image_stage2(fake_machine_now()->disk.image)->image_header_lba;
}

uint32_t machine_image_header_sectors(void)
{
    return boot_image_stage2(fake_machine_now()->disk.image)->image_header_sectors;
}

size_t lz4_decode_wide(const uint8_t *input, size_t input_bytes, uint8_t *output, size_t start,
                       size_t capacity)
{
    return lz4_decode(input, input_bytes, output, start, capacity);
}

// ---- How a boot ends ----------------------------------------------------------------------

void console_show(const struct message *text)
{
    struct fake_machine *machine = fake_machine_now();
    machine->shown++;
    machine->last_shown = *text;
}

void console_print(struct message *line)
{
    message_append(line, "\r\n");
    console_show(line);
}

static _Noreturn void end_boot(enum boot_ending ending)
{
    struct fake_machine *machine = fake_machine_now();
    machine->ending = ending;
    longjmp(machine->end, 1);
}

_Noreturn void machine_enter(const struct kernel_entry *entry)
{
    fake_machine_now()->entry = *entry;
    end_boot(BOOT_ENTERED);
}

_Noreturn void fatal(const char *format, ...)
{
    struct message *line = &fake_machine_now()->line;
    message_format(line, "firstlight: ");
    va_list arguments;
    va_start(arguments, format);
    message_append_list(line, format, arguments);
    va_end(arguments);
    end_boot(BOOT_STOPPED);
}

_Noreturn void fatal_message(const struct message *message)
{
    message_format(&fake_machine_now()->line, "firstlight: %s", message->text);
    end_boot(BOOT_STOPPED);
}
