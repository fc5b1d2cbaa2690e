// Makes the file of an image, raw or another form. Called by create.c and convert.c.
#include "image_output.h"

#include "commands.h"
#include "output.h"

#include <stdlib.h>

// Makes the variant of a raw image that is there under its temporary name.
static bool finish_variant(const char *path, enum image_variant variant,
                           const struct host_output *raw, struct message *why)
{
    struct host_output output;

    if (!host_output_begin(path, true, &output, why)) {
        return false;
    }
    if (!variant_make(raw, variant, &output, why)) {
        host_output_abandon(&output);
        return false;
    }
    return host_output_finish(&output, why);
}

int image_output_make(const char *path, enum image_variant variant, raw_image_writer *write,
                      void *context)
{
    struct host_output raw;
    struct message why;
    bool done;

    if (!host_output_begin(path, true, &raw, &why)) {
        return complain(path, why.text);
    }
    done = write(context, &raw, &why);
    if (done && variant == VARIANT_RAW) {
        return host_output_finish(&raw, &why) ? EXIT_SUCCESS : complain(path, why.text);
    }
    if (!done) {
        host_output_abandon(&raw);
        return complain(path, why.text);
    }
    done = finish_variant(path, variant, &raw, &why);
    host_output_abandon(&raw);
    return done ? EXIT_SUCCESS : complain_of_system(path, why.text);
}
