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
    const uint64_t n = random % room->count;
    //@ assert below: n < room->count;
    //@ assert reach: n * room->step <= (room->count - 1) * room->step;
    const uint64_t up = n * room->step;
    // Modulo 2^64, in steps that do not wrap: a prover knows nothing of a sum that does.
    const uint64_t to_wrap = UINT64_MAX - room->lowest;
    //@ assert modulo: slide_at(room, n) == (up <= to_wrap ? room->lowest + up : up - to_wrap - 1);
    return up <= to_wrap ? room->lowest + up : up - to_wrap - 1;
}

// ---- The seed on the command line ---------------------------------------------------------

/*@ predicate ends_word(char c) = 0 <= c <= ' ';

    logic integer digit_of(char c, integer base) =
        '0' <= c <= '9'                ? c - '0'
        : base == 16 && 'A' <= c <= 'F' ? c - 'A' + 10
        : base == 16 && 'a' <= c <= 'f' ? c - 'a' + 10
                                        : -1;

    // Of the first digits of a text.
    logic integer number_of(char *digits, integer count, integer base) =
        count <= 0 ? 0
                   : number_of(digits, count - 1, base) * base + digit_of(digits[count - 1], base);
    predicate all_digits(char *text, integer count, integer base) =
        \forall integer i; 0 <= i < count ==> digit_of(text[i], base) >= 0;

    // Of a text of so many bytes: the word that it begins with is a number, or none of 64 bits.
    predicate word_is(char *digits, integer bytes, integer base, integer number) =
        \exists integer count; 0 < count <= bytes && all_digits(digits, count, base) &&
            (count == bytes || ends_word(digits[count])) &&
            number == number_of(digits, count, base);
    predicate word_is_none(char *digits, integer bytes, integer base) =
        bytes == 0 || ends_word(digits[0]) ||
        \exists integer count; 0 <= count < bytes && all_digits(digits, count, base) &&
            !ends_word(digits[count]) && (digit_of(digits[count], base) < 0 ||
                number_of(digits, count + 1, base) > UINT64_MAX);

    predicate is_hexadecimal(char *text, integer bytes) =
        bytes > 2 && text[0] == '0' && text[1] == 'x';
    predicate number_is(char *text, integer bytes, integer number) =
        is_hexadecimal(text, bytes) ? word_is(text + 2, bytes - 2, 16, number)
                                    : word_is(text, bytes, 10, number);
    predicate number_is_none(char *text, integer bytes) =
        is_hexadecimal(text, bytes) ? word_is_none(text + 2, bytes - 2, 16)
                                    : word_is_none(text, bytes, 10);
*/

// Blanks and control characters end a word.
/*@ assigns \nothing;
    ensures \result <==> ends_word(c); */
static bool is_blank(char c)
{
    return c >= 0 && c <= ' ';
}

#define NO_DIGIT 16

// The value of a digit; NO_DIGIT or more of what is none.
/*@ assigns \nothing;
    ensures \result < 16 <==> digit_of(c, 16) >= 0;
    ensures \result < 16 ==> \result == digit_of(c, 16);
    ensures \result < 10 <==> digit_of(c, 10) >= 0;
    ensures \result < 10 ==> \result == digit_of(c, 10); */
static unsigned digit_value(char c)
{
    // Of either case: 'a' is 'A' + 32.
    const int digit = c <= '9' ? c - '0' : c < 'A' || c > 'f' ? NO_DIGIT : (c - 'A') % 32 + 10;
    return digit >= 0 ? (unsigned)digit : NO_DIGIT;
}

// The number that the text begins with, up to a blank or its end; false when it is none.
/*@ requires \base_addr(text) == \base_addr(end) && text <= end;
    requires \valid_read(text + (0 .. end - text - 1)) && \valid(number);
    requires \separated(text + (0 .. end - text - 1), number);
    assigns *number;
    ensures \result ==> number_is(text, end - text, *number);
    ensures !\result ==> number_is_none(text, end - text); */
static bool parse_number(const char *text, const char *end, uint64_t *number)
{
    unsigned base = 10;
    if (end - text > 2 && text[0] == '0' && text[1] == 'x') {
        base = 16;
        text += 2;
    }
    uint64_t value = 0;
    bool valid = false;
    //@ ghost const char *digits = text;
    //@ assert is_hexadecimal{Pre}(\at(text, Pre), end - \at(text, Pre)) <==> base == 16;
    /*@ loop invariant \base_addr(text) == \base_addr(end) && digits <= text <= end;
        loop invariant base == 10 || base == 16;
        loop invariant all_digits(digits, text - digits, base);
        loop invariant value == number_of(digits, text - digits, base);
        loop invariant valid <==> text != digits;
        loop assigns text, value, valid;
        loop variant end - text; */
    for (; text != end && !is_blank(*text); text++) {
        const unsigned digit = digit_value(*text);
        /*@ assert next: digit < base ==>
                number_of(digits, text - digits + 1, base) == value * base + digit; */
        /*@ assert limit_10: base == 10 && digit < base ==>
                (value <= (UINT64_MAX - digit) / base <==> value * 10 + digit <= UINT64_MAX); */
        /*@ assert limit_16: base == 16 && digit < base ==>
                (value <= (UINT64_MAX - digit) / base <==> value * 16 + digit <= UINT64_MAX); */
        valid = digit < base && value <= (UINT64_MAX - digit) / base;
        if (!valid) {
            break;
        }
        value = value * base + digit;
    }
    *number = value;
    return valid;
}

static const char seed_name[] = "seed=";
#define SEED_NAME_BYTES (sizeof(seed_name) - 1)

/*@ // 5 is SEED_NAME_BYTES.
    predicate seed_at(char *line, integer bytes, integer i) =
        0 <= i && i + 5 <= bytes && (i == 0 || ends_word(line[i - 1])) && line[i] == 's' &&
        line[i + 1] == 'e' && line[i + 2] == 'e' && line[i + 3] == 'd' && line[i + 4] == '=';
    predicate last_seed(char *line, integer bytes, integer last, integer end) =
        seed_at(line, bytes, last) && last < end &&
        \forall integer i; last < i < end ==> !seed_at(line, bytes, i);
*/

// The line is as it was: `why` lies elsewhere.
/*@ ensures found: *found <==> \exists integer i; seed_at{Pre}(command_line, bytes, i);
    ensures number: \result && *found ==>
        \exists integer last; last_seed{Pre}(command_line, bytes, last, bytes) &&
            number_is{Pre}(command_line + last + 5, bytes - last - 5, *seed);
    ensures none: !\result ==>
        \exists integer last; last_seed{Pre}(command_line, bytes, last, bytes) &&
            number_is_none{Pre}(command_line + last + 5, bytes - last - 5); */
bool slide_seed(const char *command_line, uint64_t bytes, bool *found, uint64_t *seed,
                struct message *why)
{
    bool valid = true;
    *found = false;
    //@ ghost uint64_t last = 0;
    /*@ loop invariant 0 <= i <= bytes;
        loop invariant found: *found ==> last_seed(command_line, bytes, last, i);
        loop invariant not_found: !*found ==>
            valid && \forall integer k; 0 <= k < i ==> !seed_at(command_line, bytes, k);
        loop invariant number: *found && valid ==>
            number_is(command_line + last + 5, bytes - last - 5, *seed);
        loop invariant none: !valid ==>
            number_is_none(command_line + last + 5, bytes - last - 5);
        loop assigns i, valid, last, *found, *seed;
        loop variant bytes - i; */
    for (uint64_t i = 0; i + SEED_NAME_BYTES <= bytes; i++) {
        //@ assert seed_name[0] == 's' && seed_name[1] == 'e' && seed_name[2] == 'e';
        //@ assert seed_name[3] == 'd' && seed_name[4] == '=';
        /*@ assert name: seed_at(command_line, bytes, i) <==>
                (i == 0 || ends_word(command_line[i - 1])) && command_line[i] == seed_name[0] &&
                command_line[i + 1] == seed_name[1] && command_line[i + 2] == seed_name[2] &&
                command_line[i + 3] == seed_name[3] && command_line[i + 4] == seed_name[4]; */
        if ((i == 0 || is_blank(command_line[i - 1])) &&
            memcmp(command_line + i, seed_name, SEED_NAME_BYTES) == 0) {
            //@ assert is_seed: seed_at(command_line, bytes, i);
            *found = true;
            //@ ghost last = i;
            valid = parse_number(command_line + i + SEED_NAME_BYTES, command_line + bytes, seed);
        }
        //@ assert no_other: seed_at(command_line, bytes, i) ==> *found && last == i;
    }
    //@ assert end: *found ==> last_seed(command_line, bytes, last, bytes);
    //@ assert not_found: !*found ==> \forall integer i; !seed_at(command_line, bytes, i);
    return valid || message_refuse(why, "seed= on the command line is no number of 64 bits: "
                                        "write digits, or 0x and digits");
}
