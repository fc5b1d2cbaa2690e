# Assembles with NASM. For firstlight_add_kernel, and for the loader itself.

# firstlight_nasm(OUTPUT SOURCE [FORMAT bin|elf64] [INCLUDES directory...] [DEFINITIONS name[=value]...]
#                 [OPTIONS option...] [DEPENDS file...] [RELATIVE_TO directory] [THEN command...])
# Assembles SOURCE to OUTPUT, and again when any file changes that it includes. FORMAT: elf64 (the
# default) is an object with debug information, bin a flat file with a listing beside it. OPTIONS: more
# options of NASM's. DEPENDS: included files that are generated. RELATIVE_TO: where NASM runs, and whence
# debug information names the files; they are absolute without. THEN: a command to run afterwards.
function(firstlight_nasm output source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "FORMAT;RELATIVE_TO" "INCLUDES;DEFINITIONS;OPTIONS;DEPENDS;THEN")
  find_program(FIRSTLIGHT_NASM nasm)
  if(NOT FIRSTLIGHT_NASM)
    message(FATAL_ERROR "${source} needs NASM, and the program nasm was not found: install the "
      "package nasm, or configure with -DFIRSTLIGHT_NASM=/path/of/nasm")
  endif()
  if(NOT arg_FORMAT)
    set(arg_FORMAT elf64)
  endif()
  get_filename_component(source ${source} ABSOLUTE)
  set(include_directories ${arg_INCLUDES})
  set(named_source ${source})
  set(directory ${CMAKE_CURRENT_BINARY_DIR})
  if(arg_RELATIVE_TO)
    set(directory ${arg_RELATIVE_TO})
    file(RELATIVE_PATH named_source ${directory} ${source})
    set(arg_INCLUDES "")
    foreach(include IN LISTS include_directories)
      file(RELATIVE_PATH include ${directory} ${include})
      list(APPEND arg_INCLUDES ${include})
    endforeach()
  endif()
  set(then "")
  if(arg_THEN)
    set(then COMMAND ${arg_THEN})
  endif()
  # Which line is where: for the debugger, and for the tests.
  if(arg_FORMAT STREQUAL "elf64")
    set(lines -g -F dwarf)
    set(listing "")
  else()
    set(listing ${output}.lst)
    set(lines -l ${listing})
  endif()
  list(TRANSFORM arg_INCLUDES REPLACE "^(.+)$" "-I\\1/")
  list(TRANSFORM arg_DEFINITIONS PREPEND -D)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DOUTPUT=${output}
      -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/NasmDepfile.cmake -- ${include_directories}
    COMMAND ${FIRSTLIGHT_NASM} -f ${arg_FORMAT} ${lines} ${arg_INCLUDES} ${arg_DEFINITIONS}
      ${arg_OPTIONS} -o ${output} ${named_source}
    ${then}
    DEPENDS ${source} ${arg_DEPENDS}
    DEPFILE ${output}.d
    BYPRODUCTS ${listing}
    WORKING_DIRECTORY ${directory}
    COMMENT "Assembling ${output}"
    VERBATIM)
endfunction()
