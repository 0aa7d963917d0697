import Testing
import VaultModel

@testable import VaultCrypto

/// The bytes of a secret, for a test to look at.
func copy(_ secret: borrowing SecretBytes) -> [UInt8] {
    secret.withBytes { bytes in
        (0..<bytes.byteCount).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
}

/// A secret with these bytes, on the secure heap.
func secret(_ bytes: [UInt8]) throws -> SecretBytes {
    try SecureHeap.install()
    return try SecretBytes(copying: bytes.span.bytes)
}

func secret(_ text: String) throws -> SecretBytes { try secret(Array(text.utf8)) }

/// Whether `body` throws exactly `.cannotOpen`.
func isRefused<R: ~Copyable>(_ body: () throws(CryptoError) -> R) -> Bool {
    do {
        _ = try body()
        return false
    } catch {
        return error == .cannotOpen
    }
}

/// Everything an ``AssociatedData`` is made of, to be changed one field at a time.
struct Place: Sendable, Equatable {
    var instance = Sample.instance
    var project = Sample.projects[0].description
    var owner = Array("user-1".utf8)
    var objectID = Sample.keys[0].description
    var version = 1
    var provider = "anthropic"
    var endpoint = "https://api.anthropic.com"

    var data: AssociatedData {
        AssociatedData(
            instance: instance, project: project, owner: owner, objectID: objectID, version: version,
            provider: provider, endpoint: endpoint)
    }
}

/// Fixed ids, the same in every run.
enum Sample {
    static let instance = InstanceID(UUIDv7(high: 0x0193_4C5F_0000_7001, low: 0x8000_0000_0000_0001))
    static let otherInstance = InstanceID(UUIDv7(high: 0x0193_4C5F_0000_7001, low: 0x8000_0000_0000_0002))
    static let projects = (0..<200).map { ProjectID(UUIDv7(high: 0x0193_4C5F_0000_7002, low: 1 << 63 | UInt64($0))) }
    static let keys = (0..<200).map { KeyID(UUIDv7(high: 0x0193_4C5F_0000_7003, low: 1 << 63 | UInt64($0))) }

    static func binding(
        key: Int = 0, version: Int = 1, project: Int = 0, owner: String = "user-1", provider: String = "anthropic",
        endpoint: String = "https://api.anthropic.com"
    ) throws -> SecretBinding {
        SecretBinding(
            keyID: keys[key], version: version, projectID: projects[project],
            owner: try #require(UserID(owner)), provider: try #require(ProviderID(provider)), endpoint: endpoint)
    }
}
