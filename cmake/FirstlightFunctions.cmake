# What users call, all of it: included by the installed package and by this project itself.
# Needs the targets Firstlight::headers and Firstlight::bootimage, and the global properties
# FIRSTLIGHT_KERNEL_DIRECTORY, the folder of the starter kernel, and FIRSTLIGHT_GDB_SCRIPT, what gdb
# sources.
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightArguments.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightCall.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightCompiler.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightNasm.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightStarter.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightKernel.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightImage.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightDebug.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightRun.cmake)
