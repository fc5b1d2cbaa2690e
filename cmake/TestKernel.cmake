# Kernels for the tests: Firstlight's own kernel with another kernel_main, linked in any of the ways
# that the loader promises to start.

# The objects that all test kernels of one kind share, compiled like the kernel's own.
function(firstlight_test_kernel_base kind model pie)
  get_target_property(sources firstlight_kernel_base SOURCES)
  list(TRANSFORM sources PREPEND ${FIRSTLIGHT_KERNEL_DIRECTORY}/)
  add_library(firstlight_kernel_base_${kind} OBJECT EXCLUDE_FROM_ALL ${sources})
  target_link_libraries(firstlight_kernel_base_${kind} PRIVATE firstlight_kernel_options)
  set_target_properties(firstlight_kernel_base_${kind} PROPERTIES
    FIRSTLIGHT_CODE_MODEL ${model} FIRSTLIGHT_PIE ${pie})
endfunction()

# firstlight_add_test_kernel(NAME SOURCES file... [KIND kernel|small|pie] [SCRIPT linker-script|NONE]
#                            [INCLUDES directory...] [DEFINITIONS name=value...]
#                            [LINK_OPTIONS option...])
# Builds target NAME and sets NAME_ELF to the path of the linked file. The sources define
# kernel_main (kernel/kernel.h), which calls console_initialise first and ends by machine_exit;
# panic and a failed ASSERT end with the status for failure.
#
# KIND   kernel (default): for the top 2 GiB; small: for the lowest 2 GiB; pie: position-independent,
#        read-only after relocation where it can be
# SCRIPT how it is laid out; default: kernel/kernel.ld for the first kind, lld's own for the others
function(firstlight_add_test_kernel name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND;SCRIPT" "SOURCES;INCLUDES;DEFINITIONS;LINK_OPTIONS")
  set(base firstlight_kernel_base)
  set(model kernel)
  set(pie OFF)
  set(options "")
  if(arg_KIND STREQUAL "small")
    set(model small)
  elseif(arg_KIND STREQUAL "pie")
    set(model small)
    set(pie ON)
    set(options -pie --no-dynamic-linker -z relro -z now)
  elseif(NOT arg_SCRIPT)
    set(arg_SCRIPT ${FIRSTLIGHT_KERNEL_DIRECTORY}/kernel.ld)
    set(options --orphan-handling=error)
  endif()
  if(NOT model STREQUAL "kernel")
    set(base firstlight_kernel_base_${arg_KIND})
    if(NOT TARGET ${base})
      firstlight_test_kernel_base(${arg_KIND} ${model} ${pie})
    endif()
  endif()
  if(arg_SCRIPT STREQUAL "NONE")
    set(arg_SCRIPT "")
  endif()

  add_library(${name}_objects OBJECT ${arg_SOURCES} ${FIRSTLIGHT_KERNEL_DIRECTORY}/panic.c)
  target_link_libraries(${name}_objects PRIVATE firstlight_kernel_options)
  target_include_directories(${name}_objects PRIVATE ${arg_INCLUDES})
  target_compile_definitions(${name}_objects PRIVATE FIRSTLIGHT_TEST_KERNEL ${arg_DEFINITIONS})
  set_target_properties(${name}_objects PROPERTIES
    FIRSTLIGHT_CODE_MODEL ${model} FIRSTLIGHT_PIE ${pie})

  set(elf ${CMAKE_CURRENT_BINARY_DIR}/${name}.elf)
  firstlight_link(${elf} SCRIPT ${arg_SCRIPT}
    OBJECTS ${FIRSTLIGHT_KERNEL_ASM_OBJECTS} $<TARGET_OBJECTS:${name}_objects>
      $<TARGET_OBJECTS:${base}>
    OPTIONS ${options} ${arg_LINK_OPTIONS})
  add_custom_target(${name} ALL DEPENDS ${elf})
  add_dependencies(${name} firstlight_kernel_asm)
  set(${name}_ELF ${elf} PARENT_SCOPE)
endfunction()
