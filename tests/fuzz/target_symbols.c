// Fuzzes symbols_check: in a table that it accepts every symbol's name is found and ends, and the
// offsets ascend. Input: the item, a copy of its own at its end so that a byte behind is caught.
#include "symbols.h"

#include "firstlight/boot_info.h"
#include "fuzz.h"
#include "image_format.h"
#include "unit.h"

struct fuzz_area fuzz_fields(const uint8_t *bytes, size_t size, uint64_t choice)
{
    (void)bytes;
    (void)choice;
    return (struct fuzz_area){0, size};
}

// Nothing but sizes that add up comes past the first test.
static void repair(uint8_t *bytes, size_t size)
{
    struct symbols_header header;
    const size_t least = sizeof header + sizeof(struct boot_symbol) + 1;
    if (size < least) {
        return;
    }
    memcpy(&header, bytes, sizeof header);
    header.symbol_count =
        1 + header.symbol_count % ((size - sizeof header) / sizeof(struct boot_symbol));
    header.names_bytes =
        (uint32_t)(size - sizeof header - header.symbol_count * sizeof(struct boot_symbol));
    memcpy(bytes, &header, sizeof header);
    bytes[size - 1] = '\0';
}

fuzz_repair_function *const fuzz_repair = repair;

static void check_accepted(const uint8_t *item, size_t size)
{
    struct symbols_header header;
    assert_true(size >= sizeof header);
    memcpy(&header, item, sizeof header);
    const uint64_t names_at =
        sizeof header + (uint64_t)header.symbol_count * sizeof(struct boot_symbol);
    assert_int_equal(names_at + header.names_bytes, size);
    assert_int_not_equal(header.symbol_count, 0);
    uint32_t before = 0;
    for (uint32_t i = 0; i < header.symbol_count; i++) {
        struct boot_symbol symbol;
        memcpy(&symbol, item + sizeof header + i * sizeof symbol, sizeof symbol);
        assert_true(symbol.offset >= before);
        before = symbol.offset;
        const uint8_t *name = item + names_at + symbol.name;
        assert_true(name < item + size);
        assert_non_null(memchr(name, '\0', (size_t)(item + size - name)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct message why;
    uint8_t *item = fuzz_copy(bytes, size);
    if (symbols_check(item, size, &why)) {
        check_accepted(item, size);
    } else {
        fuzz_check_refusal(&why);
    }
    free(item);
    return 0;
}
