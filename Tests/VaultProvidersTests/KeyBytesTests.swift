import Testing
import VaultModel

@testable import VaultProviders

/// What reaches the outgoing headers: only what the doctor passed on.
struct KeyBytesTests {
    private let doctor: KeyDoctor

    init() throws { doctor = try KeyDoctor.ofTests.get() }

    /// What the doctor makes of `paste`; `nil` when there is nothing that may be stored.
    private func key(in paste: [UInt8], chosen: ProviderID?) throws -> [UInt8]? {
        var examination = try doctor.examine(paste.span.bytes, chosen: chosen)
        let isStorable = examination.diagnosis.isStorable
        guard let secret = examination.takeSecret() else {
            #expect(!isStorable)
            return nil
        }
        #expect(isStorable)
        return secret.withBytes { bytes in (0..<bytes.byteCount).map { bytes.byte($0) } }
    }

    @Test(arguments: [ProviderID.anthropic, nil])
    func `V16 a byte that could end a header never gets past the doctor`(chosen: ProviderID?) throws {
        let key = Array(Sham.claudeKey.utf8)
        var passed = 0
        for byte in UInt8.min...UInt8.max where !(0x21...0x7E).contains(byte) {
            for place in [0, 1, 12, key.count / 2, key.count - 1, key.count] {
                for run in [[byte], [byte, byte], [13, 10, byte, 120, 58, 32, 121]] {
                    let paste = Array(key[..<place]) + run + key[place...]
                    guard let found = try self.key(in: paste, chosen: chosen) else { continue }
                    passed += 1
                    #expect((16...512).contains(found.count) && found.allSatisfy { (0x21...0x7E).contains($0) })
                    // Nothing was put together from what stood on two lines as a header and its value.
                    #expect(found == key)
                }
            }
        }
        // White space around it is taken away, so that some do pass.
        #expect(passed > 0)
    }

    @Test func `V16 a key has sixteen bytes at least and 512 at most`() throws {
        for (count, isFine) in [(15, false), (16, true), (512, true), (513, false)] {
            let paste = Array("ab3".utf8) + Array(repeating: UInt8(ascii: "Q"), count: count - 3)
            let found = try key(in: paste, chosen: nil)
            #expect(found == nil || (16...512).contains(found?.count ?? 0))
            if !isFine { #expect(found == nil) }
        }
    }
}
