/// One row of the keyring: a key sealed under the master, or a canary that proves that the right one is there.
package struct KeyringRow: Sendable, Equatable {
    package enum Kind: String, Sendable {
        /// A KEK term, sealed under the holder's key.
        case kek
        /// The index root, sealed under the holder's key; `term` is 0.
        case root
        /// A known value sealed under the holder's key (`term` 0) or under a KEK term.
        case canary
        /// The recovery key, sealed under the index root; `term` is 0.
        case recovery
    }

    /// Whose key opens it: each of the two opens the whole keyring.
    package enum Holder: Sendable {
        case master, recovery
    }

    package let holder: Holder
    package let kind: Kind
    package let term: Int
    package let blob: [UInt8]

    package init(holder: Holder = .master, kind: Kind, term: Int, blob: [UInt8]) {
        self.holder = holder
        self.kind = kind
        self.term = term
        self.blob = blob
    }
}
