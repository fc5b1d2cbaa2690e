// Prints lines by the first block's console. Called where the boot ends early, and by video.c.
#include "console.h"

#include "bios_call.h"
#include "video.h"

void console_print(struct message *line)
{
    message_append(line, "\r\n");
    struct bios_registers registers = {
        .esi = real_mode_offset(line->text),
        .ds = real_mode_segment(line->text),
    };
    real_mode_routine(real_mode_print, &registers);
}

static _Noreturn void print_and_halt(struct message *line)
{
    video_back_to_text();
    console_print(line);
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

_Noreturn void fatal(const char *format, ...)
{
    struct message line;
    message_format(&line, "firstlight: ");
    va_list arguments;
    va_start(arguments, format);
    message_append_list(&line, format, arguments);
    va_end(arguments);
    print_and_halt(&line);
}

_Noreturn void fatal_message(const struct message *message)
{
    fatal("%s", message->text);
}
