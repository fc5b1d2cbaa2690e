// What boot_info promises of its own fields (firstlight/boot_info.h), each a check that panics when
// it is broken. Holds on every machine and for every request. Used by the test kernels.
#ifndef TEST_CHECK_INFO_H
#define TEST_CHECK_INFO_H

#include "firstlight/boot_info.h"

// All of the below, and where there is a direct map what check_memory.h has.
void check_boot_info(const struct boot_info *info);

// Versions, flags, reserved fields, the loader's name, the command line.
void check_identity(const struct boot_info *info);

// Kernel, stack, hand-over page and direct map are where and as large as promised.
void check_address_space(const struct boot_info *info);

// What came along with the kernel: modules, symbols, the template of thread-local storage.
void check_modules(const struct boot_info *info);
void check_symbols(const struct boot_info *info);
void check_tls(const struct boot_info *info);

// What the machine has (check_machine.c).
void check_screen(const struct boot_info *info);
void check_tables(const struct boot_info *info);
void check_disk(const struct boot_info *info);
void check_entropy(const struct boot_info *info);
void check_timestamps(const struct boot_info *info);

#endif
