// The ordinary kernel that elf_test.c and elf_refusal_test.c make their changes to.
#ifndef ELF_CASES_H
#define ELF_CASES_H

#include "elf.h"
#include "elf_builder.h"
#include "unit.h"

#define R  ELF_PF_R
#define RX (ELF_PF_R | ELF_PF_X)
#define RW (ELF_PF_R | ELF_PF_W)

#define BASE      0xFFFFFFFF80000000u
#define FILE_SIZE 0x3800u
#define TABLE     64u
#define LOW_END   0x0000800000000000u
#define HIGH      0xFFFF800000000000u

enum { CODE, CONSTANTS, DATA, SEGMENTS };

// Code, constants, data with .bss: what a linker makes of an ordinary kernel.
static inline struct elf_file ordinary_kernel(void)
{
    const struct elf64_program_header segments[SEGMENTS] = {
        loadable(RX, BASE + 0x1000, 0x1000, 0x1234, 0x1234),
        loadable(R, BASE + 0x3000, 0x3000, 0x500, 0x500),
        loadable(RW, BASE + 0x4600, 0x3600, 0x200, 0x4000),
    };
    return elf_file_make(segments, SEGMENTS, TABLE, FILE_SIZE, BASE + 0x1010);
}

static inline bool parses(const struct elf_file *file)
{
    struct elf_kernel kernel;
    struct message why = {.text = ""};
    bool accepted = elf_parse(file->bytes, file->size, &kernel, &why);
    if (!accepted) {
        print_message("%s\n", why.text);
    }
    return accepted;
}

static inline void assert_refused(const struct elf_file *file, const char *words)
{
    struct elf_kernel kernel;
    struct message why = {.text = ""};
    assert_false(elf_parse(file->bytes, file->size, &kernel, &why));
    assert_message_has(why.text, words);
    assert_true(why.length < MESSAGE_CAPACITY - 1); // not cut short
}

// Makes one change to the ordinary kernel and expects a refusal with the words.
#define ASSERT_REFUSED(change, words)                                                              \
    do {                                                                                           \
        struct elf_file file = ordinary_kernel();                                                  \
        struct elf64_header *header = elf_file_header(&file);                                      \
        struct elf64_program_header *segment = elf_file_segment(&file, 0);                         \
        (void)header;                                                                              \
        (void)segment;                                                                             \
        change;                                                                                    \
        assert_refused(&file, words);                                                              \
        elf_file_free(&file);                                                                      \
    } while (0)

#define ASSERT_ACCEPTED(change)                                                                    \
    do {                                                                                           \
        struct elf_file file = ordinary_kernel();                                                  \
        struct elf64_header *header = elf_file_header(&file);                                      \
        struct elf64_program_header *segment = elf_file_segment(&file, 0);                         \
        (void)header;                                                                              \
        (void)segment;                                                                             \
        change;                                                                                    \
        assert_true(parses(&file));                                                                \
        elf_file_free(&file);                                                                      \
    } while (0)

#endif
