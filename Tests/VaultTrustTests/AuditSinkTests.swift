import Glibc
import Testing
import VaultModel
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// Nothing is released or changed unless its audit entry is durable first: here the log cannot be written.
@Suite struct AuditSinkTests {
    /// What the vault writes down of its own accord.
    private static let ownTables: Set = ["audit_heads", "signers"]

    private static func state(_ database: Intruder) throws -> [String: [[Intruder.Cell]]] {
        try database.everything(but: ownTables)
    }

    /// What comes back to all acts, sent at once, each on a connection of its own.
    private func send(_ acts: [Act], to port: UInt16) async throws -> [[UInt8]] {
        try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
            for (index, act) in acts.enumerated() {
                group.addTask { (index, try await Threads.run { try act.send(to: port) }) }
            }
            var answers = [[UInt8]](repeating: [], count: acts.count)
            for try await (index, answer) in group { answers[index] = answer }
            return answers
        }
    }

    /// Acts on a log that cannot be written: each is refused with one of `codes`, nothing of the database changes and nothing
    /// secret is in an answer.
    ///
    /// - Returns: the requests.
    private func expectRefused(
        _ acts: [Act], to port: UInt16, _ codes: Set<String>, _ database: Intruder,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> [Intruder.Cell] {
        let before = try Self.state(database)
        let answers = try await send(acts, to: port)
        var requests: [Intruder.Cell] = []
        for (act, bytes) in zip(acts, answers) {
            let answer = try HTTPExchange.answer(in: bytes)
            let code = answer.json["code"].string ?? ""
            #expect(
                codes.contains("\(answer.status) \(code)"), "\(act.action): \(answer.text)", sourceLocation: location)
            #expect(Act.secret(in: bytes) == nil, "\(act.action)", sourceLocation: location)
            requests.append(.id(answer.header("request-id") ?? ""))
        }
        #expect(try Self.state(database) == before, sourceLocation: location)
        return requests
    }

    /// Acts on a log that can be written again: each is done, has its entry, and gives what it is there to give; what was
    /// `refused` has come to nothing.
    private func expectDone(
        _ acts: [Act], to port: UInt16, _ database: Intruder, refused: [Intruder.Cell],
        at location: SourceLocation = #_sourceLocation
    ) async throws {
        let before = try Self.state(database)
        for act in acts {
            var bytes: [UInt8] = []
            // A vault with little patience may refuse for nothing but a busy machine, and then nothing has happened.
            try await eventually("\(act.method) \(act.target) is not refused") {
                bytes = try await Threads.run { try act.send(to: port) }
                return try HTTPExchange.answer(in: bytes).json["code"].string != "audit_unavailable"
            }
            let answer = try HTTPExchange.answer(in: bytes)
            #expect((200..<300).contains(answer.status), "\(act.action): \(answer.text)", sourceLocation: location)
            #expect((Act.secret(in: bytes) != nil) == act.releases, "\(act.action)", sourceLocation: location)
            let entries = try database.rows(
                "SELECT seq FROM audit WHERE request_id = ?1 AND action = ?2",
                [.id(answer.header("request-id") ?? ""), .string(act.action)])
            #expect(entries.count == 1, "\(act.action)", sourceLocation: location)
        }
        #expect(try Self.state(database) != before, sourceLocation: location)
        for request in refused {
            let entries = try database.rows("SELECT seq FROM audit WHERE request_id = ?1", [request])
            #expect(request != .null && entries.isEmpty, sourceLocation: location)
        }
    }

    @Test func `U02 while the database is locked nothing is done, released or sent, and afterwards everything is`()
        async throws
    {
        let (vault, acts) = try await RunningVault.run { vault in
            (vault, try await Threads.run { [scenery = Scenery(vault)] in try scenery.acts() })
        }
        var configuration = VaultConfiguration(validationLimits: nil)
        configuration.writePatience = .seconds(1)
        try await vault.restarted(configuration: configuration) { vault in
            let intruder = try Intruder(vault)
            try intruder.run("BEGIN IMMEDIATE")
            let refused = try await expectRefused(acts, to: vault.port, ["503 audit_unavailable"], intruder)
            try intruder.run("ROLLBACK")
            try await expectDone(acts, to: vault.port, intruder, refused: refused)
        }
    }

    @Test func `U02 where the disk is full nothing is done, released or sent, and with room again everything is`()
        async throws
    {
        try await RunningVault.run { vault in
            let acts = try await Threads.run { [scenery = Scenery(vault)] in try scenery.acts() }
            let store = vault.vault.store
            // The database may not grow, and its last pages are filled until not even the smallest entry finds room.
            try await store.write { try $0.connection.script("PRAGMA max_page_count = 1") }
            let least = AuditEntry(at: vault.time.now(), actor: .anonymous, action: .keyStale)
            await #expect(throws: StoreError.full) {
                for _ in 0..<10_000 { _ = try await store.write { try $0.append(least) } }
            }
            let intruder = try Intruder(vault)
            let refused = try await expectRefused(acts, to: vault.port, ["507 storage_full"], intruder)
            try await store.write { try $0.connection.script("PRAGMA max_page_count = 1000000") }
            try await expectDone(acts, to: vault.port, intruder, refused: refused)
        }
    }

    @Test
    func `U02 the program goes on where its files cannot be written or are locked, and does and gives nothing there`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let served = try await ServedProgram.start(in: directory)
        let acts = try await Threads.run { [scenery = Scenery(served)] in try scenery.acts() }
        let intruder = try Intruder(path: served.database)
        // Every write to a file fails (EFBIG), which SQLite has as an error of the disk.
        try served.program.limitFiles(to: 0)
        var refused = try await expectRefused(acts, to: served.port, ["503 storage_unavailable"], intruder)
        try served.program.limitFiles(to: nil)
        // Another process has the lock for as long as it takes until all have been refused: longer than two seconds.
        try intruder.run("BEGIN IMMEDIATE")
        refused += try await expectRefused(acts, to: served.port, ["503 audit_unavailable"], intruder)
        try intruder.run("ROLLBACK")
        try await expectDone(acts, to: served.port, intruder, refused: refused)
        // It also ends where it cannot write: what was acknowledged is there.
        let last = try Self.state(intruder)
        try served.program.limitFiles(to: 0)
        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0)
        #expect(try Self.state(Intruder(path: served.database)) == last)
    }
}
