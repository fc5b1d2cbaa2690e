# cmake -DWHAT=text -DSYMBOLS=map-file -DEND=symbol -DLIMIT=expression -DNUMBERS=asm_offsets.inc
#       -P BytesLeft.cmake
# Prints how many bytes are left between a symbol in a map by NASM or lld, and a limit made of the
# names in NUMBERS. The assembler and the linker script refuse what does not fit.
cmake_minimum_required(VERSION 3.25)

# A line of NASM's map begins with the symbol's value, of lld's with its address; the name ends both
# or has an assignment behind it.
file(STRINGS ${SYMBOLS} lines REGEX "[ ]${END}( |$)")
list(GET lines 0 line)
string(REGEX MATCH "[0-9A-Fa-f]+" end "${line}")

file(STRINGS ${NUMBERS} defines REGEX "^%define ")
foreach(define IN LISTS defines)
  string(REGEX MATCH "^%define ([A-Z0-9_]+) ([0-9]+)$" unused "${define}")
  set(number_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
endforeach()
string(REGEX REPLACE "([A-Z][A-Z0-9_]+)" "\${number_\\1}" LIMIT "${LIMIT}")
string(CONFIGURE "${LIMIT}" limit)

math(EXPR left "${limit} - 0x${end}")
message(STATUS "${WHAT}: bytes left: ${left}")
