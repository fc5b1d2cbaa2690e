# The target `run`: boots the image in QEMU, in a window where there is a display, else with serial
# on standard output; cmake/Run.cmake says how.
add_custom_target(run
  COMMAND ${CMAKE_COMMAND}
    -DIMAGE=${PROJECT_BINARY_DIR}/firstlight.bin
    -DEXIT_IMAGE=${PROJECT_BINARY_DIR}/firstlight-exit.bin
    -P ${PROJECT_SOURCE_DIR}/cmake/Run.cmake
  DEPENDS firstlight_bin firstlight_exit_bin
  USES_TERMINAL
  VERBATIM)
