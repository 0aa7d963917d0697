import Testing
import VaultModel
import VaultService
import VaultTestKit

/// Whoever writes the database cannot read a key, move one, or bring one back, and what they did is seen.
@Suite struct KeyRowTests {
    private static func secret(_ number: Int) -> String { FakeKeys.anthropic("trust", number) }

    /// Every column that decides something, and a change of it that the schema takes.
    static let edits: [(column: String, sql: String)] = [
        ("owner", "owner = 'mallory'"),
        ("project", "project_id = (SELECT id FROM projects WHERE name = 'other')"),
        ("provider", "provider = 'openai'"),
        ("endpoint", "endpoint = 'https://example.org'"),
        ("expiry", "expires_at = 9000000000000"),
        ("status", "status = 'failing'"),
        ("status, as if it were revoked", "status = 'revoked', revoked_at = 1"),
        ("current version", "current_version = 2, last_version = 2"),
        ("last version", "last_version = 7"),
        ("previous version", "previous_version = 7"),
        ("previous_until", "previous_until = 9000000000000"),
        ("blind index", "blind_index = zeroblob(32)"),
        ("quarantine reason", "quarantine_reason = 'age'"),
        ("creation", "created_at = created_at + 1"),
        ("age", "version_stored_at = version_stored_at + 86400000"),
        ("revision", "revision = revision + 1"),
        ("MAC", "mac = zeroblob(32)"),
    ]

    @Test(arguments: Moment.allCases)
    func `K14 an edit of any column that decides something makes that key undecryptable and no other`(
        _ moment: Moment
    ) async throws {
        try await tamper(moment) { vault in
            _ = try await vault.call("POST", "/v1/projects", #"{"name":"other"}"#, token: vault.adminToken)
            var ids: [String] = []
            for number in Self.edits.indices {
                ids.append(try await vault.store(Self.secret(number), user: "u\(number)"))
            }
            return (ids, try await vault.store(Self.secret(99)))
        } attack: { intruder, scene in
            for (id, edit) in zip(scene.0, Self.edits) {
                try intruder.change("UPDATE keys SET \(edit.sql) WHERE id = ?1", [.id(id)])
            }
        } look: { vault, scene in
            for (id, edit) in zip(scene.0, Self.edits) {
                guard edit.column != "project" else {
                    // Moved out of sight: absent for its app, unbelievable for who may look everywhere.
                    #expect(try await vault.reveal(id).status == 404)
                    let seen = try await vault.call("GET", "/v1/keys/\(id)", token: vault.adminToken)
                    #expect(seen.json["status"].string == "undecryptable")
                    try await vault.finds("row_mac", in: id)
                    continue
                }
                try await vault.expectRefused(id, finding: "row_mac")
            }
            try await vault.expectUnharmed(scene.1, Self.secret(99))
        }
    }

    @Test(arguments: Moment.allCases)
    func `a list shows an edited key as undecryptable, goes on, and has it in the audit log`(
        _ moment: Moment
    ) async throws {
        try await tamper(moment) { vault in
            (try await vault.store(Self.secret(1)), try await vault.store(Self.secret(2)))
        } attack: { intruder, ids in
            try intruder.change("UPDATE keys SET owner = 'mallory' WHERE id = ?1", [.id(ids.0)])
        } look: { vault, ids in
            let list = try await vault.call("GET", "/v1/keys").json["data"].items
            #expect(Set(list.map { $0["status"].string }) == ["unverified", "undecryptable"])
            try await vault.finds("row_mac", in: ids.0)
        }
    }

    @Test(arguments: Moment.allCases)
    func `K14 a revoked key is not un-revoked by an edit, with or without its ciphertext`(_ moment: Moment) async throws
    {
        try await tamper(moment) { vault in
            let ids = [try await vault.store(Self.secret(1)), try await vault.store(Self.secret(2), user: "user-2")]
            let intruder = try Intruder(vault)
            let versions = try ids.map { try intruder.copy("versions", where: "key_id = ?1", [.id($0)]) }
            for id in ids { #expect(try await vault.call("POST", "/v1/keys/\(id)/revoke").status == 200) }
            return (ids, versions, try await vault.store(Self.secret(3), user: "user-3"))
        } attack: { intruder, scene in
            for id in scene.0 {
                try intruder.change(
                    "UPDATE keys SET status = 'active', revoked_at = NULL WHERE id = ?1", [.id(id)])
            }
            try intruder.putBack(scene.1[1])
        } look: { vault, scene in
            for id in scene.0 {
                if moment == .stopped {
                    try await vault.expectEndedAgain(id)
                } else {
                    try await vault.expectRefused(id, finding: "row_mac")
                    #expect(try await vault.rotate(id, to: Self.secret(40)).status == 410)
                    #expect(try await vault.reveal(id).status == 409)
                }
            }
            try await vault.expectUnharmed(scene.2, Self.secret(3))
        }
    }

    /// What is done to a key after its row was copied.
    enum Act: String, CaseIterable, Sendable {
        case rotate, revoke, quarantine, expire, delete, massRevoke
    }

    @Test(arguments: Moment.allCases, Act.allCases)
    func `K15 a row that is put back is older than the audit log and gives nothing`(
        _ moment: Moment, _ act: Act
    ) async throws {
        try await tamper(moment) { vault in
            let id = try await vault.store(Self.secret(1))
            let intruder = try Intruder(vault)
            let key = try intruder.copy("keys", where: "id = ?1", [.id(id)])
            let versions = try intruder.copy("versions", where: "key_id = ?1", [.id(id)])
            switch act {
            case .rotate: #expect(try await vault.rotate(id, to: Self.secret(2)).status == 200)
            case .revoke: #expect(try await vault.call("POST", "/v1/keys/\(id)/revoke").status == 200)
            case .quarantine: #expect(try await vault.call("POST", "/v1/keys/\(id)/quarantine").status == 200)
            case .delete: #expect(try await vault.call("DELETE", "/v1/keys/\(id)").status == 204)
            case .expire:
                let end = #"{"expires_at":"2100-01-01T00:00:00Z"}"#
                #expect(try await vault.call("PATCH", "/v1/keys/\(id)", end).status == 200)
            case .massRevoke:
                let answer = try await vault.call("POST", "/v1/revoke", #"{"user_id":"user-1","reason":"leak"}"#)
                #expect(answer.json["revoked"].int == 1)
                try await eventually("the order is carried out") {
                    try intruder.rows("SELECT 1 FROM revocations WHERE completed_at IS NULL").isEmpty
                }
            }
            return (id, key, versions, try await vault.store(Self.secret(3), user: "user-2"))
        } attack: { intruder, scene in
            try intruder.putBack(scene.1)
            try intruder.putBack(scene.2)
        } look: { vault, scene in
            let hasEnded = act == .revoke || act == .delete || act == .massRevoke
            if hasEnded, moment == .stopped {
                try await vault.expectEndedAgain(scene.0)
                return try await vault.expectUnharmed(scene.3, Self.secret(3))
            }
            try await vault.expectRefused(scene.0, finding: "rolled_back")
            let rotated = try await vault.rotate(scene.0, to: Self.secret(4))
            if hasEnded {
                #expect(rotated.status == 410, "\(rotated.text)")
                #expect(try await vault.reveal(scene.0).status == 409)
            } else {
                #expect(rotated.status == 200, "\(rotated.text)")
                try await vault.expectUnharmed(scene.0, Self.secret(4))
            }
            try await vault.expectUnharmed(scene.3, Self.secret(3))
        }
    }

    /// What is exchanged between two keys of one user.
    enum Exchange: String, CaseIterable, Sendable {
        case ids, boxes, wrappedKeys, both
    }

    @Test(arguments: Moment.allCases, Exchange.allCases)
    func `K14 two keys whose rows or ciphertexts are exchanged give nothing, each other's least of all`(
        _ moment: Moment, _ exchange: Exchange
    ) async throws {
        try await tamper(moment) { vault in
            (
                try await vault.store(Self.secret(1)), try await vault.store(Self.secret(2)),
                try await vault.store(Self.secret(3))
            )
        } attack: { intruder, ids in
            let pair: [Intruder.Cell] = [.id(ids.0), .id(ids.1)]
            if exchange == .ids {
                let spare: [Intruder.Cell] = [.blob([UInt8](repeating: 1, count: 16))]
                for table in ["keys", "versions"] {
                    let column = table == "keys" ? "id" : "key_id"
                    try intruder.change("UPDATE \(table) SET \(column) = ?1 WHERE \(column) = ?2", spare + [pair[0]])
                    try intruder.change("UPDATE \(table) SET \(column) = ?1 WHERE \(column) = ?2", pair)
                    try intruder.change("UPDATE \(table) SET \(column) = ?1 WHERE \(column) = ?2", [pair[1]] + spare)
                }
            } else {
                let columns =
                    exchange == .boxes ? ["box"] : exchange == .both ? ["box", "wrapped_dek"] : ["wrapped_dek"]
                for column in columns {
                    let cells = try pair.map {
                        try intruder.rows("SELECT \(column) FROM versions WHERE key_id = ?1", [$0])[0][0]
                    }
                    for (id, cell) in zip(pair, cells.reversed()) {
                        try intruder.change("UPDATE versions SET \(column) = ?1 WHERE key_id = ?2", [cell, id])
                    }
                }
            }
        } look: { vault, ids in
            let finding = exchange == .ids ? "row_mac" : "ciphertext"
            try await vault.expectRefused(ids.0, finding: finding)
            try await vault.expectRefused(ids.1, finding: finding)
            try await vault.expectUnharmed(ids.2, Self.secret(3))
            #expect(try await vault.rotate(ids.0, to: Self.secret(4)).status == 200)
            try await vault.expectUnharmed(ids.0, Self.secret(4))
        }
    }

    @Test(arguments: Moment.allCases)
    func `a change of the label does not vouch for an edited row`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let id = try await vault.store(Self.secret(1))
            let old = try await vault.store(Self.secret(2), user: "user-2")
            let saved = try Intruder(vault).copy("keys", where: "id = ?1", [.id(old)])
            #expect(try await vault.call("POST", "/v1/keys/\(old)/quarantine").status == 200)
            return (id, old, saved)
        } attack: { intruder, scene in
            try intruder.change("UPDATE keys SET owner = 'mallory' WHERE id = ?1", [.id(scene.0)])
            try intruder.putBack(scene.2)
        } look: { vault, scene in
            for (id, finding) in [(scene.0, "row_mac"), (scene.1, "rolled_back")] {
                let patch = #"{"label":"mine","tags":{"a":"b"}}"#
                let answer = try await vault.call("PATCH", "/v1/keys/\(id)", patch)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["status"].string == "undecryptable")
                try await vault.expectRefused(id, finding: finding)
            }
        }
    }

    @Test(arguments: Moment.allCases)
    func `a rollback takes nothing from an edited version row`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let id = try await vault.store(Self.secret(1))
            #expect(try await vault.rotate(id, to: Self.secret(2), grace: 3600).status == 200)
            let broken = try await vault.store(Self.secret(3), user: "user-2")
            #expect(try await vault.rotate(broken, to: Self.secret(4), grace: 3600).status == 200)
            return (id, broken)
        } attack: { intruder, ids in
            try intruder.change(
                """
                UPDATE versions SET hint = 'sk-evil', fingerprint = 'kfp_evil', blind_index = zeroblob(32),
                    created_at = 9000000000000
                WHERE key_id = ?1 AND number = 1
                """, [.id(ids.0)])
            try intruder.change(
                "UPDATE versions SET endpoint = 'https://example.org' WHERE key_id = ?1 AND number = 1", [.id(ids.1)])
        } look: { vault, ids in
            let answer = try await vault.call("POST", "/v1/keys/\(ids.0)/rollback")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["hint"].string?.contains("evil") == false)
            #expect(answer.json["fingerprint"].string?.contains("evil") == false)
            try await vault.expectUnharmed(ids.0, Self.secret(1))
            // The duplicate check knows the secret again.
            let again = #"{"user_id":"user-1","key":"\#(Self.secret(1))","validation":"skip"}"#
            #expect(try await vault.call("POST", "/v1/keys", again).status == 409)
            // What does not open where its row says is not made current; the current version stays.
            #expect(try await vault.call("POST", "/v1/keys/\(ids.1)/rollback").status == 409)
            try await vault.expectUnharmed(ids.1, Self.secret(4))
        }
    }

    @Test(arguments: Moment.allCases)
    func `K15 a deleted row that is put back under another id or user gives nothing`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let id = try await vault.store(Self.secret(1))
            let intruder = try Intruder(vault)
            let key = try intruder.copy("keys", where: "id = ?1", [.id(id)])
            let versions = try intruder.copy("versions", where: "key_id = ?1", [.id(id)])
            #expect(try await vault.call("DELETE", "/v1/keys/\(id)").status == 204)
            return (key, versions, KeyID(at: Timestamp(milliseconds: 1_800_000_000_000)))
        } attack: { intruder, scene in
            try intruder.putBack(scene.0.with("id", .blob(scene.2.bytes)))
            try intruder.putBack(scene.1.with("key_id", .blob(scene.2.bytes)))
        } look: { vault, scene in
            try await vault.expectRefused("\(scene.2)", finding: "row_mac")
        }
    }

    /// Numbers at their ends, where a sum or a difference has no answer.
    static let extremes: [String] = [
        "last_version = ?2", "revision = ?2", "version_stored_at = ?2", "version_stored_at = ?3", "expires_at = ?2",
        "expires_at = ?3", "previous_until = ?3, previous_version = 9", "created_at = ?3", "verdict_checked_at = ?3",
        "last_used_at = ?2", "last_used_at = ?3", "refused_since = ?3", "next_check_at = ?2", "due_at = ?3",
        "current_version = ?2, last_version = ?2", "stale_reasons = ?2", "check_at = ?3", "revoked_at = ?3",
    ]

    @Test(arguments: Moment.allCases)
    func `the greatest and the least numbers in a row stop nothing`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            var ids: [String] = []
            for number in Self.extremes.indices {
                ids.append(try await vault.store(Self.secret(number), user: "u\(number)"))
            }
            return (ids, try await vault.store(Self.secret(99)))
        } attack: { intruder, scene in
            let ends: [Intruder.Cell] = [.integer(.max), .integer(.min)]
            for (id, edit) in zip(scene.0, Self.extremes) {
                try intruder.change("UPDATE keys SET \(edit) WHERE id = ?1 AND (?2 <> ?3)", [.id(id)] + ends)
            }
            try intruder.change("UPDATE audit SET revision = ?2 WHERE key_id = ?1", [.id(scene.0[0]), ends[0]])
        } look: { vault, scene in
            #expect(try await vault.call("GET", "/v1/keys").json["data"].items.count == scene.0.count + 1)
            #expect(try await vault.call("GET", "/v1/stats").status == 200)
            _ = try await RotationScheduler(vault.vault).pass()
            for id in scene.0 {
                for act in ["reveal", "check", "rollback", "quarantine", "release"] {
                    _ = try await vault.call("POST", "/v1/keys/\(id)/\(act)")
                }
                _ = try await vault.call("PATCH", "/v1/keys/\(id)", #"{"label":"l"}"#)
                _ = try await vault.rotate(id, to: FakeKeys.anthropic(id))
                #expect(try await vault.call("POST", "/v1/keys/\(id)/revoke").status == 200)
                #expect(try await vault.call("DELETE", "/v1/keys/\(id)").status == 204)
            }
            try await vault.expectUnharmed(scene.1, Self.secret(99))
        }
    }

    @Test(arguments: Moment.allCases)
    func `a key that was moved is not healed by the project it was moved to`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let made = try await vault.call("POST", "/v1/projects", #"{"name":"other"}"#, token: vault.adminToken)
            let project = try #require(made.json["id"].string)
            let body = #"{"kind":"app","project_id":"\#(project)","name":"t"}"#
            let minted = try await vault.call("POST", "/v1/tokens", body, token: vault.adminToken)
            return (try await vault.store(Self.secret(1)), try #require(minted.json["token"].string))
        } attack: { intruder, scene in
            try intruder.change("UPDATE keys SET project_id = (SELECT id FROM projects WHERE name = 'other')")
        } look: { vault, scene in
            let body = #"{"key":"\#(Self.secret(2))","validation":"skip"}"#
            let answer = try await vault.call("POST", "/v1/keys/\(scene.0)/rotate", body, token: scene.1)
            #expect(answer.status == 404, "\(answer.text)")
            #expect(try await vault.reveal(scene.0, token: scene.1).status == 409)
        }
    }

    @Test func `a log that was cut while the server runs stops every release`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(Self.secret(1))
            let intruder = try Intruder(vault)
            let key = try intruder.copy("keys", where: "id = ?1", [.id(id)])
            let versions = try intruder.copy("versions", where: "key_id = ?1", [.id(id)])
            let other = try await vault.store(Self.secret(2), user: "user-2")
            #expect(try await vault.call("POST", "/v1/keys/\(id)/revoke").status == 200)
            try intruder.change("DELETE FROM audit WHERE seq = (SELECT MAX(seq) FROM audit)")
            try intruder.putBack(key)
            try intruder.putBack(versions)
            for id in [id, other] {
                let answer = try await vault.reveal(id)
                #expect(answer.status == 503)
                #expect(answer.json["code"].string == "audit_unavailable")
                #expect(answer.json["key"] == .null)
            }
        }
    }
}
