// What the files of bootimage inspect share: inspect.c has the command and the table of parts,
// inspect_kernel.c the kernel and what it asks for, inspect_boot.c what the loader will do, and
// inspect_json.c all of it for programs.
#ifndef BOOTIMAGE_INSPECT_H
#define BOOTIMAGE_INSPECT_H

#include "boot_preview.h"
#include "image_file.h"
#include "image_read.h"
#include "json.h"

#include <stdbool.h>
#include <stdint.h>

// Prints segments and boot request of a kernel that has been read.
void print_kernel(const struct image_report *report);

// Prints the plan of a boot.
void print_boot(const struct boot_preview *preview);

// Begins the JSON object with what is in the image, and ends it with the plan of a boot and the
// problems. `preview` is NULL, and `why` the reason, where no boot can be planned; `why` is NULL
// where there is no kernel to plan with.
void json_print_image(struct json *json, const struct image_report *report);
void json_print_plan(struct json *json, const struct image_file *file,
                     const struct boot_preview *preview, const struct message *why);

// How the pages of a segment come to be: "in place", "copied" or "zeros".
const char *segment_placement(const struct kernel_run *run, const struct elf_segment *segment);

// What the kernel's note says; what it does not say is 0. False when there is none.
bool read_request(const struct elf_kernel *elf, struct boot_request *asked);

#endif
