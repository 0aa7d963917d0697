import VaultModel
import VaultService

/// A walk without a plan through what can be done with keys, beside a model of what their versions must then be.
///
/// After every step the key's versions are compared with the model: one is current and its secret opens, at most one is
/// previous and is the one that was current last, and no other has a secret.
package struct VersionWalk {
    /// What must hold of a key.
    private struct Model {
        var id: KeyID
        var secrets: [Int: String] = [:]
        var current = 1
        /// The one before, and until when it may come back.
        var previous: (number: Int, until: Timestamp)?
        var last = 1
        var isQuarantined = false
        var isRevoked = false

        var isWorking: Bool { !isQuarantined && !isRevoked }

        mutating func take(_ secret: String, grace: Int, at now: Timestamp) {
            previous = grace > 0 ? (current, now + grace) : nil
            last += 1
            current = last
            secrets[current] = secret
        }
    }

    /// What a step does.
    private enum Step: String, CaseIterable {
        case rotate, rotateAtOnce, duplicate, rollback, quarantine, release, wait, pass, revoke, delete, restart
    }

    /// How a call ended, as far as the model foretells it.
    private enum End: String, Equatable {
        case done, wrongState, revoked, duplicate, other
    }

    private let running: RunningVault
    private let context: RequestContext
    private let scheduler: RotationScheduler
    private var models: [Model] = []
    private var made = 0
    /// How often each step was taken, with how it ended.
    package private(set) var counts: [String: Int] = [:]

    package init(through running: RunningVault) throws {
        self.running = running
        context = RequestContext(caller: try running.vault.caller(bearing: "Bearer \(running.appToken)"))
        scheduler = RotationScheduler(running.vault)
    }

    /// Takes `count` steps on `keys` keys.
    ///
    /// - Throws: at the first step after which something is not as the model says.
    package mutating func run(_ count: Int, keys: Int = 6) async throws {
        while models.count < keys { models.append(try await begin()) }
        for number in 0..<count {
            let (index, step) = (Int.random(in: 0..<keys), Self.steps.randomElement() ?? .rotate)
            do {
                let end = try await take(step, index)
                counts["\(step.rawValue) \(end.rawValue)", default: 0] += 1
                try await look(at: models[index])
            } catch {
                throw TestKitFailure("step \(number), \(step.rawValue): \(error)")
            }
        }
    }

    /// Those that end a key are rare.
    private static let steps =
        Step.allCases + [
            .rotate, .rotate, .rotate, .rotate, .rollback, .rollback, .wait, .wait, .pass, .release, .release,
        ]
        + [.rotate, .rotate, .rollback, .rollback, .rotateAtOnce, .wait, .pass, .release]

    private mutating func fresh() -> String {
        made += 1
        return FakeKeys.anthropic("walk", made)
    }

    private mutating func begin() async throws -> Model {
        let secret = fresh()
        guard let owner = UserID("walker") else { throw TestKitFailure("no user") }
        var intake = KeyIntake(owner: owner, paste: WipedBuffer(secret))
        intake.validation = .skip
        let view = try await running.vault.create(intake, context)
        return Model(id: view.record.id, secrets: [1: secret])
    }

    private mutating func take(_ step: Step, _ index: Int) async throws -> End {
        let (vault, model, now) = (running.vault, models[index], running.time.now())
        switch step {
        case .rotate, .rotateAtOnce, .duplicate:
            // Its own current secret is a duplicate of itself.
            let secret = step == .duplicate ? model.secrets[model.current] ?? "" : fresh()
            let grace = step == .rotateAtOnce ? 0 : [1, 60, 3600].randomElement() ?? 60
            let end = try await end(of: { () async throws(VaultError) in
                try await rotate(model.id, to: secret, grace: grace)
            })
            let expected: End = model.isRevoked ? .revoked : step == .duplicate ? .duplicate : .done
            try expect(end, expected)
            if end == .done { models[index].take(secret, grace: grace, at: now) }
            return end
        case .rollback:
            let end = try await end(of: { () async throws(VaultError) in _ = try await vault.rollback(model.id, context)
            })
            let previous = model.previous.flatMap { now < $0.until ? $0.number : nil }
            try expect(
                end, model.isRevoked ? .revoked : model.isWorking && previous != nil ? .done : .wrongState)
            if end == .done, let previous {
                models[index].current = previous
                models[index].previous = nil
            }
            return end
        case .quarantine:
            let end = try await end(of: { () async throws(VaultError) in
                _ = try await vault.quarantine(model.id, context)
            })
            try expect(end, model.isRevoked ? .revoked : .done)
            if end == .done { models[index].isQuarantined = true }
            return end
        case .release:
            let end = try await end(of: { () async throws(VaultError) in _ = try await vault.release(model.id, context)
            })
            try expect(end, model.isRevoked ? .revoked : model.isQuarantined ? .done : .wrongState)
            if end == .done { models[index].isQuarantined = false }
            return end
        case .wait:
            running.time.advance(by: [1, 30, 61, 3601].randomElement() ?? 1)
            return .done
        case .pass:
            try await scheduler.pass()
            for index in models.indices {
                if let previous = models[index].previous, previous.until <= now { models[index].previous = nil }
            }
            return .done
        case .revoke:
            let end = try await end(of: { () async throws(VaultError) in
                _ = try await vault.revoke(model.id, reason: "", context)
            })
            try expect(end, .done)
            models[index].isRevoked = true
            models[index].previous = nil
            return end
        case .delete:
            let end = try await end(of: { () async throws(VaultError) in _ = try await vault.delete(model.id, context) }
            )
            try expect(end, .done)
            models[index] = try await begin()
            return end
        case .restart:
            // Revoked ones would soon be all that is left.
            guard model.isRevoked else { return .other }
            models[index] = try await begin()
            return .done
        }
    }

    private func rotate(_ id: KeyID, to secret: String, grace: Int) async throws(VaultError) {
        var replacement = KeyReplacement(paste: WipedBuffer(secret))
        replacement.validation = .skip
        replacement.graceSeconds = grace
        _ = try await running.vault.rotate(id, to: replacement, context)
    }

    private func end(of call: () async throws(VaultError) -> Void) async throws -> End {
        do {
            try await call()
            return .done
        } catch {
            switch error {
            case .wrongState: return .wrongState
            case .keyRevoked: return .revoked
            case .duplicate: return .duplicate
            default: throw error
            }
        }
    }

    private func expect(_ end: End, _ expected: End) throws {
        guard end == expected else { throw TestKitFailure("ended with \(end.rawValue), not \(expected.rawValue)") }
    }

    /// Whether a key is what its model says.
    private func look(at model: Model) async throws {
        let versions = try running.vault.versions(of: model.id, context)
        guard versions.map(\.number) == (1...model.last).reversed() else { throw TestKitFailure("other versions") }
        let labelled = Dictionary(grouping: versions.filter { $0.state != .retired }, by: \.state).mapValues {
            $0.map(\.number)
        }
        let current = model.isRevoked ? labelled[.current] : [model.current]
        guard labelled[.current] == current, labelled[.previous] == model.previous.map({ [$0.number] }) else {
            throw TestKitFailure("labels \(labelled), not \(model.current) and \(model.previous?.number ?? 0)")
        }
        let kept = Set(versions.filter { $0.sealed != nil }.map(\.number))
        let expected = model.isRevoked ? [] : Set([model.current] + [model.previous?.number].compactMap { $0 })
        guard kept == expected else { throw TestKitFailure("secrets of \(kept), not of \(expected)") }

        var revealed: String?
        var version = 0
        let end = try await end(of: { () async throws(VaultError) in
            let key = try await running.vault.reveal(model.id, reason: "", context)
            version = key.version
            revealed = key.secret.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        })
        try expect(end, model.isRevoked ? .revoked : model.isWorking ? .done : .wrongState)
        guard end == .done else { return }
        guard version == model.current, revealed == model.secrets[version] else {
            throw TestKitFailure("reveals version \(version), not \(model.current)")
        }
    }
}
