# Kernels for the boot tests: Firstlight's own kernel with another kernel_main.

# firstlight_add_test_kernel(NAME SOURCES file... [LINK_OPTIONS option...])
# Builds target NAME and sets NAME_ELF to the path of the linked file. The sources define
# kernel_main (kernel/kernel.h), which calls console_initialise first and ends by machine_exit;
# panic and a failed ASSERT end with the status for failure.
function(firstlight_add_test_kernel name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK_OPTIONS")
  add_library(${name}_objects OBJECT ${arg_SOURCES} ${FIRSTLIGHT_KERNEL_DIRECTORY}/panic.c)
  target_link_libraries(${name}_objects PRIVATE firstlight_kernel_options)
  target_compile_definitions(${name}_objects PRIVATE FIRSTLIGHT_TEST_KERNEL)

  set(elf ${CMAKE_CURRENT_BINARY_DIR}/${name}.elf)
  firstlight_link(${elf} SCRIPT ${FIRSTLIGHT_KERNEL_DIRECTORY}/kernel.ld
    OBJECTS ${FIRSTLIGHT_KERNEL_START_OBJECT} $<TARGET_OBJECTS:${name}_objects>
      $<TARGET_OBJECTS:firstlight_kernel_base>
    OPTIONS --orphan-handling=error ${arg_LINK_OPTIONS})
  add_custom_target(${name} ALL DEPENDS ${elf})
  add_dependencies(${name} firstlight_kernel_start)
  set(${name}_ELF ${elf} PARENT_SCOPE)
endfunction()
