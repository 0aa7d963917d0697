import VaultModel

@testable import VaultCrypto

/// A sealed box under a key that everybody knows, and all that must hold of it.
final class BoxTrial {
    private let contexts: BoxContexts
    private let key: SecretBytes
    private let here = BoxTrial.place("key_here")
    private let there = BoxTrial.place("key_there")

    init() throws {
        try SecureHeap.install()
        contexts = try BoxContexts()
        key = try SecretBytes(copying: [UInt8](repeating: 0x4B, count: SealedBox.keyLength).span.bytes)
    }

    private static func place(_ id: String) -> AssociatedData {
        AssociatedData(
            instance: InstanceID(UUIDv7(high: 1, low: 2)), project: "prj_1", owner: Array("user".utf8), objectID: id,
            version: 1, provider: "anthropic", endpoint: "https://api.test")
    }

    /// A box as it lies there: it opens as what it says that it is, or not at all, and there is one way to write it.
    ///
    /// 0xF7 in the first place seals the rest, of at most 16 bytes, so that what is tried is nearly a box: the last four
    /// bytes are a place and what is changed there.
    func open(_ bytes: [UInt8]) throws {
        var blob = bytes
        if bytes.first == 0xF7, bytes.count > 5 {
            blob = try seal(Array(bytes.dropFirst().dropLast(4).prefix(16)), .secret, 1, bytes)
            let place = (Int(bytes[bytes.count - 4]) << 8 | Int(bytes[bytes.count - 3])) % blob.count
            if bytes[bytes.count - 2] & 1 == 1 {
                blob.removeLast(place)
            } else {
                blob[place] ^= bytes[bytes.count - 1]
            }
        }
        let term = blob.count >= 10 ? blob[6..<10].reduce(0) { $0 << 8 | Int($1) } : 1
        for type in BoxType.allCases {
            guard let plaintext = try opened(blob, type, term, here) else { continue }
            require(blob[5] == type.rawValue, "a box opens as what it is")
            require(
                try seal(plaintext, type, term, Array(blob[10..<54]), isDrawn: true) == blob,
                "there is one way to write it")
            require(try opened(blob, type, term, there) == nil, "a box opens in its own place")
        }
    }

    /// A plaintext: type, term, and what is sealed; the last two bytes are a place and a change.
    func seal(_ bytes: [UInt8]) throws {
        guard bytes.count >= 4 else { return }
        let type = BoxType.allCases[Int(bytes[0]) % BoxType.allCases.count]
        let term = Int(bytes[1])
        let rest = Array(bytes.dropFirst(2).dropLast(2))
        let length = max(type.plaintextLengths.lowerBound, min(rest.count, type.plaintextLengths.upperBound))
        let plaintext = Array((rest + [UInt8](repeating: 0, count: length)).prefix(length))
        var blob = try seal(plaintext, type, term, bytes)
        require(blob.count == SealedBox.overhead + length, "a box is its plaintext and what every box has")
        require(try opened(blob, type, term, here) == plaintext, "what was sealed is opened")
        require(try opened(blob, type, term, there) == nil, "a box opens in its own place")
        require(try opened(blob, type, term + 1, here) == nil, "a box opens under its own term")
        blob[Int(bytes[bytes.count - 2]) % blob.count] ^= max(bytes[bytes.count - 1], 1)
        require(try opened(blob, type, term, here) == nil, "a box with one byte changed opens nowhere")
    }

    private func seal(
        _ plaintext: [UInt8], _ type: BoxType, _ term: Int, _ seed: [UInt8], isDrawn: Bool = false
    ) throws -> [UInt8] {
        try SealedBox.seal(
            plaintext.span.bytes, type: type, term: term, boundTo: here, under: key, on: contexts,
            drawing: { count in isDrawn ? seed : (0..<count).map { seed[$0 % seed.count] &+ UInt8($0) } })
    }

    private func opened(_ blob: [UInt8], _ type: BoxType, _ term: Int, _ place: AssociatedData) throws -> [UInt8]? {
        do throws(CryptoError) {
            let secret = try SealedBox.open(blob, type: type, term: term, boundTo: place, under: key, on: contexts)
            return secret.withBytes { bytes in (0..<bytes.byteCount).map { bytes[byte: $0] } }
        } catch {
            require(error == .cannotOpen, "what is wrong with a box is not told")
            return nil
        }
    }
}
