import Testing
import VaultTestKit

@Suite struct VersionWalkTests {
    @Test
    func `K11, on 1,000 steps: on any walk one version is current and opens, and the previous one was current last`()
        async throws
    {
        try await RunningVault.run { vault in
            var walk = try VersionWalk(through: vault)
            try await walk.run(1_000)
            // Every step was taken in the states that allow it and in those that do not.
            let seen = Set(walk.counts.keys)
            for step in [
                "rotate done", "rotate revoked", "rotateAtOnce done", "duplicate duplicate", "rollback done",
                "rollback wrongState", "rollback revoked", "quarantine done", "release done", "release wrongState",
                "revoke done", "delete done",
            ] {
                #expect(seen.contains(step))
            }
        }
    }
}
