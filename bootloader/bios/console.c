// Prints lines by the first block's console. Called where the boot ends early, by video.c, and
// by image.c.
#include "console.h"

#include "bios_call.h"
#include "video.h"

void console_show(const struct message *text)
{
    static struct bios_registers registers; // the others are of no use to real_mode_print
    registers.esi = real_mode_offset(text->text);
    registers.ds = real_mode_segment(text->text);
    real_mode_routine(real_mode_print, &registers);
}

void console_print(struct message *line)
{
    message_append(line, "\r\n");
    console_show(line);
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
    message_format(&line, "\r\nfirstlight: "); // there may be a line about progress
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
