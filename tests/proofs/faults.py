"""Faults seeded to see that the proofs can fail. Used by test_faults.py: each is put into a copy of
load, and the named function must lose a goal."""

from collections import namedtuple

Fault = namedtuple("Fault", "file function what old new")

FAULTS = [
    Fault("checksum.c", "add_block", "one word more than a block has",
          "i < sizeof words / sizeof words[0]", "i <= sizeof words / sizeof words[0]"),
    Fault("checksum.c", "checksum_add", "one block more than there are bytes",
          "done < bytes;", "done <= bytes;"),
    Fault("symbols.c", "is_sound", "a symbol more than the table has",
          "left > 0; left--", "left + 1 > 0; left--"),
    Fault("symbols.c", "is_sound", "a name behind the names",
          "symbol->name >= header->names_bytes", "symbol->name > header->names_bytes"),
    Fault("memory_map.c", "push", "the map's capacity is passed",
          "if (map->count >= map->capacity) {", "if (map->count > map->capacity) {"),
    Fault("memory_map.c", "memory_map_add", "a range that passes 2^64 - 1 is not cut",
          "if (length > UINT64_MAX - base) {", "if (length > UINT64_MAX) {"),
    Fault("memory_map.c", "sort_by_base", "the first range stays where it is",
          "place > 0 && map", "place > 1 && map"),
    Fault("memory_map.c", "continues_last", "ranges of different kinds are merged",
          "return last->kind == kind && range_end(last) == address;",
          "return range_end(last) == address;"),
    Fault("memory_map.c", "extend_last", "a range grows by a byte too many",
          "map->ranges[map->count - 1].length += length;",
          "map->ranges[map->count - 1].length += length + 1;"),
    Fault("memory_map.c", "kind_at", "a usable byte is invented: the last kind wins",
          "if (known_kind(range->kind) > kind) {", "if (known_kind(range->kind) != kind) {"),
    Fault("elf.c", "elf_next_segment", "a program header more than the table has",
          "while (*cursor < kernel->program_header_count)",
          "while (*cursor <= kernel->program_header_count)"),
    Fault("elf.c", "elf_find_segment", "the bytes asked for pass the segment",
          "bytes <= segment->memory_size - inside", "bytes <= segment->memory_size"),
    Fault("elf_segments.c", "file_part_fault", "a sum that wraps in the place of a difference",
          "header->p_filesz > kernel->file_size - header->p_offset",
          "header->p_offset + header->p_filesz > kernel->file_size"),
    Fault("elf_segments.c", "address_fault", "the end of a segment may wrap",
          """ ||
        last_byte < header->p_vaddr) {""", ") {"),
    Fault("elf_segments.c", "neighbour_fault", "segments may share a byte",
          "header->p_vaddr <= walk->previous_last_byte", "header->p_vaddr < walk->previous_last_byte"),
    Fault("firmware_tables.c", "rsdp_size", "a length that passes the area",
          "lesser(left, RSDP_LENGTH_MAX)", "RSDP_LENGTH_MAX"),
    Fault("video_mode.c", "add_offer", "an offer more than there is room for",
          "i < VIDEO_OFFERS_MAX && search->offers[i] != misfit",
          "i <= VIDEO_OFFERS_MAX && search->offers[i] != misfit"),
    Fault("elf.c", "check_header", "a table of program headers that passes the file",
          "table_bytes > size - header->e_phoff", "table_bytes > size"),
    Fault("elf_segments.c", "tls_fault", "a template larger in the file than in memory",
          "if (header->p_filesz > header->p_memsz || !is_power_of_two_or_0(header->p_align) ||",
          "if (!is_power_of_two_or_0(header->p_align) ||"),
]
