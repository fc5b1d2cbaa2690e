# Rust's library `core` for the bare machine, where it is not installed: compiled from Debian 12's package
# rust-src. Included by CMakeLists.txt, with RUSTC and RUST_TARGET; sets `core` to the file, which is in a
# folder for rustc's -L, or to nothing. It is made of what is not stable, so that each version of rustc
# needs its own way: this is that of Debian 12's.
set(core "")
execute_process(COMMAND ${RUSTC} --version OUTPUT_VARIABLE version)
execute_process(COMMAND ${RUSTC} --print sysroot
  OUTPUT_VARIABLE sysroot OUTPUT_STRIP_TRAILING_WHITESPACE)
set(source ${sysroot}/lib/rustlib/src/rust/library/core/src/lib.rs)
if(NOT version MATCHES "^rustc 1\\.63\\." OR NOT EXISTS ${source})
  return()
endif()

set(core ${CMAKE_CURRENT_BINARY_DIR}/rust/libcore.rlib)
set(builtins ${CMAKE_CURRENT_BINARY_DIR}/rust/libcompiler_builtins.rlib)
file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/rust)
set(compile ${CMAKE_COMMAND} -E env RUSTC_BOOTSTRAP=1 # lets a stable rustc take what is not
  ${RUSTC} --edition 2021 --crate-type rlib --target ${RUST_TARGET} -O -C panic=abort --cap-lints allow)
add_custom_command(OUTPUT ${core} ${builtins}
  COMMAND ${compile} --crate-name core -o ${core} ${source}
  COMMAND ${compile} --crate-name compiler_builtins --extern core=${core} -o ${builtins}
    ${CMAKE_CURRENT_SOURCE_DIR}/compiler_builtins.rs
  DEPENDS compiler_builtins.rs
  COMMENT "Compiling Rust's core for ${RUST_TARGET}"
  VERBATIM)
