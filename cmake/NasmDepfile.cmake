# cmake -DSOURCE=file -DOUTPUT=object -P NasmDepfile.cmake -- [directory...]
# Writes OUTPUT.d, the list of the files that SOURCE includes, directly or not, from NASM's include
# directories, the current one or its own. NASM 2.16.01 cannot: -MD leaves included files out, -M refuses
# sources that compute with `$`.

cmake_minimum_required(VERSION 3.25)

get_filename_component(source_directory ${SOURCE} DIRECTORY)
set(directories ${CMAKE_CURRENT_BINARY_DIR} ${source_directory})
set(behind OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  if(behind)
    list(APPEND directories "${CMAKE_ARGV${index}}")
  elseif("${CMAKE_ARGV${index}}" STREQUAL "--")
    set(behind ON)
  endif()
endforeach()

# The directives that name a file: %include and %depend, and incbin, whose file is no source.
set(directive "%[ \t]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee]|%[ \t]*[Dd][Ee][Pp][Ee][Nn][Dd]|[Ii][Nn][Cc][Bb][Ii][Nn]")
set(string "\"[^\"\n]+\"|'[^'\n]+'|`[^`\n]+`")
set(found ${SOURCE})
set(queue ${SOURCE})
while(queue)
  list(POP_FRONT queue file)
  file(READ ${file} text)
  # The directives alone: a list of whole lines would join those behind an unmatched bracket.
  string(REGEX MATCHALL "(${directive})[ \t]*(${string})" uses "${text}")
  foreach(use IN LISTS uses)
    string(REGEX MATCH "^([^\"'`]+).(.+).$" unused "${use}")
    string(TOLOWER "${CMAKE_MATCH_1}" kind)
    set(name "${CMAKE_MATCH_2}")
    foreach(directory IN LISTS directories)
      cmake_path(APPEND directory "${name}" OUTPUT_VARIABLE candidate)
      if(EXISTS ${candidate} AND NOT IS_DIRECTORY ${candidate} AND NOT candidate IN_LIST found)
        list(APPEND found ${candidate})
        if(kind MATCHES "include")
          list(APPEND queue ${candidate})
        endif()
      endif()
    endforeach()
  endforeach()
endwhile()
set(names ${OUTPUT} ${found})
list(TRANSFORM names REPLACE " " "\\\\ ")
list(POP_FRONT names target)
list(JOIN names " \\\n  " text)
file(WRITE ${OUTPUT}.d "${target}: ${text}\n")
