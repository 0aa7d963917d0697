import Testing
import VaultCrypto
import VaultModel
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// One act of the vault on a copy of the furnished one, that something may go wrong with.
struct Trial: Sendable, CustomTestStringConvertible {
    let name: String
    /// What its audit entry says that it did; `nil` where it has none of its own.
    let action: AuditAction?
    /// Whether the log tells afterwards all that has ever been done.
    var balances = true
    /// Whether it has so many calls to the disk that not every third of them is tried in each test run.
    var isLong = false
    let act: @Sendable (Vault, FurnishedVault, Contexts) async throws -> Void

    /// Who asks, in a request whose entry can be found again.
    struct Contexts: Sendable {
        let request: RequestID
        let app: RequestContext
        let admin: RequestContext
        let page: RequestContext

        init(_ furnished: FurnishedVault, at time: Timestamp) {
            request = RequestID(at: time)
            app = RequestContext(caller: FurnishedVault.app(furnished.project), requestID: request)
            admin = RequestContext(caller: .terminal, requestID: request)
            page = RequestContext(caller: furnished.page, requestID: request)
        }
    }

    var testDescription: String { name }

    static let all = ofRecords + ofKeys

    /// Acts on the vault's records.
    static let ofRecords: [Trial] = [
        Trial(name: "create", action: .keyCreated) { vault, _, who in
            try await vault.store(FurnishedVault.secret(99), user: "new", who.app)
        },
        Trial(name: "rotate", action: .keyRotated) { vault, furnished, who in
            let number = FurnishedVault.Part.rotated.rawValue
            try await vault.rotate(furnished.keys[number], to: FurnishedVault.newSecret(number), who.app)
        },
        Trial(name: "roll back", action: .keyRolledBack) { vault, furnished, who in
            _ = try await vault.rollback(furnished.key(.rolledBack), who.app)
        },
        Trial(name: "reveal", action: .keyRevealed) { vault, furnished, who in
            let secret = try await vault.secret(of: furnished.key(.revealed), who.app)
            #expect(secret == FurnishedVault.secret(FurnishedVault.Part.revealed.rawValue))
        },
        Trial(name: "revoke", action: .keyRevoked) { vault, furnished, who in
            _ = try await vault.revoke(furnished.key(.revoked), reason: "leaked", who.app)
        },
        Trial(name: "delete", action: .keyDeleted) { vault, furnished, who in
            _ = try await vault.delete(furnished.key(.deleted), who.app)
        },
        Trial(name: "patch", action: .keyUpdated) { vault, furnished, who in
            var patch = KeyPatch()
            patch.label = "patched"
            _ = try await vault.update(furnished.key(.patched), patch, ifRevision: nil, who.app)
        },
        Trial(name: "quarantine", action: .keyQuarantined) { vault, furnished, who in
            _ = try await vault.quarantine(furnished.key(.quarantined), who.app)
        },
        Trial(name: "release", action: .keyReleased) { vault, furnished, who in
            _ = try await vault.release(furnished.key(.released), who.app)
        },
        Trial(name: "revoke many", action: .keyRevoked) { vault, _, who in
            var order = MassRevocation()
            order.filter.owner = try FurnishedVault.owner("many")
            order.reason = "leaked"
            let count = try await vault.revoke(order, who.admin)
            #expect(count == 2)
            try await vault.carryOutOrders()
        },
        Trial(name: "make a token", action: .tokenCreated) { vault, furnished, who in
            var request = TokenRequest(kind: .app, name: "another")
            request.projectID = furnished.project
            _ = try await vault.createToken(request, who.admin).record
        },
        Trial(name: "revoke a token", action: .tokenRevoked) { vault, furnished, who in
            _ = try await vault.revokeToken(furnished.token, who.admin)
        },
        Trial(name: "change a policy", action: .policyChanged) { vault, furnished, who in
            var policy = RotationPolicy.standard
            policy.maxAgeSeconds = 60
            _ = try await vault.setPolicy(policy, project: furnished.project, provider: .anthropic, who.admin)
        },
        Trial(name: "complete a link", action: .connectCompleted) { vault, _, who in
            _ = try await vault.save(ConnectPaste(paste: WipedBuffer(FurnishedVault.secret(98))), who.page)
        },
        Trial(name: "sign a head", action: nil) { vault, _, who in
            _ = try await vault.createProject(name: "signed", ProjectPatch(), who.admin)
            try await vault.signHead()
        },
        Trial(name: "drop old entries", action: nil, balances: false) { vault, _, _ in
            let count = try await vault.dropOldEntries()
            #expect(count > 0)
        },
    ]
}

/// What must hold of a vault after anything at all went wrong with its disk.
struct Aftermath {
    let path: String
    let furnished: FurnishedVault

    /// Opens it and looks at everything.
    ///
    /// - Returns: what is not as it must be.
    func faults(after trial: Trial, _ request: RequestID, wasAcknowledged: Bool) async throws -> [String] {
        var faults = TemporaryDirectory.names(in: path).filter { $0.contains("/vault.snapshot-") }
        let vault = try FurnishedVault.open(in: path)
        defer { vault.close() }
        try await vault.settle()
        try await vault.carryOutOrders()
        try await vault.carryOutRekey()
        let database = try Intruder(path: path + "/data/vault.db")
        faults += try Self.faults(in: database) + keyring(of: vault)
        if trial.balances { faults += try AuditBalance.faults(in: database) }
        if let action = trial.action {
            let entries = try database.rows(
                "SELECT seq FROM audit WHERE request_id = ?1 AND action = ?2",
                [.id("\(request)"), .string(action.rawValue)])
            if entries.count > 1 || wasAcknowledged && entries.isEmpty {
                faults.append("it was \(wasAcknowledged ? "" : "not ")acknowledged, and has \(entries.count) entries")
            }
            if !wasAcknowledged, entries.isEmpty { faults += try await changes(by: trial, in: vault) }
        }
        let report = try AuditVerification.run(FurnishedVault.verification(in: path))
        if !report.isWell { faults.append("the audit log: \(String(describing: report.finding))") }
        return try await faults + plaintexts(of: vault, in: database)
    }

    /// Of every rekey the end: nothing is left under an older term, and each of those is destroyed.
    private func keyring(of vault: Vault) throws -> [String] {
        let standing = try vault.keyringStanding(RequestContext(caller: .terminal))
        let terms = try vault.keyring.termNumbers
        guard let rekey = standing.rekey.rekey else { return terms == [1] ? [] : ["terms \(terms)"] }
        let isDone = rekey.state == .finished && rekey.failed == 0 && standing.rekey.remaining == 0
        return isDone && terms == [rekey.toTerm] ? [] : ["terms \(terms) after \(rekey)"]
    }

    /// What SQLite itself finds.
    static func faults(in database: Intruder) throws -> [String] {
        let answers = try database.rows("PRAGMA integrity_check").map { $0[0].text }
        return answers == ["ok"] ? [] : answers
    }

    /// Every key that is not revoked gives a secret that it was given, and all others none.
    private func plaintexts(of vault: Vault, in database: Intruder) async throws -> [String] {
        let app = RequestContext(caller: FurnishedVault.app(furnished.project))
        var faults: [String] = []
        for (number, id) in furnished.keys.enumerated() {
            let state = try database.rows("SELECT status, current_version FROM keys WHERE id = ?1", [.blob(id.bytes)])
            do {
                let secret = try await vault.secret(of: id, app)
                let version = state.first?[1]
                // The second secret is the second version's; a rollback goes back to the first.
                let expected =
                    version == .integer(1) ? FurnishedVault.secret(number) : FurnishedVault.newSecret(number)
                if secret != expected { faults.append("key \(number) gives another secret") }
            } catch let error as VaultError {
                switch (error, state.first?[0].text) {
                case (.keyRevoked, "revoked"), (.notFound, nil), (.wrongState, "quarantined"): break
                default: faults.append("key \(number) is \(state.first?[0].text ?? "gone"): \(error)")
                }
            }
        }
        return faults
    }

    /// What there is of an act that left no entry: nothing may be.
    private func changes(by trial: Trial, in vault: Vault) async throws -> [String] {
        let app = RequestContext(caller: FurnishedVault.app(furnished.project))
        var listing = KeyListing()
        listing.projectID = furnished.project
        let count = try vault.keys(listing, app).items.count
        return count == furnished.keys.count ? [] : ["\(count) keys after \(trial.name)"]
    }
}
