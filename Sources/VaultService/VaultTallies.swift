import Synchronization
package import VaultModel

/// What the vault has done since it was opened, counted. Safe to use from any thread.
package final class VaultTallies: Sendable {
    /// A provider's verdicts, in the order of `VerdictCode.allCases`. The keys never change, so none of it is locked.
    private let verdicts: [ProviderID: [Counter]]
    package let revealAlarms = Counter()
    package let passes = Counter()
    package let failedPasses = Counter()
    private let lastPassMilliseconds = Atomic<Int64>(0)

    init(_ providers: [ProviderID]) {
        verdicts = Dictionary(
            providers.map { ($0, Counter.row(of: VerdictCode.allCases.count)) }, uniquingKeysWith: { first, _ in first }
        )
    }

    func note(_ code: VerdictCode, by provider: ProviderID) {
        guard let row = verdicts[provider], let index = VerdictCode.allCases.firstIndex(of: code) else { return }
        row[index].add()
    }

    func notePass(at time: Timestamp) {
        passes.add()
        lastPassMilliseconds.store(time.milliseconds, ordering: .relaxed)
    }

    /// How often `provider` has said `code` in answer to a test call.
    package func verdicts(_ code: VerdictCode, by provider: ProviderID) -> Int {
        VerdictCode.allCases.firstIndex(of: code).flatMap { verdicts[provider]?[$0].value } ?? 0
    }

    /// When the scheduler last got to the end of a pass; `nil` before the first.
    package var lastPass: Timestamp? {
        let milliseconds = lastPassMilliseconds.load(ordering: .relaxed)
        return milliseconds == 0 ? nil : Timestamp(milliseconds: milliseconds)
    }
}
