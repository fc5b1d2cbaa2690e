# The functions that boot an image: for a person to see, under a debugger, and as a test.

# firstlight_add_run(NAME IMAGE image [WITHOUT_DISPLAY image] [QEMU_ARGS argument...])
# Adds the target NAME, which boots the image by `bootimage run`, and NAME-debug, which boots it halted
# under gdb. README.md beside this file describes each argument.
function(firstlight_add_run name)
  set(flags "")
  set(values IMAGE WITHOUT_DISPLAY)
  set(lists QEMU_ARGS)
  set(function firstlight_add_run)
  _firstlight_parse("${flags}" "${values}" "${lists}")
  _firstlight_check_call(${function} "${name}" IMAGE)
  _firstlight_check_new_target(${function} "${name}")
  _firstlight_check_new_target(${function} "${name}-debug")
  _firstlight_image_of(${function} ${name} "the image" "${arg_IMAGE}" image)
  set(depends ${arg_IMAGE})
  _firstlight_check_command_text(${function} ${name} QEMU_ARGS)
  _firstlight_quote(arg_QEMU_ARGS qemu_arguments)

  set(run $<TARGET_FILE:Firstlight::bootimage> run ${image})
  if(arg_WITHOUT_DISPLAY)
    _firstlight_image_of(${function} ${name} "the image" "${arg_WITHOUT_DISPLAY}" other)
    list(APPEND depends ${arg_WITHOUT_DISPLAY})
    list(APPEND run --without-display ${other})
  endif()
  cmake_language(EVAL CODE "add_custom_target(\${name} COMMAND \${run} -- ${qemu_arguments}
    DEPENDS \${depends} USES_TERMINAL VERBATIM)")
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
  _firstlight_parse("${flags}" "${values}" "${lists}")
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
    list(APPEND arguments --expect "${regex}")
  endforeach()
  if(DEFINED arg_EXIT_CODE)
    list(APPEND arguments --exit-code ${arg_EXIT_CODE})
  endif()
  if(NOT DEFINED arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  list(APPEND arguments --timeout ${arg_TIMEOUT})
  _firstlight_quote(arguments arguments)
  _firstlight_quote(arg_QEMU_ARGS qemu_arguments)
  cmake_language(EVAL CODE "add_test(NAME \"\${name}\"
    COMMAND $<TARGET_FILE:Firstlight::bootimage> test \"\${image}\" ${arguments} -- ${qemu_arguments})")
  # The tool's own time-out says more than ctest's, so it comes first.
  math(EXPR ctest_timeout "${arg_TIMEOUT} + 30")
  _firstlight_show("${arg_LABELS}" arg_LABELS)
  set_tests_properties("${name}" PROPERTIES TIMEOUT ${ctest_timeout} LABELS "${arg_LABELS}")
endfunction()
