# firstlight_add_cases(PREFIX FILE LABEL label [FULL] [TIMEOUT seconds] [DEPENDS file...]
#                      [ENVIRONMENT name=value...])
# One ctest test per unittest case in FILE (a Python file), named PREFIX.Class.method. Cases whose
# tools are missing are reported as skipped. FULL: only the preset `full` runs them, since they take
# long or need much. DEPENDS: files that the list of cases is made from.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
set(FIRSTLIGHT_CASES ${CMAKE_CURRENT_LIST_DIR}/cases.py)

set(FIRSTLIGHT_CASE_SKIPPED 77) # SKIPPED in cases.py

function(firstlight_add_cases prefix file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "FULL" "LABEL;TIMEOUT" "DEPENDS;ENVIRONMENT")
  set(labels ${arg_LABEL})
  if(arg_FULL)
    list(APPEND labels full)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 180)
  endif()
  get_filename_component(file ${file} ABSOLUTE)
  list(TRANSFORM arg_DEPENDS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    ${file} ${arg_DEPENDS} ${FIRSTLIGHT_CASES})
  set(run ${CMAKE_COMMAND} -E env PYTHONDONTWRITEBYTECODE=1
    ${Python3_EXECUTABLE} ${FIRSTLIGHT_CASES} ${file})
  execute_process(COMMAND ${run} --list OUTPUT_VARIABLE cases
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" cases "${cases}")
  set(environment PYTHONDONTWRITEBYTECODE=1 FIRSTLIGHT_BUILD=${CMAKE_BINARY_DIR}
    FIRSTLIGHT_BOOTIMAGE=$<TARGET_FILE:firstlight_bootimage> ${arg_ENVIRONMENT})
  foreach(case IN LISTS cases)
    add_test(NAME ${prefix}.${case} COMMAND ${Python3_EXECUTABLE} ${FIRSTLIGHT_CASES} ${file} ${case})
    set_tests_properties(${prefix}.${case} PROPERTIES
      LABELS "${labels}" TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE ${FIRSTLIGHT_CASE_SKIPPED}
      ENVIRONMENT "${environment}")
  endforeach()
endfunction()
