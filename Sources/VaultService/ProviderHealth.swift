import Synchronization
import VaultModel
import VaultStore

/// What is known of the providers themselves: which are down, and whose refusals are doubted. Safe to use from any
/// thread.
///
/// In memory, because it is asked before and after every call. A suspicion is also a row, and is read back at the start;
/// an outage is not, for it shows itself again by five calls.
final class ProviderHealth: Sendable {
    private struct State {
        var circuit = ProviderCircuit()
        var suspectUntil: Timestamp?

        func isSuspect(at now: Timestamp) -> Bool { suspectUntil.map { now < $0 } ?? false }
    }

    private let states = Mutex<[ProviderID: State]>([:])

    /// Whether refusals by `provider` are doubted.
    func isSuspect(_ provider: ProviderID, at now: Timestamp) -> Bool {
        states.withLock { $0[provider]?.isSuspect(at: now) ?? false }
    }

    /// Takes over what is stored of a suspicion; a new one opens the circuit.
    func set(_ provider: ProviderID, suspectUntil end: Timestamp?, at now: Timestamp) {
        states.withLock { states in
            let wasSuspect = states[provider]?.isSuspect(at: now) ?? false
            guard wasSuspect || end != nil else { return }
            states[provider, default: State()].suspectUntil = end
            if end != nil, !wasSuspect {
                states[provider, default: State()].circuit.open(at: now, seed: provider.description)
            }
        }
    }

    /// Whether the scheduler may test a key of `provider` now, or when.
    func admit(_ key: KeyID, of provider: ProviderID, at now: Timestamp) -> ProviderCircuit.Admission {
        states.withLock { states in
            states[provider, default: State()].circuit.admit(key, at: now, seed: provider.description)
        }
    }

    /// Counts what came of a call, whoever made it.
    func note(_ verdict: Verdict, by provider: ProviderID) {
        let now = verdict.checkedAt
        states.withLock { states in
            let isDoubted = states[provider]?.isSuspect(at: now) ?? false
            let sign = isDoubted && verdict.code.isRefusal ? .outage : verdict.sign
            states[provider, default: State()].circuit.note(sign, at: now, seed: provider.description)
        }
    }

    /// When the scheduler has something to do before its usual time; `nil` for never.
    func nextMove(at now: Timestamp) -> Timestamp? {
        states.withLock { states in states.values.compactMap { $0.circuit.nextMove(at: now) }.min() }
    }
}

extension Verdict {
    private static let reasonsOfSilence: Set = [
        "unreachable", "provider_timeout", "insecure_connection", "address_refused",
    ]

    /// What this says of the provider.
    ///
    /// A 404, a 429, which is about one key, a page of HTML or an edge that blocks us is nothing definite, but somebody
    /// is there. Without a status nobody answered, unless it was too much.
    var sign: ProviderCircuit.Sign {
        guard code == .unverified else { return .answer }
        switch httpStatus {
        case nil: return Self.reasonsOfSilence.contains(reason) ? .outage : .neither
        case .some(let status): return status == 408 || status >= 500 ? .outage : .neither
        }
    }
}
