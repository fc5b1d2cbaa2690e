# The function that boots an image under gdb.

# firstlight_add_debug(NAME IMAGE image-target [QEMU_ARGS argument...] [DEPENDS target-or-file...])
# Adds the target NAME: the image of a target that firstlight_add_image made, in QEMU under gdb, with the
# symbols of the loader and of the image's kernel. QEMU_ARGS go to QEMU as they are. README.md in
# share/firstlight/gdb describes the session.
function(firstlight_add_debug name)
  set(flags "")
  set(values IMAGE)
  set(lists QEMU_ARGS DEPENDS)
  set(function firstlight_add_debug)
  cmake_parse_arguments(PARSE_ARGV 1 arg "${flags}" "${values}" "${lists}")
  _firstlight_check_call(${function} "${name}" IMAGE)
  set(image "")
  if(TARGET "${arg_IMAGE}")
    get_target_property(image ${arg_IMAGE} FIRSTLIGHT_IMAGE)
    get_target_property(kernel ${arg_IMAGE} FIRSTLIGHT_KERNEL)
  endif()
  if(NOT image)
    _firstlight_stop(${function} ${name} "IMAGE ${arg_IMAGE} is no target of firstlight_add_image")
  endif()
  get_property(script GLOBAL PROPERTY FIRSTLIGHT_GDB_SCRIPT)
  set(commands "")
  if(TARGET firstlight_gdb) # this project's own, where the script is made
    set(commands firstlight_gdb)
  endif()
  add_custom_target(${name}
    COMMAND ${CMAKE_COMMAND} -DIMAGE=${image} -DKERNEL=${kernel} -DGDB_SCRIPT=${script}
      -DBOOTIMAGE=$<TARGET_FILE:Firstlight::bootimage>
      -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/Debug.cmake -- ${arg_QEMU_ARGS}
    DEPENDS ${arg_IMAGE} ${commands} ${arg_DEPENDS}
    USES_TERMINAL
    VERBATIM)
endfunction()
