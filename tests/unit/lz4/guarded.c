// Memory between pages that cannot be touched.
#include "guarded.h"

#include "page.h"
#include "unit.h"

#include <sys/mman.h>

#define GUARDS ((size_t)2 * PAGE_SIZE_4K)

struct guarded guarded_allocate(size_t bytes, enum guarded_side side)
{
    struct guarded memory = {.pages_bytes = (size_t)page_round_up(bytes) + GUARDS};
    memory.pages = mmap(NULL, memory.pages_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory.pages, MAP_FAILED);
    const size_t inner = memory.pages_bytes - GUARDS;
    uint8_t *first = memory.pages + PAGE_SIZE_4K;
    if (inner != 0) {
        assert_int_equal(mprotect(first, inner, PROT_READ | PROT_WRITE), 0);
        memset(first, GUARDED_FILLING, inner);
    }
    memory.bytes = side == GUARD_BEHIND ? first + inner - bytes : first;
    return memory;
}

void guarded_release(struct guarded *memory)
{
    assert_int_equal(munmap(memory->pages, memory->pages_bytes), 0);
}
