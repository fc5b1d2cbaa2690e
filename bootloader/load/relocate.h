// Relocations of a position-independent kernel (System V gABI 4.1 chapter 5, "Dynamic Section";
// AMD64 supplement 1.0, 4.4): R_X86_64_RELATIVE and R_X86_64_64 are known, R_X86_64_NONE is
// skipped, any other is refused by name.
#ifndef LOAD_RELOCATE_H
#define LOAD_RELOCATE_H

#include "elf.h"
#include "kernel_layout.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

// Checks the dynamic section and every relocation in it: known tags and sizes, tables inside the
// file's part of a segment, known types, symbols that are defined, targets of 8 bytes inside one
// segment. True at once for a kernel that is not position-independent. False, with a message, also
// for shared libraries wanted (DT_NEEDED), DT_REL and DT_RELR.
/*@ requires readable_file(kernel) && headers_inside(kernel) && dynamic_inside(kernel);
    requires kernel->file_size > 0;
    requires \valid(why) && \separated(kernel, why);
    assigns *why; */
bool relocate_check(const struct elf_kernel *kernel, struct message *why);

// Checks and applies them, for kernel->slide, in kernel memory that has been filled
// (kernel_layout_fill). A target that would hit the program headers is refused, too.
/*@ requires planned(layout) && dynamic_inside(layout->elf);
    requires memory == \null || \valid(memory + (0 .. layout->memory_bytes - 1));
    requires \valid(why) && \separated(layout, layout->elf, why);
    assigns *why, memory[0 .. layout->elf->program_header_offset - 1],
            memory[headers_end(layout->elf) .. layout->memory_bytes - 1]; */
bool relocate(const struct kernel_layout *layout, uint8_t *memory, struct message *why);

#endif
