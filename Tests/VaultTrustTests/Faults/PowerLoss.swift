import Synchronization
import VaultModel
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// Mixed writes by several clients, the power gone at a random call to the disk, and what is found when it is back.
struct PowerLoss {
    let furnished: FurnishedVault
    /// What happens, as far as threads leave it the same: with an odd seed there is one client.
    let seed: UInt64
    /// Whether SQLite syncs at all; the product always does.
    var syncs = true

    /// What was acknowledged of a key, and what was asked for and not answered.
    struct Story: Sendable {
        enum State: Equatable, Sendable { case secret(String), revoked, deleted }

        var last: State
        var asked: State?
    }

    /// What clients were told. Safe to use from any thread.
    final class Ledger: Sendable {
        private let stories = Mutex<[KeyID: Story]>([:])
        private let answered = Mutex<[(request: RequestID, action: AuditAction)]>([])

        func ask(_ id: KeyID, _ state: Story.State) { stories.withLock { $0[id]?.asked = state } }

        func acknowledge(_ id: KeyID, _ state: Story.State) {
            stories.withLock { $0[id] = Story(last: state) }
        }

        func acknowledge(_ request: RequestID, _ action: AuditAction) {
            answered.withLock { $0.append((request, action)) }
        }

        var keys: [KeyID: Story] { stories.withLock(\.self) }
        var requests: [(request: RequestID, action: AuditAction)] { answered.withLock(\.self) }
    }

    /// What came of it.
    struct Result: Sendable {
        var faults: [String] = []
        var acknowledged = 0
    }

    func run() async throws -> Result {
        var dice = Dice(seed: seed)
        let copy = try furnished.copied()
        let disk = FaultyDisk(copy.path + "/data")
        let ledger = Ledger()
        disk.cutPower(at: dice.next() % 8 == 0 ? Int.random(in: 1...60, using: &dice) : nil)
        let time = FurnishedVault.later()
        let vault = try? FurnishedVault.open(in: copy.path, time)
        if let vault {
            try? await vault.settle()
            if !syncs { try? await stopSyncing(vault) }
            if disk.hasPower { disk.cutPower(at: Int.random(in: 1...700, using: &dice)) }
            let clients = seed % 2 == 1 ? 1 : 3
            let seeds = (0..<clients).map { _ in dice.next() }
            await withTaskGroup(of: Void.self) { group in
                for (client, seed) in seeds.enumerated() {
                    group.addTask { [self] in await work(on: vault, client, Dice(seed: seed), ledger) }
                }
            }
        }
        let found = try TemporaryDirectory()
        try FurnishedVault.copy(from: copy.path, to: found.path, [FurnishedVault.masterKey])
        try disk.recover(into: found.path + "/data", seed: dice.next())
        // Every note was synced before anybody was told of it, and the last may be torn.
        try FurnishedVault.copy(from: copy.path, to: found.path, ["data/anchor"])
        vault?.close()
        withExtendedLifetime(disk) {}
        return Result(
            faults: await faults(in: found.path, ledger).map { "seed \(seed): \($0)" },
            acknowledged: ledger.requests.count)
    }

    /// From the outside of any transaction, which is where SQLite takes the setting.
    private func stopSyncing(_ vault: Vault) async throws {
        try await vault.store.write {
            try $0.connection.script("COMMIT; PRAGMA synchronous = OFF; BEGIN IMMEDIATE; SAVEPOINT item")
        }
    }

    /// Works until the disk is gone, or for long enough.
    private func work(on vault: Vault, _ client: Int, _ dice: Dice, _ ledger: Ledger) async {
        var dice = dice
        var own: [KeyID] = []
        for turn in 0..<30 {
            let request = RequestID(at: vault.time.now())
            let app = RequestContext(caller: FurnishedVault.app(furnished.project), requestID: request)
            let admin = RequestContext(caller: .terminal, requestID: request)
            let secret = FurnishedVault.secret(10_000 * (client + 1) + turn)
            let key = own.randomElement(using: &dice)
            do {
                switch (Int.random(in: 0..<10, using: &dice), key) {
                case (0...2, _), (_, nil):
                    let id = try await vault.store(secret, user: "client-\(client)", app)
                    own.append(id)
                    ledger.acknowledge(id, .secret(secret))
                    ledger.acknowledge(request, .keyCreated)
                case (3...4, let key?):
                    ledger.ask(key, .secret(secret))
                    try await vault.rotate(key, to: secret, app)
                    ledger.acknowledge(key, .secret(secret))
                    ledger.acknowledge(request, .keyRotated)
                case (5...6, let key?):
                    own.removeAll { $0 == key }
                    ledger.ask(key, .revoked)
                    _ = try await vault.revoke(key, reason: "", app)
                    ledger.acknowledge(key, .revoked)
                    ledger.acknowledge(request, .keyRevoked)
                case (7, let key?):
                    own.removeAll { $0 == key }
                    ledger.ask(key, .deleted)
                    _ = try await vault.delete(key, app)
                    ledger.acknowledge(key, .deleted)
                    ledger.acknowledge(request, .keyDeleted)
                case (8, _):
                    var policy = RotationPolicy.standard
                    policy.maxAgeSeconds = turn + 60
                    _ = try await vault.setPolicy(policy, project: furnished.project, provider: nil, admin)
                    ledger.acknowledge(request, .policyChanged)
                default:
                    try await vault.signHead()
                }
            } catch {
                return
            }
        }
    }

    /// What is not as it was acknowledged, or not whole.
    private func faults(in path: String, _ ledger: Ledger) async -> [String] {
        do {
            let vault = try FurnishedVault.open(in: path)
            defer { vault.close() }
            try await vault.settle()
            let database = try Intruder(path: path + "/data/vault.db")
            var faults = try Aftermath.faults(in: database) + AuditBalance.faults(in: database)
            for (request, action) in ledger.requests {
                let entries = try database.rows(
                    "SELECT seq FROM audit WHERE request_id = ?1 AND action = ?2",
                    [.id("\(request)"), .string(action.rawValue)])
                if entries.count != 1 { faults.append("\(action) was acknowledged and has \(entries.count) entries") }
            }
            let app = RequestContext(caller: FurnishedVault.app(furnished.project))
            for (id, story) in ledger.keys {
                let state = try await Self.state(of: id, in: vault, app)
                if state != story.last, state == nil || state != story.asked {
                    faults.append("a key is \(Self.kind(of: state)), and \(Self.kind(of: story.last)) was acknowledged")
                }
            }
            let report = try AuditVerification.run(FurnishedVault.verification(in: path))
            if !report.isWell { faults.append("the audit log: \(String(describing: report.finding))") }
            return faults
        } catch {
            return ["it does not open: \(error)"]
        }
    }

    private static func state(
        of id: KeyID, in vault: Vault, _ context: RequestContext
    ) async throws -> Story.State? {
        do {
            return .secret(try await vault.secret(of: id, context))
        } catch let error as VaultError {
            switch error {
            case .keyRevoked: return .revoked
            case .notFound: return .deleted
            default: return nil
            }
        }
    }

    private static func kind(of state: Story.State?) -> String {
        switch state {
        case .secret: "with a secret"
        case .revoked: "revoked"
        case .deleted: "gone"
        case nil: "unreadable"
        }
    }
}
