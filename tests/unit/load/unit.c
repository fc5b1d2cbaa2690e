// Helpers of all unit tests.
#include "unit.h"

#define PAGE 4096u

void *allocate_pages(size_t bytes)
{
    size_t rounded = (bytes + PAGE - 1) / PAGE * PAGE;
    void *memory = aligned_alloc(PAGE, rounded);
    assert_non_null(memory);
    memset(memory, 0xA5, rounded);
    return memory;
}

void free_pages(void *memory)
{
    free(memory);
}

void assert_message_has(const char *text, const char *words)
{
    if (strstr(text, words) == NULL) {
        fail_msg("\"%s\" does not contain \"%s\"", text, words);
    }
}
