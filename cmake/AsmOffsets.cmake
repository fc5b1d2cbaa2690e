# cmake -DINPUT=asm_offsets.s -DOUTPUT=asm_offsets.inc -P AsmOffsets.cmake
# Picks the lines `.ascii "->NAME value"` out of a compiler's output and writes them as NASM defines.
cmake_minimum_required(VERSION 3.25)

file(STRINGS ${INPUT} lines REGEX "->[A-Z0-9_]+ [0-9]+")
if(NOT lines)
  message(FATAL_ERROR "${INPUT} holds no number: it is not the assembly of asm_offsets.c")
endif()
set(text "; Generated from C's headers by bootloader/stage2/asm_offsets.c.\n")
foreach(line IN LISTS lines)
  string(REGEX REPLACE ".*->([A-Z0-9_]+) ([0-9]+).*" "%define \\1 \\2\n" define "${line}")
  string(APPEND text "${define}")
endforeach()

# Left alone if it says the same: a changed header then does not assemble everything again.
set(present "")
if(EXISTS ${OUTPUT})
  file(READ ${OUTPUT} present)
endif()
if(NOT present STREQUAL text)
  file(WRITE ${OUTPUT} "${text}")
endif()
