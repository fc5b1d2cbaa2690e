// Looks at the fake machine as the kernel would find it, through the page tables it is entered
// with, and holds it against the boot contract.
#ifndef ENTERED_KERNEL_H
#define ENTERED_KERNEL_H

#include "boot_image.h"
#include "elf_builder.h"
#include "fake_machine.h"
#include "firstlight/boot_info.h"
#include "firstlight/boot_request.h"
#include "page_walker.h"

#include <stdbool.h>
#include <stdint.h>

struct entered_kernel {
    const struct fake_machine *machine;
    struct boot_request asked;
    struct page_walker walker;
    struct boot_info info;
    struct boot_memory_range *map; // info.memory_map_count of them
    bool has_symbols;
    uint64_t largest_page; // mapped, in bytes
    uint64_t tables;       // that map all there is
};

// Fails the test unless the boot has ended in the kernel and everything that does not depend on
// the kernel's content is as the contract says.
void entered_kernel_begin(struct entered_kernel *kernel, const struct fake_machine *machine);
// The same for a kernel that has asked for something: its request, the defaults put in.
void entered_kernel_begin_asked(struct entered_kernel *kernel, const struct fake_machine *machine,
                                const struct boot_request *asked);
void entered_kernel_end(struct entered_kernel *kernel);

// Reads what the kernel finds at a virtual address; all of it must be mapped, to memory that the
// loader has asked for.
void entered_kernel_read(const struct entered_kernel *kernel, uint64_t address, void *destination,
                         uint64_t bytes);
// The physical address of a virtual one that must be mapped.
uint64_t entered_kernel_physical(const struct entered_kernel *kernel, uint64_t address);
// Fails the test unless every page of [address, address + bytes) is mapped with this access.
void entered_kernel_check_access(const struct entered_kernel *kernel, uint64_t address,
                                 uint64_t bytes, uint32_t flags);

// Fails the test unless the segments of `file` are where and what they should be.
void entered_kernel_check_segments(const struct entered_kernel *kernel,
                                   const struct elf_file *file);
// Fails the test unless the kernel gets these modules, or the symbols of this item.
void entered_kernel_check_modules(const struct entered_kernel *kernel,
                                  const struct boot_image_module *modules, uint32_t count);
void entered_kernel_check_symbols(const struct entered_kernel *kernel, const uint8_t *item,
                                  uint64_t bytes);

// Fails the test unless steps and items have time stamps that can be.
void entered_kernel_check_times(const struct entered_kernel *kernel);

void entered_kernel_check_command_line(const struct entered_kernel *kernel, const char *text);

#endif
