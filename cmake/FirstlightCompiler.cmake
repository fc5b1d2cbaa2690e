# Clang and lld for the bare machine: how they are found, and the flags of code that runs without an
# operating system. For firstlight_add_kernel, and for the loader itself.

# _firstlight_find_llvm(VARIABLE PROGRAM PACKAGE)
# Sets VARIABLE in the cache to the path of one of LLVM's programs; stops without it.
function(_firstlight_find_llvm variable program package)
  set(names ${program})
  foreach(version RANGE 22 14 -1)
    list(APPEND names ${program}-${version})
  endforeach()
  find_program(${variable} NAMES ${names})
  if(NOT ${variable})
    message(FATAL_ERROR "Firstlight needs ${program}, which was not found: install the package "
      "${package}, or configure with -D${variable}=/path/of/${program}")
  endif()
endfunction()

# _firstlight_check_compiler(FUNCTION NAME LANGUAGE)
# Stops unless the project compiles LANGUAGE (C, CXX, ASM) with Clang and its options.
function(_firstlight_check_compiler function name language)
  if(NOT CMAKE_${language}_COMPILER_LOADED)
    _firstlight_stop(${function} ${name} "it has sources in ${language}, and the project does not: "
      "add ${language} to the LANGUAGES of project()")
  endif()
  if(CMAKE_${language}_COMPILER_ID MATCHES "Clang"
      AND NOT CMAKE_${language}_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC")
    return()
  endif()
  _firstlight_stop(${function} ${name} "a kernel is compiled by Clang, and the project's compiler is "
    "${CMAKE_${language}_COMPILER} (${CMAKE_${language}_COMPILER_ID}). Configure an empty build folder "
    "with --toolchain ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/firstlight-toolchain.cmake, or make the "
    "kernel with your compiler and give its ELF file to firstlight_add_image as KERNEL")
endfunction()

# _firstlight_clang(OUT)
# Sets OUT to the path of a Clang: the project's C or C++ compiler, or one that is found.
function(_firstlight_clang out)
  foreach(language IN ITEMS C CXX)
    if(CMAKE_${language}_COMPILER_ID MATCHES "Clang"
        AND NOT CMAKE_${language}_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC")
      set(${out} "${CMAKE_${language}_COMPILER}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  _firstlight_find_llvm(FIRSTLIGHT_CLANG clang clang)
  set(${out} "${FIRSTLIGHT_CLANG}" PARENT_SCOPE)
endfunction()

# _firstlight_resources(OUT)
# Sets OUT to the folder of Clang's own headers (stdint.h, stddef.h, stdarg.h, ...).
function(_firstlight_resources out)
  _firstlight_clang(clang)
  execute_process(COMMAND ${clang} -print-resource-dir
    OUTPUT_VARIABLE resources OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(${out} ${resources}/include PARENT_SCOPE)
endfunction()

# _firstlight_freestanding_options(OUT)
# Sets OUT to what freestanding objects are compiled with. Properties of the target choose further:
#
# FIRSTLIGHT_CODE_MODEL  kernel (for the top 2 GiB), small (the lowest 2 GiB), large (anywhere);
#                        without it, the compiler's own: small
# FIRSTLIGHT_PIE         position-independent
#
# Each flag answers a default of some host compiler or of the user's CFLAGS that would break code that
# runs without an operating system.
function(_firstlight_freestanding_options out)
  _firstlight_resources(resources)
  set(model $<TARGET_PROPERTY:FIRSTLIGHT_CODE_MODEL>)
  set(${out}
    --target=x86_64-unknown-none-elf -march=x86-64 -ffreestanding -nostdinc
    -isystem${resources} # without the host's libc
    -mno-red-zone -mgeneral-regs-only
    $<IF:$<BOOL:$<TARGET_PROPERTY:FIRSTLIGHT_PIE>>,-fpie,-fno-pic>
    $<$<BOOL:${model}>:-mcmodel=${model}>
    -fno-stack-protector -fcf-protection=none -fno-common
    -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-sanitize=all
    -fno-strict-aliasing -fno-lto -fno-profile-instr-generate -fno-coverage-mapping
    -Wno-unused-command-line-argument
    -ffunction-sections -fdata-sections
    # Nobody unwinds, knows types at run time, locks, or lives to call destructors at the end.
    "$<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions;-fno-rtti;-fno-threadsafe-statics>"
    $<$<COMPILE_LANGUAGE:CXX>:-fno-c++-static-destructors>
    PARENT_SCOPE)
endfunction()

# The same as a library, Firstlight::freestanding, for libraries that are linked into kernels.
function(_firstlight_define_freestanding)
  if(NOT TARGET firstlight_freestanding)
    add_library(firstlight_freestanding INTERFACE)
    add_library(Firstlight::freestanding ALIAS firstlight_freestanding)
    _firstlight_freestanding_options(options)
    target_compile_options(firstlight_freestanding INTERFACE ${options})
  endif()
endfunction()
