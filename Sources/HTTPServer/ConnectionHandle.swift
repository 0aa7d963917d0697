import CMicroHTTPD

/// libmicrohttpd's own record of a connection, which lives until it has reported the connection closed.
@safe
struct ConnectionHandle: @unchecked Sendable {
    // Unchecked: used on the connection's own thread only, but for `resume`, which libmicrohttpd synchronises.
    let pointer: OpaquePointer

    init?(_ pointer: OpaquePointer?) {
        guard let pointer = unsafe pointer else { return nil }
        unsafe self.pointer = pointer
    }

    /// Sets the connection aside until ``resume()``; only while libmicrohttpd calls for it.
    func suspend() { unsafe MHD_suspend_connection(pointer) }

    /// Lets libmicrohttpd call for a suspended connection again; from any thread, exactly once.
    func resume() { unsafe MHD_resume_connection(pointer) }
}
