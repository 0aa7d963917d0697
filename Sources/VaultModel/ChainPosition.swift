/// A place in the audit log's hash chain: an entry's number and the hash of everything up to it.
package struct ChainPosition: Sendable, Equatable {
    package var sequence: Int
    package var hash: [UInt8]

    package init(sequence: Int, hash: [UInt8]) {
        self.sequence = sequence
        self.hash = hash
    }

    /// No chain is longer, whatever a file says.
    package static let last = 1 << 53

    /// Before the first entry.
    package static let start = ChainPosition(sequence: 0, hash: [UInt8](repeating: 0, count: 32))
}
