import CSQLite
import Dispatch
import Glibc
import Testing
import VaultModel
import VaultStore
import VaultTestKit

@testable import VaultService

/// Rekeys of a vault that serves: `carryOutRekey` is what the server's own task calls.
@Suite struct RekeyTests {
    private func rotate(
        _ vault: RunningVault, _ target: String = "term", expecting status: Int = 200,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> JSONTree {
        let answer = try await vault.call(
            "POST", "/v1/keyring/rotate", #"{"target":"\#(target)"}"#, token: vault.adminToken)
        #expect(answer.status == status, "\(answer.text)", sourceLocation: location)
        return answer.json
    }

    private func get(_ vault: RunningVault, _ path: String) async throws -> JSONTree {
        let answer = try await vault.call("GET", path, token: vault.adminToken)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    @Test func `a rekey moves every secret to a new term, opens each once, and destroys the old one`() async throws {
        try await RunningVault.run { vault in
            var secrets: [String: String] = [:]
            for number in 0..<5 {
                secrets[try await vault.store(FakeKeys.anthropic("rekey", number))] = FakeKeys.anthropic(
                    "rekey", number)
            }
            // One with a previous version, one revoked, one quarantined.
            let ids = secrets.keys.sorted()
            let rotated = FakeKeys.anthropic("rekey", 10)
            #expect(try await vault.rotate(ids[0], to: rotated, grace: 3600).status == 200)
            secrets[ids[0]] = rotated
            #expect(try await vault.call("POST", "/v1/keys/\(ids[1])/revoke").status == 200)
            secrets[ids[1]] = nil
            #expect(try await vault.call("POST", "/v1/keys/\(ids[2])/quarantine").status == 200)

            let begun = try await rotate(vault)
            #expect(begun["current_term"].int == 2)
            #expect(begun["rekey"]["state"].string == "rewrapping")
            #expect(begun["rekey"]["remaining"].int == 5)
            #expect(begun["terms"].items.map { $0["secrets"].int } == [5, 0])
            // What is stored meanwhile is under the new term at once.
            let late = FakeKeys.anthropic("rekey", 11)
            secrets[try await vault.store(late)] = late
            #expect(try await get(vault, "/v1/keyring")["terms"].items.map { $0["secrets"].int } == [5, 1])
            let refused = try await rotate(vault, expecting: 409)
            #expect(refused["code"].string == "wrong_state")
            // Nor another master: it would hold a term that is about to be destroyed.
            try vault.replaceMaster()
            #expect(
                try await rotate(vault, "master", expecting: 409)["detail"].string?.contains("still running") == true)

            try await vault.vault.carryOutRekey()
            let done = try await get(vault, "/v1/keyring/rekey")
            #expect(done["state"].string == "finished")
            #expect([done["from_term"].int, done["to_term"].int] == [1, 2])
            #expect([done["done"].int, done["remaining"].int, done["failed"].int] == [5, 0, 0])
            #expect(done["verified"].int == 6)
            let terms = try await get(vault, "/v1/keyring")["terms"].items
            #expect(terms.map { $0["secrets"].int } == [0, 6])
            #expect(terms[0]["destroyed_at"].string != nil && terms[1]["destroyed_at"] == .null)
            #expect(terms.map { $0["wraps"].int } == [6, 6])

            _ = try await vault.call("POST", "/v1/keys/\(ids[2])/release")
            for (id, secret) in secrets { try await vault.expectUnharmed(id, secret) }
            let back = try await vault.call("POST", "/v1/keys/\(ids[0])/rollback")
            #expect(back.status == 200)
            #expect(try await vault.reveal(ids[1]).status == 410)
            let reasons = try await vault.auditEntries("&action=keyring.rotated").compactMap { $0["reason"].string }
            #expect(reasons == ["term 2 begun", "term 2: 5 moved, 6 opened, 0 failed; destroyed: 1"])
            // Now the master may be replaced, and holds what is left.
            let held = try await rotate(vault, "master")
            #expect(held["master_id"].string != begun["master_id"].string)
            #expect(try await rotate(vault, "master", expecting: 409)["detail"].string?.contains("in use") == true)
        }
    }

    /// Carries out the rekey in a task that is cancelled while its first write waits, so that it ends after that one.
    private func stopAtFirstWrite(_ vault: Vault) async throws {
        let (gate, entered) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let hold = Task {
            try await vault.store.write { _ in
                entered.signal()
                gate.wait()
            }
        }
        try await Threads.run { entered.wait() }
        let waiting = vault.store.waiting
        let task = Task { try await vault.carryOutRekey() }
        defer { gate.signal() }
        try await eventually("its first write waits") { vault.store.waiting > waiting }
        task.cancel()
        gate.signal()
        try await hold.value
        try await task.value
    }

    @Test func `K08 a rekey that was stopped goes on where it was, after a restart, too`() async throws {
        let count = 210
        let (vault, secrets) = try await RunningVault.run { vault in
            var secrets: [String: String] = [:]
            for number in 0..<count {
                let secret = FakeKeys.anthropic("resume", number)
                secrets[try await vault.store(secret)] = secret
            }
            _ = try await rotate(vault)
            // Stopped while its first batch is being written. Should another write have been taken for that one, nothing
            // was moved, and it begins again.
            while try await get(vault, "/v1/keyring/rekey")["done"].int == 0 { try await stopAtFirstWrite(vault.vault) }
            return (vault, secrets)
        }
        try await vault.restarted { vault in
            let before = try await get(vault, "/v1/keyring")
            // One batch was done, and the rest is this process's.
            #expect(before["terms"].items.map { $0["secrets"].int } == [count - 200, 200])
            #expect(before["rekey"]["state"].string == "rewrapping")
            #expect([before["rekey"]["done"].int, before["rekey"]["remaining"].int] == [200, count - 200])
            try await vault.vault.carryOutRekey()
            let done = try await get(vault, "/v1/keyring/rekey")
            #expect(done["state"].string == "finished")
            #expect([done["done"].int, done["remaining"].int, done["verified"].int] == [count, 0, count])
            for (id, secret) in secrets { try await vault.expectUnharmed(id, secret) }
        }
    }

    @Test func `K09 rotations, revocations and reveals beside rekeys: none is undone, none fails`() async throws {
        try await RunningVault.run { vault in
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<24 {
                    group.addTask { try await vault.store(FakeKeys.anthropic("race", number), user: "u\(number)") }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let outcomes = try await withThrowingTaskGroup(of: [String: String?].self) { group in
                for (place, id) in ids.enumerated() {
                    group.addTask {
                        var last: String?
                        for round in 0..<6 {
                            let next = FakeKeys.anthropic("race", 1000 + place * 10 + round)
                            let answer = try await vault.rotate(id, to: next, grace: round % 2 == 0 ? 0 : 60)
                            #expect(answer.status == 200, "\(answer.text)")
                            last = next
                            let seen = try await vault.reveal(id)
                            #expect(seen.status == 200, "\(seen.text)")
                            #expect(seen.json["key"].string == next)
                        }
                        guard place % 3 == 0 else { return [id: last] }
                        #expect(try await vault.call("POST", "/v1/keys/\(id)/revoke").status == 200)
                        return [id: nil]
                    }
                }
                group.addTask {
                    for _ in 0..<8 {
                        _ = try await rotate(vault)
                        try await vault.vault.carryOutRekey()
                    }
                    return [:]
                }
                return try await group.reduce(into: [:]) { $0.merge($1) { _, new in new } }
            }
            _ = try await rotate(vault)
            try await vault.vault.carryOutRekey()
            let end = try await get(vault, "/v1/keyring")
            #expect(end["current_term"].int == 10)
            #expect(end["rekey"]["failed"].int == 0)
            #expect(end["terms"].items.dropLast().allSatisfy { $0["secrets"].int == 0 })
            for (id, secret) in outcomes {
                if let secret {
                    try await vault.expectUnharmed(id, secret)
                } else {
                    #expect(try await vault.reveal(id).status == 410)
                }
            }
            let undecryptable = try await get(vault, "/v1/keys?status=undecryptable&limit=200")
            #expect(undecryptable["data"].items.isEmpty)
        }
    }

    @Test func `a damaged secret is one undecryptable key, keeps its term, and lets it go when it is healed`()
        async throws
    {
        let secret = FakeKeys.anthropic("damaged", 1)
        try await RunningVault.run { vault in
            let (bad, good) = (try await vault.store(secret), try await vault.store(FakeKeys.anthropic("damaged", 2)))
            let intruder = try Intruder(vault)
            try intruder.change(
                "UPDATE versions SET wrapped_dek = zeroblob(length(wrapped_dek)) WHERE key_id = ?1", [.id(bad)])
            _ = try await rotate(vault)
            try await vault.vault.carryOutRekey()
            let done = try await get(vault, "/v1/keyring/rekey")
            #expect(done["state"].string == "finished")
            #expect([done["done"].int, done["failed"].int, done["remaining"].int] == [1, 1, 1])
            #expect(try await get(vault, "/v1/keyring")["terms"].items[0]["destroyed_at"] == .null)
            #expect(try await get(vault, "/v1/keys/\(bad)")["status"].string == "undecryptable")
            try await vault.expectUnharmed(good, FakeKeys.anthropic("damaged", 2))
            // Healed by a rotation, the next rekey destroys what it needed.
            #expect(try await vault.rotate(bad, to: secret).status == 200)
            _ = try await rotate(vault)
            try await vault.vault.carryOutRekey()
            let terms = try await get(vault, "/v1/keyring")["terms"].items
            #expect(terms.map { $0["destroyed_at"] == .null } == [false, false, true])
            try await vault.expectUnharmed(bad, secret)
        }
    }

    @Test(arguments: [("kek", 2), ("canary", 2), ("root", 0), ("canary", 0)])
    func
        `no term is destroyed before what is stored of the next one was seen to open, and what is damaged is written anew`(
            kind: String, term: Int
        ) async throws
    {
        let secret = FakeKeys.anthropic("rot", 1)
        let (vault, id) = try await RunningVault.run { vault in
            let id = try await vault.store(secret)
            _ = try await rotate(vault)
            try Intruder(vault).change(
                "UPDATE keyring SET blob = zeroblob(length(blob)) WHERE kind = ?1 AND term = ?2",
                [.string(kind), .integer(Int64(term))])
            try await vault.vault.carryOutRekey()
            #expect(
                try await get(vault, "/v1/keyring")["terms"].items.map { $0["destroyed_at"] == .null } == [false, true])
            return (vault, id)
        }
        try await vault.restarted { vault in
            try await vault.expectUnharmed(id, secret)
            let reasons = try await vault.auditEntries("&action=keyring.rotated").compactMap { $0["reason"].string }
            #expect(reasons.contains("damaged rows written anew"))
        }
    }

    @Test func `keys that rot where they are stored are written anew from memory, before a backup too`() async throws {
        let secret = FakeKeys.anthropic("rot", 2)
        let (vault, id) = try await RunningVault.run { vault in
            let id = try await vault.store(secret)
            let intruder = try Intruder(vault)
            try intruder.change("UPDATE keyring SET blob = zeroblob(length(blob))")
            _ = try await vault.vault.backup(RequestContext(caller: .terminal))
            try intruder.change("UPDATE keyring SET blob = zeroblob(length(blob)) WHERE kind = 'kek'")
            try await RotationScheduler(vault.vault).pass()
            // What nobody of ours can write over keeps the vault from being opened with what is there: no backup of that.
            try intruder.change("INSERT INTO keyring SELECT kind, 7, blob FROM keyring WHERE kind = 'kek'")
            await #expect(throws: VaultError.self) {
                try await vault.vault.backup(RequestContext(caller: .terminal))
            }
            try intruder.change("DELETE FROM keyring WHERE term = 7")
            return (vault, id)
        }
        try await vault.restarted { vault in try await vault.expectUnharmed(id, secret) }
    }

    @Test func `a version whose own row was edited is moved by what its key's row says`() async throws {
        let secret = FakeKeys.anthropic("edited", 1)
        try await RunningVault.run { vault in
            let id = try await vault.store(secret)
            try Intruder(vault).change("UPDATE versions SET owner = 'mallory' WHERE key_id = ?1", [.id(id)])
            _ = try await rotate(vault)
            try await vault.vault.carryOutRekey()
            #expect(try await get(vault, "/v1/keyring/rekey")["failed"].int == 0)
            try await vault.expectUnharmed(id, secret)
        }
    }

    @Test func `rows and numbers that nobody of ours wrote neither stop a rekey nor let it go round for ever`()
        async throws
    {
        let secret = FakeKeys.anthropic("foreign", 1)
        try await RunningVault.run { vault in
            let (lost, good) = (try await vault.store(FakeKeys.anthropic("foreign", 2)), try await vault.store(secret))
            _ = try await rotate(vault)
            let intruder = try Intruder(vault)
            try intruder.change("UPDATE versions SET key_id = x'FFFFFF' WHERE key_id = ?1", [.id(lost)])
            try intruder.change("UPDATE rekeys SET done = 9223372036854775807")
            try await vault.vault.carryOutRekey()
            let ended = try await get(vault, "/v1/keyring/rekey")
            #expect(ended["state"].string == "finished")
            #expect([ended["failed"].int, ended["verified"].int, ended["remaining"].int] == [1, 1, 1])
            #expect(try await get(vault, "/v1/keyring")["terms"].items[0]["destroyed_at"] == .null)
            try await vault.expectUnharmed(good, secret)
        }
    }

    @Test func `K04 a vault is sealed also while another change of its keyring is being made`() async throws {
        try await RunningVault.run { vault in
            let isDone: Bool = try await vault.vault.keyringTurn.alone { () async throws(VaultError) in
                try await vault.vault.seal(RequestContext(caller: .terminal))
                return true
            }
            #expect(isDone && vault.vault.isSealed)
        }
    }

    @Test(arguments: [false, true])
    func `C25 a term that is old, or has wrapped enough, is followed by another on its own`(byAge: Bool) async throws {
        var configuration = VaultConfiguration(validationLimits: nil)
        if !byAge { configuration.termLimits.wraps = 3 }
        try await RunningVault.run(configuration: configuration) { vault in
            for number in 0..<2 { _ = try await vault.store(FakeKeys.anthropic("worn", number)) }
            func pass() async throws -> Int? {
                try await RotationScheduler(vault.vault).pass()
                return try await get(vault, "/v1/keyring")["current_term"].int
            }
            #expect(try await pass() == 1)
            if byAge {
                vault.time.advance(by: 90 * 86_400 - 1)
                #expect(try await pass() == 1)
                vault.time.advance(by: 1)
            } else {
                _ = try await vault.store(FakeKeys.anthropic("worn", 2))
            }
            #expect(try await pass() == 2)
            // Not another one while the rekey is still going on.
            #expect(try await pass() == 2)
            let reason = byAge ? "term 2 begun after its age" : "term 2 begun after its limit"
            let entry = try await vault.auditEntries("&action=keyring.rotated").last
            #expect(entry?["reason"].string == reason)
            #expect(entry?["actor"]["kind"].string == "vault")
            try await vault.vault.carryOutRekey()
            #expect(try await get(vault, "/v1/keyring/rekey")["state"].string == "finished")
        }
    }

    @Test func `C25 beyond its last wrap nothing is sealed under a term, and what is there is served`() async throws {
        var configuration = VaultConfiguration(validationLimits: nil)
        configuration.termLimits.lastWrap = 1
        try await RunningVault.run(configuration: configuration) { vault in
            let secret = FakeKeys.anthropic("full", 1)
            let id = try await vault.store(secret)
            let other = FakeKeys.anthropic("full", 2)
            let refused = try await vault.call(
                "POST", "/v1/keys", #"{"user_id":"u","key":"\#(other)","validation":"skip"}"#)
            #expect(refused.status == 503)
            #expect(refused.json["code"].string == "overloaded")
            try await vault.expectUnharmed(id, secret)
        }
    }

    @Test func `K05 nobody without an admin's token seals, rotates or looks`() async throws {
        try await RunningVault.run { vault in
            let calls = [
                ("POST", "/v1/keyring/rotate"), ("POST", "/v1/keyring/seal"), ("GET", "/v1/keyring"),
                ("GET", "/v1/keyring/rekey"),
            ]
            for (method, path) in calls {
                for (token, status) in [("", 401), (vault.appToken, 403)] {
                    let answer = try await vault.call(method, path, token: token)
                    #expect(answer.status == status, "\(path)")
                }
            }
            #expect(try await get(vault, "/v1/keyring")["current_term"].int == 1)
        }
    }

    @Test func `K04 a sealed vault answers 503 to every call but the static ones, and opens again at the next start`()
        async throws
    {
        let secret = FakeKeys.anthropic("sealed", 1)
        let (vault, id) = try await RunningVault.run { vault in
            let id = try await vault.store(secret)
            #expect(try await vault.call("POST", "/v1/keyring/seal", token: vault.adminToken).status == 204)
            let calls = [
                ("GET", "/v1/keys"), ("GET", "/v1/keys/\(id)"), ("POST", "/v1/keys/\(id)/reveal"), ("GET", "/v1/token"),
                ("GET", "/v1/providers"), ("GET", "/v1/audit/head"), ("GET", "/v1/keyring"), ("GET", "/metrics"),
                ("POST", "/v1/keyring/seal"), ("GET", "/connect/session"), ("GET", "/readyz"),
            ]
            for token in [vault.adminToken, vault.appToken, "kst_app_wrong", ""] {
                for (method, path) in calls {
                    let answer = try await vault.call(method, path, token: token)
                    #expect(answer.status == 503, "\(method) \(path)")
                    #expect(answer.json["code"].string == "sealed", "\(method) \(path)")
                }
            }
            #expect(try await vault.call("GET", "/healthz").status == 200)
            #expect(try await vault.call("GET", "/connect").status == 200)
            return (vault, id)
        }
        try await vault.restarted { vault in
            try await vault.expectUnharmed(id, secret)
            let last = try await vault.auditEntries("&action=keyring.sealed")
            #expect(last.count == 1)
        }
    }
}

extension RunningVault {
    /// Puts a fresh master key where the vault's own is read from.
    fileprivate func replaceMaster() throws {
        let path = directory.path + "/master.key"
        let key = (0..<32).map { _ in UInt8.random(in: 0 ... .max) }
        let file = open(path + ".next", O_WRONLY | O_CREAT | O_EXCL, 0o400)
        defer { close(file) }
        guard file >= 0, write(file, key, 32) == 32, rename(path + ".next", path) == 0 else {
            throw TestKitFailure("no new master key")
        }
    }
}
