#define _GNU_SOURCE
#include "FaultPlan.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

// What writes to files, in front of glibc's own; it fails for files below FAULT_DIRECTORY alone.

// The next one's address. Whichever thread comes first finds it, and so does another at the same time.
#define REAL(name) \
    static _Atomic(__typeof__(&name)) kept; \
    __typeof__(&name) real = atomic_load_explicit(&kept, memory_order_relaxed); \
    if (!real) atomic_store_explicit(&kept, real = (__typeof__(&name))dlsym(RTLD_NEXT, #name), memory_order_relaxed)

static int refused(int file) {
    int before = errno;
    const char *directory = getenv("FAULT_DIRECTORY");
    if (!directory || !(fault_plan_now()->kinds & FAULT_WRITE)) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = before;
    size_t prefix = strlen(directory);
    if (length < (ssize_t)prefix || strncmp(path, directory, prefix) || !fault_strikes(FAULT_WRITE)) return 0;
    errno = (int)fault_plan_now()->error;
    return 1;
}

ssize_t write(int file, const void *bytes, size_t count) {
    REAL(write);
    return refused(file) ? -1 : real(file, bytes, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    REAL(pwrite);
    return refused(file) ? -1 : real(file, bytes, count, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    REAL(pwrite64);
    return refused(file) ? -1 : real(file, bytes, count, offset);
}

int fsync(int file) {
    REAL(fsync);
    return refused(file) ? -1 : real(file);
}

int fdatasync(int file) {
    REAL(fdatasync);
    return refused(file) ? -1 : real(file);
}

int ftruncate(int file, off_t length) {
    REAL(ftruncate);
    return refused(file) ? -1 : real(file, length);
}

int ftruncate64(int file, off64_t length) {
    REAL(ftruncate64);
    return refused(file) ? -1 : real(file, length);
}

// This one says by its answer what went wrong.
int posix_fallocate(int file, off_t offset, off_t length) {
    REAL(posix_fallocate);
    return refused(file) ? errno : real(file, offset, length);
}
