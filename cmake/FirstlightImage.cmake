# The function that makes a disk image from a kernel.

# firstlight_add_image(NAME KERNEL target-or-file OUTPUT file [CMDLINE text]
#                      [MODULES name=file ...] [NO_SYMBOLS]
#                      [DEPENDS target-or-file...])
# Adds the target NAME to the default build: the image OUTPUT (relative to the current binary
# folder), made again whenever the kernel, a module, the loader or the tool changes. KERNEL is an
# executable target or the path of an ELF file. MODULES are files that the kernel gets, in this
# order; NO_SYMBOLS leaves the names of its functions out; DEPENDS, what else to build before. Paths
# are relative to the current source folder.
function(firstlight_add_image name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_SYMBOLS" "KERNEL;OUTPUT;CMDLINE" "MODULES;DEPENDS")
  foreach(required KERNEL OUTPUT)
    if(NOT arg_${required})
      message(FATAL_ERROR "firstlight_add_image(${name}): ${required} is missing")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "firstlight_add_image(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(TARGET ${arg_KERNEL})
    set(kernel $<TARGET_FILE:${arg_KERNEL}>)
  else()
    get_filename_component(kernel ${arg_KERNEL} ABSOLUTE)
  endif()
  get_filename_component(output "${arg_OUTPUT}" ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})
  set(command_line "")
  if(NOT "${arg_CMDLINE}" STREQUAL "")
    string(REPLACE ";" "\\;" command_line "--cmdline=${arg_CMDLINE}") # one argument, not a list
  endif()
  set(modules "")
  set(module_files "")
  foreach(module IN LISTS arg_MODULES)
    if(NOT module MATCHES "^([^=]+)=(.+)$")
      message(FATAL_ERROR "firstlight_add_image(${name}): the module ${module} is not name=file")
    endif()
    get_filename_component(file "${CMAKE_MATCH_2}" ABSOLUTE)
    list(APPEND modules "--module=${CMAKE_MATCH_1}=${file}")
    list(APPEND module_files ${file})
  endforeach()
  set(no_symbols "")
  if(arg_NO_SYMBOLS)
    set(no_symbols --no-symbols)
  endif()
  add_custom_command(OUTPUT ${output}
    COMMAND bootimage create --kernel ${kernel} --output ${output} ${command_line} ${modules}
      ${no_symbols}
    DEPENDS bootimage ${kernel} ${module_files} ${arg_DEPENDS}
    COMMENT "Making disk image ${output}"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS ${output})
endfunction()
