import Synchronization

/// Whether random generators still give something new. One that has repeated itself has failed for good.
///
/// The continuous test of FIPS 140-2 (4.9.2): no block of 16 bytes is the one before it. That of each draw's beginning goes
/// further: it is none of the last 64. Of a draw no more is kept than a hash of 16 of its bytes, for it may be a key. A
/// good generator fails it once in 2¹²⁰ draws. Safe from any thread.
final class GeneratorTest: Sendable {
    private struct State {
        var recent: [[UInt8]] = []
        var oldest = 0
        var hasFailed = false
        var act: (@Sendable () -> Void)?
    }

    static let shared = GeneratorTest()
    static let blockLength = 16
    private static let kept = 64

    private let state = Mutex(State())

    /// - Throws: ``CryptoError/generatorRepeats`` once the test has failed.
    func require() throws(CryptoError) {
        if state.withLock(\.hasFailed) { throw .generatorRepeats }
    }

    func onFailure(_ act: @escaping @Sendable () -> Void) { state.withLock { $0.act = act } }

    /// Looks at what was drawn, before anybody uses it. Draws shorter than a block say nothing.
    ///
    /// - Throws: ``CryptoError/generatorRepeats``, and then the draw must not be used.
    func take(_ draw: RawSpan) throws(CryptoError) {
        guard draw.byteCount >= Self.blockLength else { return }
        let mark = try Digest.sha256(of: draw.extracting(0..<Self.blockLength))
        let hasStuck = stride(from: Self.blockLength, through: draw.byteCount - Self.blockLength, by: Self.blockLength)
            .contains { start in
                ConstantTime.areEqual(
                    draw.extracting(start - Self.blockLength..<start),
                    draw.extracting(start..<start + Self.blockLength))
            }
        let (isNew, act) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            if hasStuck || state.recent.contains(mark) {
                defer { state.act = nil }
                state.hasFailed = true
                return (false, state.act)
            }
            if state.recent.count < Self.kept {
                state.recent.append(mark)
            } else {
                state.recent[state.oldest] = mark
                state.oldest = (state.oldest + 1) % Self.kept
            }
            return (!state.hasFailed, nil)
        }
        act?()
        guard isNew else { throw .generatorRepeats }
    }
}
