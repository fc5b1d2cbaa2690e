# cmake -DIMAGE=file [-DKERNEL=file] -DGDB_SCRIPT=file -DBOOTIMAGE=program -P Debug.cmake
#       [-- QEMU argument...]
# Boots IMAGE in QEMU by `bootimage run --debug`, under gdb with the commands of tools/gdb (GDB_SCRIPT)
# and the symbols of the loader and, if it is known, of KERNEL. gdb is in the foreground; QEMU ends with
# it. The environment variable GDB names another gdb. Called by the targets of firstlight_add_debug.

cmake_minimum_required(VERSION 3.25)

foreach(needed IN ITEMS IMAGE GDB_SCRIPT BOOTIMAGE)
  if(NOT EXISTS "${${needed}}")
    message(FATAL_ERROR "Debug.cmake: ${needed} is not a file: ${${needed}}")
  endif()
endforeach()
set(gdb_name gdb)
if(NOT "$ENV{GDB}" STREQUAL "")
  set(gdb_name "$ENV{GDB}")
endif()
find_program(gdb "${gdb_name}")
if(NOT gdb)
  message(FATAL_ERROR "${gdb_name} was not found: install the package gdb, or name the program in "
    "the environment variable GDB")
endif()

# Adds a word to the command in a variable, as gdb splits its command lines.
function(append_word variable word)
  string(REGEX REPLACE "([^A-Za-z0-9_./:=,@%+-])" "\\\\\\1" word "${word}")
  set(${variable} "${${variable}} ${word}" PARENT_SCOPE)
endfunction()

set(use_kernel "")
if(NOT "${KERNEL}" STREQUAL "")
  set(command "firstlight kernel")
  append_word(command "${KERNEL}")
  set(use_kernel -ex "${command}")
endif()
set(start "firstlight start")
foreach(word IN ITEMS "${BOOTIMAGE}" run --debug "${IMAGE}" --)
  append_word(start "${word}")
endforeach()
set(behind OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  if(behind)
    append_word(start "${CMAKE_ARGV${index}}")
  elseif("${CMAKE_ARGV${index}}" STREQUAL "--")
    set(behind ON)
  endif()
endforeach()

execute_process(
  COMMAND "${gdb}" -q -x "${GDB_SCRIPT}" -ex "firstlight own-terminal" ${use_kernel}
    -ex "${start}"
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "gdb ended with status ${status}")
endif()
