# disassemble(RESULT FILE): disassembles FILE with ${OBJDUMP} and sets RESULT to a list, one element
# per line. Included by the checks beside it.
function(disassemble result file)
  execute_process(COMMAND ${OBJDUMP} -d -r --no-show-raw-insn ${file}
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE "[][;]" " " text "${text}") # these mean something in a CMake list
  string(REPLACE "\n" ";" lines "${text}")
  set(${result} "${lines}" PARENT_SCOPE)
endfunction()
