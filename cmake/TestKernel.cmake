# Kernels for the tests: the starter kernel with another kernel_main, linked in any of the ways that the
# loader promises to start.

# firstlight_add_test_kernel(NAME SOURCES file... [KIND kernel|small|pie] [SCRIPT linker-script|NONE]
#                            [INCLUDES directory...] [DEFINITIONS name=value...]
#                            [LINK_OPTIONS option...])
# Adds the kernel NAME, as firstlight_add_kernel does. The sources define kernel_main
# (kernel/kernel.h), which calls console_initialise first and ends by machine_exit; panic and a failed
# ASSERT end with the status for failure.
#
# KIND   kernel (default): for the top 2 GiB; small: for the lowest 2 GiB; pie: position-independent,
#        read-only after relocation where it can be
# SCRIPT how it is laid out; default: kernel/kernel.ld for the first kind, lld's own for the others
function(firstlight_add_test_kernel name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND;SCRIPT" "SOURCES;INCLUDES;DEFINITIONS;LINK_OPTIONS")
  set(kind "")
  if(arg_KIND STREQUAL "pie")
    set(kind PIE)
  elseif(arg_KIND)
    set(kind CODE_MODEL ${arg_KIND})
  endif()
  if(arg_SCRIPT)
    list(APPEND kind LINKER_SCRIPT ${arg_SCRIPT})
  endif()
  firstlight_add_kernel(${name} STARTER ${kind}
    SOURCES ${arg_SOURCES}
    INCLUDES ${arg_INCLUDES}
    DEFINITIONS FIRSTLIGHT_TEST_KERNEL ${arg_DEFINITIONS}
    OPTIONS ${FIRSTLIGHT_KERNEL_OPTIONS}
    LINK_OPTIONS LINKER:--fatal-warnings ${arg_LINK_OPTIONS}
    LIBRARIES firstlight_strict)
endfunction()
