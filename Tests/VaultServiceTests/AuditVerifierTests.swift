import Testing
import VaultCrypto
import VaultModel

@testable import VaultService

/// Whatever is done to one entry of a log is named, with the entry's number.
@Suite struct AuditVerifierTests {
    private static let length = 10_000
    private static let actions = AuditAction.allCases

    private static func entry(_ number: Int) -> AuditEntry {
        AuditEntry(
            at: Timestamp(milliseconds: Int64(number) * 1000), actor: .vault, action: actions[number % actions.count],
            object: "object \(number)", requestID: RequestID(UUIDv7(high: 7, low: UInt64(number))))
    }

    private static func record(_ entry: AuditEntry, _ sequence: Int, after hash: [UInt8]) throws -> AuditRecord {
        AuditRecord(
            sequence: sequence, entry: entry,
            hash: try Digest.sha256(hash, entry.canonicalBytes(sequence: sequence)))
    }

    private static func log(_ count: Int) throws -> [AuditRecord] {
        var hash = ChainPosition.start.hash
        return try (1...count).map { number in
            let record = try record(entry(number), number, after: hash)
            hash = record.hash
            return record
        }
    }

    /// What is said of a log that goes on with `records` from where `verifier` is.
    private static func verdict(_ verifier: AuditVerifier, _ records: some Sequence<AuditRecord>) throws
        -> AuditFinding?
    {
        var verifier = verifier
        for record in records {
            try verifier.take(record)
            if verifier.isSettled { break }
        }
        return verifier.finish()
    }

    /// What can be done to the entry at the beginning of `rest`, and what is to be said of it. Three that follow are
    /// enough to tell: nothing behind them would be said otherwise.
    private static func attacks(
        on rest: ArraySlice<AuditRecord>, after hash: [UInt8]
    ) throws -> [(AuditFinding.Kind, [AuditRecord])] {
        let window = Array(rest.prefix(4))
        let (first, number) = (window[0], window[0].sequence)
        func renumbered(_ records: some Sequence<AuditRecord>, by step: Int) -> [AuditRecord] {
            records.map { AuditRecord(sequence: $0.sequence + step, entry: $0.entry, hash: $0.hash) }
        }
        var flipped = first
        flipped.entry.object += "!"
        var rehashed = first
        rehashed.hash[number % 32] ^= 1
        let alien = entry(number + 1_000_000)
        let loose = AuditRecord(sequence: number, entry: alien, hash: first.hash)
        let linked = try record(alien, number, after: hash)
        var attacks: [(AuditFinding.Kind, [AuditRecord])] = [
            (.changed, [flipped] + window.dropFirst()), (.inserted, [loose] + renumbered(window, by: 1)),
            (.inserted, [linked] + renumbered(window, by: 1)),
        ]
        guard window.count > 2 else { return attacks }
        let second = window[1]
        attacks += [
            (.hashChanged, [rehashed] + window.dropFirst()), (.missing, Array(window.dropFirst())),
            (.missing, renumbered(window.dropFirst(), by: -1)),
            (
                .swapped,
                [
                    AuditRecord(sequence: number, entry: second.entry, hash: second.hash),
                    AuditRecord(sequence: number + 1, entry: first.entry, hash: first.hash),
                ] + window.dropFirst(2)
            ),
            (
                .swapped,
                [
                    AuditRecord(sequence: number, entry: second.entry, hash: first.hash),
                    AuditRecord(sequence: number + 1, entry: first.entry, hash: second.hash),
                ] + window.dropFirst(2)
            ),
        ]
        return attacks
    }

    @Test func `U04 in a log of 10,000, each flip, deletion, insertion and swap of any one entry is named`() throws {
        let log = try Self.log(Self.length)
        var verifier = AuditVerifier()
        var named = 0
        for index in log.indices {
            // A copy of the verifier is where it would be after the entries before, which nobody touched.
            for (kind, records) in try Self.attacks(on: log[index...], after: verifier.position.hash) {
                let finding = try Self.verdict(verifier, records)
                guard finding?.kind == kind, finding?.sequence == index + 1 else {
                    Issue.record("\(kind) at \(index + 1) is called \(finding.map { "\($0)" } ?? "nothing")")
                    return
                }
                named += 1
            }
            try verifier.take(log[index])
        }
        #expect(verifier.finish() == nil)
        #expect(named == 8 * (Self.length - 2) + 3 * 2)
    }

    @Test func `U04 a copy behind its original, and a swap over any distance, are named`() throws {
        let log = try Self.log(500)
        for index in stride(from: 0, to: 400, by: 23) {
            var copied = Array(log[...index])
            copied += log[index...].map {
                AuditRecord(sequence: $0.sequence + 1, entry: $0.entry, hash: $0.hash)
            }
            let copy = try Self.verdict(AuditVerifier(), copied)
            #expect(copy == AuditFinding(.duplicated, at: index + 2))
            for other in [index + 2, index + 17, 499] {
                for movesHash in [true, false] {
                    var swapped = log
                    (swapped[index].entry, swapped[other].entry) = (log[other].entry, log[index].entry)
                    if movesHash { (swapped[index].hash, swapped[other].hash) = (log[other].hash, log[index].hash) }
                    #expect(
                        try Self.verdict(AuditVerifier(), swapped)
                            == AuditFinding(.swapped, at: index + 1, through: other + 1))
                }
            }
        }
    }

    @Test func `U05 a forgery that fits in itself, and a log that was cut, are caught by what was signed`() throws {
        let log = try Self.log(300)
        let heads = [100, 200, 290].map { ChainPosition(sequence: $0, hash: log[$0 - 1].hash) }
        func verdict(_ log: [AuditRecord]) throws -> AuditFinding? {
            try Self.verdict(AuditVerifier(heads: heads), log)
        }
        #expect(try verdict(log) == nil)
        for number in [1, 50, 100, 101, 150, 200, 250, 290] {
            var hash = number == 1 ? ChainPosition.start.hash : log[number - 2].hash
            let forged = try log.map { record in
                guard record.sequence >= number else { return record }
                var entry = record.entry
                if record.sequence == number { entry.object = "another" }
                let new = try Self.record(entry, record.sequence, after: hash)
                hash = new.hash
                return new
            }
            // Without heads nobody could tell.
            #expect(try Self.verdict(AuditVerifier(), forged) == nil)
            let end = number <= 100 ? 100 : number <= 200 ? 200 : 290
            let start = number <= 100 ? 1 : number <= 200 ? 101 : 201
            #expect(try verdict(forged) == AuditFinding(.rewritten, at: start, through: end))
        }
        #expect(try verdict(Array(log.prefix(289))) == AuditFinding(.truncated, at: 290, through: 290))
        #expect(try verdict([]) == AuditFinding(.truncated, at: 1, through: 290))
        // What came after the newest head is nobody's word.
        #expect(try verdict(Array(log.prefix(290))) == nil)
    }

    @Test func `U14 a clock that went back ten minutes is noted, and is no fault`() throws {
        var verifier = AuditVerifier()
        var hash = ChainPosition.start.hash
        for number in 1...100 {
            var entry = Self.entry(number)
            if number >= 60 { entry.at = entry.at - 600 }
            let record = try Self.record(entry, number, after: hash)
            hash = record.hash
            try verifier.take(record)
        }
        #expect(verifier.finish() == nil)
        #expect(verifier.firstSkew == 60)
    }
}
