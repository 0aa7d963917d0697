import Synchronization
import Testing
import VaultModel
import VaultService
import VaultTestKit

/// Many callers at the same things at the same time.
@Suite struct AtOnceTests {
    private static func secret(_ number: Int) -> String { FakeKeys.anthropic("atonce", number) }

    /// What was seen, from whichever thread.
    private final class Seen: Sendable {
        private let answers = Mutex<[(act: String, answer: HTTPAnswer)]>([])
        func add(_ act: String, _ answer: HTTPAnswer) { answers.withLock { $0.append((act, answer)) } }
        var all: [(act: String, answer: HTTPAnswer)] { answers.withLock(\.self) }
        func of(_ act: String) -> [HTTPAnswer] { all.filter { $0.act == act }.map(\.answer) }
    }

    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock(\.self) }
        func set() { value.withLock { $0 = true } }
    }

    private final class Names: Sendable {
        private let value = Mutex<[String]>([])
        var all: [String] { value.withLock(\.self) }
        func add(_ name: String) { value.withLock { $0.append(name) } }
    }

    @Test func `reveals, rotations, quarantines and patches of one key at once leave whole secrets and new versions`()
        async throws
    {
        try await RunningVault.run { vault in
            let id = try await vault.store(Self.secret(0))
            let seen = Seen()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<3 {
                    group.addTask {
                        for turn in 0..<5 {
                            seen.add("rotate", try await vault.rotate(id, to: Self.secret(1 + worker * 5 + turn)))
                        }
                    }
                    group.addTask {
                        for _ in 0..<12 { seen.add("reveal", try await vault.reveal(id)) }
                    }
                }
                group.addTask {
                    for turn in 0..<8 {
                        let label = #"{"label":"\#(turn)"}"#
                        seen.add("patch", try await vault.call("PATCH", "/v1/keys/\(id)", label))
                    }
                }
                group.addTask {
                    for _ in 0..<4 {
                        seen.add("quarantine", try await vault.call("POST", "/v1/keys/\(id)/quarantine"))
                        seen.add("release", try await vault.call("POST", "/v1/keys/\(id)/release"))
                    }
                }
                try await group.waitForAll()
            }
            #expect(seen.of("rotate").allSatisfy { $0.status == 200 })
            let versions = seen.of("rotate").compactMap { $0.json["version"].int }
            #expect(Set(versions).count == versions.count, "a version was used twice")
            let stored = Set((0...15).map(Self.secret))
            for answer in seen.of("reveal") {
                #expect(answer.status == 200 || answer.status == 409)
                if answer.status == 200 { #expect(stored.contains(answer.json["key"].string ?? "")) }
            }
            // One version has one secret, whoever saw it.
            let pairs = seen.of("reveal").filter { $0.status == 200 }.map {
                "\($0.json["version"].int ?? 0) \($0.json["key"].string ?? "")"
            }
            #expect(Set(pairs).count == Set(pairs.map { $0.prefix { $0 != " " } }).count)
            let last = try await vault.call("GET", "/v1/keys/\(id)")
            #expect(last.json["version"].int == versions.max())
        }
    }

    @Test func `no reveal that begins after a revocation is acknowledged succeeds, with many at once`() async throws {
        try await RunningVault.run { vault in
            for round in 0..<3 {
                let id = try await vault.store(Self.secret(round), user: "user-\(round)")
                let isRevoked = Flag()
                let seen = Seen()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for worker in 0..<4 {
                        group.addTask {
                            for turn in 0..<10 {
                                let act = isRevoked.isSet ? "late" : "early"
                                if worker == 0 {
                                    _ = try await vault.rotate(id, to: Self.secret(100 + round * 10 + turn))
                                } else {
                                    seen.add(act, try await vault.reveal(id))
                                }
                            }
                        }
                    }
                    group.addTask {
                        let answer = try await vault.call("POST", "/v1/keys/\(id)/revoke")
                        #expect(answer.status == 200)
                        isRevoked.set()
                    }
                    try await group.waitForAll()
                }
                #expect(seen.of("early").allSatisfy { $0.status == 200 || $0.status == 410 })
                #expect(seen.of("late").allSatisfy { $0.status == 410 })
                #expect(try await vault.reveal(id).status == 410)
                #expect(try await vault.rotate(id, to: Self.secret(99)).status == 410)
            }
        }
    }

    @Test func `B07 a request that begins after a token's revocation is answered is refused, with many at once`()
        async throws
    {
        try await RunningVault.run(limitsFailures: false) { vault in
            for round in 0..<2 {
                let body = #"{"kind":"app","project_id":"\#(vault.projectID)","name":"t\#(round)"}"#
                let minted = try await vault.call("POST", "/v1/tokens", body, token: vault.adminToken)
                let (id, text) = (try #require(minted.json["id"].string), try #require(minted.json["token"].string))
                let isRevoked = Flag()
                let seen = Seen()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<100 {
                        group.addTask {
                            for _ in 0..<2 {
                                let act = isRevoked.isSet ? "late" : "early"
                                seen.add(act, try await vault.call("GET", "/v1/keys", token: text))
                            }
                        }
                    }
                    group.addTask {
                        let answer = try await vault.call("DELETE", "/v1/tokens/\(id)", token: vault.adminToken)
                        #expect(answer.status == 204)
                        isRevoked.set()
                    }
                    try await group.waitForAll()
                }
                #expect(seen.of("early").allSatisfy { $0.status == 200 || $0.status == 401 })
                #expect(seen.of("late").allSatisfy { $0.status == 401 })
                #expect(seen.of("early").count + seen.of("late").count == 200)
                #expect(try await vault.call("GET", "/v1/keys", token: text).status == 401)
            }
        }
    }

    @Test
    func `an order to revoke everything given while keys are created at once takes all that were acknowledged before`()
        async throws
    {
        try await RunningVault.run { vault in
            let before = Names()
            let isOrdered = Flag()
            let after = Names()
            for number in 0..<6 {
                let id = try await vault.store(Self.secret(number), user: "u\(number)")
                before.add(id)
            }
            vault.time.advance(by: 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<3 {
                    group.addTask {
                        for turn in 0..<6 {
                            let isLate = isOrdered.isSet
                            let number = 1000 + worker * 10 + turn
                            let id = try await vault.store(Self.secret(number), user: "u\(number)")
                            if isLate { after.add(id) }
                        }
                    }
                }
                group.addTask {
                    let answer = try await vault.call("POST", "/v1/revoke", #"{"all":true,"reason":"leak"}"#)
                    #expect(answer.status == 200)
                    for id in before.all {
                        let gone = try await vault.reveal(id)
                        #expect(gone.status == 410)
                    }
                    isOrdered.set()
                }
                try await group.waitForAll()
            }
            let (gone, kept) = (before.all, after.all)
            for id in gone { #expect(try await vault.reveal(id).status == 410) }
            for id in kept { #expect(try await vault.reveal(id).status == 200) }
        }
    }

    @Test func `a policy that was set holds for whoever asks afterwards, with many asking at once`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(Self.secret(1))
            let stored = try await vault.call("GET", "/v1/keys/\(id)").json["created_at"].string ?? ""
            let path = "/v1/projects/\(vault.projectID)/policy"
            try await withThrowingTaskGroup(of: Void.self) { group in
                let isOver = Flag()
                for _ in 0..<3 {
                    group.addTask {
                        while !isOver.isSet {
                            let answer = try await vault.call("GET", "/v1/keys")
                            #expect(answer.status == 200)
                        }
                    }
                }
                for seconds in 1...8 {
                    let body = #"{"max_age_seconds":\#(seconds * 86_400)}"#
                    #expect(try await vault.call("PUT", path, body, token: vault.adminToken).status == 200)
                    let shown = try await vault.call("GET", "/v1/keys/\(id)").json["stale"]["rotate_by"].string
                    let start = try #require(Timestamp(rfc3339: stored))
                    #expect(shown == "\(start + seconds * 86_400)")
                }
                isOver.set()
                try await group.waitForAll()
            }
        }
    }

    @Test func `what many find at once is written down once`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(Self.secret(1))
            try Intruder(vault).change("UPDATE keys SET owner = 'mallory'")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        for _ in 0..<4 {
                            let answer = try await vault.reveal(id)
                            #expect(answer.status == 409)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await vault.finds("row_mac", in: id)
            let entries = try await vault.auditEntries("&key_id=\(id)")
            #expect(entries.count { $0["action"].string == "key.undecryptable" } == 1)
        }
    }
}
