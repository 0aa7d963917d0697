extension RawSpan {
    /// The byte at `offset`, which must be in bounds; an offset outside traps, as in an array.
    @inlinable package subscript(byte offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
