// The tables that firmware leaves in memory.
#ifndef TABLES_H
#define TABLES_H

#include "firstlight/boot_info.h"

// Looks for them where a BIOS may have put them.
void tables_gather(struct boot_tables *tables);

#endif
