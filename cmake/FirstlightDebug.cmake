# firstlight_add_debug(NAME IMAGE file KERNEL file [DEPENDS target-or-file...]
#                      [QEMU_ARGS argument...])
# Adds the target NAME: IMAGE in QEMU under gdb, with the symbols of the loader and of KERNEL, its
# unstripped ELF file; both may be generator expressions. QEMU_ARGS go to QEMU as they are. DEPENDS:
# what to build before. The variable FIRSTLIGHT_GDB_SCRIPT names tools/gdb's firstlight.py.
set(FIRSTLIGHT_DEBUG_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/Debug.cmake)

function(firstlight_add_debug name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "IMAGE;KERNEL" "DEPENDS;QEMU_ARGS")
  foreach(required IN ITEMS IMAGE KERNEL)
    if(NOT arg_${required})
      message(FATAL_ERROR "firstlight_add_debug(${name}): ${required} is missing")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "firstlight_add_debug(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  add_custom_target(${name}
    COMMAND ${CMAKE_COMMAND} -DIMAGE=${arg_IMAGE} -DKERNEL=${arg_KERNEL}
      -DGDB_SCRIPT=${FIRSTLIGHT_GDB_SCRIPT} -P ${FIRSTLIGHT_DEBUG_SCRIPT} -- ${arg_QEMU_ARGS}
    DEPENDS ${arg_DEPENDS}
    USES_TERMINAL
    VERBATIM)
endfunction()
