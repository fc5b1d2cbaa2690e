# firstlight_wide_decoder(VARIABLE): makes stage 2's decoder of LZ4 for this host, in the current binary
# folder, and puts its object file into VARIABLE; empty where it cannot run.
set(wide_decoder_dir ${CMAKE_CURRENT_LIST_DIR})
set(wide_decoder_stage2 ${CMAKE_SOURCE_DIR}/bootloader/stage2)

function(firstlight_wide_decoder variable)
  set(${variable} "" PARENT_SCOPE)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" AND CMAKE_EXECUTABLE_FORMAT STREQUAL "ELF")
    set(object ${CMAKE_CURRENT_BINARY_DIR}/wide_on_host.o)
    firstlight_nasm(${object} ${wide_decoder_dir}/wide_on_host.asm
      INCLUDES ${FIRSTLIGHT_ASM_INCLUDES}
      DEPENDS ${FIRSTLIGHT_ASM_OFFSETS} ${wide_decoder_stage2}/memory.asm
        ${wide_decoder_stage2}/lz4_decode_wide.asm)
    set(${variable} ${object} PARENT_SCOPE)
  endif()
endfunction()
