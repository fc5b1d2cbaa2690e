# What firstlight_add_kernel does with STARTER: it links the starter kernel (console, panic, exceptions,
# memory) behind a kernel_main of the user's.

# How the starter kernel and the kernel around it are compiled. The guard of the stack protector is a
# variable of the kernel's (stack_protector.c), not in a thread's memory; backtraces need frame pointers.
set_property(GLOBAL PROPERTY FIRSTLIGHT_STARTER_OPTIONS
  -fstack-protector-strong -mstack-protector-guard=global -fno-omit-frame-pointer)

# _firstlight_use_starter(NAME KIND)
# Adds the starter kernel to the kernel NAME. KIND is kernel, small, large or pie: the objects of each
# are compiled once.
function(_firstlight_use_starter name kind)
  get_property(directory GLOBAL PROPERTY FIRSTLIGHT_KERNEL_DIRECTORY)
  get_property(options GLOBAL PROPERTY FIRSTLIGHT_STARTER_OPTIONS)
  _firstlight_starter_objects(${kind} ${directory} "${options}")
  get_target_property(assembled firstlight_starter_assembly FIRSTLIGHT_OBJECTS)
  target_sources(${name} PRIVATE ${directory}/panic.c ${assembled}
    $<TARGET_OBJECTS:firstlight_starter_${kind}>)
  add_dependencies(${name} firstlight_starter_assembly)
  target_include_directories(${name} PRIVATE ${directory})
endfunction()

# Makes firstlight_starter_KIND and firstlight_starter_assembly, unless they are there.
function(_firstlight_starter_objects kind directory options)
  include(${directory}/sources.cmake)
  if(NOT TARGET firstlight_starter_assembly)
    get_property(nasm_options GLOBAL PROPERTY FIRSTLIGHT_STARTER_NASM_OPTIONS)
    set(objects "")
    foreach(source IN LISTS FIRSTLIGHT_STARTER_ASSEMBLY)
      cmake_path(GET source STEM stem)
      set(object ${CMAKE_CURRENT_BINARY_DIR}/firstlight_starter/${stem}.o)
      file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/firstlight_starter)
      firstlight_nasm(${object} ${directory}/${source} OPTIONS -w+all ${nasm_options})
      list(APPEND objects ${object})
    endforeach()
    add_custom_target(firstlight_starter_assembly DEPENDS ${objects})
    set_target_properties(firstlight_starter_assembly PROPERTIES FIRSTLIGHT_OBJECTS "${objects}")
  endif()
  set(target firstlight_starter_${kind})
  if(TARGET ${target})
    return()
  endif()
  list(TRANSFORM FIRSTLIGHT_STARTER_SOURCES PREPEND ${directory}/)
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${FIRSTLIGHT_STARTER_SOURCES})
  get_property(libraries GLOBAL PROPERTY FIRSTLIGHT_STARTER_LIBRARIES)
  target_link_libraries(${target} PRIVATE Firstlight::headers ${libraries})
  target_include_directories(${target} PRIVATE ${directory})
  _firstlight_freestanding_options(freestanding)
  # Panics name files as the source tree does, wherever it lies.
  target_compile_options(${target} PRIVATE ${freestanding} ${options} -std=c17
    $<$<NOT:$<CONFIG:Debug>>:-O2> -fmacro-prefix-map=${directory}/=kernel/)
  set(pie OFF)
  set(model ${kind})
  if(kind STREQUAL "pie")
    set(pie ON)
    set(model small)
  endif()
  set_target_properties(${target} PROPERTIES
    FIRSTLIGHT_CODE_MODEL ${model} FIRSTLIGHT_PIE ${pie}
    POSITION_INDEPENDENT_CODE OFF INTERPROCEDURAL_OPTIMIZATION OFF UNITY_BUILD OFF)
endfunction()
