# The function that makes a disk image from a kernel.

# firstlight_add_image(NAME KERNEL target-or-file [OUTPUT file] [CMDLINE text]
#                      [MODULES name=target-or-file...] [MODULE_CMDLINES name=text...] [NO_SYMBOLS]
#                      [OPTIONS option...] [DEPENDS target-or-file...] [EXCLUDE_FROM_ALL])
# Adds the target NAME: the image OUTPUT, made again whenever the kernel, a module, the loader or the
# tool changes. README.md beside this file describes each argument.
function(firstlight_add_image name)
  set(flags NO_SYMBOLS EXCLUDE_FROM_ALL)
  set(values KERNEL OUTPUT CMDLINE)
  set(lists MODULES MODULE_CMDLINES OPTIONS DEPENDS)
  set(function firstlight_add_image)
  cmake_parse_arguments(PARSE_ARGV 1 arg "${flags}" "${values}" "${lists}")
  _firstlight_check_call(${function} "${name}" KERNEL)
  _firstlight_check_new_target(${function} "${name}")
  _firstlight_file_of(${function} ${name} "the kernel" "${arg_KERNEL}" kernel)
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT ${name}.bin)
  endif()
  cmake_path(ABSOLUTE_PATH arg_OUTPUT BASE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} NORMALIZE
    OUTPUT_VARIABLE output)
  set(arguments "")
  if(NOT "${arg_CMDLINE}" STREQUAL "")
    string(REPLACE ";" "\\;" text "${arg_CMDLINE}") # one argument, not a list
    list(APPEND arguments "--cmdline=${text}")
  endif()
  if(arg_NO_SYMBOLS)
    list(APPEND arguments --no-symbols)
  endif()
  _firstlight_image_modules(${name} modules module_files)
  set(in_all ALL)
  if(arg_EXCLUDE_FROM_ALL)
    set(in_all "")
  endif()

  set(tool $<TARGET_FILE:Firstlight::bootimage>)
  add_custom_command(OUTPUT ${output}
    COMMAND ${tool} create --kernel ${kernel} --output ${output} ${arguments} ${modules} ${arg_OPTIONS}
    DEPENDS ${tool} ${kernel} ${module_files} ${arg_DEPENDS}
    COMMENT "Making disk image ${output}"
    VERBATIM)
  add_custom_target(${name} ${in_all} DEPENDS ${output})
  set_target_properties(${name} PROPERTIES
    FIRSTLIGHT_IMAGE ${output}
    FIRSTLIGHT_KERNEL "${kernel}")
endfunction()

# The tool's arguments for arg_MODULES and arg_MODULE_CMDLINES, and the modules' files.
function(_firstlight_image_modules name arguments_out files_out)
  set(function firstlight_add_image)
  set(texts "${arg_MODULE_CMDLINES}")
  set(arguments "")
  set(files "")
  foreach(module IN LISTS arg_MODULES)
    if(NOT module MATCHES "^([^=]+)=(.+)$")
      _firstlight_stop(${function} ${name} "the module ${module} is not name=file")
    endif()
    set(module_name "${CMAKE_MATCH_1}")
    _firstlight_file_of(${function} ${name} "the module" "${CMAKE_MATCH_2}" file)
    list(APPEND files "${file}")
    list(APPEND arguments "--module=${module_name}=${file}")
    foreach(text IN LISTS texts)
      string(FIND "${text}" "${module_name}=" position)
      if(position EQUAL 0)
        list(REMOVE_ITEM texts "${text}")
        string(LENGTH "${module_name}=" length)
        string(SUBSTRING "${text}" ${length} -1 text)
        list(APPEND arguments "--module-cmdline=${text}")
        break()
      endif()
    endforeach()
  endforeach()
  foreach(text IN LISTS texts)
    _firstlight_stop(${function} ${name} "MODULE_CMDLINES: ${text} is not name=text with the name of a "
      "module, each once")
  endforeach()
  set(${arguments_out} "${arguments}" PARENT_SCOPE)
  set(${files_out} "${files}" PARENT_SCOPE)
endfunction()
