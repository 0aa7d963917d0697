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

    /// A connection's memory: the head and what libmicrohttpd keeps beside it; our own limit, which answers properly, comes
    /// first. Above 32 KiB it is mapped and not taken from the heap, so that what of a refused request has been read and
    /// nobody takes, a token and the beginning of a body, is gone with the connection.
    private static let leastMappedPool = 36_864

    @safe
    private struct State: @unchecked Sendable {
        // Unchecked: the pointer is only reached under the lock; libmicrohttpd synchronises what is behind it.
        var daemon: OpaquePointer?
    }

    init(socket: consuming ListeningSocket, traffic: Traffic, tls: TLSIdentity?) throws(ServerError) {
        guard tls == nil || MHD_is_feature_supported(.FEATURE_TLS) == .YES else { throw .noTLS }
        let limits = traffic.limits
        let threads = max(1, min(limits.threads ?? sysconf(CInt(_SC_NPROCESSORS_ONLN)), limits.connections))
        let cls = unsafe Unmanaged.passUnretained(traffic).toOpaque()
        var options = unsafe [
            MHD_OptionItem(.CONNECTION_MEMORY_LIMIT, max(limits.headerBytes + 16_384, Self.leastMappedPool)),
            MHD_OptionItem(.CONNECTION_LIMIT, limits.connections),
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
        let flags =
            MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_USE_ITC.rawValue
        let started = unsafe Self.start(UInt32(flags), options, tls, cls)
        guard let daemon = unsafe started else { throw tls == nil ? .cannotStart : .cannotStartTLS }
        // It closes the socket when it is stopped.
        _ = socket.release()
        self.traffic = traffic
        state = unsafe Mutex(State(daemon: daemon))
    }

    private static func start(
        _ flags: UInt32, _ options: [MHD_OptionItem], _ tls: TLSIdentity?, _ cls: UnsafeMutableRawPointer
    ) -> OpaquePointer? {
        var options = unsafe options
        let end = unsafe MHD_OptionItem(.END, 0)
        guard let tls else {
            unsafe options.append(end)
            return unsafe keystow_start_daemon(flags, isWelcome, requestArrived, cls, options)
        }
        return unsafe tls.withPEM { certificate, key in
            let priorities = unsafe UnsafeMutableRawPointer(mutating: TLSIdentity.priorities.utf8Start)
            unsafe options += [
                MHD_OptionItem(.HTTPS_MEM_CERT, 0, certificate), MHD_OptionItem(.HTTPS_MEM_KEY, 0, key),
                MHD_OptionItem(.HTTPS_PRIORITIES, 0, priorities), end,
            ]
            return unsafe keystow_start_daemon(
                flags | UInt32(MHD_USE_TLS.rawValue), isWelcome, requestArrived, cls, options)
        }
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
