# The function that builds a kernel: C, C++ and .S by Clang, .asm by NASM, linked by ld.lld.

# firstlight_add_kernel(NAME SOURCES file... [STARTER] [LINKER_SCRIPT file|NONE] [PIE]
#                       [CODE_MODEL kernel|small|large] [INCLUDES directory...]
#                       [DEFINITIONS name[=value]...] [OPTIONS option...] [NASM_OPTIONS option...]
#                       [LINK_OPTIONS option...] [LIBRARIES name...] [DISASSEMBLY] [EXCLUDE_FROM_ALL])
# Adds the executable target NAME: the file NAME.elf, and beside it NAME.elf.map, which says where
# everything went. README.md beside this file describes each argument.
function(firstlight_add_kernel name)
  set(flags STARTER PIE DISASSEMBLY EXCLUDE_FROM_ALL)
  set(values LINKER_SCRIPT CODE_MODEL)
  set(lists SOURCES INCLUDES DEFINITIONS OPTIONS NASM_OPTIONS LINK_OPTIONS LIBRARIES)
  cmake_parse_arguments(PARSE_ARGV 1 arg "${flags}" "${values}" "${lists}")
  _firstlight_check_call(firstlight_add_kernel "${name}" SOURCES)
  _firstlight_check_new_target(firstlight_add_kernel "${name}")
  _firstlight_check_kernel_options(${name})
  _firstlight_kernel_sources(${name} sources)
  if(arg_STARTER)
    _firstlight_check_compiler(firstlight_add_kernel ${name} C)
  endif()
  set(in_all "")
  if(arg_EXCLUDE_FROM_ALL)
    set(in_all EXCLUDE_FROM_ALL)
  endif()

  add_executable(${name} ${in_all} ${sources})
  # The target's own, and not a library's: those would come behind the user's and win.
  _firstlight_freestanding_options(freestanding)
  _firstlight_define_freestanding()
  set(starter "")
  if(arg_STARTER)
    get_property(starter GLOBAL PROPERTY FIRSTLIGHT_STARTER_OPTIONS)
  endif()
  target_link_libraries(${name} PRIVATE Firstlight::headers ${arg_LIBRARIES})
  target_include_directories(${name} PRIVATE ${arg_INCLUDES})
  target_compile_definitions(${name} PRIVATE ${arg_DEFINITIONS})
  target_compile_options(${name} PRIVATE ${freestanding} ${starter} ${arg_OPTIONS})
  set_target_properties(${name} PROPERTIES
    SUFFIX .elf
    FIRSTLIGHT_CODE_MODEL ${arg_CODE_MODEL}
    FIRSTLIGHT_PIE ${arg_PIE}
    POSITION_INDEPENDENT_CODE ${arg_PIE}
    INTERPROCEDURAL_OPTIMIZATION OFF
    ADDITIONAL_CLEAN_FILES "$<TARGET_FILE:${name}>.map;$<TARGET_FILE:${name}>.disassembly")
  _firstlight_link_kernel(${name})
  if(arg_STARTER)
    set(kind ${arg_CODE_MODEL})
    if(arg_PIE)
      set(kind pie)
    endif()
    _firstlight_use_starter(${name} ${kind})
  endif()
  if(arg_DISASSEMBLY)
    _firstlight_find_llvm(FIRSTLIGHT_OBJDUMP llvm-objdump llvm)
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND ${CMAKE_COMMAND} -DOBJDUMP=${FIRSTLIGHT_OBJDUMP} -DELF=$<TARGET_FILE:${name}>
        -DOUTPUT=$<TARGET_FILE:${name}>.disassembly
        -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/Disassemble.cmake
      VERBATIM)
  endif()
endfunction()

# Checks what can be chosen once, and fills in what is not said: arg_CODE_MODEL, arg_LINKER_SCRIPT
# (absolute, or empty for lld's own layout).
function(_firstlight_check_kernel_options name)
  set(function firstlight_add_kernel)
  if(NOT CMAKE_GENERATOR MATCHES "Ninja|Makefiles")
    _firstlight_stop(${function} ${name} "kernels are built with Ninja or Makefiles, not with "
      "${CMAKE_GENERATOR}: configure with -G Ninja")
  endif()
  if(arg_PIE)
    if(arg_CODE_MODEL AND NOT arg_CODE_MODEL STREQUAL "small")
      _firstlight_stop(${function} ${name} "with PIE, the CODE_MODEL is small, not ${arg_CODE_MODEL}")
    endif()
    set(arg_CODE_MODEL small)
  elseif(NOT arg_CODE_MODEL)
    set(arg_CODE_MODEL kernel)
  elseif(NOT arg_CODE_MODEL MATCHES "^(kernel|small|large)$")
    _firstlight_stop(${function} ${name} "CODE_MODEL is kernel, small or large, not ${arg_CODE_MODEL}")
  endif()
  set(default_script OFF)
  if(arg_LINKER_SCRIPT STREQUAL "NONE")
    set(arg_LINKER_SCRIPT "")
  elseif(arg_LINKER_SCRIPT)
    _firstlight_check_file(${function} ${name} "the linker script" "${arg_LINKER_SCRIPT}"
      arg_LINKER_SCRIPT)
  elseif(arg_CODE_MODEL STREQUAL "kernel")
    get_property(directory GLOBAL PROPERTY FIRSTLIGHT_KERNEL_DIRECTORY)
    set(arg_LINKER_SCRIPT ${directory}/kernel.ld)
    set(default_script ON)
  endif()
  set(arg_CODE_MODEL ${arg_CODE_MODEL} PARENT_SCOPE)
  set(arg_LINKER_SCRIPT "${arg_LINKER_SCRIPT}" PARENT_SCOPE)
  set(default_script ${default_script} PARENT_SCOPE)
endfunction()

# Sets OUT to what add_executable gets for arg_SOURCES: .asm files become objects, the rest stays.
function(_firstlight_kernel_sources name out)
  set(function firstlight_add_kernel)
  set(sources "")
  foreach(source IN LISTS arg_SOURCES)
    _firstlight_check_file(${function} ${name} "the source" "${source}" file)
    if(file MATCHES "\\$<|\\.(h|hh|hpp|inc|o)$")
      list(APPEND sources "${file}")
    elseif(file MATCHES "\\.c$")
      _firstlight_check_compiler(${function} ${name} C)
      list(APPEND sources "${file}")
    elseif(file MATCHES "\\.(cc|cpp|cxx|C)$")
      _firstlight_check_compiler(${function} ${name} CXX)
      list(APPEND sources "${file}")
    elseif(file MATCHES "\\.[sS]$")
      _firstlight_check_compiler(${function} ${name} ASM)
      list(APPEND sources "${file}")
    elseif(file MATCHES "\\.(asm|nasm)$")
      _firstlight_kernel_nasm(${name} "${file}" object)
      list(APPEND sources "${object}")
    else()
      _firstlight_stop(${function} ${name} "the source ${source} is of no kind it builds: .c, .cc, "
        ".cpp, .cxx, .S, .s (Clang), .asm, .nasm (NASM), .o. Make other languages' ELF file with "
        "their own compiler, and give it to firstlight_add_image as KERNEL")
    endif()
  endforeach()
  set(${out} "${sources}" PARENT_SCOPE)
endfunction()

# Assembles FILE for the kernel NAME, and sets OUT to the object.
function(_firstlight_kernel_nasm name file out)
  cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE relative)
  string(REPLACE "../" "__/" relative "${relative}")
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.nasm/${relative}.o)
  cmake_path(GET object PARENT_PATH directory)
  file(MAKE_DIRECTORY ${directory})
  set(includes "")
  foreach(directory IN LISTS arg_INCLUDES)
    cmake_path(ABSOLUTE_PATH directory BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    list(APPEND includes "${directory}")
  endforeach()
  firstlight_nasm(${object} "${file}" INCLUDES ${includes} DEFINITIONS ${arg_DEFINITIONS}
    OPTIONS -w+all ${arg_NASM_OPTIONS})
  set(${out} ${object} PARENT_SCOPE)
endfunction()

# How NAME is linked. The rule of the project's language would bring the host's system: so there is one
# of our own, for a language that nothing is compiled in; Clang as linker driver understands the user's
# LDFLAGS. What C and C++ link without being asked counts as there already.
function(_firstlight_link_kernel name)
  _firstlight_clang(clang)
  _firstlight_find_llvm(FIRSTLIGHT_LLD ld.lld lld)
  foreach(kind IN ITEMS LIBRARIES DIRECTORIES)
    set(CMAKE_FIRSTLIGHT_IMPLICIT_LINK_${kind} ${CMAKE_C_IMPLICIT_LINK_${kind}}
      ${CMAKE_CXX_IMPLICIT_LINK_${kind}} CACHE INTERNAL "")
  endforeach()
  set(CMAKE_FIRSTLIGHT_LINK_EXECUTABLE
    "\"${clang}\" <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>" CACHE INTERNAL "")
  set(CMAKE_FIRSTLIGHT_LINKER_WRAPPER_FLAG "-Wl," CACHE INTERNAL "")
  set(CMAKE_FIRSTLIGHT_LINKER_WRAPPER_FLAG_SEP "," CACHE INTERNAL "")

  set(kind -static -no-pie)
  if(arg_PIE)
    set(kind -static-pie LINKER:-z,relro,-z,now)
  endif()
  set(layout "")
  if(arg_LINKER_SCRIPT)
    set(layout "-T${arg_LINKER_SCRIPT}")
  endif()
  if(default_script)
    list(APPEND layout LINKER:--orphan-handling=error)
  endif()
  target_link_options(${name} PRIVATE
    --target=x86_64-unknown-linux-gnu "--ld-path=${FIRSTLIGHT_LLD}" -nostdlib ${kind}
    -fno-lto -fno-sanitize=all -fno-profile-instr-generate -Wno-unused-command-line-argument
    LINKER:--gc-sections,--build-id=none,-z,noexecstack,-z,max-page-size=4096
    # LINKER: would split a path at its commas.
    "SHELL:-Xlinker \"-Map=$<TARGET_FILE:${name}>.map\"" ${layout} ${arg_LINK_OPTIONS})
  set_target_properties(${name} PROPERTIES
    LINKER_LANGUAGE FIRSTLIGHT
    LINK_DEPENDS "${arg_LINKER_SCRIPT}")
endfunction()
