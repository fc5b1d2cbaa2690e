// Where a position-independent kernel goes.
//
// Its linked addresses tell which code model it may have been compiled for, and that how far it may
// move:
//
//     linked            room it is slid in                                    without randomisation
//     below 2 GiB       top 2 GiB                                             the bottom of that
//     in the top 2 GiB  the same: sign-extended 32-bit addresses stay right   where it was linked
//     elsewhere         from there up to the end of its 512 GiB (PML4 entry)  where it was linked
//
// The last 2 MiB of either half of the address space are no part of a room. A kernel that does not
// fit into its room stays where it was linked, unless that is below 2 GiB. So no slide moves a
// segment to another entry of the PML4.
#ifndef LOAD_SLIDE_H
#define LOAD_SLIDE_H

#include "elf.h"
#include "message.h"

#include <stdbool.h>
#include <stdint.h>

struct slide_room {
    uint64_t lowest;  // slides allowed: lowest + n * step, modulo 2^64,
    uint64_t step;    // a power of two,
    uint64_t count;   // for n below count, at least 1
    uint64_t unmoved; // without randomisation
};

/*@ // That no step wraps, as slide_room_for leaves a room.
    predicate is_room(struct slide_room *room) =
        room->count > 0 && (room->count - 1) * room->step <= UINT64_MAX;

    logic integer slide_at(struct slide_room *room, integer n) =
        room->lowest + n * room->step <= UINT64_MAX
            ? room->lowest + n * room->step
            : room->lowest + n * room->step - UINT64_MAX - 1;
*/

// The room for a kernel with slide 0; `step` is a power of two of at least 4096, and the kernel's
// alignment where that is more. One slide, 0, for a kernel that is not position-independent.
// False, with a message, when a kernel linked below 2 GiB is too large for its room.
bool slide_room_for(const struct elf_kernel *kernel, uint64_t step, struct slide_room *room,
                    struct message *why);

// One of the room's slides for 64 random bits.
/*@ requires \valid_read(room) && is_room(room);
    assigns \nothing;
    ensures \exists integer n; 0 <= n < room->count && \result == slide_at(room, n); */
uint64_t slide_pick(const struct slide_room *room, uint64_t random);

// Finds the last word "seed=NUMBER" of a command line (words are separated by blanks; NUMBER is
// decimal, or hexadecimal with 0x in front, at most 64 bits). *found tells whether there is one.
// False, with a message, when its number is none.
/*@ requires \valid_read(command_line + (0 .. bytes - 1)) && bytes <= INT64_MAX;
    requires \valid(found) && \valid(seed) && \valid(why) && \separated(found, seed, why);
    requires \separated(command_line + (0 .. bytes - 1), found, seed, why);
    assigns *found, *seed, *why;
    ensures !\result ==> *found; */
bool slide_seed(const char *command_line, uint64_t bytes, bool *found, uint64_t *seed,
                struct message *why);

#endif
