// What a kernel must find at its virtual addresses. Called by the targets that load kernels.
#include "virtual_image.h"

#include "page.h"
#include "unit.h"

#define HALF_SHIFT 47u
#define HIGH_HALF  0x1FFFFu

static struct elf64_program_header header_at(const struct elf_kernel *elf, uint32_t index)
{
    struct elf64_program_header header;
    const uint64_t at = elf->program_header_offset + (uint64_t)index * sizeof header;
    assert_true(at <= elf->file_size && sizeof header <= elf->file_size - at);
    memcpy(&header, elf->file + at, sizeof header);
    return header;
}

static bool is_loaded(const struct elf64_program_header *header)
{
    return header->p_type == ELF_PT_LOAD && header->p_memsz != 0;
}

// ---- The rules of elf.h -------------------------------------------------------------------

static void check_segment(const struct elf_kernel *elf, const struct elf64_program_header *header)
{
    const uint64_t last = header->p_vaddr + (header->p_memsz - 1);
    const uint64_t half = header->p_vaddr >> HALF_SHIFT;
    assert_true(header->p_filesz <= header->p_memsz);
    assert_true(header->p_filesz == 0 || (header->p_offset <= elf->file_size &&
                                          header->p_filesz <= elf->file_size - header->p_offset));
    assert_true(last >= header->p_vaddr && last >> HALF_SHIFT == half);
    assert_true(half == 0 || half == HIGH_HALF);
    assert_true(elf->position_independent || header->p_vaddr >= PAGE_BYTES);
    assert_int_not_equal(header->p_flags & (ELF_PF_W | ELF_PF_X), ELF_PF_W | ELF_PF_X);
    assert_true(last / PAGE_BYTES < elf->virtual_end / PAGE_BYTES || elf->virtual_end == 0);
}

void virtual_image_check_elf(const struct elf_kernel *elf)
{
    uint64_t next = 0;       // nothing lies below
    uint64_t page = 0;       // the last that a segment touches,
    uint32_t page_flags = 0; // and the flags of all that do
    uint32_t loaded = 0;
    bool entry_found = false;
    for (uint32_t i = 0; i < elf->program_header_count; i++) {
        const struct elf64_program_header header = header_at(elf, i);
        if (!is_loaded(&header)) {
            continue;
        }
        check_segment(elf, &header);
        const uint64_t last = header.p_vaddr + (header.p_memsz - 1);
        assert_true(loaded == 0 || header.p_vaddr >= next);
        const bool shares = loaded != 0 && header.p_vaddr / PAGE_BYTES == page;
        const uint32_t shared = header.p_flags | (shares ? page_flags : 0);
        assert_int_not_equal(shared & (ELF_PF_W | ELF_PF_X), ELF_PF_W | ELF_PF_X);
        page_flags = header.p_vaddr / PAGE_BYTES == last / PAGE_BYTES ? shared : header.p_flags;
        page = last / PAGE_BYTES;
        next = last + 1; // 0 behind the very last byte, after which none can come
        entry_found |= (header.p_flags & ELF_PF_X) != 0 && elf->entry >= header.p_vaddr &&
                       elf->entry - header.p_vaddr < header.p_filesz;
        loaded++;
    }
    assert_true(entry_found);
    assert_int_equal(loaded, elf->segment_count);
}

// ---- Content ------------------------------------------------------------------------------

bool virtual_image_make(struct virtual_image *image, const struct elf_kernel *elf)
{
    *image = (struct virtual_image){.elf = elf};
    for (uint32_t i = 0; i < elf->program_header_count; i++) {
        const struct elf64_program_header header = header_at(elf, i);
        if (is_loaded(&header)) {
            if (header.p_memsz > VIRTUAL_IMAGE_MOST - image->bytes) {
                return false;
            }
            image->bytes += header.p_memsz;
        }
    }
    image->content = calloc(1, (size_t)image->bytes);
    assert_non_null(image->content);
    uint64_t at = 0;
    for (uint32_t i = 0; i < elf->program_header_count; i++) {
        const struct elf64_program_header header = header_at(elf, i);
        if (is_loaded(&header)) {
            if (header.p_filesz != 0) {
                memcpy(image->content + at, elf->file + header.p_offset, (size_t)header.p_filesz);
            }
            at += header.p_memsz;
        }
    }
    return true;
}

void virtual_image_free(struct virtual_image *image)
{
    free(image->content);
    image->content = NULL;
}

// Finds `bytes` bytes in one segment; *at is where in the content they are.
static bool find(const struct virtual_image *image, uint64_t address, uint64_t bytes, uint64_t *at)
{
    *at = 0;
    for (uint32_t i = 0; i < image->elf->program_header_count; i++) {
        const struct elf64_program_header header = header_at(image->elf, i);
        if (!is_loaded(&header)) {
            continue;
        }
        const uint64_t inside = address - (header.p_vaddr + image->elf->slide);
        if (inside < header.p_memsz && bytes <= header.p_memsz - inside) {
            *at += inside;
            return true;
        }
        *at += header.p_memsz;
    }
    return false;
}

bool virtual_image_put(struct virtual_image *image, uint64_t address, uint64_t value,
                       unsigned bytes)
{
    uint64_t at;
    if (!find(image, address, bytes, &at)) {
        return false;
    }
    memcpy(image->content + at, &value, bytes);
    return true;
}

// ---- Relocations (gABI 4.1, chapter 5; AMD64 supplement, 4.4) -------------------------------

enum {
    TAG_PLTRELSZ = 2,
    TAG_SYMTAB = 6,
    TAG_RELA = 7,
    TAG_RELASZ = 8,
    TAG_JMPREL = 23,
    TYPE_NONE = 0,
    TYPE_64 = 1,
    TYPE_RELATIVE = 8,
    RELOCATION_WORDS = 3,
};

// 8-byte words of the file's part at an address as it was linked.
static uint64_t word_of_file(const struct virtual_image *image, uint64_t address)
{
    uint64_t offset;
    uint64_t word;
    assert_true(elf_file_offset(image->elf, address + image->elf->slide, sizeof word, &offset));
    memcpy(&word, image->elf->file + offset, sizeof word);
    return word;
}

// The last value of a tag; 0 when there is none.
static uint64_t dynamic_value(const struct elf_kernel *elf, uint64_t wanted)
{
    uint64_t value = 0;
    for (uint64_t at = 0; at + 16 <= elf->dynamic_size; at += 16) {
        uint64_t entry[2];
        memcpy(entry, elf->file + elf->dynamic_offset + at, sizeof entry);
        if (entry[0] == 0) {
            break;
        }
        value = entry[0] == wanted ? entry[1] : value;
    }
    return value;
}

static uint64_t symbol_address(const struct virtual_image *image, uint64_t symtab, uint64_t index)
{
    struct elf64_symbol symbol;
    uint64_t words[sizeof symbol / sizeof(uint64_t)];
    if (index == 0) {
        return 0;
    }
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        words[i] = word_of_file(image, symtab + index * sizeof symbol + i * sizeof words[0]);
    }
    memcpy(&symbol, words, sizeof symbol);
    if (symbol.st_shndx == ELF_SHN_UNDEF) {
        assert_int_equal(symbol.st_info >> 4, ELF_STB_WEAK);
        return 0;
    }
    return symbol.st_value + (symbol.st_shndx == ELF_SHN_ABS ? 0 : image->elf->slide);
}

static void relocate_by(struct virtual_image *image, uint64_t table, uint64_t bytes,
                        uint64_t symtab)
{
    assert_int_equal(bytes % (RELOCATION_WORDS * sizeof(uint64_t)), 0);
    for (uint64_t at = 0; at < bytes; at += RELOCATION_WORDS * sizeof(uint64_t)) {
        const uint64_t offset = word_of_file(image, table + at);
        const uint64_t info = word_of_file(image, table + at + sizeof(uint64_t));
        const uint64_t addend = word_of_file(image, table + at + 2 * sizeof(uint64_t));
        uint64_t value = image->elf->slide + addend;
        if ((uint32_t)info == TYPE_NONE) {
            continue;
        }
        if ((uint32_t)info == TYPE_64) {
            value = symbol_address(image, symtab, info >> 32) + addend;
        } else {
            assert_int_equal((uint32_t)info, TYPE_RELATIVE);
        }
        assert_true(virtual_image_put(image, offset + image->elf->slide, value, sizeof value));
    }
}

void virtual_image_relocate(struct virtual_image *image)
{
    const struct elf_kernel *elf = image->elf;
    const uint64_t symtab = dynamic_value(elf, TAG_SYMTAB);
    relocate_by(image, dynamic_value(elf, TAG_RELA), dynamic_value(elf, TAG_RELASZ), symtab);
    relocate_by(image, dynamic_value(elf, TAG_JMPREL), dynamic_value(elf, TAG_PLTRELSZ), symtab);
}

// ---- Kernel memory ------------------------------------------------------------------------

#define PIECES_MOST 256u

struct piece_walk {
    const struct kernel_layout *layout;
    uint64_t next; // no piece lies below
    uint32_t count;
    struct kernel_piece pieces[PIECES_MOST]; // of those so far, as many as fit
};

static bool check_piece(const struct kernel_piece *piece, void *context)
{
    struct piece_walk *walk = context;
    const uint64_t memory = walk->layout->memory_bytes;
    assert_true(piece->bytes != 0);
    assert_int_equal((piece->virtual_address | piece->offset | piece->bytes) & PAGE_MASK, 0);
    assert_true(piece->offset <= memory && piece->bytes <= memory - piece->offset);
    assert_int_not_equal(piece->permissions & (PAGE_WRITE | PAGE_EXECUTE),
                         PAGE_WRITE | PAGE_EXECUTE);
    assert_true(walk->count == 0 || piece->virtual_address >= walk->next);
    walk->next = piece->virtual_address + piece->bytes;
    for (uint32_t i = 0; i < walk->count && i < PIECES_MOST; i++) {
        const struct kernel_piece *other = &walk->pieces[i];
        assert_true(piece->offset >= other->offset + other->bytes ||
                    other->offset >= piece->offset + piece->bytes);
    }
    if (walk->count < PIECES_MOST) {
        walk->pieces[walk->count] = *piece;
    }
    walk->count++;
    return true;
}

void virtual_image_check_pieces(const struct kernel_layout *layout)
{
    struct piece_walk walk = {.layout = layout};
    assert_true(kernel_layout_walk(layout, check_piece, &walk));
    assert_int_not_equal(walk.count, 0);
    assert_int_equal(walk.next, layout->elf->virtual_end);
}

struct memory_check {
    const struct virtual_image *image;
    const uint8_t *memory;
    uint64_t compared; // bytes of segments
};

static bool compare_piece(const struct kernel_piece *piece, void *context)
{
    struct memory_check *check = context;
    const struct elf_kernel *elf = check->image->elf;
    uint64_t at = 0;
    for (uint32_t i = 0; i < elf->program_header_count; i++) {
        const struct elf64_program_header header = header_at(elf, i);
        if (!is_loaded(&header)) {
            continue;
        }
        // Last bytes, since one past the end may be 2^64.
        const uint64_t base = header.p_vaddr + elf->slide;
        const uint64_t last = base + (header.p_memsz - 1);
        const uint64_t piece_last = piece->virtual_address + (piece->bytes - 1);
        const uint64_t from = base > piece->virtual_address ? base : piece->virtual_address;
        const uint64_t to = last < piece_last ? last : piece_last;
        if (from <= to) {
            assert_memory_equal(check->memory + piece->offset + (from - piece->virtual_address),
                                check->image->content + at + (from - base),
                                (size_t)(to - from + 1));
            check->compared += to - from + 1;
        }
        at += header.p_memsz;
    }
    return true;
}

void virtual_image_check_memory(const struct virtual_image *image,
                                const struct kernel_layout *layout, const uint8_t *memory)
{
    struct memory_check check = {.image = image, .memory = memory};
    assert_true(kernel_layout_walk(layout, compare_piece, &check));
    assert_int_equal(check.compared, image->bytes);
}
