#if canImport(Glibc)
import Glibc
#endif

/// A thread of our own, for work that blocks.
///
/// It takes no signals: those are for the thread that waits for them.
package struct WorkerThread: Sendable {
    private let thread: pthread_t

    /// Starts `work` at once.
    package init(_ work: @escaping @Sendable () -> Void) throws(StoreError) {
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Work(body: work))
        let code = unsafe pthread_create(&thread, nil, { unsafe runWork($0) }, box.toOpaque())
        guard code == 0 else {
            unsafe box.release()
            throw .unavailable(code: Int(code), detail: "cannot start a thread")
        }
        self.thread = thread
    }

    /// Whether the caller runs on it.
    package var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }

    /// Waits for the end of its work. Either this or ``detach()``, once.
    package func join() { pthread_join(thread, nil) }

    /// Lets it end alone.
    package func detach() { pthread_detach(thread) }
}

private final class Work {
    let body: @Sendable () -> Void
    init(body: @escaping @Sendable () -> Void) { self.body = body }
}

/// C calls it on the new thread, so it belongs to no actor.
private nonisolated func runWork(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let pointer = unsafe pointer {
        let work = unsafe Unmanaged<Work>.fromOpaque(pointer).takeRetainedValue()
        work.body()
    }
    return nil
}
