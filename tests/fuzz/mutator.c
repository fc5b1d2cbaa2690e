// The mutator of targets whose parsers stand behind a checksum: changes bytes as libFuzzer does, or
// a field as a hostile writer would, then lets the target repair the sums. Called by libFuzzer.
#include "fuzz.h"

#include "unit.h"

#define PAGE 0x1000ull

// Of so many inputs one goes on with its sums wrong.
#define UNREPAIRED 32u
// Of so many inputs one has fields changed.
#define FIELD_CHANGES 2u

// `other` is another field of the input.
static uint64_t interesting_number(uint64_t *seed, uint64_t now, uint64_t other)
{
    static const uint64_t numbers[] = {
        0,          1,          2,          127,        128,        511,        512,
        PAGE - 1,   PAGE,       0x200000,   0x40000000, UINT32_MAX, UINT64_MAX, 1ull << 63,
        1ull << 32, 1ull << 47, 1ull << 31, 0x7FFF,     0xFFFF,     0xB8000,    ~(PAGE - 1),
        INT64_MAX,  0x100000,   24,         8,
    };
    const uint64_t number = numbers[random_below(seed, sizeof numbers / sizeof numbers[0])];
    switch (random_below(seed, 9)) {
    case 0:
        return now + number;
    case 1:
        return now - number;
    case 2:
        return now + random_below(seed, 17) - 8;
    case 3:
        return now ^ 1ull << random_below(seed, 64);
    case 4:
        return number - random_below(seed, 3);
    case 5:
        return other + random_below(seed, 3) * number;
    case 6:
        return now + other;
    case 7:
        return (now | (PAGE - 1)) - random_below(seed, 9); // about the end of a page
    default:
        return number;
    }
}

static void change_field(uint8_t *bytes, size_t size, uint64_t *seed)
{
    struct fuzz_area area = fuzz_fields(bytes, size, random_next(seed) >> 11);
    const size_t width = (size_t)1 << random_below(seed, 4);
    if (area.start >= size || size - area.start < width) {
        return;
    }
    area.bytes = area.bytes < size - area.start ? area.bytes : size - area.start;
    if (area.bytes < width) {
        return;
    }
    uint8_t *fields = bytes + area.start;
    uint8_t *field = fields + random_below(seed, area.bytes / width) * width;
    uint64_t number = 0;
    uint64_t other = 0;
    memcpy(&number, field, width);
    memcpy(&other, fields + random_below(seed, area.bytes / width) * width, width);
    number = interesting_number(seed, number, other);
    memcpy(field, &number, width);
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t most, unsigned seed)
{
    uint64_t random = 1 + (uint64_t)seed;
    if (random_chance(&random, FIELD_CHANGES)) {
        do {
            change_field(bytes, size, &random);
        } while (random_chance(&random, 2));
    } else {
        size = LLVMFuzzerMutate(bytes, size, most);
    }
    if (fuzz_repair != NULL && !random_chance(&random, UNREPAIRED)) {
        fuzz_repair(bytes, size);
    }
    return size;
}
