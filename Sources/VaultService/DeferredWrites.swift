import Synchronization
import VaultModel
import VaultStore

/// Small writes that nobody waits for: audit entries of what a read found, when a token was last used.
///
/// A read cannot wait for a commit, and what it found (an edited row, a forged token) has released nothing.
/// Bounded: while 4,096 are waiting, further ones are dropped; each will be found again. Safe to use from any
/// thread.
final class DeferredWrites: Sendable {
    /// One of them; `finding` names what it is about, to be noted once.
    struct Write: Sendable {
        let finding: String?
        let body: @Sendable (WriteTransaction) throws -> Void
    }

    private struct State {
        var waiting: [Write] = []
        var findings: Set<String> = []
        var wake: CheckedContinuation<Void, Never>?
        /// Set when there is other work, so that ``next()`` returns without a write.
        var isWoken = false
    }

    private let state = Mutex(State())

    /// Adds `write`, unless the same `finding` was added before.
    func add(once finding: String? = nil, _ body: @escaping @Sendable (WriteTransaction) throws -> Void) {
        let wake = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.waiting.count < 4096 else { return nil }
            if let finding {
                if state.findings.count >= 65_536 { state.findings.removeAll() }
                guard state.findings.insert(finding).inserted else { return nil }
            }
            state.waiting.append(Write(finding: finding, body: body))
            defer { state.wake = nil }
            return state.wake
        }
        wake?.resume()
    }

    /// Makes ``next()`` return, though nothing may be waiting.
    func wake() {
        let wake = state.withLock { state in
            state.isWoken = true
            defer { state.wake = nil }
            return state.wake
        }
        wake?.resume()
    }

    /// The waiting writes, as soon as there is one; empty when woken otherwise or the task is cancelled.
    func next() async -> [Write] {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    guard state.waiting.isEmpty, !state.isWoken, !Task.isCancelled else { return true }
                    state.wake = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            let wake = state.withLock { state in
                defer { state.wake = nil }
                return state.wake
            }
            wake?.resume()
        }
        return take()
    }

    /// After a failure: the same finding may be added again.
    func giveUp(_ write: Write) {
        guard let finding = write.finding else { return }
        _ = state.withLock { $0.findings.remove(finding) }
    }

    func take() -> [Write] {
        state.withLock { state in
            defer {
                state.waiting = []
                state.isWoken = false
            }
            return state.waiting
        }
    }
}

extension Vault {
    /// Does deferred writes and carries out mass revocations until cancelled, then the writes still waiting.
    package func runDeferredWrites() async {
        while !Task.isCancelled {
            await perform(await deferred.next())
            // What a failure leaves undone the scheduler's next pass does.
            try? await carryOutOrders()
            await signIfDue()
        }
        await perform(deferred.take())
    }

    private func perform(_ writes: [DeferredWrites.Write]) async {
        for write in writes {
            do {
                try await store.write(write.body)
            } catch {
                // Nothing was released, and whoever looks again makes the finding again.
                deferred.giveUp(write)
            }
        }
    }

    /// Has what was found about an unbelievable row written into the audit log, once per row.
    func noteForgery(of table: String, object: String, project: ProjectID?) {
        let now = time.now()
        deferred.add(once: "\(table) \(object)") { [self] transaction in
            tell(.rowForged)
            _ = try transaction.append(
                AuditEntry(
                    at: now, actor: .vault, action: .requestRefused, object: object, projectID: project,
                    outcome: "refused", reason: "row_mac:\(table)"))
        }
    }
}
