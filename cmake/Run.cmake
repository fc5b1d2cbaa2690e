# cmake -DBOOTIMAGE=tool -DIMAGE=file -DWITHOUT_DISPLAY=file [-DSECONDS=60] -P Run.cmake
#       [-- QEMU argument...]
# With a display (DISPLAY or WAYLAND_DISPLAY set, or macOS): IMAGE in a window, until that is closed.
# Without: the other image, whose kernel ends QEMU by itself, COM1 on standard output; fails unless the
# kernel reported success within SECONDS. Called by targets of firstlight_add_run.

cmake_minimum_required(VERSION 3.25)
include(${CMAKE_CURRENT_LIST_DIR}/FirstlightArguments.cmake)

if(NOT DEFINED SECONDS)
  set(SECONDS 60)
endif()
set(arguments "")
set(behind OFF)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(index RANGE ${last})
  if(behind OR "${CMAKE_ARGV${index}}" STREQUAL "--")
    set(behind ON)
    _firstlight_hide("${CMAKE_ARGV${index}}" argument)
    list(APPEND arguments "${argument}")
  endif()
endforeach()
_firstlight_quote(arguments arguments)

# As bootimage run decides.
if(CMAKE_HOST_APPLE OR NOT "$ENV{DISPLAY}$ENV{WAYLAND_DISPLAY}" STREQUAL "")
  message(STATUS "Booting ${IMAGE}; close the window to end")
  cmake_language(EVAL CODE "execute_process(COMMAND \${BOOTIMAGE} run \${IMAGE} --display ${arguments}
    RESULT_VARIABLE status)")
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "bootimage run ended with status ${status}")
  endif()
  return()
endif()

message(STATUS "Booting ${WITHOUT_DISPLAY}, no display: this is its serial line")
cmake_language(EVAL CODE "execute_process(
  COMMAND \${BOOTIMAGE} run \${WITHOUT_DISPLAY} --serial ${arguments}
  INPUT_FILE /dev/null
  TIMEOUT \${SECONDS}
  RESULT_VARIABLE status)")
if(NOT status EQUAL 0)
  message(FATAL_ERROR "the kernel did not report success: bootimage run ended with status ${status}")
endif()
message(STATUS "The kernel ran and reported success")
