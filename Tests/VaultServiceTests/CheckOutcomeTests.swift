import Testing
import VaultModel

@testable import VaultService

/// When a key is tried again after an outage.
struct CheckOutcomeTests {
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func key() throws -> KeyRecord {
        var key = KeyRecord(
            id: KeyID(at: start), projectID: ProjectID(at: start), owner: try #require(UserID("u")),
            provider: .anthropic, endpoint: "https://api.anthropic.com", status: .active, blindIndex: [], hint: "",
            fingerprint: "", createdAt: start)
        key.verdict = Verdict(code: .valid, reason: "ok", message: "", checkedAt: start)
        return key
    }

    private func outage(at now: Timestamp, retryAfter: Int? = nil) -> Verdict {
        Verdict(
            code: .unverified, reason: "overloaded", message: "", checkedAt: now, httpStatus: 529,
            retryAfter: retryAfter)
    }

    /// The waits after `count` outages, each attempt made when the one before asked for it.
    private func waits(_ count: Int, of key: KeyRecord, under policy: RotationPolicy = .standard) throws -> [Int] {
        var (key, now) = (key, start)
        return try (0..<count).map { _ in
            _ = CheckOutcome.apply(outage(at: now), to: &key, under: policy)
            let next = try #require(key.nextCheckAt)
            #expect(key.lastCheck?.retryAt == next)
            defer { now = next }
            return next.seconds(since: now)
        }
    }

    @Test func `each wait is twice the last one and up to a quarter more, until the usual interval`() throws {
        for _ in 0..<50 {
            let waits = try waits(14, of: try key())
            for (index, wait) in waits.enumerated() {
                let least = min(60 << index, 86_400 / 5 * 4)
                #expect((least...least * 5 / 4).contains(wait), "\(waits)")
            }
        }
    }

    @Test func `the jitter differs from key to key and is the same for the same key and moment`() throws {
        let keys = try (0..<50).map { _ in try key() }
        let first = try keys.map { try waits(5, of: $0) }
        #expect(try keys.map { try waits(5, of: $0) } == first)
        #expect(Set(first).count > 40)
        #expect(Set(first.map { $0[0] }).count > 5)
    }

    @Test func `no attempt comes before the provider asked for, and none much later`() throws {
        for asked in [0, 17, 300, 86_400] {
            for _ in 0..<50 {
                var key = try key()
                _ = CheckOutcome.apply(outage(at: start, retryAfter: asked), to: &key, under: .standard)
                let wait = try #require(key.nextCheckAt).seconds(since: start)
                #expect(wait >= max(asked, 60) && wait <= max(asked, 60) + 15, "\(asked): \(wait)")
            }
        }
    }

    @Test func `a short usual interval bounds the wait, and without one there is none`() throws {
        var policy = RotationPolicy.standard
        policy.recheckEverySeconds = 30
        #expect(try waits(4, of: try key(), under: policy).allSatisfy { (24...30).contains($0) })
        policy.recheckEverySeconds = nil
        var key = try key()
        _ = CheckOutcome.apply(outage(at: start), to: &key, under: policy)
        #expect(key.nextCheckAt == nil)
    }

    @Test func `a last wait that cannot be is no reason to stop`() throws {
        var key = try key()
        for moment in [Int64.min, -1, 0, .max] {
            key.lastCheck = CheckAttempt(
                at: start, reason: "overloaded", retryAt: Timestamp(milliseconds: moment))
            _ = CheckOutcome.apply(outage(at: start), to: &key, under: .standard)
            let wait = try #require(key.nextCheckAt).seconds(since: start)
            #expect((60...86_400).contains(wait))
        }
    }
}
