# The starter kernel's sources, for FirstlightStarter.cmake. main.c is each kernel's own, and panic.c is
# compiled with each kernel's definitions.
set(FIRSTLIGHT_STARTER_SOURCES
  arch/x86_64/exceptions.c
  arch/x86_64/machine_exit.c
  arch/x86_64/segments.c
  backtrace.c
  boot_timeline.c
  console/console.c
  console/font.c
  console/framebuffer.c
  console/serial.c
  console/text_screen.c
  console/vga_text.c
  lib/command_line.c
  lib/format.c
  lib/format_conversion.c
  lib/format_double.c
  # Floating point, for those who use it; both directory and lines may go.
  lib/soft_float/double.c
  lib/soft_float/number.c
  lib/soft_float/single.c
  lib/stack_walk.c
  lib/string.c
  lib/symbol_lookup.c
  memory/frame_allocator.c
  memory/memory_report.c
  stack_protector.c)
set(FIRSTLIGHT_STARTER_ASSEMBLY
  arch/x86_64/start.asm
  arch/x86_64/exception_entry.asm)
