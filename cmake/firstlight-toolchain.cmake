# A toolchain file for kernels: Clang instead of the system's compiler, for C and C++. Where the target's
# code goes is decided by firstlight_add_kernel; programs for the host are built by the same Clang.
#
#   cmake -S . -B build --toolchain /usr/share/cmake/Firstlight/firstlight-toolchain.cmake
#
# FIRSTLIGHT_CLANG_DIRECTORY, set with -D, is where to look first; else the newest in PATH is taken.
set(_names clang)
set(_names_cxx clang++)
foreach(_version RANGE 22 14 -1)
  list(APPEND _names clang-${_version})
  list(APPEND _names_cxx clang++-${_version})
endforeach()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FIRSTLIGHT_CLANG_DIRECTORY)

find_program(FIRSTLIGHT_TOOLCHAIN_C NAMES ${_names} HINTS ${FIRSTLIGHT_CLANG_DIRECTORY})
if(NOT FIRSTLIGHT_TOOLCHAIN_C)
  message(FATAL_ERROR "firstlight-toolchain.cmake: clang was not found: install the package clang, or "
    "configure with -DFIRSTLIGHT_CLANG_DIRECTORY=/its/folder")
endif()
set(CMAKE_C_COMPILER ${FIRSTLIGHT_TOOLCHAIN_C})
# Clang without C++ is enough for a project in C.
find_program(FIRSTLIGHT_TOOLCHAIN_CXX NAMES ${_names_cxx} HINTS ${FIRSTLIGHT_CLANG_DIRECTORY})
if(FIRSTLIGHT_TOOLCHAIN_CXX)
  set(CMAKE_CXX_COMPILER ${FIRSTLIGHT_TOOLCHAIN_CXX})
endif()
