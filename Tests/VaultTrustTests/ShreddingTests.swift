import Testing
import VaultModel
import VaultService
import VaultTestKit

/// What is ended is gone: from the next request on, and from every byte of the files.
@Suite struct ShreddingTests {
    /// How a version of a key comes to its end.
    enum End: String, CaseIterable, Sendable {
        case revoke, massRevoke, rotate, grace, oldest, rollback, delete, deleteUser
    }

    /// What of `pieces` lies in a file of the database.
    private func places(of pieces: [[UInt8]], _ vault: RunningVault) -> [String] {
        vault.directory.files().filter { $0.path.contains("/vault.db") }.flatMap { file in
            pieces.indices.filter { file.bytes.firstRange(of: pieces[$0]) != nil }.map { "\(file.path): piece \($0)" }
        }
    }

    /// Wrapped DEK and box of a version, and the parts of the box that would do to open it with the rest known.
    private func pieces(of id: String, version: Int, _ intruder: Intruder) throws -> [[UInt8]] {
        let row = try intruder.rows(
            "SELECT wrapped_dek, box FROM versions WHERE key_id = ?1 AND number = ?2",
            [.id(id), .integer(Int64(version))])
        return row.joined().flatMap { cell -> [[UInt8]] in
            guard case .blob(let bytes) = cell else { return [] }
            // Pages may divide a long one: salt and nonce, and what is sealed, each by itself.
            return [Array(bytes[10..<42]), Array(bytes[86..<118])]
        }
    }

    @Test(arguments: End.allCases)
    func `K13 what is ended is answered no more and found in no byte of the database, its log or its index`(
        end: End
    ) async throws {
        try await RunningVault.run { vault in
            let (first, second) = (FakeKeys.marker("first"), FakeKeys.marker("second"))
            let id = try await vault.store(first, user: "ada")
            let other = try await vault.store(FakeKeys.marker("other"), user: "bob")
            var pieces: [[UInt8]] = []
            do {
                let intruder = try Intruder(vault)
                pieces = try self.pieces(of: id, version: 1, intruder)
                if end == .rollback {
                    #expect(try await vault.rotate(id, to: second, grace: 3600).status == 200)
                    pieces = try self.pieces(of: id, version: 2, intruder)
                }
            }
            #expect(pieces.count == 4)
            // The control: before, all of them are found.
            #expect(
                Set(places(of: pieces, vault).map { String($0.suffix(7)) }) == Set(pieces.indices.map { "piece \($0)" })
            )

            var status = 410
            switch end {
            case .revoke: #expect(try await vault.call("POST", "/v1/keys/\(id)/revoke").status == 200)
            case .massRevoke:
                let order = #"{"user_id":"ada","reason":"leak"}"#
                #expect(try await vault.call("POST", "/v1/revoke", order).json["revoked"].int == 1)
            case .delete:
                #expect(try await vault.call("DELETE", "/v1/keys/\(id)").status == 204)
                status = 404
            case .deleteUser:
                #expect(try await vault.call("DELETE", "/v1/users/ada").status == 200)
                status = 404
            case .rotate:
                #expect(try await vault.rotate(id, to: second, grace: 0).status == 200)
                status = 200
            case .grace:
                #expect(try await vault.rotate(id, to: second, grace: 60).status == 200)
                vault.time.advance(by: 61)
                try await RotationScheduler(vault.vault).pass()
                status = 200
            case .oldest:
                #expect(try await vault.rotate(id, to: second, grace: 3600).status == 200)
                #expect(try await vault.rotate(id, to: FakeKeys.marker("third"), grace: 3600).status == 200)
                status = 200
            case .rollback:
                #expect(try await vault.call("POST", "/v1/keys/\(id)/rollback").status == 200)
                status = 200
            }
            let answer = try await vault.reveal(id)
            #expect(answer.status == status)
            if status == 410 { #expect(answer.json["code"].string == "key_revoked") }

            try await eventually("the log has been emptied into the database") { places(of: pieces, vault).isEmpty }
            #expect(try await vault.reveal(other).status == 200)
        }
    }
}
