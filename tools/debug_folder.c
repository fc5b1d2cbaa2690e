// Gives the debug information that NASM writes into an object another folder (DW_AT_comp_dir), one
// that is the same wherever the source tree lies: NASM takes the absolute folder of the source, and
// has no option for it. Run by firstlight_nasm of cmake/FirstlightNasm.cmake:
//
//     debug_folder OBJECT FOLDER
//
// changes the ELF64 file OBJECT in place; FOLDER is not longer than what stands there. The file
// keeps its length, .debug_info does not. Source: DWARF 3, 7.5.
#include "elf.h"
#include "elf_sections.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_MAX 0x1000000 // bytes: far more than one of the loader's

// Of a compilation unit: its header, and the codes that its first entry may have.
enum {
    UNIT_VERSION = 4,
    UNIT_ADDRESS_SIZE = 10,
    UNIT_FIRST_ENTRY = 11,
    LEAST_VERSION = 2,
    LAST_VERSION = 4, // version 5 has another header
    ABBREVIATION_CHILDREN_BYTES = 1,
    DW_AT_COMP_DIR = 0x1B,
    DW_FORM_ADDR = 0x01,
    DW_FORM_DATA2 = 0x05,
    DW_FORM_DATA4 = 0x06,
    DW_FORM_DATA8 = 0x07,
    DW_FORM_STRING = 0x08,
    DW_FORM_DATA1 = 0x0B,
    DW_FORM_SEC_OFFSET = 0x17,
};

struct relocation {
    uint64_t r_offset;
    uint64_t r_info;
    uint64_t r_addend;
};

// A section's header, and the place of its bytes in the file.
struct part {
    struct elf64_section_header header;
    uint64_t header_offset;
    uint8_t *bytes;
};

// Bytes that are read one after the other.
struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

static const char *object_path;

static _Noreturn void stop(const char *what)
{
    (void)fprintf(stderr, "debug_folder: %s: %s\n", object_path, what);
    exit(EXIT_FAILURE);
}

static FILE *open_object(const char *mode)
{
    FILE *file = fopen(object_path, mode);
    if (file == NULL) {
        stop(strerror(errno));
    }
    return file;
}

static size_t read_object(uint8_t *bytes)
{
    FILE *file = open_object("rb");
    const size_t size = fread(bytes, 1, OBJECT_MAX, file);
    if (ferror(file) != 0 || fclose(file) != 0) {
        stop("cannot be read");
    }
    if (size == OBJECT_MAX || size < sizeof(struct elf64_header) ||
        memcmp(bytes, "\177ELF", 4) != 0 || bytes[ELF_EI_CLASS] != ELF_CLASS_64) {
        stop("not an ELF64 object");
    }
    return size;
}

static void write_object(const uint8_t *bytes, size_t size)
{
    FILE *file = open_object("wb");
    const bool written = fwrite(bytes, 1, size, file) == size;
    if (fclose(file) != 0 || !written) {
        stop("cannot be written");
    }
}

static struct part need_part(const struct elf_sections *sections, uint8_t *file, const char *name)
{
    for (uint64_t i = 0; i < sections->count; i++) {
        const struct elf64_section_header header = elf_section(sections, i);
        if (elf_section_is_named(sections, &header, name) &&
            elf_section_in_file(sections, &header)) {
            return (struct part){
                .header = header,
                .header_offset = sections->offset + i * sizeof header,
                .bytes = file + header.sh_offset,
            };
        }
    }
    stop("no debug information as NASM writes it");
}

// ---- The place of the folder's name -----------------------------------------------------------

// Moves on; where there is too little left, that is an error.
static const uint8_t *take(struct reader *reader, size_t count)
{
    const uint8_t *taken = reader->at;
    if (count > (size_t)(reader->end - reader->at)) {
        stop("damaged debug information");
    }
    reader->at += count;
    return taken;
}

// A number in LEB128, as all that is asked for here less than 2^28.
static uint32_t take_number(struct reader *reader)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        const uint8_t byte = *take(reader, 1);
        value |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    stop("damaged debug information");
}

static const char *take_string(struct reader *reader)
{
    const uint8_t *zero = memchr(reader->at, 0, (size_t)(reader->end - reader->at));
    if (zero == NULL) {
        stop("damaged debug information");
    }
    return (const char *)take(reader, (size_t)(zero - reader->at) + 1);
}

// Moves past a value that is no string.
static void pass_value(struct reader *reader, uint32_t form, size_t address_size)
{
    switch (form) {
    case DW_FORM_ADDR:
        (void)take(reader, address_size);
        break;
    case DW_FORM_DATA1:
        (void)take(reader, 1);
        break;
    case DW_FORM_DATA2:
        (void)take(reader, 2);
        break;
    case DW_FORM_DATA4:
    case DW_FORM_SEC_OFFSET:
        (void)take(reader, 4);
        break;
    case DW_FORM_DATA8:
        (void)take(reader, 8);
        break;
    default:
        stop("debug information in a form that NASM 2.16 does not write");
    }
}

// The folder's name in .debug_info: an attribute of the first entry, which the first abbreviation
// describes.
static const char *find_folder(const struct part *info, const struct part *abbreviations)
{
    struct reader values = {info->bytes, info->bytes + info->header.sh_size};
    const uint8_t *unit = take(&values, UNIT_FIRST_ENTRY);
    if (unit[UNIT_VERSION] < LEAST_VERSION || unit[UNIT_VERSION] > LAST_VERSION) {
        stop("debug information of another version of DWARF than 2 to 4");
    }
    struct reader names = {abbreviations->bytes,
                           abbreviations->bytes + abbreviations->header.sh_size};
    if (take_number(&values) != take_number(&names)) {
        stop("its first entry is not described by the first abbreviation");
    }
    (void)take_number(&names); // the tag
    (void)take(&names, ABBREVIATION_CHILDREN_BYTES);
    for (;;) {
        const uint32_t name = take_number(&names);
        const uint32_t form = take_number(&names);
        if (name == 0) {
            stop("its debug information names no folder");
        }
        if (form == DW_FORM_STRING) {
            const char *value = take_string(&values);
            if (name == DW_AT_COMP_DIR) {
                return value;
            }
        } else {
            pass_value(&values, form, unit[UNIT_ADDRESS_SIZE]);
        }
    }
}

// ---- Another name in its place ----------------------------------------------------------------

// The bytes behind the name move down by `shift`: so do the relocations of what is there.
static void move_relocations(struct part *relocations, uint64_t behind, uint64_t shift)
{
    const uint64_t count = relocations->header.sh_size / sizeof(struct relocation);
    for (uint64_t i = 0; i < count; i++) {
        struct relocation relocation;
        uint8_t *at = relocations->bytes + i * sizeof relocation;
        memcpy(&relocation, at, sizeof relocation);
        if (relocation.r_offset > behind) {
            relocation.r_offset -= shift;
            memcpy(at, &relocation, sizeof relocation);
        }
    }
}

// Puts `name` where the string `old` stands in `info`, and closes the gap. Gives the gap's bytes.
static uint64_t replace_string(struct part *info, uint64_t offset, const char *name)
{
    char *old = (char *)info->bytes + offset;
    const size_t old_bytes = strlen(old) + 1;
    const size_t new_bytes = strlen(name) + 1;
    uint32_t unit_bytes; // behind the number itself
    memcpy(&unit_bytes, info->bytes, sizeof unit_bytes);
    if (new_bytes > old_bytes) {
        stop("the new folder's name is longer than the one there");
    }
    if (unit_bytes + sizeof unit_bytes != info->header.sh_size) {
        stop("more than one compilation unit");
    }
    const uint64_t shift = old_bytes - new_bytes;
    memcpy(old, name, new_bytes);
    memmove(old + new_bytes, old + old_bytes, info->header.sh_size - offset - old_bytes);
    unit_bytes -= (uint32_t)shift;
    memcpy(info->bytes, &unit_bytes, sizeof unit_bytes);
    info->header.sh_size -= shift;
    return shift;
}

static void change_folder(uint8_t *file, size_t size, const char *name)
{
    struct elf_sections sections;
    struct message why;
    if (!elf_sections_find(file, size, &sections, &why)) {
        stop("its section headers are damaged");
    }
    struct part info = need_part(&sections, file, ".debug_info");
    struct part abbreviations = need_part(&sections, file, ".debug_abbrev");
    struct part relocations = need_part(&sections, file, ".rela.debug_info");
    const uint64_t offset =
        (uint64_t)((const uint8_t *)find_folder(&info, &abbreviations) - info.bytes);
    const uint64_t shift = replace_string(&info, offset, name);
    move_relocations(&relocations, offset, shift);
    memcpy(file + info.header_offset, &info.header, sizeof info.header);
}

int main(int argument_count, char **arguments)
{
    static uint8_t file[OBJECT_MAX];
    object_path = argument_count == 3 ? arguments[1] : "an object and a folder's name are wanted";
    if (argument_count != 3) {
        stop("usage: debug_folder OBJECT FOLDER");
    }
    const size_t size = read_object(file);
    change_folder(file, size, arguments[2]);
    write_object(file, size);
    return EXIT_SUCCESS;
}
