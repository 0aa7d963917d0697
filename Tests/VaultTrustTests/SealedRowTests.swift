import Testing
import VaultModel
import VaultTestKit

/// What becomes of a row whose ciphertext is not what it should be.
@Suite struct SealedRowTests {
    /// What can be wrong with what is stored: of which column, and how.
    struct Damage: Sendable, CustomTestStringConvertible {
        let column: String
        let testDescription: String
        let change: @Sendable ([UInt8]) -> [UInt8]

        init(_ column: String, _ what: String, _ change: @escaping @Sendable ([UInt8]) -> [UInt8]) {
            self.column = column
            testDescription = "\(column): \(what)"
            self.change = change
        }

        static func flip(_ column: String, _ what: String, at place: Int) -> Damage {
            Damage(column, what) { bytes in
                var bytes = bytes
                bytes[place < 0 ? bytes.count + place : place] ^= 1
                return bytes
            }
        }

        /// The suites that could ever be named, but for the one that there is.
        static func suite(_ column: String, _ number: UInt8) -> Damage {
            Damage(column, "suite \(number)") { bytes in
                var bytes = bytes
                bytes[4] = number
                return bytes
            }
        }

        static let all: [Damage] = ["box", "wrapped_dek"].flatMap { column in
            [
                .flip(column, "magic", at: 0), .flip(column, "type", at: 5), .flip(column, "term", at: 9),
                .flip(column, "salt", at: 10), .flip(column, "nonce", at: 42), .flip(column, "commitment", at: 54),
                .flip(column, "ciphertext", at: 86), .flip(column, "tag", at: -1), .suite(column, 0),
                .suite(column, 2), .suite(column, 255), Damage(column, "short") { $0.dropLast() },
                Damage(column, "long") { $0 + [0] },
                Damage(column, "another's") { _ in [UInt8](repeating: 1, count: 134) },
            ]
        }
    }

    /// A problem without what names this one request.
    private func words(of answer: HTTPAnswer) -> String {
        answer.text.replacing(/"instance":"[^"]*"/, with: "").replacing(/key_[0-9a-z]{26}/, with: "key")
    }

    @Test
    func `C12, C24 whatever is wrong with what is stored, an unknown suite too, gets one answer and one audit entry`()
        async throws
    {
        try await RunningVault.run { vault in
            let intruder = try Intruder(vault)
            try intruder.run("PRAGMA ignore_check_constraints = ON")
            var (answers, entries): (Set<String>, Set<String>) = ([], [])
            for (number, damage) in Damage.all.enumerated() {
                let secret = FakeKeys.anthropic("sealed", number)
                let id = try await vault.store(secret, user: "user-\(number)")
                let cells = try intruder.rows("SELECT \(damage.column) FROM versions WHERE key_id = ?1", [.id(id)])
                guard case .blob(let bytes)? = cells.first?.first else { throw TestKitFailure("no box") }
                try await vault.expectUnharmed(id, secret)
                try intruder.change(
                    "UPDATE versions SET \(damage.column) = ?1 WHERE key_id = ?2",
                    [.blob(damage.change(bytes)), .id(id)])
                let answer = try await vault.reveal(id)
                #expect(answer.status == 409 && answer.json["code"].string == "wrong_state", "\(damage)")
                answers.insert(words(of: answer))
                try await vault.finds("ciphertext", in: id)
                let found = try await vault.auditEntries("&key_id=\(id)").filter {
                    $0["action"].string == "key.undecryptable"
                }
                #expect(found.count == 1, "\(damage)")
                entries.formUnion(found.map { "\($0["reason"]) \($0["outcome"]) \($0["actor"]["kind"])" })
                // From here on it is shown as what it is, and heals by a new secret.
                #expect(try await vault.call("GET", "/v1/keys/\(id)").json["status"].string == "undecryptable")
                #expect(try await vault.rotate(id, to: FakeKeys.anthropic("healed", number)).status == 200)
                try await vault.expectUnharmed(id, FakeKeys.anthropic("healed", number))
            }
            #expect(answers.count == 1, "\(answers)")
            #expect(entries.count == 1, "\(entries)")
        }
    }

    @Test func `C16 no answer holds what tells that two keys are equal`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic("index"))
            let again = #"{"user_id":"user-1","key":"\#(FakeKeys.anthropic("index"))","validation":"skip"}"#
            #expect(try await vault.call("POST", "/v1/keys", again).status == 409)
            let cells = try Intruder(vault).rows("SELECT blind_index FROM keys")
            guard case .blob(let index)? = cells.first?.first, index.count == 32 else {
                throw TestKitFailure("no index")
            }
            let port = vault.port
            var (bodies, statuses): ([[UInt8]], Set<Int>) = ([], [])
            for call in try await Threads.run({ try LeakTests.calls(port: port) }) where call.method == "GET" {
                let target = call.path.replacing("{id}", with: id).replacing("{user_id}", with: "user-1")
                    .replacing("{provider}", with: "anthropic").replacing("{locale}", with: "en")
                for token in [vault.appToken, vault.adminToken] {
                    let answer = try await Threads.run {
                        try HTTPExchange.send(
                            port: port, "GET", target, headers: [("Authorization", "Bearer \(token)")])
                    }
                    bodies.append(answer.body + Array(answer.headers.map { "\($0.name): \($0.value)\n" }.joined().utf8))
                    statuses.insert(answer.status)
                }
            }
            #expect(bodies.count > 40 && statuses.contains(200))
            let traces = Traces(of: index)
            #expect(bodies.compactMap { traces.first(in: $0) } == [])
            // The control: it is found where it is.
            #expect(traces.first(in: [1, 2] + index) != nil)
        }
    }
}
