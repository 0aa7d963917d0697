/// One asked-for write on its way: waiting, then run in its group, then answered. Exactly one of
/// ``answer()`` and ``fail(_:)`` is called, once.
protocol PendingWrite: AnyObject, Sendable {
    /// When it is withdrawn if nobody has taken it by then.
    var deadline: MonotonicTime { get }
    /// Whether it ends something, such as a key: then it may use what is kept for the time when the disk is full.
    var isEnding: Bool { get }
    /// Runs the body and remembers how it ended.
    ///
    /// Once more where the group was taken back because the disk was full.
    ///
    /// - Returns: whether what it wrote is to be kept.
    func perform(in transaction: WriteTransaction) -> Bool
    /// Resumes the one who waits with how the body ended.
    func answer()
    func fail(_ error: StoreError)
}

/// A write whose body returns an `Answer`.
final class PendingWriteOf<Answer: Sendable>: PendingWrite, @unchecked Sendable {
    // Unchecked: `outcome` is reached only by whoever took the item out of the ``WriteQueue``.
    let deadline: MonotonicTime
    let isEnding: Bool
    private let body: @Sendable (WriteTransaction) throws -> Answer
    private let continuation: CheckedContinuation<Answer, any Error>
    private var outcome: Result<Answer, any Error>?

    init(
        deadline: MonotonicTime, isEnding: Bool, continuation: CheckedContinuation<Answer, any Error>,
        body: @escaping @Sendable (WriteTransaction) throws -> Answer
    ) {
        self.deadline = deadline
        self.isEnding = isEnding
        self.continuation = continuation
        self.body = body
    }

    func perform(in transaction: WriteTransaction) -> Bool {
        do {
            outcome = .success(try body(transaction))
            return true
        } catch {
            outcome = .failure(error)
            return false
        }
    }

    func answer() { continuation.resume(with: outcome ?? .failure(StoreError.withdrawn)) }

    func fail(_ error: StoreError) { continuation.resume(throwing: error) }
}
