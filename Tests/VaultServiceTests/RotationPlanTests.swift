import Testing
import VaultModel
import VaultService

struct RotationPlanTests {
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func key() throws -> KeyRecord {
        var key = KeyRecord(
            id: KeyID(at: start), projectID: ProjectID(at: start), owner: try #require(UserID("u")),
            provider: .anthropic, endpoint: "https://api.anthropic.com", status: .active, blindIndex: [], hint: "",
            fingerprint: "", createdAt: start)
        key.nextCheckAt = start + 86_400
        return key
    }

    @Test func `a fresh key asks for nothing, and is looked at when its check is due`() throws {
        let key = try key()
        #expect(RotationPlan.actions(for: key, under: .standard, at: start).isEmpty)
        #expect(RotationPlan.nextLook(at: key, under: .standard, from: start) == start + 86_400)
    }

    @Test func `a key past its age is flagged once, and cleared when the policy is relaxed`() throws {
        var key = try key()
        key.nextCheckAt = nil
        let due = start + 90 * 86_400
        #expect(RotationPlan.actions(for: key, under: .standard, at: due - 1) == [.flag(.unused)])
        #expect(RotationPlan.actions(for: key, under: .standard, at: due) == [.flag(.age), .flag(.unused)])
        key.staleReasons = [.age, .unused]
        #expect(RotationPlan.actions(for: key, under: .standard, at: due + 1).isEmpty)
        var relaxed = RotationPolicy.standard
        relaxed.maxAgeSeconds = nil
        #expect(RotationPlan.actions(for: key, under: relaxed, at: due) == [.unflag(.age)])
        #expect(RotationPlan.nextLook(at: key, under: relaxed, from: due) == due)
    }

    @Test func `expiry is warned of by the longest span, and then ends the key`() throws {
        var key = try key()
        key.expiresAt = start + 40 * 86_400
        let policy = RotationPolicy.standard
        #expect(RotationPlan.actions(for: key, under: policy, at: start + 10 * 86_400).contains(.flag(.expiring)))
        #expect(!RotationPlan.actions(for: key, under: policy, at: start + 10 * 86_400 - 1).contains(.flag(.expiring)))
        #expect(RotationPlan.actions(for: key, under: policy, at: start + 40 * 86_400) == [.expire])
    }

    @Test func `the end of the grace time shreds, also on an expired or undecryptable key`() throws {
        var key = try key()
        key.previousVersion = 1
        key.previousUntil = start + 10
        for status in [KeyStatus.active, .expired, .undecryptable, .quarantined] {
            key.status = status
            #expect(RotationPlan.actions(for: key, under: .standard, at: start + 10).first == .shredPrevious)
            #expect(RotationPlan.nextLook(at: key, under: .standard, from: start) == start + 10)
        }
    }

    @Test func `a key too long past its age is quarantined where the policy says so`() throws {
        var key = try key()
        key.nextCheckAt = nil
        var policy = RotationPolicy.standard
        policy.maxAgeSeconds = 100
        policy.unusedAfterSeconds = nil
        policy.quarantineAfterSeconds = 50
        #expect(RotationPlan.actions(for: key, under: policy, at: start + 149) == [.flag(.age)])
        #expect(RotationPlan.actions(for: key, under: policy, at: start + 150) == [.flag(.age), .quarantine])
    }

    @Test func `nothing is ever due for a revoked key`() throws {
        var key = try key()
        key.status = .revoked
        key.previousUntil = start
        #expect(RotationPlan.actions(for: key, under: .standard, at: start + 1_000_000_000).isEmpty)
        #expect(RotationPlan.nextLook(at: key, under: .standard, from: start) == nil)
    }

    @Test func `a quarantined key is not checked, a failing one is`() throws {
        var key = try key()
        key.status = .quarantined
        #expect(!RotationPlan.actions(for: key, under: .standard, at: start + 86_400).contains(.check))
        key.status = .failing
        #expect(RotationPlan.actions(for: key, under: .standard, at: start + 86_400).contains(.check))
    }
}
