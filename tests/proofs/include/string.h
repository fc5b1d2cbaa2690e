// What the proofs assume of <string.h>, in the place of the C library's. Included by load's sources
// when Frama-C reads them.
//
// The memory model has cells of one type each, no bytes, so one contract of memcpy on void pointers
// would say nothing. Each pair of types that load copies between has its own contract, chosen by
// the destination's type; all others are copies of bytes.
#ifndef PROOFS_STRING_H
#define PROOFS_STRING_H

#include <stddef.h>
#include <stdint.h>

// clang-format off
/*@ requires destination: \valid((uint8_t *)destination + (0 .. bytes - 1));
    requires source: \valid_read((uint8_t *)source + (0 .. bytes - 1));
    requires apart: \separated((uint8_t *)destination + (0 .. bytes - 1),
                               (uint8_t *)source + (0 .. bytes - 1));
    assigns ((uint8_t *)destination)[0 .. bytes - 1];
    ensures \forall integer i; 0 <= i < bytes ==>
        ((uint8_t *)destination)[i] == ((uint8_t *)source)[i]; */
void copy_bytes(void *destination, const void *source, size_t bytes);

/*@ requires destination: \valid((uint8_t *)destination + (0 .. bytes - 1));
    requires value == 0;
    assigns ((uint8_t *)destination)[0 .. bytes - 1];
    ensures \forall integer i; 0 <= i < bytes ==> ((uint8_t *)destination)[i] == 0; */
void set_bytes(void *destination, int value, size_t bytes);

/*@ // The sum, modulo 256, that is 0 in firmware's tables and in EDID.
    logic integer sum_of(uint8_t *bytes, integer count) =
        count <= 0 ? 0 : (uint8_t)(sum_of(bytes, count - 1) + bytes[count - 1]);
*/

/*@ requires \valid_read((uint8_t *)bytes + (0 .. count - 1));
    requires \valid_read((char *)text + (0 .. count - 1));
    assigns \nothing; */
int memcmp(const void *bytes, const void *text, size_t count);

#define IS(type, value) __builtin_types_compatible_p(__typeof__(value), type)

#ifdef LOAD_DECOMPRESS_H

/*@ requires \valid(header) && bytes == sizeof(struct compressed_header);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *header; */
void copy_compressed_header(struct compressed_header *header, const void *source, size_t bytes);

/*@ requires \valid(number) && bytes == sizeof(uint32_t);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *number; */
void copy_block_bytes(uint32_t *number, const void *source, size_t bytes);

#define memcpy(destination, source, bytes)                                                         \
    (IS(struct compressed_header *, destination)                                                   \
         ? copy_compressed_header((void *)(destination), source, bytes)                            \
         : copy_block_bytes((void *)(destination), source, bytes))
#define memset(destination, value, bytes) set_bytes(destination, value, bytes)

#elif defined(LOAD_CHECKSUM_H)

/*@ requires destination: \valid(destination + (0 .. bytes / 8 - 1));
    requires source: \valid_read((uint8_t *)source + (0 .. bytes - 1));
    requires bytes % 8 == 0;
    assigns destination[0 .. bytes / 8 - 1]; */
void copy_to_words(uint64_t *destination, const void *source, size_t bytes);

/*@ requires destination: \valid(state);
    requires value == 0 && bytes == sizeof(struct checksum_state);
    assigns *state;
    ensures state->sum[0] == 0 && state->sum[1] == 0 && state->weighted[0] == 0 &&
            state->weighted[1] == 0 && state->bytes == 0; */
void clear_checksum_state(struct checksum_state *state, int value, size_t bytes);

#define memcpy(destination, source, bytes)                                                         \
    (IS(uint64_t[CHECKSUM_GROUP_SIZE / 8], destination)                                            \
         ? copy_to_words((void *)(destination), source, bytes)                                     \
         : copy_bytes(destination, source, bytes))
#define memset(destination, value, bytes)                                                          \
    (IS(struct checksum_state *, destination)                                                      \
         ? clear_checksum_state((void *)(destination), value, bytes)                               \
         : set_bytes(destination, value, bytes))

#elif defined(LOAD_SLIDE_H)

/*@ requires bytes == 5;
    requires \valid_read(text + (0 .. bytes - 1)) && \valid_read(other + (0 .. bytes - 1));
    assigns \nothing;
    ensures \result == 0 <==> text[0] == other[0] && text[1] == other[1] && text[2] == other[2] &&
            text[3] == other[3] && text[4] == other[4]; */
int compare_text(const char *text, const char *other, size_t bytes);

#define memcmp(text, other, bytes) compare_text(text, other, bytes)

#elif defined(LOAD_KERNEL_REQUEST_H)

/*@ // x86-64 keeps the lowest byte first.
    logic integer number_of_4(uint8_t *bytes) =
        bytes[0] + 0x100 * bytes[1] + 0x10000 * bytes[2] + 0x1000000 * bytes[3];
    logic integer number_of_8(uint8_t *bytes) =
        number_of_4(bytes) + 0x100000000 * number_of_4(bytes + 4);

    // That the fields and the bytes of a request are the same memory.
    predicate made_of_bytes(struct boot_request *request) =
        request->required == number_of_8((uint8_t *)request + 8) &&
        request->minimum_version == number_of_4((uint8_t *)request + 16) &&
        request->flags == number_of_4((uint8_t *)request + 20) &&
        request->stack_size == number_of_8((uint8_t *)request + 24) &&
        request->direct_map == number_of_8((uint8_t *)request + 32) &&
        request->recursive_slot == number_of_4((uint8_t *)request + 40) &&
        request->video == number_of_4((uint8_t *)request + 44) &&
        request->width == number_of_4((uint8_t *)request + 48) &&
        request->height == number_of_4((uint8_t *)request + 52) &&
        request->depth == number_of_4((uint8_t *)request + 56) &&
        request->reserved == number_of_4((uint8_t *)request + 60) &&
        request->physical_alignment == number_of_8((uint8_t *)request + 64);
*/

/*@ requires \valid(value) && *value == 0 && (bytes == 4 || bytes == 8);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *value;
    ensures bytes == 4 ==> *value == number_of_4((uint8_t *)source);
    ensures bytes == 8 ==> *value == number_of_8((uint8_t *)source); */
void copy_field(uint64_t *value, const void *source, size_t bytes);

// What is copied out of a file is any value at all.
/*@ requires \valid(request) && bytes <= sizeof(struct boot_request);
    requires \valid((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1));
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    requires apart: \separated((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1),
                               (uint8_t *)source + (0 .. bytes - 1));
    assigns *request, ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1];
    ensures made_of_bytes(request); */
void copy_request(struct boot_request *request, const void *source, size_t bytes);

struct note_header;

/*@ requires \valid(number + (0 .. 2)) && bytes == 3 * sizeof(uint32_t);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns number[0 .. 2]; */
void copy_note_header(uint32_t *number, const void *source, size_t bytes);

/*@ requires \valid(request) && value == 0 && bytes == sizeof(struct boot_request);
    requires \valid((uint8_t *)request + (0 .. sizeof(struct boot_request) - 1));
    assigns *request, ((uint8_t *)request)[0 .. sizeof(struct boot_request) - 1];
    ensures made_of_bytes(request);
    ensures request->version == 0 && request->required == 0 && request->minimum_version == 0 &&
            request->flags == 0 && request->stack_size == 0 && request->direct_map == 0 &&
            request->recursive_slot == 0 && request->video == 0 && request->width == 0 &&
            request->height == 0 && request->depth == 0 && request->reserved == 0 &&
            request->physical_alignment == 0; */
void clear_request(struct boot_request *request, int value, size_t bytes);

#define memset(destination, value, bytes) clear_request(destination, value, bytes)
#define memcpy(destination, source, bytes)                                                         \
    (IS(struct boot_request *, destination) ? copy_request((void *)(destination), source, bytes)   \
     : IS(uint64_t *, destination)          ? copy_field((void *)(destination), source, bytes)     \
                                   : copy_note_header((void *)(destination), source, bytes))

#elif defined(LOAD_RELOCATE_H)

// What is copied out of a kernel's file is any value at all.
/*@ requires \valid(entry) && bytes == sizeof(struct elf64_dynamic_entry);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *entry; */
void copy_dynamic_entry(struct elf64_dynamic_entry *entry, const void *source, size_t bytes);

/*@ requires \valid(relocation) && bytes == sizeof(struct elf64_relocation);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *relocation; */
void copy_relocation(struct elf64_relocation *relocation, const void *source, size_t bytes);

/*@ requires \valid(symbol) && bytes == sizeof(struct elf64_symbol);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *symbol; */
void copy_symbol(struct elf64_symbol *symbol, const void *source, size_t bytes);

/*@ requires \valid((uint8_t *)destination + (0 .. bytes - 1));
    requires \valid_read((uint64_t *)value) && bytes == sizeof(uint64_t);
    assigns ((uint8_t *)destination)[0 .. bytes - 1]; */
void put_value(void *destination, const void *value, size_t bytes);

/*@ requires value == 0 && bytes % sizeof(uint64_t) == 0;
    requires \valid(values + (0 .. bytes / sizeof(uint64_t) - 1));
    assigns values[0 .. bytes / sizeof(uint64_t) - 1]; */
void clear_values(uint64_t *values, int value, size_t bytes);

#define memset(destination, value, bytes) clear_values(destination, value, bytes)
#define memcpy(destination, source, bytes)                                                         \
    (IS(struct elf64_dynamic_entry *, destination)                                                 \
         ? copy_dynamic_entry((void *)(destination), source, bytes)                                \
     : IS(struct elf64_relocation *, destination)                                                  \
         ? copy_relocation((void *)(destination), source, bytes)                                   \
     : IS(struct elf64_symbol *, destination) ? copy_symbol((void *)(destination), source, bytes)  \
                                              : put_value((void *)(destination), source, bytes))

#elif defined(LOAD_ELF_H)

/*@ requires \valid(header) && bytes == sizeof(struct elf64_header);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *header; */
void copy_elf_header(struct elf64_header *header, const void *source, size_t bytes);

/*@ requires \valid(value) && bytes <= sizeof(uint32_t);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *value; */
void copy_field(uint32_t *value, const void *source, size_t bytes);

// What is copied out of a kernel's file is any value at all.
/*@ requires \valid(header) && bytes == sizeof(struct elf64_program_header);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *header; */
void copy_program_header(struct elf64_program_header *header, const void *source, size_t bytes);

/*@ requires \valid(kernel) && value == 0 && bytes == sizeof(struct elf_kernel);
    assigns *kernel;
    ensures kernel->segment_count == 0 && kernel->slide == 0;
    ensures kernel->dynamic_offset == 0 && kernel->dynamic_size == 0; */
void clear_kernel(struct elf_kernel *kernel, int value, size_t bytes);

#define memset(destination, value, bytes) clear_kernel(destination, value, bytes)
#define memcpy(destination, source, bytes)                                                         \
    (IS(struct elf64_program_header *, destination)                                                \
         ? copy_program_header((void *)(destination), source, bytes)                               \
     : IS(struct elf64_header *, destination)                                                      \
         ? copy_elf_header((void *)(destination), source, bytes)                                   \
     : IS(uint32_t *, destination) ? copy_field((void *)(destination), source, bytes)              \
         : copy_bytes(destination, source, bytes))

#elif defined(LOAD_FIRMWARE_TABLES_H)

/*@ requires \valid(destination) && bytes == sizeof(uint32_t);
    requires \valid_read((uint8_t *)source + (0 .. bytes - 1));
    assigns *destination;
    ensures *destination == ((uint8_t *)source)[0] + 0x100 * ((uint8_t *)source)[1] +
            0x10000 * ((uint8_t *)source)[2] + 0x1000000 * ((uint8_t *)source)[3]; */
void copy_number(uint32_t *destination, const void *source, size_t bytes);

#define memcpy(destination, source, bytes)                                                         \
    (IS(uint32_t *, destination) ? copy_number((void *)(destination), source, bytes)               \
                                 : copy_bytes(destination, source, bytes))

#elif defined(LOAD_LZ4_DECODE_H)

#define memcpy(destination, source, bytes) copy_bytes(destination, source, bytes)

#elif defined(LOAD_VIDEO_MODE_H)

/*@ requires \valid(destination);
    requires value == UINT8_MAX && bytes == sizeof(struct video_search);
    assigns *destination;
    ensures destination->best == UINT64_MAX;
    ensures \forall integer i; 0 <= i < VIDEO_OFFERS_MAX ==>
        destination->offers[i] == UINT64_MAX; */
void fill_video_search(struct video_search *destination, int value, size_t bytes);

#define memset(destination, value, bytes) fill_video_search(destination, value, bytes)

#elif defined(LOAD_MEMORY_MAP_APPEND_H)

/*@ // Range i of one place as A has it is that of the other as B has it.
    predicate equal_at{A, B}(struct boot_memory_range *one, struct boot_memory_range *other,
                             integer i) =
        \at(one[i].base, A) == \at(other[i].base, B) &&
        \at(one[i].length, A) == \at(other[i].length, B) &&
        \at(one[i].kind, A) == \at(other[i].kind, B);
*/

/*@ requires bytes % sizeof(struct boot_memory_range) == 0;
    requires \valid(destination + (0 .. bytes / sizeof(struct boot_memory_range) - 1));
    requires \valid_read(source + (0 .. bytes / sizeof(struct boot_memory_range) - 1));
    assigns destination[0 .. bytes / sizeof(struct boot_memory_range) - 1];
    ensures \forall integer i; 0 <= i < bytes / sizeof(struct boot_memory_range) ==>
        equal_at{Post, Pre}(destination, source, i); */
void move_ranges(struct boot_memory_range *destination, const struct boot_memory_range *source,
                 size_t bytes);

/*@ requires bytes % sizeof(struct boot_memory_range) == 0;
    requires \valid(destination + (0 .. bytes / sizeof(struct boot_memory_range) - 1));
    requires \valid_read(source + (0 .. bytes / sizeof(struct boot_memory_range) - 1));
    requires \separated(destination + (0 .. bytes / sizeof(struct boot_memory_range) - 1),
                        source + (0 .. bytes / sizeof(struct boot_memory_range) - 1));
    assigns destination[0 .. bytes / sizeof(struct boot_memory_range) - 1];
    ensures \forall integer i; 0 <= i < bytes / sizeof(struct boot_memory_range) ==>
        destination[i].base == \old(source[i].base) &&
        destination[i].length == \old(source[i].length) &&
        destination[i].kind == \old(source[i].kind); */
void copy_ranges(struct boot_memory_range *destination, const struct boot_memory_range *source,
                 size_t bytes);

#define memmove(destination, source, bytes) move_ranges(destination, source, bytes)
#define memcpy(destination, source, bytes)  copy_ranges(destination, source, bytes)

#endif
// clang-format on

#endif
