import CMicroHTTPD

#if canImport(Glibc)
import Glibc
#endif

// What libmicrohttpd calls, on its own threads. Global functions, because a closure may be bound to an actor.
// `cls` is the Traffic, which outlives the daemon; a Connection is retained from STARTED to CLOSED, an Exchange
// from the request line to COMPLETED.

/// A connection has been accepted. During a stop, or where its peer is not welcome, it is closed at once.
///
/// `MHD_quiesce_daemon` would end accepting altogether, but it takes the socket out of the epoll sets of threads
/// that may be doing so themselves, and libmicrohttpd aborts the process when both do.
nonisolated func isWelcome(
    _ cls: UnsafeMutableRawPointer?, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t
) -> MHD_Result {
    guard let traffic = unsafe Traffic.behind(cls), let peer = unsafe IPAddress(address), traffic.welcomes(peer)
    else { return .NO }
    return .YES
}

/// A connection begins or ends.
nonisolated func connectionChanged(
    _ cls: UnsafeMutableRawPointer?, _ handle: OpaquePointer?,
    _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ code: MHD_ConnectionNotificationCode
) {
    guard let traffic = unsafe Traffic.behind(cls), let handle = unsafe ConnectionHandle(handle),
        let context = unsafe context
    else { return }
    if code == .CONNECTION_NOTIFY_STARTED {
        guard let peer = unsafe IPAddress(keystow_connection_peer(handle.pointer)) else { return }
        let connection = unsafe Connection(
            descriptor: keystow_connection_socket(handle.pointer),
            peer: peer,
            limits: traffic.limits
        )
        unsafe context.pointee = Unmanaged.passRetained(connection).toOpaque()
        traffic.opened(connection)
    } else if let kept = unsafe context.pointee {
        let connection = unsafe Unmanaged<Connection>.fromOpaque(kept).takeRetainedValue()
        unsafe context.pointee = nil
        connection.closed()
        traffic.closed(connection)
    }
}

/// The request line has been read: what is returned belongs to this request from here on.
nonisolated func requestBegan(
    _ cls: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let traffic = unsafe Traffic.behind(cls), let handle = unsafe ConnectionHandle(handle),
        let kept = unsafe keystow_connection_context(handle.pointer)
    else { return nil }
    let connection = unsafe Unmanaged<Connection>.fromOpaque(kept).takeUnretainedValue()
    let text = unsafe target.flatMap { unsafe String(validatingCString: $0) }
    return unsafe Unmanaged.passRetained(Exchange(target: text, connection: connection, traffic: traffic)).toOpaque()
}

/// Escapes stay escapes: the target is routed as it was sent.
nonisolated func leaveEscaped(
    _ cls: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _ text: UnsafeMutablePointer<CChar>?
) -> Int {
    guard let text = unsafe text else { return 0 }
    return unsafe strlen(text)
}

/// The head is complete, a piece of the body is there, or everything is.
nonisolated func requestArrived(
    _ cls: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ piece: UnsafePointer<CChar>?,
    _ pieceSize: UnsafeMutablePointer<Int>?, _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let traffic = unsafe Traffic.behind(cls), let handle = unsafe ConnectionHandle(handle),
        let pieceSize = unsafe pieceSize,
        let kept = unsafe context?.pointee
    else { return .NO }
    let exchange = unsafe Unmanaged<Exchange>.fromOpaque(kept).takeUnretainedValue()
    if exchange.isNew {
        guard let method = unsafe method, let version = unsafe version else { return .NO }
        return unsafe exchange.begin(
            on: handle,
            method: String(cString: method),
            version: String(cString: version)
        ) { lineBytes throws(TransportFault) in
            try HeaderFields(of: handle, limits: traffic.limits, requestLineBytes: lineBytes)
        }
    }
    guard let piece = unsafe piece, unsafe pieceSize.pointee > 0 else { return exchange.proceed(on: handle) }
    // libmicrohttpd's own read buffer, behind a const: consumed bytes are never looked at again.
    let bytes = unsafe UnsafeMutableRawBufferPointer(
        start: UnsafeMutableRawPointer(mutating: piece),
        count: pieceSize.pointee
    )
    guard unsafe exchange.take(bytes) else { return .NO }
    unsafe pieceSize.pointee = 0
    return .YES
}

/// The answer is sent, or the connection is gone.
nonisolated func requestCompleted(
    _ cls: UnsafeMutableRawPointer?, _ handle: OpaquePointer?,
    _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ code: MHD_RequestTerminationCode
) {
    guard let context = unsafe context, let kept = unsafe context.pointee else { return }
    unsafe context.pointee = nil
    unsafe Unmanaged<Exchange>.fromOpaque(kept).takeRetainedValue().finish()
}

extension Traffic {
    static func behind(_ cls: UnsafeMutableRawPointer?) -> Traffic? {
        guard let cls = unsafe cls else { return nil }
        return unsafe Unmanaged<Traffic>.fromOpaque(cls).takeUnretainedValue()
    }
}

extension HeaderFields {
    /// Reads and checks the fields of a request whose head is complete.
    init(of handle: ConnectionHandle, limits: ServerLimits, requestLineBytes: Int) throws(TransportFault) {
        var reading = HeaderReading(
            fields: HeaderFields(limits: limits, requestLineBytes: requestLineBytes)
        )
        _ = unsafe withUnsafeMutablePointer(to: &reading) { reading in
            unsafe MHD_get_connection_values_n(handle.pointer, .HEADER_KIND, readField, reading)
        }
        if let fault = reading.fault { throw fault }
        self = reading.fields
    }
}

private struct HeaderReading {
    var fields: HeaderFields
    var fault: TransportFault?
}

private nonisolated func readField(
    _ cls: UnsafeMutableRawPointer?, _ kind: MHD_ValueKind, _ name: UnsafePointer<CChar>?, _ nameSize: Int,
    _ value: UnsafePointer<CChar>?, _ valueSize: Int
) -> MHD_Result {
    guard let reading = unsafe cls?.assumingMemoryBound(to: HeaderReading.self) else { return .NO }
    do throws(TransportFault) {
        try unsafe reading.pointee.fields.append(
            name: Span(_unsafeElements: bytes(name, nameSize)),
            value: Span(_unsafeElements: bytes(value, valueSize))
        )
        return .YES
    } catch {
        unsafe reading.pointee.fault = error
        return .NO
    }
}

private func bytes(_ start: UnsafePointer<CChar>?, _ count: Int) -> UnsafeBufferPointer<UInt8> {
    unsafe UnsafeBufferPointer(
        start: UnsafeRawPointer(start)?.assumingMemoryBound(to: UInt8.self), count: start == nil ? 0 : count)
}
