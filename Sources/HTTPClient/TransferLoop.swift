internal import CCurl
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The one thread on which libcurl runs every transfer.
///
/// Others put transfers into the inbox and wake it; only its own thread touches the multi handle
/// (`curl_multi_wakeup` alone may be called from any) and the transfers that it has taken.
@safe
final class TransferLoop: @unchecked Sendable {
    // Unchecked: `multi` is set in `init` and freed by the thread after `isClosed`, under the inbox's lock;
    // `running` belongs to the thread; all else is in the mutex.
    typealias Answer = CheckedContinuation<Result<IncomingResponse, HTTPClientError>, Never>

    private struct Inbox {
        var arrived: [(transfer: Transfer, answer: Answer)] = []
        var cancelled: [Transfer] = []
        var isClosing = false
        var isClosed = false
        var thread: pthread_t?
    }

    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer
    private var running: [UnsafeMutableRawPointer: (transfer: Transfer, answer: Answer)] = unsafe [:]

    /// - Throws: `transport` when libcurl or the thread cannot be started.
    init() throws(HTTPClientError) {
        guard CurlLibrary.isReady, let multi = unsafe curl_multi_init() else {
            throw .transport(Int(CURLE_FAILED_INIT.rawValue))
        }
        unsafe self.multi = multi
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self)
        guard unsafe pthread_create(&thread, nil, runTransferLoop, context.toOpaque()) == 0 else {
            unsafe context.release()
            unsafe curl_multi_cleanup(multi)
            throw .transport(Int(CURLE_FAILED_INIT.rawValue))
        }
        inbox.withLock { $0.thread = thread }
    }

    /// Runs `transfer` and resumes `answer` with how it went, exactly once.
    func start(_ transfer: Transfer, _ answer: Answer) {
        let isTaken = inbox.withLock { inbox in
            guard !inbox.isClosing else { return false }
            inbox.arrived.append((transfer, answer))
            unsafe curl_multi_wakeup(multi)
            return true
        }
        if !isTaken { answer.resume(returning: .failure(.cancelled)) }
    }

    /// Aborts `transfer`, whether or not it has arrived yet.
    func cancel(_ transfer: Transfer) {
        transfer.isCancelled.store(true, ordering: .releasing)
        inbox.withLock { inbox in
            guard !inbox.isClosed else { return }
            inbox.cancelled.append(transfer)
            unsafe curl_multi_wakeup(multi)
        }
    }

    /// Cancels what is under way and returns when the thread is gone; further calls do nothing.
    func close() {
        let thread = inbox.withLock { inbox -> pthread_t? in
            defer { inbox.thread = nil }
            inbox.isClosing = true
            if !inbox.isClosed { unsafe curl_multi_wakeup(multi) }
            return inbox.thread
        }
        if let thread { pthread_join(thread, nil) }
    }

    // MARK: On the thread

    fileprivate func run() {
        while takeInbox() {
            var count: Int32 = 0
            unsafe curl_multi_perform(multi, &count)
            finishDone()
            // Returns when a socket, one of libcurl's own timers or a wake-up has something to do.
            unsafe curl_multi_poll(multi, nil, 0, 60_000, nil)
        }
        for (transfer, _) in unsafe Array(running.values) { abort(transfer) }
        inbox.withLock { inbox in
            inbox.isClosed = true
            unsafe curl_multi_cleanup(multi)
        }
    }

    /// Begins and aborts what others asked for; `false` when the loop is to end.
    private func takeInbox() -> Bool {
        let (arrived, cancelled, isClosing) = inbox.withLock { inbox in
            defer { (inbox.arrived, inbox.cancelled) = ([], []) }
            return (inbox.arrived, inbox.cancelled, inbox.isClosing)
        }
        for (transfer, answer) in arrived {
            guard let easy = unsafe transfer.easy else { continue }
            if isClosing || transfer.isCancelled.load(ordering: .acquiring) {
                answer.resume(returning: transfer.cancel())
                continue
            }
            let code = unsafe curl_multi_add_handle(multi, easy)
            if code == CURLM_OK {
                unsafe running[easy] = (transfer, answer)
            } else {
                answer.resume(returning: transfer.finish(CURLE_FAILED_INIT))
            }
        }
        for transfer in cancelled { abort(transfer) }
        return !isClosing
    }

    private func finishDone() {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE, let easy = unsafe message.pointee.easy_handle else {
                continue
            }
            let code = unsafe message.pointee.data.result
            unsafe end(easy) { $0.finish(code) }
        }
    }

    /// Does nothing to a transfer that is not running: its answer has been given, or will be when it arrives.
    private func abort(_ transfer: Transfer) {
        if let easy = unsafe transfer.easy { unsafe end(easy) { $0.cancel() } }
    }

    @unsafe private func end(
        _ easy: UnsafeMutableRawPointer, _ finish: (Transfer) -> Result<IncomingResponse, HTTPClientError>
    ) {
        guard let (transfer, answer) = unsafe running.removeValue(forKey: easy) else { return }
        unsafe curl_multi_remove_handle(multi, easy)
        answer.resume(returning: finish(transfer))
    }
}

/// The thread's own function; it holds the loop until it ends.
private nonisolated func runTransferLoop(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context = unsafe context else { return nil }
    // Signals are the main thread's; and with NOSIGNAL a peer that closes must not end the process by SIGPIPE.
    var signals = sigset_t()
    unsafe sigfillset(&signals)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    unsafe Unmanaged<TransferLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}
