# Builds for the target machine: C by Clang, assembly by NASM, links by ld.lld, never the host's
# compiler, assembler or linker. Flags are set per target, so that host and target live in one tree.

set(FIRSTLIGHT_CMAKE_DIRECTORY ${CMAKE_CURRENT_LIST_DIR})
find_program(FIRSTLIGHT_NASM nasm REQUIRED)
set(lld_names ld.lld)
foreach(version RANGE 14 22)
  list(APPEND lld_names ld.lld-${version})
endforeach()
find_program(FIRSTLIGHT_LLD NAMES ${lld_names} REQUIRED)

# What every freestanding object is compiled with. Each flag answers a default of some host compiler
# or of the user's CFLAGS that would break code that runs without an operating system.
add_library(firstlight_freestanding INTERFACE)
target_compile_options(firstlight_freestanding INTERFACE
  --target=x86_64-unknown-none-elf -march=x86-64 -std=c17 -ffreestanding -nostdinc
  -isystem ${FIRSTLIGHT_CLANG_INCLUDES}
  -mno-red-zone -mgeneral-regs-only
  # Whoever links this may say otherwise, by its property FIRSTLIGHT_PIE.
  $<IF:$<BOOL:$<TARGET_PROPERTY:FIRSTLIGHT_PIE>>,-fpie,-fno-pic>
  -fno-stack-protector -fcf-protection=none -fno-common
  -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-sanitize=all
  -fno-strict-aliasing -fno-lto -fno-profile-instr-generate -fno-coverage-mapping
  -Wno-unused-command-line-argument
  -ffunction-sections -fdata-sections
  -Wall -Wextra -Werror -Wshadow -Wvla -Wconversion -Wno-sign-conversion
  -Wmissing-prototypes -Wstrict-prototypes)

# firstlight_nasm(OUTPUT SOURCE [FORMAT bin|elf64] [INCLUDES directory...] [DEPENDS file...]
#                 [THEN command...])
# Assembles SOURCE to OUTPUT, and again when any file changes that it includes. DEPENDS: included files
# that are generated. THEN: a command to run afterwards.
function(firstlight_nasm output source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "FORMAT" "INCLUDES;DEPENDS;THEN")
  if(NOT arg_FORMAT)
    set(arg_FORMAT elf64)
  endif()
  get_filename_component(source ${source} ABSOLUTE)
  list(JOIN arg_INCLUDES "," include_list)
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
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DOUTPUT=${output} -DINCLUDES=${include_list}
      -P ${FIRSTLIGHT_CMAKE_DIRECTORY}/NasmDepfile.cmake
    COMMAND ${FIRSTLIGHT_NASM} -w+all -w+error -f ${arg_FORMAT} ${lines} ${arg_INCLUDES} -o ${output} ${source}
    ${then}
    DEPENDS ${source} ${arg_DEPENDS}
    DEPFILE ${output}.d
    BYPRODUCTS ${listing}
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
    COMMENT "Assembling ${output}"
    VERBATIM)
endfunction()

# firstlight_link(OUTPUT SCRIPT linker-script OBJECTS object-file-or-genex... [OPTIONS option...]
#                 [THEN command...])
# Links freestanding objects to the file OUTPUT; OUTPUT.map says where everything went. THEN: a
# command to run afterwards.
function(firstlight_link output)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SCRIPT" "OBJECTS;OPTIONS;THEN")
  set(script_option "")
  set(then "")
  if(arg_THEN)
    set(then COMMAND ${arg_THEN})
  endif()
  if(arg_SCRIPT)
    get_filename_component(arg_SCRIPT ${arg_SCRIPT} ABSOLUTE)
    set(script_option -T ${arg_SCRIPT})
  endif()
  add_custom_command(OUTPUT ${output}
    COMMAND ${FIRSTLIGHT_LLD} -m elf_x86_64 -static -nostdlib --fatal-warnings --gc-sections
      -z noexecstack -z max-page-size=4096 --build-id=none -Map=${output}.map
      ${arg_OPTIONS} ${script_option} -o ${output} ${arg_OBJECTS}
    ${then}
    DEPENDS ${arg_OBJECTS} ${arg_SCRIPT}
    BYPRODUCTS ${output}.map
    COMMAND_EXPAND_LISTS
    COMMENT "Linking ${output}"
    VERBATIM)
endfunction()

# firstlight_preprocess(OUTPUT SOURCE INCLUDES directory...)
# Runs the C preprocessor over a linker script, so that it can use the numbers of C's headers.
function(firstlight_preprocess output source)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "INCLUDES")
  get_filename_component(source ${source} ABSOLUTE)
  list(TRANSFORM arg_INCLUDES PREPEND -I)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_C_COMPILER} -E -P -undef -nostdinc -x c ${arg_INCLUDES}
      -MD -MF ${output}.d -MQ ${output} -o ${output} ${source}
    DEPENDS ${source}
    DEPFILE ${output}.d
    COMMENT "Preprocessing ${output}"
    VERBATIM)
endfunction()
