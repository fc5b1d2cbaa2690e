# What `cmake --install` puts where: below the prefix, and found from there, so that the whole may be
# moved. Packages of it are PackageFiles.cmake's.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(FIRSTLIGHT_INSTALL_DATA ${CMAKE_INSTALL_DATADIR}/firstlight)
set(FIRSTLIGHT_INSTALL_KERNEL ${FIRSTLIGHT_INSTALL_DATA}/kernel)
set(FIRSTLIGHT_INSTALL_LOADER ${FIRSTLIGHT_INSTALL_DATA}/loader)
set(FIRSTLIGHT_INSTALL_GDB ${FIRSTLIGHT_INSTALL_DATA}/gdb)
# share and not lib: a project without a compiler finds it there, too.
set(FIRSTLIGHT_INSTALL_CMAKE ${CMAKE_INSTALL_DATADIR}/cmake/Firstlight)

# ---- The tool, the boot contract, the loader, the starter kernel ---------------------------------
set_target_properties(firstlight_bootimage PROPERTIES EXPORT_NAME bootimage)
set_target_properties(firstlight_boot_contract PROPERTIES EXPORT_NAME headers)
install(TARGETS firstlight_bootimage firstlight_boot_contract EXPORT Firstlight)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/bootloader/include/firstlight
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${FIRSTLIGHT_MBR_BIN} ${FIRSTLIGHT_STAGE2_BIN} DESTINATION ${FIRSTLIGHT_INSTALL_LOADER})
# gdb's commands, and beside them the loader's symbols, as in the build tree.
install(DIRECTORY ${FIRSTLIGHT_SHARE}/gdb ${FIRSTLIGHT_SHARE}/loader
  DESTINATION ${FIRSTLIGHT_INSTALL_DATA} PATTERN __pycache__ EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/bootloader DESTINATION ${FIRSTLIGHT_INSTALL_DATA}/source
  FILES_MATCHING PATTERN *.c PATTERN *.h PATTERN *.asm PATTERN *.inc)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/kernel/ DESTINATION ${FIRSTLIGHT_INSTALL_KERNEL}
  FILES_MATCHING PATTERN *.c PATTERN *.h PATTERN *.asm PATTERN *.ld PATTERN sources.cmake)

# ---- A project to begin with: tools/new-kernel and its template ------------------------------------
install(PROGRAMS ${PROJECT_SOURCE_DIR}/tools/new-kernel
  DESTINATION ${CMAKE_INSTALL_BINDIR} RENAME firstlight-new-kernel)
install(FILES ${PROJECT_SOURCE_DIR}/tools/new-kernel.1
  DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 RENAME firstlight-new-kernel.1)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tools/template DESTINATION ${FIRSTLIGHT_INSTALL_DATA})

# ---- For CMake and pkg-config ---------------------------------------------------------------------
install(EXPORT Firstlight NAMESPACE Firstlight:: FILE FirstlightTargets.cmake
  DESTINATION ${FIRSTLIGHT_INSTALL_CMAKE})
foreach(name IN ITEMS Arguments Call Compiler Debug Functions Image Kernel Nasm Run Starter)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/Firstlight${name}.cmake
    DESTINATION ${FIRSTLIGHT_INSTALL_CMAKE})
endforeach()
foreach(name IN ITEMS Debug.cmake Disassemble.cmake NasmDepfile.cmake firstlight-toolchain.cmake)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/${name} DESTINATION ${FIRSTLIGHT_INSTALL_CMAKE})
endforeach()
set(generated ${PROJECT_BINARY_DIR}/package)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/FirstlightConfig.cmake.in
  ${generated}/FirstlightConfig.cmake INSTALL_DESTINATION ${FIRSTLIGHT_INSTALL_CMAKE}
  PATH_VARS FIRSTLIGHT_INSTALL_KERNEL FIRSTLIGHT_INSTALL_LOADER FIRSTLIGHT_INSTALL_GDB)
# Before version 1, a new minor version may change the functions. A 32-bit project can use it as well.
write_basic_package_version_file(${generated}/FirstlightConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${generated}/FirstlightConfig.cmake ${generated}/FirstlightConfigVersion.cmake
  DESTINATION ${FIRSTLIGHT_INSTALL_CMAKE})
configure_file(${PROJECT_SOURCE_DIR}/cmake/firstlight.pc.in ${generated}/firstlight.pc @ONLY)
install(FILES ${generated}/firstlight.pc DESTINATION ${CMAKE_INSTALL_DATADIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/firstlight)

# ---- Documents, their links led to where things are installed --------------------------------------
# installed_document(SOURCE DESTINATION [old new]...): each link that begins with old gets new there.
function(installed_document source destination)
  file(READ ${PROJECT_SOURCE_DIR}/${source} text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${source})
  set(links ${ARGN})
  while(links)
    list(POP_FRONT links old new)
    string(REPLACE "](${old}" "](${new}" text "${text}")
  endwhile()
  file(WRITE ${PROJECT_BINARY_DIR}/package/${source} "${text}")
  install(FILES ${PROJECT_BINARY_DIR}/package/${source} DESTINATION ${destination})
endfunction()
installed_document(cmake/README.md ${CMAKE_INSTALL_DATADIR}/doc/firstlight
  ../kernel/ ../../firstlight/kernel/ ../tools/gdb/ ../../firstlight/gdb/)
file(RELATIVE_PATH headers ${CMAKE_INSTALL_FULL_DATADIR}/firstlight/kernel ${CMAKE_INSTALL_FULL_INCLUDEDIR})
installed_document(kernel/README.md ${FIRSTLIGHT_INSTALL_KERNEL}
  ../bootloader/include/ ${headers}/ ../tests/kernel/ ./)
install(FILES ${PROJECT_SOURCE_DIR}/tests/kernel/console.png DESTINATION ${FIRSTLIGHT_INSTALL_KERNEL})

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()
set(data ${CMAKE_INSTALL_FULL_DATADIR})
add_custom_target(uninstall
  COMMAND ${CMAKE_COMMAND} -DMANIFEST=${PROJECT_BINARY_DIR}/install_manifest.txt
    -P ${PROJECT_SOURCE_DIR}/cmake/Uninstall.cmake -- ${CMAKE_INSTALL_FULL_INCLUDEDIR}/firstlight
    ${data}/firstlight ${data}/cmake/Firstlight ${data}/doc/firstlight
  VERBATIM)
include(PackageFiles)
