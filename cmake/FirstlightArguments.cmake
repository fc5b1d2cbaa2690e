# Arguments that reach a program as they were written. CMake's lists cannot hold them all: an unmatched `[`
# or a closing `\` joins what follows to one element. So they stay hidden, with control characters in the
# place of [ ] \ and ; until they are quoted. For the functions for users.

# Sets OUT to TEXT, each character of FROM as that of TO: `shown` or `hidden`.
function(_firstlight_exchange from to text out)
  # Their codes. Arguments have no control characters.
  set(shown 91 93 92 59) # [ ] \ ;
  set(hidden 1 2 3 4)
  foreach(old new IN ZIP_LISTS ${from} ${to})
    string(ASCII ${old} old)
    string(ASCII ${new} new)
    string(REPLACE "${old}" "${new}" text "${text}")
  endforeach()
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Sets OUT to TEXT, hidden; text that is hidden already stays as it is.
function(_firstlight_hide text out)
  _firstlight_exchange(shown hidden "${text}" text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# Sets OUT to TEXT as it was before it was hidden.
function(_firstlight_show text out)
  _firstlight_exchange(hidden shown "${text}" text)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

# _firstlight_parse(FLAGS VALUES LISTS)
# As cmake_parse_arguments with the prefix `arg`, for a function whose first argument is a name; what
# stands behind the keywords LISTS is left hidden.
macro(_firstlight_parse flags values lists)
  set(count ARGC) # by its name: a macro would put its own number there
  math(EXPR last "${${count}} - 1")
  foreach(index RANGE ${last})
    _firstlight_hide("${ARGV${index}}" ARGV${index})
  endforeach()
  cmake_parse_arguments(PARSE_ARGV 1 arg "${flags}" "${values}" "${lists}")
  foreach(keyword IN ITEMS ${values} UNPARSED_ARGUMENTS)
    if(DEFINED arg_${keyword})
      _firstlight_show("${arg_${keyword}}" arg_${keyword})
    endif()
  endforeach()
endmacro()

# Sets OUT to the hidden arguments in the list LIST as CMake code, each in quotes.
function(_firstlight_quote list out)
  set(code "")
  foreach(argument IN LISTS ${list})
    _firstlight_show("${argument}" argument)
    string(REGEX REPLACE "([\\\\\"$])" "\\\\\\1" argument "${argument}")
    string(APPEND code " \"${argument}\"")
  endforeach()
  set(${out} "${code}" PARENT_SCOPE)
endfunction()

# _firstlight_check_command_text(FUNCTION NAME KEYWORD)
# Stops if what was said behind KEYWORD cannot stand in a command that the build runs.
function(_firstlight_check_command_text function name keyword)
  string(FIND "${arg_${keyword}}" "$(" position)
  if(NOT position EQUAL -1)
    _firstlight_stop(${function} ${name} "${keyword} cannot have $( in it, which is a variable of make's "
      "for the build: leave it out, or run bootimage in a script of your own")
  endif()
endfunction()
