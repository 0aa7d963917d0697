import CMicroHTTPD
import VaultModel

#if canImport(Glibc)
import Glibc
#endif

/// An answer that is on its way: bytes from memory, and behind them those of a file.
@safe
final class SentFile {
    private let head: WipedBuffer.Detached
    private let file: ResponseFile

    init(_ head: WipedBuffer.Detached, _ file: ResponseFile) {
        unsafe self.head = head
        self.file = file
    }

    var count: Int { unsafe head.count + file.length }

    /// Copies what comes at `position`, up to `room` bytes.
    ///
    /// - Returns: how many; less than one when the file cannot be read any more.
    func read(at position: Int, into buffer: UnsafeMutablePointer<CChar>, room: Int) -> Int {
        let inMemory = unsafe head.count
        if position < inMemory, let start = unsafe head.start {
            let count = min(room, inMemory - position)
            unsafe UnsafeMutableRawPointer(buffer).copyMemory(from: start + position, byteCount: count)
            return count
        }
        while true {
            let got = unsafe pread(file.descriptor, buffer, room, off_t(position - inMemory))
            if got >= 0 || errno != EINTR { return got }
        }
    }

    deinit { unsafe head.release() }

    /// Hands it to libmicrohttpd, which asks for it piece by piece and lets go of it in the end.
    static func response(_ head: WipedBuffer.Detached, _ file: ResponseFile) -> OpaquePointer? {
        let sent = unsafe SentFile(head, file)
        let context = unsafe Unmanaged.passRetained(sent).toOpaque()
        let made = unsafe MHD_create_response_from_callback(
            UInt64(sent.count), 65_536, readSentFile, context, releaseSentFile)
        if unsafe made == nil { unsafe Unmanaged<SentFile>.fromOpaque(context).release() }
        return unsafe made
    }
}

private nonisolated func readSentFile(
    _ context: UnsafeMutableRawPointer?, _ position: UInt64, _ buffer: UnsafeMutablePointer<CChar>?, _ room: Int
) -> Int {
    // MHD_CONTENT_READER_END_WITH_ERROR: the connection is closed, so that what is missing is seen to be.
    guard let context = unsafe context, let buffer = unsafe buffer else { return -2 }
    let sent = unsafe Unmanaged<SentFile>.fromOpaque(context).takeUnretainedValue()
    let count = unsafe sent.read(at: Int(position), into: buffer, room: room)
    return count > 0 ? count : -2
}

private nonisolated func releaseSentFile(_ context: UnsafeMutableRawPointer?) {
    guard let context = unsafe context else { return }
    unsafe Unmanaged<SentFile>.fromOpaque(context).release()
}
