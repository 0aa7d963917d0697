#define _GNU_SOURCE
#include "FaultPlan.h"

#include <errno.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

// Memory, as glibc gives it: refused only to the C libraries whose code asks, for Swift ends a process that gets none.

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static struct {
    uintptr_t start, end;
} libraries[16];
static int count;

static int note(struct dl_phdr_info *info, size_t size, void *unused) {
    (void)size, (void)unused;
    static const char *const names[] = {"libcrypto.so", "libsqlite3.so", "libmicrohttpd.so"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strstr(info->dlpi_name, names[i])) continue;
        for (int part = 0; part < info->dlpi_phnum && count < 16; part++) {
            const ElfW(Phdr) *segment = &info->dlpi_phdr[part];
            if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X)) continue;
            libraries[count].start = info->dlpi_addr + segment->p_vaddr;
            libraries[count++].end = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;
        }
    }
    return 0;
}

__attribute__((constructor)) static void find_libraries(void) { dl_iterate_phdr(note, NULL); }

static int refused(void *caller) {
    for (int i = 0; i < count; i++) {
        if ((uintptr_t)caller >= libraries[i].start && (uintptr_t)caller < libraries[i].end) {
            if (!fault_strikes(FAULT_MEMORY)) return 0;
            errno = ENOMEM;
            return 1;
        }
    }
    return 0;
}

void *malloc(size_t size) { return refused(__builtin_return_address(0)) ? NULL : __libc_malloc(size); }
void *calloc(size_t number, size_t size) {
    return refused(__builtin_return_address(0)) ? NULL : __libc_calloc(number, size);
}
void *realloc(void *bytes, size_t size) {
    return refused(__builtin_return_address(0)) ? NULL : __libc_realloc(bytes, size);
}
