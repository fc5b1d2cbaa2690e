// The half of elf_parse that checks program headers. Called by elf.c alone; what it promises stands
// in elf.h.
#ifndef LOAD_ELF_SEGMENTS_H
#define LOAD_ELF_SEGMENTS_H

#include "elf.h"

// `kernel` has the file, its entry, the place of its program headers, position_independent, and
// alignment 4096; sets the rest.
bool elf_check_segments(struct elf_kernel *kernel, struct message *why);

#endif
