// Prints bootimage's lines. Called by main.c and all commands.
#include "output.h"

#include "commands.h"

#define DELETE_CHARACTER 0x7F

void print_on_one_line(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte == DELETE_CHARACTER) {
            (void)fprintf(stream, "\\x%02x", byte);
        } else {
            (void)fputc(byte, stream);
        }
    }
}

int complain(const char *path, const char *text)
{
    (void)fputs("bootimage: ", stderr);
    if (path != NULL) {
        print_on_one_line(stderr, path);
        (void)fputs(": ", stderr);
    }
    print_on_one_line(stderr, text);
    (void)fputc('\n', stderr);
    return EXIT_REFUSED;
}

int complain_of_system(const char *path, const char *text)
{
    (void)complain(path, text);
    return EXIT_SYSTEM;
}

int finish_output(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return complain_of_system("standard output", "cannot be written");
    }
    return status;
}
