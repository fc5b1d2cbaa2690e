// bootimage inspect --json: the whole report for programs. The form is documented in bootimage.1:
// members are added, and none is taken away or changes its meaning without another "format".
// Called by inspect.c.
#include "boot_rows.h"
#include "geometry.h"
#include "inspect.h"
#include "json.h"
#include "page.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define JSON_FORMAT 1

static void put_string(struct json *json, const char *name, const char *text)
{
    json_text(json, name, text, strlen(text));
}

// Text that may hold any bytes: what can be read of it, and its bytes.
static void put_hostile(struct json *json, const char *name, const char *hex_name, const char *text,
                        uint64_t length)
{
    json_text(json, name, text, length);
    json_bytes(json, hex_name, text, length);
}

static void put_rights(struct json *json, bool readable, bool writable, bool executable)
{
    const char rights[] = {readable ? 'r' : '-', writable ? 'w' : '-', executable ? 'x' : '-',
                           '\0'};

    put_string(json, "rights", rights);
}

// ---- The image ----------------------------------------------------------------------------

static void put_image(struct json *json, const struct image_report *report)
{
    if (!report->has_items || report->items.image_sectors > IMAGE_MAX_SECTORS) {
        json_null(json, "image");
        return;
    }
    const struct geometry geometry = geometry_for(report->items.image_sectors);
    json_open_object(json, "image");
    json_number(json, "sectors", report->items.image_sectors);
    json_number(json, "cylinders", geometry.cylinders);
    json_number(json, "heads", geometry.heads);
    json_number(json, "sectors_per_track", geometry.sectors_per_track);
    json_close_object(json);
}

static void put_problems(struct json *json, const struct image_report *report,
                         const struct message *why)
{
    json_number(json, "problem_count", report->problem_count + (why != NULL ? 1u : 0u));
    json_open_array(json, "problems");
    for (uint32_t i = 0; i < report->problem_count && i < IMAGE_REPORT_PROBLEMS; i++) {
        put_string(json, NULL, report->problems[i].text);
    }
    if (why != NULL) {
        put_string(json, NULL, why->text);
    }
    json_close_array(json);
}

static void put_module(struct json *json, const struct image_report *report,
                       const struct image_item *item)
{
    const char *name = image_item_text(&report->items, item);

    put_hostile(json, "name", "name_hex", name, item->name_bytes);
    put_hostile(json, "command_line", "command_line_hex", name + item->name_bytes + 1,
                item->command_line_bytes);
}

static void put_part(struct json *json, const struct image_report *report,
                     const struct image_part *part)
{
    static const char *const kinds[] = {
        [IMAGE_PART_MBR] = "mbr",
        [IMAGE_PART_FIRST_BLOCK] = "stage2_first_block",
        [IMAGE_PART_STAGE2_REST] = "stage2_rest",
        [IMAGE_PART_HEADER] = "image_header",
        [IMAGE_PART_COMMAND_LINE] = "command_line",
        [IMAGE_PART_KERNEL] = "kernel",
        [IMAGE_PART_SYMBOLS] = "symbols",
        [IMAGE_PART_MODULE] = "module",
        [IMAGE_PART_PADDING] = "padding",
    };

    json_open_object(json, NULL);
    put_string(json, "kind", kinds[part->kind]);
    json_number(json, "lba", part->lba);
    json_number(json, "bytes", part->bytes);
    json_boolean(json, "good", part->good);
    if (part->unpacked_bytes != 0) {
        put_string(json, "compression", "lz4");
        json_number(json, "unpacked_bytes", part->unpacked_bytes);
    }
    if (part->kind == IMAGE_PART_MODULE) {
        put_module(json, report, part->item);
    } else if (part->kind == IMAGE_PART_COMMAND_LINE) {
        put_hostile(json, "command_line", "command_line_hex", report->command_line, part->bytes);
    } else if (part->kind == IMAGE_PART_SYMBOLS && report->has_symbols) {
        json_number(json, "functions", report->symbols.symbol_count);
    }
    json_close_object(json);
}

static void put_parts(struct json *json, const struct image_report *report)
{
    json_open_array(json, "parts");
    for (uint32_t i = 0; i < report->part_count; i++) {
        put_part(json, report, &report->parts[i]);
    }
    json_close_array(json);
}

// ---- The kernel ---------------------------------------------------------------------------

static void put_segments(struct json *json, const struct checked_kernel *kernel)
{
    struct kernel_run_cursor at = {0};
    struct kernel_run run;

    json_open_array(json, "segments");
    while (kernel_layout_next_run(&kernel->layout, &at, &run)) {
        uint32_t cursor = run.first_cursor;
        struct elf_segment segment;
        for (uint32_t i = 0;
             i < run.segment_count && elf_next_segment(&kernel->elf, &cursor, &segment); i++) {
            json_open_object(json, NULL);
            json_number(json, "index", segment.header_index);
            json_address(json, "address", segment.virtual_address);
            json_number(json, "memory_bytes", segment.memory_size);
            json_number(json, "file_bytes", segment.file_size);
            json_number(json, "file_offset", segment.file_offset);
            put_rights(json, (segment.flags & ELF_PF_R) != 0, (segment.flags & ELF_PF_W) != 0,
                       (segment.flags & ELF_PF_X) != 0);
            put_string(json, "pages", segment_placement(&run, &segment));
            json_close_object(json);
        }
    }
    json_close_array(json);
}

// What the kernel gets, defaults put in; "note" is what it says itself, or null.
static void put_request(struct json *json, const struct checked_kernel *kernel)
{
    static const char *const modes[] = {
        [BOOT_VIDEO_TEXT] = "text",
        [BOOT_VIDEO_FRAMEBUFFER] = "framebuffer",
        [BOOT_VIDEO_FRAMEBUFFER_REQUIRED] = "framebuffer_required",
    };
    const struct boot_request *request = &kernel->request;
    struct boot_request asked;

    json_open_object(json, "request");
    if (read_request(&kernel->elf, &asked)) {
        json_open_object(json, "note");
        json_number(json, "version", asked.version);
        json_number(json, "size", asked.size);
        json_address(json, "required", asked.required);
        json_close_object(json);
    } else {
        json_null(json, "note");
    }
    json_number(json, "minimum_version", request->minimum_version);
    json_number(json, "stack_bytes", request->stack_size);
    json_number(json, "physical_alignment", request->physical_alignment);
    json_boolean(json, "avoid_isa_hole", (request->flags & BOOT_REQUEST_AVOID_ISA_HOLE) != 0);
    json_boolean(json, "direct_map", (request->flags & BOOT_REQUEST_NO_DIRECT_MAP) == 0);
    json_boolean(json, "randomisation", (request->flags & BOOT_REQUEST_NO_RANDOMISATION) == 0);
    json_number(json, "recursive_slot", request->recursive_slot);
    put_string(json, "video", modes[request->video]); // kernel_request_parse lets no other through
    json_number(json, "width", request->width);
    json_number(json, "height", request->height);
    json_number(json, "depth", request->depth);
    json_close_object(json);
}

static void put_kernel(struct json *json, const struct image_report *report)
{
    const struct checked_kernel *kernel = &report->kernel;

    if (!report->has_kernel) {
        json_null(json, "kernel");
        return;
    }
    json_open_object(json, "kernel");
    json_address(json, "entry", kernel->elf.entry);
    json_boolean(json, "position_independent", kernel->elf.position_independent);
    json_number(json, "memory_bytes", kernel->layout.memory_bytes);
    json_boolean(json, "contiguous", kernel->layout.contiguous);
    json_number(json, "memory_alignment", report->items.kernel->memory_alignment);
    json_number(json, "memory_phase", report->items.kernel->memory_phase);
    put_segments(json, kernel);
    put_request(json, kernel);
    json_close_object(json);
}

// ---- The boot -----------------------------------------------------------------------------

// A boot_row_visitor; `context` is the struct json.
static void put_row(const struct boot_preview *preview, const struct boot_row *row, void *context)
{
    static const char *const kinds[BOOT_ROW_KIND_COUNT] = {
        [BOOT_ROW_KERNEL] = "kernel",
        [BOOT_ROW_VGA_TEXT] = "vga_text",
        [BOOT_ROW_DIRECT_MAP] = "direct_map",
        [BOOT_ROW_PAGE_TABLES] = "page_tables",
        [BOOT_ROW_HANDOVER_PAGE] = "handover_page",
        [BOOT_ROW_STACK] = "stack",
        [BOOT_ROW_BOOT_INFO] = "boot_info",
        [BOOT_ROW_FRAMEBUFFER] = "framebuffer",
        [BOOT_ROW_SYMBOLS] = "symbols",
        [BOOT_ROW_MODULE] = "module",
    };
    struct json *json = context;
    struct boot_row_pages pages;
    uint64_t done = 0;

    json_open_object(json, NULL);
    put_string(json, "kind", kinds[row->kind]);
    json_address(json, "address", row->address);
    if (row->bytes != 0) {
        json_number(json, "bytes", row->bytes);
    } else {
        json_null(json, "bytes");
    }
    put_rights(json, true, (row->permissions & PAGE_WRITE) != 0,
               (row->permissions & PAGE_EXECUTE) != 0);
    if (row->item != NULL) {
        put_hostile(json, "name", "name_hex", image_item_text(preview->items, row->item),
                    row->item->name_bytes);
    }
    if (row->kind == BOOT_ROW_KERNEL) {
        json_boolean(json, "relro", row->is_relro);
        json_open_array(json, "pages");
        while (boot_row_next_pages(preview, row, &done, &pages)) {
            json_open_object(json, NULL);
            json_number(json, "size", pages.size);
            json_number(json, "count", pages.count);
            json_close_object(json);
        }
        json_close_array(json);
    }
    json_close_object(json);
}

static void put_slides(struct json *json, const struct boot_preview *preview)
{
    const struct checked_kernel *kernel = preview->kernel;

    if (!kernel->elf.position_independent) {
        json_null(json, "slides");
        return;
    }
    json_open_object(json, "slides");
    json_address(json, "without_randomisation", kernel->elf.slide);
    json_address(json, "lowest", kernel->room.lowest);
    json_number(json, "step", kernel->room.step);
    json_number(json, "count", kernel->room.count);
    json_number(json, "relocations", preview->relocation_count);
    json_close_object(json);
}

static void put_tls(struct json *json, const struct elf_kernel *elf)
{
    if (elf->tls_memory_size == 0) {
        json_null(json, "tls");
        return;
    }
    json_open_object(json, "tls");
    json_address(json, "address", elf->tls_address);
    json_number(json, "file_bytes", elf->tls_file_size);
    json_number(json, "memory_bytes", elf->tls_memory_size);
    json_number(json, "alignment", elf->tls_alignment);
    json_close_object(json);
}

static void put_boot(struct json *json, const struct boot_preview *preview)
{
    if (preview == NULL) {
        json_null(json, "boot");
        return;
    }
    json_open_object(json, "boot");
    json_address(json, "entry", preview->kernel->elf.entry);
    put_slides(json, preview);
    put_tls(json, &preview->kernel->elf);
    json_open_array(json, "map");
    boot_rows_walk(preview, put_row, json);
    json_close_array(json);
    json_close_object(json);
}

void json_print_image(struct json *json, const struct image_report *report)
{
    char signature[sizeof("01234567")];

    (void)snprintf(signature, sizeof(signature), "%08x", (unsigned)report->disk_signature);
    json_open_object(json, NULL);
    json_number(json, "format", JSON_FORMAT);
    json_number(json, "file_bytes", report->file_bytes);
    put_string(json, "disk_signature", signature);
    put_image(json, report);
    put_parts(json, report);
    put_kernel(json, report);
}

void json_print_plan(struct json *json, const struct image_file *file,
                     const struct boot_preview *preview, const struct message *why)
{
    put_boot(json, preview);
    json_number(json, "bytes_behind", image_file_bytes_behind(file));
    json_boolean(json, "good", file->report.problem_count == 0 && preview != NULL);
    put_problems(json, &file->report, why);
    json_close_object(json);
}
