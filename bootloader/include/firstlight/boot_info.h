// The boot contract: what Firstlight hands to the kernel it starts.
//
//     void _start(const struct boot_info *info);
//
// is entered as if called by the System V AMD64 ABI (section 3.2.2): RSP + 8 is a multiple of 16,
// the return slot holds 0, RDI points to the structure below. bootloader/README.md has the whole
// state of the machine at that point.
//
// How it grows: `version` rises when a field is added, new fields come at the end only, no field
// ever moves or changes its meaning, and a structure inside boot_info never grows. A kernel may
// read a field if `size` reaches past it: BOOT_INFO_HAS(info, field). The comments
// below name the version a field came with. What a kernel asks for is in boot_request.h.
//
// Plain C11, C17 and C++17: no bit-fields, no flexible arrays, no unions, fixed-width integers
// only, so that the importers of other languages read it as it is. All numbers are little-endian.
#ifndef FIRSTLIGHT_BOOT_INFO_H
#define FIRSTLIGHT_BOOT_INFO_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define BOOT_CONTRACT_ASSERT(condition, text) static_assert(condition, text)
#else
#define BOOT_CONTRACT_ASSERT(condition, text) _Static_assert(condition, text)
#endif
#define BOOT_CONTRACT_OFFSET(type, field, offset)                                                  \
    BOOT_CONTRACT_ASSERT(offsetof(struct type, field) == (offset), #type "." #field)

#define BOOT_INFO_VERSION 3

// Whether the loader knew the field. `info` points to a struct boot_info.
#define BOOT_INFO_HAS(info, field)                                                                 \
    ((info)->size >= offsetof(struct boot_info, field) + sizeof((info)->field))

// What a range of physical memory is. Ranges never overlap; what the map does not mention is
// absent: nothing answers there, or a device does.
enum boot_memory_kind {
    // RAM that nobody uses, page-aligned at both ends: the kernel's to take.
    BOOT_MEMORY_USABLE = 1,
    // RAM that holds what the loader left for the kernel: stack, boot_info, page tables, the
    // hand-over page. Usable once the kernel needs none of these any more.
    BOOT_MEMORY_LOADER_RECLAIMABLE = 2,
    // RAM that holds the kernel's own file, segments and .bss.
    BOOT_MEMORY_KERNEL = 3,
    // RAM that holds ACPI tables, usable once they have been read (ACPI 6.4, table 15-10).
    BOOT_MEMORY_ACPI_RECLAIMABLE = 4,
    // RAM the firmware must find unchanged after sleep (ACPI 6.4, table 15-10).
    BOOT_MEMORY_ACPI_NVS = 5,
    // The firmware's, a device's, or of a kind the loader does not know.
    BOOT_MEMORY_RESERVED = 6,
    // RAM that the firmware found faulty.
    BOOT_MEMORY_BAD = 7,
    // Version 2. RAM that holds a module or the symbol table, whole pages.
    BOOT_MEMORY_MODULE = 8,
    // Version 2. The framebuffer: a device's memory, whole pages.
    BOOT_MEMORY_FRAMEBUFFER = 9,
};

// One range of physical memory.
struct boot_memory_range {
    uint64_t base;     // first byte, a physical address
    uint64_t length;   // bytes, never 0; base + length does not exceed 2^64 - 1
    uint32_t kind;     // enum boot_memory_kind
    uint32_t reserved; // 0
};

// Bits of boot_info.flags.
#define BOOT_FLAG_NX                1u // EFER.NXE is on: pages without X fault when executed
#define BOOT_FLAG_VGA_TEXT_MAPPED   2u // B8000h-BFFFFh is mapped there; else a segment covers it
#define BOOT_FLAG_KERNEL_CONTIGUOUS 4u // physical - virtual is one number for the whole kernel

// A file that came along in the image, as it was; version 2.
struct boot_module {
    void *address;             // page-aligned, writable; zeros up to the end of its last page
    uint64_t size;             // bytes, at least 1
    uint64_t physical_address; // page-aligned; the module is contiguous
    const char *name;          // as given to bootimage, 1 to 255 bytes; ends with NUL
    const char *command_line;  // never a null pointer, may be empty, at most 4095 bytes; NUL
    uint64_t reserved;         // 0
};

// Where a function of the kernel begins, and its name; version 2.
struct boot_symbol {
    uint32_t offset; // from boot_info.kernel_virtual_base
    uint32_t name;   // from boot_symbols.names; ends with NUL
};

// The kernel's functions, for a panic that prints names: the one that holds an address is the last
// whose offset is not above it. Functions 4 GiB or more above kernel_virtual_base are missing.
struct boot_symbols {
    const struct boot_symbol *table; // sorted by offset; null when the image has none
    uint64_t count;
    const char *names;
    uint64_t names_size; // bytes; the last one is NUL
};

// The template of thread-local storage (PT_TLS; ELF-64 gABI chapter 5, AMD64 supplement 3.4.6):
// each thread gets memory_size bytes at a multiple of `alignment`, the first file_size of them a
// copy of the template, the rest zeros. All 0 when the kernel has none. Version 2.
struct boot_tls {
    const void *address; // in the kernel's own segments
    uint64_t file_size;
    uint64_t memory_size; // at least file_size
    uint64_t alignment;   // a power of two
};

// VGA text mode, as it is at entry; version 2. All 0 when there is none: a framebuffer was set, or
// the machine has no VGA.
struct boot_text_mode {
    void *address; // of the first character cell, 2 bytes each; null where the kernel's segments
                   // cover B8000h and there is no direct map
    uint64_t physical_address;
    uint32_t columns, rows;
    uint32_t cursor_column, cursor_row; // from 0
};

#define BOOT_EDID_SIZE 128 // the base block (VESA E-EDID A.2)

// A linear framebuffer; version 2. All 0 in text mode. A colour channel of `size` bits begins at
// bit `shift` of a pixel, which has (bits_per_pixel + 7) / 8 bytes, little-endian.
struct boot_framebuffer {
    void *address; // writable, in the loader region; the caching is what firmware's MTRRs say
    uint64_t physical_address;
    uint64_t size;           // bytes: pitch * height
    uint32_t width, height;  // pixels
    uint32_t pitch;          // bytes from one line to the next
    uint32_t bits_per_pixel; // 15, 16, 24 or 32
    uint8_t red_size, red_shift;
    uint8_t green_size, green_shift;
    uint8_t blue_size, blue_shift;
    uint8_t reserved_size, reserved_shift; // bits that mean nothing
    uint32_t edid_size;                    // BOOT_EDID_SIZE, or 0: no monitor told
    uint32_t reserved;                     // 0
    uint8_t edid[BOOT_EDID_SIZE];
};

#define BOOT_RSDP_SIZE_MAX       36 // ACPI 6.4, 5.2.5.3
#define BOOT_EDD_PARAMETERS_SIZE 80

// Firmware's tables, found by their signatures and checksums; version 2. Physical addresses, 0
// where there is none. SMBIOS 3.0 brought "_SM3_": it is not looked for behind the RSDP and a
// "_SM_" of a version before that.
struct boot_tables {
    uint64_t rsdp_physical;    // ACPI 6.4, 5.2.5: root system description pointer
    uint64_t smbios_physical;  // SMBIOS 3.4, 5.2.1: 32-bit entry point, "_SM_"
    uint64_t smbios3_physical; // 5.2.2: 64-bit entry point, "_SM3_"
    uint32_t rsdp_size;        // bytes of the copy: 20 (ACPI 1.0) or 36, 0 without
    uint32_t reserved;         // 0
    uint8_t rsdp[40];          // a copy, readable without a direct map; zeros behind rsdp_size
};

// The disk the loader came from; version 2. What firmware does not say is 0.
struct boot_disk {
    uint32_t drive;          // as boot_info.boot_drive
    uint32_t signature;      // of its MBR, offset 1B8h
    uint32_t partition;      // of the active one in the MBR: 1 to 4, 0 when none is
    uint32_t partition_type; // its type byte
    uint64_t partition_lba;  // its first sector
    uint64_t partition_sectors;
    uint32_t edd_version;    // INT 13h AH=41h: AH, 21h is EDD 1.1, 30h EDD 3.0; 0: no EDD
    uint32_t edd_interfaces; // CX of the same: bit 0 AH=42h-44h, 47h, 48h; bit 2 AH=48h, 4Eh
    // INT 13h AH=48h's buffer as firmware filled it (EDD 4, table 14), zeros behind the bytes
    // it claims; where the key BEDDh at offset 30 says that a device path follows, to its end.
    uint32_t edd_parameters_size; // 0, or 26 to BOOT_EDD_PARAMETERS_SIZE
    uint32_t reserved;            // 0
    uint8_t edd_parameters[BOOT_EDD_PARAMETERS_SIZE];
};

// Who started the loader; version 2.
enum boot_firmware {
    BOOT_FIRMWARE_BIOS = 1,
    BOOT_FIRMWARE_UEFI = 2,
    BOOT_FIRMWARE_MULTIBOOT2 = 3,
};

// Where boot_info.entropy is from; version 2. Whatever it is, time stamps are mixed in.
enum boot_entropy_source {
    BOOT_ENTROPY_JITTER = 1, // the TSC against other clocks of the machine: weak
    BOOT_ENTROPY_RDRAND = 2,
    BOOT_ENTROPY_RDSEED = 3,
};

#define BOOT_ENTROPY_SIZE 32

// Steps of a boot, the index of boot_info.timestamps; version 2. Those of a later version end
// between the others: a timeline sorts the steps by their stamps. What a stamp does not say, when
// firmware and MBR began, nobody could stamp: many machines count from reset.
enum boot_step {
    BOOT_STEP_STAGE2 = 0, // stage 2 is read and checked, its first instruction runs in long mode
    BOOT_STEP_MEMORY_MAP = 1, // screen, A20 and memory map are done
    BOOT_STEP_HEADER = 2,     // image header and command line are read and checked
    BOOT_STEP_KERNEL = 3,     // the kernel is read and checked
    BOOT_STEP_RELOCATED = 4,  // it is zeroed and relocated
    BOOT_STEP_MODULES = 5,    // modules and symbols are read and checked
    BOOT_STEP_FIRMWARE = 6,   // all other questions to firmware are answered, the screen is set
    BOOT_STEP_BUILT = 7,      // page tables and boot_info are built; the kernel is next
    // Version 3.
    BOOT_STEP_MBR = 8,      // the MBR has read and checked the first block, which begins; 0 where
                            // CPUID tells of no time-stamp counter
    BOOT_STEP_A20 = 9,      // screen and A20 are done; the memory map is next
    BOOT_STEP_PLANNED = 10, // the kernel's surroundings are planned; page tables are next
};

#define BOOT_STEP_COUNT     11
#define BOOT_TIMESTAMPS_MAX 16 // room for steps of later versions

// What an item of the image is; version 3.
enum boot_item_kind {
    BOOT_ITEM_KERNEL = 1,
    BOOT_ITEM_COMMAND_LINE = 2,
    BOOT_ITEM_SYMBOLS = 3,
    BOOT_ITEM_MODULE = 4,
};

// Parts of the time that an item takes, the index of boot_item.parts; version 3.
enum boot_item_part {
    BOOT_ITEM_READ = 0,   // firmware's reads of the disk, with the ways there and back
    BOOT_ITEM_VERIFY = 1, // checksums; where nothing is decompressed the copy, too: it is one pass
    BOOT_ITEM_DECOMPRESS = 2, // 0 where it was not stored compressed
};

#define BOOT_ITEM_PARTS 3

// What it took to bring an item of the image into memory; version 3. The parts took turns from
// `begin` on, without a gap: the end is begin and the sum of the parts.
struct boot_item {
    uint64_t kind;         // enum boot_item_kind; the n-th module is boot_info.modules[n]
    uint64_t stored_bytes; // on the disk: other than `bytes` where it was stored compressed
    uint64_t bytes;        // in memory
    uint64_t begin;        // the time-stamp counter, before the disk was first asked
    uint64_t parts[BOOT_ITEM_PARTS]; // how far the counter went in each enum boot_item_part
};

// Pointers are virtual addresses, valid in the page tables the kernel is entered with; physical
// addresses are named so. All structures pointed to are writable and lie in one region of the
// higher half that is mapped whether or not there is a direct map.
struct boot_info {
    uint32_t version; // BOOT_INFO_VERSION of the loader, at least 1
    uint32_t size;    // bytes of this structure as the loader knows it
    uint64_t flags;   // BOOT_FLAG_*

    // Sorted by base, adjacent ranges of one kind merged, usable ranges page-aligned. Physical
    // page 0 (interrupt vectors, BIOS data area) is never usable.
    const struct boot_memory_range *memory_map;
    uint64_t memory_map_count; // ranges, at least 1

    // Physical address p is readable and writable, never executable, at direct_map_offset + p
    // for every p below direct_map_size that is RAM, faulty RAM aside, or lies below 4 GiB.
    uint64_t direct_map_offset; // a canonical address, a multiple of 512 GiB; 0: none, on request
    uint64_t direct_map_size;   // bytes: one past the highest physical address mapped; 0: none

    uint64_t kernel_physical_base; // where the page at kernel_virtual_base lies, page-aligned
    uint64_t kernel_virtual_base;  // the lowest page of the kernel's segments, page-aligned
    uint64_t kernel_virtual_size;  // bytes from there to the end of the highest page

    // The page below stack_bottom is not mapped: an overflow faults.
    uint64_t stack_bottom; // lowest usable byte
    uint64_t stack_top;    // one past the highest byte; RSP at entry is 8 below it

    uint64_t handover_page; // the one page of loader code left mapped, read-execute, 4096 bytes

    const char *command_line;     // ends with NUL, never a null pointer, may be empty
    uint64_t command_line_length; // bytes without the NUL, at most 4095

    uint32_t boot_drive; // BIOS drive number as given to INT 13h: 00h-01h, 80h-FEh
    uint32_t reserved;   // 0

    // From here on: version 2.
    const char *loader_name;    // "Firstlight"; ends with NUL
    const char *loader_version; // as "1.2.3"; ends with NUL

    // What was added, modulo 2^64, to every address the kernel was linked at: a multiple of 4096;
    // 0 for a kernel that is not position-independent.
    uint64_t kernel_slide;
    uint64_t stack_guard_size; // bytes below stack_bottom that are not mapped, at least 4096

    uint32_t recursive_slot; // 1 to 511: this entry of the PML4 points to the PML4; 0: none
    uint32_t firmware;       // enum boot_firmware

    const struct boot_module *modules; // in the order given to bootimage; null without any
    uint64_t module_count;
    struct boot_symbols symbols;
    struct boot_tls tls;

    struct boot_text_mode text_mode;
    struct boot_framebuffer framebuffer;
    struct boot_tables tables;
    struct boot_disk disk;

    // For seeding a generator: use it once, then clear it.
    uint8_t entropy[BOOT_ENTROPY_SIZE];
    uint32_t entropy_source; // enum boot_entropy_source

    // The time-stamp counter at the end of each enum boot_step below timestamp_count. 0: passed
    // over.
    uint32_t timestamp_count;
    uint64_t timestamps[BOOT_TIMESTAMPS_MAX];
    uint64_t tsc_frequency; // Hz, as CPUID tells (leaf 15h, or a hypervisor's 40000010h); else 0

    // From here on: version 3.
    const struct boot_item *items; // every item of the image, in the order they were read
    uint64_t item_count;           // at least 1: the kernel
};

BOOT_CONTRACT_ASSERT(sizeof(void *) == 8, "the boot contract is for 64-bit code");

BOOT_CONTRACT_ASSERT(sizeof(struct boot_memory_range) == 24, "boot_memory_range");
BOOT_CONTRACT_OFFSET(boot_memory_range, base, 0);
BOOT_CONTRACT_OFFSET(boot_memory_range, length, 8);
BOOT_CONTRACT_OFFSET(boot_memory_range, kind, 16);
BOOT_CONTRACT_OFFSET(boot_memory_range, reserved, 20);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_module) == 48, "boot_module");
BOOT_CONTRACT_OFFSET(boot_module, address, 0);
BOOT_CONTRACT_OFFSET(boot_module, size, 8);
BOOT_CONTRACT_OFFSET(boot_module, physical_address, 16);
BOOT_CONTRACT_OFFSET(boot_module, name, 24);
BOOT_CONTRACT_OFFSET(boot_module, command_line, 32);
BOOT_CONTRACT_OFFSET(boot_module, reserved, 40);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_symbol) == 8, "boot_symbol");
BOOT_CONTRACT_OFFSET(boot_symbol, offset, 0);
BOOT_CONTRACT_OFFSET(boot_symbol, name, 4);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_symbols) == 32, "boot_symbols");
BOOT_CONTRACT_OFFSET(boot_symbols, table, 0);
BOOT_CONTRACT_OFFSET(boot_symbols, count, 8);
BOOT_CONTRACT_OFFSET(boot_symbols, names, 16);
BOOT_CONTRACT_OFFSET(boot_symbols, names_size, 24);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_tls) == 32, "boot_tls");
BOOT_CONTRACT_OFFSET(boot_tls, address, 0);
BOOT_CONTRACT_OFFSET(boot_tls, file_size, 8);
BOOT_CONTRACT_OFFSET(boot_tls, memory_size, 16);
BOOT_CONTRACT_OFFSET(boot_tls, alignment, 24);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_text_mode) == 32, "boot_text_mode");
BOOT_CONTRACT_OFFSET(boot_text_mode, address, 0);
BOOT_CONTRACT_OFFSET(boot_text_mode, physical_address, 8);
BOOT_CONTRACT_OFFSET(boot_text_mode, columns, 16);
BOOT_CONTRACT_OFFSET(boot_text_mode, rows, 20);
BOOT_CONTRACT_OFFSET(boot_text_mode, cursor_column, 24);
BOOT_CONTRACT_OFFSET(boot_text_mode, cursor_row, 28);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_framebuffer) == 184, "boot_framebuffer");
BOOT_CONTRACT_OFFSET(boot_framebuffer, address, 0);
BOOT_CONTRACT_OFFSET(boot_framebuffer, physical_address, 8);
BOOT_CONTRACT_OFFSET(boot_framebuffer, size, 16);
BOOT_CONTRACT_OFFSET(boot_framebuffer, width, 24);
BOOT_CONTRACT_OFFSET(boot_framebuffer, height, 28);
BOOT_CONTRACT_OFFSET(boot_framebuffer, pitch, 32);
BOOT_CONTRACT_OFFSET(boot_framebuffer, bits_per_pixel, 36);
BOOT_CONTRACT_OFFSET(boot_framebuffer, red_size, 40);
BOOT_CONTRACT_OFFSET(boot_framebuffer, red_shift, 41);
BOOT_CONTRACT_OFFSET(boot_framebuffer, green_size, 42);
BOOT_CONTRACT_OFFSET(boot_framebuffer, green_shift, 43);
BOOT_CONTRACT_OFFSET(boot_framebuffer, blue_size, 44);
BOOT_CONTRACT_OFFSET(boot_framebuffer, blue_shift, 45);
BOOT_CONTRACT_OFFSET(boot_framebuffer, reserved_size, 46);
BOOT_CONTRACT_OFFSET(boot_framebuffer, reserved_shift, 47);
BOOT_CONTRACT_OFFSET(boot_framebuffer, edid_size, 48);
BOOT_CONTRACT_OFFSET(boot_framebuffer, reserved, 52);
BOOT_CONTRACT_OFFSET(boot_framebuffer, edid, 56);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_tables) == 72, "boot_tables");
BOOT_CONTRACT_OFFSET(boot_tables, rsdp_physical, 0);
BOOT_CONTRACT_OFFSET(boot_tables, smbios_physical, 8);
BOOT_CONTRACT_OFFSET(boot_tables, smbios3_physical, 16);
BOOT_CONTRACT_OFFSET(boot_tables, rsdp_size, 24);
BOOT_CONTRACT_OFFSET(boot_tables, reserved, 28);
BOOT_CONTRACT_OFFSET(boot_tables, rsdp, 32);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_disk) == 128, "boot_disk");
BOOT_CONTRACT_OFFSET(boot_disk, drive, 0);
BOOT_CONTRACT_OFFSET(boot_disk, signature, 4);
BOOT_CONTRACT_OFFSET(boot_disk, partition, 8);
BOOT_CONTRACT_OFFSET(boot_disk, partition_type, 12);
BOOT_CONTRACT_OFFSET(boot_disk, partition_lba, 16);
BOOT_CONTRACT_OFFSET(boot_disk, partition_sectors, 24);
BOOT_CONTRACT_OFFSET(boot_disk, edd_version, 32);
BOOT_CONTRACT_OFFSET(boot_disk, edd_interfaces, 36);
BOOT_CONTRACT_OFFSET(boot_disk, edd_parameters_size, 40);
BOOT_CONTRACT_OFFSET(boot_disk, reserved, 44);
BOOT_CONTRACT_OFFSET(boot_disk, edd_parameters, 48);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_item) == 56, "boot_item");
BOOT_CONTRACT_OFFSET(boot_item, kind, 0);
BOOT_CONTRACT_OFFSET(boot_item, stored_bytes, 8);
BOOT_CONTRACT_OFFSET(boot_item, bytes, 16);
BOOT_CONTRACT_OFFSET(boot_item, begin, 24);
BOOT_CONTRACT_OFFSET(boot_item, parts, 32);

BOOT_CONTRACT_ASSERT(sizeof(struct boot_info) == 848, "boot_info");
BOOT_CONTRACT_OFFSET(boot_info, version, 0);
BOOT_CONTRACT_OFFSET(boot_info, size, 4);
BOOT_CONTRACT_OFFSET(boot_info, flags, 8);
BOOT_CONTRACT_OFFSET(boot_info, memory_map, 16);
BOOT_CONTRACT_OFFSET(boot_info, memory_map_count, 24);
BOOT_CONTRACT_OFFSET(boot_info, direct_map_offset, 32);
BOOT_CONTRACT_OFFSET(boot_info, direct_map_size, 40);
BOOT_CONTRACT_OFFSET(boot_info, kernel_physical_base, 48);
BOOT_CONTRACT_OFFSET(boot_info, kernel_virtual_base, 56);
BOOT_CONTRACT_OFFSET(boot_info, kernel_virtual_size, 64);
BOOT_CONTRACT_OFFSET(boot_info, stack_bottom, 72);
BOOT_CONTRACT_OFFSET(boot_info, stack_top, 80);
BOOT_CONTRACT_OFFSET(boot_info, handover_page, 88);
BOOT_CONTRACT_OFFSET(boot_info, command_line, 96);
BOOT_CONTRACT_OFFSET(boot_info, command_line_length, 104);
BOOT_CONTRACT_OFFSET(boot_info, boot_drive, 112);
BOOT_CONTRACT_OFFSET(boot_info, reserved, 116);
BOOT_CONTRACT_OFFSET(boot_info, loader_name, 120);
BOOT_CONTRACT_OFFSET(boot_info, loader_version, 128);
BOOT_CONTRACT_OFFSET(boot_info, kernel_slide, 136);
BOOT_CONTRACT_OFFSET(boot_info, stack_guard_size, 144);
BOOT_CONTRACT_OFFSET(boot_info, recursive_slot, 152);
BOOT_CONTRACT_OFFSET(boot_info, firmware, 156);
BOOT_CONTRACT_OFFSET(boot_info, modules, 160);
BOOT_CONTRACT_OFFSET(boot_info, module_count, 168);
BOOT_CONTRACT_OFFSET(boot_info, symbols, 176);
BOOT_CONTRACT_OFFSET(boot_info, tls, 208);
BOOT_CONTRACT_OFFSET(boot_info, text_mode, 240);
BOOT_CONTRACT_OFFSET(boot_info, framebuffer, 272);
BOOT_CONTRACT_OFFSET(boot_info, tables, 456);
BOOT_CONTRACT_OFFSET(boot_info, disk, 528);
BOOT_CONTRACT_OFFSET(boot_info, entropy, 656);
BOOT_CONTRACT_OFFSET(boot_info, entropy_source, 688);
BOOT_CONTRACT_OFFSET(boot_info, timestamp_count, 692);
BOOT_CONTRACT_OFFSET(boot_info, timestamps, 696);
BOOT_CONTRACT_OFFSET(boot_info, tsc_frequency, 824);
BOOT_CONTRACT_OFFSET(boot_info, items, 832);
BOOT_CONTRACT_OFFSET(boot_info, item_count, 840);
#endif
