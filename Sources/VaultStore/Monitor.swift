#if canImport(Glibc)
import Glibc
#endif

/// State that threads share, and a way for them to sleep until it is as they need it.
///
/// For threads of our own alone: a task must not sleep on it.
@safe
final class Monitor<State>: @unchecked Sendable {
    // Unchecked: `state` is reached only while `mutex` is held.
    private var state: State
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    init(_ state: State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    func withLock<R>(_ body: (inout State) -> R) -> R {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body(&state)
    }

    /// Sleeps until `ready` gives something, looking again whenever `bell` rings.
    ///
    /// - Parameter deadline: up to when to sleep, asked anew before each sleep; `nil` for ever.
    /// - Returns: what `ready` gave, or `nil` when the deadline passed first.
    func wait<R>(
        on bell: Bell, until deadline: (State) -> MonotonicTime?, for ready: (inout State) -> R?
    ) -> R? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        var isOver = false
        while true {
            if let result = ready(&state) { return result }
            if isOver { return nil }
            isOver = unsafe bell.sleep(holding: mutex, until: deadline(state))
        }
    }
}

/// What wakes a thread that sleeps in ``Monitor/wait(on:until:for:)``.
@safe
final class Bell: @unchecked Sendable {
    // Unchecked: a condition variable is made for concurrent use.
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        unsafe condition = .allocate(capacity: 1)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe condition.deallocate()
    }

    /// Wakes the thread that sleeps on it, if one does.
    func ring() { unsafe pthread_cond_signal(condition) }

    /// - Returns: whether the deadline has passed.
    @unsafe fileprivate func sleep(
        holding mutex: UnsafeMutablePointer<pthread_mutex_t>, until deadline: MonotonicTime?
    ) -> Bool {
        guard let deadline else {
            unsafe pthread_cond_wait(condition, mutex)
            return false
        }
        var time = timespec(
            tv_sec: Int(deadline.nanoseconds / 1_000_000_000), tv_nsec: Int(deadline.nanoseconds % 1_000_000_000)
        )
        return unsafe pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT
    }
}

/// A moment of the clock that only goes forward; for spans of waiting, never for records.
struct MonotonicTime: Comparable, Sendable {
    let nanoseconds: Int64

    static var now: MonotonicTime {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    static func + (time: MonotonicTime, span: Duration) -> MonotonicTime {
        let (seconds, attoseconds) = span.components
        let (whole, tooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(whole)
        guard !tooLong, !overflow else { return MonotonicTime(nanoseconds: seconds < 0 ? 0 : .max / 2) }
        return MonotonicTime(nanoseconds: sum + attoseconds / 1_000_000_000)
    }
}
