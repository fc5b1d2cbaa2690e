// The half of elf_parse that checks program headers. Called by elf.c alone; what it promises stands
// in elf.h.
#ifndef LOAD_ELF_SEGMENTS_H
#define LOAD_ELF_SEGMENTS_H

#include "elf.h"

/*@ predicate same_file{K, L}(struct elf_kernel *kernel) =
        \at(kernel->file, K) == \at(kernel->file, L) &&
        \at(kernel->file_size, K) == \at(kernel->file_size, L) &&
        \at(kernel->slide, K) == \at(kernel->slide, L) &&
        \at(kernel->program_header_offset, K) == \at(kernel->program_header_offset, L) &&
        \at(kernel->program_header_count, K) == \at(kernel->program_header_count, L);
*/

// `kernel` has the file, its entry, the place of its program headers, position_independent, and
// alignment 4096; sets the rest.
/*@ requires \valid(kernel) && \valid(why) && readable_file(kernel) && headers_inside(kernel);
    requires \separated(kernel, why);
    requires kernel->segment_count == 0 && kernel->program_header_count <= ELF_PN_XNUM;
    requires dynamic_inside(kernel);
    assigns *kernel, *why;
    ensures \result ==> same_file{Pre, Post}(kernel) && dynamic_inside(kernel);
    ensures \result ==> kernel->segment_count >= 1; */
bool elf_check_segments(struct elf_kernel *kernel, struct message *why);

#endif
