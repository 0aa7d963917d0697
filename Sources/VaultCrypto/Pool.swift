import Synchronization

/// OpenSSL contexts that cost more to make than to use: lent to one caller at a time, then kept.
///
/// Grows to as many as were ever lent at once. A context whose call failed is not kept.
final class Pool<Context: Sendable>: Sendable {
    private let idle = Mutex<[Context]>([])
    private let make: @Sendable () throws(CryptoError) -> Context
    private let clean: @Sendable (Context) -> Bool

    /// - Parameter clean: makes a context forget the keys it held; one that cannot is not kept.
    init(
        making make: @escaping @Sendable () throws(CryptoError) -> Context,
        cleaning clean: @escaping @Sendable (Context) -> Bool
    ) {
        self.make = make
        self.clean = clean
    }

    /// Lends a context for the length of `body`.
    func lend<R: ~Copyable>(_ body: (Context) throws(CryptoError) -> R) throws(CryptoError) -> R {
        let context: Context
        if let kept = idle.withLock({ $0.popLast() }) { context = kept } else { context = try make() }
        let result = try body(context)
        if clean(context) { idle.withLock { $0.append(context) } } else { CryptoError.discardQueue() }
        return result
    }
}
