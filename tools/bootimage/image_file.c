// Opens and judges images. Called by the commands that read one.
#include "image_file.h"

#include "commands.h"
#include "drive.h"
#include "output.h"

#include <stdlib.h>

int image_file_open(const char *path, struct image_file *file)
{
    struct message why;

    file->path = path;
    if (!host_input_open(path, &file->input, &why)) {
        return complain(path, why.text);
    }
    file->reader = (struct image_reader){host_input_read, &file->input, file->input.size};
    image_read(&file->reader, &file->report);
    file->form = drive_form(&file->input);
    return EXIT_SUCCESS;
}

int image_file_complain_of_form(const struct image_file *file)
{
    struct message why;

    message_format(&why, "is %s: give the raw image, from which it was made", file->form);
    return complain(file->path, why.text);
}

int image_file_complain(const struct image_file *file)
{
    const uint32_t count = file->report.problem_count;
    int status = EXIT_SUCCESS;

    if (count != 0 && file->form != NULL) {
        return image_file_complain_of_form(file);
    }
    for (uint32_t i = 0; i < count && i < IMAGE_REPORT_PROBLEMS; i++) {
        status = complain(file->path, file->report.problems[i].text);
    }
    if (count > IMAGE_REPORT_PROBLEMS) {
        struct message more;
        message_format(&more, "%u more problems are not shown", count - IMAGE_REPORT_PROBLEMS);
        (void)complain(file->path, more.text);
    }
    return status;
}

uint64_t image_file_bytes_behind(const struct image_file *file)
{
    const struct image_report *report = &file->report;

    if (!report->has_items || report->file_bytes / SECTOR_SIZE <= report->items.image_sectors) {
        return 0;
    }
    return report->file_bytes - report->items.image_sectors * SECTOR_SIZE;
}

void image_file_close(struct image_file *file)
{
    image_report_free(&file->report);
    host_input_close(&file->input);
}
