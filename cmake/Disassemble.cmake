# cmake -DOBJDUMP=llvm-objdump -DELF=file -DOUTPUT=file -P Disassemble.cmake
# Writes the instructions of ELF to OUTPUT, with the lines of source they come from.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${OBJDUMP} --disassemble --source --no-show-raw-insn -M intel ${ELF}
  OUTPUT_FILE ${OUTPUT}
  COMMAND_ERROR_IS_FATAL ANY)
