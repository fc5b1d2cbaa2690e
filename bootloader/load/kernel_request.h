// Finds and checks the kernel's boot request (firstlight/boot_request.h). Called by stage 2 and by
// the host tool, which so refuse the same requests in the same words.
#ifndef LOAD_KERNEL_REQUEST_H
#define LOAD_KERNEL_REQUEST_H

#include "elf.h"
#include "firstlight/boot_request.h"
#include "message.h"

#include <stdbool.h>

#define DEFAULT_STACK_BYTES 0x10000u // 64 KiB

// No file is larger: a place in it and two 32-bit numbers add up to less than 2^64.
#define KERNEL_FILE_MAX (UINT64_MAX / 2)

// Looks through all PT_NOTE segments for the request. Fills *request with what the kernel asks, the
// fields it does not have being 0, and the defaults put in: stack_size is never 0 afterwards, nor
// physical_alignment. Without a request, all defaults. False, with a message that names the field,
// when a note passes its segment, there are two requests, the note is of an unknown type, or the
// request is malformed: version, size, bits of `required` that this loader does not know, any
// value outside what boot_request.h allows, fields that contradict one another; or when
// minimum_version is above BOOT_INFO_VERSION. (handover_addresses_fit refuses what collides.)
/*@ requires readable_file(kernel) && headers_inside(kernel);
    requires kernel->file_size <= KERNEL_FILE_MAX;
    requires \valid(request) && \valid(why) && \separated(kernel, request, why);
    requires \separated(kernel->file + (0 .. kernel->file_size - 1), request, why);
    requires \valid((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1));
    requires \separated((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1),
                        kernel->file + (0 .. kernel->file_size - 1), kernel, why);
    assigns *request, ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1], *why;
    ensures \result ==> request->stack_size != 0 && request->physical_alignment != 0; */
bool kernel_request_parse(const struct elf_kernel *kernel, struct boot_request *request,
                          struct message *why);

// What the request says of a kernel's physical memory, for image_item.flags: IMAGE_ITEM_*.
/*@ requires \valid_read(request);
    assigns \nothing; */
uint32_t kernel_request_item_flags(const struct boot_request *request);

#endif
