#pragma once

#include <stdint.h>

// A disk for tests that fails when it is told to, and whose power can go.
//
// It stands between SQLite and its own file system (sqlite.org/vfs.html), for the files below the directories that were
// mounted; every other file in the process is opened as if this were not here. Any thread may call anything, but one disk
// is unmounted only when no connection has a file of it open.

typedef struct faulty_disk faulty_disk;

enum {
    FAULTY_OPEN = 1,
    FAULTY_READ = 2,
    FAULTY_WRITE = 4,
    FAULTY_SYNC = 8,
    FAULTY_TRUNCATE = 16,
    FAULTY_DELETE = 32,
    FAULTY_SIZE = 64,
    FAULTY_LOCK = 128,
    FAULTY_SHARED = 256,
    FAULTY_ANY = 511,
};

// From now on SQLite calls the disk for files below `directory`, a real path.
faulty_disk *faulty_disk_mount(const char *directory);
void faulty_disk_unmount(faulty_disk *disk);

// The n-th call from now of one of `kinds` fails with the errno `error` (1 is the next); `stays`: and so does every one
// after it. A write that fails has written its first half.
void faulty_disk_fail(faulty_disk *disk, unsigned kinds, int64_t n, int stays, int error);
void faulty_disk_heal(faulty_disk *disk);
// How many calls there were since it was mounted, and how many of them failed.
int64_t faulty_disk_calls(faulty_disk *disk);
int64_t faulty_disk_failures(faulty_disk *disk);

// The files of the directory may take so many bytes together, what does not belong to SQLite included; -1 for any number.
void faulty_disk_limit(faulty_disk *disk, int64_t bytes);
int64_t faulty_disk_used(faulty_disk *disk);

// From now on what is written is remembered until it is synced; what lies there now counts as synced. `n` is the call
// at which the power goes: it and all after it fail.
void faulty_disk_cut_power(faulty_disk *disk, int64_t n);
int faulty_disk_has_power(faulty_disk *disk);
// Puts into `directory` what is found there when the power comes back: all that was synced, and of what was not each
// piece of a sector as it was, as it was to be, or, rarely, as nobody wrote it. The same for the same `seed`.
int faulty_disk_recover(faulty_disk *disk, const char *directory, uint64_t seed);
