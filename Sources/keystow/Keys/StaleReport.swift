import VaultModel

/// `keystow keys stale`: what should be replaced, why, and what to do; made for cron.
struct StaleReport {
    var selection: KeySelection
    /// Of these alone; empty: of any.
    let reasons: [StaleReason]
    /// Whether only the exit code is wanted.
    let isQuiet: Bool
    let asJSON: Bool

    func run(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> ExitCode {
        var selection = selection
        selection.isStale = true
        let wanted = Set(reasons.map(\.rawValue))
        var table = Table(KeyTable.staleColumns, on: .output)
        var (count, said, seen) = (0, ExitCode.ok, Set<String>())
        try await KeyPages(selection: selection).each(of: vault) { page throws(CommandFailure) in
            let found = zip(page.keys, page.texts).filter { key, _ in
                key.stale.is_stale && key.status != KeyStatus.revoked.rawValue
                    && (wanted.isEmpty || !wanted.isDisjoint(with: key.stale.reasons))
            }
            guard !found.isEmpty else { return true }
            count += found.count
            if isQuiet { return false }
            for (key, _) in found { seen.formUnion(key.stale.reasons) }
            said = Console.say(
                lines: asJSON
                    ? found.map { HarmlessText.json($0.1) } : table.lines(found.map { KeyTable.staleRow($0.0) }))
            return said == .ok
        }
        guard said == .ok else { return said }
        if !isQuiet, !asJSON, count > 0 {
            said = Console.say(
                lines: ["", "What to do:"] + StaleReason.allCases.filter { seen.contains($0.rawValue) }.map(\.advice))
        }
        if !isQuiet, Console.isWatched { Console.tell(count == 0 ? "no key is stale" : "\(count) stale") }
        guard said == .ok else { return said }
        return count == 0 ? .ok : .found
    }
}

extension StaleReason {
    /// What it means, and what an admin can do about it.
    fileprivate var advice: String {
        let link = "keystow connect --user USER --purpose replace --key KEY"
        return switch self {
        case .age: "  age           older than the rotation policy allows; have it replaced: \(link)"
        case .expiring: "  expiring      ends soon; have it replaced before: \(link)"
        case .unused: "  unused        no app has asked for it for long; if nobody needs it: keystow keys revoke KEY"
        case .checkFailed:
            "  check_failed  its provider refused it; look again: keystow keys check KEY; else replace it: \(link)"
        case .leaked:
            "  leaked        others may have it: revoke it in the provider's console now, then keystow keys revoke KEY"
        }
    }
}
