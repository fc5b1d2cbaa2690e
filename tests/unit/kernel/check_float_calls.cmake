# cmake -DREADELF=llvm-readelf -DCALLERS=list of objects -DOBJECTS=list of objects -P check_float_calls.cmake
# Fails unless the functions that CALLERS (float_operations.c at each optimisation level) lack are the
# very ones that OBJECTS (the kernel's soft float) define for other files.
cmake_minimum_required(VERSION 3.25)

# symbols(RESULT UND|defined OBJECTS): their global symbols whose names are the compiler's: __...
function(symbols result wanted objects)
  set(names "")
  foreach(object IN LISTS objects)
    execute_process(COMMAND ${READELF} -sW ${object} OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL "(GLOBAL|WEAK) +[A-Z]+ +[A-Z0-9]+ +[A-Za-z_][A-Za-z0-9_]*" lines "${text}")
    foreach(line IN LISTS lines)
      string(REGEX MATCH "([A-Z0-9]+) +([A-Za-z0-9_]+)$" line "${line}")
      set(section ${CMAKE_MATCH_1})
      set(name ${CMAKE_MATCH_2})
      if(section STREQUAL "UND" AND wanted STREQUAL "UND" OR
         NOT section STREQUAL "UND" AND wanted STREQUAL "defined" AND name MATCHES "^__")
        list(APPEND names ${name})
      endif()
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES names)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()

symbols(called UND "${CALLERS}")
symbols(defined defined "${OBJECTS}")
if(NOT called)
  message(FATAL_ERROR "${CALLERS}: no calls found, nothing to check")
endif()
set(missing ${called})
list(REMOVE_ITEM missing ${defined})
set(unused ${defined})
list(REMOVE_ITEM unused ${called})
if(missing OR unused)
  message(FATAL_ERROR "soft float lacks what the compiler calls: ${missing}\n"
    "soft float has what it never calls: ${unused}")
endif()
list(LENGTH called count)
message(STATUS "the compiler calls ${count} functions, and those are there")
