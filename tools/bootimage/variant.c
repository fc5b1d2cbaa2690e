// Has other programs make VHD, VMDK and ISO of a raw image, and takes out of the result what would
// differ from time to time. Called by create.c and convert.c.
#include "variant.h"

#include "image_format.h"
#include "program.h"
#include "variant_patch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATE_VARIABLE "SOURCE_DATE_EPOCH" // reproducible-builds.org: seconds since 1970
#define DEFAULT_DATE  "946684800"         // 2000-01-01
#define DATE_DIGITS   18
#define ISO_LABEL     "FIRSTLIGHT"
#define ISO_FILE      "disk.bin"
#define ISO_CATALOG   "boot.cat"

static const char *const names[] = {
    [VARIANT_RAW] = "raw",
    [VARIANT_VHD] = "vhd",
    [VARIANT_VMDK] = "vmdk",
    [VARIANT_ISO] = "iso",
};

bool variant_find(const char *name, enum image_variant *variant)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            *variant = (enum image_variant)i;
            return true;
        }
    }
    return false;
}

// ---- Names for other programs -------------------------------------------------------------

// A path that no program takes for an option or for a protocol, from malloc: relative ones begin
// with ./. `escaped`: these characters, behind a backslash.
static char *plain_path(const char *path, const char *escaped)
{
    char *plain = malloc(2 * strlen(path) + sizeof("./"));
    size_t length = 0;

    if (plain == NULL) {
        return NULL;
    }
    if (path[0] != '/') {
        plain[length++] = '.';
        plain[length++] = '/';
    }
    for (; *path != '\0'; path++) {
        if (strchr(escaped, *path) != NULL) {
            plain[length++] = '\\';
        }
        plain[length++] = *path;
    }
    plain[length] = '\0';
    return plain;
}

static bool refuse_memory(struct message *why)
{
    return message_refuse(why, "not enough memory");
}

static bool refuse_missing(struct message *why, const char *program, const char *package)
{
    return message_refuse(why, "%s was not found: install the package %s (Debian's name)", program,
                          package);
}

// ---- qemu-img -----------------------------------------------------------------------------

static bool run_qemu_img(const char *raw, const char *output, const char *format,
                         const char *options, struct message *why)
{
    const char *const arguments[] = {"qemu-img", "convert", "-f", "raw",  "-O", format,
                                     "-o",       options,   raw,  output, NULL};
    const enum program_result result = program_run(arguments, why);

    return result == PROGRAM_DONE ||
           (result == PROGRAM_MISSING && refuse_missing(why, arguments[0], "qemu-utils"));
}

// ---- xorriso, genisoimage -----------------------------------------------------------------

static bool find_date(struct message *why)
{
    const char *date;

    program_default_variable(DATE_VARIABLE, DEFAULT_DATE);
    date = getenv(DATE_VARIABLE);
    if (date == NULL) {
        return true; // no program will be run here
    }
    const size_t digits = strspn(date, "0123456789");
    return (digits != 0 && digits <= DATE_DIGITS && date[digits] == '\0') ||
           message_refuse(why, "the environment variable " DATE_VARIABLE
                               " is no number of seconds since 1970");
}

static bool run_xorriso(const char *mapping, const char *output, struct message *why)
{
    char date[sizeof("=") + DATE_DIGITS];
    const char *seconds = getenv(DATE_VARIABLE);
    const char *const xorriso[] = {"xorriso",
                                   "-report_about",
                                   "WARNING",
                                   "-as",
                                   "mkisofs",
                                   "-quiet",
                                   "--set_all_file_dates",
                                   date,
                                   "-V",
                                   ISO_LABEL,
                                   "-hard-disk-boot",
                                   "-b",
                                   ISO_FILE,
                                   "-c",
                                   ISO_CATALOG,
                                   "-o",
                                   output,
                                   "-graft-points",
                                   mapping,
                                   NULL};
    const char *const genisoimage[] = {
        "genisoimage", "-quiet",    "-V", ISO_LABEL, "-hard-disk-boot", "-b",    ISO_FILE,
        "-c",          ISO_CATALOG, "-o", output,    "-graft-points",   mapping, NULL};

    (void)snprintf(date, sizeof(date), "=%s", seconds != NULL ? seconds : DEFAULT_DATE);
    enum program_result result = program_run(xorriso, why);

    if (result == PROGRAM_MISSING) {
        result = program_run(genisoimage, why);
    }
    return result == PROGRAM_DONE || (result == PROGRAM_MISSING &&
                                      refuse_missing(why, "xorriso (or genisoimage)", "xorriso"));
}

static bool make_iso(const char *raw, const char *output, struct message *why)
{
    char *escaped = plain_path(raw, "=\\");
    char *mapping;
    bool done;

    if (escaped == NULL) {
        return refuse_memory(why);
    }
    const size_t size = sizeof(ISO_FILE "=") + strlen(escaped);
    mapping = malloc(size);
    if (mapping == NULL) {
        free(escaped);
        return refuse_memory(why);
    }
    (void)snprintf(mapping, size, ISO_FILE "=%s", escaped);
    done = find_date(why) && run_xorriso(mapping, output, why);
    free(mapping);
    free(escaped);
    return done;
}

// ---- All ----------------------------------------------------------------------------------

static bool make(const char *raw, enum image_variant variant, struct host_output *output,
                 const char *output_path, struct message *why)
{
    switch (variant) {
    case VARIANT_VHD:
        return run_qemu_img(raw, output_path, "vpc", "subformat=fixed,force_size=on", why) &&
               variant_patch_vhd(raw, output, why);
    case VARIANT_VMDK:
        return run_qemu_img(raw, output_path, "vmdk", "subformat=monolithicSparse", why) &&
               variant_patch_vmdk(raw, output, why);
    case VARIANT_ISO:
        return make_iso(raw, output_path, why);
    case VARIANT_RAW:
        break;
    }
    return message_defect(why, "a raw image is no variant");
}

bool variant_make(const struct host_output *raw, enum image_variant variant,
                  struct host_output *output, struct message *why)
{
    char *raw_path = plain_path(raw->temporary, "");
    char *output_path = plain_path(output->temporary, "");
    const bool done = raw_path != NULL && output_path != NULL
                          ? make(raw_path, variant, output, output_path, why)
                          : refuse_memory(why);

    free(raw_path);
    free(output_path);
    return done;
}
