// The kernel's boot request as it lies in its file. Used by kernel_pack.c, which keeps that note
// and no other.
#ifndef IMAGE_KERNEL_NOTES_H
#define IMAGE_KERNEL_NOTES_H

#include "elf.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

#define NOTE_ALIGNMENT 4u // of names and descriptors

// Where in the file of a kernel, whose request kernel_request_parse has accepted, the note with the
// request lies. False when there is none.
bool kernel_note_find(const struct elf_kernel *kernel, uint64_t *offset, uint64_t *bytes);

// Whether every section .note.firstlight lies in a PT_NOTE segment: a loader sees no sections.
// False, with a message. A file whose sections cannot be read has none.
bool kernel_notes_covered(const struct elf_kernel *kernel, struct message *why);

#endif
