// The calls that POSIX systems and Windows spell differently. Called by host_file.c and create.c.
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700 // realpath
#endif
#define _FILE_OFFSET_BITS 64 // images beyond 2 GiB on 32-bit hosts

#include "host_system.h"

#include "host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <strings.h>
#endif
#include <sys/stat.h>
#include <sys/types.h>

// Less what the user's umask takes away.
#define NEW_FILE_MODE      0666
#define NEW_DIRECTORY_MODE 0777

#ifdef _WIN32

#include <direct.h>
#include <io.h>
#include <process.h>
#include <windows.h>

#define WINDOWS_MAY_WRITE 2 // of _access, which has no name for it

static enum host_file_kind kind_of(unsigned mode)
{
    if ((mode & _S_IFMT) == _S_IFREG) {
        return HOST_FILE_REGULAR;
    }
    return (mode & _S_IFMT) == _S_IFDIR ? HOST_FILE_DIRECTORY : HOST_FILE_OTHER;
}

enum host_file_kind host_path_kind(const char *path)
{
    struct _stat64 status;

    return _stat64(path, &status) == 0 ? kind_of(status.st_mode) : HOST_FILE_MISSING;
}

enum host_file_kind host_open_kind(int descriptor)
{
    struct _stat64 status;

    return _fstat64(descriptor, &status) == 0 ? kind_of(status.st_mode) : HOST_FILE_MISSING;
}

int host_open_for_reading(const char *path)
{
    return _open(path, _O_RDONLY | _O_BINARY);
}

int host_create_guarded(const char *path)
{
    // Unguarded: Windows removes no open file.
    return _open(path, _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY, _S_IREAD | _S_IWRITE);
}

int host_create_directory(const char *path)
{
    return _mkdir(path);
}

int64_t host_seek(int descriptor, uint64_t offset, int from)
{
    return _lseeki64(descriptor, (int64_t)offset, from);
}

int64_t host_read(int descriptor, void *buffer, unsigned size)
{
    return _read(descriptor, buffer, size);
}

int64_t host_write(int descriptor, const void *bytes, unsigned size)
{
    return _write(descriptor, bytes, size);
}

int host_flush_to_disk(int descriptor)
{
    return _commit(descriptor);
}

int host_close(int descriptor)
{
    return _close(descriptor);
}

int host_remove(const char *path)
{
    return _unlink(path);
}

long host_process_id(void)
{
    return _getpid();
}

bool host_replace(const char *from, const char *to, struct message *why)
{
    if (MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
        return true;
    }
    return message_refuse(why, "cannot be replaced: Windows error %u", (unsigned)GetLastError());
}

char *host_follow_links(const char *path)
{
    (void)path;
    return NULL;
}

bool host_may_create_in(const char *folder)
{
    return _access(folder, WINDOWS_MAY_WRITE) == 0;
}

bool host_same_name(const char *name, const char *other)
{
    return _stricmp(name, other) == 0;
}

bool host_is_link(const char *path)
{
    (void)path;
    return false;
}

void host_copy_mode(const char *path, int descriptor)
{
    (void)path;
    (void)descriptor;
}

void host_unguard_temporary(const char *path)
{
    (void)path;
}

bool host_shows_colour(FILE *stream)
{
    const HANDLE console = (HANDLE)_get_osfhandle(_fileno(stream));
    DWORD mode;

    return GetConsoleMode(console, &mode) &&
           SetConsoleMode(console, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

static bool get_identity(const char *path, BY_HANDLE_FILE_INFORMATION *identity)
{
    const HANDLE file = CreateFileA(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                    OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    bool found;

    if (file == INVALID_HANDLE_VALUE) {
        return false;
    }
    found = GetFileInformationByHandle(file, identity) != 0;
    CloseHandle(file);
    return found;
}

bool host_same_file(const char *path, const char *other)
{
    BY_HANDLE_FILE_INFORMATION a;
    BY_HANDLE_FILE_INFORMATION b;

    return get_identity(path, &a) && get_identity(other, &b) &&
           a.dwVolumeSerialNumber == b.dwVolumeSerialNumber &&
           a.nFileIndexHigh == b.nFileIndexHigh && a.nFileIndexLow == b.nFileIndexLow;
}

#else

#include <unistd.h>

static enum host_file_kind kind_of(mode_t mode)
{
    if (S_ISREG(mode)) {
        return HOST_FILE_REGULAR;
    }
    return S_ISDIR(mode) ? HOST_FILE_DIRECTORY : HOST_FILE_OTHER;
}

enum host_file_kind host_path_kind(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? kind_of(status.st_mode) : HOST_FILE_MISSING;
}

enum host_file_kind host_open_kind(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 ? kind_of(status.st_mode) : HOST_FILE_MISSING;
}

int host_open_for_reading(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

int host_create_directory(const char *path)
{
    return mkdir(path, NEW_DIRECTORY_MODE);
}

int64_t host_seek(int descriptor, uint64_t offset, int from)
{
    return lseek(descriptor, (off_t)offset, from);
}

int64_t host_read(int descriptor, void *buffer, unsigned size)
{
    return read(descriptor, buffer, size);
}

int64_t host_write(int descriptor, const void *bytes, unsigned size)
{
    return write(descriptor, bytes, size);
}

int host_flush_to_disk(int descriptor)
{
    return fsync(descriptor);
}

int host_close(int descriptor)
{
    return close(descriptor);
}

int host_remove(const char *path)
{
    return unlink(path);
}

long host_process_id(void)
{
    return getpid();
}

bool host_replace(const char *from, const char *to, struct message *why)
{
    if (rename(from, to) == 0) {
        return true;
    }
    return message_refuse(why, "cannot be replaced: %s", strerror(errno));
}

char *host_follow_links(const char *path)
{
    return realpath(path, NULL);
}

bool host_may_create_in(const char *folder)
{
    return access(folder, W_OK | X_OK) == 0;
}

bool host_same_name(const char *name, const char *other)
{
#ifdef __APPLE__
    return strcasecmp(name, other) == 0; // as its file systems mostly have it
#else
    return strcmp(name, other) == 0;
#endif
}

bool host_is_link(const char *path)
{
    struct stat status;

    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

void host_copy_mode(const char *path, int descriptor)
{
    struct stat status;

    if (stat(path, &status) == 0) {
        (void)fchmod(descriptor, status.st_mode & 0777);
    }
}

bool host_shows_colour(FILE *stream)
{
    return isatty(fileno(stream)) == 1;
}

#define GUARDED_MAX  2 // the raw image and what is made of it

static const char *volatile guarded[GUARDED_MAX];

static void remove_temporaries_and_end(int signal_number)
{
    for (size_t i = 0; i < GUARDED_MAX; i++) {
        const char *path = guarded[i];
        if (path != NULL) {
            unlink(path);
        }
    }
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static const int endings[] = {SIGINT, SIGTERM, SIGHUP};
#define ENDING_COUNT (sizeof(endings) / sizeof(endings[0]))

static void set_endings(void (*handler)(int))
{
    (void)signal(SIGXFSZ, SIG_IGN);
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        if (signal(endings[i], handler) == SIG_IGN) {
            (void)signal(endings[i], SIG_IGN); // as under nohup
        }
    }
}

static void guard(const char *path)
{
    for (size_t i = 0; i < GUARDED_MAX; i++) {
        if (guarded[i] == NULL) {
            guarded[i] = path;
            break;
        }
    }
    set_endings(remove_temporaries_and_end);
}

int host_create_guarded(const char *path)
{
    sigset_t held;
    sigset_t before;
    int error;
    int descriptor;

    // A signal between the two would leave the file behind, or remove another's.
    (void)sigemptyset(&held);
    for (size_t i = 0; i < ENDING_COUNT; i++) {
        (void)sigaddset(&held, endings[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &held, &before);
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, NEW_FILE_MODE);
    error = errno;
    if (descriptor >= 0) {
        guard(path);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return descriptor;
}

void host_unguard_temporary(const char *path)
{
    bool none = true;

    for (size_t i = 0; i < GUARDED_MAX; i++) {
        if (guarded[i] == path) {
            guarded[i] = NULL;
        }
        none = none && guarded[i] == NULL;
    }
    if (none) {
        set_endings(SIG_DFL);
    }
}

bool host_same_file(const char *path, const char *other)
{
    struct stat a;
    struct stat b;

    return stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

#endif
