import Synchronization
package import VaultModel
import VaultStore

/// Refused requests, counted until their numbers are written into the audit log.
///
/// One entry says how many there were of a kind: `request.refused`, whose outcome is the problem's code and whose reason
/// is `count=`; for a token its object is the route, and whoever has none is counted by the code alone. Safe to use from any thread, and waits for nothing.
final class RefusalCounts: Sendable {
    private struct Kind: Hashable {
        let code: String
        let route: String
        let tokenID: TokenID?
    }

    private struct Count {
        var actor: Caller
        var number: Int
    }

    /// So many kinds are told apart between two writes; what is beyond them is counted as nobody's.
    static let kinds = 256

    private let counts = Mutex<[Kind: Count]>([:])

    /// Counts a request that was refused with `code`.
    ///
    /// - Parameter route: method and template; empty where the request had none.
    func count(_ code: String, route: String, by caller: Caller) {
        counts.withLock { counts in
            // A link's page is as good as anyone: its session is no token. Strangers cannot make many entries.
            var kind = Kind(code: code, route: caller.tokenID == nil ? "" : route, tokenID: caller.tokenID)
            if counts[kind] == nil, counts.count >= Self.kinds { kind = Kind(code: code, route: "", tokenID: nil) }
            let actor = kind.tokenID == nil ? .anonymous : caller
            counts[kind, default: Count(actor: actor, number: 0)].number += 1
        }
    }

    /// Writes what has been counted; what cannot be written is counted on.
    func write(to vault: Vault) async {
        let taken = counts.withLock { counts in
            defer { counts = [:] }
            return counts
        }
        guard !taken.isEmpty else { return }
        let now = vault.time.now()
        do {
            _ = try await vault.write { transaction in
                for (kind, count) in taken.sorted(by: { ($0.key.code, $0.key.route) < ($1.key.code, $1.key.route) }) {
                    try transaction.append(
                        AuditEntry(
                            at: now, actor: count.actor, action: .requestRefused, object: kind.route,
                            projectID: count.actor.projectID, outcome: kind.code, reason: "count=\(count.number)"))
                }
            }
        } catch {
            counts.withLock { counts in
                for (kind, count) in taken {
                    counts[kind, default: Count(actor: count.actor, number: 0)].number += count.number
                }
            }
        }
    }
}

extension Vault {
    /// Counts a request that was refused; its number is in the audit log within a minute, or at a graceful stop.
    package func noteRefusal(_ code: String, route: String, by caller: Caller) {
        refusals.count(code, route: route, by: caller)
    }
}
