# cmake -DIMAGE=file -DKERNEL=file -DGDB_SCRIPT=file -P Debug.cmake [-- QEMU argument...]
# Boots IMAGE in QEMU, halted, under gdb with the commands of tools/gdb (GDB_SCRIPT) and the symbols of
# loader and KERNEL. gdb is in the foreground; QEMU ends with it. The environment variable GDB names
# another gdb. Called by the targets that firstlight_add_debug makes.

cmake_minimum_required(VERSION 3.25)

foreach(needed IN ITEMS IMAGE KERNEL GDB_SCRIPT)
  if(NOT EXISTS "${${needed}}")
    message(FATAL_ERROR "Debug.cmake: ${needed} is not a file: ${${needed}}")
  endif()
endforeach()
if(NOT "$ENV{GDB}" STREQUAL "")
  set(gdb_name "$ENV{GDB}")
else()
  set(gdb_name gdb)
endif()
find_program(gdb "${gdb_name}")
find_program(qemu qemu-system-x86_64)
if(NOT gdb)
  message(FATAL_ERROR "${gdb_name} was not found: install the package gdb, or name it in the "
    "environment variable GDB")
endif()
if(NOT qemu)
  message(FATAL_ERROR "qemu-system-x86_64 was not found: run `sh tools/setup.sh`, or install the "
    "package that has it")
endif()

# An argument as gdb splits its command lines.
function(append_word variable word)
  string(REGEX REPLACE "([^A-Za-z0-9_./:=,@%+-])" "\\\\\\1" word "${word}")
  set(${variable} "${${variable}} ${word}" PARENT_SCOPE)
endfunction()

# -no-reboot and -no-shutdown: after a triple fault the machine stands where it happened.
string(REPLACE "," ",," image_value "${IMAGE}")
set(start "firstlight start")
foreach(word IN ITEMS "${qemu}" -S -drive "format=raw,file=${image_value}" -serial stdio
    -monitor none -no-reboot -no-shutdown -device isa-debug-exit,iobase=0xf4,iosize=4)
  append_word(start "${word}")
endforeach()
if("$ENV{DISPLAY}$ENV{WAYLAND_DISPLAY}" STREQUAL "")
  append_word(start -display)
  append_word(start none)
endif()
set(behind OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  if(behind)
    append_word(start "${CMAKE_ARGV${index}}")
  elseif("${CMAKE_ARGV${index}}" STREQUAL "--")
    set(behind ON)
  endif()
endforeach()
set(use_kernel "firstlight kernel")
append_word(use_kernel "${KERNEL}")

execute_process(
  COMMAND "${gdb}" -q -x "${GDB_SCRIPT}" -ex "firstlight own-terminal" -ex "${use_kernel}"
    -ex "${start}"
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(STATUS "gdb ended with status ${status}")
endif()
