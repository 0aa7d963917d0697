/// A SHA-256 of what comes in pieces. One owner.
package struct RunningDigest: ~Copyable {
    private let context: DigestContext

    package init() throws(CryptoError) {
        let context = try DigestContext()
        try context.start()
        self.context = context
    }

    package mutating func add(_ piece: UnsafeRawBufferPointer) throws(CryptoError) {
        try context.update(unsafe RawSpan(_unsafeBytes: piece))
    }

    /// The hash of all pieces; nothing is added afterwards.
    package mutating func finish() throws(CryptoError) -> [UInt8] { try context.finish() }
}
