# cmake -DMANIFEST=install_manifest.txt -DFOLDERS=folder,folder -P Uninstall.cmake
# Removes the files that MANIFEST lists, and those of Firstlight's own FOLDERS that are empty then.
# Files of others stay. Called by the target `uninstall`.
cmake_minimum_required(VERSION 3.25)

if(NOT EXISTS ${MANIFEST})
  message(FATAL_ERROR "${MANIFEST} does not exist: nothing has been installed from this build folder")
endif()
file(STRINGS ${MANIFEST} files)
foreach(file IN LISTS files)
  set(file "$ENV{DESTDIR}${file}")
  if(EXISTS "${file}" OR IS_SYMLINK "${file}")
    message(STATUS "Removing ${file}")
    file(REMOVE "${file}")
  endif()
endforeach()

# Removes FOLDER if there is nothing in it and below but folders.
function(remove_empty folder)
  if(IS_SYMLINK "${folder}" OR NOT IS_DIRECTORY "${folder}")
    return()
  endif()
  file(GLOB_RECURSE entries LIST_DIRECTORIES false "${folder}/*" "${folder}/.*")
  if(NOT entries)
    message(STATUS "Removing ${folder}")
    file(REMOVE_RECURSE "${folder}")
  endif()
endfunction()
string(REPLACE "," ";" FOLDERS "${FOLDERS}")
foreach(folder IN LISTS FOLDERS)
  remove_empty("$ENV{DESTDIR}${folder}")
endforeach()
