# Run by cpack on the staged files of each package: gives the Debian package what Debian wants otherwise
# than others, its copyright file, a changelog, and compressed manual pages.
cmake_minimum_required(VERSION 3.25)
if(NOT CPACK_GENERATOR STREQUAL "DEB")
  return()
endif()
set(root ${CPACK_TEMPORARY_DIRECTORY})
set(documents ${root}/${CPACK_FIRSTLIGHT_DOCUMENTS})

# Replaces FILE by FILE.gz.
function(compress file)
  file(ARCHIVE_CREATE OUTPUT ${file}.gz PATHS ${file} FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
  file(REMOVE ${file})
endfunction()

# ---- Copyright: the licence, indented, in paragraphs ----------------------------------------------
file(READ ${CPACK_RESOURCE_FILE_LICENSE} license)
string(REGEX MATCH "Copyright \\(c\\) ([^\n]+)\n+(Permission.*[^\n])\n*$" unused "${license}")
set(copyright "${CMAKE_MATCH_1}")
string(REPLACE "\n\n" "\n.\n" license "${CMAKE_MATCH_2}")
string(REPLACE "\n" "\n " license "${license}")
file(WRITE ${documents}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Firstlight

Files: *
Copyright: ${copyright}
License: Expat
 ${license}
")
file(REMOVE ${documents}/LICENSE)

# ---- Changelog: dated as it is packed, unless SOURCE_DATE_EPOCH says when --------------------------
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${documents}/changelog
"firstlight (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Packed from the sources of this version.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
compress(${documents}/changelog)

# ---- Manual pages ----------------------------------------------------------------------------------
file(GLOB_RECURSE pages ${root}/${CPACK_FIRSTLIGHT_MANUALS}/*)
foreach(page IN LISTS pages)
  compress(${page})
endforeach()

# ---- What lintian shall know -----------------------------------------------------------------------
file(WRITE ${root}/usr/share/lintian/overrides/firstlight
"# The loader's symbols, for a debugger: programs of no machine that Debian runs on.
firstlight: arch-dependent-file-in-usr-share [usr/share/firstlight/loader/*]
firstlight: statically-linked-binary [usr/share/firstlight/loader/*]
firstlight: unstripped-binary-or-object [usr/share/firstlight/loader/*]
# What a new project begins with.
firstlight: package-contains-vcs-control-file [usr/share/firstlight/template/.gitignore]
")
