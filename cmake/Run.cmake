# cmake -DIMAGE=file -DEXIT_IMAGE=file [-DSECONDS=60] -P Run.cmake
# With a display (DISPLAY or WAYLAND_DISPLAY set): IMAGE in a window, until that is closed.
# Without: EXIT_IMAGE, whose kernel ends QEMU by itself, serial on standard output; fails unless the
# kernel reported success.

cmake_minimum_required(VERSION 3.25)

# The kernel writes SUCCESS to QEMU's debug exit device, which ends with (SUCCESS << 1) | 1.
set(exit_port 0xf4)
set(exit_success 33)
if(NOT DEFINED SECONDS)
  set(SECONDS 60)
endif()

find_program(qemu qemu-system-x86_64)
if(NOT qemu)
  message(FATAL_ERROR "qemu-system-x86_64 was not found: run `sh tools/setup.sh`")
endif()

# QEMU's options want a comma in a value doubled.
string(REPLACE "," ",," image_value "${IMAGE}")
string(REPLACE "," ",," exit_image_value "${EXIT_IMAGE}")

if(NOT "$ENV{DISPLAY}$ENV{WAYLAND_DISPLAY}" STREQUAL "")
  message(STATUS "Booting ${IMAGE}; close the window to end")
  execute_process(COMMAND ${qemu} -drive format=raw,file=${image_value} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "QEMU ended with status ${status}")
  endif()
  return()
endif()

message(STATUS "Booting ${EXIT_IMAGE}, no display: this is its serial line")
execute_process(
  COMMAND ${qemu} -drive format=raw,file=${exit_image_value} -display none -monitor none -serial stdio
    -no-reboot -device isa-debug-exit,iobase=${exit_port},iosize=4
  INPUT_FILE /dev/null
  TIMEOUT ${SECONDS}
  RESULT_VARIABLE status)
if(NOT status EQUAL ${exit_success})
  message(FATAL_ERROR "the kernel did not report success: QEMU ended with status ${status}")
endif()
message(STATUS "The kernel ran and reported success")
