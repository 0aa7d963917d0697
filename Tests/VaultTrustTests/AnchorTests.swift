import Glibc
import Testing
import VaultModel
import VaultProviders
import VaultStore
import VaultTestKit

@testable import VaultCrypto
@testable import VaultService

/// What stands in the anchor, and what a database is worth that says otherwise.
@Suite struct AnchorTests {
    private struct Snapshot {
        let files: [(path: String, bytes: [UInt8])]

        init(of vault: RunningVault) {
            files = vault.directory.files().filter { $0.path.contains("/data/vault.db") && !$0.path.hasSuffix("-shm") }
        }

        /// Puts the database back as it was; the anchor stays.
        func putBack(in vault: RunningVault) throws {
            for suffix in ["", "-wal", "-shm"] { unlink(vault.directory.path + "/data/vault.db" + suffix) }
            for (path, bytes) in files {
                guard let file = fopen(path, "w") else { throw TestKitFailure("cannot write \(path)") }
                fwrite(bytes, 1, bytes.count, file)
                fclose(file)
            }
        }
    }

    private static func anchor(_ vault: RunningVault) -> String { vault.directory.path + "/data/anchor" }

    private static func report(_ vault: RunningVault, keys: [NoteKey] = []) throws -> AuditReport {
        var order = AuditVerificationOrder(directory: vault.directory.path + "/data", anchor: anchor(vault))
        order.keys = keys
        return try AuditVerification.run(order)
    }

    private static func keys(_ vault: RunningVault) throws -> [NoteKey] {
        try AuditVerification.keys(in: vault.directory.path + "/data")
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw TestKitFailure("cannot write \(path)") }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    /// The number that a refused start names.
    private static func refusedNote(_ vault: RunningVault) async throws -> Int {
        do {
            try await vault.restarted { _ in }
        } catch let error as OpeningError {
            switch error {
            case .rolledBack(_, _, _, let note), .rewritten(_, _, let note), .anchorMissing(_, let note),
                .anchorCut(_, let note), .anchorForeign(_, let note):
                return note
            default: throw error
            }
        }
        throw TestKitFailure("the vault was opened")
    }

    private static func settings(_ change: (inout VaultConfiguration) -> Void) -> VaultConfiguration {
        var configuration = VaultConfiguration(validationLimits: nil)
        change(&configuration)
        return configuration
    }

    @Test func `U05 a restored old database is refused; taken back, it revives nothing that was revoked`() async throws
    {
        let (vault, revoked, kept, token) = try await RunningVault.run { vault in
            let revoked = try await vault.store(FakeKeys.anthropic("anchor", 1))
            let kept = try await vault.store(FakeKeys.anthropic("anchor", 2))
            let deleted = try await vault.store(FakeKeys.anthropic("anchor", 3))
            let made = try await vault.call(
                "POST", "/v1/tokens", #"{"kind":"app","project_id":"\#(vault.projectID)","name":"old"}"#,
                token: vault.adminToken)
            let snapshot = Snapshot(of: vault)
            #expect(try await vault.call("POST", "/v1/keys/\(revoked)/revoke").status == 200)
            #expect(try await vault.call("DELETE", "/v1/keys/\(deleted)").status == 204)
            let id = made.json["id"].string ?? ""
            #expect(try await vault.call("DELETE", "/v1/tokens/\(id)", token: vault.adminToken).status == 204)
            // Before any head is signed, the anchor names what has ended.
            let anchored = String(decoding: TemporaryDirectory.bytes(of: Self.anchor(vault)), as: UTF8.self)
            for id in [revoked, deleted, id] { #expect(anchored.contains("\n\(id)\n")) }
            try await vault.vault.signHead()
            return (vault, (revoked, deleted, snapshot), kept, made.json["token"].string ?? "")
        }
        try revoked.2.putBack(in: vault)
        await #expect(throws: OpeningError.self) { try await vault.restarted { _ in } }
        #expect(try Self.report(vault).finding?.kind == .truncated)
        let note = try await Self.refusedNote(vault)
        try await vault.restarted(configuration: Self.settings { $0.acceptedNote = note }) { vault in
            for id in [revoked.0, revoked.1] { #expect(try await vault.reveal(id).status == 410) }
            #expect(try await vault.reveal(kept).status == 200)
            #expect(try await vault.call("GET", "/v1/token", token: token).status == 401)
            let actions = try await vault.auditEntries().compactMap { $0["action"].string }
            #expect(actions.contains("restore.made"))
            #expect(try await vault.auditEntries("&key_id=\(revoked.0)").last?["reason"].string == "anchor")
        }
        // Said once, it holds: the next start needs no word.
        try await vault.restarted { vault in
            let answer = try await vault.reveal(revoked.0)
            #expect(answer.status == 410)
        }
        let report = try Self.report(vault)
        #expect(report.isWell)
        #expect(report.rollbacks == 1)
        // What was said once is not said for ever: neither by the same word nor by the note that it left.
        try revoked.2.putBack(in: vault)
        await #expect(throws: OpeningError.self) {
            try await vault.restarted(configuration: Self.settings { $0.acceptedNote = note }) { _ in }
        }
        let anchor = TemporaryDirectory.bytes(of: Self.anchor(vault))
        try Self.write(anchor + anchor, to: Self.anchor(vault))
        await #expect(throws: OpeningError.self) { try await vault.restarted { _ in } }
        #expect(!(try Self.report(vault).copiedLines.isEmpty))
    }

    @Test func `U05 rows of a time that a restore gave up are not believed afterwards`() async throws {
        let name = #"{"kind":"app","project_id":"%","name":"late"}"#
        let (vault, old) = try await RunningVault.run { vault in
            let old = try await vault.store(FakeKeys.anthropic("timeline", 1))
            let snapshot = Snapshot(of: vault)
            for number in 2...4 {
                let answer = try await vault.rotate(old, to: FakeKeys.anthropic("timeline", number))
                #expect(answer.status == 200)
            }
            let late = try await vault.store(FakeKeys.anthropic("timeline", 9))
            let made = try await vault.call(
                "POST", "/v1/tokens", name.replacing("%", with: vault.projectID), token: vault.adminToken)
            let (tokenID, token) = (made.json["id"].string ?? "", made.json["token"].string ?? "")
            #expect(try await vault.call("GET", "/v1/token", token: token).status == 200)
            let intruder = try Intruder(vault)
            let copies = try [
                intruder.copy("keys", where: "1"), intruder.copy("versions", where: "1"),
                intruder.copy("tokens", where: "id = ?1", [.id(tokenID)]),
            ]
            #expect(try await vault.call("POST", "/v1/keys/\(late)/revoke").status == 200)
            #expect(try await vault.call("DELETE", "/v1/tokens/\(tokenID)", token: vault.adminToken).status == 204)
            try await vault.vault.signHead()
            return (vault, (key: old, late: late, token: token, snapshot: snapshot, copies: copies))
        }
        try old.snapshot.putBack(in: vault)
        let note = try await Self.refusedNote(vault)
        try await vault.restarted(configuration: Self.settings { $0.acceptedNote = note }) { vault in
            #expect(try await vault.call("POST", "/v1/keys/\(old.key)/revoke").status == 200)
            let intruder = try Intruder(vault)
            for copy in old.copies { try intruder.putBack(copy) }
            for id in [old.key, old.late] {
                // Nor does a change that is allowed make them so.
                _ = try await vault.call("PATCH", "/v1/keys/\(id)", #"{"label":"mine"}"#)
                let answer = try await vault.reveal(id)
                #expect(answer.status == 409 && answer.json["key"] == .null, "\(answer.text)")
                try await vault.finds("rolled_back", in: id)
            }
            #expect(try await vault.call("GET", "/v1/token", token: old.token).status == 401)
        }
    }

    @Test func `an anchor is written by one vault at a time`() async throws {
        let (other, another) = (try TemporaryDirectory(), try TemporaryDirectory())
        try await RunningVault.run { vault in
            // Another vault with the anchor of one that is being served; with its own it is opened.
            for (directory, anchor) in [(other, Self.anchor(vault)), (another, another.path + "/anchor")] {
                let location = VaultLocation(
                    directory: directory.path + "/data",
                    masterKey: .file(MasterKeyFile(path: directory.path + "/master.key")), anchor: anchor)
                _ = try await Vault.initialise(at: location, time: vault.time)
                let catalogue = try Catalogue.embedded()
                let probe = Probe(catalogue: catalogue, time: vault.time) { _ in .failure(.unreachable) }
                let isOpened: Bool
                do throws(OpeningError) {
                    try Vault.open(at: location, catalogue: catalogue, probe: probe, time: vault.time).close()
                    isOpened = true
                } catch {
                    guard case .anchorInUse = error else { throw error }
                    isOpened = false
                }
                #expect(isOpened == (directory === another))
            }
        }
    }

    @Test func `U05 a log that was rewritten so that it fits in itself is named, and refused at the start`()
        async throws
    {
        let vault = try await RunningVault.run { vault in
            for number in 0..<5 { _ = try await vault.store(FakeKeys.anthropic("forged", number)) }
            try await vault.vault.signHead()
            return vault
        }
        #expect(try Self.report(vault, keys: Self.keys(vault)).isWell)
        let records = try #require(
            try Store.inspect(directory: vault.directory.path + "/data") { try $0.auditEntries(limit: 1000) })
        var hash = ChainPosition.start.hash
        let intruder = try Intruder(vault)
        for record in records {
            var entry = record.entry
            if record.sequence == 3 { entry.reason = "forged" }
            hash = try Digest.sha256(hash, entry.canonicalBytes(sequence: record.sequence))
            try intruder.change(
                "UPDATE audit SET reason = ?1, hash = ?2 WHERE seq = ?3",
                [.string(entry.reason), .blob(hash), .integer(Int64(record.sequence))])
        }
        let finding = try #require(try Self.report(vault).finding)
        #expect(finding.kind == .rewritten)
        #expect(finding.sequence <= 3)
        #expect(try Self.report(vault).last < 3)
        let note = try await Self.refusedNote(vault)
        try await vault.restarted(configuration: Self.settings { $0.acceptedNote = note }) { _ in }
        try await vault.restarted { _ in }
        let report = try Self.report(vault)
        #expect(report.isWell)
        #expect(report.rollbacks == 1)
    }

    @Test func `U11 heads by an earlier signer stay good under the first key, and another key proves nothing`()
        async throws
    {
        let (vault, first) = try await RunningVault.run { vault in
            _ = try await vault.store(FakeKeys.anthropic("signer", 1))
            try await vault.vault.signHead()
            let first = try await vault.vault.signer().key
            try await vault.vault.addSigner()
            _ = try await vault.store(FakeKeys.anthropic("signer", 2))
            try await vault.vault.signHead()
            let head = try await vault.call("GET", "/v1/audit/head", token: vault.adminToken).json
            #expect(head["public_keys"].items.count == 2)
            #expect(head["public_keys"].items.first?.string == "\(first)")
            return (vault, first)
        }
        let report = try Self.report(vault, keys: [first])
        #expect(report.isWell)
        #expect(report.keys.count == 2)
        #expect(report.headsAgreed >= 3)
        let other = NoteKey(name: first.name, publicKey: Array(first.publicKey.reversed()))
        #expect(!(try Self.report(vault, keys: [other]).isWell))
    }

    @Test func `an anchor that is gone, or another vault's, is refused; rubbish behind it changes nothing`()
        async throws
    {
        let vault = try await RunningVault.run { vault in
            _ = try await vault.store(FakeKeys.anthropic("gone", 1))
            try await vault.vault.signHead()
            return vault
        }
        let path = Self.anchor(vault)
        let genuine = TemporaryDirectory.bytes(of: path)
        func write(_ bytes: [UInt8]) throws { try Self.write(bytes, to: path) }
        unlink(path)
        await #expect(throws: OpeningError.self) { try await vault.restarted { _ in } }
        let foreign = "keystow/vlt_01jd0000000000000000000000/head\n1\nAAAA\ntime x\n\n— a AAAAAAAA\n"
        try write(Array(foreign.utf8))
        await #expect(throws: OpeningError.self) { try await vault.restarted { _ in } }
        // A piece that a crash left, and a forged order to end a key: neither is believed.
        let key = try await {
            try write(genuine)
            return try await vault.restarted { vault in try await vault.store(FakeKeys.anthropic("gone", 2)) }
        }()
        let name = AuditSigner.name(in: vault.vault.instance)
        let signature = String(repeating: "A", count: 91) + "="
        let forged =
            "keystow/torn\n\(name)/ended\n\(key)\ntime 2027-01-01T00:00:00.000Z\n\n— \(name) \(signature)\n\(name)/he"
        try write(TemporaryDirectory.bytes(of: path) + Array(forged.utf8))
        try await vault.restarted { vault in
            #expect(try await vault.reveal(key).status == 200)
            try await vault.vault.signHead()
        }
        let report = try Self.report(vault)
        #expect(report.finding == nil)
        #expect(report.forgedLines.count == 1)
        #expect(report.tornLines.count == 1)
    }

    @Test
    func `U05 an anchor of which the end or the beginning was cut off is refused, and its like is begun by consent`()
        async throws
    {
        let (vault, key) = try await RunningVault.run { vault in
            let key = try await vault.store(FakeKeys.anthropic("cut", 1))
            #expect(try await vault.call("POST", "/v1/keys/\(key)/revoke").status == 200)
            try await vault.vault.signHead()
            return (vault, key)
        }
        let path = Self.anchor(vault)
        let genuine = TemporaryDirectory.bytes(of: path)
        let text = String(decoding: genuine, as: UTF8.self)
        let name = AuditSigner.name(in: vault.vault.instance)
        let starts = text.ranges(of: "\(name)/").map(\.lowerBound)
        try #require(starts.count >= 4)
        for cut in [String(text[starts[1]...]), String(text[..<starts[1]]), String(text[..<starts[starts.count - 1]])] {
            try Self.write(Array(cut.utf8), to: path)
            await #expect(throws: OpeningError.self) { try await vault.restarted { _ in } }
        }
        for cut in [text[starts[1]...], text[..<starts[1]], text[..<starts[starts.count - 1]]] {
            try Self.write(Array(cut.utf8), to: path)
            #expect(try Self.report(vault).finding?.kind == .anchorCut)
        }
        // The last of these lies there now.
        for isGone in [false, true] {
            if isGone { unlink(path) }
            #expect(try Self.report(vault).isWell == false)
            let note = try await Self.refusedNote(vault)
            try await vault.restarted(configuration: Self.settings { $0.acceptedNote = note }) { _ in }
            // The other one names again what has ended.
            #expect(String(decoding: TemporaryDirectory.bytes(of: path), as: UTF8.self).contains("\n\(key)\n"))
            try await vault.restarted { _ in }
            let report = try Self.report(vault)
            #expect(report.isWell)
            #expect(report.restarts == 1)
            #expect(report.copiedLines + report.forgedLines == [])
        }
        // What it was before is good no more.
        try Self.write(genuine, to: path)
        await #expect(throws: OpeningError.self) { try await vault.restarted { _ in } }
    }

    @Test func `U05 each key of a mass revocation stands in the anchor before it is answered`() async throws {
        let (vault, snapshot, ids) = try await RunningVault.run { vault in
            var ids: [String] = []
            for number in 0..<5 { ids.append(try await vault.store(FakeKeys.anthropic("mass", number))) }
            let snapshot = Snapshot(of: vault)
            let answer = try await vault.call("POST", "/v1/revoke", #"{"user_id":"user-1","reason":"leak"}"#)
            #expect(answer.json["revoked"].int == 5)
            let text = String(decoding: TemporaryDirectory.bytes(of: Self.anchor(vault)), as: UTF8.self)
            for id in ids { #expect(text.contains("\n\(id)\n")) }
            return (vault, snapshot, ids)
        }
        try snapshot.putBack(in: vault)
        let note = try? await Self.refusedNote(vault)
        try await vault.restarted(configuration: Self.settings { $0.acceptedNote = note }) { vault in
            for id in ids {
                let answer = try await vault.reveal(id)
                #expect(answer.status == 410)
            }
        }
    }

    @Test func `U05 a log without a head that agrees is not called proven`() async throws {
        let vault = try await RunningVault.run { vault in
            _ = try await vault.store(FakeKeys.anthropic("headless", 1))
            return vault
        }
        let text = String(decoding: TemporaryDirectory.bytes(of: Self.anchor(vault)), as: UTF8.self)
        let second = try #require(text.ranges(of: "\(AuditSigner.name(in: vault.vault.instance))/").dropFirst().first)
        try Self.write(Array(text[..<second.lowerBound].utf8), to: Self.anchor(vault))
        try Intruder(vault).change("DELETE FROM audit_heads")
        #expect(try Self.report(vault).finding == AuditFinding(.unproven, at: 1))
    }

    @Test func `no head is signed over an ending that the anchor does not name`() async throws {
        try await RunningVault.run { vault in
            let id = "\(KeyID(at: vault.time.now()))"
            // As if a crash, or a failure, had come between the commit and the note.
            _ = try await vault.vault.store.write { transaction in
                try transaction.append(
                    AuditEntry(
                        at: Timestamp(milliseconds: 1_800_000_000_000), actor: .vault, action: .keyRevoked, object: id))
            }
            try await vault.vault.signHead()
            let text = String(decoding: TemporaryDirectory.bytes(of: Self.anchor(vault)), as: UTF8.self)
            let ended = try #require(text.ranges(of: "\n\(id)\n").first)
            #expect(text[ended.upperBound...].contains("/head\n"))
        }
    }

    @Test func `while the anchor cannot be written the vault goes on, and what ended is written later`() async throws {
        try await RunningVault.run { vault in
            let key = try await vault.store(FakeKeys.anthropic("full", 1))
            let path = Self.anchor(vault)
            #expect(rename(path, path + ".away") == 0)
            #expect(mkdir(path, 0o700) == 0)
            #expect(try await vault.call("POST", "/v1/keys/\(key)/revoke").status == 200)
            try await vault.vault.signHead()
            let head = try await vault.call("GET", "/v1/audit/head", token: vault.adminToken).json
            #expect(head["anchor_writable"].bool == false)
            #expect(rmdir(path) == 0)
            #expect(rename(path + ".away", path) == 0)
            try await vault.vault.signHead()
            let text = String(decoding: TemporaryDirectory.bytes(of: path), as: UTF8.self)
            #expect(text.contains("\n\(key)\n"))
            #expect(
                try await vault.call("GET", "/v1/audit/head", token: vault.adminToken).json["anchor_writable"].bool
                    == true)
        }
    }

    @Test func `a thousand entries without a head get one, without waiting for the minute`() async throws {
        try await RunningVault.run { vault in
            _ = try await vault.vault.write { transaction in
                for number in 0..<HeadSigning.entries {
                    try transaction.append(
                        AuditEntry(
                            at: Timestamp(milliseconds: 1_800_000_000_000), actor: .vault, action: .keyChecked,
                            object: "\(number)"))
                }
            }
            try await eventually("a head is signed") {
                let head = try await vault.call("GET", "/v1/audit/head", token: vault.adminToken).json
                return head["signed_head"].string?.contains("\n\(head["seq"].int ?? 0)\n") == true
            }
        }
    }
}
