// Finds and claims memory. Called by everything in stage 2 that loads or builds something.
#include "place.h"

#include "console.h"

// Leaves in `wish` what was granted.
static bool grant(const struct memory_map *map, struct memory_wish *wish, bool required,
                  uint64_t *address)
{
    static const uint64_t alignments[] = {PAGE_SIZE_2M, PAGE_SIZE_4K};
    bool found = memory_map_find(map, wish, address);
    for (unsigned i = 0; !found && !required && i < sizeof alignments / sizeof alignments[0]; i++) {
        if (alignments[i] < wish->alignment) {
            wish->alignment = alignments[i];
            wish->phase %= alignments[i];
            found = memory_map_find(map, wish, address);
        }
    }
    return found;
}

uint64_t find_memory(const struct memory_map *map, struct memory_wish *wish, bool required,
                     const char *what)
{
    uint64_t address;
    if (!grant(map, wish, required, &address)) {
        const uint64_t largest = memory_map_largest(map, wish->minimum);
        fatal("not enough memory for %s: %llu KiB needed in one piece at a multiple of %llu KiB, "
              "largest free piece %llu KiB: add memory",
              what, (unsigned long long)(wish->bytes / 1024),
              (unsigned long long)(required ? wish->alignment : PAGE_SIZE) / 1024,
              (unsigned long long)(largest / 1024));
    }
    return address;
}

uint64_t place_memory(struct memory_map *map, struct memory_wish *wish, bool required,
                      uint32_t kind, const char *what)
{
    const uint64_t address = find_memory(map, wish, required, what);
    struct message why;
    if (!memory_map_claim(map, address, wish->bytes, BOOT_MEMORY_USABLE, kind, &why)) {
        fatal_message(&why);
    }
    return address;
}
