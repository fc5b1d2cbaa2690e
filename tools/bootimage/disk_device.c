// Opens, writes and reads a disk of a Linux host. Called by write.c.
#ifdef __linux__
#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64

#include "disk_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool refuse_errno(struct message *why, const char *what)
{
    return message_refuse(why, "%s: %s", what, strerror(errno));
}

static void number_text(const struct stat *status, char number[DISK_NAME_MOST])
{
    (void)snprintf(number, DISK_NAME_MOST, "%u:%u", major(status->st_rdev), minor(status->st_rdev));
}

bool disk_device_number(const char *path, char number[DISK_NAME_MOST], struct message *why)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        return refuse_errno(why, "is no disk");
    }
    if (S_ISREG(status.st_mode)) {
        return message_refuse(why, "is a regular file and no disk: copy the image with cp");
    }
    if (S_ISDIR(status.st_mode)) {
        return message_refuse(why, "is a directory and no disk: name the disk that it is on");
    }
    if (S_ISCHR(status.st_mode)) {
        return message_refuse(why, "is a character device and no disk");
    }
    if (!S_ISBLK(status.st_mode)) {
        return message_refuse(why, "is no disk");
    }
    number_text(&status, number);
    return true;
}

int disk_device_open(const char *path, const struct disk *disk, struct message *why)
{
    const int descriptor = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
    char number[DISK_NAME_MOST] = "";
    struct stat status;

    if (descriptor < 0) {
        if (errno == EBUSY) {
            (void)message_refuse(why, "is in use by another program or by the kernel");
        } else if (errno == EACCES || errno == EPERM) {
            (void)message_refuse(why, "may not be written by you: run bootimage with sudo");
        } else {
            (void)refuse_errno(why, "cannot be opened");
        }
        return -1;
    }
    if (fstat(descriptor, &status) == 0 && S_ISBLK(status.st_mode)) {
        number_text(&status, number);
    }
    if (strcmp(number, disk->number) != 0) {
        (void)close(descriptor);
        (void)message_refuse(why, DISK_DEVICE_IS_ANOTHER);
        return -1;
    }
    return descriptor;
}

bool disk_device_write(int disk, uint64_t offset, const void *bytes, size_t size,
                       struct message *why)
{
    const uint8_t *next = bytes;

    while (size != 0) {
        const ssize_t done = pwrite(disk, next, size, (off_t)offset);

        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            errno = done == 0 ? ENOSPC : errno;
            return refuse_errno(why, "cannot be written");
        }
        next += done;
        offset += (uint64_t)done;
        size -= (size_t)done;
    }
    return true;
}

bool disk_device_read(int disk, uint64_t offset, void *buffer, size_t size, struct message *why)
{
    uint8_t *next = buffer;

    while (size != 0) {
        const ssize_t got = pread(disk, next, size, (off_t)offset);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return refuse_errno(why, "cannot be read back");
        }
        if (got == 0) {
            return message_refuse(why, "cannot be read back: it ends too early");
        }
        next += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

bool disk_device_flush(int disk, struct message *why)
{
    return fsync(disk) == 0 || refuse_errno(why, "cannot be written");
}

bool disk_device_forget(int disk, struct message *why)
{
    const int error = posix_fadvise(disk, 0, 0, POSIX_FADV_DONTNEED);

    if (ioctl(disk, BLKFLSBUF, 0) == 0) {
        return true;
    }
    if (error == 0 && (errno == EACCES || errno == EPERM)) {
        return true; // the first does the same, and needs no right
    }
    return refuse_errno(why, "cannot be read back without the host's memory");
}

bool disk_device_close(int disk, struct message *why)
{
    // Where it has no partitions (a loop device, say) the kernel refuses, and nothing is lost.
    (void)ioctl(disk, BLKRRPART, 0);
    return close(disk) == 0 || refuse_errno(why, "cannot be written");
}

#endif
