# cmake -DSOURCE=file -DOUTPUT=object -DINCLUDES=dir,dir -P NasmDepfile.cmake
# Writes OUTPUT.d, the list of the files that SOURCE includes, directly or not. NASM 2.16.01 cannot:
# -MD leaves included files out, -M refuses sources that compute with `$`.

cmake_minimum_required(VERSION 3.25)

string(REPLACE "," ";" include_directories "${INCLUDES}")
get_filename_component(source_directory ${SOURCE} DIRECTORY)
set(found ${SOURCE})
set(queue ${SOURCE})
while(queue)
  list(POP_FRONT queue file)
  file(STRINGS ${file} lines REGEX "^[ \t]*%include[ \t]+\"[^\"]+\"")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[ \t]*%include[ \t]+\"([^\"]+)\".*" "\\1" name "${line}")
    foreach(directory IN LISTS include_directories ITEMS ${source_directory})
      set(candidate ${directory}/${name})
      if(EXISTS ${candidate} AND NOT candidate IN_LIST found)
        list(APPEND found ${candidate})
        list(APPEND queue ${candidate})
      endif()
    endforeach()
  endforeach()
endwhile()
set(names ${OUTPUT} ${found})
list(TRANSFORM names REPLACE " " "\\\\ ")
list(POP_FRONT names target)
list(JOIN names " \\\n  " text)
file(WRITE ${OUTPUT}.d "${target}: ${text}\n")
