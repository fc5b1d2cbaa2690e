// Reads page tables as the CPU does, for the unit tests. Written from Intel SDM volume 3A, section
// 4.5, not from page_tables.c.
#include "page_walker.h"

#include "unit.h"

#define BIT(n)         ((uint64_t)1 << (n))
#define PHYSICAL_BITS  52
#define LEVEL_BITS     9
#define LOWEST_SHIFT   12
#define HIGHEST_SHIFT  39
#define ALL_READ_WRITE BIT(1)

// Bits that the loader has no reason to set: user, write-through, cache-disable, accessed, dirty,
// global, and those that software may use.
#define UNWANTED                                                                                   \
    (BIT(2) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | 0xE00u | 0x7FF0000000000000u)

static const uint64_t *table_at(const struct page_walker *walker, uint64_t physical)
{
    assert_true(physical % 4096 == 0 && physical >= walker->pool_physical);
    assert_true(physical - walker->pool_physical <= walker->pool_bytes - 4096);
    return (const uint64_t *)(const void *)(walker->pool + (physical - walker->pool_physical));
}

// What an entry maps or points to; the low bits are cleared.
static uint64_t address_in(uint64_t entry, uint64_t size)
{
    uint64_t address = entry & (BIT(PHYSICAL_BITS) - 1) & ~(uint64_t)0xFFF;
    assert_int_equal(address % size, 0); // bits 12 and up are reserved in large pages
    return address;
}

static bool is_page(uint64_t entry, unsigned shift)
{
    assert_int_equal(entry & UNWANTED, 0);
    bool large = (entry & BIT(7)) != 0;
    assert_true(!large || (shift > LOWEST_SHIFT && shift < HIGHEST_SHIFT));
    return shift == LOWEST_SHIFT || large;
}

static uint64_t canonical(uint64_t address)
{
    return (address & BIT(47)) != 0 ? address | 0xFFFF000000000000u : address;
}

bool page_walker_find(const struct page_walker *walker, uint64_t virtual_address,
                      struct mapping *mapping)
{
    uint64_t table = walker->root_physical;
    *mapping = (struct mapping){.writable = true};
    for (unsigned shift = HIGHEST_SHIFT;; shift -= LEVEL_BITS) {
        uint64_t entry = table_at(walker, table)[virtual_address >> shift & 511];
        if ((entry & BIT(0)) == 0) {
            assert_int_equal(entry, 0);
            return false;
        }
        mapping->writable &= (entry & ALL_READ_WRITE) != 0;
        mapping->no_execute |= (entry & BIT(63)) != 0;
        if (is_page(entry, shift)) {
            mapping->size = BIT(shift);
            mapping->virtual_address = virtual_address & ~(BIT(shift) - 1);
            mapping->physical_address = address_in(entry, BIT(shift));
            return true;
        }
        table = address_in(entry, 4096);
    }
}

struct visit_state {
    const struct page_walker *walker;
    mapping_visitor *visit;
    void *context;
    uint64_t tables;
};

static void visit_table(struct visit_state *state, uint64_t physical, unsigned shift,
                        const struct mapping *above)
{
    const uint64_t *table = table_at(state->walker, physical);
    state->tables++;
    for (uint64_t i = 0; i < 512; i++) {
        uint64_t entry = table[i];
        if (shift == HIGHEST_SHIFT && i != 0 && i == state->walker->recursive_slot) {
            assert_int_equal(entry, physical | 3 | (state->walker->nx ? BIT(63) : 0));
            continue;
        }
        if ((entry & BIT(0)) == 0) {
            assert_int_equal(entry, 0);
            continue;
        }
        struct mapping mapping = {
            .virtual_address = canonical(above->virtual_address | i << shift),
            .size = BIT(shift),
            .writable = above->writable && (entry & ALL_READ_WRITE) != 0,
            .no_execute = above->no_execute || (entry & BIT(63)) != 0,
        };
        if (is_page(entry, shift)) {
            mapping.physical_address = address_in(entry, BIT(shift));
            state->visit(&mapping, state->context);
        } else {
            visit_table(state, address_in(entry, 4096), shift - LEVEL_BITS, &mapping);
        }
    }
}

uint64_t page_walker_visit(const struct page_walker *walker, mapping_visitor *visit, void *context)
{
    struct visit_state state = {.walker = walker, .visit = visit, .context = context};
    struct mapping all = {.writable = true};
    visit_table(&state, walker->root_physical, HIGHEST_SHIFT, &all);
    return state.tables;
}
