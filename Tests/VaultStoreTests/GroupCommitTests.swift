import Dispatch
import Synchronization
import Testing
import VaultModel

@testable import VaultStore

struct GroupCommitTests {
    struct Refused: Error, Equatable {}

    /// Queues `bodies` behind a busy writer, so that they form one group in this order, and returns how each ended.
    private func group(
        in store: Store, _ bodies: [@Sendable (WriteTransaction) throws -> Void]
    ) async throws -> [Result<Void, any Error>] {
        let blockade = Blockade(store)
        await blockade.hold()
        var tasks: [Task<Void, any Error>] = []
        for (index, body) in bodies.enumerated() {
            tasks.append(Task { try await store.write(body) })
            #expect(try await eventually { store.waiting == index + 1 })
        }
        try await blockade.letGo()
        var results: [Result<Void, any Error>] = []
        for task in tasks { results.append(await task.result) }
        return results
    }

    private func entry(_ object: String) -> AuditEntry {
        AuditEntry(at: noon, actor: .vault, action: .keyCreated, object: object)
    }

    private func isRightChain(_ entries: [AuditRecord]) throws -> Bool {
        var previous = [UInt8](repeating: 0, count: 32)
        for (index, stored) in entries.enumerated() {
            guard stored.sequence == index + 1 else { return false }
            previous = try testChain(previous, stored.entry.canonicalBytes(sequence: stored.sequence))
            guard stored.hash == previous else { return false }
        }
        return true
    }

    @Test func `an item that fails takes back its own writes and nobody else's, and the chain stays whole`()
        async throws
    {
        let furnished = try await Furnished()
        let (store, project) = (furnished.store, furnished.project.id)
        let keys = try (0..<4).map { makeKey(in: project, owner: try owner("u\($0)"), at: noon + $0) }
        let entries = (0..<4).map { entry("\($0)") }
        let results = try await group(
            in: store,
            (0..<4).map { index in
                { transaction in
                    try transaction.insert(keys[index], mac: mac)
                    #expect(try transaction.append(entries[index]) == [1, 2, 2, 4][index])
                    if index == 1 { throw Refused() }
                    if index == 2 {
                        _ = try transaction.append(entries[index])
                    } else if index == 3 {
                        try transaction.insert(keys[0], mac: mac)
                    }
                }
            }
        )
        #expect(throws: Never.self) { try results[0].get() }
        #expect(throws: Refused.self) { try results[1].get() }
        #expect(throws: Never.self) { try results[2].get() }
        #expect(throws: StoreError.constraint("UNIQUE constraint failed: keys.id")) { try results[3].get() }
        let kept = try store.read { try $0.keys(matching: KeyFilter(), limit: 9) }
        #expect(kept.map(\.record.id) == [keys[2].id, keys[0].id])
        let log = try store.read { try $0.auditEntries(limit: 99) }
        #expect(log.map(\.entry.object) == ["0", "2", "2"])
        #expect(try isRightChain(log))
        // And goes on from there, in this process and in the next.
        try await store.write { _ = try $0.append(AuditEntry(at: noon, actor: .vault, action: .keyStale)) }
        store.close()
        let again = try openStore(in: furnished.directory)
        try await again.write { _ = try $0.append(AuditEntry(at: noon, actor: .vault, action: .keyStale)) }
        let longer = try again.read { try $0.auditEntries(limit: 99) }
        #expect(longer.count == 5)
        #expect(try isRightChain(longer))
        #expect(try again.read { try $0.auditHead() } == (5, longer[4].hash))
        again.close()
    }

    @Test func `a commit that fails fails every item of its group, and the next group goes on`() async throws {
        let furnished = try await Furnished()
        let (store, project) = (furnished.store, furnished.project.id)
        let good = makeKey(in: project, owner: try owner("good"))
        let orphan = makeKey(in: ProjectID(at: noon), owner: try owner("orphan"))
        let note = entry("lost")
        let results = try await group(
            in: store,
            [
                { transaction in
                    try transaction.insert(good, mac: mac)
                    try transaction.append(note)
                },
                { transaction in
                    // A reference that is checked at the commit makes the commit itself fail.
                    try transaction.connection.script("PRAGMA defer_foreign_keys = ON")
                    try transaction.insert(orphan, mac: mac)
                },
                { _ in throw Refused() },
            ]
        )
        for result in results {
            #expect(throws: StoreError.unavailable(code: 0, detail: "the commit failed")) { try result.get() }
        }
        #expect(try store.read { try $0.key(good.id) } == nil)
        try await store.write { transaction in
            try transaction.insert(good, mac: mac)
            #expect(try transaction.append(note) == 1)
        }
        #expect(try isRightChain(try store.read { try $0.auditEntries(limit: 9) }))
        store.close()
    }

    @Test func `a full disk is told as such, and nothing of it is kept`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        let keys = try (0..<200).map { makeKey(in: furnished.project.id, owner: try owner("u\($0)")) }
        try await store.write { try $0.connection.script("PRAGMA max_page_count = 50") }
        await #expect(throws: StoreError.full) { try await furnished.add(keys) }
        #expect(try store.read { try $0.keys(matching: KeyFilter(), limit: 1) }.isEmpty)
        try await store.write { try $0.connection.script("PRAGMA max_page_count = 100000") }
        try await furnished.add(keys)
        store.close()
    }

    @Test func `a transaction that SQLite gives up fails the whole group`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        let results = try await group(
            in: store,
            [
                { try $0.insert(key, mac: mac) },
                { try $0.connection.run("ROLLBACK") },
                { _ in },
            ]
        )
        for result in results { #expect(throws: StoreError.self) { try result.get() } }
        #expect(try store.read { try $0.key(key.id) } == nil)
        try await furnished.add([key])
        store.close()
    }

    @Test func `what a body does after SQLite gave its transaction up is not done by itself`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        await #expect(throws: StoreError.self) {
            try await store.write { transaction in
                try transaction.connection.run("ROLLBACK")
                // A failure that nobody looks at.
                try? transaction.insert(key, mac: mac)
            }
        }
        #expect(try store.read { try $0.key(key.id) } == nil)
        try await furnished.add([key])
        store.close()
    }

    @Test func `a write that nobody takes is withdrawn, and does nothing afterwards`() async throws {
        let furnished = try await Furnished(patience: .milliseconds(50))
        let store = furnished.store
        let blockade = Blockade(store)
        await blockade.hold()
        let key = makeKey(in: furnished.project.id, owner: try owner("late"))
        await #expect(throws: StoreError.withdrawn) { try await furnished.add([key]) }
        await #expect(throws: StoreError.withdrawn) { try await furnished.add([key]) }
        // The one that was taken is waited for, however long it takes.
        try await blockade.letGo()
        #expect(try store.read { try $0.key(key.id) } == nil)
        try await insist { try await furnished.add([key]) }
        #expect(try store.read { try $0.key(key.id) } != nil)
        store.close()
    }

    @Test func `a write can also be withdrawn while another process has the database`() async throws {
        let furnished = try await Furnished(patience: .milliseconds(50))
        let intruder = try Connection(path: furnished.directory.database, access: .readWrite)
        try intruder.run("BEGIN IMMEDIATE")
        let key = makeKey(in: furnished.project.id, owner: try owner("late"))
        await #expect(throws: StoreError.withdrawn) { try await furnished.add([key]) }
        try intruder.run("ROLLBACK")
        try await insist { try await furnished.add([key]) }
        furnished.store.close()
    }

    /// SQLite gives up after five seconds; an item whose own time is longer waits on, and is withdrawn, not lost.
    @Test func `a write waits for another's lock as long as its own time is, not as long as a statement does`()
        async throws
    {
        let furnished = try await Furnished(patience: .seconds(7))
        let intruder = try Connection(path: furnished.directory.database, access: .readWrite)
        try intruder.run("BEGIN IMMEDIATE")
        let key = makeKey(in: furnished.project.id, owner: try owner("late"))
        await #expect(throws: StoreError.withdrawn) { try await furnished.add([key]) }
        try intruder.run("ROLLBACK")
        try await insist { try await furnished.add([key]) }
        furnished.store.close()
    }

    @Test func `closing writes what still waits`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        let blockade = Blockade(store)
        await blockade.hold()
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        let waiting = Task { try await furnished.add([key]) }
        #expect(try await eventually { store.waiting == 1 })
        let closing = Task.detached { store.close() }
        try await blockade.letGo()
        try await waiting.value
        await closing.value
        let again = try openStore(in: furnished.directory)
        #expect(try again.read { try $0.key(key.id) } != nil)
        again.close()
    }

    @Test func `a body may close the store`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        try await store.write { _ in store.close() }
        await #expect(throws: StoreError.closed) { try await store.write { _ in } }
        #expect(try await eventually { (try? openStore(in: furnished.directory))?.close() != nil })
    }

    @Test func `cancelling the task does not take back its write`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        let blockade = Blockade(store)
        await blockade.hold()
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        let writing = Task { try await furnished.add([key]) }
        #expect(try await eventually { store.waiting == 1 })
        writing.cancel()
        try await blockade.letGo()
        try await writing.value
        #expect(try store.read { try $0.key(key.id) } != nil)
        store.close()
    }

    @Test func `a write is seen by every read that begins after its answer, and by none within a read`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        let project = furnished.project.id
        let before = try #require(try furnished.store.read { try $0.project(project)?.record })
        var renamed = before
        renamed.name = "later"
        let later = renamed
        let (entered, gate) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let reading = Task.detached {
            try Self.readTwice(store, project, entered, gate)
        }
        await Task.detached { Self.wait(entered) }.value
        try await store.write { try $0.update(later, mac: mac) }
        gate.signal()
        let names = try await reading.value
        #expect(names == [before.name, before.name])
        #expect(try store.read { try $0.project(project)?.record.name } == "later")
        store.close()
    }

    private static func wait(_ semaphore: DispatchSemaphore) { semaphore.wait() }

    private static func readTwice(
        _ store: Store, _ project: ProjectID, _ entered: DispatchSemaphore, _ gate: DispatchSemaphore
    ) throws -> [String?] {
        try store.read { transaction in
            let first = try transaction.project(project)?.record.name
            entered.signal()
            gate.wait()
            return [first, try transaction.project(project)?.record.name]
        }
    }

    @Test func `many tasks write and read at once, and the chain has every entry once`() async throws {
        let furnished = try await Furnished(patience: .seconds(600))
        let (store, project) = (furnished.store, furnished.project.id)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<64 {
                group.addTask {
                    for round in 0..<5 {
                        let key = makeKey(in: project, owner: try owner("u\(task)"), at: noon + round)
                        let object = "\(task).\(round)"
                        try await store.write { transaction in
                            try transaction.insert(key, mac: mac)
                            try transaction.append(
                                AuditEntry(
                                    at: noon, actor: .vault, action: .keyCreated, object: object, keyID: key.id,
                                    revision: 1
                                )
                            )
                        }
                        #expect(try store.read { try $0.key(key.id) }?.newestRevision == 1)
                    }
                }
            }
            try await group.waitForAll()
        }
        let log = try store.read { try $0.auditEntries(limit: 1000) }
        #expect(Set(log.map(\.entry.object)).count == 320)
        #expect(try isRightChain(log))
        #expect(try store.read { try $0.keys(matching: KeyFilter(), limit: 1000) }.count == 320)
        store.close()
    }
}
