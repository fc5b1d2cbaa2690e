# Packages of what is installed, made by cpack: a .tar.gz to unpack anywhere, and a Debian package.
# Included by Package.cmake, when Firstlight is the whole project.

set(CPACK_PACKAGE_NAME firstlight)
set(CPACK_PACKAGE_VENDOR "The Firstlight developers")
set(CPACK_PACKAGE_CONTACT "The Firstlight developers <developers@firstlight.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "bootloader and image tool for 64-bit BIOS kernels")
set(CPACK_PACKAGE_DESCRIPTION
"Firstlight starts a 64-bit kernel written in C, or in any language that
makes ELF files, on x86 machines with a BIOS. The tool bootimage joins the
two-stage loader and a kernel into one disk image, checks it, boots it in
QEMU, tests it, and writes it to a USB stick.
.
With it come the headers of the boot contract, CMake functions that build
kernels, images and boot tests, commands for gdb, and a small kernel to
begin with.")
set(CPACK_PACKAGE_FILE_NAME firstlight-${PROJECT_VERSION}-${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_GENERATOR TGZ)
find_program(FIRSTLIGHT_DPKG_DEB dpkg-deb)
if(FIRSTLIGHT_DPKG_DEB)
  list(APPEND CPACK_GENERATOR DEB)
endif()

# What the tool needs is found by dpkg-shlibdeps, where that is installed. What builds and boots
# kernels is recommended: the tool alone makes images without it.
find_program(FIRSTLIGHT_SHLIBDEPS dpkg-shlibdeps)
if(FIRSTLIGHT_SHLIBDEPS)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
else()
  set(CPACK_DEBIAN_PACKAGE_DEPENDS libc6)
endif()
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
  "qemu-system-x86, clang (>= 1:14), lld (>= 1:14), nasm, cmake (>= 3.25), ninja-build | make")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gdb, qemu-utils, xorriso, pkg-config")
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
# Debian's own files: the staged ones are completed by DebianFiles.cmake, which reads CPACK_FIRSTLIGHT_.
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/DebianFiles.cmake)
set(CPACK_FIRSTLIGHT_DOCUMENTS usr/${CMAKE_INSTALL_DATADIR}/doc/firstlight)
set(CPACK_FIRSTLIGHT_MANUALS usr/${CMAKE_INSTALL_MANDIR})
include(CPack)
