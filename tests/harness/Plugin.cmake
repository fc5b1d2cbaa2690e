# firstlight_add_qemu_plugin(NAME SOURCE)
# NAME.so in the current binary folder: a TCG plugin, a shared library that QEMU loads with -plugin. It
# leaves its symbols to QEMU, which is a matter of the host's linker: Linux only, nothing elsewhere.
set(FIRSTLIGHT_PLUGIN_DIRECTORY ${CMAKE_CURRENT_LIST_DIR})

function(firstlight_add_qemu_plugin name source)
  # Never with sanitizers: QEMU has none.
  add_library(${name} MODULE ${source} ${FIRSTLIGHT_PLUGIN_DIRECTORY}/plugin_arguments.c)
  target_include_directories(${name} PRIVATE ${FIRSTLIGHT_PLUGIN_DIRECTORY})
  target_compile_features(${name} PRIVATE c_std_17)
  target_compile_definitions(${name} PRIVATE _POSIX_C_SOURCE=200809L)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Werror -Wshadow -Wvla
    -Wconversion -Wno-sign-conversion -Wmissing-prototypes -Wstrict-prototypes)
  set_target_properties(${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden)
endfunction()
