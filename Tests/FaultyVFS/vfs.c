#include "disk.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// The file system of SQLite that stands in front of the one that SQLite brings along.

typedef struct faulty_file {
    sqlite3_file base;
    faulty_disk *disk;
    image *image;
    sqlite3_file *real;
} faulty_file;

static sqlite3_vfs *below_us;

static faulty_file *of(sqlite3_file *file) { return (faulty_file *)file; }
static sqlite3_file *real(sqlite3_file *file) { return of(file)->real; }

// What SQLite's own file system says of a call that failed: a disk without room for a write is full, any other errno is
// an error of the call.
static int refusal(int code) { return errno == ENOSPC && code == SQLITE_IOERR_WRITE ? SQLITE_FULL : code; }

static int strikes(sqlite3_file *file, unsigned kind) {
    faulty_disk *disk = of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int struck = disk_strikes(disk, kind);
    int error = errno;
    pthread_mutex_unlock(&disk->lock);
    if (struck) errno = error;
    return struck;
}

static int file_close(sqlite3_file *file) {
    int code = real(file)->pMethods ? real(file)->pMethods->xClose(real(file)) : SQLITE_OK;
    free(real(file));
    return code;
}

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    if (strikes(file, FAULTY_READ)) return SQLITE_IOERR_READ;
    return real(file)->pMethods->xRead(real(file), bytes, count, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    faulty_disk *disk = of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int struck = disk_strikes(disk, FAULTY_WRITE), error = errno, length = struck ? count / 2 : count;
    sqlite3_int64 size = 0;
    real(file)->pMethods->xFileSize(real(file), &size);
    if (!struck && offset + count > size && !disk_has_room(disk, offset + count - size)) {
        struck = 1;
        error = ENOSPC;
        length = 0;
    }
    if (disk->power == 0) length = 0;
    int code = length > 0 ? real(file)->pMethods->xWrite(real(file), bytes, length, offset) : SQLITE_OK;
    if (disk->records && length > 0 && code == SQLITE_OK) image_write(of(file)->image, bytes, length, offset);
    pthread_mutex_unlock(&disk->lock);
    if (!struck) return code;
    errno = error;
    return refusal(SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    if (strikes(file, FAULTY_TRUNCATE)) return SQLITE_IOERR_TRUNCATE;
    faulty_disk *disk = of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int code = real(file)->pMethods->xTruncate(real(file), size);
    if (disk->records && disk->power != 0) image_truncate(of(file)->image, size);
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int file_sync(sqlite3_file *file, int flags) {
    faulty_disk *disk = of(file)->disk;
    pthread_mutex_lock(&disk->lock);
    int struck = disk_strikes(disk, FAULTY_SYNC), error = errno;
    // What a disk that is played has for certain need not be on the one below it.
    if (!struck && disk->records) image_sync(of(file)->image);
    int below = !struck && !disk->records;
    pthread_mutex_unlock(&disk->lock);
    if (below) return real(file)->pMethods->xSync(real(file), flags);
    errno = error;
    return struck ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    if (strikes(file, FAULTY_SIZE)) return SQLITE_IOERR_FSTAT;
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int file_lock(sqlite3_file *file, int level) {
    if (strikes(file, FAULTY_LOCK)) return SQLITE_IOERR_LOCK;
    return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }

static int file_reserved(sqlite3_file *file, int *held) {
    if (strikes(file, FAULTY_LOCK)) return SQLITE_IOERR_CHECKRESERVEDLOCK;
    return real(file)->pMethods->xCheckReservedLock(real(file), held);
}

static int file_control(sqlite3_file *file, int operation, void *argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

static int file_sector(sqlite3_file *file) { return real(file)->pMethods->xSectorSize(real(file)); }
static int file_traits(sqlite3_file *file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

static int file_map(sqlite3_file *file, int page, int size, int extends, void volatile **bytes) {
    if (strikes(file, FAULTY_SHARED)) return SQLITE_IOERR_SHMMAP;
    return real(file)->pMethods->xShmMap(real(file), page, size, extends, bytes);
}

static int file_share(sqlite3_file *file, int offset, int count, int flags) {
    // To give a lock up is a call that cannot fail.
    if (!(flags & SQLITE_SHM_UNLOCK) && strikes(file, FAULTY_SHARED)) return SQLITE_IOERR_SHMLOCK;
    return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void file_barrier(sqlite3_file *file) { real(file)->pMethods->xShmBarrier(real(file)); }
static int file_unmap(sqlite3_file *file, int deletes) { return real(file)->pMethods->xShmUnmap(real(file), deletes); }

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = file_map,
    .xShmLock = file_share,
    .xShmBarrier = file_barrier,
    .xShmUnmap = file_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *given) {
    (void)vfs;
    faulty_disk *disk = disk_of(path);
    if (!disk) return below_us->xOpen(below_us, path, file, flags, given);
    faulty_file *mine = of(file);
    mine->base.pMethods = NULL;
    mine->disk = disk;
    pthread_mutex_lock(&disk->lock);
    int struck = disk_strikes(disk, FAULTY_OPEN), error = errno;
    mine->image = disk->records ? image_of(disk, path) : NULL;
    pthread_mutex_unlock(&disk->lock);
    if (struck) {
        errno = error;
        return SQLITE_CANTOPEN;
    }
    mine->real = calloc(1, below_us->szOsFile);
    if (!mine->real) return SQLITE_NOMEM;
    int code = below_us->xOpen(below_us, path, mine->real, flags, given);
    if (code == SQLITE_OK) mine->base.pMethods = &methods;
    else free(mine->real);
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int durably) {
    (void)vfs;
    faulty_disk *disk = disk_of(path);
    if (!disk) return below_us->xDelete(below_us, path, durably);
    pthread_mutex_lock(&disk->lock);
    int struck = disk_strikes(disk, FAULTY_DELETE), error = errno;
    if (!struck && disk->records && durably) image_delete(image_of(disk, path));
    pthread_mutex_unlock(&disk->lock);
    if (!struck) return below_us->xDelete(below_us, path, durably);
    errno = error;
    return SQLITE_IOERR_DELETE;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *answer) {
    (void)vfs;
    return below_us->xAccess(below_us, path, flags, answer);
}

static sqlite3_vfs ours;

static void install(void) {
    below_us = sqlite3_vfs_find(NULL);
    ours = *below_us;
    ours.zName = "faulty";
    ours.pNext = NULL;
    if (ours.szOsFile < (int)sizeof(faulty_file)) ours.szOsFile = sizeof(faulty_file);
    ours.xOpen = vfs_open;
    ours.xDelete = vfs_delete;
    ours.xAccess = vfs_access;
    sqlite3_vfs_register(&ours, 1);
}

void vfs_install(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
}
