import CMicroHTTPD
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// One running libmicrohttpd: an epoll loop on each of its threads.
@safe
final class Daemon: Sendable {
    private let traffic: Traffic
    private let state: Mutex<State>

    @safe
    private struct State: @unchecked Sendable {
        // Unchecked: the pointer is only reached under the lock; libmicrohttpd synchronises what is behind it.
        var daemon: OpaquePointer?
    }

    init(socket: consuming ListeningSocket, traffic: Traffic) throws(ServerError) {
        let limits = traffic.limits
        let threads = max(1, min(limits.threads ?? sysconf(CInt(_SC_NPROCESSORS_ONLN)), limits.connections))
        let cls = unsafe Unmanaged.passUnretained(traffic).toOpaque()
        var options = unsafe [
            // The head and what libmicrohttpd keeps beside it; our own limit, which answers properly, comes first.
            MHD_OptionItem(.CONNECTION_MEMORY_LIMIT, limits.headerBytes + 16_384),
            MHD_OptionItem(.CONNECTION_LIMIT, limits.connections),
            MHD_OptionItem(.PER_IP_CONNECTION_LIMIT, limits.connectionsPerAddress),
            MHD_OptionItem(.CONNECTION_TIMEOUT, limits.idleSeconds),
            MHD_OptionItem(.STRICT_FOR_CLIENT, 1),
            MHD_OptionItem(.LISTEN_SOCKET, Int(socket.descriptor)),
            MHD_OptionItem(
                .NOTIFY_CONNECTION,
                unsafeBitCast(connectionChanged as MHD_NotifyConnectionCallback, to: Int.self),
                cls
            ),
            MHD_OptionItem(
                .URI_LOG_CALLBACK,
                unsafeBitCast(requestBegan as RequestBegan, to: Int.self),
                cls
            ),
            MHD_OptionItem(
                .UNESCAPE_CALLBACK,
                unsafeBitCast(leaveEscaped as LeaveEscaped, to: Int.self)
            ),
            MHD_OptionItem(
                .NOTIFY_COMPLETED,
                unsafeBitCast(requestCompleted as MHD_RequestCompletedCallback, to: Int.self),
                cls
            ),
        ]
        if threads > 1 { unsafe options.append(MHD_OptionItem(.THREAD_POOL_SIZE, threads)) }
        unsafe options.append(MHD_OptionItem(.END, 0))
        let flags =
            MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_USE_ITC.rawValue
        guard let daemon = unsafe keystow_start_daemon(UInt32(flags), isWelcome, requestArrived, cls, options) else {
            throw .cannotStart
        }
        // It closes the socket when it is stopped.
        _ = socket.release()
        self.traffic = traffic
        state = unsafe Mutex(State(daemon: daemon))
    }

    /// Ends every connection and every thread; answers that are still being made are given up.
    func stop() {
        traffic.drain()
        traffic.stop()
        for connection in traffic.open { connection.giveUp() }
        state.withLock {
            if let daemon = unsafe $0.daemon.take() { unsafe MHD_stop_daemon(daemon) }
        }
    }

    deinit { stop() }
}

private typealias RequestBegan =
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer?
private typealias LeaveEscaped =
    @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?) -> Int

extension MHD_OptionItem {
    fileprivate init(_ option: MHD_OPTION, _ value: Int, _ pointer: UnsafeMutableRawPointer? = nil) {
        unsafe self.init(option: option, value: value, ptr_value: pointer)
    }
}
