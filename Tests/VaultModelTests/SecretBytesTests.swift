import Testing
import VaultModel

struct SecretBytesTests {
    @Test func `a secret gives back its bytes, and only while it is borrowed`() throws {
        let secret = try SecretBytes(copying: ([1, 2, 3] as [UInt8]).span.bytes)
        #expect(secret.count == 3)
        let bytes = secret.withBytes { bytes in
            (0..<3).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        }
        #expect(bytes == [1, 2, 3])
    }

    @Test func `a filling that fails hands its own error on`() {
        struct Refused: Error {}
        #expect(throws: Refused.self) {
            _ = try SecretBytes(count: 4, exhausted: Refused()) { _ throws(Refused) in throw Refused() }
        }
    }

    @Test func `a buffer grows without losing a byte`() {
        var buffer = WipedBuffer(capacity: 1)
        for index in 0..<1000 { buffer.append(UInt8(truncatingIfNeeded: index)) }
        buffer.append("é")
        let bytes = buffer.withBytes { bytes in
            (0..<bytes.byteCount).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        }
        #expect(bytes == (0..<1000).map { UInt8(truncatingIfNeeded: $0) } + [0xC3, 0xA9])
    }
}
