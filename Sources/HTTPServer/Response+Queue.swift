import CMicroHTTPD
import VaultModel

extension Response {
    /// Hands the answer to libmicrohttpd, which sends the body from where it lies and then has it wiped.
    ///
    /// - Parameter isSecure: whether the caller is told to come by TLS from now on (RFC 6797), which only those who came
    ///   by it believe.
    /// - Returns: `MHD_NO`, which closes the connection, when a header cannot be sent as it is or memory is out.
    consuming func queue(on handle: ConnectionHandle, closing: Bool, isSecure: Bool) -> MHD_Result {
        let status = status
        var headers = headers
        let policy = "Strict-Transport-Security"
        if isSecure, !headers.contains(where: { $0.0 == policy }) { headers.append((policy, "max-age=31536000")) }
        let file = file
        let body = unsafe body.detach()
        let made = if let file { unsafe SentFile.response(body, file) } else { unsafe SentBody.response(body) }
        guard let made = unsafe made else { return .NO }
        defer { unsafe MHD_destroy_response(made) }
        for (name, value) in headers where unsafe MHD_add_response_header(made, name, value) == .NO {
            return .NO
        }
        if closing, unsafe MHD_add_response_header(made, "Connection", "close") == .NO { return .NO }
        return unsafe MHD_queue_response(handle.pointer, UInt32(status), made)
    }
}

/// Bytes that libmicrohttpd is sending. Wiped and freed when it lets go.
@safe
private final class SentBody {
    private let memory: WipedBuffer.Detached

    init(_ memory: WipedBuffer.Detached) { unsafe self.memory = memory }

    var count: Int { unsafe memory.count }
    var start: UnsafeMutableRawPointer? { unsafe memory.start }

    deinit { unsafe memory.release() }

    /// Hands it to libmicrohttpd, which lets go of it in the end.
    static func response(_ memory: WipedBuffer.Detached) -> OpaquePointer? {
        let sent = unsafe SentBody(memory)
        let context = unsafe Unmanaged.passRetained(sent).toOpaque()
        let made = unsafe MHD_create_response_from_buffer_with_free_callback_cls(
            sent.count, sent.start, releaseSentBody, context)
        if unsafe made == nil { unsafe Unmanaged<SentBody>.fromOpaque(context).release() }
        return unsafe made
    }
}

private nonisolated func releaseSentBody(_ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<SentBody>.fromOpaque(context).release()
}
