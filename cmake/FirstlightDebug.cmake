# The function that boots an image under gdb.

# firstlight_add_debug(NAME IMAGE image [KERNEL target-or-file] [QEMU_ARGS argument...])
# Adds the target NAME, which boots the image by `bootimage run --debug` under gdb, with the symbols of
# the loader and of the kernel. README.md beside this file describes each argument.
function(firstlight_add_debug name)
  set(flags "")
  set(values IMAGE KERNEL)
  set(lists QEMU_ARGS)
  set(function firstlight_add_debug)
  _firstlight_parse("${flags}" "${values}" "${lists}")
  _firstlight_check_call(${function} "${name}" IMAGE)
  _firstlight_check_new_target(${function} "${name}")
  _firstlight_image_of(${function} ${name} "the image" "${arg_IMAGE}" image)
  set(kernel "")
  if(arg_KERNEL)
    _firstlight_file_of(${function} ${name} "the kernel" "${arg_KERNEL}" kernel)
  elseif(TARGET "${arg_IMAGE}")
    get_target_property(kernel ${arg_IMAGE} FIRSTLIGHT_KERNEL)
  endif()
  get_property(script GLOBAL PROPERTY FIRSTLIGHT_GDB_SCRIPT)
  set(depends ${image} ${kernel})
  if(TARGET "${arg_IMAGE}")
    list(APPEND depends ${arg_IMAGE})
  endif()
  if(TARGET firstlight_gdb) # where the script is made, too
    list(APPEND depends firstlight_gdb)
  endif()
  _firstlight_check_command_text(${function} ${name} QEMU_ARGS)
  _firstlight_quote(arg_QEMU_ARGS qemu_arguments)
  set(debug ${CMAKE_COMMAND} -DIMAGE=${image} "-DKERNEL=${kernel}" -DGDB_SCRIPT=${script}
    -DBOOTIMAGE=$<TARGET_FILE:Firstlight::bootimage> -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/Debug.cmake)
  cmake_language(EVAL CODE "add_custom_target(\${name} COMMAND \${debug} -- ${qemu_arguments}
    DEPENDS \${depends} USES_TERMINAL VERBATIM)")
endfunction()
