# Turns a file into C: an array of its bytes and its size, for programs that carry the file inside.
# Included, it offers firstlight_embed; run as a script (cmake -P), it does the work.

# firstlight_embed(OUTPUT NAME BINARY)
# Writes the C file OUTPUT, which defines `const unsigned char NAME[]` and `const size_t NAME_size`
# from the file BINARY, again whenever BINARY changes.
function(firstlight_embed output name binary)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -D INPUT=${binary} -D OUTPUT=${output} -D NAME=${name}
      -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    DEPENDS ${binary} ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    COMMENT "Embedding ${binary}"
    VERBATIM)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

foreach(parameter INPUT OUTPUT NAME)
  if(NOT DEFINED ${parameter})
    message(FATAL_ERROR "Embed.cmake: -D ${parameter}=... is missing")
  endif()
endforeach()
file(READ ${INPUT} bytes HEX)
if(bytes STREQUAL "")
  message(FATAL_ERROR "Embed.cmake: ${INPUT} is empty: an array needs at least one byte")
endif()
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
# Sixteen bytes a line.
string(REPEAT "....." 16 line)
string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
get_filename_component(file_name ${INPUT} NAME)
file(WRITE ${OUTPUT}
"// Made by Embed.cmake from ${file_name}.
#include <stddef.h>

extern const unsigned char ${NAME}[];
extern const size_t ${NAME}_size;

const unsigned char ${NAME}[] = {
    ${bytes}
};
const size_t ${NAME}_size = sizeof ${NAME};
")
