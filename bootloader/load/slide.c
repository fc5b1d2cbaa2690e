// Where a position-independent kernel may go, and which of these places it gets. Called by stage 2;
// the host tool tells with it what stage 2 will do.
#include "slide.h"

#include "page.h"

#include <string.h>

#define TWO_GIB         0x80000000u
#define TOP_TWO_GIB     (0 - (uint64_t)TWO_GIB)
#define SLOT_BYTES      0x8000000000u       // 512 GiB: one entry of the PML4
#define LOW_HALF_END    0x0000800000000000u // of the lower canonical half
#define KEPT_FREE_BYTES PAGE_SIZE_2M        // at the end of either half

bool slide_room_for(const struct elf_kernel *kernel, uint64_t step, struct slide_room *room,
                    struct message *why)
{
    const uint64_t base = kernel->virtual_base;
    const bool below_two_gib = base < TWO_GIB;
    *room = (struct slide_room){.step = step, .count = 1};
    if (!kernel->position_independent) {
        return true;
    }
    if (room->step < kernel->alignment) {
        room->step = kernel->alignment;
    }
    // From the start of the room, a multiple of the step, to the base at the lowest slide, and to
    // the room's end: that of the base's slot, so that no slide brings the kernel into another,
    // which may have been requested for something else.
    uint64_t offset = base & (room->step - 1);
    uint64_t start = base - offset;
    uint64_t bytes = (base | (SLOT_BYTES - 1)) + 1 - start;
    if (below_two_gib || base >= TOP_TWO_GIB) {
        start = TOP_TWO_GIB;
        bytes = TWO_GIB;
    }
    uint64_t usable = (start < LOW_HALF_END ? LOW_HALF_END : 0) - start;
    usable -= usable < KEPT_FREE_BYTES ? usable : KEPT_FREE_BYTES;
    if (bytes > usable) {
        bytes = usable;
    }
    const uint64_t size = kernel->virtual_end - base; // 0: from 0 to 2^64
    if (size - 1 >= bytes || offset > bytes - size) {
        // It can stay where it was linked to run.
        return !below_two_gib ||
               message_refuse(why, "the kernel does not fit into the top 2 GiB with its alignment: "
                                   "make it smaller");
    }
    room->lowest = start + offset - base;
    room->count = (bytes - size - offset) / room->step + 1;
    room->unmoved = below_two_gib ? room->lowest : 0;
    return true;
}

uint64_t slide_pick(const struct slide_room *room, uint64_t random)
{
    return room->lowest + random % room->count * room->step;
}

// ---- The seed on the command line ---------------------------------------------------------

// Blanks and control characters end a word.
static bool is_blank(char c)
{
    return (unsigned char)c <= ' ';
}

// The number that the text begins with, up to a blank or its end; false when it is none.
static bool parse_number(const char *text, const char *end, uint64_t *number)
{
    unsigned base = 10;
    if (end - text > 2 && text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
    }
    uint64_t value = 0;
    bool valid = false;
    for (; text != end && !is_blank(*text); text++) {
        unsigned digit = (unsigned)*text - '0';
        const unsigned letter = ((unsigned)*text | 0x20) - 'a'; // of either case
        if (digit > 9) {
            digit = letter < 6 ? letter + 10 : base;
        }
        valid = digit < base && value <= (UINT64_MAX - digit) / base;
        if (!valid) {
            break;
        }
        value = value * base + digit;
    }
    *number = value;
    return valid;
}

bool slide_seed(const char *command_line, uint64_t bytes, bool *found, uint64_t *seed,
                struct message *why)
{
    static const char name[] = "seed=";
    const uint64_t name_bytes = sizeof name - 1;
    bool valid = true;
    *found = false;
    for (uint64_t i = 0; i + name_bytes <= bytes; i++) {
        if ((i == 0 || is_blank(command_line[i - 1])) &&
            memcmp(command_line + i, name, name_bytes) == 0) {
            *found = true;
            valid = parse_number(command_line + i + name_bytes, command_line + bytes, seed);
        }
    }
    return valid || message_refuse(why, "seed= on the command line is no number of 64 bits: "
                                        "write digits, or 0x and digits");
}
