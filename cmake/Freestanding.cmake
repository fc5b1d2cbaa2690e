# How the project's own code for the target machine is built: C by Clang, assembly by NASM, links by
# ld.lld, never the host's compiler, assembler or linker. Flags are set per target, so that host and
# target live in one tree.

set(FIRSTLIGHT_CMAKE_DIRECTORY ${CMAKE_CURRENT_LIST_DIR})
_firstlight_find_llvm(FIRSTLIGHT_LLD ld.lld lld)
_firstlight_define_freestanding()

# The dialect, and what counts as an error.
add_library(firstlight_strict INTERFACE)
target_link_libraries(firstlight_strict INTERFACE firstlight_freestanding)
target_compile_options(firstlight_strict INTERFACE
  -std=c17 -Wall -Wextra -Werror -Wshadow -Wvla -Wconversion -Wno-sign-conversion
  -Wmissing-prototypes -Wstrict-prototypes)
set(FIRSTLIGHT_STRICT_NASM -w+all -w+error)
set_property(GLOBAL PROPERTY FIRSTLIGHT_STARTER_LIBRARIES firstlight_strict)
set_property(GLOBAL PROPERTY FIRSTLIGHT_STARTER_NASM_OPTIONS -w+error)

# How the project's own kernels are compiled, besides. Panics name files as the source tree does,
# wherever it lies.
set(FIRSTLIGHT_KERNEL_OPTIONS
  $<$<NOT:$<CONFIG:Debug>>:-O2> -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

# ---- Debug information of what is installed ----------------------------------------------------
# It names no folder of this machine, but files of a source tree that lies in this one. Who reads it
# puts the true one there: for the loader tools/gdb/firstlight_gdb/session.py.
set(FIRSTLIGHT_DEBUG_FOLDER /firstlight-src)

# What Clang is told, for C and for assembly text. The build's folder may be below the source tree:
# Clang takes the last that fits, or the longest.
_firstlight_resources(resources)
set(FIRSTLIGHT_DEBUG_OPTIONS
  -fdebug-compilation-dir=${FIRSTLIGHT_DEBUG_FOLDER}
  -fdebug-prefix-map=${PROJECT_SOURCE_DIR}=${FIRSTLIGHT_DEBUG_FOLDER}
  -fdebug-prefix-map=${PROJECT_BINARY_DIR}=${FIRSTLIGHT_DEBUG_FOLDER}/build
  -fdebug-prefix-map=${resources}=${FIRSTLIGHT_DEBUG_FOLDER}/clang)

# firstlight_loader_object(OUTPUT SOURCE)
# Assembles one of the loader's NASM files to the object OUTPUT.
function(firstlight_loader_object output source)
  firstlight_nasm(${output} ${source} RELATIVE_TO ${PROJECT_SOURCE_DIR}
    OPTIONS ${FIRSTLIGHT_STRICT_NASM}
    INCLUDES ${FIRSTLIGHT_ASM_INCLUDES} DEPENDS ${FIRSTLIGHT_ASM_OFFSETS} firstlight_debug_folder
    THEN firstlight_debug_folder ${output} ${FIRSTLIGHT_DEBUG_FOLDER})
endfunction()

# firstlight_link(OUTPUT OBJECTS object-file-or-genex... [SCRIPT linker-script] [OPTIONS option...]
#                 [THEN command...])
# Links freestanding objects to the file OUTPUT; OUTPUT.map says where everything went. For what is no
# kernel: stage 2, as ELF and flat. THEN: a command to run afterwards.
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
