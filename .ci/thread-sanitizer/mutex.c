// Tells the thread sanitizer what Swift's Mutex does on Linux when two threads want it at once.
//
// The fast path of Synchronization.Mutex is an atomic compare-and-exchange that is compiled into our code, where the
// sanitizer sees it. The slow path is in libswiftSynchronization.so and hands the lock over in the kernel
// (FUTEX_LOCK_PI, FUTEX_UNLOCK_PI), where it sees nothing, so that every contended Mutex looks like a race. This
// library, loaded first, stands before the three functions of the slow path and says which lock was taken or given
// up. It silences nothing: memory that is not behind the same lock is reported as ever; control.swift shows both.
//
// The names are those of Swift 6's standard library; where they are missing the library does nothing.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// The sanitizer's, in the program under test; absent in every other program that this is loaded into.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *handle

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFT void (*lock_function)(uint32_t thread, SELF);
typedef SWIFT bool (*try_function)(SELF);
typedef SWIFT void (*unlock_function)(SELF);

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool try_slow(SELF) __asm__(TRY);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

static lock_function real_lock;
static try_function real_try;
static unlock_function real_unlock;

__attribute__((constructor)) static void find(void) {
    real_lock = (lock_function)dlsym(RTLD_NEXT, LOCK);
    real_try = (try_function)dlsym(RTLD_NEXT, TRY);
    real_unlock = (unlock_function)dlsym(RTLD_NEXT, UNLOCK);
}

SWIFT void lock_slow(uint32_t thread, SELF) {
    real_lock(thread, handle);
    if (__tsan_acquire) __tsan_acquire(handle);
}

SWIFT bool try_slow(SELF) {
    bool taken = real_try(handle);
    if (taken && __tsan_acquire) __tsan_acquire(handle);
    return taken;
}

SWIFT void unlock_slow(SELF) {
    if (__tsan_release) __tsan_release(handle);
    real_unlock(handle);
}
