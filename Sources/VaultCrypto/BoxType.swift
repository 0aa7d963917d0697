/// What a sealed box holds; the byte after the suite.
package enum BoxType: UInt8, Sendable, CaseIterable {
    /// A key's bytes, under a DEK of its own.
    case secret = 1
    /// A DEK, under a KEK term.
    case dek
    /// A KEK term, under a master.
    case kek
    /// The index root, under a master.
    case root
    /// A known value, under a master or a KEK term.
    case canary
    /// An Ed25519 seed, under the index root.
    case signer
    /// The recovery key, under the index root.
    case recovery

    /// How many bytes it can hold, so how long its blobs can be.
    var plaintextLengths: ClosedRange<Int> {
        switch self {
        case .secret: 1...65_536
        case .dek, .kek, .root, .signer, .recovery: 32...32
        case .canary: 16...16
        }
    }

    /// The `info` of the derivation that gives a box its key.
    var info: [UInt8] { self == .secret ? Self.seal : Self.wrap }

    private static let seal = Purpose.info("seal") + [SealedBox.suite]
    private static let wrap = Purpose.info("wrap") + [SealedBox.suite]
}

/// Names for what derived keys are for: two purposes never share a key.
enum Purpose {
    /// `lp("keystow/v1") ‖ lp(purpose)`
    static func info(_ purpose: String) -> [UInt8] {
        var info: [UInt8] = []
        info.append(prefixed: "keystow/v1".utf8)
        info.append(prefixed: purpose.utf8)
        return info
    }
}
