#pragma once

#include "FaultyVFS.h"

#include <pthread.h>
#include <stddef.h>

// What was done to a file since it was last synced.
typedef struct change {
    enum { CHANGE_WRITE, CHANGE_TRUNCATE } kind;
    int64_t offset;
    int64_t length;
    unsigned char *bytes;
} change;

// A file as the disk has it for certain, and what may or may not have come to it since.
typedef struct image {
    struct image *next;
    char *name;
    int exists;
    unsigned char *bytes;
    int64_t length;
    change *changes;
    int64_t count;
    int64_t room;
} image;

struct faulty_disk {
    struct faulty_disk *next;
    char *directory;
    size_t prefix;
    pthread_mutex_t lock;
    int64_t calls;
    int64_t failures;
    unsigned kinds;
    int64_t countdown;
    int stays;
    int error;
    int64_t limit;
    int records;
    int64_t power;
    image *images;
};

faulty_disk *disk_of(const char *path);

// Whether this call is to fail; if so, errno says with what. Called with the lock held.
int disk_strikes(faulty_disk *disk, unsigned kind);
int disk_has_room(faulty_disk *disk, int64_t more);

image *image_of(faulty_disk *disk, const char *path);
void image_write(image *file, const void *bytes, int64_t length, int64_t offset);
void image_truncate(image *file, int64_t length);
void image_sync(image *file);
void image_delete(image *file);
