# Builds for the machine that builds: the host tool and the unit tests.

option(FIRSTLIGHT_SANITIZE "Build everything that runs on the host with ASan and UBSan" OFF)

set(firstlight_sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all
  -fno-omit-frame-pointer)

add_library(firstlight_host INTERFACE)
target_compile_features(firstlight_host INTERFACE c_std_17)
target_compile_options(firstlight_host INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wvla -Wconversion -Wno-sign-conversion
  -Wmissing-prototypes -Wstrict-prototypes)

add_library(firstlight_sanitized INTERFACE)
target_link_libraries(firstlight_sanitized INTERFACE firstlight_host)
target_compile_options(firstlight_sanitized INTERFACE ${firstlight_sanitizers} -O1 -g)
target_link_options(firstlight_sanitized INTERFACE ${firstlight_sanitizers})
if(FIRSTLIGHT_SANITIZE)
  target_compile_options(firstlight_host INTERFACE ${firstlight_sanitizers})
  target_link_options(firstlight_host INTERFACE ${firstlight_sanitizers})
endif()

# What is installed: made for a debugger of this machine in the configuration Debug only. Otherwise the
# same sources make the same program wherever they lie.
add_library(firstlight_installed INTERFACE)
target_link_libraries(firstlight_installed INTERFACE firstlight_host)
target_compile_options(firstlight_installed INTERFACE
  "$<$<NOT:$<CONFIG:Debug>>:${FIRSTLIGHT_DEBUG_OPTIONS}>")

# firstlight_add_host_library(NAME SOURCES file... INCLUDES directory... [LIBRARIES name...])
# A static library NAME for the host tool, and the same as NAME_sanitized for unit tests; LIBRARIES
# are names of libraries made here.
function(firstlight_add_host_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;INCLUDES;LIBRARIES")
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC ${arg_INCLUDES})
  target_link_libraries(${name} PRIVATE firstlight_installed PUBLIC ${arg_LIBRARIES})

  list(TRANSFORM arg_LIBRARIES APPEND _sanitized)
  add_library(${name}_sanitized STATIC EXCLUDE_FROM_ALL ${arg_SOURCES})
  target_include_directories(${name}_sanitized PUBLIC ${arg_INCLUDES})
  target_link_libraries(${name}_sanitized PRIVATE firstlight_sanitized PUBLIC ${arg_LIBRARIES})
endfunction()

# firstlight_add_unit_test(NAME SOURCES file... LIBRARIES name...)
# A cmocka program under ASan and UBSan, run by ctest with label `unit`. LIBRARIES are names given to
# firstlight_add_host_library; the sanitized ones are linked.
function(firstlight_add_unit_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
  list(TRANSFORM arg_LIBRARIES APPEND _sanitized)
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE firstlight_sanitized ${arg_LIBRARIES} cmocka)
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()
