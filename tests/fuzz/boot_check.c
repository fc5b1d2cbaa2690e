// What the targets that boot the fake machine have in common. Called by them.
#include "boot_check.h"

#include "entered_kernel.h"
#include "kernel_request.h"
#include "unit.h"

void boot_check_entered(const struct fake_machine *machine)
{
    struct elf_file file = boot_image_kernel(machine->disk.image);
    struct elf_kernel elf;
    struct boot_request request;
    struct entered_kernel kernel;
    struct message why;
    assert_true(elf_parse(file.bytes, file.size, &elf, &why));
    assert_true(kernel_request_parse(&elf, &request, &why));
    entered_kernel_begin_asked(&kernel, machine, &request);
    entered_kernel_end(&kernel);
    elf_file_free(&file);
}
