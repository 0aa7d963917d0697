import VaultTestKit

/// K11: a long walk through the states of versions.
enum Walk {
    static func measure(_ count: Int) async -> (Bool, String) {
        do {
            return try await RunningVault.run { vault in
                var walk = try VersionWalk(through: vault)
                try await walk.run(count)
                let ends = walk.counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
                return (true, ends.joined(separator: ", "))
            }
        } catch {
            return (false, "\(error)")
        }
    }
}
