# The functions that boot an image: for a person to see, under a debugger, and as a test.

# firstlight_add_run(NAME IMAGE image [WITHOUT_DISPLAY image] [QEMU_ARGS argument...])
# Adds the target NAME, which boots the image by `bootimage run`, and NAME-debug, which boots it halted
# under gdb. README.md beside this file describes each argument.
function(firstlight_add_run name)
  set(flags "")
  set(values IMAGE WITHOUT_DISPLAY)
  set(lists QEMU_ARGS)
  set(function firstlight_add_run)
  cmake_parse_arguments(PARSE_ARGV 1 arg "${flags}" "${values}" "${lists}")
  _firstlight_check_call(${function} "${name}" IMAGE)
  _firstlight_check_new_target(${function} "${name}")
  _firstlight_check_new_target(${function} "${name}-debug")
  _firstlight_image_of(${function} ${name} "the image" "${arg_IMAGE}" image)
  set(depends ${arg_IMAGE})
  set(qemu_arguments "")
  if(arg_QEMU_ARGS)
    set(qemu_arguments -- ${arg_QEMU_ARGS})
  endif()

  set(tool $<TARGET_FILE:Firstlight::bootimage>)
  set(run ${tool} run ${image} ${qemu_arguments})
  if(arg_WITHOUT_DISPLAY)
    _firstlight_image_of(${function} ${name} "the image" "${arg_WITHOUT_DISPLAY}" other)
    list(APPEND depends ${arg_WITHOUT_DISPLAY})
    set(run ${CMAKE_COMMAND} -DBOOTIMAGE=${tool} -DIMAGE=${image} -DWITHOUT_DISPLAY=${other}
      -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/Run.cmake ${qemu_arguments})
  endif()
  add_custom_target(${name} COMMAND ${run} DEPENDS ${depends} USES_TERMINAL VERBATIM)
  firstlight_add_debug(${name}-debug IMAGE "${arg_IMAGE}" QEMU_ARGS ${arg_QEMU_ARGS})
endfunction()

# firstlight_add_boot_test(NAME IMAGE image EXPECT regex... [EXIT_CODE number] [TIMEOUT seconds]
#                          [QEMU_ARGS argument...] [LABELS label...])
# Adds the test NAME for ctest, which boots the image by `bootimage test`. README.md beside this file
# describes each argument.
function(firstlight_add_boot_test name)
  set(flags "")
  set(values IMAGE EXIT_CODE TIMEOUT)
  set(lists EXPECT QEMU_ARGS LABELS)
  set(function firstlight_add_boot_test)
  cmake_parse_arguments(PARSE_ARGV 1 arg "${flags}" "${values}" "${lists}")
  _firstlight_check_call(${function} "${name}" "IMAGE;EXPECT")
  _firstlight_image_of(${function} ${name} "the image" "${arg_IMAGE}" image)
  _firstlight_check_number(${function} ${name} EXIT_CODE 0 255)
  _firstlight_check_number(${function} ${name} TIMEOUT 1 86400)
  if(TEST "${name}")
    _firstlight_stop(${function} ${name} "there is a test of that name already")
  endif()
  if(NOT CMAKE_TESTING_ENABLED)
    _firstlight_stop(${function} ${name} "ctest would not find it: call enable_testing() before, in the "
      "top CMakeLists.txt")
  endif()

  set(arguments "")
  foreach(regex IN LISTS arg_EXPECT)
    string(REPLACE ";" "\\;" regex "${regex}") # one argument, not a list
    list(APPEND arguments --expect "${regex}")
  endforeach()
  if(DEFINED arg_EXIT_CODE)
    list(APPEND arguments --exit-code ${arg_EXIT_CODE})
  endif()
  if(NOT DEFINED arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  list(APPEND arguments --timeout ${arg_TIMEOUT})
  if(arg_QEMU_ARGS)
    list(APPEND arguments -- ${arg_QEMU_ARGS})
  endif()
  add_test(NAME "${name}"
    COMMAND $<TARGET_FILE:Firstlight::bootimage> test ${image} ${arguments})
  # The tool's own time-out says more than ctest's, so it comes first.
  math(EXPR ctest_timeout "${arg_TIMEOUT} + 30")
  set_tests_properties("${name}" PROPERTIES TIMEOUT ${ctest_timeout} LABELS "${arg_LABELS}")
endfunction()
