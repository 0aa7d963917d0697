import CZlib

/// Compresses what is the same for everybody and holds no secret; the size of a compressed secret would tell of it.
package enum Gzip {
    /// One member of gzip's format (RFC 1952), as small as zlib makes it.
    ///
    /// - Returns: `nil` when zlib has no memory, or when `bytes` are beyond 4 GiB.
    package static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard let count = UInt32(exactly: bytes.count) else { return nil }
        var stream = unsafe z_stream()
        guard unsafe keystow_zlib_start_gzip(&stream) == Z_OK else { return nil }
        defer { unsafe deflateEnd(&stream) }
        guard let bound = unsafe UInt32(exactly: deflateBound(&stream, UInt(count))) else { return nil }
        var input = bytes
        let output = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe [UInt8](unsafeUninitializedCapacity: Int(bound)) { target, written in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = count
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = bound
                // The bound is enough for all of it at once.
                written = unsafe deflate(&stream, Z_FINISH) == Z_STREAM_END ? Int(bound - stream.avail_out) : 0
            }
        }
        return output.isEmpty ? nil : output
    }
}
