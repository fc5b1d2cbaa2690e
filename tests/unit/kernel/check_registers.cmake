# cmake -DOBJDUMP=llvm-objdump -DELF=file -P check_registers.cmake
# Fails if the kernel uses x87, MMX or SSE: it does not save these registers.
cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/disassemble.cmake)
disassemble(lines ${ELF})

set(instructions 0)
set(guilty "")
foreach(line IN LISTS lines)
  if(line MATCHES "^ *[0-9a-f]+:[ \t]+([a-z0-9]+)(.*)")
    math(EXPR instructions "${instructions} + 1")
    set(mnemonic ${CMAKE_MATCH_1})
    # All mnemonics with f are x87's, but for that of SSE's state (fxsave), which is as bad.
    if(CMAKE_MATCH_2 MATCHES "%[xyz]?mm[0-9]|%st" OR
       mnemonic MATCHES "^(f.*|wait|emms|ldmxcsr|stmxcsr|xsave.*|xrstor.*)$")
      string(APPEND guilty "\n  uses x87, MMX or SSE: ${line}")
    endif()
  endif()
endforeach()
if(instructions EQUAL 0)
  message(FATAL_ERROR "${ELF}: no instruction found, nothing to check")
endif()
if(guilty)
  message(FATAL_ERROR "${ELF}: compile with -mgeneral-regs-only${guilty}")
endif()
message(STATUS "${instructions} instructions, none of x87, MMX or SSE")
