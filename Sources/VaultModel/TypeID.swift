/// An id that says what it names: `key_01jd…`, a prefix and 26 characters of base32 UUIDv7.
///
/// The text form is the TypeID specification's (Crockford's alphabet in lower case, most significant
/// first, the first character at most `7`). Parsing is exact: one id has one spelling.
package protocol TypeID: Hashable, Comparable, Sendable, CustomStringConvertible {
    static var prefix: String { get }
    var uuid: UUIDv7 { get }
    init(_ uuid: UUIDv7)
}

private let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

private let values: [UInt8] = {
    var values = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
    return values
}()

extension TypeID {
    package init(at time: Timestamp) {
        self.init(UUIDv7(at: time))
    }

    package init?(_ text: some StringProtocol) {
        let utf8 = text.utf8
        let start = Self.prefix.utf8
        guard utf8.count == start.count + 27, utf8.starts(with: start) else { return nil }
        var digits = utf8.dropFirst(start.count)
        guard digits.popFirst() == UInt8(ascii: "_") else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for (index, character) in digits.enumerated() {
            let value = values[Int(character)]
            guard value != 0xFF, index > 0 || value < 8 else { return nil }
            high = high << 5 | low >> 59
            low = low << 5 | UInt64(value)
        }
        self.init(UUIDv7(high: high, low: low))
    }

    package init?(bytes: [UInt8]) {
        guard let uuid = UUIDv7(bytes: bytes) else { return nil }
        self.init(uuid)
    }

    package var bytes: [UInt8] { uuid.bytes }

    package var description: String {
        unsafe String(unsafeUninitializedCapacity: Self.prefix.utf8.count + 27) { buffer in
            var end = 0
            for byte in Self.prefix.utf8 {
                unsafe buffer[end] = byte
                end += 1
            }
            unsafe buffer[end] = UInt8(ascii: "_")
            var (high, low) = (uuid.high, uuid.low)
            for index in stride(from: end + 26, to: end, by: -1) {
                unsafe buffer[index] = alphabet[Int(low & 31)]
                low = low >> 5 | high << 59
                high >>= 5
            }
            return end + 27
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}

/// Names a stored key: `key_…`.
package struct KeyID: TypeID {
    package static let prefix = "key"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}

/// Names a project, the tenant of this vault: `prj_…`.
package struct ProjectID: TypeID {
    package static let prefix = "prj"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}

/// Names an access token without being one: `tok_…`.
package struct TokenID: TypeID {
    package static let prefix = "tok"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}

/// Names a connect session without being its link: `cns_…`.
package struct ConnectSessionID: TypeID {
    package static let prefix = "cns"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}

/// Names one request and its problem's `instance`: `req_…`.
package struct RequestID: TypeID {
    package static let prefix = "req"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}

/// Names one vault, for ever: `vlt_…`. Every ciphertext is bound to it.
package struct InstanceID: TypeID {
    package static let prefix = "vlt"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}

/// Names an order to revoke many keys at once: `rvk_…`.
package struct RevocationID: TypeID {
    package static let prefix = "rvk"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}

/// Names a master key without telling anything of it: `mst_…`.
package struct MasterKeyID: TypeID {
    package static let prefix = "mst"
    package let uuid: UUIDv7
    package init(_ uuid: UUIDv7) { self.uuid = uuid }
}
