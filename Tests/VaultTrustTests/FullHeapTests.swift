import Testing
import VaultCrypto
import VaultModel
import VaultTestKit

/// A vault whose memory for secrets is all taken.
@Suite struct FullHeapTests {
    /// A piece of the heap.
    private final class Piece: Sendable {
        let bytes: SecretBytes
        init(_ count: Int) throws {
            let zeros = [UInt8](repeating: 0, count: count)
            bytes = try SecretBytes(copying: zeros.span.bytes)
        }
    }

    /// Takes all that is left: the largest pieces first, from many tasks at once.
    private static func everything() async -> [Piece] {
        await withTaskGroup(of: [Piece].self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var pieces: [Piece] = []
                    for count in [65_536, 4096, 256, 32] {
                        while let piece = try? Piece(count) { pieces.append(piece) }
                    }
                    return pieces
                }
            }
            return await group.reduce(into: []) { $0 += $1 }
        }
    }

    @Test
    func `M05 a full heap is answered with 503 and a time to wait, nothing falls back, and room that is freed serves`()
        async throws
    {
        // The heap is the process's.
        await #expect(processExitsWith: .success) {
            try await RunningVault.run { vault in
                let id = try await vault.store(FakeKeys.anthropic("one"))
                let used = SecureHeap.bytesInUse
                var held = await Self.everything()
                #expect(held.count > 16 && SecureHeap.bytesInUse == SecureHeap.capacity)
                for (method, target, body) in [
                    ("POST", "/v1/keys/\(id)/reveal", nil),
                    (
                        "POST", "/v1/keys",
                        #"{"user_id":"ada","key":"\#(FakeKeys.anthropic("two"))","validation":"skip"}"#
                    ),
                    (
                        "POST", "/v1/keys/\(id)/rotate",
                        #"{"key":"\#(FakeKeys.anthropic("three"))","validation":"skip"}"#
                    ),
                    ("POST", "/v1/inspect", #"{"key":"\#(FakeKeys.anthropic("four"))"}"#),
                    ("POST", "/v1/keys/\(id)/check", nil),
                ] {
                    let answer = try await vault.call(method, target, body)
                    #expect(answer.status == 503, "\(target): \(answer.text)")
                    #expect(answer.json["code"].string == "overloaded", "\(target): \(answer.text)")
                    #expect(
                        answer.header("retry-after") != nil && answer.json["retryable"].bool == true,
                        "\(target) \(answer.text)")
                    #expect(SecureHeap.bytesInUse <= SecureHeap.capacity, "\(target): \(SecureHeap.bytesInUse)")
                }
                // What needs no secret is answered all the same, and the key is not taken for a damaged one.
                #expect(try await vault.call("GET", "/v1/keys/\(id)").json["status"].string == "unverified")

                held.removeAll()
                #expect(SecureHeap.bytesInUse <= used)
                try await vault.expectUnharmed(id, FakeKeys.anthropic("one"))
                #expect(try await vault.rotate(id, to: FakeKeys.anthropic("three")).status == 200)
                try await vault.expectUnharmed(id, FakeKeys.anthropic("three"))
            }
        }
    }
}
