#pragma once

#include <stdint.h>

// Which call of a C library is to fail, and how many there were.
//
// In a process that was started with FAULT_PLAN in its environment, the plan is that file, for all of its threads; else
// every thread has a plan of its own, so that one of many tests is not in the way of the others.

enum {
    // libcrypto: the random generators, looking an algorithm up, making a context or a key, and all else that is
    // called; and memory on its secure heap.
    FAULT_RANDOM = 1,
    FAULT_FETCH = 2,
    FAULT_NEW = 4,
    FAULT_CRYPTO = 8,
    FAULT_SECURE = 16,
    FAULT_ANY_CRYPTO = 31,
    // Memory that libcrypto, libsqlite3 or libmicrohttpd asks for.
    FAULT_MEMORY = 32,
    // Writing, syncing, lengthening and shortening files.
    FAULT_WRITE = 64,
};

enum {
    // The call says that it failed, as it does of itself: 0 or NULL; -1 where it is said below.
    FAULT_FAIL,
    // A random generator answers -1, which is not supported.
    FAULT_MINUS_ONE,
    // A random generator says that it succeeded, and gives what it gave before.
    FAULT_REPEAT,
    // The same, and gives nothing at all.
    FAULT_SILENT,
};

typedef struct fault_plan {
    uint32_t kinds;
    uint32_t mode;
    uint32_t stays;
    uint32_t error;
    // The n-th call from now fails, 1 being the next; 0 none.
    int64_t countdown;
    int64_t calls;
    int64_t failures;
    // What was made and not freed again, in this thread.
    int64_t living;
} fault_plan;

// The plan of this thread, or of this process.
fault_plan *_Nonnull fault_plan_now(void);

// Whether this call is to fail.
int fault_strikes(uint32_t kind);
