import COpenSSL
import FaultyCrypto
import Synchronization
import Testing
import VaultModel

@testable import VaultCrypto

/// Every call of libcrypto fails in turn: what is done with it is done right or not at all, and nothing is left over.
///
/// Every thread has a plan of faults of its own, so other tests notice nothing.
@Suite struct LibraryFaultTests {
    /// Something that is done with the library; throws, or gives what says whether it was done right.
    enum Work: String, CaseIterable, Sendable {
        case seal, open, create, unlock, derive, mac, hash, signer, draw
    }

    /// What the work is done on.
    private struct Bench {
        let keyring: Keyring
        let rows: [KeyringRow]
        let sealed: SealedSecret
        let signer: (signer: AuditSigner, box: [UInt8])

        static let text = Array("sk-ant-a-secret".utf8)

        init() throws {
            let master = try secret([UInt8](repeating: 7, count: 32))
            (keyring, rows) = try Keyring.create(master: master, instance: Sample.instance)
            sealed = try keyring.seal(try secret(Self.text), for: Sample.binding())
            signer = try keyring.makeSigner(number: 1)
        }

        /// - Returns: whether it was done right.
        func perform(_ work: Work) throws -> Bool {
            switch work {
            case .seal:
                let made = try keyring.seal(try secret(Self.text), for: Sample.binding())
                return try quietly { copy(try keyring.open(made, for: Sample.binding())) == Self.text }
            case .open:
                return copy(try keyring.open(sealed, for: Sample.binding())) == Self.text
            case .create:
                let master = try secret([UInt8](repeating: 7, count: 32))
                let (_, rows) = try Keyring.create(master: master, instance: Sample.instance)
                return try quietly {
                    _ = try Keyring(master: master, instance: Sample.instance, rows: rows)
                    return rows.count == 4
                }
            case .unlock:
                let master = try secret([UInt8](repeating: 7, count: 32))
                let opened = try Keyring(master: master, instance: Sample.instance, rows: rows)
                return try quietly { copy(try opened.open(sealed, for: Sample.binding())) == Self.text }
            case .derive:
                let key = try Random.secret(32)
                let derived = try key.withBytes { key throws(CryptoError) in
                    try HKDF.derive(64, from: key, salt: RawSpan(), info: [1], using: .sha512)
                }
                return copy(derived).contains { $0 != 0 }
            case .mac:
                return try HMAC.tag(of: Self.text.span.bytes, under: Self.text.span.bytes, using: .sha256).count == 32
            case .hash:
                return try Digest.sha256(Self.text)
                    == Digest.sha256(Array(Self.text.prefix(3)), Array(Self.text.dropFirst(3)))
            case .signer:
                let signer = try keyring.openSigner(signer.box, number: 1)
                let signature = try signer.sign(Self.text)
                return try quietly { Ed25519.isSignature(signature, of: Self.text, by: signer.key.publicKey) }
            case .draw:
                return try Random.bytes(44).count == 44 && copy(try Random.secret(32)).contains { $0 != 0 }
            }
        }

        /// Looks without a fault.
        private func quietly<T>(_ look: () throws -> T) throws -> T {
            let plan = fault_plan_now()
            let countdown = plan.pointee.countdown
            plan.pointee.countdown = 0
            defer { plan.pointee.countdown = countdown }
            return try look()
        }
    }

    /// Lets the `number`th call of `kinds` fail while `body` runs.
    ///
    /// - Returns: what it gave or threw, and whether the call came.
    private static func failing<T>(
        _ number: Int, of kinds: Int = FAULT_ANY_CRYPTO, mode: Int = FAULT_FAIL, stays: Bool = false,
        _ body: () throws -> T
    ) -> (result: Result<T, any Error>, hasFailed: Bool) {
        let plan = fault_plan_now()
        let living = plan.pointee.living
        plan.pointee = fault_plan()
        (plan.pointee.mode, plan.pointee.stays) = (UInt32(mode), stays ? 1 : 0)
        (plan.pointee.countdown, plan.pointee.kinds) = (Int64(number), UInt32(kinds))
        let result = Result { try body() }
        let hasFailed = plan.pointee.failures > 0
        plan.pointee.living += living
        plan.pointee.kinds = 0
        return (result, hasFailed)
    }

    private static var living: Int { Int(fault_plan_now().pointee.living) }

    /// Does the work with each of its calls failing in turn.
    ///
    /// - Returns: how many calls failed, and how often that was the end of the work.
    private static func sweep(_ work: Work, on bench: Bench, stays: Bool = false) -> (failed: Int, refused: Int) {
        var refused = 0
        for number in 1... {
            let (result, hasFailed) = failing(number, stays: stays) { try bench.perform(work) }
            #expect(ERR_peek_error() == 0, "\(work), call \(number): something is left in the error queue")
            switch result {
            case .success(let isRight):
                // What failed then was to wipe a context, which is thrown away.
                #expect(isRight, "\(work), call \(number)")
                guard hasFailed else { return (number - 1, refused) }
            case .failure(let error):
                refused += 1
                #expect(hasFailed && (error is CryptoError || error is SecretMemoryExhausted), "\(work): \(error)")
            }
        }
        return (0, 0)
    }

    @Test(arguments: Work.allCases)
    func `C21 whichever call of the library fails, once or for good, the work is done right or not at all`(
        work: Work
    ) throws {
        let bench = try Bench()
        for stays in [false, true] {
            let (failed, refused) = Self.sweep(work, on: bench, stays: stays)
            #expect(refused > 0 && refused <= failed)
        }
    }

    @Test func `C21 whichever call of the library fails, nothing of the work is left over`() async {
        await #expect(processExitsWith: .success) { try LibraryFaultTests.sweepAlone() }
    }

    /// In a process of its own, where nobody else takes and gives back contexts. Without the signer: of a key's memory
    /// libcrypto takes some by other functions than it gives it back.
    private static func sweepAlone() throws {
        let bench = try Bench()
        for work in Work.allCases where work != .signer {
            _ = sweep(work, on: bench)
            let before = living
            var failed = 0
            for _ in 0..<5 { failed += sweep(work, on: bench).failed }
            // A context that cannot be wiped is thrown away, and the next sweep ends with one more or less.
            #expect(abs(living - before) < 4 && failed >= 15, "\(work) leaves \(living - before) behind")
        }
    }

    @Test func `C21 what is left over is counted`() throws {
        let before = Self.living
        let left = CRYPTO_secure_malloc(32, nil, 0)
        #expect(Self.living == before + 1)
        CRYPTO_secure_clear_free(left, 32, nil, 0)
        #expect(Self.living == before)
    }

    @Test(arguments: [FAULT_FAIL, FAULT_MINUS_ONE])
    func `C10 where the generator gives nothing, nothing is sealed with it, and the next draw is good`(mode: Int) throws
    {
        let bench = try Bench()
        for number in 1...3 {
            let (result, hasFailed) = Self.failing(number, of: FAULT_RANDOM, mode: mode) {
                try bench.keyring.seal(try secret(Bench.text), for: Sample.binding())
            }
            #expect(hasFailed)
            #expect(throws: CryptoError.self) { try result.get() }
        }
        #expect(try bench.perform(.seal))
    }

    @Test func `C10 a generator that gives the same again is never drawn from again`() async {
        await #expect(processExitsWith: .success) { try LibraryFaultTests.outlive(FAULT_REPEAT) }
    }

    @Test func `C10 a generator that gives nothing and says that it did is never drawn from again`() async {
        await #expect(processExitsWith: .success) { try LibraryFaultTests.outlive(FAULT_SILENT) }
    }

    private final class Told: Sendable {
        private let count = Mutex(0)
        var times: Int { count.withLock(\.self) }
        func note() { count.withLock { $0 += 1 } }
    }

    /// In a process of its own, for what has failed stays so.
    private static func outlive(_ mode: Int) throws {
        let bench = try Bench()
        let told = Told()
        Random.whenRepeating { told.note() }
        let (result, _) = failing(1, of: FAULT_RANDOM, mode: mode, stays: true) {
            for _ in 0..<3 { _ = try Random.secret(32) }
        }
        #expect(throws: CryptoError.generatorRepeats) { try result.get() }
        // The generator is well again, and what it gave meanwhile may be in use.
        #expect(throws: CryptoError.generatorRepeats) { try Random.bytes(44) }
        #expect(throws: CryptoError.generatorRepeats) { try bench.perform(.seal) }
        #expect(told.times == 1)
        #expect(try bench.perform(.open))
    }

    @Test func `a generator is judged by the beginning of its last draws and by its blocks`() throws {
        let test = GeneratorTest()
        func take(_ bytes: [UInt8]) throws(CryptoError) { try test.take(bytes.span.bytes) }
        for number in 0..<200 { try take((0..<40).map { UInt8(truncatingIfNeeded: number &* 7 &+ $0 &* $0) }) }
        // Too short to be judged.
        try take([1, 2, 3])
        try take([1, 2, 3])
        try take((0..<16).map { $0 })
        #expect(throws: CryptoError.generatorRepeats) { try take((0..<32).map { $0 }) }
        #expect(throws: CryptoError.generatorRepeats) { try test.require() }
        let other = GeneratorTest()
        #expect(throws: CryptoError.generatorRepeats) { try other.take([UInt8](repeating: 9, count: 32).span.bytes) }
    }
}
