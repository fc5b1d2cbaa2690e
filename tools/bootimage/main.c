// bootimage: makes a bootable disk image from a kernel, and shows what is in one.
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "bootimage joins a kernel and the Firstlight bootloader into one raw disk image.\n"
    "\n"
    "  bootimage create --kernel FILE --output FILE [--cmdline TEXT] [--module NAME=FILE]...\n"
    "  bootimage inspect FILE\n"
    "  bootimage COMMAND --help    more about one command\n"
    "  bootimage --version\n"
    "\n"
    "Exit status: 0 done, 1 refused (one line on standard error says why), 2 wrong usage.\n";

static const char create_help_text[] =
    "bootimage create --kernel FILE --output FILE [--cmdline TEXT]\n"
    "                 [--module NAME=FILE [--module-cmdline TEXT]]... [--no-symbols]\n"
    "\n"
    "Checks the kernel with the bootloader's own code and writes the disk image.\n"
    "\n"
    "  --kernel FILE          the kernel: an ELF64 executable for x86-64, static or\n"
    "                         position-independent\n"
    "  --output FILE          the image; a file of that name is replaced, and only by a whole\n"
    "                         image\n"
    "  --cmdline TEXT         what the kernel finds as its command line, at most 4095 bytes\n"
    "  --module NAME=FILE     a file that the kernel finds in memory under this name, 1 to 255\n"
    "                         bytes; any number of them, which the kernel gets in this order\n"
    "  --module-cmdline TEXT  the command line of the module before it, at most 4095 bytes\n"
    "  --no-symbols           leave the names of the kernel's functions out, which a panic could\n"
    "                         print\n"
    "\n"
    "The same input gives the same image, byte for byte. Debug information and sections stay\n"
    "out of it. To put it on a USB stick, copy it with dd.\n";

static const char inspect_help_text[] =
    "bootimage inspect FILE\n"
    "\n"
    "Shows what is in a disk image (or on a disk that one was copied to): where each part\n"
    "lies, its size, whether its checksum is right; the kernel's segments:\n"
    "\n"
    "  in place   mapped where the file is read to\n"
    "  copied     moved to other pages while booting\n"
    "  zeros      not in the file\n"
    "\n"
    "what the kernel asks of the loader; and what the loader will do: where in the address\n"
    "space everything will lie, with which rights and pages.\n"
    "\n"
    "The exit status is 1 when anything is damaged; standard error says what.\n";

static const struct command {
    const char *name;
    int (*run)(char **arguments);
    const char *help;
} commands[] = {
    {"create", create_command, create_help_text},
    {"inspect", inspect_command, inspect_help_text},
};

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

static int print(const char *text)
{
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0) {
        return complain("standard output", "cannot be written");
    }
    return EXIT_SUCCESS;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(name, commands[i].name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

int print_help(const char *command)
{
    return print(find_command(command)->help);
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : NULL;
    const struct command *command;

    if (name == NULL) {
        (void)fprintf(stderr, "bootimage: no command given: see bootimage --help\n");
        return EXIT_USAGE;
    }
    if (strcmp(name, "--help") == 0) {
        return print(help_text);
    }
    if (strcmp(name, "--version") == 0) {
        return print("bootimage (Firstlight) " FIRSTLIGHT_VERSION "\n");
    }
    command = find_command(name);
    if (command == NULL) {
        (void)fputs("bootimage: unknown command '", stderr);
        print_on_one_line(stderr, name);
        (void)fputs("': see bootimage --help\n", stderr);
        return EXIT_USAGE;
    }
    return command->run(arguments + 2);
}
