#define _GNU_SOURCE
#include "disk.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void vfs_install(void);

static pthread_mutex_t all = PTHREAD_MUTEX_INITIALIZER;
static faulty_disk *mounted;

faulty_disk *faulty_disk_mount(const char *directory) {
    vfs_install();
    faulty_disk *disk = calloc(1, sizeof *disk);
    disk->directory = strdup(directory);
    disk->prefix = strlen(directory);
    disk->limit = -1;
    disk->power = -1;
    pthread_mutex_init(&disk->lock, NULL);
    pthread_mutex_lock(&all);
    disk->next = mounted;
    mounted = disk;
    pthread_mutex_unlock(&all);
    return disk;
}

void faulty_disk_unmount(faulty_disk *disk) {
    pthread_mutex_lock(&all);
    faulty_disk **place = &mounted;
    while (*place != disk) place = &(*place)->next;
    *place = disk->next;
    pthread_mutex_unlock(&all);
    while (disk->images) {
        image *file = disk->images;
        disk->images = file->next;
        image_sync(file);
        free(file->changes);
        free(file->bytes);
        free(file->name);
        free(file);
    }
    pthread_mutex_destroy(&disk->lock);
    free(disk->directory);
    free(disk);
}

faulty_disk *disk_of(const char *path) {
    if (!path) return NULL;
    pthread_mutex_lock(&all);
    faulty_disk *disk = mounted;
    while (disk && (strncmp(path, disk->directory, disk->prefix) || path[disk->prefix] != '/')) disk = disk->next;
    pthread_mutex_unlock(&all);
    return disk;
}

void faulty_disk_fail(faulty_disk *disk, unsigned kinds, int64_t n, int stays, int error) {
    pthread_mutex_lock(&disk->lock);
    disk->kinds = kinds;
    disk->countdown = n;
    disk->stays = stays;
    disk->error = error;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_heal(faulty_disk *disk) { faulty_disk_fail(disk, 0, 0, 0, 0); }

static int64_t read_count(faulty_disk *disk, int64_t *count) {
    pthread_mutex_lock(&disk->lock);
    int64_t now = *count;
    pthread_mutex_unlock(&disk->lock);
    return now;
}

int64_t faulty_disk_calls(faulty_disk *disk) { return read_count(disk, &disk->calls); }
int64_t faulty_disk_failures(faulty_disk *disk) { return read_count(disk, &disk->failures); }

void faulty_disk_limit(faulty_disk *disk, int64_t bytes) {
    pthread_mutex_lock(&disk->lock);
    disk->limit = bytes;
    pthread_mutex_unlock(&disk->lock);
}

void faulty_disk_cut_power(faulty_disk *disk, int64_t n) {
    pthread_mutex_lock(&disk->lock);
    disk->records = 1;
    disk->power = n;
    pthread_mutex_unlock(&disk->lock);
}

int faulty_disk_has_power(faulty_disk *disk) { return read_count(disk, &disk->power) != 0; }

int disk_strikes(faulty_disk *disk, unsigned kind) {
    disk->calls++;
    if (disk->power > 0) disk->power--;
    if (disk->power == 0) {
        errno = EIO;
        return 1;
    }
    if (!(disk->kinds & kind) || disk->countdown < 0) return 0;
    if (disk->countdown > 0 && --disk->countdown > 0) return 0;
    if (!disk->stays) disk->countdown = -1;
    disk->failures++;
    errno = disk->error;
    return 1;
}

int64_t faulty_disk_used(faulty_disk *disk) {
    int64_t used = 0;
    DIR *stream = opendir(disk->directory);
    if (!stream) return 0;
    for (struct dirent *entry; (entry = readdir(stream));) {
        struct stat status;
        if (fstatat(dirfd(stream), entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode)) used += status.st_size;
    }
    closedir(stream);
    return used;
}

int disk_has_room(faulty_disk *disk, int64_t more) {
    return disk->limit < 0 || faulty_disk_used(disk) + more <= disk->limit;
}

// In front of glibc's own in the tests' program: a disk that is full has no room for anybody.
int posix_fallocate(int file, off_t offset, off_t length) {
    static _Atomic(__typeof__(&posix_fallocate)) kept;
    __typeof__(&posix_fallocate) real = atomic_load_explicit(&kept, memory_order_relaxed);
    if (!real) {
        real = (__typeof__(&posix_fallocate))dlsym(RTLD_NEXT, "posix_fallocate");
        atomic_store_explicit(&kept, real, memory_order_relaxed);
    }
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return errno;
    path[count] = 0;
    faulty_disk *disk = disk_of(path);
    struct stat status;
    if (disk && fstat(file, &status) == 0) {
        pthread_mutex_lock(&disk->lock);
        int64_t more = offset + length - status.st_size;
        int is_full = more > 0 && !disk_has_room(disk, more);
        pthread_mutex_unlock(&disk->lock);
        if (is_full) return ENOSPC;
    }
    return real(file, offset, length);
}

// Power.

static void hold(image *file, int64_t length) {
    if (length <= file->length) return;
    file->bytes = realloc(file->bytes, length);
    memset(file->bytes + file->length, 0, length - file->length);
    file->length = length;
}

image *image_of(faulty_disk *disk, const char *path) {
    const char *name = path + disk->prefix + 1;
    for (image *file = disk->images; file; file = file->next) {
        if (!strcmp(file->name, name)) return file;
    }
    image *file = calloc(1, sizeof *file);
    file->name = strdup(name);
    file->next = disk->images;
    disk->images = file;
    FILE *stream = fopen(path, "re");
    if (stream) {
        file->exists = 1;
        fseek(stream, 0, SEEK_END);
        hold(file, ftell(stream));
        rewind(stream);
        if (fread(file->bytes, 1, file->length, stream) != (size_t)file->length) file->exists = 0;
        fclose(stream);
    }
    return file;
}

static void add(image *file, change new) {
    if (file->count == file->room) {
        file->room = file->room ? 2 * file->room : 16;
        file->changes = realloc(file->changes, file->room * sizeof new);
    }
    file->changes[file->count++] = new;
}

void image_write(image *file, const void *bytes, int64_t length, int64_t offset) {
    change new = {CHANGE_WRITE, offset, length, malloc(length)};
    memcpy(new.bytes, bytes, length);
    add(file, new);
}

void image_truncate(image *file, int64_t length) { add(file, (change){CHANGE_TRUNCATE, 0, length, NULL}); }

static void put(image *file, const unsigned char *bytes, int64_t length, int64_t offset) {
    hold(file, offset + length);
    memcpy(file->bytes + offset, bytes, length);
}

static void cut(image *file, int64_t length) {
    if (length < file->length) file->length = length;
    else hold(file, length);
}

void image_sync(image *file) {
    for (int64_t i = 0; i < file->count; i++) {
        change *done = &file->changes[i];
        if (done->kind == CHANGE_WRITE) put(file, done->bytes, done->length, done->offset);
        else cut(file, done->length);
        free(done->bytes);
    }
    file->count = 0;
    // A file that was made for a log is synced with the directory that it lies in (os_unix.c, UNIXFILE_DIRSYNC).
    file->exists = 1;
}

void image_delete(image *file) {
    for (int64_t i = 0; i < file->count; i++) free(file->changes[i].bytes);
    file->count = 0;
    file->length = 0;
    file->exists = 0;
}

// xorshift64*, by Vigna: the same on every machine.
static uint64_t draw(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717u;
}

static uint64_t below(uint64_t *state, uint64_t end) { return (draw(state) >> 16) % end; }

// One piece of an unsynced write, within one sector: as it was to be, as it was, or as nobody wrote it.
static void settle(
    image *file, const unsigned char *bytes, int64_t length, int64_t offset, unsigned kept, uint64_t *dice) {
    uint64_t face = below(dice, 100);
    if (face < kept) {
        put(file, bytes, length, offset);
        return;
    }
    if (face < 97) return;
    unsigned char odd[512] = {0};
    if (face > 97) {
        for (int64_t i = 0; i < length; i++) odd[i] = (unsigned char)draw(dice);
    }
    put(file, odd, length, offset);
}

static int leave(image *file, const char *directory, uint64_t *dice) {
    // Nothing, half, nearly all or all of it had reached the disk.
    static const unsigned shares[] = {0, 50, 90, 97, 100};
    unsigned kept = shares[below(dice, 5)];
    int shuffled = below(dice, 2) == 0;
    for (int64_t i = file->count - 1; shuffled && i > 0; i--) {
        int64_t other = below(dice, i + 1);
        change mine = file->changes[i];
        file->changes[i] = file->changes[other];
        file->changes[other] = mine;
    }
    for (int64_t i = 0; i < file->count; i++) {
        change *pending = &file->changes[i];
        if (pending->kind == CHANGE_TRUNCATE) {
            if (below(dice, 100) < kept) cut(file, pending->length);
            continue;
        }
        for (int64_t done = 0; done < pending->length;) {
            int64_t piece = 512 - (pending->offset + done) % 512;
            if (piece > pending->length - done) piece = pending->length - done;
            settle(file, pending->bytes + done, piece, pending->offset + done, kept, dice);
            done += piece;
        }
    }
    // A file whose name was not synced may be gone.
    if (!file->exists && (file->count == 0 || below(dice, 2) == 0)) return 0;
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, file->name);
    FILE *stream = fopen(path, "we");
    if (!stream) return -1;
    size_t written = fwrite(file->bytes, 1, file->length, stream);
    return fclose(stream) == 0 && written == (size_t)file->length ? 0 : -1;
}

int faulty_disk_recover(faulty_disk *disk, const char *directory, uint64_t seed) {
    uint64_t dice = (seed + 1) * 0x9E3779B97F4A7C15u;
    int code = 0;
    pthread_mutex_lock(&disk->lock);
    disk->power = 0;
    for (image *file = disk->images; file; file = file->next) {
        if (leave(file, directory, &dice)) code = -1;
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}
