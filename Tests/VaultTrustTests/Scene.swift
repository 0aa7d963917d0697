import Testing
import VaultTestKit

/// When the intruder is at the database.
enum Moment: String, CaseIterable, Sendable {
    case running, stopped
}

/// Sets a scene on a vault, lets the intruder at its database while it runs or while it is stopped, and looks.
func tamper<Scene>(
    _ moment: Moment, prepare: (RunningVault) async throws -> Scene,
    attack: (Intruder, Scene) throws -> Void, look: (RunningVault, Scene) async throws -> Void
) async throws {
    let (vault, scene) = try await RunningVault.run { vault in
        let scene = try await prepare(vault)
        if moment == .running {
            try attack(try Intruder(vault), scene)
            try await look(vault, scene)
        }
        return (vault, scene)
    }
    guard moment == .stopped else { return }
    try attack(try Intruder(vault), scene)
    try await vault.restarted { vault in try await look(vault, scene) }
}

extension RunningVault {
    /// What `reveal` answers for the key.
    func reveal(_ id: String, token: String? = nil) async throws -> HTTPAnswer {
        try await call("POST", "/v1/keys/\(id)/reveal", token: token)
    }

    /// Every audit entry, in order.
    func auditEntries(_ query: String = "") async throws -> [JSONTree] {
        var entries: [JSONTree] = []
        var after = 0
        while true {
            let answer = try await call("GET", "/v1/audit/entries?limit=200&after=\(after)\(query)", token: adminToken)
            guard answer.status == 200 else { throw TestKitFailure("audit: \(answer.status) \(answer.text)") }
            entries += answer.json["data"].items
            guard let next = answer.json["next_after"].int else { return entries }
            after = next
        }
    }

    /// Waits for the audit entry in which the vault says what it found in the key's row.
    func finds(_ reason: String, in id: String) async throws {
        try await eventually("\(reason) of \(id) in the audit log") {
            try await auditEntries("&key_id=\(id)").contains {
                $0["action"].string == "key.undecryptable" && $0["reason"].string == reason
            }
        }
    }

    /// Waits for the audit entry about a row of another table that was not written by this vault.
    func findsForgery(of table: String, object: String? = nil) async throws {
        try await eventually("a forged row of \(table) in the audit log") {
            try await auditEntries("&action=request.refused").contains { entry in
                entry["reason"].string == "row_mac:\(table)" && (object == nil || entry["object"].string == object)
            }
        }
    }

    /// That a key still works and gives its own secret.
    func expectUnharmed(_ id: String, _ secret: String, at location: SourceLocation = #_sourceLocation) async throws {
        let answer = try await reveal(id)
        #expect(answer.status == 200, sourceLocation: location)
        #expect(answer.json["key"].string == secret, sourceLocation: location)
    }

    /// That a key shows as undecryptable, gives nothing, and that this is in the audit log.
    func expectRefused(_ id: String, finding: String, at location: SourceLocation = #_sourceLocation) async throws {
        let answer = try await reveal(id)
        #expect(answer.status == 409, "\(answer.text)", sourceLocation: location)
        #expect(answer.json["code"].string == "wrong_state", sourceLocation: location)
        #expect(answer.json["key"] == .null, sourceLocation: location)
        let shown = try await call("GET", "/v1/keys/\(id)")
        #expect(shown.status == 200, sourceLocation: location)
        #expect(shown.json["status"].string == "undecryptable", sourceLocation: location)
        for act in ["check", "rollback", "quarantine", "release"] {
            let answer = try await call("POST", "/v1/keys/\(id)/\(act)")
            #expect(answer.status == 409, "\(act): \(answer.text)", sourceLocation: location)
        }
        try await finds(finding, in: id)
        #expect(try await reveal(id).status == 409, sourceLocation: location)
    }

    /// What the anchor says has ended was ended again when the vault was opened, whatever its row said.
    func expectEndedAgain(_ id: String, at location: SourceLocation = #_sourceLocation) async throws {
        let reasons = try await auditEntries().filter { $0["object"].string == id }.compactMap { $0["reason"].string }
        #expect(reasons.contains("anchor"), sourceLocation: location)
        guard id.hasPrefix("key_") else { return }
        #expect(try await reveal(id).status == 410, sourceLocation: location)
        #expect(try await call("GET", "/v1/keys/\(id)").json["status"].string == "revoked", sourceLocation: location)
    }

    func rotate(_ id: String, to key: String, grace: Int? = nil) async throws -> HTTPAnswer {
        let tail = grace.map { #","grace_seconds":\#($0)"# } ?? ""
        return try await call("POST", "/v1/keys/\(id)/rotate", #"{"key":"\#(key)","validation":"skip"\#(tail)}"#)
    }
}
