# What the functions for users (firstlight_add_...) share: checks of their arguments, and how a kernel
# or an image is named. Each mistake gets a line that names the call, what is wrong, and what to do.

# _firstlight_stop(FUNCTION NAME text...)
# Ends the configuration with the text, behind the call that it is about.
function(_firstlight_stop function name)
  list(JOIN ARGN "" text)
  message(FATAL_ERROR "${function}(${name}): ${text}")
endfunction()

# _firstlight_check_call(FUNCTION NAME REQUIRED)
# For a function that has parsed its arguments with the prefix `arg`: stops on arguments it does not
# know, on keywords without a value, and on missing ones.
# The caller's variables `flags`, `values` and `lists` are its keywords, REQUIRED is a list of some.
function(_firstlight_check_call function name required)
  set(known ${values} ${lists} ${flags})
  list(JOIN known ", " known_text)
  if(name IN_LIST known)
    _firstlight_stop(${function} ${name} "the first argument is the name of the target to make, "
      "not a keyword")
  endif()
  if(NOT "${arg_UNPARSED_ARGUMENTS}" STREQUAL "")
    list(JOIN arg_UNPARSED_ARGUMENTS " " unknown)
    _firstlight_stop(${function} ${name} "unknown arguments: ${unknown}. It knows ${known_text}")
  endif()
  # An empty list is no mistake: a variable of the caller's may be empty.
  set(empty ${arg_KEYWORDS_MISSING_VALUES})
  list(REMOVE_ITEM empty ${lists})
  if(empty)
    list(JOIN empty ", " empty)
    _firstlight_stop(${function} ${name} "nothing stands behind ${empty}")
  endif()
  foreach(keyword IN LISTS required)
    if("${arg_${keyword}}" STREQUAL "")
      _firstlight_stop(${function} ${name} "${keyword} is missing")
    endif()
  endforeach()
endfunction()

# Stops if NAME cannot be a new target's.
function(_firstlight_check_new_target function name)
  if(NOT name MATCHES "^[A-Za-z0-9_.+-]+$")
    _firstlight_stop(${function} "${name}" "the name of a target has letters, digits and _ . + - only")
  endif()
  if(TARGET ${name})
    _firstlight_stop(${function} ${name} "there is a target of that name already")
  endif()
endfunction()

# _firstlight_check_file(FUNCTION NAME WHAT FILE OUT)
# Sets OUT to FILE's absolute path; stops if it is not there and nothing is known to make it. FILE may
# be a generator expression, which is left alone.
function(_firstlight_check_file function name what file out)
  if(file MATCHES "\\$<")
    set(${out} "${file}" PARENT_SCOPE)
    return()
  endif()
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  get_source_file_property(generated "${file}" GENERATED)
  if(NOT generated)
    if(NOT EXISTS "${file}")
      _firstlight_stop(${function} ${name} "${what} ${file} does not exist, and no rule is known to "
        "make it. If something does, name the file there as OUTPUT or BYPRODUCTS, before this call")
    elseif(IS_DIRECTORY "${file}")
      _firstlight_stop(${function} ${name} "${what} ${file} is a directory")
    endif()
  endif()
  set(${out} "${file}" PARENT_SCOPE)
endfunction()

# _firstlight_file_of(FUNCTION NAME WHAT VALUE OUT)
# The file that VALUE names: of an executable target, or a path as for _firstlight_check_file.
function(_firstlight_file_of function name what value out)
  if(NOT TARGET "${value}")
    if(NOT value MATCHES "[/.]")
      cmake_path(ABSOLUTE_PATH value BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE path)
      if(NOT EXISTS "${path}")
        _firstlight_stop(${function} ${name} "${what} ${value} is neither a target nor a file. A "
          "target must be made before this call")
      endif()
    endif()
    _firstlight_check_file(${function} ${name} "${what}" "${value}" file)
    set(${out} "${file}" PARENT_SCOPE)
    return()
  endif()
  get_target_property(type ${value} TYPE)
  if(NOT type STREQUAL "EXECUTABLE")
    _firstlight_stop(${function} ${name} "${what} ${value} is a target, but makes no executable "
      "(its type is ${type}). Give the path of the file that it makes")
  endif()
  set(${out} $<TARGET_FILE:${value}> PARENT_SCOPE)
endfunction()

# _firstlight_image_of(FUNCTION NAME WHAT VALUE OUT)
# The file of the image that VALUE names: a target of firstlight_add_image, or a path.
function(_firstlight_image_of function name what value out)
  if(TARGET "${value}")
    get_target_property(image ${value} FIRSTLIGHT_IMAGE)
    if(NOT image)
      _firstlight_stop(${function} ${name} "${what} ${value} is a target, but not one that "
        "firstlight_add_image has made")
    endif()
  else()
    _firstlight_file_of(${function} ${name} "${what}" "${value}" image)
  endif()
  set(${out} "${image}" PARENT_SCOPE)
endfunction()

# _firstlight_check_number(FUNCTION NAME KEYWORD LEAST MOST)
# Stops unless what was said behind KEYWORD, if anything was, is a decimal number from LEAST to MOST.
function(_firstlight_check_number function name keyword least most)
  set(value "${arg_${keyword}}")
  if(NOT DEFINED arg_${keyword})
    return()
  endif()
  if(NOT value MATCHES "^(0|[1-9][0-9]?[0-9]?[0-9]?[0-9]?)$" OR value LESS least OR value GREATER most)
    _firstlight_stop(${function} ${name} "${keyword} is a number from ${least} to ${most}, not ${value}")
  endif()
endfunction()
