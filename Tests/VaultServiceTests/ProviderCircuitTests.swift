import Testing
import VaultModel

@testable import VaultService

/// When the scheduler may call a provider, second by second.
struct ProviderCircuitTests {
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    private func key() -> KeyID { KeyID(at: start) }

    private func opened() -> ProviderCircuit {
        var circuit = ProviderCircuit()
        for _ in 1...5 { circuit.note(.outage, at: start, seed: "a") }
        return circuit
    }

    private func slot(_ admission: ProviderCircuit.Admission) -> Timestamp? {
        if case .putOff(let slot) = admission { slot } else { nil }
    }

    @Test func `five outages in a row open it, an answer between them does not`() {
        var circuit = ProviderCircuit()
        for sign in [ProviderCircuit.Sign.outage, .outage, .outage, .outage, .answer, .outage, .neither, .outage] {
            circuit.note(sign, at: start, seed: "a")
            #expect(circuit.admit(key(), at: start, seed: "a") == .call)
        }
        for _ in 1...2 { circuit.note(.outage, at: start, seed: "a") }
        #expect(!circuit.isOpen)
        circuit.note(.outage, at: start, seed: "a")
        #expect(circuit.isOpen)
        #expect(circuit.admit(key(), at: start, seed: "a") != .call)
    }

    @Test func `there is no call for half a minute, then trials ever further apart, up to ten minutes`() throws {
        var circuit = opened()
        var waits: [Int] = []
        var (last, now) = (start, start)
        while waits.count < 8 {
            if circuit.admit(key(), at: now, seed: "a") == .call {
                waits.append(now.seconds(since: last))
                last = now
                circuit.note(.outage, at: now, seed: "a")
            }
            now = now + 1
        }
        for (wait, least) in zip(waits, [30, 60, 120, 240, 480, 480, 480, 480]) {
            #expect((least...least * 5 / 4).contains(wait), "\(waits)")
        }
        #expect(waits.max() ?? 0 <= 600)
    }

    @Test func `keys that come due meanwhile get a second each, behind the next trial`() throws {
        var circuit = opened()
        let slots = (0..<100).compactMap { _ in slot(circuit.admit(key(), at: start, seed: "a")) }
        let trial = try #require(circuit.trialAt)
        #expect(slots == (0..<100).map { trial + $0 })
    }

    @Test func `an answer closes it, and what was put off goes one a second, however late anybody looks`() {
        var circuit = opened()
        var waiting = (0..<30).map { _ in key() }
        for key in waiting { _ = circuit.admit(key, at: start, seed: "a") }
        circuit.note(.answer, at: start + 5, seed: "a")
        #expect(!circuit.isOpen)
        // Nobody looked for a minute: all seconds have come.
        var now = start + 100
        while !waiting.isEmpty {
            #expect(circuit.nextMove(at: now) == now + 1)
            let called = waiting.filter { circuit.admit($0, at: now, seed: "a") == .call }
            #expect(called.count == 1)
            waiting.removeAll { called.contains($0) }
            now = now + 1
        }
        #expect(circuit.nextMove(at: now) == nil)
        #expect((0..<3).allSatisfy { _ in circuit.admit(key(), at: now, seed: "a") == .call })
    }

    @Test func `a key that was put off and is gone holds up nobody for long`() {
        var circuit = opened()
        _ = circuit.admit(key(), at: start, seed: "a")
        circuit.note(.answer, at: start, seed: "a")
        #expect(circuit.nextMove(at: start) != nil)
        let later = start + 700
        #expect(circuit.nextMove(at: later) == nil)
        #expect((0..<3).allSatisfy { _ in circuit.admit(key(), at: later, seed: "a") == .call })
    }

    @Test func `the pace ends even where more comes due than one a second`() throws {
        var circuit = opened()
        for _ in 0..<50 { _ = circuit.admit(key(), at: start, seed: "a") }
        var now = try #require(circuit.trialAt)
        circuit.note(.answer, at: now, seed: "a")
        let end = now + 50 + 600
        while now < end {
            let calls = (0..<5).count { _ in circuit.admit(key(), at: now, seed: "a") == .call }
            #expect(calls == 1)
            now = now + 1
        }
        #expect((0..<5).allSatisfy { _ in circuit.admit(key(), at: now, seed: "a") == .call })
        #expect(circuit.nextMove(at: now) == nil)
    }

    @Test(arguments: [
        (nil, "unreachable", ProviderCircuit.Sign.outage), (nil, "not_testable", .neither),
        (nil, "overloaded", .neither), (nil, "provider_timeout", .outage), (nil, "insecure_connection", .outage),
        (nil, "address_refused", .outage), (nil, "unexpected_body", .neither),
        (408, "provider_timeout", .outage), (429, "rate_limited", .neither), (500, "provider_error", .outage),
        (529, "overloaded", .outage), (404, "not_found", .neither), (403, "edge_or_region_block", .neither),
        (200, "unexpected_body", .neither), (302, "unexpected_redirect", .neither),
    ])
    func `what an answer without a verdict tells of the provider`(
        _ status: Int?, _ reason: String, _ sign: ProviderCircuit.Sign
    ) {
        var verdict = Verdict(code: .unverified, reason: reason, message: "", checkedAt: start, httpStatus: status)
        #expect(verdict.sign == sign)
        verdict.code = .validUnfunded
        #expect(verdict.sign == .answer)
    }
}
